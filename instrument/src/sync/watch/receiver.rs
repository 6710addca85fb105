//! [`tokio::sync::watch::Receiver`], recorded.

use std::{fmt, future::Future, panic::Location};

use super::{Ref, error::RecvError};
use crate::{
    record::{ChannelEnd, Side},
    sync::ends::{WaitsFor, transfers},
};

/// [`tokio::sync::watch::Receiver`], recorded.
pub struct Receiver<T> {
    // Gone first: whoever waits need not wait for our bookkeeping.
    inner: tokio::sync::watch::Receiver<T>,
    end: ChannelEnd,
}

impl<T> Receiver<T> {
    pub(super) fn of(inner: tokio::sync::watch::Receiver<T>, end: ChannelEnd) -> Self {
        Self { inner, end }
    }

    /// tokio's own, for what takes it by reference.
    pub fn as_tokio(&self) -> &tokio::sync::watch::Receiver<T> {
        &self.inner
    }

    /// tokio's own, for what takes it by value. Whose it is then is not seen.
    pub fn into_tokio(self) -> tokio::sync::watch::Receiver<T> {
        self.inner
    }

    transfers!();

    /// [`tokio::sync::watch::Receiver::borrow`].
    pub fn borrow(&self) -> Ref<'_, T> {
        self.end.used_here();
        self.inner.borrow()
    }

    /// [`tokio::sync::watch::Receiver::borrow_and_update`].
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        self.end.used_here();
        self.inner.borrow_and_update()
    }

    /// [`tokio::sync::watch::Receiver::has_changed`].
    ///
    /// # Errors
    ///
    /// When there is no sender any more.
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        self.end.used_here();
        self.inner.has_changed()
    }

    /// [`tokio::sync::watch::Receiver::is_closed`].
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// [`tokio::sync::watch::Receiver::mark_changed`].
    pub fn mark_changed(&mut self) {
        self.inner.mark_changed();
    }

    /// [`tokio::sync::watch::Receiver::mark_unchanged`].
    pub fn mark_unchanged(&mut self) {
        self.inner.mark_unchanged();
    }

    /// [`tokio::sync::watch::Receiver::changed`]. Cancel safe as tokio's.
    ///
    /// # Errors
    ///
    /// When there is no sender any more.
    #[track_caller]
    pub fn changed(&mut self) -> impl Future<Output = Result<(), RecvError>> {
        let (side, location) = (Side::Senders, Location::caller());
        WaitsFor::new(self.inner.changed(), &self.end, side, location, |changed, _, _| changed)
    }

    /// [`tokio::sync::watch::Receiver::wait_for`]. Cancel safe as tokio's.
    ///
    /// # Errors
    ///
    /// When there is no sender any more, and the closure has refused the last value.
    #[track_caller]
    pub fn wait_for(
        &mut self,
        f: impl FnMut(&T) -> bool,
    ) -> impl Future<Output = Result<Ref<'_, T>, RecvError>> {
        let (side, location) = (Side::Senders, Location::caller());
        WaitsFor::new(self.inner.wait_for(f), &self.end, side, location, |value, _, _| value)
    }

    /// [`tokio::sync::watch::Receiver::same_channel`].
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }
}

impl<T> Clone for Receiver<T> {
    #[track_caller]
    fn clone(&self) -> Self {
        self.end.used_here();
        let end = self.end.another(Side::Receivers, Location::caller());
        Self { inner: self.inner.clone(), end }
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// The channel is not seen.
impl<T> From<tokio::sync::watch::Receiver<T>> for Receiver<T> {
    fn from(inner: tokio::sync::watch::Receiver<T>) -> Self {
        Self { inner, end: ChannelEnd::NONE }
    }
}

impl<T> From<Receiver<T>> for tokio::sync::watch::Receiver<T> {
    fn from(receiver: Receiver<T>) -> Self {
        receiver.into_tokio()
    }
}
