//! [`tokio::sync::broadcast::Receiver`], recorded.

use std::{fmt, future::Future, panic::Location};

use super::error::{RecvError, TryRecvError};
use crate::{
    record::{ChannelEnd, Side},
    sync::ends::{WaitsFor, blocks, transfers},
};

/// [`tokio::sync::broadcast::Receiver`], recorded.
pub struct Receiver<T> {
    // Gone first: whoever waits need not wait for our bookkeeping.
    inner: tokio::sync::broadcast::Receiver<T>,
    end: ChannelEnd,
}

impl<T> Receiver<T> {
    pub(super) fn of(inner: tokio::sync::broadcast::Receiver<T>, end: ChannelEnd) -> Self {
        Self { inner, end }
    }

    /// tokio's own, for what takes it by reference.
    pub fn as_tokio(&self) -> &tokio::sync::broadcast::Receiver<T> {
        &self.inner
    }

    /// tokio's own, for what takes it by value. Whose it is then is not seen.
    pub fn into_tokio(self) -> tokio::sync::broadcast::Receiver<T> {
        self.inner
    }

    transfers!();

    /// [`tokio::sync::broadcast::Receiver::len`].
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// [`tokio::sync::broadcast::Receiver::is_empty`].
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// [`tokio::sync::broadcast::Receiver::same_channel`].
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// [`tokio::sync::broadcast::Receiver::sender_strong_count`].
    pub fn sender_strong_count(&self) -> usize {
        self.inner.sender_strong_count()
    }

    /// [`tokio::sync::broadcast::Receiver::sender_weak_count`].
    pub fn sender_weak_count(&self) -> usize {
        self.inner.sender_weak_count()
    }

    /// [`tokio::sync::broadcast::Receiver::is_closed`].
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }
}

impl<T: Clone> Receiver<T> {
    /// [`tokio::sync::broadcast::Receiver::resubscribe`].
    ///
    /// # Panics
    ///
    /// With more receivers than tokio allows.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "tokio's can be dropped as well")]
    pub fn resubscribe(&self) -> Self {
        self.end.used_here();
        let inner = self.inner.resubscribe();
        Self::of(inner, self.end.another(Side::Receivers, Location::caller()))
    }

    /// [`tokio::sync::broadcast::Receiver::recv`]. Cancel safe as tokio's.
    ///
    /// # Errors
    ///
    /// When there is no sender any more, or values were missed.
    #[track_caller]
    pub fn recv(&mut self) -> impl Future<Output = Result<T, RecvError>> {
        let (side, location) = (Side::Senders, Location::caller());
        WaitsFor::new(self.inner.recv(), &self.end, side, location, |value, _, _| value)
    }

    /// [`tokio::sync::broadcast::Receiver::try_recv`].
    ///
    /// # Errors
    ///
    /// When there is no value at the moment, or will be none, or values were missed.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.end.used_here();
        self.inner.try_recv()
    }

    /// [`tokio::sync::broadcast::Receiver::blocking_recv`].
    ///
    /// # Errors
    ///
    /// When there is no sender any more, or values were missed.
    ///
    /// # Panics
    ///
    /// Within an asynchronous context.
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        let _blocks = blocks(&self.end, Side::Senders, Location::caller());
        self.inner.blocking_recv()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// The channel is not seen.
impl<T> From<tokio::sync::broadcast::Receiver<T>> for Receiver<T> {
    fn from(inner: tokio::sync::broadcast::Receiver<T>) -> Self {
        Self { inner, end: ChannelEnd::NONE }
    }
}

impl<T> From<Receiver<T>> for tokio::sync::broadcast::Receiver<T> {
    fn from(receiver: Receiver<T>) -> Self {
        receiver.into_tokio()
    }
}
