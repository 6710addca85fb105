//! D: locks and permits.

use std::{
    future::pending,
    sync::{Arc, LazyLock, Mutex as StdMutex},
    time::Duration,
};

use holdover::{
    sync::{
        Mutex, OwnedMutexGuard, Semaphore,
        oneshot::{Sender, channel},
    },
    time::sleep,
};
use holdover_proto::v1::{self, Accuracy, HoldingKind, Outcome, Phase, Verdict};
use tokio::sync::oneshot;

use crate::{
    client::{Console, assert_holding, assert_site},
    harness::{Form, GRACE, Scenario},
    lifecycle::{all_wait, named, plain},
    scenario,
};

static STATE: LazyLock<Arc<Mutex<u8>>> = LazyLock::new(|| Arc::new(Mutex::named("state", 0)));
static PARKED: StdMutex<Option<OwnedMutexGuard<u8>>> = StdMutex::new(None);
static SENDER: StdMutex<Option<Sender<u8>>> = StdMutex::new(None);
static DB: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::named("db", 3)));

static OF_TOKIO: LazyLock<Arc<tokio::sync::Semaphore>> =
    LazyLock::new(|| Arc::new(tokio::sync::Semaphore::new(3)));

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(3);

pub fn scenarios() -> Vec<Scenario> {
    let mut all = locks();
    all.extend(permits());
    all.extend(channels());
    all
}

fn locks() -> Vec<Scenario> {
    vec![
        scenario! {
            "18_a_guard_outlives_its_task",
            shim: async {
                let holder = named("holder", async {
                    let guard = Arc::clone(&STATE).lock_owned().await;
                    *PARKED.lock().expect("it") = Some(guard);
                    pending::<()>().await;
                });
                all_wait().await;
                for name in ["waiter 1", "waiter 2"] {
                    drop(named(name, async { drop(STATE.lock().await) }));
                }
                all_wait().await;
                holder.abort();
                sleep(GRACE * 20).await;
                drop(PARKED.lock().expect("it").take());
            },
            check: async |console: &mut Console, _| {
                let all_wait = |leak: &v1::Leak| {
                    leak.holdings.first().is_some_and(|held| held.waiting == 2)
                };
                let leak = console.leak_where(Verdict::LeftBehind, "holder", all_wait).await;
                let held = &leak.holdings[0];
                assert_holding(held, HoldingKind::Lock, "state", Phase::Before);
                assert_site(&held.site, "shares");
                let mut names: Vec<&str> =
                    held.waiters.iter().map(|waiter| waiter.name.as_str()).collect();
                names.sort_unstable();
                assert_eq!(names, ["waiter 1", "waiter 2"]);
                console.cleared().await;
                let waiter = console.ended("waiter 1", Outcome::Completed).await;
                assert_eq!(waiter.waits_for, None, "it got the lock");
            },
        },
        scenario! {
            "18_a_guard_of_tokios_own_outlives_its_task",
            plain: async {
                let lock = Arc::new(tokio::sync::Mutex::new(0));
                let parked: Arc<StdMutex<Option<_>>> = Arc::default();
                let (of_task, park) = (Arc::clone(&lock), Arc::clone(&parked));
                let holder = plain("holder", async move {
                    let guard = of_task.lock_owned().await;
                    *park.lock().expect("it") = Some(guard);
                    pending::<()>().await;
                });
                all_wait().await;
                drop(plain("waiter", async move { drop(lock.lock().await) }));
                all_wait().await;
                holder.abort();
                tokio::time::sleep(GRACE * 10).await;
                drop(parked.lock().expect("it").take());
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::LeftBehind, "holder").await;
                let held = &leak.holdings[0];
                assert_holding(held, HoldingKind::Lock, "Mutex", Phase::Before);
                assert_eq!(held.accuracy(), Accuracy::Inferred);
                assert_site(&held.site, "shares");
                console.cleared().await;
                console.ended("waiter", Outcome::Completed).await;
                assert_eq!(console.totals().await.holdings, 0);
            },
        },
        scenario! {
            "18_a_lock_that_changes_hands",
            plain: async {
                let lock = Arc::new(tokio::sync::Mutex::new(0));
                let tasks = ["one", "two", "three"].map(|name| {
                    let lock = Arc::clone(&lock);
                    plain(name, async move {
                        for _ in 0..100 {
                            *lock.lock().await += 1;
                            tokio::task::yield_now().await;
                        }
                        pending::<()>().await;
                    })
                });
                while *lock.lock().await < 300 {
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
        scenario! {
            "18_a_task_that_waits_says_for_what",
            shim: async {
                drop(named("holder", async {
                    let _guard = STATE.lock().await;
                    pending::<()>().await;
                }));
                all_wait().await;
                drop(named("waiter", async { drop(STATE.lock().await) }));
            },
            check: async |console: &mut Console, _| {
                let waiter = console.task_where("waiter", |task| task.waits_for.is_some()).await;
                let waits_for = waiter.waits_for.expect("something");
                assert_eq!((waits_for.kind(), waits_for.label.as_str()), (HoldingKind::Lock, "state"));
                assert_site(&waits_for.site, "shares");
                assert_eq!(waiter.holdings, 0, "to wait is not to hold");
                console.nothing_for(3).await;
            },
        },
        scenario! {
            "18_a_waiter_is_cancelled",
            shim: async {
                drop(named("holder", async {
                    let _guard = STATE.lock().await;
                    pending::<()>().await;
                }));
                all_wait().await;
                let waiter = named("waiter", async { drop(STATE.lock().await) });
                all_wait().await;
                waiter.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("waiter").await;
                assert_eq!(console.task("waiter").await.waits_for, None);
            },
        },
        scenario! {
            "18_a_guard_that_another_task_uses",
            shim: async {
                let (give, take) = oneshot::channel::<OwnedMutexGuard<u8>>();
                let (used, was_used) = oneshot::channel();
                drop(named("user", async move {
                    let mut guard = take.await.expect("a guard");
                    *guard += 1;
                    let _ = used.send(());
                    pending::<()>().await;
                }));
                let holder = named("holder", async {
                    let guard = Arc::clone(&STATE).lock_owned().await;
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
    ]
}

fn permits() -> Vec<Scenario> {
    vec![
        scenario! {
            "19_a_forgotten_permit",
            shim: async {
                let task = named("forgetful", async {
                    DB.acquire_many(2).await.expect("open").forget();
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
                sleep(GRACE * 10).await;
                DB.add_permits(1);
                sleep(GRACE * 10).await;
                DB.add_permits(1);
            },
            check: async |console: &mut Console, _| {
                let of = |amount| move |leak: &v1::Leak| {
                    leak.holdings.first().is_some_and(|held| held.amount == amount)
                };
                let leak = console.leak_where(Verdict::LeftBehind, "forgetful", of(2)).await;
                assert_holding(&leak.holdings[0], HoldingKind::Permit, "db", Phase::Before);
                assert_site(&leak.holdings[0].site, "shares");
                console.leak_where(Verdict::LeftBehind, "forgetful", of(1)).await;
                console.cleared().await;
            },
        },
        scenario! {
            "19_a_permit_dropped_with_its_task",
            shim: async {
                let task = named("tidy", async {
                    let _permit = DB.acquire().await.expect("open");
                    let _other = Arc::clone(&DB).acquire_owned().await.expect("open");
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("tidy").await;
                assert_eq!(console.totals().await.holdings, 0);
            },
        },
        scenario! {
            "19_a_permit_of_a_closed_semaphore_is_forgotten",
            shim: async {
                let task = named("forgetful", async {
                    let permit = DB.acquire().await.expect("open");
                    DB.close();
                    permit.forget();
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("forgetful").await;
                assert_eq!(console.totals().await.holdings, 0);
            },
        },
        scenario! {
            "46_an_accept_loop_moves_a_permit_into_each_connection",
            shim: async {
                let accepts = named("accept loop", async {
                    for _ in 0..3 {
                        let permit = Arc::clone(&DB).acquire_owned().await.expect("open");
                        drop(named("connection", async move {
                            let _permit = permit;
                            pending::<()>().await;
                        }));
                    }
                    pending::<()>().await;
                });
                all_wait().await;
                accepts.abort();
            },
            plain: async {
                let accepts = plain("accept loop", async {
                    for _ in 0..3 {
                        let permit = Arc::clone(&OF_TOKIO).acquire_owned().await.expect("open");
                        drop(plain("connection", async move {
                            let _permit = permit;
                            pending::<()>().await;
                        }));
                    }
                    pending::<()>().await;
                });
                all_wait().await;
                accepts.abort();
            },
            check: connections_may_be_orphaned,
        },
    ]
}

fn channels() -> Vec<Scenario> {
    vec![
        scenario! {
            "24_a_sender_dropped_with_its_task",
            shim: async {
                let (tx, rx) = channel::<u8>();
                let sender = named("sender", async {
                    let _tx = tx;
                    pending::<()>().await;
                });
                drop(named("receiver", async {
                    assert!(rx.await.is_err());
                }));
                all_wait().await;
                sender.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("sender").await;
                console.ended("receiver", Outcome::Completed).await;
                assert_eq!(console.totals().await.holdings, 0);
            },
        },
        scenario! {
            "24_a_sender_parked_in_a_static",
            shim: async {
                let (give, take) = tokio::sync::oneshot::channel();
                let sender = named("sender", async {
                    let (tx, rx) = channel::<u8>();
                    let _ = give.send(rx);
                    *SENDER.lock().expect("it") = Some(tx);
                    pending::<()>().await;
                });
                drop(named("receiver", async {
                    let rx = take.await.expect("it is made");
                    assert!(rx.await.is_err());
                }));
                all_wait().await;
                sender.abort();
                sleep(GRACE * 20).await;
                drop(SENDER.lock().expect("it").take());
            },
            check: async |console: &mut Console, _| {
                let waited_for = |leak: &v1::Leak| {
                    leak.holdings.first().is_some_and(|held| held.waiting == 1)
                };
                let leak = console.leak_where(Verdict::LeftBehind, "sender", waited_for).await;
                let held = &leak.holdings[0];
                assert_holding(held, HoldingKind::Channel, "sender", Phase::Before);
                assert_eq!((leak.holdings.len(), &*held.waiters[0].name), (1, "receiver"));
                assert_site(&held.site, "shares");
                let receiver = console.task("receiver").await;
                assert_eq!(receiver.waits_for.map(|it| it.label).as_deref(), Some("oneshot"));
                console.cleared().await;
                console.ended("receiver", Outcome::Completed).await;
            },
        },
        scenario! {
            "47_a_slow_actors_caller_is_cancelled",
            shim: async {
                let (ask, mut asked) = tokio::sync::mpsc::channel::<Sender<u8>>(1);
                drop(named("actor", async move {
                    let reply = asked.recv().await.expect("somebody asks");
                    sleep(GRACE * 6).await;
                    assert_eq!(reply.send(7), Err(7), "nobody waits");
                    pending::<()>().await;
                }));
                let caller = named("caller", async move {
                    let (reply, answer) = channel();
                    ask.send(reply).await.expect("it lives");
                    let _ = answer.await;
                });
                all_wait().await;
                caller.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("caller").await;
                console.nothing_for(8).await;
            },
        },
    ]
}

async fn connections_may_be_orphaned(console: &mut Console, _: Form) {
    console.leak(Verdict::Orphaned, "connection").await;
    let update = console.leaks().await;
    let others: Vec<_> =
        update.leaks.iter().filter(|leak| leak.verdict() != Verdict::Orphaned).collect();
    assert!(others.is_empty(), "the permits are with the connections: {others:#?}");
}
