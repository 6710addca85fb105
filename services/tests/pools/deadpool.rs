//! deadpool, with connections of rusqlite.

use std::{future::pending, path::PathBuf, sync::Mutex};

use deadpool::managed::{Manager, Metrics, RecycleResult};
use holdover::{
    pool::deadpool::{Object, Pool, watch},
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

impl Manager for Sqlite {
    type Type = rusqlite::Connection;
    type Error = rusqlite::Error;

    async fn create(&self) -> rusqlite::Result<rusqlite::Connection> {
        open(&self.file)
    }

    async fn recycle(
        &self,
        connection: &mut rusqlite::Connection,
        _: &Metrics,
    ) -> RecycleResult<rusqlite::Error> {
        orders(connection)?;
        Ok(())
    }
}

fn pool() -> Pool<Sqlite> {
    let manager = Sqlite { file: database() };
    watch("sqlite", manager, |builder| builder.max_size(2)).expect("no timeout needs a runtime")
}

static LEAKED: Mutex<Vec<Object<Sqlite>>> = Mutex::new(Vec::new());

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "20_connection_pool_deadpool_a_cancelled_request_leaves_one",
            shim: async {
                let pool = pool();
                for name in ["leaker", "holder"] {
                    let pool = pool.clone();
                    let (ready, is_ready) = oneshot::channel();
                    let task = named(name, async move {
                        let connection = pool.get().await.expect("one of two");
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
                drop(named("waiter", async move {
                    drop(pool.get().await);
                    pending::<()>().await;
                }));
                sleep(GRACE * 12).await;
                LEAKED.lock().expect("it").clear();
            },
            check: async |console: &mut Console, _| {
                let pool = console.pool_where("sqlite", |pool| pool.waiting == Some(1)).await;
                assert_eq!((pool.used, pool.max, pool.idle), (2, Some(2), Some(0)), "{pool:#?}");
                assert_eq!((pool.for_cancelled, pool.unseen), (1, 0), "{pool:#?}");
                assert!(held_by(&pool, "leaker").for_cancelled, "{pool:#?}");
                assert!(!held_by(&pool, "holder").for_cancelled, "{pool:#?}");
                assert_eq!(site(held_by(&pool, "holder")), "", "no call of ours is seen");
                assert!(held_by(&pool, "holder").age_ns.is_some(), "{pool:#?}");
                let leak = console.leak(Verdict::LeftBehind, "leaker").await;
                assert_holding(&leak.holdings[0], HoldingKind::Connection, "sqlite", Phase::Before);
                console.cleared().await;
                console.pool_where("sqlite", |pool| (pool.used, pool.waiting) == (0, Some(0))).await;
            },
        },
        scenario! {
            "41_what_cancelled_requests_give_back_to_deadpool_or_take_from_it",
            shim: async {
                static TAKEN: Mutex<Vec<rusqlite::Connection>> = Mutex::new(Vec::new());
                let pool = pool();
                let kept = pool.clone();
                let (ready, is_ready) = oneshot::channel();
                let request = named("request", async move {
                    let taken = Object::take(pool.get().await.expect("one of two"));
                    TAKEN.lock().expect("it").push(taken);
                    // Opened here, used again, and held when the request is cancelled.
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
                assert_eq!((pool.size, pool.idle), (Some(1), Some(1)), "{pool:#?}");
                assert_eq!(pool.connections_total, 0, "idle is nobody's: {pool:#?}");
            },
        },
    ]
}
