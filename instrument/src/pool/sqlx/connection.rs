//! A connection that is out.

use std::{
    fmt,
    future::{Future, ready},
    ops::{Deref, DerefMut},
};

use futures_core::future::BoxFuture;
use sqlx_core::{
    Error,
    acquire::Acquire,
    database::Database,
    pool::{MaybePoolConnection, PoolConnection as Sqlx},
    transaction::Transaction,
};

use super::Pool;
use crate::{hold::Named, pool::Taken};

/// [`sqlx::pool::PoolConnection`](Sqlx), watched. Derefs to the database's connection, as
/// that does.
pub struct PoolConnection<DB: Database> {
    /// `None` once it has left.
    inner: Option<Sqlx<DB>>,
    taken: Option<Taken>,
    closes: bool,
}

impl<DB: Database> fmt::Debug for PoolConnection<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolConnection").finish_non_exhaustive()
    }
}

const HERE: &str = "it is there until it is dropped";

impl<DB: Database> PoolConnection<DB> {
    pub(super) fn new(inner: Sqlx<DB>, taken: Taken) -> Self {
        Self { inner: Some(inner), taken: Some(taken), closes: false }
    }

    fn take(&mut self) -> (Sqlx<DB>, Option<Taken>) {
        (self.inner.take().expect(HERE), self.taken.take())
    }

    /// sqlx's own; whose it is is not seen any more.
    pub fn into_inner(mut self) -> Sqlx<DB> {
        self.take().0
    }

    /// [`sqlx::pool::PoolConnection::close`](Sqlx::close).
    ///
    /// # Errors
    ///
    /// Those of sqlx.
    pub fn close(mut self) -> impl Future<Output = Result<(), Error>> {
        let (inner, taken) = self.take();
        async {
            let closed = inner.close().await;
            drop(taken);
            closed
        }
    }

    /// [`sqlx::pool::PoolConnection::close_on_drop`](Sqlx::close_on_drop).
    pub fn close_on_drop(&mut self) {
        self.closes = true;
        if let Some(inner) = &mut self.inner {
            inner.close_on_drop();
        }
    }

    /// [`sqlx::pool::PoolConnection::detach`](Sqlx::detach): it is the pool's no more.
    pub fn detach(mut self) -> DB::Connection {
        self.take().0.detach()
    }

    /// [`sqlx::pool::PoolConnection::leak`](Sqlx::leak): the pool misses it for ever, and
    /// it is nobody's.
    pub fn leak(mut self) -> DB::Connection {
        self.take().0.leak()
    }

    /// It is the calling task's from now on, on purpose.
    pub fn transfer(&self) {
        if let Some(taken) = &self.taken {
            taken.transfer();
        }
    }

    /// It is that task's from now on, on purpose.
    pub fn transfer_to<'a>(&self, task: impl Into<Named<'a>>) {
        if let Some(taken) = &self.taken {
            taken.transfer_to(task);
        }
    }

    fn used(&self) {
        if let Some(taken) = &self.taken {
            taken.used();
        }
    }
}

impl<DB: Database> Deref for PoolConnection<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        self.used();
        self.inner.as_ref().expect(HERE)
    }
}

impl<DB: Database> DerefMut for PoolConnection<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        self.used();
        self.inner.as_mut().expect(HERE)
    }
}

impl<DB: Database> AsRef<DB::Connection> for PoolConnection<DB> {
    fn as_ref(&self) -> &DB::Connection {
        self
    }
}

impl<DB: Database> AsMut<DB::Connection> for PoolConnection<DB> {
    fn as_mut(&mut self) -> &mut DB::Connection {
        self
    }
}

/// As sqlx's, the connection is tested by a task of its own before it is back. That task
/// has the holding, and lets go of it when the pool has the connection, or has closed it.
impl<DB: Database> Drop for PoolConnection<DB> {
    fn drop(&mut self) {
        let (Some(mut inner), Some(taken)) = (self.inner.take(), self.taken.take()) else { return };
        if self.closes || !taken.is_recorded() {
            return;
        }
        taken.returns();
        let returning = inner.return_to_pool();
        sqlx_core::rt::spawn(async move {
            returning.await;
            drop(taken);
        });
    }
}

impl<'c, DB: Database> Acquire<'c> for &'c mut PoolConnection<DB> {
    type Database = DB;
    type Connection = &'c mut DB::Connection;

    fn acquire(self) -> BoxFuture<'c, Result<Self::Connection, Error>> {
        Box::pin(ready(Ok(&mut **self)))
    }

    fn begin(self) -> BoxFuture<'c, Result<Transaction<'c, DB>, Error>> {
        Transaction::begin(&mut **self, None)
    }
}

/// What is generic over `Acquire` gets the pool's connections watched; its transactions
/// are sqlx's own, and are not.
impl<'a, DB: Database> Acquire<'a> for &'_ Pool<DB> {
    type Database = DB;
    type Connection = PoolConnection<DB>;

    fn acquire(self) -> BoxFuture<'static, Result<Self::Connection, Error>> {
        Box::pin(self.acquire_from(None))
    }

    fn begin(self) -> BoxFuture<'static, Result<Transaction<'a, DB>, Error>> {
        let acquiring = self.acquire_from(None);
        Box::pin(async move {
            let connection = acquiring.await?.into_inner();
            Transaction::begin(MaybePoolConnection::PoolConnection(connection), None).await
        })
    }
}
