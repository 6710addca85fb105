//! Home-made pools: what is given back is nobody's.

use std::{
    collections::VecDeque,
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use holdover::{
    FutureExt,
    hold::{Held, Kind},
    pool::{Pool, Status, watch},
    time::sleep,
};
use holdover_proto::v1::{HoldingKind, Outcome, Phase, Verdict};

use crate::{
    client::{Console, assert_holding, assert_site},
    harness::{GRACE, Scenario},
    lifecycle::{all_wait, named},
    scenario,
};

/// A pool as many have one: a queue, and a guard that pushes back.
static IDLE: Mutex<VecDeque<Held<u32>>> = Mutex::new(VecDeque::new());

fn push_back(connection: Held<u32>) {
    IDLE.lock().expect("it").push_back(connection);
}

struct GivesBack {
    connection: Option<Held<u32>>,
    parks: bool,
}

impl Drop for GivesBack {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            if self.parks {
                Held::park(&connection);
            }
            push_back(connection);
        }
    }
}

/// A request that opens a connection, is cancelled, and pushes it back.
async fn request_that_is_cancelled(parks: bool) {
    let request = named("request", async move {
        let mut connection = Held::new(0, Kind::Connection, "home-made");
        *connection += 1;
        let _guard = GivesBack { connection: Some(connection), parks };
        pending::<()>().await;
    });
    all_wait().await;
    request.abort();
}

struct Slots(usize);

impl Pool for Slots {
    fn status(&self) -> Status {
        Status::new().size(self.0).max(self.0)
    }
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "41_what_a_cancelled_request_pushes_back_and_parks",
            shim: request_that_is_cancelled(true),
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("request").await;
                assert_eq!(console.totals().await.holdings, 1, "it is still there");
            },
        },
        scenario! {
            "41_what_a_cancelled_request_pushes_back_and_does_not_park",
            shim: async {
                request_that_is_cancelled(false).await;
                sleep(GRACE * 10).await;
                drop(IDLE.lock().expect("it").pop_front());
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::LeftBehind, "request").await;
                let held = &leak.holdings[0];
                assert_holding(held, HoldingKind::Connection, "home-made", Phase::Before);
                console.cleared().await;
            },
        },
        scenario! {
            "41_what_was_parked_is_whose_that_uses_it",
            shim: async {
                request_that_is_cancelled(true).await;
                sleep(GRACE).await;
                let connection = IDLE.lock().expect("it").pop_front().expect("it was pushed");
                let keeper = named("second", async move {
                    let mut connection = connection;
                    *connection += 1;
                    // Kept by what outlives the task: its own leak.
                    push_back(connection);
                    pending::<()>().await;
                });
                all_wait().await;
                keeper.abort();
            },
            check: async |console: &mut Console, _| {
                console.ended("request", Outcome::Cancelled).await;
                let leak = console.leak(Verdict::LeftBehind, "second").await;
                assert_eq!(leak.holdings.len(), 1, "{leak:#?}");
                assert_eq!(console.totals().await.given, 1, "the first has let go");
            },
        },
        scenario! {
            "20_a_pool_of_ones_own",
            shim: async {
                static LEAKED: Mutex<Option<holdover::pool::Taken>> = Mutex::new(None);
                static DONE: AtomicBool = AtomicBool::new(false);
                let slots = Arc::new(Slots(2));
                let watch = watch("slots", &slots);
                let leaking = watch.clone();
                let leaker = named("leaker", async move {
                    *LEAKED.lock().expect("it") = Some(leaking.take_aged(Duration::from_secs(9)));
                    pending::<()>().await;
                });
                let holding = watch.clone();
                drop(named("holder", async move {
                    // A scope that completes leaves what it took to the task around it.
                    let _taken = async { holding.take() }.scope("inner").await;
                    pending::<()>().await;
                }));
                drop(named("waiter", async move {
                    watch.waits(async {
                        while !DONE.load(SeqCst) {
                            sleep(GRACE / 4).await;
                        }
                    })
                    .await;
                    pending::<()>().await;
                }));
                all_wait().await;
                leaker.abort();
                sleep(GRACE * 10).await;
                drop(LEAKED.lock().expect("it").take());
                DONE.store(true, SeqCst);
                pending::<()>().await;
                drop(slots);
            },
            check: async |console: &mut Console, _| {
                let pool = console.pool_where("slots", |pool| pool.for_cancelled == 1).await;
                assert!(pool.open, "{pool:#?}");
                assert_eq!((pool.used, pool.size, pool.idle), (2, Some(2), None), "{pool:#?}");
                assert_eq!(pool.waiting, Some(1), "{pool:#?}");
                assert_eq!(pool.waiters[0].name, "waiter", "{pool:#?}");
                let of = |name: &str| {
                    let is_it = |it: &&holdover_proto::v1::PooledConnection| {
                        let owner = it.held.as_ref().and_then(|held| held.owner.as_ref());
                        owner.is_some_and(|owner| owner.name == name)
                    };
                    pool.connections.iter().find(is_it).expect("it is listed").clone()
                };
                let (leaker, holder) = (of("leaker"), of("holder"));
                assert!(leaker.for_cancelled && !holder.for_cancelled, "{pool:#?}");
                assert_eq!((leaker.age_ns, holder.age_ns), (Some(9_000_000_000), None));
                let leak = console.leak(Verdict::LeftBehind, "leaker").await;
                assert_holding(&leak.holdings[0], HoldingKind::Connection, "slots", Phase::Before);
                assert_site(&leak.holdings[0].site, "pools");
                assert_eq!(leak.holdings[0].pool, Some(pool.number), "{leak:#?}");
                assert_eq!(leak.holdings[0].waiters.len(), 1, "{leak:#?}");
                console.cleared().await;
                let rest = console.pool_where("slots", |pool| pool.waiting == Some(0)).await;
                assert_eq!((rest.used, rest.for_cancelled), (1, 0), "{rest:#?}");
            },
        },
    ]
}
