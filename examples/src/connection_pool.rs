//! A pool of five connections to a file of `SQLite`, and handlers that are dropped in the middle
//! of a query when their client hangs up. One of them has given its connection to an audit
//! task, which keeps it for a while.

use std::{future::Future, path::Path, time::Duration};

use holdover::{
    FutureExt,
    pool::sqlx::{Pool, PoolConnection, ages, watch},
    task::{Builder, JoinSet},
    time::sleep,
};
use sqlx::{
    Sqlite,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use tokio::sync::mpsc;

use crate::Rounds;

const ORDERS: &str =
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n";

fn open(folder: &Path) -> Pool<Sqlite> {
    let file =
        SqliteConnectOptions::new().filename(folder.join("orders.sqlite")).create_if_missing(true);
    let options = SqlitePoolOptions::new().max_connections(5);
    // A connection may be so old; the audit keeps one for longer.
    let options = options.max_lifetime(Duration::from_secs(3));
    watch("orders", ages(options).connect_lazy_with(file))
}

/// Reads orders until nobody wants them any more: then the connection goes back.
async fn list_orders(pool: Pool<Sqlite>) {
    let rows = sqlx::raw_sql(ORDERS).fetch_all(&pool).await;
    tracing::info!(orders = rows.map_or(0, |rows| rows.len()), "nobody hung up");
}

/// The same, but the connection has been given away.
async fn audited(pool: Pool<Sqlite>, audit: mpsc::Sender<PoolConnection<Sqlite>>) {
    if let Ok(connection) = pool.acquire().await
        && audit.send(connection).await.is_ok()
    {
        std::future::pending::<()>().await;
    }
}

/// Serves a handler for as long as its client is there, which is for a second.
async fn serve(handler: impl Future<Output = ()>, route: &'static str) {
    tokio::select! {
        () = handler.scope(route) => {}
        () = sleep(Duration::from_secs(1)) => tracing::info!(route, "the client hung up"),
    }
}

/// Lets clients hang up on five handlers, one of which leaks its connection.
///
/// # Panics
///
/// Without a temporary folder.
pub async fn connection_pool(mut rounds: Rounds) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pool = open(folder.path());
    let (audit, mut audited_ones) = mpsc::channel(1);
    let auditor = async move {
        while let Some(connection) = audited_ones.recv().await {
            sleep(Duration::from_secs(7)).await;
            drop(connection);
        }
    };
    let auditor = Builder::new().name("audit").detached("goes on for ever").spawn(auditor);
    while rounds.another() {
        let mut clients = JoinSet::new();
        for _ in 0..4 {
            clients.spawn(serve(list_orders(pool.clone()), "GET /orders"));
        }
        clients.spawn(serve(audited(pool.clone(), audit.clone()), "GET /orders/{id}"));
        while clients.join_next().await.is_some() {}
        sleep(Duration::from_secs(8)).await;
    }
    drop(auditor);
}
