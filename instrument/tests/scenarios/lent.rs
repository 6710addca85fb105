//! What is only used: by a request that was lent it, and within a `timeout`.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use holdover::{
    hold::{Held, Kind},
    sync::mpsc,
    task::JoinHandle,
    time::{interval, sleep, timeout},
};
use holdover_proto::v1::{HoldingKind, Outcome, Phase, Verdict};

use crate::{
    client::{Console, assert_holding},
    harness::{GRACE, Scenario},
    lifecycle::{all_wait, named},
    scenario,
};

static SHARED: Mutex<Option<Arc<Held<u8>>>> = Mutex::new(None);

/// Longer than any grace here.
const LONG: Duration = Duration::from_secs(3600);

fn connect() -> Arc<Held<u8>> {
    Arc::new(Held::new(7, Kind::Connection, "pg"))
}

/// Uses what everybody shares.
fn request() -> JoinHandle<()> {
    named("request", async {
        let shared = SHARED.lock().expect("it").get_or_insert_with(connect).clone();
        assert_eq!(**shared, 7);
        pending::<()>().await;
    })
}

async fn after_a_while<T>(request: JoinHandle<T>) {
    all_wait().await;
    request.abort();
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "lent_to_a_request_that_was_the_last_to_use_it",
            shim: async {
                named("service", async {
                    let shared = SHARED.lock().expect("it").insert(connect()).clone();
                    after_a_while(request()).await;
                    pending::<()>().await;
                    drop(shared);
                });
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("request").await;
            },
        },
        scenario! {
            "shared_by_the_request_that_has_acquired_it",
            shim: async {
                after_a_while(request()).await;
                sleep(GRACE * 10).await;
                drop(SHARED.lock().expect("it").take());
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::LeftBehind, "request").await;
                assert_holding(&leak.holdings[0], HoldingKind::Connection, "pg", Phase::Before);
                console.cleared().await;
            },
        },
        scenario! {
            "used_within_a_timeout_and_kept",
            shim: async {
                named("worker", async {
                    let (jobs, mut next) = mpsc::channel::<u8>(1);
                    let mut connection = Held::new(7_u8, Kind::Connection, "pg");
                    let mut ticks = interval(LONG);
                    ticks.tick().await;
                    let _ = timeout(GRACE / 2, next.recv()).await;
                    let _ = timeout(GRACE / 2, ticks.tick()).await;
                    let query = async {
                        *connection += 1;
                        pending::<()>().await;
                    };
                    let _ = timeout(GRACE / 2, query).await;
                    pending::<()>().await;
                    drop((jobs, next, connection, ticks));
                });
            },
            check: async |console: &mut Console, _| {
                console.ended("timeout", Outcome::Cancelled).await;
                console.nothing_for(6).await;
            },
        },
    ]
}
