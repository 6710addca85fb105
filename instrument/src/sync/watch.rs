//! Mirrors [`tokio::sync::watch`]: an end belongs to the task that last used it, and is
//! held for as long as the other side has a live end.

mod receiver;
mod sender;

use std::panic::Location;

pub use tokio::sync::watch::{Ref, error};

pub use self::{receiver::Receiver, sender::Sender};
use crate::record::{ChannelEnd, ChannelKind, ChannelName, Side};

/// [`tokio::sync::watch::channel`], recorded.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use holdover::sync::watch;
///
/// let (config, mut watching) = watch::channel(1);
/// config.send_replace(2);
/// watching.changed().await.expect("the sender lives");
/// assert_eq!(*watching.borrow_and_update(), 2);
/// # }
/// ```
#[track_caller]
pub fn channel<T>(init: T) -> (Sender<T>, Receiver<T>) {
    named("", init)
}

/// As [`channel`], with a name for the console.
#[track_caller]
pub fn named<T>(name: &'static str, init: T) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = tokio::sync::watch::channel(init);
    let of_sender = first_sender(name, Location::caller());
    let of_receiver = of_sender.another(Side::Receivers, Location::caller());
    (Sender::of(sender, of_sender), Receiver::of(receiver, of_receiver))
}

fn first_sender(name: &'static str, location: &'static Location<'static>) -> ChannelEnd {
    let name = ChannelName { kind: ChannelKind::Watch, name, capacity: None };
    ChannelEnd::first_sender(&name, location)
}
