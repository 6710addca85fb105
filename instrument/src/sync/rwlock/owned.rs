//! The guards that own their lock.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    panic::Location,
    sync::Arc,
};

use tokio::sync::TryLockError;

use super::RwLock;
use crate::{
    hold::Named,
    sync::owned::{EndsRead, Owned, Parts, Whole},
};

pub(super) async fn read<T: ?Sized>(
    lock: Arc<RwLock<T>>,
    location: &'static Location<'static>,
) -> OwnedRwLockReadGuard<T> {
    let guard = lock.waits(lock.inner.read(), lock.labels.read, location).await;
    // SAFETY: it is joined with its lock at once.
    let parts = unsafe { Parts::of_read(guard) };
    let holding = lock.reads(location);
    OwnedRwLockReadGuard(parts.owning(lock, holding))
}

pub(super) fn try_read<T: ?Sized>(
    lock: Arc<RwLock<T>>,
    location: &'static Location<'static>,
) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
    // SAFETY: it is joined with its lock at once.
    let parts = unsafe { Parts::of_read(lock.inner.try_read()?) };
    let holding = lock.reads(location);
    Ok(OwnedRwLockReadGuard(parts.owning(lock, holding)))
}

pub(super) async fn write<T: ?Sized>(
    lock: Arc<RwLock<T>>,
    location: &'static Location<'static>,
) -> OwnedRwLockWriteGuard<T> {
    let guard = lock.waits(lock.inner.write(), lock.labels.write, location).await;
    // SAFETY: it is joined with its lock at once.
    let parts = unsafe { Parts::of_write(guard) };
    let holding = lock.writes(location);
    OwnedRwLockWriteGuard(parts.owning(lock, holding))
}

pub(super) fn try_write<T: ?Sized>(
    lock: Arc<RwLock<T>>,
    location: &'static Location<'static>,
) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
    // SAFETY: it is joined with its lock at once.
    let parts = unsafe { Parts::of_write(lock.inner.try_write()?) };
    let holding = lock.writes(location);
    Ok(OwnedRwLockWriteGuard(parts.owning(lock, holding)))
}

/// [`tokio::sync::OwnedRwLockReadGuard`], recorded.
#[clippy::has_significant_drop]
pub struct OwnedRwLockReadGuard<T: ?Sized, U: ?Sized = T>(Owned<RwLock<T>, *const U, EndsRead>);

/// [`tokio::sync::OwnedRwLockWriteGuard`], recorded. It takes an allocation.
#[clippy::has_significant_drop]
pub struct OwnedRwLockWriteGuard<T: ?Sized>(Owned<RwLock<T>, *mut T, Whole<T>>);

/// [`tokio::sync::OwnedRwLockMappedWriteGuard`], recorded.
#[clippy::has_significant_drop]
pub struct OwnedRwLockMappedWriteGuard<T: ?Sized, U: ?Sized = T>(
    Owned<RwLock<T>, *mut U, Whole<T>>,
);

impl<T: ?Sized, U: ?Sized> OwnedRwLockReadGuard<T, U> {
    /// [`tokio::sync::OwnedRwLockReadGuard::map`].
    pub fn map<F, V: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, V>
    where
        F: FnOnce(&U) -> &V,
    {
        OwnedRwLockReadGuard(this.0.map(f))
    }

    /// [`tokio::sync::OwnedRwLockReadGuard::try_map`].
    ///
    /// # Errors
    ///
    /// Gives the guard back when the closure gives nothing.
    pub fn try_map<F, V: ?Sized>(this: Self, f: F) -> Result<OwnedRwLockReadGuard<T, V>, Self>
    where
        F: FnOnce(&U) -> Option<&V>,
    {
        this.0.try_map(f).map(OwnedRwLockReadGuard).map_err(Self)
    }

    /// [`tokio::sync::OwnedRwLockReadGuard::rwlock`].
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
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

impl<T: ?Sized> OwnedRwLockWriteGuard<T> {
    /// [`tokio::sync::OwnedRwLockWriteGuard::map`].
    pub fn map<F, U: ?Sized>(this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, U>
    where
        F: FnOnce(&mut T) -> &mut U,
    {
        OwnedRwLockMappedWriteGuard(this.0.map(f))
    }

    /// [`tokio::sync::OwnedRwLockWriteGuard::try_map`].
    ///
    /// # Errors
    ///
    /// Gives the guard back when the closure gives nothing.
    pub fn try_map<F, U: ?Sized>(
        this: Self,
        f: F,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, U>, Self>
    where
        F: FnOnce(&mut T) -> Option<&mut U>,
    {
        this.0.try_map(f).map(OwnedRwLockMappedWriteGuard).map_err(Self)
    }

    /// [`tokio::sync::OwnedRwLockWriteGuard::downgrade_map`].
    pub fn downgrade_map<F, U: ?Sized>(this: Self, f: F) -> OwnedRwLockReadGuard<T, U>
    where
        F: FnOnce(&T) -> &U,
    {
        Self::reads(this.0.downgrade_map(f))
    }

    /// [`tokio::sync::OwnedRwLockWriteGuard::try_downgrade_map`].
    ///
    /// # Errors
    ///
    /// Gives the guard back when the closure gives nothing.
    pub fn try_downgrade_map<F, U: ?Sized>(
        this: Self,
        f: F,
    ) -> Result<OwnedRwLockReadGuard<T, U>, Self>
    where
        F: FnOnce(&T) -> Option<&U>,
    {
        this.0.try_downgrade_map(f).map(Self::reads).map_err(Self)
    }

    /// [`tokio::sync::OwnedRwLockWriteGuard::into_mapped`].
    pub fn into_mapped(this: Self) -> OwnedRwLockMappedWriteGuard<T> {
        OwnedRwLockMappedWriteGuard(this.0)
    }

    /// [`tokio::sync::OwnedRwLockWriteGuard::downgrade`]. It is held on, to read.
    pub fn downgrade(self) -> OwnedRwLockReadGuard<T> {
        Self::reads(self.0.downgrade())
    }

    fn reads<U: ?Sized>(owned: Owned<RwLock<T>, *const U, EndsRead>) -> OwnedRwLockReadGuard<T, U> {
        owned.holding.relabel(owned.lock.labels.read);
        OwnedRwLockReadGuard(owned)
    }

    /// [`tokio::sync::OwnedRwLockWriteGuard::rwlock`].
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
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

impl<T: ?Sized, U: ?Sized> OwnedRwLockMappedWriteGuard<T, U> {
    /// [`tokio::sync::OwnedRwLockMappedWriteGuard::map`].
    pub fn map<F, V: ?Sized>(this: Self, f: F) -> OwnedRwLockMappedWriteGuard<T, V>
    where
        F: FnOnce(&mut U) -> &mut V,
    {
        OwnedRwLockMappedWriteGuard(this.0.map(f))
    }

    /// [`tokio::sync::OwnedRwLockMappedWriteGuard::try_map`].
    ///
    /// # Errors
    ///
    /// Gives the guard back when the closure gives nothing.
    pub fn try_map<F, V: ?Sized>(
        this: Self,
        f: F,
    ) -> Result<OwnedRwLockMappedWriteGuard<T, V>, Self>
    where
        F: FnOnce(&mut U) -> Option<&mut V>,
    {
        this.0.try_map(f).map(OwnedRwLockMappedWriteGuard).map_err(Self)
    }

    /// [`tokio::sync::OwnedRwLockMappedWriteGuard::rwlock`].
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
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

impl<T: ?Sized, U: ?Sized> Deref for OwnedRwLockReadGuard<T, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        self.0.holding.used_here();
        self.0.get()
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Debug> fmt::Debug for OwnedRwLockReadGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.get().fmt(f)
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Display> fmt::Display for OwnedRwLockReadGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.get().fmt(f)
    }
}

impl<T: ?Sized> Deref for OwnedRwLockWriteGuard<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.0.holding.used_here();
        self.0.get()
    }
}

impl<T: ?Sized> DerefMut for OwnedRwLockWriteGuard<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.0.holding.used_here();
        self.0.get_mut()
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for OwnedRwLockWriteGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.get().fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for OwnedRwLockWriteGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.get().fmt(f)
    }
}

impl<T: ?Sized, U: ?Sized> Deref for OwnedRwLockMappedWriteGuard<T, U> {
    type Target = U;

    #[inline]
    fn deref(&self) -> &U {
        self.0.holding.used_here();
        self.0.get()
    }
}

impl<T: ?Sized, U: ?Sized> DerefMut for OwnedRwLockMappedWriteGuard<T, U> {
    #[inline]
    fn deref_mut(&mut self) -> &mut U {
        self.0.holding.used_here();
        self.0.get_mut()
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Debug> fmt::Debug for OwnedRwLockMappedWriteGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.get().fmt(f)
    }
}

impl<T: ?Sized, U: ?Sized + fmt::Display> fmt::Display for OwnedRwLockMappedWriteGuard<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.get().fmt(f)
    }
}
