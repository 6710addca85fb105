//! [`tokio::sync::watch::Sender`], recorded.

use std::{fmt, future::Future, panic::Location};

use super::{Receiver, Ref, error::SendError, first_sender};
use crate::{
    record::{ChannelEnd, Side},
    sync::ends::{WaitsFor, transfers},
};

/// [`tokio::sync::watch::Sender`], recorded.
pub struct Sender<T> {
    // Gone first: whoever waits need not wait for our bookkeeping.
    inner: tokio::sync::watch::Sender<T>,
    end: ChannelEnd,
}

impl<T> Sender<T> {
    pub(super) fn of(inner: tokio::sync::watch::Sender<T>, end: ChannelEnd) -> Self {
        Self { inner, end }
    }

    /// [`tokio::sync::watch::Sender::new`].
    #[track_caller]
    pub fn new(init: T) -> Self {
        let inner = tokio::sync::watch::Sender::new(init);
        Self::of(inner, first_sender("", Location::caller()))
    }

    /// tokio's own, for what takes it by reference.
    pub fn as_tokio(&self) -> &tokio::sync::watch::Sender<T> {
        &self.inner
    }

    /// tokio's own, for what takes it by value. Whose it is then is not seen.
    pub fn into_tokio(self) -> tokio::sync::watch::Sender<T> {
        self.inner
    }

    transfers!();

    /// [`tokio::sync::watch::Sender::send`].
    ///
    /// # Errors
    ///
    /// Gives the value back when there is no receiver.
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        self.end.used_here();
        self.inner.send(value)
    }

    /// [`tokio::sync::watch::Sender::send_modify`].
    ///
    /// # Panics
    ///
    /// When the closure does.
    pub fn send_modify<F>(&self, modify: F)
    where
        F: FnOnce(&mut T),
    {
        self.end.used_here();
        self.inner.send_modify(modify);
    }

    /// [`tokio::sync::watch::Sender::send_if_modified`].
    ///
    /// # Panics
    ///
    /// When the closure does.
    pub fn send_if_modified<F>(&self, modify: F) -> bool
    where
        F: FnOnce(&mut T) -> bool,
    {
        self.end.used_here();
        self.inner.send_if_modified(modify)
    }

    /// [`tokio::sync::watch::Sender::send_replace`].
    pub fn send_replace(&self, value: T) -> T {
        self.end.used_here();
        self.inner.send_replace(value)
    }

    /// [`tokio::sync::watch::Sender::borrow`].
    pub fn borrow(&self) -> Ref<'_, T> {
        self.inner.borrow()
    }

    /// [`tokio::sync::watch::Sender::is_closed`].
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// [`tokio::sync::watch::Sender::closed`]. Cancel safe as tokio's.
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        let (side, location) = (Side::Receivers, Location::caller());
        WaitsFor::new(self.inner.closed(), &self.end, side, location, |(), _, _| ())
    }

    /// [`tokio::sync::watch::Sender::subscribe`].
    #[track_caller]
    pub fn subscribe(&self) -> Receiver<T> {
        self.end.used_here();
        let end = self.end.another(Side::Receivers, Location::caller());
        Receiver::of(self.inner.subscribe(), end)
    }

    /// [`tokio::sync::watch::Sender::receiver_count`].
    pub fn receiver_count(&self) -> usize {
        self.inner.receiver_count()
    }

    /// [`tokio::sync::watch::Sender::sender_count`].
    pub fn sender_count(&self) -> usize {
        self.inner.sender_count()
    }

    /// [`tokio::sync::watch::Sender::same_channel`].
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }
}

impl<T> Clone for Sender<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        self.end.used_here();
        let end = self.end.another(Side::Senders, Location::caller());
        Self { inner: self.inner.clone(), end }
    }
}

impl<T: Default> Default for Sender<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// The channel is not seen.
impl<T> From<tokio::sync::watch::Sender<T>> for Sender<T> {
    fn from(inner: tokio::sync::watch::Sender<T>) -> Self {
        Self { inner, end: ChannelEnd::NONE }
    }
}

impl<T> From<Sender<T>> for tokio::sync::watch::Sender<T> {
    fn from(sender: Sender<T>) -> Self {
        sender.into_tokio()
    }
}
