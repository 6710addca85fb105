//! The database: a file in a temporary folder. And tasks with names.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use holdover_proto::v1;

/// The folder of the services that this process has started.
pub fn folder_of(process: u32) -> PathBuf {
    std::env::temp_dir().join(format!("holdover-pools-{process}"))
}

/// A database file of this service's own, with a table `orders` of three rows.
pub fn database() -> PathBuf {
    let folder = folder_of(parent());
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(format!("{}.sqlite", std::process::id()));
    let setup = open(&path).expect("a database");
    setup
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             CREATE TABLE orders (id INTEGER PRIMARY KEY);
             INSERT INTO orders VALUES (1), (2), (3);",
        )
        .expect("a table");
    path
}

#[cfg(unix)]
fn parent() -> u32 {
    std::os::unix::process::parent_id()
}

#[cfg(not(unix))]
fn parent() -> u32 {
    std::process::id()
}

/// A connection without any pool.
pub fn open(path: &Path) -> rusqlite::Result<rusqlite::Connection> {
    let connection = rusqlite::Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}

pub fn orders(connection: &rusqlite::Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT count(*) FROM orders", (), |row| row.get(0))
}

/// A recorded task with a name.
pub fn named<F>(name: &str, future: F) -> holdover::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    holdover::task::Builder::new().name(name).spawn(future).expect("a task")
}

/// The connection that the task or scope of this name has.
#[track_caller]
pub fn held_by<'p>(pool: &'p v1::Pool, name: &str) -> &'p v1::PooledConnection {
    let is_its = |it: &&v1::PooledConnection| {
        let owner = it.held.as_ref().and_then(|held| held.owner.as_ref());
        owner.is_some_and(|owner| owner.name == name)
    };
    pool.connections.iter().find(is_its).unwrap_or_else(|| panic!("{name} has none of {pool:#?}"))
}

/// Where it was acquired.
pub fn site(connection: &v1::PooledConnection) -> &str {
    let holding = connection.held.as_ref().and_then(|held| held.holding.as_ref());
    holding.map_or("", |holding| &holding.site)
}
