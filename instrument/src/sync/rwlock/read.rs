//! The guard that reads and borrows its lock.

use std::{fmt, ops::Deref};

use crate::{hold::Named, record::Holding};

/// [`tokio::sync::RwLockReadGuard`], recorded.
#[clippy::has_significant_drop]
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    // Unlocked first: whoever waits need not wait for our bookkeeping.
    inner: tokio::sync::RwLockReadGuard<'a, T>,
    holding: Holding,
}

impl<'a, T: ?Sized> RwLockReadGuard<'a, T> {
    pub(super) fn new(inner: tokio::sync::RwLockReadGuard<'a, T>, holding: Holding) -> Self {
        Self { inner, holding }
    }

    /// [`tokio::sync::RwLockReadGuard::map`].
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> RwLockReadGuard<'a, U>
    where
        F: FnOnce(&T) -> &U,
    {
        let Self { inner, holding } = this;
        RwLockReadGuard { inner: tokio::sync::RwLockReadGuard::map(inner, f), holding }
    }

    /// [`tokio::sync::RwLockReadGuard::try_map`].
    ///
    /// # Errors
    ///
    /// Gives the guard back when the closure gives nothing.
    pub fn try_map<F, U: ?Sized>(this: Self, f: F) -> Result<RwLockReadGuard<'a, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        let Self { inner, holding } = this;
        match tokio::sync::RwLockReadGuard::try_map(inner, f) {
            Ok(inner) => Ok(RwLockReadGuard { inner, holding }),
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

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.holding.used_here();
        &self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
