//! [`tokio::sync::Mutex`], recorded: a guard belongs to the task that last used it, and
//! those who wait for the lock are found behind it.

mod guard;
mod mapped;
#[expect(unsafe_code, reason = "a guard of a lock is joined with what owns the lock")]
mod owned;

use std::{fmt, future::Future, panic::Location, sync::Arc};

use tokio::sync::TryLockError;

pub use self::{
    guard::MutexGuard,
    mapped::MappedMutexGuard,
    owned::{OwnedMappedMutexGuard, OwnedMutexGuard},
};
use super::waits::Waits;
use crate::{
    record::{Holding, Resource, Traits, unrecorded},
    words::Kind,
};

/// [`tokio::sync::Mutex`], recorded.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use holdover::sync::Mutex;
///
/// let state = Mutex::named("state", 1);
/// *state.lock().await += 1;
/// assert_eq!(state.into_inner(), 2);
/// # }
/// ```
pub struct Mutex<T: ?Sized> {
    resource: Resource,
    inner: tokio::sync::Mutex<T>,
}

impl<T> Mutex<T> {
    /// [`tokio::sync::Mutex::new`].
    #[track_caller]
    pub fn new(t: T) -> Self {
        Self::named("", t)
    }

    /// As [`new`](Self::new), with a name for the console.
    #[track_caller]
    pub fn named(name: &'static str, t: T) -> Self {
        // What tokio's own spans would tell of it is told here.
        Self::of(unrecorded(|| tokio::sync::Mutex::new(t)), name)
    }

    /// [`tokio::sync::Mutex::const_new`].
    pub const fn const_new(t: T) -> Self {
        Self::of(tokio::sync::Mutex::const_new(t), "")
    }

    const fn of(inner: tokio::sync::Mutex<T>, name: &'static str) -> Self {
        Self { resource: Resource::new(Kind::Lock, name), inner }
    }

    /// [`tokio::sync::Mutex::into_inner`].
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }

    /// tokio's own, for what takes it by value. Who locks it is not seen.
    pub fn into_tokio(self) -> tokio::sync::Mutex<T> {
        self.inner
    }
}

impl<T: ?Sized> Mutex<T> {
    /// tokio's own, for what takes it by reference. Who locks it is not seen.
    pub fn as_tokio(&self) -> &tokio::sync::Mutex<T> {
        &self.inner
    }

    /// [`tokio::sync::Mutex::lock`]. Cancel safe as tokio's.
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = MutexGuard<'_, T>> {
        let location = Location::caller();
        async move {
            let inner = Waits::new(self.inner.lock(), &self.resource, 1, location).await;
            MutexGuard::new(self, inner, location)
        }
    }

    /// [`tokio::sync::Mutex::lock_owned`]. Cancel safe as tokio's.
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> impl Future<Output = OwnedMutexGuard<T>> {
        owned::lock(self, Location::caller())
    }

    /// [`tokio::sync::Mutex::blocking_lock`].
    ///
    /// # Panics
    ///
    /// Within an asynchronous context.
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        MutexGuard::new(self, self.inner.blocking_lock(), Location::caller())
    }

    /// [`tokio::sync::Mutex::blocking_lock_owned`].
    ///
    /// # Panics
    ///
    /// Within an asynchronous context.
    #[track_caller]
    pub fn blocking_lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        owned::blocking_lock(self, Location::caller())
    }

    /// [`tokio::sync::Mutex::try_lock`].
    ///
    /// # Errors
    ///
    /// When it is locked.
    #[track_caller]
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        Ok(MutexGuard::new(self, self.inner.try_lock()?, Location::caller()))
    }

    /// [`tokio::sync::Mutex::try_lock_owned`].
    ///
    /// # Errors
    ///
    /// When it is locked.
    #[track_caller]
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        owned::try_lock(self, Location::caller())
    }

    /// [`tokio::sync::Mutex::get_mut`].
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }

    fn acquired(&self, location: &'static Location<'static>) -> Holding {
        self.resource.acquired(1, Traits::Guard, location)
    }
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
