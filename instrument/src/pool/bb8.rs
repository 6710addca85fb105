//! [`bb8`](::bb8), watched through its manager: it is asked whether a connection is valid
//! in the task that takes it, and whether it has broken in the one that gives it back.
//!
//! ```no_run
//! # #[derive(Debug)] struct Manager;
//! # impl bb8::ManageConnection for Manager {
//! #     type Connection = ();
//! #     type Error = std::io::Error;
//! #     async fn connect(&self) -> Result<(), Self::Error> { Ok(()) }
//! #     async fn is_valid(&self, _: &mut ()) -> Result<(), Self::Error> { Ok(()) }
//! #     fn has_broken(&self, _: &mut ()) -> bool { false }
//! # }
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let pool = holdover::pool::bb8::watch("pg", bb8::Pool::builder().max_size(5), Manager).await?;
//! let connection = pool.get().await?;
//! # Ok(()) }
//! ```
//!
//! With `test_on_check_out(false)` nobody is told that a connection is taken: then only
//! the number of connections is known.

use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use ::bb8::{Builder, ManageConnection, Pool as Bb8};

use super::{Pool, Status, Taken, Watch, watch as watch_pool};

/// Builds the pool, watched under this name.
///
/// # Errors
///
/// Those of [`Builder::build`].
pub async fn watch<M: ManageConnection>(
    name: &'static str,
    builder: Builder<Watched<M>>,
    manager: M,
) -> Result<Bb8<Watched<M>>, M::Error> {
    let counts = Arc::new(Counts::default());
    let watch = watch_pool(name, &counts);
    let pool = builder.build(Watched { manager, watch, counts: Arc::clone(&counts) }).await?;
    let config = pool.config();
    let limits = Limits {
        max: usize::try_from(config.max_size).unwrap_or(usize::MAX),
        lifetime: config.max_lifetime,
        tells_who_takes: config.test_on_check_out,
    };
    // Nobody else has the pool yet.
    let _ = counts.limits.set(limits);
    Ok(pool)
}

/// Counted here, since a manager has no way to its pool that would not keep it.
#[derive(Debug, Default)]
struct Counts {
    open: AtomicUsize,
    out: AtomicUsize,
    limits: OnceLock<Limits>,
}

#[derive(Debug)]
struct Limits {
    max: usize,
    lifetime: Option<Duration>,
    tells_who_takes: bool,
}

impl Pool for Counts {
    fn status(&self) -> Status {
        let (open, out) = (self.open.load(Relaxed), self.out.load(Relaxed));
        let status = Status::new().size(open);
        match self.limits.get() {
            Some(limits) => {
                let status = status.max(limits.max).max_lifetime(limits.lifetime);
                let idle = limits.tells_who_takes.then(|| open.saturating_sub(out));
                idle.map_or(status, |idle| status.idle(idle))
            }
            None => status,
        }
    }
}

/// A manager whose connections are watched.
#[derive(Debug)]
pub struct Watched<M> {
    manager: M,
    watch: Watch,
    counts: Arc<Counts>,
}

impl<M> Deref for Watched<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.manager
    }
}

impl<M: ManageConnection> ManageConnection for Watched<M> {
    type Connection = Connection<M::Connection>;
    type Error = M::Error;

    async fn connect(&self) -> Result<Self::Connection, M::Error> {
        let connection = self.manager.connect().await?;
        Ok(Connection::new(connection, Arc::clone(&self.counts)))
    }

    /// Polled by the task that takes the connection, and followed by nothing that could
    /// be cancelled.
    async fn is_valid(&self, connection: &mut Self::Connection) -> Result<(), M::Error> {
        self.manager.is_valid(&mut connection.inner).await?;
        let age = connection.age();
        connection.is_taken(self.watch.take_from(Some(age), None));
        Ok(())
    }

    /// Asked whenever a connection comes back, closed afterwards or not.
    fn has_broken(&self, connection: &mut Self::Connection) -> bool {
        connection.is_back();
        self.manager.has_broken(&mut connection.inner)
    }
}

/// A connection that knows whether it is out. Derefs to the manager's.
#[derive(Debug)]
pub struct Connection<C> {
    inner: C,
    taken: Option<Taken>,
    opened: Instant,
    counts: Arc<Counts>,
}

impl<C> Connection<C> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the pool's own clock, which a test may not pause"
    )]
    fn new(inner: C, counts: Arc<Counts>) -> Self {
        counts.open.fetch_add(1, Relaxed);
        Self { inner, taken: None, opened: Instant::now(), counts }
    }

    fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    fn is_taken(&mut self, taken: Taken) {
        if self.taken.replace(taken).is_none() {
            self.counts.out.fetch_add(1, Relaxed);
        }
    }

    fn is_back(&mut self) {
        if self.taken.take().is_some() {
            self.counts.out.fetch_sub(1, Relaxed);
        }
    }

    fn used(&self) {
        if let Some(taken) = &self.taken {
            taken.used();
        }
    }
}

impl<C> Deref for Connection<C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.used();
        &self.inner
    }
}

impl<C> DerefMut for Connection<C> {
    fn deref_mut(&mut self) -> &mut C {
        self.used();
        &mut self.inner
    }
}

impl<C> Drop for Connection<C> {
    fn drop(&mut self) {
        self.is_back();
        self.counts.open.fetch_sub(1, Relaxed);
    }
}
