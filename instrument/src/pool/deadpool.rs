//! [`deadpool`](::deadpool), watched: its manager knows the pool's name, and its objects
//! know when they are given back.
//!
//! ```
//! # #[derive(Debug)] struct Manager;
//! # impl deadpool::managed::Manager for Manager {
//! #     type Type = ();
//! #     type Error = std::io::Error;
//! #     async fn create(&self) -> Result<(), Self::Error> { Ok(()) }
//! #     async fn recycle(
//! #         &self, _: &mut (), _: &deadpool::managed::Metrics,
//! #     ) -> deadpool::managed::RecycleResult<Self::Error> { Ok(()) }
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use holdover::pool::deadpool::{Pool, watch};
//!
//! let pool: Pool<Manager> = watch("pg", Manager, |builder| builder.max_size(5)).unwrap();
//! let connection = pool.get().await.unwrap();
//! # }
//! ```

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, OnceLock},
};

use ::deadpool::managed::{
    self, BuildError, Manager, Metrics, ObjectId, PoolBuilder, RecycleResult, WeakPool,
};

use super::{Pool as Watchable, Status, Taken, Watch, watch as watch_pool};

/// A deadpool whose holders are seen.
pub type Pool<M> = managed::Pool<Watched<M>, Object<M>>;

/// Builds the pool as `configure` says, watched under this name.
///
/// # Errors
///
/// Those of [`PoolBuilder::build`].
pub fn watch<M: Manager + 'static>(
    name: &'static str,
    manager: M,
    configure: impl FnOnce(PoolBuilder<Watched<M>, Object<M>>) -> PoolBuilder<Watched<M>, Object<M>>,
) -> Result<Pool<M>, BuildError> {
    let known = Arc::new(Known(OnceLock::new()));
    let watch = watch_pool(name, &known);
    let watched = Watched { manager, watch, known: Arc::clone(&known) };
    let pool = configure(Pool::builder(watched)).build()?;
    // Nobody else has the pool yet.
    let _ = known.0.set(pool.weak());
    Ok(pool)
}

/// The way back from the manager to its pool.
struct Known<M: Manager + 'static>(OnceLock<WeakPool<Watched<M>>>);

impl<M: Manager + 'static> Watchable for Known<M> {
    fn status(&self) -> Status {
        let pool = self.0.get().and_then(WeakPool::upgrade);
        pool.map_or_else(Status::new, |pool| {
            let status = pool.status();
            let idle = status.available.min(status.size);
            Status::new().size(status.size).idle(idle).max(status.max_size).waiting(status.waiting)
        })
    }
}

/// A manager whose objects are watched. Derefs to the manager.
pub struct Watched<M: Manager + 'static> {
    manager: M,
    watch: Watch,
    #[expect(dead_code, reason = "kept for as long as the pool lives")]
    known: Arc<Known<M>>,
}

impl<M: Manager + std::fmt::Debug> std::fmt::Debug for Watched<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.manager.fmt(f)
    }
}

impl<M: Manager> Deref for Watched<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.manager
    }
}

impl<M: Manager> Manager for Watched<M> {
    type Type = M::Type;
    type Error = M::Error;

    async fn create(&self) -> Result<M::Type, M::Error> {
        self.manager.create().await
    }

    async fn recycle(&self, object: &mut M::Type, metrics: &Metrics) -> RecycleResult<M::Error> {
        self.manager.recycle(object, metrics).await
    }

    fn detach(&self, object: &mut M::Type) {
        self.manager.detach(object);
    }
}

/// [`deadpool::managed::Object`](::deadpool::managed::Object), watched. Derefs to the
/// manager's type.
#[must_use = "it is given back when it is dropped"]
pub struct Object<M: Manager + 'static> {
    // Given back before it is no longer held.
    inner: managed::Object<Watched<M>>,
    taken: Option<Taken>,
}

impl<M: Manager> std::fmt::Debug for Object<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Object").field("taken", &self.taken).finish_non_exhaustive()
    }
}

/// Called by the pool in the task that takes it.
impl<M: Manager> From<managed::Object<Watched<M>>> for Object<M> {
    fn from(inner: managed::Object<Watched<M>>) -> Self {
        let age = managed::Object::metrics(&inner).age();
        let pool = managed::Object::pool(&inner);
        let taken = pool.map(|pool| pool.manager().watch.take_from(Some(age), None));
        Self { inner, taken }
    }
}

impl<M: Manager> Object<M> {
    /// [`Object::take`](::deadpool::managed::Object::take): it is the pool's no more.
    #[must_use]
    pub fn take(this: Self) -> M::Type {
        managed::Object::take(this.inner)
    }

    /// [`Object::id`](::deadpool::managed::Object::id).
    pub fn id(this: &Self) -> ObjectId {
        managed::Object::id(&this.inner)
    }

    /// [`Object::metrics`](::deadpool::managed::Object::metrics).
    pub fn metrics(this: &Self) -> &Metrics {
        managed::Object::metrics(&this.inner)
    }

    /// It is the calling task's from now on, on purpose.
    pub fn transfer(this: &Self) {
        if let Some(taken) = &this.taken {
            taken.transfer();
        }
    }

    fn used(&self) {
        if let Some(taken) = &self.taken {
            taken.used();
        }
    }
}

impl<M: Manager> Deref for Object<M> {
    type Target = M::Type;

    fn deref(&self) -> &M::Type {
        self.used();
        &self.inner
    }
}

impl<M: Manager> DerefMut for Object<M> {
    fn deref_mut(&mut self) -> &mut M::Type {
        self.used();
        &mut self.inner
    }
}

impl<M: Manager> AsRef<M::Type> for Object<M> {
    fn as_ref(&self) -> &M::Type {
        self
    }
}

impl<M: Manager> AsMut<M::Type> for Object<M> {
    fn as_mut(&mut self) -> &mut M::Type {
        self
    }
}
