//! C: propagation.

use std::{
    future::{pending, poll_fn},
    pin::Pin,
    sync::{Mutex, OnceLock},
    task::Poll,
    time::Duration,
};

use holdover::{
    FutureExt,
    sync::CancellationToken,
    task::{JoinSet, TaskTracker},
    time::{TimerHandle, call_later, sleep},
};
use holdover_proto::v1::{Cause, HoldingKind, Outcome, Phase, Verdict};

use crate::{
    client::{Console, assert_cause, assert_holding, cancel},
    harness::{Form, GRACE, Scenario},
    lifecycle::{all_wait, bound, named, plain},
    scenario,
};

static KEPT: OnceLock<TimerHandle> = OnceLock::new();

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "13_nested_cancel",
            shim: async {
                let root = CancellationToken::named("root");
                let child = root.named_child("child");
                let grandchild = child.named_child("grandchild");
                let tokens = (root.clone(), child.clone(), grandchild.clone());
                bound("a", &tokens.0.clone(), async move {
                    bound("b", &tokens.1.clone(), async move {
                        let waits = tokens.2.clone();
                        bound("c", &tokens.2, async move { waits.cancelled().await });
                        tokens.1.cancelled().await;
                    });
                    tokens.0.cancelled().await;
                });
                all_wait().await;
                root.cancel();
            },
            check: async |console: &mut Console, _| {
                for (name, path) in [
                    ("a", vec!["root"]),
                    ("b", vec!["root", "child"]),
                    ("c", vec!["root", "child", "grandchild"]),
                ] {
                    let task = console.ended(name, Outcome::Completed).await;
                    let cancel = task.cancel.expect("it was asked");
                    assert_cause(&cancel, Cause::Token);
                    assert_eq!(cancel.path, path);
                }
                console.nothing_for(6).await;
            },
        },
        scenario! {
            "14_children_without_tokens",
            shim: async {
                let task = named("parent", async {
                    drop(named("child", async {
                        drop(named("grandchild", pending::<()>()));
                        pending::<()>().await;
                    }));
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
            },
            plain: async {
                let task = plain("parent", async {
                    drop(plain("child", async {
                        drop(plain("grandchild", pending::<()>()));
                        pending::<()>().await;
                    }));
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
            },
            check: orphans,
        },
        scenario! {
            "15_a_losing_branch_that_had_spawned",
            shim: async {
                named("main", async {
                    let loser = async {
                        drop(named("survivor", pending::<()>()));
                        pending::<()>().await;
                    };
                    tokio::select! {
                        () = loser.scope("loser") => {}
                        () = sleep(Duration::from_millis(30)) => {}
                    }
                    pending::<()>().await;
                });
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::Orphaned, "survivor").await;
                assert_eq!(leak.ancestor.as_ref().expect("an ancestor").name, "loser");
                let cancel = leak.ancestor_cancel.as_ref().expect("it was cancelled");
                assert_cause(cancel, Cause::Dropped);
                assert_eq!(cancel.canceller.as_ref().expect("its owner").name, "main");
                assert_eq!(console.leaks().await.leaks.len(), 1);
            },
        },
        scenario! {
            "16_task_group",
            shim: async {
                named("owner", async {
                    let mut set = JoinSet::new();
                    set.spawn(async { Err::<(), _>("failed") });
                    for number in 0..4 {
                        set.spawn(async move {
                            if number == 2 {
                                let _ = KEPT.set(call_later(GRACE * 14, || {}));
                            }
                            pending::<()>().await;
                            Ok(())
                        });
                    }
                    all_wait().await;
                    let _ = set.join_next().await;
                    drop(set);
                    pending::<()>().await;
                });
            },
            plain: async {
                let mut set = tokio::task::JoinSet::new();
                set.spawn(async { Err::<(), _>("failed") });
                for number in 0..4 {
                    set.spawn(async move {
                        if number == 2 {
                            park_a_timer().await;
                        }
                        pending::<()>().await;
                        Ok(())
                    });
                }
                all_wait().await;
                let _ = set.join_next().await;
                drop(set);
            },
            check: task_group,
        },
        scenario! {
            "16_an_aborted_group",
            shim: async {
                named("owner", async {
                    let mut set = JoinSet::new();
                    for _ in 0..3 {
                        set.spawn(pending::<()>());
                    }
                    all_wait().await;
                    set.abort_all();
                    while set.join_next().await.is_some() {}
                    // One spawned afterwards was not asked.
                    set.spawn(sleep(GRACE * 3));
                    while set.join_next().await.is_some() {}
                    drop(named("over", async {}));
                });
            },
            check: async |console: &mut Console, _| {
                console.task("over").await;
                let tasks = console.tasks().await;
                let causes: Vec<_> = tasks
                    .iter()
                    .filter(|task| task.outcome() == Outcome::Cancelled)
                    .map(|task| task.cancel.as_ref().expect("it was asked").cause())
                    .collect();
                assert_eq!(causes, [Cause::AbortAll; 3], "{tasks:#?}");
                console.nothing_for(4).await;
            },
        },
        scenario! {
            "17_a_straggler_at_shutdown",
            shim: async {
                let (tracker, token) = (TaskTracker::new(), CancellationToken::named("shutdown"));
                let waits = token.clone();
                let tracked = tracker.track_future(async move { waits.cancelled().await });
                bound("good", &token, tracked);
                bound("straggler", &token, tracker.track_future(pending::<()>()));
                all_wait().await;
                tracker.close();
                token.cancel();
                tracker.wait().await;
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::Stuck, "straggler").await;
                assert_cause(cancel(&leak), Cause::Token);
                assert_eq!(cancel(&leak).path, ["shutdown"]);
                assert_eq!(console.leaks().await.leaks.len(), 1);
            },
        },
    ]
}

async fn orphans(console: &mut Console, form: Form) {
    let leak = console.leak(Verdict::Orphaned, "child").await;
    assert_eq!(leak.ancestor.as_ref().expect("an ancestor").name, "parent");
    let below: Vec<_> = leak.holdings.iter().map(|held| held.label.as_str()).collect();
    assert!(below.contains(&"grandchild"), "{leak:#?}");
    let lineage = &leak.task.as_ref().expect("a task").ancestors;
    assert_eq!(lineage[0].name, "parent");
    let update = console.leaks().await;
    assert_eq!(update.leaks.len(), 1, "{:#?}", update.leaks);
    let totals = update.totals.expect("totals");
    assert_eq!((totals.leaks, totals.orphaned), (0, 1), "a warning is no leak");
    let cause = leak.ancestor_cancel.expect("it was cancelled").cause();
    assert_eq!(cause, if form == Form::Shim { Cause::Abort } else { Cause::Unknown });
}

/// Makes a timer, polls it and leaves it in a static.
async fn park_a_timer() {
    static PARKED: Mutex<Option<Pin<Box<tokio::time::Sleep>>>> = Mutex::new(None);
    let mut timer = Box::pin(tokio::time::sleep(GRACE * 14));
    let polled = poll_fn(|cx| Poll::Ready(timer.as_mut().poll(cx))).await;
    assert!(polled.is_pending());
    *PARKED.lock().expect("it") = Some(timer);
}

async fn task_group(console: &mut Console, form: Form) {
    // Its members have no names.
    let leak = console.leak(Verdict::LeftBehind, "").await;
    assert_eq!(console.totals().await.given, 1);
    if form == Form::Shim {
        assert_cause(cancel(&leak), Cause::SetDropped);
        assert_eq!(cancel(&leak).canceller.as_ref().expect("its owner").name, "owner");
        assert_holding(&leak.holdings[0], HoldingKind::Timer, "call_later", Phase::Before);
    } else {
        assert_cause(cancel(&leak), Cause::Unknown);
        assert_holding(&leak.holdings[0], HoldingKind::Timer, "sleep", Phase::Before);
    }
    let tasks = console.tasks().await;
    let cancelled = tasks.iter().filter(|task| task.outcome() == Outcome::Cancelled);
    assert_eq!(cancelled.count(), 4);
    console.cleared().await;
}
