//! [`tokio::sync::RwLock`], recorded: a guard belongs to the task that last used it, a
//! reader and a writer are told apart, and those who wait for the lock are found behind it.

mod mapped;
#[expect(unsafe_code, reason = "a guard of a lock is joined with what owns the lock")]
mod owned;
mod read;
mod write;

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    panic::Location,
    sync::{Arc, LazyLock, PoisonError},
};

use tokio::sync::TryLockError;

pub use self::{
    mapped::RwLockMappedWriteGuard,
    owned::{OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard},
    read::RwLockReadGuard,
    write::RwLockWriteGuard,
};
use super::waits::Waits;
use crate::{
    record::{Holding, Resource, Traits, unrecorded, unrecorded_here},
    words::Kind,
};

/// [`tokio::sync::RwLock`], recorded.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use holdover::sync::RwLock;
///
/// let config = RwLock::named("config", 1);
/// *config.write().await += 1;
/// assert_eq!(*config.read().await, 2);
/// # }
/// ```
pub struct RwLock<T: ?Sized> {
    resource: Resource,
    labels: Labels,
    inner: tokio::sync::RwLock<T>,
}

/// What the two ways of locking it are called.
#[derive(Clone, Copy, Debug)]
struct Labels {
    read: &'static str,
    write: &'static str,
}

impl Labels {
    const UNNAMED: Self = Self { read: "read", write: "write" };

    /// There are as many as there are names in the program: they stay.
    fn of(name: &'static str) -> Self {
        static NAMED: LazyLock<std::sync::Mutex<HashMap<&str, Labels>>> =
            LazyLock::new(std::sync::Mutex::default);

        if name.is_empty() {
            return Self::UNNAMED;
        }
        let made = |how| &*Box::leak(format!("{name}, {how}").into_boxed_str());
        let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
        *named.entry(name).or_insert_with(|| Self { read: made("read"), write: made("write") })
    }
}

impl<T> RwLock<T> {
    /// [`tokio::sync::RwLock::new`].
    #[track_caller]
    pub fn new(value: T) -> Self {
        Self::named("", value)
    }

    /// As [`new`](Self::new), with a name for the console.
    #[track_caller]
    pub fn named(name: &'static str, value: T) -> Self {
        // What tokio's own spans would tell of it is told here.
        Self::of(unrecorded(|| tokio::sync::RwLock::new(value)), Labels::of(name))
    }

    /// [`tokio::sync::RwLock::with_max_readers`].
    ///
    /// # Panics
    ///
    /// With no readers at all, or with more than `u32::MAX >> 3`.
    #[track_caller]
    pub fn with_max_readers(value: T, max_reads: u32) -> Self {
        let _ours = unrecorded_here();
        Self::of(tokio::sync::RwLock::with_max_readers(value, max_reads), Labels::UNNAMED)
    }

    /// [`tokio::sync::RwLock::const_new`].
    pub const fn const_new(value: T) -> Self {
        Self::of(tokio::sync::RwLock::const_new(value), Labels::UNNAMED)
    }

    /// [`tokio::sync::RwLock::const_with_max_readers`].
    ///
    /// # Panics
    ///
    /// With no readers at all, or with more than `u32::MAX >> 3`.
    pub const fn const_with_max_readers(value: T, max_reads: u32) -> Self {
        let inner = tokio::sync::RwLock::const_with_max_readers(value, max_reads);
        Self::of(inner, Labels::UNNAMED)
    }

    const fn of(inner: tokio::sync::RwLock<T>, labels: Labels) -> Self {
        Self { resource: Resource::new(Kind::Lock, ""), labels, inner }
    }

    /// [`tokio::sync::RwLock::into_inner`].
    pub fn into_inner(self) -> T {
        self.inner.into_inner()
    }

    /// tokio's own, for what takes it by value. Who locks it is not seen.
    pub fn into_tokio(self) -> tokio::sync::RwLock<T> {
        self.inner
    }
}

impl<T: ?Sized> RwLock<T> {
    /// tokio's own, for what takes it by reference. Who locks it is not seen.
    pub fn as_tokio(&self) -> &tokio::sync::RwLock<T> {
        &self.inner
    }

    /// [`tokio::sync::RwLock::read`]. Cancel safe as tokio's.
    #[track_caller]
    pub fn read(&self) -> impl Future<Output = RwLockReadGuard<'_, T>> {
        let location = Location::caller();
        async move {
            let inner = self.waits(self.inner.read(), self.labels.read, location).await;
            RwLockReadGuard::new(inner, self.reads(location))
        }
    }

    /// [`tokio::sync::RwLock::blocking_read`].
    ///
    /// # Panics
    ///
    /// Within an asynchronous context.
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        RwLockReadGuard::new(self.inner.blocking_read(), self.reads(Location::caller()))
    }

    /// [`tokio::sync::RwLock::read_owned`]. Cancel safe as tokio's.
    #[track_caller]
    pub fn read_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockReadGuard<T>> {
        owned::read(self, Location::caller())
    }

    /// [`tokio::sync::RwLock::try_read`].
    ///
    /// # Errors
    ///
    /// When it is locked for writing, or somebody waits to write.
    #[track_caller]
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        Ok(RwLockReadGuard::new(self.inner.try_read()?, self.reads(Location::caller())))
    }

    /// [`tokio::sync::RwLock::try_read_owned`].
    ///
    /// # Errors
    ///
    /// When it is locked for writing, or somebody waits to write.
    #[track_caller]
    pub fn try_read_owned(self: Arc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        owned::try_read(self, Location::caller())
    }

    /// [`tokio::sync::RwLock::write`]. Cancel safe as tokio's.
    #[track_caller]
    pub fn write(&self) -> impl Future<Output = RwLockWriteGuard<'_, T>> {
        let location = Location::caller();
        async move {
            let inner = self.waits(self.inner.write(), self.labels.write, location).await;
            RwLockWriteGuard::new(inner, self.writes(location), self.labels.read)
        }
    }

    /// [`tokio::sync::RwLock::blocking_write`].
    ///
    /// # Panics
    ///
    /// Within an asynchronous context.
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        let inner = self.inner.blocking_write();
        RwLockWriteGuard::new(inner, self.writes(Location::caller()), self.labels.read)
    }

    /// [`tokio::sync::RwLock::write_owned`]. Cancel safe as tokio's.
    #[track_caller]
    pub fn write_owned(self: Arc<Self>) -> impl Future<Output = OwnedRwLockWriteGuard<T>> {
        owned::write(self, Location::caller())
    }

    /// [`tokio::sync::RwLock::try_write`].
    ///
    /// # Errors
    ///
    /// When it is locked.
    #[track_caller]
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        let inner = self.inner.try_write()?;
        Ok(RwLockWriteGuard::new(inner, self.writes(Location::caller()), self.labels.read))
    }

    /// [`tokio::sync::RwLock::try_write_owned`].
    ///
    /// # Errors
    ///
    /// When it is locked.
    #[track_caller]
    pub fn try_write_owned(self: Arc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        owned::try_write(self, Location::caller())
    }

    /// [`tokio::sync::RwLock::get_mut`].
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }

    fn waits<F>(
        &self,
        inner: F,
        label: &'static str,
        location: &'static Location<'static>,
    ) -> Waits<'_, F> {
        Waits::new(inner, &self.resource, 1, location).labelled(label)
    }

    fn reads(&self, location: &'static Location<'static>) -> Holding {
        self.resource.acquired_as(self.labels.read, 1, Traits::Guard, location)
    }

    fn writes(&self, location: &'static Location<'static>) -> Holding {
        self.resource.acquired_as(self.labels.write, 1, Traits::Guard, location)
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
