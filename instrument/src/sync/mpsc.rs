//! Mirrors [`tokio::sync::mpsc`]: an end belongs to the task that last used it, and is
//! held for as long as the other side has a live end. Weak senders are no ends.

mod bounded;
mod permit;
mod receiver;
mod unbounded;

use std::panic::Location;

pub use tokio::sync::mpsc::error;

pub use self::{
    bounded::{Sender, WeakSender},
    permit::{OwnedPermit, Permit, PermitIterator},
    receiver::{Receiver, UnboundedReceiver},
    unbounded::{UnboundedSender, WeakUnboundedSender},
};
use crate::record::{ChannelEnd, ChannelKind, ChannelName, Side};

/// [`tokio::sync::mpsc::channel`], recorded.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use holdover::sync::mpsc;
///
/// let (jobs, mut queue) = mpsc::channel(8);
/// holdover::spawn(async move { jobs.send(7).await });
/// assert_eq!(queue.recv().await, Some(7));
/// # }
/// ```
///
/// # Panics
///
/// Without a place for a message.
#[track_caller]
pub fn channel<T>(buffer: usize) -> (Sender<T>, Receiver<T>) {
    named("", buffer)
}

/// As [`channel`], with a name for the console.
///
/// # Panics
///
/// Without a place for a message.
#[track_caller]
pub fn named<T>(name: &'static str, buffer: usize) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = tokio::sync::mpsc::channel(buffer);
    let (of_sender, of_receiver) = ends(name, Some(buffer), Location::caller());
    (Sender::new(sender, of_sender), Receiver::new(receiver, of_receiver))
}

/// [`tokio::sync::mpsc::unbounded_channel`], recorded.
#[track_caller]
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    unbounded_named("")
}

/// As [`unbounded_channel`], with a name for the console.
#[track_caller]
pub fn unbounded_named<T>(name: &'static str) -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let (of_sender, of_receiver) = ends(name, None, Location::caller());
    (UnboundedSender::new(sender, of_sender), UnboundedReceiver::new(receiver, of_receiver))
}

fn ends(
    name: &'static str,
    capacity: Option<usize>,
    location: &'static Location<'static>,
) -> (ChannelEnd, ChannelEnd) {
    let name = ChannelName { kind: ChannelKind::Mpsc, name, capacity };
    let sender = ChannelEnd::first_sender(&name, location);
    let receiver = sender.another(Side::Receivers, location);
    (sender, receiver)
}
