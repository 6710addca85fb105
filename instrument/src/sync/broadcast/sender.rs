//! [`tokio::sync::broadcast::Sender`], recorded.

use std::{fmt, future::Future, panic::Location};

use super::{Receiver, error::SendError, first_sender};
use crate::{
    record::{ChannelEnd, Side, WeakEnd},
    sync::ends::{WaitsFor, transfers},
};

/// [`tokio::sync::broadcast::Sender`], recorded.
pub struct Sender<T> {
    // Gone first: whoever waits need not wait for our bookkeeping.
    inner: tokio::sync::broadcast::Sender<T>,
    end: ChannelEnd,
}

impl<T> Sender<T> {
    pub(super) fn of(inner: tokio::sync::broadcast::Sender<T>, end: ChannelEnd) -> Self {
        Self { inner, end }
    }

    /// [`tokio::sync::broadcast::Sender::new`].
    ///
    /// # Panics
    ///
    /// Without a place for a value, or with more than half of `usize::MAX`.
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        let inner = tokio::sync::broadcast::Sender::new(capacity);
        Self::of(inner, first_sender("", capacity, Location::caller()))
    }

    /// tokio's own, for what takes it by reference.
    pub fn as_tokio(&self) -> &tokio::sync::broadcast::Sender<T> {
        &self.inner
    }

    /// tokio's own, for what takes it by value. Whose it is then is not seen.
    pub fn into_tokio(self) -> tokio::sync::broadcast::Sender<T> {
        self.inner
    }

    transfers!();

    /// [`tokio::sync::broadcast::Sender::send`].
    ///
    /// # Errors
    ///
    /// Gives the value back when there is no receiver.
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        self.end.used_here();
        self.inner.send(value)
    }

    /// [`tokio::sync::broadcast::Sender::subscribe`].
    ///
    /// # Panics
    ///
    /// With more receivers than tokio allows.
    #[track_caller]
    pub fn subscribe(&self) -> Receiver<T> {
        self.end.used_here();
        let inner = self.inner.subscribe();
        Receiver::of(inner, self.end.another(Side::Receivers, Location::caller()))
    }

    /// [`tokio::sync::broadcast::Sender::downgrade`].
    #[must_use = "Downgrade creates a WeakSender without destroying the original non-weak sender."]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender { inner: self.inner.downgrade(), end: self.end.weak() }
    }

    /// [`tokio::sync::broadcast::Sender::len`].
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// [`tokio::sync::broadcast::Sender::is_empty`].
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// [`tokio::sync::broadcast::Sender::receiver_count`].
    pub fn receiver_count(&self) -> usize {
        self.inner.receiver_count()
    }

    /// [`tokio::sync::broadcast::Sender::same_channel`].
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// [`tokio::sync::broadcast::Sender::closed`]. Cancel safe as tokio's.
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        let (side, location) = (Side::Receivers, Location::caller());
        WaitsFor::new(self.inner.closed(), &self.end, side, location, |(), _, _| ())
    }

    /// [`tokio::sync::broadcast::Sender::strong_count`].
    pub fn strong_count(&self) -> usize {
        self.inner.strong_count()
    }

    /// [`tokio::sync::broadcast::Sender::weak_count`].
    pub fn weak_count(&self) -> usize {
        self.inner.weak_count()
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

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// The channel is not seen.
impl<T> From<tokio::sync::broadcast::Sender<T>> for Sender<T> {
    fn from(inner: tokio::sync::broadcast::Sender<T>) -> Self {
        Self { inner, end: ChannelEnd::NONE }
    }
}

impl<T> From<Sender<T>> for tokio::sync::broadcast::Sender<T> {
    fn from(sender: Sender<T>) -> Self {
        sender.into_tokio()
    }
}

/// [`tokio::sync::broadcast::WeakSender`]: holds nothing.
pub struct WeakSender<T> {
    inner: tokio::sync::broadcast::WeakSender<T>,
    end: WeakEnd,
}

impl<T> WeakSender<T> {
    /// [`tokio::sync::broadcast::WeakSender::upgrade`].
    #[must_use]
    #[track_caller]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let inner = self.inner.upgrade()?;
        Some(Sender { inner, end: self.end.upgraded(Location::caller()) })
    }

    /// [`tokio::sync::broadcast::WeakSender::strong_count`].
    pub fn strong_count(&self) -> usize {
        self.inner.strong_count()
    }

    /// [`tokio::sync::broadcast::WeakSender::weak_count`].
    pub fn weak_count(&self) -> usize {
        self.inner.weak_count()
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), end: self.end.clone() }
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
