//! sqlx, with its own driver for `SQLite`.

use std::{
    future::pending,
    sync::{Mutex, OnceLock},
    time::Duration,
};

use holdover::{
    FutureExt,
    pool::sqlx::{Pool, PoolConnection, Transaction, ages, watch},
    task::Builder,
    time::sleep,
};
use holdover_proto::v1::{HoldingKind, Outcome, Phase, Verdict};
use sqlx::{
    Executor, Sqlite,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::{
    client::{Console, assert_holding, assert_site},
    harness::{GRACE, Scenario},
    scenario,
    sqlite::{database, held_by, named, open, site},
};

type Connection = PoolConnection<Sqlite>;

/// Rows without an end: a reader that leaves ends it.
const ENDLESS: &str =
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n";
fn pool(options: SqlitePoolOptions) -> Pool<Sqlite> {
    let file = SqliteConnectOptions::new().filename(database());
    watch("pg", ages(options.max_connections(5)).connect_lazy_with(file))
}

/// Runs the handler as one of a client that hangs up meanwhile.
async fn hangs_up<F: Future>(name: &str, handler: F, when: impl Future) {
    tokio::select! {
        _ = handler.scope(name.to_owned()) => {}
        _ = when => {}
    }
}

async fn reads_for_ever(connection: &mut Connection, begun: &Notify) {
    let mut rows = connection.fetch(ENDLESS);
    while std::future::poll_fn(|cx| rows.as_mut().poll_next(cx)).await.is_some() {
        begun.notify_one();
        sleep(Duration::from_millis(100)).await;
    }
}

/// Keeps what it is sent, and does not touch it.
fn keeper(keeps: Duration) -> mpsc::Sender<Connection> {
    let (sender, mut receiver) = mpsc::channel(5);
    let keep = async move {
        let mut kept = Vec::new();
        while kept.len() < 5 {
            kept.extend(receiver.recv().await);
        }
        sleep(keeps).await;
        drop(kept);
        pending::<()>().await;
    };
    drop(Builder::new().name("keeper").detached("keeps").spawn(keep).expect("a task"));
    sender
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "20_connection_pool_sqlx_leaks_into_a_detached_task",
            shim: async {
                let pool = pool(SqlitePoolOptions::new().max_lifetime(GRACE * 3));
                let keeper = keeper(GRACE * 20);
                for number in 0..5 {
                    let (pool, keeper) = (pool.clone(), keeper.clone());
                    drop(named(&format!("connection {number}"), async move {
                        let begun = Notify::new();
                        let handler = async {
                            let connection = pool.acquire().await.expect("one of five");
                            keeper.send(connection).await.expect("it listens");
                            begun.notify_one();
                            pending::<()>().await;
                        };
                        hangs_up(&format!("GET /{number}"), handler, begun.notified()).await;
                        pending::<()>().await;
                    }));
                }
                while pool.size() < 5 || pool.num_idle() > 0 {
                    sleep(Duration::from_millis(10)).await;
                }
                drop(named("sixth", async move {
                    drop(pool.acquire().await);
                    pending::<()>().await;
                }));
            },
            check: async |console: &mut Console, _| {
                let pool = console.pool_where("pg", |pool| {
                    let past = |it: &holdover_proto::v1::PooledConnection| {
                        it.past_lifetime == Some(true)
                    };
                    pool.for_cancelled == 5
                        && pool.waiting == Some(1)
                        && pool.connections.iter().all(past)
                });
                let pool = pool.await;
                assert_eq!((pool.used, pool.max, pool.idle), (5, Some(5), Some(0)), "{pool:#?}");
                assert_eq!((pool.connections_total, pool.unseen), (5, 0), "{pool:#?}");
                assert_eq!(pool.waiters[0].name, "sixth", "{pool:#?}");
                for number in 0..5 {
                    let held = held_by(&pool, &format!("GET /{number}"));
                    assert!(held.for_cancelled && held.returning_ns.is_none(), "{held:#?}");
                    assert_site(site(held), "sqlx");
                    assert_eq!(held.age_ns.map(|age| age < 1_000_000_000), Some(true), "{held:#?}");
                }
                for number in 0..5 {
                    let name = format!("GET /{number}");
                    let leak = console.leak(Verdict::LeftBehind, &name).await;
                    let held = &leak.holdings[0];
                    assert_holding(held, HoldingKind::Connection, "pg", Phase::Before);
                    assert_eq!((held.pool, held.waiting), (Some(pool.number), 1), "{leak:#?}");
                }
                let told = console.leaks().await.pools;
                assert_eq!((told.len(), told[0].used, told[0].max), (1, 5, Some(5)), "{told:#?}");
                console.cleared().await;
                console.pool_where("pg", |pool| pool.used == 0 && pool.waiting == Some(0)).await;
            },
        },
        scenario! {
            "20_connection_pool_sqlx_handlers_are_dropped_mid_query",
            shim: async {
                let pool = pool(SqlitePoolOptions::new());
                let handlers: Vec<_> = (0..10)
                    .map(|number| {
                        let pool = pool.clone();
                        named(&format!("connection {number}"), async move {
                            let begun = Notify::new();
                            let handler = async {
                                let mut connection = pool.acquire().await.expect("one of five");
                                reads_for_ever(&mut connection, &begun).await;
                            };
                            hangs_up(&format!("GET /{number}"), handler, begun.notified()).await;
                        })
                    })
                    .collect();
                for handler in handlers {
                    handler.await.expect("it ends");
                }
                drop(named("done", pending::<()>()));
                pending::<()>().await;
                drop(pool);
            },
            check: async |console: &mut Console, _| {
                console.task("done").await;
                let ended = console.tasks().await;
                let cancelled = ended.iter().filter(|task| {
                    task.name.starts_with("GET /") && task.outcome() == Outcome::Cancelled
                });
                assert_eq!(cancelled.count(), 10, "{ended:#?}");
                console.nothing_for(6).await;
                let pool = console.pool_where("pg", |pool| pool.used == 0).await;
                assert_eq!((pool.connections_total, pool.waiting), (0, Some(0)), "{pool:#?}");
                assert!(pool.idle.is_some_and(|idle| idle > 0), "{pool:#?}");
            },
        },
        scenario! {
            "20_connection_pool_sqlx_cannot_take_back_what_is_busy_with_a_cancelled_query",
            shim: async {
                let file = database();
                let options = SqliteConnectOptions::new()
                    .filename(&file)
                    .busy_timeout(Duration::from_secs(600));
                let pool = SqlitePoolOptions::new().connect_lazy_with(options);
                let pool = watch("pg", pool);
                let writer = open(&file).expect("a database");
                writer.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
                drop(named("server", async move {
                    let mut connection = pool.acquire().await.expect("one of ten");
                    let handler = async move {
                        // Waits for the other writer, within SQLite, where no cancel reaches it.
                        connection.execute("INSERT INTO orders VALUES (4)").await.expect("it is new");
                    };
                    hangs_up("report", handler, sleep(GRACE * 2)).await;
                    sleep(GRACE * 15).await;
                    writer.execute_batch("ROLLBACK").expect("it is open");
                    pending::<()>().await;
                    drop(pool);
                }));
            },
            check: async |console: &mut Console, _| {
                let pool = console.pool_where("pg", |pool| {
                    pool.connections.iter().any(|it| it.returning_ns.is_some())
                });
                let pool = pool.await;
                assert_eq!((pool.used, pool.for_cancelled, pool.unseen), (1, 1, 0), "{pool:#?}");
                assert!(held_by(&pool, "report").for_cancelled, "{pool:#?}");
                let leak = console.leak(Verdict::LeftBehind, "report").await;
                assert_holding(&leak.holdings[0], HoldingKind::Connection, "pg", Phase::Before);
                assert!(!leak.holdings[0].maybe_moved, "the pool has it: {leak:#?}");
                // The other has done, and with it the query.
                console.cleared().await;
                console.pool_where("pg", |pool| (pool.used, pool.idle) == (0, Some(1))).await;
            },
        },
        scenario! {
            "31_a_connection_that_sqlx_takes_back_by_a_task_of_its_own",
            shim: async {
                let pool = pool(SqlitePoolOptions::new());
                let kept = pool.clone();
                let (ready, is_ready) = oneshot::channel();
                let request = named("request", async move {
                    let mut connection = pool.acquire().await.expect("one of five");
                    connection.execute("SELECT 1").await.expect("it runs");
                    ready.send(()).expect("it is waited for");
                    pending::<()>().await;
                });
                is_ready.await.expect("it goes on");
                request.abort();
                pending::<()>().await;
                drop(kept);
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("request").await;
                let pool = console.pool_where("pg", |pool| pool.used == 0).await;
                assert_eq!((pool.idle, pool.connections_total), (Some(1), 0), "{pool:#?}");
            },
        },
        scenario! {
            "41_a_connection_opened_by_a_cancelled_request_is_idle_in_sqlx",
            shim: async {
                let pool = pool(SqlitePoolOptions::new());
                let kept = pool.clone();
                let request = named("request", async move {
                    drop(pool.acquire().await.expect("one of five"));
                    pending::<()>().await;
                });
                while kept.num_idle() == 0 {
                    sleep(Duration::from_millis(10)).await;
                }
                request.abort();
                // It is used by others, and goes on to be nobody's.
                sqlx::query("SELECT 1").execute(&kept).await.expect("it runs");
                drop(named("done", pending::<()>()));
                pending::<()>().await;
                drop(kept);
            },
            check: async |console: &mut Console, _| {
                console.task("done").await;
                console.nothing_on_the_cancelled("request").await;
                let pool = console.pool_where("pg", |pool| pool.used == 0).await;
                assert_eq!((pool.size, pool.idle), (Some(1), Some(1)), "{pool:#?}");
            },
        },
        scenario! {
            "41_a_connection_that_leaves_sqlx_for_good_is_nobodys",
            shim: async {
                static DETACHED: Mutex<Vec<sqlx::SqliteConnection>> = Mutex::new(Vec::new());
                let pool = pool(SqlitePoolOptions::new().max_lifetime(GRACE / 2));
                let kept = pool.clone();
                let (ready, is_ready) = oneshot::channel();
                let request = named("request", async move {
                    let detached = pool.acquire().await.expect("one of five").detach();
                    DETACHED.lock().expect("it").push(detached);
                    pool.acquire().await.expect("one of five").close().await.expect("it closes");
                    pool.acquire().await.expect("one of five").close_on_drop();
                    let old = pool.acquire().await.expect("one of five");
                    sleep(GRACE).await;
                    // The pool closes it, and tells none of its hooks.
                    drop(old);
                    ready.send(()).expect("it is waited for");
                    pending::<()>().await;
                });
                is_ready.await.expect("it goes on");
                request.abort();
                drop(named("done", pending::<()>()));
                pending::<()>().await;
                drop(kept);
            },
            check: async |console: &mut Console, _| {
                console.task("done").await;
                console.nothing_on_the_cancelled("request").await;
                let pool = console.pool_where("pg", |pool| pool.size == Some(0)).await;
                assert_eq!(pool.connections_total, 0, "{pool:#?}");
            },
        },
        scenario! {
            "20_connection_pool_sqlx_queries_on_the_pool_itself_are_seen",
            shim: async {
                let pool = pool(SqlitePoolOptions::new());
                drop(named("reader", async move {
                    let mut rows = sqlx::raw_sql(ENDLESS).fetch(&pool);
                    while std::future::poll_fn(|cx| rows.as_mut().poll_next(cx)).await.is_some() {
                        sleep(Duration::from_millis(10)).await;
                    }
                }));
            },
            check: async |console: &mut Console, _| {
                let pool = console.pool_where("pg", |pool| pool.connections_total == 1).await;
                let reader = held_by(&pool, "reader");
                assert!(!reader.for_cancelled, "{pool:#?}");
                assert_eq!(site(reader), "", "sqlx's own functions lie between");
                assert_eq!((pool.used, pool.unseen), (1, 0), "{pool:#?}");
                console.nothing_for(3).await;
            },
        },
        scenario! {
            "20_connection_pool_sqlx_a_transaction_that_a_cancelled_task_left",
            shim: async {
                static LEFT: Mutex<Option<Transaction<Sqlite>>> = Mutex::new(None);
                static POOL: OnceLock<Pool<Sqlite>> = OnceLock::new();
                let pool = POOL.get_or_init(|| pool(SqlitePoolOptions::new()));
                let (ready, is_ready) = oneshot::channel();
                let writer = named("writer", async {
                    let mut left = pool.begin().await.expect("one of five");
                    left.execute("INSERT INTO orders VALUES (4)").await.expect("it is new");
                    *LEFT.lock().expect("it") = Some(left);
                    ready.send(()).expect("it is waited for");
                    pending::<()>().await;
                });
                is_ready.await.expect("it goes on");
                writer.abort();
                sleep(GRACE * 10).await;
                let left = LEFT.lock().expect("it").take();
                drop(left);
                let mut kept = pool.begin().await.expect("one of five");
                kept.execute("INSERT INTO orders VALUES (5)").await.expect("it is new");
                kept.commit().await.expect("nobody else writes");
                let orders: Vec<(i64,)> =
                    sqlx::query_as("SELECT id FROM orders").fetch_all(pool).await.expect("rows");
                let orders: Vec<i64> = orders.into_iter().map(|(id,)| id).collect();
                drop(named(&format!("orders {orders:?}"), pending::<()>()));
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::LeftBehind, "writer").await;
                assert_holding(&leak.holdings[0], HoldingKind::Connection, "pg", Phase::Before);
                assert_site(&leak.holdings[0].site, "sqlx");
                console.task("orders [1, 2, 3, 5]").await;
                console.cleared().await;
                console.pool_where("pg", |pool| pool.used == 0).await;
            },
        },
    ]
}
