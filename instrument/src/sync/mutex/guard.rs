//! The guard that borrows its lock.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    panic::Location,
};

use super::{MappedMutexGuard, Mutex};
use crate::{hold::Named, record::Holding};

/// [`tokio::sync::MutexGuard`], recorded.
#[clippy::has_significant_drop]
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    // Unlocked first: whoever waits need not wait for our bookkeeping.
    inner: tokio::sync::MutexGuard<'a, T>,
    holding: Holding,
    lock: &'a Mutex<T>,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    pub(super) fn new(
        lock: &'a Mutex<T>,
        inner: tokio::sync::MutexGuard<'a, T>,
        location: &'static Location<'static>,
    ) -> Self {
        Self { inner, holding: lock.acquired(location), lock }
    }

    /// [`tokio::sync::MutexGuard::map`].
    pub fn map<U: ?Sized, F>(this: Self, f: F) -> MappedMutexGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let Self { inner, holding, .. } = this;
        MappedMutexGuard::new(tokio::sync::MutexGuard::map(inner, f), holding)
    }

    /// [`tokio::sync::MutexGuard::try_map`].
    ///
    /// # Errors
    ///
    /// Gives the guard back when the closure gives nothing.
    pub fn try_map<U: ?Sized, F>(this: Self, f: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Self { inner, holding, lock } = this;
        match tokio::sync::MutexGuard::try_map(inner, f) {
            Ok(mapped) => Ok(MappedMutexGuard::new(mapped, holding)),
            Err(inner) => Err(Self { inner, holding, lock }),
        }
    }

    /// [`tokio::sync::MutexGuard::mutex`].
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.lock
    }

    /// It is the calling task's from now on, on purpose.
    pub fn transfer(this: &Self) {
        this.holding.transfer();
    }

    /// It is that task's from now on, on purpose.
    pub fn transfer_to<'t>(this: &Self, task: impl Into<Named<'t>>) {
        task.into().takes(&this.holding);
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.holding.used_here();
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.holding.used_here();
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
