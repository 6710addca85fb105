//! The guard that writes and borrows its lock.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use super::{RwLockMappedWriteGuard, RwLockReadGuard};
use crate::{hold::Named, record::Holding};

/// [`tokio::sync::RwLockWriteGuard`], recorded.
#[clippy::has_significant_drop]
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    inner: tokio::sync::RwLockWriteGuard<'a, T>,
    holding: Holding,
    /// What it is called once it only reads.
    read: &'static str,
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    pub(super) fn new(
        inner: tokio::sync::RwLockWriteGuard<'a, T>,
        holding: Holding,
        read: &'static str,
    ) -> Self {
        Self { inner, holding, read }
    }

    /// [`tokio::sync::RwLockWriteGuard::map`].
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockMappedWriteGuard<'a, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        let Self { inner, holding, .. } = this;
        RwLockMappedWriteGuard::new(tokio::sync::RwLockWriteGuard::map(inner, f), holding)
    }

    /// [`tokio::sync::RwLockWriteGuard::try_map`].
    ///
    /// # Errors
    ///
    /// Gives the guard back when the closure gives nothing.
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockMappedWriteGuard<'a, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        let Self { inner, holding, read } = this;
        match tokio::sync::RwLockWriteGuard::try_map(inner, f) {
            Ok(mapped) => Ok(RwLockMappedWriteGuard::new(mapped, holding)),
            Err(inner) => Err(Self { inner, holding, read }),
        }
    }

    /// [`tokio::sync::RwLockWriteGuard::downgrade_map`].
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let Self { inner, holding, read } = this;
        let inner = tokio::sync::RwLockWriteGuard::downgrade_map(inner, f);
        holding.relabel(read);
        RwLockReadGuard::new(inner, holding)
    }

    /// [`tokio::sync::RwLockWriteGuard::try_downgrade_map`].
    ///
    /// # Errors
    ///
    /// Gives the guard back when the closure gives nothing.
    pub fn try_downgrade_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        let Self { inner, holding, read } = this;
        match tokio::sync::RwLockWriteGuard::try_downgrade_map(inner, f) {
            Ok(inner) => {
                holding.relabel(read);
                Ok(RwLockReadGuard::new(inner, holding))
            }
            Err(inner) => Err(Self { inner, holding, read }),
        }
    }

    /// [`tokio::sync::RwLockWriteGuard::into_mapped`].
    pub fn into_mapped(this: Self) -> RwLockMappedWriteGuard<'a, T> {
        Self::map(this, |whole| whole)
    }

    /// [`tokio::sync::RwLockWriteGuard::downgrade`]. It is held on, to read.
    pub fn downgrade(self) -> RwLockReadGuard<'a, T> {
        let Self { inner, holding, read } = self;
        let inner = inner.downgrade();
        holding.relabel(read);
        RwLockReadGuard::new(inner, holding)
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

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.holding.used_here();
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.holding.used_here();
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
