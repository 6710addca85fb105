//! The orders in a database: `SQLite`, in a file of its own.

use sqlx::{
    Row as _,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions},
};
use tempfile::TempDir;

use super::Order;

/// As many as a small service has.
const CONNECTIONS: u32 = 4;

#[derive(Debug)]
pub struct Database {
    pool: SqlitePool,
    /// Removed with it.
    _directory: TempDir,
}

impl Database {
    pub async fn open() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let options = SqliteConnectOptions::new()
            .filename(directory.path().join("orders.sqlite"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(sqlx::sqlite::SqliteSynchronous::Off);
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options);
        let pool = pool.await.expect("a database");
        let table =
            "create table orders (number integer primary key, customer text, cents integer)";
        sqlx::query(table).execute(&pool).await.expect("a table");
        Self { pool, _directory: directory }
    }

    /// Gives how many orders there are.
    pub async fn insert(&self, number: u64, order: &Order) -> Option<usize> {
        let cents = i64::try_from(order.cents()).ok()?;
        let number = i64::try_from(number).ok()?;
        let mut connection = self.pool.acquire().await.ok()?;
        let insert = sqlx::query("insert or replace into orders values (?, ?, ?)");
        let insert = insert.bind(number).bind(&order.customer).bind(cents);
        insert.execute(&mut *connection).await.ok()?;
        let count = sqlx::query("select count(*) from orders").fetch_one(&mut *connection).await;
        usize::try_from(count.ok()?.get::<i64, _>(0)).ok()
    }
}
