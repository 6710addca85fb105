//! What the guards that own their lock are made of. tokio's own would need an `Arc` of
//! tokio's lock, which is within ours: here a guard that borrows the lock and an `Arc` of
//! ours are kept together. It knows nothing of what is locked and by whom.

use std::{
    marker::PhantomData,
    mem::{self, MaybeUninit},
    ptr::NonNull,
    sync::Arc,
};

use tokio::sync::{MappedMutexGuard, MutexGuard, RwLockReadGuard, RwLockWriteGuard};

use super::{Mutex, RwLock};
use crate::record::Holding;

/// Unlocks a mutex when dropped.
pub(super) type UnlocksMutex = MappedMutexGuard<'static, ()>;
/// Ends a read lock when dropped.
pub(super) type EndsRead = RwLockReadGuard<'static, ()>;

/// Unlocks when dropped. The lock it was made of must live longer, which the lifetime
/// does not say: so what it consists of is kept where no reference is expected.
struct Unlocks<G>(MaybeUninit<G>);

impl<G> Unlocks<G> {
    fn new(guard: G) -> Self {
        Self(MaybeUninit::new(guard))
    }

    fn into_guard(self) -> G {
        let kept = mem::ManuallyDrop::new(self);
        // SAFETY: it is initialised in `new`, and is not dropped here.
        unsafe { kept.0.assume_init_read() }
    }
}

impl<G> Drop for Unlocks<G> {
    fn drop(&mut self) {
        // SAFETY: it is initialised in `new`, and dropped here only.
        unsafe { self.0.assume_init_drop() };
    }
}

/// A whole write guard: only such a one can be made a read guard without letting go. Its
/// type cannot be named without a lifetime, so it lies on the heap.
pub(super) struct Whole<T: ?Sized> {
    guard: NonNull<()>,
    of: PhantomData<*mut T>,
}

impl<T: ?Sized> Whole<T> {
    fn new(guard: RwLockWriteGuard<'_, T>) -> Self {
        Self { guard: NonNull::from(Box::leak(Box::new(guard))).cast(), of: PhantomData }
    }

    /// # Safety
    ///
    /// `'a` ends before the lock does.
    unsafe fn take<'a>(self) -> RwLockWriteGuard<'a, T> {
        let guard = mem::ManuallyDrop::new(self).guard;
        // SAFETY: `new` made it of a box of such a guard, and it is given back once.
        *unsafe { Box::from_raw(guard.cast::<RwLockWriteGuard<'a, T>>().as_ptr()) }
    }
}

impl<T: ?Sized> Drop for Whole<T> {
    fn drop(&mut self) {
        // SAFETY: `new` made it of a box of such a guard, and it is given back once. The
        // lock still lives: that is what whoever made the parts has promised.
        drop(unsafe { Box::from_raw(self.guard.cast::<RwLockWriteGuard<'_, T>>().as_ptr()) });
    }
}

/// What unlocks, and where the value is.
pub(super) struct Parts<P, G> {
    unlocks: Unlocks<G>,
    data: P,
}

impl<T: ?Sized> Parts<*mut T, UnlocksMutex> {
    /// # Safety
    ///
    /// It is joined with an `Arc` of this very lock before that can go.
    pub(super) unsafe fn of_mutex(guard: MutexGuard<'_, T>) -> Self {
        let mut data = None;
        let guard = MutexGuard::map(guard, |value| {
            data = Some(&raw mut *value);
            nothing()
        });
        // SAFETY: only the lifetime changes, and the caller sees to it that it holds.
        let guard = unsafe { mem::transmute::<MappedMutexGuard<'_, ()>, UnlocksMutex>(guard) };
        Self { unlocks: Unlocks::new(guard), data: data.expect("map has called it") }
    }
}

impl<T: ?Sized> Parts<*const T, EndsRead> {
    /// # Safety
    ///
    /// It is joined with an `Arc` of this very lock before that can go.
    pub(super) unsafe fn of_read(guard: RwLockReadGuard<'_, T>) -> Self {
        let data = &raw const *guard;
        let guard = RwLockReadGuard::map(guard, |_| &());
        // SAFETY: only the lifetime changes, and the caller sees to it that it holds.
        let guard = unsafe { mem::transmute::<RwLockReadGuard<'_, ()>, EndsRead>(guard) };
        Self { unlocks: Unlocks::new(guard), data }
    }
}

impl<T: ?Sized> Parts<*mut T, Whole<T>> {
    /// # Safety
    ///
    /// It is joined with an `Arc` of this very lock before that can go.
    pub(super) unsafe fn of_write(mut guard: RwLockWriteGuard<'_, T>) -> Self {
        let data = &raw mut *guard;
        Self { unlocks: Unlocks::new(Whole::new(guard)), data }
    }
}

/// Nothing has no size: this does not allocate, and leaks nothing.
fn nothing() -> &'static mut () {
    Box::leak(Box::new(()))
}

impl<P, G> Parts<P, G> {
    pub(super) fn owning<L: ?Sized>(self, lock: Arc<L>, holding: Holding) -> Owned<L, P, G> {
        let Self { unlocks, data } = self;
        Owned { unlocks, holding, data, lock }
    }
}

/// The right `G` to use a part of what `lock` locks: all of it through a `*mut`, or to
/// look at it through a `*const`.
pub(super) struct Owned<L: ?Sized, P, G> {
    // The order matters: unlocked before the lock may go.
    unlocks: Unlocks<G>,
    pub(super) holding: Holding,
    /// Within the value of `lock`, which stays where it is and is locked for this.
    data: P,
    pub(super) lock: Arc<L>,
}

// SAFETY of these, in pairs: each is an `Arc` of the lock with a `&mut U` or a `&U` into
// what that locks, and has the bounds that tokio's own guard has. Shared, it gives nothing
// but `&U` and the `Arc`.
unsafe impl<T, U> Send for Owned<Mutex<T>, *mut U, UnlocksMutex>
where
    T: ?Sized + Send,
    U: ?Sized + Send,
{
}
unsafe impl<T, U> Sync for Owned<Mutex<T>, *mut U, UnlocksMutex>
where
    T: ?Sized + Send + Sync,
    U: ?Sized + Send + Sync,
{
}
unsafe impl<T, U> Send for Owned<RwLock<T>, *const U, EndsRead>
where
    T: ?Sized + Send + Sync,
    U: ?Sized + Sync,
{
}
unsafe impl<T, U> Sync for Owned<RwLock<T>, *const U, EndsRead>
where
    T: ?Sized + Send + Sync,
    U: ?Sized + Send + Sync,
{
}
unsafe impl<T, U> Send for Owned<RwLock<T>, *mut U, Whole<T>>
where
    T: ?Sized + Send + Sync,
    U: ?Sized + Send + Sync,
{
}
unsafe impl<T, U> Sync for Owned<RwLock<T>, *mut U, Whole<T>>
where
    T: ?Sized + Send + Sync,
    U: ?Sized + Send + Sync,
{
}

impl<L: ?Sized, P, G> Owned<L, P, G> {
    fn at<Q>(self, data: Q) -> Owned<L, Q, G> {
        let Self { unlocks, holding, lock, .. } = self;
        Owned { unlocks, holding, data, lock }
    }
}

impl<L: ?Sized, U: ?Sized, G> Owned<L, *const U, G> {
    #[inline]
    pub(super) fn get(&self) -> &U {
        // SAFETY: `lock` keeps the value alive, and `unlocks` is the right to look at it.
        unsafe { &*self.data }
    }

    pub(super) fn map<S: ?Sized>(self, f: impl FnOnce(&U) -> &S) -> Owned<L, *const S, G> {
        let data = &raw const *f(self.get());
        self.at(data)
    }

    pub(super) fn try_map<S: ?Sized>(
        self,
        f: impl FnOnce(&U) -> Option<&S>,
    ) -> Result<Owned<L, *const S, G>, Self> {
        match f(self.get()).map(|part| &raw const *part) {
            Some(data) => Ok(self.at(data)),
            None => Err(self),
        }
    }
}

impl<L: ?Sized, U: ?Sized, G> Owned<L, *mut U, G> {
    #[inline]
    pub(super) fn get(&self) -> &U {
        // SAFETY: `lock` keeps the value alive, and `unlocks` is the right to it.
        unsafe { &*self.data }
    }

    #[inline]
    pub(super) fn get_mut(&mut self) -> &mut U {
        // SAFETY: as above, and `self` is borrowed uniquely.
        unsafe { &mut *self.data }
    }

    pub(super) fn map<S: ?Sized>(
        mut self,
        f: impl FnOnce(&mut U) -> &mut S,
    ) -> Owned<L, *mut S, G> {
        let data = &raw mut *f(self.get_mut());
        self.at(data)
    }

    pub(super) fn try_map<S: ?Sized>(
        mut self,
        f: impl FnOnce(&mut U) -> Option<&mut S>,
    ) -> Result<Owned<L, *mut S, G>, Self> {
        match f(self.get_mut()).map(|part| &raw mut *part) {
            Some(data) => Ok(self.at(data)),
            None => Err(self),
        }
    }
}

impl<T: ?Sized> Owned<RwLock<T>, *mut T, Whole<T>> {
    /// A read lock of the same, without letting go in between.
    pub(super) fn downgrade(self) -> Owned<RwLock<T>, *const T, EndsRead> {
        let data = self.data.cast_const();
        self.downgraded(data)
    }

    /// A read lock of a part of the same.
    pub(super) fn downgrade_map<U: ?Sized>(
        self,
        f: impl FnOnce(&T) -> &U,
    ) -> Owned<RwLock<T>, *const U, EndsRead> {
        let data = &raw const *f(self.get());
        self.downgraded(data)
    }

    pub(super) fn try_downgrade_map<U: ?Sized>(
        self,
        f: impl FnOnce(&T) -> Option<&U>,
    ) -> Result<Owned<RwLock<T>, *const U, EndsRead>, Self> {
        match f(self.get()).map(|part| &raw const *part) {
            Some(data) => Ok(self.downgraded(data)),
            None => Err(self),
        }
    }

    fn downgraded<U: ?Sized>(self, data: *const U) -> Owned<RwLock<T>, *const U, EndsRead> {
        let Self { unlocks, holding, lock, .. } = self;
        // SAFETY: `lock` lives on below.
        let guard = unsafe { unlocks.into_guard().take() }.downgrade();
        // SAFETY: as above, with which it is joined again.
        let parts = unsafe { Parts::of_read(guard) };
        parts.owning(lock, holding).at(data)
    }
}
