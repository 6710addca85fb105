//! The guards that own their lock. tokio's own would need an `Arc` of tokio's lock,
//! which is within ours: they are made of a guard that borrows it, and an `Arc` of ours.

use std::{
    fmt,
    mem::{self, MaybeUninit},
    ops::{Deref, DerefMut},
    panic::Location,
    sync::Arc,
};

use tokio::sync::{MappedMutexGuard, TryLockError};

use super::{Mutex, Waits};
use crate::{hold::Named, record::Holding};

pub(super) async fn lock<T: ?Sized>(
    lock: Arc<Mutex<T>>,
    location: &'static Location<'static>,
) -> OwnedMutexGuard<T> {
    let waits = Waits::new(lock.inner.lock(), &lock.resource, 1, location);
    let parts = Parts::of(waits.await);
    // SAFETY: they are of this lock.
    OwnedMutexGuard(unsafe { parts.owning(lock, location) })
}

pub(super) fn blocking_lock<T: ?Sized>(
    lock: Arc<Mutex<T>>,
    location: &'static Location<'static>,
) -> OwnedMutexGuard<T> {
    let parts = Parts::of(lock.inner.blocking_lock());
    // SAFETY: they are of this lock.
    OwnedMutexGuard(unsafe { parts.owning(lock, location) })
}

pub(super) fn try_lock<T: ?Sized>(
    lock: Arc<Mutex<T>>,
    location: &'static Location<'static>,
) -> Result<OwnedMutexGuard<T>, TryLockError> {
    let parts = Parts::of(lock.inner.try_lock()?);
    // SAFETY: they are of this lock.
    Ok(OwnedMutexGuard(unsafe { parts.owning(lock, location) }))
}

/// Unlocks when dropped. The lock it was made of must live longer, which the lifetime
/// does not say: so what it consists of is kept where no reference is expected.
struct Unlocks(MaybeUninit<MappedMutexGuard<'static, ()>>);

impl Drop for Unlocks {
    fn drop(&mut self) {
        // SAFETY: it is initialised in `Parts::of`, and dropped here only.
        unsafe { self.0.assume_init_drop() };
    }
}

/// What unlocks, and where the value is.
struct Parts<T: ?Sized> {
    unlocks: Unlocks,
    data: *mut T,
}

impl<T: ?Sized> Parts<T> {
    fn of(guard: tokio::sync::MutexGuard<'_, T>) -> Self {
        let mut data = None;
        let unlocks = tokio::sync::MutexGuard::map(guard, |value| {
            data = Some(&raw mut *value);
            // Nothing has no size: this does not allocate, and leaks nothing.
            Box::leak(Box::new(()))
        });
        // SAFETY: the lifetime is that of the borrow of the lock. `Parts` is private to
        // this file, where each is at once given the `Arc` that keeps the lock alive.
        let unlocks = unsafe {
            mem::transmute::<MappedMutexGuard<'_, ()>, MappedMutexGuard<'static, ()>>(unlocks)
        };
        let data = data.expect("map has called it");
        Self { unlocks: Unlocks(MaybeUninit::new(unlocks)), data }
    }

    /// # Safety
    ///
    /// They are parts of a guard of this very lock.
    unsafe fn owning(
        self,
        lock: Arc<Mutex<T>>,
        location: &'static Location<'static>,
    ) -> Owned<T, T> {
        let Self { unlocks, data } = self;
        Owned { unlocks, holding: lock.acquired(location), data, lock }
    }
}

/// A part `U` of what `lock` locks, and the right to use it.
struct Owned<T: ?Sized, U: ?Sized> {
    // The order matters: unlocked before the lock may go.
    unlocks: Unlocks,
    holding: Holding,
    /// Within the value of `lock`, which stays where it is and is locked for this.
    data: *mut U,
    lock: Arc<Mutex<T>>,
}

// SAFETY: it is an `Arc<Mutex<T>>` with a `&mut U` into what that locks. These are the
// bounds that tokio's own guards have.
unsafe impl<T: ?Sized + Send, U: ?Sized + Send> Send for Owned<T, U> {}
// SAFETY: as above; shared, it gives nothing but `&U` and the `Arc`.
unsafe impl<T: ?Sized + Send + Sync, U: ?Sized + Send + Sync> Sync for Owned<T, U> {}

impl<T: ?Sized, U: ?Sized> Owned<T, U> {
    #[inline]
    fn get(&self) -> &U {
        // SAFETY: `lock` keeps the value alive, and `unlocks` is the right to it.
        unsafe { &*self.data }
    }

    #[inline]
    fn get_mut(&mut self) -> &mut U {
        // SAFETY: as above, and `self` is borrowed uniquely.
        unsafe { &mut *self.data }
    }

    fn map<S: ?Sized>(mut self, f: impl FnOnce(&mut U) -> &mut S) -> Owned<T, S> {
        let data = &raw mut *f(self.get_mut());
        let Self { unlocks, holding, lock, .. } = self;
        Owned { unlocks, holding, data, lock }
    }

    fn try_map<S: ?Sized>(
        mut self,
        f: impl FnOnce(&mut U) -> Option<&mut S>,
    ) -> Result<Owned<T, S>, Self> {
        let Some(data) = f(self.get_mut()).map(|part| &raw mut *part) else { return Err(self) };
        let Self { unlocks, holding, lock, .. } = self;
        Ok(Owned { unlocks, holding, data, lock })
    }
}

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
