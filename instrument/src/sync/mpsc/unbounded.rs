//! Senders of a channel that is not bounded.

use std::{fmt, future::Future, panic::Location};

use super::error::SendError;
use crate::{
    record::{ChannelEnd, Side, WeakEnd},
    sync::ends::{WaitsFor, transfers},
};

/// [`tokio::sync::mpsc::UnboundedSender`], recorded.
pub struct UnboundedSender<T> {
    // Gone first: whoever waits need not wait for our bookkeeping.
    inner: tokio::sync::mpsc::UnboundedSender<T>,
    end: ChannelEnd,
}

impl<T> UnboundedSender<T> {
    pub(super) fn new(inner: tokio::sync::mpsc::UnboundedSender<T>, end: ChannelEnd) -> Self {
        Self { inner, end }
    }

    /// tokio's own, for what takes it by reference.
    pub fn as_tokio(&self) -> &tokio::sync::mpsc::UnboundedSender<T> {
        &self.inner
    }

    /// tokio's own, for what takes it by value. Whose it is then is not seen.
    pub fn into_tokio(self) -> tokio::sync::mpsc::UnboundedSender<T> {
        self.inner
    }

    transfers!();

    /// [`tokio::sync::mpsc::UnboundedSender::send`].
    ///
    /// # Errors
    ///
    /// Gives the value back when the receiver is gone, or has closed the channel.
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.end.used_here();
        self.inner.send(message)
    }

    /// [`tokio::sync::mpsc::UnboundedSender::closed`]. Cancel safe as tokio's.
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        let (side, location) = (Side::Receivers, Location::caller());
        WaitsFor::new(self.inner.closed(), &self.end, side, location, |(), _, _| ())
    }

    /// [`tokio::sync::mpsc::UnboundedSender::is_closed`].
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// [`tokio::sync::mpsc::UnboundedSender::same_channel`].
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// [`tokio::sync::mpsc::UnboundedSender::downgrade`].
    #[must_use = "Downgrade creates a WeakSender without destroying the original non-weak sender."]
    pub fn downgrade(&self) -> WeakUnboundedSender<T> {
        WeakUnboundedSender { inner: self.inner.downgrade(), end: self.end.weak() }
    }

    /// [`tokio::sync::mpsc::UnboundedSender::strong_count`].
    pub fn strong_count(&self) -> usize {
        self.inner.strong_count()
    }

    /// [`tokio::sync::mpsc::UnboundedSender::weak_count`].
    pub fn weak_count(&self) -> usize {
        self.inner.weak_count()
    }
}

impl<T> Clone for UnboundedSender<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        self.end.used_here();
        let end = self.end.another(Side::Senders, Location::caller());
        Self { inner: self.inner.clone(), end }
    }
}

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// The channel is not seen.
impl<T> From<tokio::sync::mpsc::UnboundedSender<T>> for UnboundedSender<T> {
    fn from(inner: tokio::sync::mpsc::UnboundedSender<T>) -> Self {
        Self { inner, end: ChannelEnd::NONE }
    }
}

impl<T> From<UnboundedSender<T>> for tokio::sync::mpsc::UnboundedSender<T> {
    fn from(sender: UnboundedSender<T>) -> Self {
        sender.into_tokio()
    }
}

/// [`tokio::sync::mpsc::WeakUnboundedSender`]: holds nothing.
pub struct WeakUnboundedSender<T> {
    inner: tokio::sync::mpsc::WeakUnboundedSender<T>,
    end: WeakEnd,
}

impl<T> WeakUnboundedSender<T> {
    /// [`tokio::sync::mpsc::WeakUnboundedSender::upgrade`].
    #[track_caller]
    pub fn upgrade(&self) -> Option<UnboundedSender<T>> {
        let inner = self.inner.upgrade()?;
        Some(UnboundedSender { inner, end: self.end.upgraded(Location::caller()) })
    }

    /// [`tokio::sync::mpsc::WeakUnboundedSender::strong_count`].
    pub fn strong_count(&self) -> usize {
        self.inner.strong_count()
    }

    /// [`tokio::sync::mpsc::WeakUnboundedSender::weak_count`].
    pub fn weak_count(&self) -> usize {
        self.inner.weak_count()
    }
}

impl<T> Clone for WeakUnboundedSender<T> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), end: self.end.clone() }
    }
}

impl<T> fmt::Debug for WeakUnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
