//! [`tokio::sync::Semaphore`], recorded: a permit has an owner, the task that acquired
//! it.

mod forgotten;
mod permit;

use std::{
    fmt,
    future::Future,
    ops::Deref,
    panic::Location,
    pin::pin,
    sync::Arc,
    task::{Context, Waker},
};

use tokio::sync::{AcquireError, TryAcquireError};

pub use self::permit::{OwnedSemaphorePermit, SemaphorePermit};
use self::{forgotten::Forgotten, permit::Permit};
use super::waits::Waits;
use crate::{
    record::{Resource, unrecorded},
    words::Kind,
};

/// [`tokio::sync::Semaphore`], recorded.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use holdover::sync::Semaphore;
///
/// let uploads = Semaphore::named("uploads", 2);
/// let permit = uploads.acquire().await.expect("nobody closes it");
/// assert_eq!(uploads.available_permits(), 1);
/// drop(permit);
/// # }
/// ```
pub struct Semaphore {
    inner: tokio::sync::Semaphore,
    resource: Resource,
    forgotten: Forgotten,
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl From<tokio::sync::Semaphore> for Semaphore {
    fn from(inner: tokio::sync::Semaphore) -> Self {
        // tokio's spans tell of it too, until one of them is entered as Holdover's own.
        unrecorded(|| {
            let mut context = Context::from_waker(Waker::noop());
            drop(pin!(inner.acquire_many(0)).poll(&mut context));
        });
        Self::of(inner, "")
    }
}

impl From<Semaphore> for tokio::sync::Semaphore {
    fn from(semaphore: Semaphore) -> Self {
        semaphore.into_tokio()
    }
}

impl Semaphore {
    /// [`tokio::sync::Semaphore::MAX_PERMITS`].
    pub const MAX_PERMITS: usize = tokio::sync::Semaphore::MAX_PERMITS;

    /// [`tokio::sync::Semaphore::new`].
    ///
    /// # Panics
    ///
    /// With more permits than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[track_caller]
    pub fn new(permits: usize) -> Self {
        Self::named("", permits)
    }

    /// As [`new`](Self::new), with a name for the console.
    ///
    /// # Panics
    ///
    /// With more permits than [`MAX_PERMITS`](Self::MAX_PERMITS).
    #[track_caller]
    pub fn named(name: &'static str, permits: usize) -> Self {
        // What tokio's own spans would tell of it is told here.
        Self::of(unrecorded(|| tokio::sync::Semaphore::new(permits)), name)
    }

    /// [`tokio::sync::Semaphore::const_new`].
    ///
    /// # Panics
    ///
    /// With more permits than [`MAX_PERMITS`](Self::MAX_PERMITS).
    pub const fn const_new(permits: usize) -> Self {
        Self::of(tokio::sync::Semaphore::const_new(permits), "")
    }

    const fn of(inner: tokio::sync::Semaphore, name: &'static str) -> Self {
        Self { inner, resource: Resource::new(Kind::Permit, name), forgotten: Forgotten::new() }
    }

    /// tokio's own, for what takes it by reference. Permits that are acquired of it are
    /// not seen.
    pub fn as_tokio(&self) -> &tokio::sync::Semaphore {
        &self.inner
    }

    /// tokio's own, for what takes it by value. What is acquired of it is not seen.
    pub fn into_tokio(self) -> tokio::sync::Semaphore {
        self.inner
    }

    /// [`tokio::sync::Semaphore::available_permits`].
    pub fn available_permits(&self) -> usize {
        self.inner.available_permits()
    }

    /// [`tokio::sync::Semaphore::add_permits`]. Permits that were forgotten are held
    /// until as many were added; the oldest are given back first.
    ///
    /// # Panics
    ///
    /// When there would be more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    pub fn add_permits(&self, n: usize) {
        self.inner.add_permits(n);
        self.forgotten.given_back(n);
    }

    /// [`tokio::sync::Semaphore::forget_permits`]. Nobody holds these.
    pub fn forget_permits(&self, n: usize) -> usize {
        self.inner.forget_permits(n)
    }

    /// [`tokio::sync::Semaphore::acquire`]. Cancel safe as tokio's.
    ///
    /// # Errors
    ///
    /// When the semaphore is closed.
    #[track_caller]
    pub fn acquire(
        &self,
    ) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> + use<'_> {
        borrowed(acquire(self, 1, Location::caller()))
    }

    /// [`tokio::sync::Semaphore::acquire_many`]. Cancel safe as tokio's.
    ///
    /// # Errors
    ///
    /// When the semaphore is closed.
    #[track_caller]
    pub fn acquire_many(
        &self,
        n: u32,
    ) -> impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>> + use<'_> {
        borrowed(acquire(self, n, Location::caller()))
    }

    /// [`tokio::sync::Semaphore::try_acquire`].
    ///
    /// # Errors
    ///
    /// When the semaphore is closed, or has too few permits at the moment.
    #[track_caller]
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        try_acquire(self, 1, Location::caller()).map(SemaphorePermit)
    }

    /// [`tokio::sync::Semaphore::try_acquire_many`].
    ///
    /// # Errors
    ///
    /// When the semaphore is closed, or has too few permits at the moment.
    #[track_caller]
    pub fn try_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        try_acquire(self, n, Location::caller()).map(SemaphorePermit)
    }

    /// [`tokio::sync::Semaphore::blocking_acquire`].
    ///
    /// # Errors
    ///
    /// When the semaphore is closed.
    ///
    /// # Panics
    ///
    /// Within an asynchronous context.
    #[track_caller]
    pub fn blocking_acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        blocking_acquire(self, 1, Location::caller()).map(SemaphorePermit)
    }

    /// [`tokio::sync::Semaphore::blocking_acquire_many`].
    ///
    /// # Errors
    ///
    /// When the semaphore is closed.
    ///
    /// # Panics
    ///
    /// Within an asynchronous context.
    #[track_caller]
    pub fn blocking_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        blocking_acquire(self, n, Location::caller()).map(SemaphorePermit)
    }

    /// [`tokio::sync::Semaphore::acquire_owned`]. Cancel safe as tokio's.
    ///
    /// # Errors
    ///
    /// When the semaphore is closed.
    #[track_caller]
    pub fn acquire_owned(
        self: Arc<Self>,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + use<> {
        owned(acquire(self, 1, Location::caller()))
    }

    /// [`tokio::sync::Semaphore::acquire_many_owned`]. Cancel safe as tokio's.
    ///
    /// # Errors
    ///
    /// When the semaphore is closed.
    #[track_caller]
    pub fn acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> impl Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + use<> {
        owned(acquire(self, n, Location::caller()))
    }

    /// [`tokio::sync::Semaphore::try_acquire_owned`].
    ///
    /// # Errors
    ///
    /// When the semaphore is closed, or has too few permits at the moment.
    #[track_caller]
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        try_acquire(self, 1, Location::caller()).map(OwnedSemaphorePermit)
    }

    /// [`tokio::sync::Semaphore::try_acquire_many_owned`].
    ///
    /// # Errors
    ///
    /// When the semaphore is closed, or has too few permits at the moment.
    #[track_caller]
    pub fn try_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        try_acquire(self, n, Location::caller()).map(OwnedSemaphorePermit)
    }

    /// [`tokio::sync::Semaphore::blocking_acquire_owned`].
    ///
    /// # Errors
    ///
    /// When the semaphore is closed.
    ///
    /// # Panics
    ///
    /// Within an asynchronous context.
    #[track_caller]
    pub fn blocking_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        blocking_acquire(self, 1, Location::caller()).map(OwnedSemaphorePermit)
    }

    /// [`tokio::sync::Semaphore::blocking_acquire_many_owned`].
    ///
    /// # Errors
    ///
    /// When the semaphore is closed.
    ///
    /// # Panics
    ///
    /// Within an asynchronous context.
    #[track_caller]
    pub fn blocking_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        blocking_acquire(self, n, Location::caller()).map(OwnedSemaphorePermit)
    }

    /// [`tokio::sync::Semaphore::close`].
    pub fn close(&self) {
        self.inner.close();
    }

    /// [`tokio::sync::Semaphore::is_closed`].
    pub fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }
}

async fn acquire<S: Deref<Target = Semaphore>>(
    semaphore: S,
    permits: u32,
    location: &'static Location<'static>,
) -> Result<Permit<S>, AcquireError> {
    let acquiring = semaphore.inner.acquire_many(permits);
    Waits::new(acquiring, &semaphore.resource, permits, location).await?.forget();
    Ok(Permit::new(semaphore, permits, location))
}

async fn borrowed<'a>(
    acquiring: impl Future<Output = Result<Permit<&'a Semaphore>, AcquireError>>,
) -> Result<SemaphorePermit<'a>, AcquireError> {
    acquiring.await.map(SemaphorePermit)
}

async fn owned(
    acquiring: impl Future<Output = Result<Permit<Arc<Semaphore>>, AcquireError>>,
) -> Result<OwnedSemaphorePermit, AcquireError> {
    acquiring.await.map(OwnedSemaphorePermit)
}

fn try_acquire<S: Deref<Target = Semaphore>>(
    semaphore: S,
    permits: u32,
    location: &'static Location<'static>,
) -> Result<Permit<S>, TryAcquireError> {
    semaphore.inner.try_acquire_many(permits)?.forget();
    Ok(Permit::new(semaphore, permits, location))
}

#[track_caller]
fn blocking_acquire<S: Deref<Target = Semaphore>>(
    semaphore: S,
    permits: u32,
    location: &'static Location<'static>,
) -> Result<Permit<S>, AcquireError> {
    semaphore.inner.blocking_acquire_many(permits)?.forget();
    Ok(Permit::new(semaphore, permits, location))
}
