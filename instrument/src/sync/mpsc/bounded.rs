//! Senders of a bounded channel.

use std::{fmt, future::Future, panic::Location, time::Duration};

use super::{
    OwnedPermit, Permit, PermitIterator,
    error::{SendError, SendTimeoutError, TrySendError},
    permit::Reserved,
};
use crate::{
    record::{ChannelEnd, Side, WeakEnd},
    sync::ends::{WaitsFor, blocks, transfers},
};

/// [`tokio::sync::mpsc::Sender`], recorded.
pub struct Sender<T> {
    // Gone first: whoever waits need not wait for our bookkeeping.
    inner: tokio::sync::mpsc::Sender<T>,
    end: ChannelEnd,
}

impl<T> Sender<T> {
    pub(super) fn new(inner: tokio::sync::mpsc::Sender<T>, end: ChannelEnd) -> Self {
        Self { inner, end }
    }

    pub(super) fn inner(&self) -> &tokio::sync::mpsc::Sender<T> {
        &self.inner
    }

    /// tokio's own, for what takes it by reference. What is sent through it is not seen.
    pub fn as_tokio(&self) -> &tokio::sync::mpsc::Sender<T> {
        self.end.is_not_followed();
        &self.inner
    }

    /// tokio's own, for what takes it by value. Whose it is then is not seen.
    pub fn into_tokio(self) -> tokio::sync::mpsc::Sender<T> {
        self.end.is_not_followed();
        self.inner
    }

    transfers!();

    /// [`tokio::sync::mpsc::Sender::send`]. Cancel safe as tokio's.
    ///
    /// # Errors
    ///
    /// Gives the value back when the receiver is gone, or has closed the channel.
    #[track_caller]
    pub fn send(&self, value: T) -> impl Future<Output = Result<(), SendError<T>>> {
        let sending = self.inner.send(value);
        self.waits(sending, Location::caller(), |sent, end, _| sent.inspect(|()| end.takes(1)))
    }

    fn waits<'a, F, D, O>(
        &'a self,
        inner: F,
        location: &'static Location<'static>,
        done: D,
    ) -> WaitsFor<'a, F, D>
    where
        F: Future,
        D: FnMut(F::Output, &'a ChannelEnd, &'static Location<'static>) -> O,
    {
        WaitsFor::new(inner, &self.end, Side::Receivers, location, done)
    }

    /// [`tokio::sync::mpsc::Sender::closed`]. Cancel safe as tokio's.
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        self.waits(self.inner.closed(), Location::caller(), |(), _, _| ())
    }

    /// [`tokio::sync::mpsc::Sender::try_send`].
    ///
    /// # Errors
    ///
    /// Gives the value back when the channel is full or closed.
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.end.used_here();
        self.inner.try_send(message)?;
        self.end.takes(1);
        Ok(())
    }

    /// [`tokio::sync::mpsc::Sender::send_timeout`].
    ///
    /// # Errors
    ///
    /// Gives the value back when the channel is closed, or has had no place for so long.
    ///
    /// # Panics
    ///
    /// Outside a runtime that has timers.
    #[track_caller]
    pub fn send_timeout(
        &self,
        value: T,
        timeout: Duration,
    ) -> impl Future<Output = Result<(), SendTimeoutError<T>>> {
        let sending = self.inner.send_timeout(value, timeout);
        self.waits(sending, Location::caller(), |sent, end, _| sent.inspect(|()| end.takes(1)))
    }

    /// [`tokio::sync::mpsc::Sender::blocking_send`].
    ///
    /// # Errors
    ///
    /// Gives the value back when the receiver is gone, or has closed the channel.
    ///
    /// # Panics
    ///
    /// Within an asynchronous context.
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        let _blocks = blocks(&self.end, Side::Receivers, Location::caller());
        self.inner.blocking_send(value)?;
        self.end.takes(1);
        Ok(())
    }

    /// [`tokio::sync::mpsc::Sender::is_closed`].
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    /// [`tokio::sync::mpsc::Sender::reserve`]. Cancel safe as tokio's.
    ///
    /// # Errors
    ///
    /// When the channel is closed.
    #[track_caller]
    pub fn reserve(&self) -> impl Future<Output = Result<Permit<'_, T>, SendError<()>>> {
        self.waits(self.inner.reserve(), Location::caller(), |reserved, end, location| {
            Ok(Permit::new(reserved?, Reserved::new(end, 1, location)))
        })
    }

    /// [`tokio::sync::mpsc::Sender::reserve_many`]. Cancel safe as tokio's.
    ///
    /// # Errors
    ///
    /// When the channel is closed, or has not so many places.
    #[track_caller]
    pub fn reserve_many(
        &self,
        n: usize,
    ) -> impl Future<Output = Result<PermitIterator<'_, T>, SendError<()>>> {
        let reserving = self.inner.reserve_many(n);
        self.waits(reserving, Location::caller(), move |reserved, end, location| {
            Ok(PermitIterator::new(reserved?, Reserved::new(end, n, location)))
        })
    }

    /// [`tokio::sync::mpsc::Sender::reserve_owned`]. Cancel safe as tokio's.
    ///
    /// # Errors
    ///
    /// When the channel is closed.
    #[track_caller]
    pub fn reserve_owned(self) -> impl Future<Output = Result<OwnedPermit<T>, SendError<()>>> {
        let location = Location::caller();
        async move {
            let Self { inner, end } = self;
            let as_it_is = |reserved, _, _| reserved;
            let reserving = inner.reserve_owned();
            let reserved = WaitsFor::new(reserving, &end, Side::Receivers, location, as_it_is);
            let inner = reserved.await?;
            Ok(OwnedPermit::new(inner, Reserved::new(end, 1, location)))
        }
    }

    /// [`tokio::sync::mpsc::Sender::try_reserve`].
    ///
    /// # Errors
    ///
    /// When the channel is full or closed.
    #[track_caller]
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        self.end.used_here();
        let reserved = self.inner.try_reserve()?;
        Ok(Permit::new(reserved, Reserved::new(&self.end, 1, Location::caller())))
    }

    /// [`tokio::sync::mpsc::Sender::try_reserve_many`].
    ///
    /// # Errors
    ///
    /// When the channel is closed, or has not so many places at the moment.
    #[track_caller]
    pub fn try_reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        self.end.used_here();
        let reserved = self.inner.try_reserve_many(n)?;
        Ok(PermitIterator::new(reserved, Reserved::new(&self.end, n, Location::caller())))
    }

    /// [`tokio::sync::mpsc::Sender::try_reserve_owned`].
    ///
    /// # Errors
    ///
    /// Gives the sender back when the channel is full or closed.
    #[track_caller]
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        let Self { inner, end } = self;
        end.used_here();
        match inner.try_reserve_owned() {
            Ok(inner) => Ok(OwnedPermit::new(inner, Reserved::new(end, 1, Location::caller()))),
            Err(TrySendError::Full(inner)) => Err(TrySendError::Full(Self { inner, end })),
            Err(TrySendError::Closed(inner)) => Err(TrySendError::Closed(Self { inner, end })),
        }
    }

    /// [`tokio::sync::mpsc::Sender::same_channel`].
    pub fn same_channel(&self, other: &Self) -> bool {
        self.inner.same_channel(&other.inner)
    }

    /// [`tokio::sync::mpsc::Sender::capacity`].
    pub fn capacity(&self) -> usize {
        self.inner.capacity()
    }

    /// [`tokio::sync::mpsc::Sender::downgrade`].
    #[must_use = "Downgrade creates a WeakSender without destroying the original non-weak sender."]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender { inner: self.inner.downgrade(), end: self.end.weak() }
    }

    /// [`tokio::sync::mpsc::Sender::max_capacity`].
    pub fn max_capacity(&self) -> usize {
        self.inner.max_capacity()
    }

    /// [`tokio::sync::mpsc::Sender::strong_count`].
    pub fn strong_count(&self) -> usize {
        self.inner.strong_count()
    }

    /// [`tokio::sync::mpsc::Sender::weak_count`].
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

/// What is sent through it is seen; the channel is not.
impl<T> From<tokio::sync::mpsc::Sender<T>> for Sender<T> {
    fn from(inner: tokio::sync::mpsc::Sender<T>) -> Self {
        Self { inner, end: ChannelEnd::NONE }
    }
}

impl<T> From<Sender<T>> for tokio::sync::mpsc::Sender<T> {
    fn from(sender: Sender<T>) -> Self {
        sender.into_tokio()
    }
}

/// [`tokio::sync::mpsc::WeakSender`]: holds nothing.
pub struct WeakSender<T> {
    inner: tokio::sync::mpsc::WeakSender<T>,
    end: WeakEnd,
}

impl<T> WeakSender<T> {
    /// [`tokio::sync::mpsc::WeakSender::upgrade`].
    #[track_caller]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let inner = self.inner.upgrade()?;
        Some(Sender { inner, end: self.end.upgraded(Location::caller()) })
    }

    /// [`tokio::sync::mpsc::WeakSender::strong_count`].
    pub fn strong_count(&self) -> usize {
        self.inner.strong_count()
    }

    /// [`tokio::sync::mpsc::WeakSender::weak_count`].
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
