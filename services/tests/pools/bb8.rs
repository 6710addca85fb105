//! bb8, with connections of rusqlite.

use std::{future::pending, path::PathBuf, sync::Mutex};

use bb8::{ManageConnection, PooledConnection};
use holdover::{
    pool::bb8::{Watched, watch},
    time::sleep,
};
use holdover_proto::v1::{HoldingKind, Phase, Verdict};
use tokio::sync::oneshot;

use crate::{
    client::{Console, assert_holding},
    harness::{GRACE, Scenario},
    scenario,
    sqlite::{database, held_by, named, open, orders, site},
};

#[derive(Debug)]
struct Sqlite {
    file: PathBuf,
}

impl ManageConnection for Sqlite {
    type Connection = rusqlite::Connection;
    type Error = rusqlite::Error;

    async fn connect(&self) -> rusqlite::Result<rusqlite::Connection> {
        open(&self.file)
    }

    async fn is_valid(&self, connection: &mut rusqlite::Connection) -> rusqlite::Result<()> {
        orders(connection).map(drop)
    }

    fn has_broken(&self, _: &mut rusqlite::Connection) -> bool {
        false
    }
}

async fn pool(builder: bb8::Builder<Watched<Sqlite>>) -> bb8::Pool<Watched<Sqlite>> {
    let manager = Sqlite { file: database() };
    watch("sqlite", builder.max_size(2), manager).await.expect("a pool")
}

static LEAKED: Mutex<Vec<PooledConnection<'static, Watched<Sqlite>>>> = Mutex::new(Vec::new());

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "20_connection_pool_bb8_a_cancelled_request_leaves_one",
            shim: async {
                let pool = pool(bb8::Pool::builder().max_lifetime(GRACE * 2)).await;
                for name in ["leaker", "holder"] {
                    let pool = pool.clone();
                    let (ready, is_ready) = oneshot::channel();
                    let task = named(name, async move {
                        let connection = pool.get_owned().await.expect("one of two");
                        assert_eq!(orders(&connection).expect("a number"), 3);
                        LEAKED.lock().expect("it").push(connection);
                        ready.send(()).expect("it is waited for");
                        pending::<()>().await;
                    });
                    is_ready.await.expect("it goes on");
                    if name == "leaker" {
                        task.abort();
                    }
                }
                sleep(GRACE * 12).await;
                LEAKED.lock().expect("it").clear();
                pending::<()>().await;
                drop(pool);
            },
            check: async |console: &mut Console, _| {
                let pool = console.pool_where("sqlite", |pool| {
                    pool.connections_total == 2
                        && pool.connections.iter().all(|it| it.past_lifetime == Some(true))
                });
                let pool = pool.await;
                assert_eq!((pool.used, pool.max, pool.idle), (2, Some(2), Some(0)), "{pool:#?}");
                assert_eq!((pool.for_cancelled, pool.waiting), (1, None), "{pool:#?}");
                assert!(held_by(&pool, "leaker").for_cancelled, "{pool:#?}");
                assert!(!held_by(&pool, "holder").for_cancelled, "{pool:#?}");
                assert_eq!(site(held_by(&pool, "holder")), "", "no call of ours is seen");
                let leak = console.leak(Verdict::LeftBehind, "leaker").await;
                assert_holding(&leak.holdings[0], HoldingKind::Connection, "sqlite", Phase::Before);
                console.cleared().await;
                // Past their lifetime they are closed when they are given back.
                console.pool_where("sqlite", |pool| (pool.used, pool.size) == (0, Some(0))).await;
            },
        },
        scenario! {
            "41_what_cancelled_requests_give_back_to_bb8",
            shim: async {
                let pool = pool(bb8::Pool::builder()).await;
                let kept = pool.clone();
                let (ready, is_ready) = oneshot::channel();
                let request = named("request", async move {
                    drop(pool.get().await.expect("one of two"));
                    let connection = pool.get().await.expect("one of two");
                    ready.send(()).expect("it is waited for");
                    pending::<()>().await;
                    drop(connection);
                });
                is_ready.await.expect("it goes on");
                request.abort();
                pending::<()>().await;
                drop(kept);
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("request").await;
                let pool = console.pool_where("sqlite", |pool| pool.used == 0).await;
                assert!(pool.idle.is_some_and(|idle| idle > 0), "{pool:#?}");
                assert_eq!(pool.connections_total, 0, "idle is nobody's: {pool:#?}");
            },
        },
        scenario! {
            "20_connection_pool_bb8_that_does_not_say_who_takes_says_nothing_of_holders",
            shim: async {
                let builder = bb8::Pool::builder().min_idle(1).test_on_check_out(false);
                let pool = pool(builder).await;
                drop(named("holder", async move {
                    let connection = pool.get().await.expect("one of two");
                    assert_eq!(orders(&connection).expect("a number"), 3);
                    pending::<()>().await;
                    drop(connection);
                }));
                sleep(GRACE).await;
                drop(named("done", pending::<()>()));
            },
            check: async |console: &mut Console, _| {
                console.task("done").await;
                let pool = console.pool_where("sqlite", |pool| pool.size >= Some(1)).await;
                assert_eq!((pool.idle, pool.connections_total), (None, 0), "{pool:#?}");
                console.nothing_for(3).await;
            },
        },
    ]
}
