//! The guard of a part of what is locked for writing, that borrows its lock.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use crate::{hold::Named, record::Holding};

/// [`tokio::sync::RwLockMappedWriteGuard`], recorded.
#[clippy::has_significant_drop]
pub struct RwLockMappedWriteGuard<'a, T: ?Sized> {
    inner: tokio::sync::RwLockMappedWriteGuard<'a, T>,
    holding: Holding,
}

impl<'a, T: ?Sized> RwLockMappedWriteGuard<'a, T> {
    pub(super) fn new(inner: tokio::sync::RwLockMappedWriteGuard<'a, T>, holding: Holding) -> Self {
        Self { inner, holding }
    }

    /// [`tokio::sync::RwLockMappedWriteGuard::map`].
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let Self { inner, holding } = this;
        let inner = tokio::sync::RwLockMappedWriteGuard::map(inner, f);
        RwLockMappedWriteGuard { inner, holding }
    }

    /// [`tokio::sync::RwLockMappedWriteGuard::try_map`].
    ///
    /// # Errors
    ///
    /// Gives the guard back when the closure gives nothing.
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Self { inner, holding } = this;
        match tokio::sync::RwLockMappedWriteGuard::try_map(inner, f) {
            Ok(inner) => Ok(RwLockMappedWriteGuard { inner, holding }),
            Err(inner) => Err(Self { inner, holding }),
        }
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

impl<T: ?Sized> Deref for RwLockMappedWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.holding.used_here();
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for RwLockMappedWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.holding.used_here();
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockMappedWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockMappedWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
