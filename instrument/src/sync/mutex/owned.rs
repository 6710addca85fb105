//! The guards that own their lock.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    panic::Location,
    sync::Arc,
};

use tokio::sync::TryLockError;

use super::{Mutex, Waits};
use crate::{
    hold::Named,
    sync::owned::{Parts, UnlocksMutex},
};

pub(super) async fn lock<T: ?Sized>(
    lock: Arc<Mutex<T>>,
    location: &'static Location<'static>,
) -> OwnedMutexGuard<T> {
    let guard = Waits::new(lock.inner.lock(), &lock.resource, 1, location).await;
    // SAFETY: it is joined with its lock at once.
    let parts = unsafe { Parts::of_mutex(guard) };
    owning(parts, lock, location)
}

pub(super) fn blocking_lock<T: ?Sized>(
    lock: Arc<Mutex<T>>,
    location: &'static Location<'static>,
) -> OwnedMutexGuard<T> {
    // SAFETY: it is joined with its lock at once.
    let parts = unsafe { Parts::of_mutex(lock.inner.blocking_lock()) };
    owning(parts, lock, location)
}

pub(super) fn try_lock<T: ?Sized>(
    lock: Arc<Mutex<T>>,
    location: &'static Location<'static>,
) -> Result<OwnedMutexGuard<T>, TryLockError> {
    // SAFETY: it is joined with its lock at once.
    let parts = unsafe { Parts::of_mutex(lock.inner.try_lock()?) };
    Ok(owning(parts, lock, location))
}

fn owning<T: ?Sized>(
    parts: Parts<*mut T, UnlocksMutex>,
    lock: Arc<Mutex<T>>,
    location: &'static Location<'static>,
) -> OwnedMutexGuard<T> {
    let holding = lock.acquired(location);
    OwnedMutexGuard(parts.owning(lock, holding))
}

type Owned<T, U> = crate::sync::owned::Owned<Mutex<T>, *mut U, UnlocksMutex>;

/// [`tokio::sync::OwnedMutexGuard`], recorded.
#[clippy::has_significant_drop]
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct OwnedMutexGuard<T: ?Sized>(Owned<T, T>);

/// [`tokio::sync::OwnedMappedMutexGuard`], recorded.
#[clippy::has_significant_drop]
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct OwnedMappedMutexGuard<T: ?Sized, U: ?Sized = T>(Owned<T, U>);

impl<T: ?Sized> OwnedMutexGuard<T> {
    /// [`tokio::sync::OwnedMutexGuard::map`].
    pub fn map<U: ?Sized, F>(this: Self, f: F) -> OwnedMappedMutexGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        OwnedMappedMutexGuard(this.0.map(f))
    }

    /// [`tokio::sync::OwnedMutexGuard::try_map`].
    ///
    /// # Errors
    ///
    /// Gives the guard back when the closure gives nothing.
    pub fn try_map<U: ?Sized, F>(this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        this.0.try_map(f).map(OwnedMappedMutexGuard).map_err(Self)
    }

    /// [`tokio::sync::OwnedMutexGuard::mutex`].
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        &this.0.lock
    }

    /// It is the calling task's from now on, on purpose.
    pub fn transfer(this: &Self) {
        this.0.holding.transfer();
    }

    /// It is that task's from now on, on purpose.
    pub fn transfer_to<'t>(this: &Self, task: impl Into<Named<'t>>) {
        task.into().takes(&this.0.holding);
    }
}

impl<T: ?Sized> Deref for OwnedMutexGuard<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.0.holding.used_here();
        self.0.get()
    }
}

impl<T: ?Sized> DerefMut for OwnedMutexGuard<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.0.holding.used_here();
        self.0.get_mut()
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for OwnedMutexGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.get().fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for OwnedMutexGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.get().fmt(f)
    }
}

impl<T: ?Sized, U: ?Sized> OwnedMappedMutexGuard<T, U> {
    /// [`tokio::sync::OwnedMappedMutexGuard::map`].
    pub fn map<S, F>(this: Self, f: F) -> OwnedMappedMutexGuard<T, S>
    where
        F: FnOnce(&mut U) -> &mut S,
    {
        OwnedMappedMutexGuard(this.0.map(f))
    }

    /// [`tokio::sync::OwnedMappedMutexGuard::try_map`].
    ///
    /// # Errors
    ///
    /// Gives the guard back when the closure gives nothing.
    pub fn try_map<S, F>(this: Self, f: F) -> Result<OwnedMappedMutexGuard<T, S>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut S>,
    {
        this.0.try_map(f).map(OwnedMappedMutexGuard).map_err(Self)
    }
}

impl<T: ?Sized, U: ?Sized> Deref for OwnedMappedMutexGuard<T, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        self.0.holding.used_here();
        self.0.get()
    }
}

impl<T: ?Sized, U: ?Sized> DerefMut for OwnedMappedMutexGuard<T, U> {
    #[inline]
    fn deref_mut(&mut self) -> &mut U {
        self.0.holding.used_here();
        self.0.get_mut()
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Debug> fmt::Debug for OwnedMappedMutexGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.get().fmt(f)
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Display> fmt::Display for OwnedMappedMutexGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.get().fmt(f)
    }
}
