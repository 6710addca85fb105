//! Mirrors [`tokio::sync::broadcast`]: an end belongs to the task that last used it, and
//! is held for as long as the other side has a live end. Weak senders are no ends.

mod receiver;
mod sender;

use std::panic::Location;

pub use tokio::sync::broadcast::error;

pub use self::{
    receiver::Receiver,
    sender::{Sender, WeakSender},
};
use crate::record::{ChannelEnd, ChannelKind, ChannelName, Side};

/// [`tokio::sync::broadcast::channel`], recorded.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use holdover::sync::broadcast;
///
/// let (events, mut first) = broadcast::channel(8);
/// let mut second = events.subscribe();
/// events.send("started").expect("somebody listens");
/// assert_eq!((first.recv().await, second.recv().await), (Ok("started"), Ok("started")));
/// # }
/// ```
///
/// # Panics
///
/// Without a place for a value, or with more than half of `usize::MAX`.
#[track_caller]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    named("", capacity)
}

/// As [`channel`], with a name for the console.
///
/// # Panics
///
/// Without a place for a value, or with more than half of `usize::MAX`.
#[track_caller]
pub fn named<T: Clone>(name: &'static str, capacity: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = tokio::sync::broadcast::channel(capacity);
    let of_sender = first_sender(name, capacity, Location::caller());
    let of_receiver = of_sender.another(Side::Receivers, Location::caller());
    (Sender::of(sender, of_sender), Receiver::of(receiver, of_receiver))
}

fn first_sender(
    name: &'static str,
    capacity: usize,
    location: &'static Location<'static>,
) -> ChannelEnd {
    // As tokio rounds it.
    let capacity = Some(capacity.next_power_of_two());
    let name = ChannelName { kind: ChannelKind::Broadcast, name, capacity };
    ChannelEnd::first_sender(&name, location)
}
