//! The guard of a part of what is locked, that borrows its lock.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use crate::record::Holding;

/// [`tokio::sync::MappedMutexGuard`], recorded.
#[clippy::has_significant_drop]
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    inner: tokio::sync::MappedMutexGuard<'a, T>,
    holding: Holding,
}

impl<'a, T: ?Sized> MappedMutexGuard<'a, T> {
    pub(super) fn new(inner: tokio::sync::MappedMutexGuard<'a, T>, holding: Holding) -> Self {
        Self { inner, holding }
    }

    /// [`tokio::sync::MappedMutexGuard::map`].
    pub fn map<U, F>(this: Self, f: F) -> MappedMutexGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let Self { inner, holding } = this;
        MappedMutexGuard::new(tokio::sync::MappedMutexGuard::map(inner, f), holding)
    }

    /// [`tokio::sync::MappedMutexGuard::try_map`].
    ///
    /// # Errors
    ///
    /// Gives the guard back when the closure gives nothing.
    pub fn try_map<U, F>(this: Self, f: F) -> Result<MappedMutexGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Self { inner, holding } = this;
        match tokio::sync::MappedMutexGuard::try_map(inner, f) {
            Ok(mapped) => Ok(MappedMutexGuard::new(mapped, holding)),
            Err(inner) => Err(Self { inner, holding }),
        }
    }
}

impl<T: ?Sized> Deref for MappedMutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.holding.used_here();
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for MappedMutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.holding.used_here();
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MappedMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MappedMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
