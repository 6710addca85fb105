//! B: callbacks and timers left by clean-up.

use std::{
    future::pending,
    sync::{Mutex, OnceLock},
    time::Duration,
};

use holdover::{
    sync::CancellationToken,
    task::{AbortHandle, Builder},
    time::{TimerHandle, call_later, call_later_while_alive, sleep},
};
use holdover_proto::v1::{self, Accuracy, Cause, HoldingKind, Outcome, Phase, Verdict};
use tokio::sync::oneshot;

use crate::{
    client::{Console, assert_cause, assert_holding, assert_site, cancel},
    harness::{Form, GRACE, Scenario},
    lifecycle::{all_wait, named, plain},
    scenario,
};

static KEPT: OnceLock<TimerHandle> = OnceLock::new();

/// Calls the closure when dropped.
pub struct OnDrop<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

async fn abort_after<T>(task: holdover::task::JoinHandle<T>, time: Duration) {
    sleep(time).await;
    task.abort();
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "08_risky_task",
            shim: async {
                let task = named("risky", async {
                    let _clean_up = OnDrop(|| {
                        call_later(GRACE * 12, || {});
                    });
                    sleep(Duration::from_secs(10)).await;
                });
                abort_after(task, Duration::from_millis(20)).await;
            },
            plain: async {
                let task = plain("risky", async {
                    let _clean_up = OnDrop(|| {
                        drop(plain("late", tokio::time::sleep(GRACE * 12)));
                    });
                    tokio::time::sleep(Duration::from_secs(10)).await;
                });
                all_wait().await;
                task.abort();
            },
            check: risky_task,
        },
        scenario! {
            "09_a_callback_from_before_the_cancel",
            shim: async {
                let task = named("early", async {
                    let _ = KEPT.set(call_later(GRACE * 12, || {}));
                    sleep(Duration::from_secs(10)).await;
                });
                abort_after(task, Duration::from_millis(20)).await;
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::LeftBehind, "early").await;
                assert_holding(
                    &leak.holdings[0],
                    HoldingKind::Timer,
                    "call_later",
                    Phase::Before,
                );
                console.cleared().await;
            },
        },
        scenario! {
            "09_a_callback_that_clean_up_cancels",
            shim: async {
                let task = named("tidy", async {
                    let timer = call_later(Duration::from_secs(10), || {});
                    let _clean_up = OnDrop(move || timer.cancel());
                    sleep(Duration::from_secs(10)).await;
                });
                abort_after(task, Duration::from_millis(20)).await;
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("tidy").await;
            },
        },
        scenario! {
            "10_a_callback_that_arms_itself_again",
            shim: async {
                let task = named("chain", async {
                    again(60);
                    sleep(Duration::from_secs(10)).await;
                });
                abort_after(task, Duration::from_millis(20)).await;
            },
            check: a_chain_is_one_holding,
        },
        scenario! {
            "11_done_callbacks",
            shim: async {
                for (name, cancelled) in [("completes", false), ("cancelled", true)] {
                    let (tell, told) = oneshot::channel::<()>();
                    let task = named(name, told);
                    for number in 0..3 {
                        task.on_done(move |ended| said(format!("{} {number}", ended.name())));
                    }
                    if cancelled {
                        task.abort();
                    }
                    drop(tell);
                    let _ = task.await;
                }
                let task = named("late", async {});
                while !task.is_finished() {
                    sleep(Duration::from_millis(1)).await;
                }
                let before = said_so_far().len();
                task.on_done(|ended| said(format!("{} {}", ended.name(), ended.outcome().name())));
                assert_eq!(said_so_far().len(), before + 1, "at once");
                let expected = [
                    "completes 0", "completes 1", "completes 2",
                    "cancelled 0", "cancelled 1", "cancelled 2",
                    "late completed",
                ];
                assert_eq!(said_so_far(), expected);
                drop(named("all as it should be", async {}));
            },
            check: async |console: &mut Console, _| {
                console.task("all as it should be").await;
                console.nothing_for(4).await;
            },
        },
        scenario! {
            "11_a_callback_on_a_stuck_task",
            shim: async {
                let token = CancellationToken::new();
                let stuck = Builder::new().name("stuck").token(&token);
                let stuck = stuck.spawn(sleep(GRACE * 12)).expect("it spawns");
                stuck.on_done(|_| {});
                token.cancel();
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::Stuck, "stuck").await;
                let is_callback = |held: &&v1::Holding| held.kind() == HoldingKind::Callback;
                let held = leak.holdings.iter().find(is_callback).expect("it waits");
                assert_holding(held, HoldingKind::Callback, "on_done", Phase::Before);
                assert_site(&held.site, "callbacks");
                console.cleared().await;
                assert_eq!(console.totals().await.holdings, 0, "it was called");
            },
        },
        scenario! {
            "11_a_callback_while_its_owner_lives",
            shim: async {
                let (tell, told) = oneshot::channel::<AbortHandle>();
                let task = named("owner", async {
                    let own = told.await.expect("its handle");
                    call_later_while_alive(GRACE * 12, || said("it ran".to_owned()));
                    // At once: else the callback might be first.
                    own.abort();
                    pending::<()>().await;
                });
                let _ = tell.send(task.abort_handle());
            },
            check: async |console: &mut Console, _| {
                // It is pending until it drops itself instead of running.
                console.leak(Verdict::LeftBehind, "owner").await;
                console.cleared().await;
            },
        },
        scenario! {
            "12_a_timeout_elapses",
            shim: async {
                named("main", async {
                    let body = async {
                        sleep(Duration::from_secs(10)).await;
                    };
                    let _ = holdover::time::timeout(Duration::from_millis(30), body).await;
                    sleep(Duration::from_secs(10)).await;
                });
            },
            check: async |console: &mut Console, _| {
                let scope = console.ended("timeout", Outcome::Cancelled).await;
                assert_cause(&scope.cancel.expect("it was cancelled"), Cause::Timeout);
                console.nothing_for(4).await;
                let around = console.task("main").await;
                assert_eq!(around.outcome(), Outcome::Unspecified, "the task goes on");
            },
        },
        scenario! {
            "12_a_timeout_elapses_and_its_body_left_something",
            shim: async {
                named("main", async {
                    let body = async {
                        let _ = KEPT.set(call_later(GRACE * 12, || {}));
                        sleep(Duration::from_secs(10)).await;
                    };
                    let _ = holdover::time::timeout(Duration::from_millis(30), body).await;
                    sleep(Duration::from_secs(10)).await;
                });
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::LeftBehind, "timeout").await;
                assert_cause(cancel(&leak), Cause::Timeout);
                console.cleared().await;
            },
        },
    ]
}

fn again(left: u32) {
    call_later(GRACE / 5, move || {
        if left > 0 {
            again(left - 1);
        }
    });
}

static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn said(what: String) {
    SAID.lock().expect("nobody panics here").push(what);
}

fn said_so_far() -> Vec<String> {
    SAID.lock().expect("nobody panics here").clone()
}

async fn risky_task(console: &mut Console, form: Form) {
    let leak = console.leak(Verdict::AfterCancel, "risky").await;
    let first = &leak.holdings[0];
    if form == Form::Plain {
        assert_eq!(leak.accuracy(), Accuracy::Inferred);
        assert_holding(first, HoldingKind::Child, "late", Phase::InDrop);
        let timer = leak.holdings.get(1).expect("the child's timer");
        assert_eq!((timer.kind(), timer.direct), (HoldingKind::Timer, false));
        assert_eq!(timer.via.as_ref().expect("a child").name, "late");
        return console.cleared().await;
    }
    assert_eq!(leak.accuracy(), Accuracy::Exact);
    assert_eq!(leak.holdings.len(), 1);
    assert_holding(first, HoldingKind::Timer, "call_later", Phase::InDrop);
    assert_site(&first.site, "callbacks");
    assert!(first.due_ns.is_some() && leak.goes_ns == first.due_ns);
    assert_cause(cancel(&leak), Cause::Abort);
    console.cleared().await;
    assert_eq!(console.totals().await.given, 1);
}

async fn a_chain_is_one_holding(console: &mut Console, _: Form) {
    let leak = console.leak(Verdict::LeftBehind, "chain").await;
    assert_eq!(leak.holdings.len(), 1);
    let first = &leak.holdings[0];
    assert_holding(first, HoldingKind::Timer, "call_later", Phase::Before);
    let (id, acquired) = (first.id, first.acquired_ns);
    let later = console.leak(Verdict::LeftBehind, "chain").await;
    assert_eq!((later.holdings[0].id, later.holdings[0].acquired_ns), (id, acquired));
    console.cleared().await;
    assert_eq!(console.totals().await.given, 1, "one verdict, not one a firing");
}
