//! D: read-write locks.

use std::{
    future::pending,
    sync::{Arc, LazyLock, Mutex as StdMutex},
    time::Duration,
};

use holdover::{
    sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock},
    time::sleep,
};
use holdover_proto::v1::{self, Accuracy, HoldingKind, Outcome, Phase, Verdict};

use crate::{
    client::{Console, assert_holding, assert_site},
    harness::{Form, GRACE, Scenario},
    lifecycle::{all_wait, named, plain},
    scenario,
};

type OfTokio = Arc<tokio::sync::RwLock<u8>>;

static STATE: LazyLock<Arc<RwLock<u8>>> = LazyLock::new(|| Arc::new(RwLock::named("state", 0)));
static READ: StdMutex<Option<OwnedRwLockReadGuard<u8>>> = StdMutex::new(None);
static WRITE: StdMutex<Option<OwnedRwLockWriteGuard<u8>>> = StdMutex::new(None);
static TOKIOS: LazyLock<OfTokio> = LazyLock::new(|| Arc::new(tokio::sync::RwLock::new(0)));

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(3);

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "18_a_read_guard_outlives_its_task",
            shim: async {
                let holder = named("holder", async {
                    let guard = Arc::clone(&STATE).read_owned().await;
                    *READ.lock().expect("it") = Some(guard);
                    pending::<()>().await;
                });
                all_wait().await;
                drop(named("writer", async { *STATE.write().await += 1 }));
                all_wait().await;
                drop(named("reader", async { drop(STATE.read().await) }));
                all_wait().await;
                holder.abort();
                sleep(GRACE * 20).await;
                drop(READ.lock().expect("it").take());
            },
            plain: async {
                let parked: Arc<StdMutex<Option<_>>> = Arc::default();
                let park = Arc::clone(&parked);
                let holder = plain("holder", async move {
                    let guard = Arc::clone(&TOKIOS).read_owned().await;
                    *park.lock().expect("it") = Some(guard);
                    pending::<()>().await;
                });
                all_wait().await;
                drop(plain("writer", async { *TOKIOS.write().await += 1 }));
                all_wait().await;
                drop(plain("reader", async { drop(TOKIOS.read().await) }));
                all_wait().await;
                holder.abort();
                tokio::time::sleep(GRACE * 20).await;
                drop(parked.lock().expect("it").take());
            },
            check: async |console: &mut Console, form| {
                let waiting = [("reader", "state, read"), ("writer", "state, write")];
                left_behind(console, form, "read", &waiting).await;
            },
        },
        scenario! {
            "18_a_write_guard_outlives_its_task",
            shim: async {
                let holder = named("holder", async {
                    let guard = Arc::clone(&STATE).write_owned().await;
                    *WRITE.lock().expect("it") = Some(guard);
                    pending::<()>().await;
                });
                all_wait().await;
                drop(named("reader", async { drop(STATE.read().await) }));
                all_wait().await;
                drop(named("writer", async { *STATE.write().await += 1 }));
                all_wait().await;
                holder.abort();
                sleep(GRACE * 20).await;
                drop(WRITE.lock().expect("it").take());
            },
            plain: async {
                let parked: Arc<StdMutex<Option<_>>> = Arc::default();
                let park = Arc::clone(&parked);
                let holder = plain("holder", async move {
                    let guard = Arc::clone(&TOKIOS).write_owned().await;
                    *park.lock().expect("it") = Some(guard);
                    pending::<()>().await;
                });
                all_wait().await;
                drop(plain("reader", async { drop(TOKIOS.read().await) }));
                all_wait().await;
                drop(plain("writer", async { *TOKIOS.write().await += 1 }));
                all_wait().await;
                holder.abort();
                tokio::time::sleep(GRACE * 20).await;
                drop(parked.lock().expect("it").take());
            },
            check: async |console: &mut Console, form| {
                let waiting = [("reader", "state, read"), ("writer", "state, write")];
                left_behind(console, form, "write", &waiting).await;
            },
        },
        scenario! {
            "18_guards_that_go_with_their_tasks",
            shim: async {
                let writer = named("writer", async {
                    let _guard = STATE.write().await;
                    pending::<()>().await;
                });
                all_wait().await;
                let reader = named("reader", async {
                    let _guard = Arc::clone(&STATE).read_owned().await;
                    pending::<()>().await;
                });
                writer.abort();
                all_wait().await;
                reader.abort();
            },
            plain: async {
                let writer = plain("writer", async {
                    let _guard = TOKIOS.write().await;
                    pending::<()>().await;
                });
                all_wait().await;
                let reader = plain("reader", async {
                    let _guard = Arc::clone(&TOKIOS).read_owned().await;
                    pending::<()>().await;
                });
                writer.abort();
                all_wait().await;
                reader.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("writer").await;
                console.nothing_on_the_cancelled("reader").await;
                assert_eq!(console.totals().await.holdings, 0);
            },
        },
        scenario! {
            "18_a_read_guard_that_another_task_uses",
            shim: async {
                let (give, take) = holdover::sync::oneshot::channel::<OwnedRwLockReadGuard<u8>>();
                let (used, was_used) = holdover::sync::oneshot::channel();
                drop(named("user", async move {
                    let guard = take.await.expect("a guard");
                    let _ = used.send(*guard);
                    pending::<()>().await;
                }));
                let holder = named("holder", async {
                    let guard = Arc::clone(&STATE).write_owned().await.downgrade();
                    let _ = give.send(guard);
                    pending::<()>().await;
                });
                was_used.await.expect("it is used");
                holder.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("holder").await;
                assert_eq!(console.task("user").await.holdings, 1, "the guard is the user's");
            },
        },
        scenario! {
            "18_many_readers_that_come_and_go",
            plain: async {
                let tasks = ["one", "two", "three"].map(|name| {
                    plain(name, async {
                        for _ in 0..100 {
                            let guard = TOKIOS.read().await;
                            tokio::task::yield_now().await;
                            drop(guard);
                        }
                        *TOKIOS.write().await += 1;
                        pending::<()>().await;
                    })
                });
                while *TOKIOS.read().await < 3 {
                    tokio::time::sleep(PAUSE).await;
                }
                for task in tasks {
                    task.abort();
                }
            },
            check: async |console: &mut Console, _| {
                for name in ["one", "two", "three"] {
                    console.nothing_on_the_cancelled(name).await;
                }
                assert_eq!(console.totals().await.holdings, 0);
            },
        },
    ]
}

async fn left_behind(console: &mut Console, form: Form, how: &str, waiting: &[(&str, &str)]) {
    // Who waits for a lock is not known where only tokio's spans tell of it.
    let (lock, waiters) = if form == Form::Shim { ("state", waiting) } else { ("RwLock", &[][..]) };
    let all_wait = |leak: &v1::Leak| {
        leak.holdings.first().is_some_and(|held| held.waiting as usize == waiters.len())
    };
    let leak = console.leak_where(Verdict::LeftBehind, "holder", all_wait).await;
    let held = &leak.holdings[0];
    assert_holding(held, HoldingKind::Lock, &format!("{lock}, {how}"), Phase::Before);
    let exact = held.accuracy() == Accuracy::Exact;
    assert_eq!((exact, leak.holdings.len()), (form == Form::Shim, 1));
    assert_site(&held.site, "rwlocks");
    let mut names: Vec<&str> = held.waiters.iter().map(|waiter| waiter.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, waiters.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (name, label) in waiters {
        let task = console.task(name).await;
        // It may have got the lock by now.
        assert!(task.waits_for.is_none_or(|waits| waits.label == *label));
    }
    console.cleared().await;
    for name in ["reader", "writer"] {
        console.ended(name, Outcome::Completed).await;
    }
    assert_eq!(console.totals().await.holdings, 0);
}
