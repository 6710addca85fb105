//! [`sqlx`](https://docs.rs/sqlx)'s pool, watched: the same names, and the same use.
//!
//! ```no_run
//! # async fn start<DB: sqlx_core::database::Database>(
//! #     options: sqlx_core::pool::PoolOptions<DB>, url: &str,
//! # ) -> Result<(), sqlx_core::Error> {
//! use holdover::pool::sqlx::{Pool, ages, watch};
//!
//! let pool: Pool<DB> = watch("pg", ages(options.max_connections(20)).connect(url).await?);
//! let connection = pool.acquire().await?;
//! # Ok(()) }
//! ```
//!
//! Say `features = ["sqlx-macros"]` where sqlx has its feature `macros`, which is a default
//! one, and `["sqlx"]` where it has not: the wrong one of them does not compile.
//!
//! It derefs to sqlx's, for what takes that; connections that are acquired through that are
//! counted, and whose they are is not seen. A query may be given the pool itself, as ever.
//!
//! A connection that its task lets go of is still out until the pool has tested it: the
//! task that does so waits without a limit for a connection whose server is gone, or which is
//! still busy with a query that was cancelled. So long it is held for whoever had it
//! last.

mod connection;
mod executor;
mod transaction;

use std::{
    cell::Cell,
    fmt,
    future::Future,
    ops::Deref,
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use sqlx_core::{
    Error,
    database::Database,
    pool::{Pool as Sqlx, PoolConnectionMetadata, PoolOptions},
    sql_str::{SqlSafeStr, SqlStr},
};

pub use self::{connection::PoolConnection, transaction::Transaction};
use super::{Pool as Watchable, Status, Waiting, Watch, watch as watch_pool};

/// Watches the pool, under this name.
pub fn watch<DB: Database>(name: &'static str, pool: Sqlx<DB>) -> Pool<DB> {
    let pool = Arc::new(Watched(pool));
    let watch = watch_pool(name, &pool);
    Pool { pool, watch }
}

/// Lets the pool tell how old its connections are, by its hooks `after_connect` and
/// `before_acquire`. Whoever has hooks of his own calls [`note_age`] in both instead.
pub fn ages<DB: Database>(options: PoolOptions<DB>) -> PoolOptions<DB> {
    let options = options.after_connect(|_, known| {
        note_age(&known);
        Box::pin(async { Ok(()) })
    });
    options.before_acquire(|_, known| {
        note_age(&known);
        Box::pin(async { Ok(true) })
    })
}

thread_local! {
    /// Of the connection that is being acquired by the poll that runs here.
    static AGE: Cell<Option<Duration>> = const { Cell::new(None) };
}

/// In the pool's hooks `after_connect` and `before_acquire`: how old the connection is
/// that the task is about to get.
pub fn note_age(known: &PoolConnectionMetadata) {
    let _ = AGE.try_with(|age| age.set(Some(known.age)));
}

struct Watched<DB: Database>(Sqlx<DB>);

impl<DB: Database> Watchable for Watched<DB> {
    fn status(&self) -> Status {
        let number = |it: u32| usize::try_from(it).unwrap_or(usize::MAX);
        let (size, options) = (number(self.0.size()), self.0.options());
        Status::new()
            .size(size)
            .idle(self.0.num_idle().min(size))
            .max(number(options.get_max_connections()))
            .max_lifetime(options.get_max_lifetime())
    }
}

/// [`sqlx::Pool`](Sqlx), watched. See the [module](self).
pub struct Pool<DB: Database> {
    pool: Arc<Watched<DB>>,
    watch: Watch,
}

impl<DB: Database> Clone for Pool<DB> {
    fn clone(&self) -> Self {
        Self { pool: Arc::clone(&self.pool), watch: self.watch.clone() }
    }
}

impl<DB: Database> fmt::Debug for Pool<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pool.0.fmt(f)
    }
}

impl<DB: Database> Deref for Pool<DB> {
    type Target = Sqlx<DB>;

    fn deref(&self) -> &Sqlx<DB> {
        &self.pool.0
    }
}

impl<DB: Database> Pool<DB> {
    /// sqlx's own, for what takes it by value.
    pub fn into_inner(self) -> Sqlx<DB> {
        self.pool.0.clone()
    }

    /// [`sqlx::Pool::acquire`](Sqlx::acquire).
    ///
    /// # Errors
    ///
    /// Those of sqlx.
    #[track_caller]
    pub fn acquire(
        &self,
    ) -> impl Future<Output = Result<PoolConnection<DB>, Error>> + use<DB> + 'static {
        self.acquire_from(Some(Location::caller()))
    }

    /// [`sqlx::Pool::try_acquire`](Sqlx::try_acquire).
    #[track_caller]
    pub fn try_acquire(&self) -> Option<PoolConnection<DB>> {
        // No hook is asked, so nobody tells the age.
        let taken = self.pool.0.try_acquire()?;
        let lease = self.watch.take_from(None, Some(Location::caller()));
        Some(PoolConnection::new(taken, lease))
    }

    /// [`sqlx::Pool::begin`](Sqlx::begin).
    ///
    /// # Errors
    ///
    /// Those of sqlx.
    #[track_caller]
    pub fn begin(
        &self,
    ) -> impl Future<Output = Result<Transaction<DB>, Error>> + use<DB> + 'static {
        begin(self.acquire(), None)
    }

    /// [`sqlx::Pool::begin_with`](Sqlx::begin_with).
    ///
    /// # Errors
    ///
    /// Those of sqlx.
    #[track_caller]
    pub fn begin_with<S: SqlSafeStr>(
        &self,
        statement: S,
    ) -> impl Future<Output = Result<Transaction<DB>, Error>> + use<DB, S> + 'static {
        begin(self.acquire(), Some(statement.into_sql_str()))
    }

    fn acquire_from(
        &self,
        location: Option<&'static Location<'static>>,
    ) -> impl Future<Output = Result<PoolConnection<DB>, Error>> + use<DB> + 'static {
        let acquiring = Aged { inner: self.pool.0.acquire(), age: None };
        let waiting = self.watch.waiting(acquiring, location);
        taken(waiting, self.watch.clone(), location)
    }
}

async fn begin<DB: Database>(
    acquiring: impl Future<Output = Result<PoolConnection<DB>, Error>>,
    statement: Option<SqlStr>,
) -> Result<Transaction<DB>, Error> {
    Transaction::begin(acquiring.await?, statement).await
}

async fn taken<DB: Database, F>(
    acquiring: Waiting<Aged<F>>,
    watch: Watch,
    location: Option<&'static Location<'static>>,
) -> Result<PoolConnection<DB>, Error>
where
    F: Future<Output = Result<sqlx_core::pool::PoolConnection<DB>, Error>>,
{
    let (connection, age) = acquiring.await;
    let connection = connection?;
    Ok(PoolConnection::new(connection, watch.take_from(age, location)))
}

pin_project! {
    /// An acquisition, and the age that a hook has told in one of its polls.
    struct Aged<F> {
        #[pin]
        inner: F,
        age: Option<Duration>,
    }
}

impl<F: Future> Future for Aged<F> {
    type Output = (F::Output, Option<Duration>);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        AGE.set(None);
        let polled = this.inner.poll(cx);
        *this.age = AGE.take().or(*this.age);
        polled.map(|output| (output, *this.age))
    }
}
