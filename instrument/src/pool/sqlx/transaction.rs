//! A transaction on a connection of its own.

use std::{
    fmt,
    future::ready,
    ops::{Deref, DerefMut},
};

use futures_core::future::BoxFuture;
use sqlx_core::{
    Error,
    acquire::Acquire,
    database::Database,
    sql_str::SqlStr,
    transaction::{Transaction as Sqlx, TransactionManager},
};

use super::PoolConnection;

/// [`sqlx::Transaction`](Sqlx) on a connection of a watched pool: rolled back when it
/// is dropped before it was committed. Derefs to the database's connection.
pub struct Transaction<DB: Database> {
    connection: PoolConnection<DB>,
    open: bool,
}

impl<DB: Database> fmt::Debug for Transaction<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").finish_non_exhaustive()
    }
}

impl<DB: Database> Transaction<DB> {
    /// Open from the start: a `BEGIN` that is cancelled may have begun it.
    pub(super) async fn begin(
        connection: PoolConnection<DB>,
        statement: Option<SqlStr>,
    ) -> Result<Self, Error> {
        let mut this = Self { connection, open: true };
        DB::TransactionManager::begin(&mut this.connection, statement).await?;
        Ok(this)
    }

    /// [`sqlx::Transaction::commit`](Sqlx::commit).
    ///
    /// # Errors
    ///
    /// Those of sqlx.
    pub async fn commit(mut self) -> Result<(), Error> {
        DB::TransactionManager::commit(&mut self.connection).await?;
        self.open = false;
        Ok(())
    }

    /// [`sqlx::Transaction::rollback`](Sqlx::rollback).
    ///
    /// # Errors
    ///
    /// Those of sqlx.
    pub async fn rollback(mut self) -> Result<(), Error> {
        DB::TransactionManager::rollback(&mut self.connection).await?;
        self.open = false;
        Ok(())
    }
}

impl<DB: Database> Deref for Transaction<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        &self.connection
    }
}

impl<DB: Database> DerefMut for Transaction<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }
}

impl<DB: Database> AsMut<DB::Connection> for Transaction<DB> {
    fn as_mut(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }
}

impl<'t, DB: Database> Acquire<'t> for &'t mut Transaction<DB> {
    type Database = DB;
    type Connection = &'t mut DB::Connection;

    fn acquire(self) -> BoxFuture<'t, Result<Self::Connection, Error>> {
        Box::pin(ready(Ok(&mut **self)))
    }

    fn begin(self) -> BoxFuture<'t, Result<Sqlx<'t, DB>, Error>> {
        Sqlx::begin(&mut **self, None)
    }
}

impl<DB: Database> Drop for Transaction<DB> {
    fn drop(&mut self) {
        if self.open {
            // Queued: it is sent when the connection is next used, at the latest by the test on
            // its way back.
            DB::TransactionManager::start_rollback(&mut self.connection);
        }
    }
}
