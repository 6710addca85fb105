//! Beside the scenarios: what differs from one of them in a single step.

use std::{
    future::pending,
    pin::pin,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use holdover::{
    FutureExt,
    hold::{Held, Kind},
    sync::CancellationToken,
    task::{AbortHandle, Builder, JoinSet},
    time::{call_later, sleep, timeout},
};
use holdover_proto::v1::{Cause, HoldingKind, Outcome, Phase, Verdict};
use tokio::sync::{Notify, oneshot};

use crate::{
    client::{Console, assert_cause, assert_holding, cancel, told_to_go_on},
    harness::{GRACE, Scenario},
    lifecycle::{all_wait, named},
    scenario,
};

/// Longer than any grace here.
const LONG: Duration = Duration::from_secs(3600);

static PARKED: Mutex<Vec<Held<u8>>> = Mutex::new(Vec::new());
static SET: Mutex<Option<JoinSet<()>>> = Mutex::new(None);

fn park(label: &'static str) {
    PARKED.lock().expect("nobody panics here").push(Held::new(1, Kind::Custom, label));
}

fn release() {
    PARKED.lock().expect("nobody panics here").clear();
}

/// The task waits, and something else in it goes on until it is told.
async fn waits_and_asks(token: CancellationToken) {
    let mut waits = pin!(token.cancelled());
    tokio::select! {
        biased;
        () = &mut waits => {}
        () = sleep(Duration::from_millis(1)) => {}
    }
    while !token.is_cancelled() {
        sleep(Duration::from_millis(1)).await;
    }
    sleep(GRACE * 10).await;
}

pub fn scenarios() -> Vec<Scenario> {
    let mut all = asked();
    all.extend(left());
    all
}

fn asked() -> Vec<Scenario> {
    vec![
        scenario! {
            "06_aborted_in_the_very_poll_that_is_its_last",
            shim: async {
                let (tell, told) = oneshot::channel::<AbortHandle>();
                let task = named("task", async { told.await.expect("its handle").abort() });
                let _ = tell.send(task.abort_handle());
                task.await.expect("it was ready first");
            },
            check: async |console: &mut Console, _| {
                let task = console.ended("task", Outcome::Completed).await;
                assert_eq!(task.cancel, None, "it was ready first");
                console.nothing_for(4).await;
            },
        },
        scenario! {
            "13_what_runs_until_cancelled",
            shim: async {
                let token = CancellationToken::named("stop");
                let clone = token.clone();
                named("around", async move {
                    let parks = async {
                        park("connection");
                        pending::<()>().await;
                    };
                    clone.run_until_cancelled(parks).await;
                    pending::<()>().await;
                });
                all_wait().await;
                token.cancel_because("enough");
                told_to_go_on().await;
                release();
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::LeftBehind, "stop").await;
                assert_cause(cancel(&leak), Cause::Token);
                assert_eq!(cancel(&leak).reason.as_deref(), Some("enough"));
                console.go_on();
                console.cleared().await;
                let around = console.task("around").await;
                assert_eq!((around.outcome(), around.cancel), (Outcome::Unspecified, None));
            },
        },
        scenario! {
            "16_a_blocking_member_of_a_dropped_set",
            shim: async {
                let mut set = JoinSet::new();
                let runs = Arc::new(Notify::new());
                let is_running = Arc::clone(&runs);
                let closure = move || {
                    runs.notify_one();
                    thread::sleep(GRACE * 10);
                };
                set.build_task().name("closure").spawn_blocking(closure).expect("a task");
                is_running.notified().await;
                drop(set);
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::Stuck, "closure").await;
                assert_cause(cancel(&leak), Cause::SetDropped);
                assert_eq!(cancel(&leak).polls_since, 0);
                console.cleared().await;
                console.ended("closure", Outcome::Completed).await;
            },
        },
        scenario! {
            "36_a_supervisor_that_asks_instead_of_waiting",
            shim: async {
                let token = CancellationToken::named("shutdown");
                // A longer grace, so that a busy machine does not use it up.
                let supervisor = Builder::new().name("supervisor").grace(GRACE * 4);
                drop(supervisor.spawn(waits_and_asks(token.clone())));
                sleep(Duration::from_millis(30)).await;
                token.cancel();
            },
            check: async |console: &mut Console, _| {
                console.ended("supervisor", Outcome::Completed).await;
                console.nothing_for(4).await;
            },
        },
        scenario! {
            "45_a_token_made_in_a_scope",
            shim: async {
                named("connection", async {
                    let request = async {
                        let token = CancellationToken::new();
                        let guard = token.clone().drop_guard();
                        named("peer", async move { drop(guard) });
                        token.cancelled().await;
                    };
                    timeout(LONG, request).await.expect("it is cancelled");
                    // It ends as it is meant to, and somebody else has this.
                    park("connection");
                });
            },
            check: async |console: &mut Console, _| {
                let task = console.ended("connection", Outcome::Completed).await;
                assert_eq!(task.cancel, None, "its own token does not ask it");
                console.nothing_for(6).await;
            },
        },
    ]
}

fn left() -> Vec<Scenario> {
    vec![
        scenario! {
            "09_what_a_callback_acquires_after_its_owners_end",
            shim: async {
                let (tell, told) = oneshot::channel::<AbortHandle>();
                let task = named("owner", async {
                    let own = told.await.expect("its handle");
                    call_later(GRACE, || park("connection"));
                    // At once: the callback comes after it.
                    own.abort();
                    pending::<()>().await;
                });
                let _ = tell.send(task.abort_handle());
                told_to_go_on().await;
                release();
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::AfterCancel, "owner").await;
                assert_holding(&leak.holdings[0], HoldingKind::Custom, "connection", Phase::After);
                console.go_on();
                console.cleared().await;
            },
        },
        scenario! {
            "15_what_a_completed_scope_has_left",
            shim: async {
                let task = named("task", async {
                    async { park("connection") }.scope("scope").await;
                    pending::<()>().await;
                });
                sleep(GRACE * 2).await;
                task.abort();
                told_to_go_on().await;
                release();
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::LeftBehind, "task").await;
                assert_holding(&leak.holdings[0], HoldingKind::Custom, "connection", Phase::Before);
                console.go_on();
                console.cleared().await;
                assert_eq!(console.totals().await.given, 1, "the scope has no verdict");
            },
        },
        scenario! {
            "33_a_member_of_a_set_that_somebody_else_has",
            shim: async {
                let task = named("request", async {
                    let mut set = JoinSet::new();
                    set.build_task().name("member").spawn(pending()).expect("a task");
                    *SET.lock().expect("nobody panics here") = Some(set);
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("request").await;
                let member = console.task("member").await;
                assert_eq!(member.outcome(), Outcome::Unspecified, "it goes on");
            },
        },
    ]
}
