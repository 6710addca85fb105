//! D and F: permits and channels of tokio's own, and who waits to be notified.

use std::{
    future::pending,
    sync::{Arc, LazyLock, Mutex as StdMutex},
};

use holdover::sync::{Barrier, Notify};
use holdover_proto::v1::{self, Accuracy, HoldingKind, Outcome, Phase, Verdict};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::sleep,
};

use crate::{
    client::{Console, assert_holding, assert_site, told_to_go_on},
    harness::{GRACE, Scenario},
    lifecycle::{all_wait, named, plain},
    scenario,
};

static ONE: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(1)));
static TWO: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));
static PERMIT: StdMutex<Option<OwnedSemaphorePermit>> = StdMutex::new(None);
static SENDER: StdMutex<Option<oneshot::Sender<u8>>> = StdMutex::new(None);
static CHANGED: LazyLock<Notify> = LazyLock::new(|| Notify::named("changed"));
static START: LazyLock<Barrier> = LazyLock::new(|| Barrier::named("start", 2));

pub fn scenarios() -> Vec<Scenario> {
    let mut all = permits();
    all.extend(channels());
    all.extend(signals());
    all
}

fn permits() -> Vec<Scenario> {
    vec![
        scenario! {
            "19_a_permit_of_tokios_own_outlives_its_task",
            plain: async {
                let holder = plain("holder", async {
                    let permit = Arc::clone(&ONE).acquire_owned().await.expect("open");
                    *PERMIT.lock().expect("it") = Some(permit);
                    pending::<()>().await;
                });
                all_wait().await;
                drop(plain("waiter", async { drop(ONE.acquire().await) }));
                all_wait().await;
                holder.abort();
                sleep(GRACE * 20).await;
                drop(PERMIT.lock().expect("it").take());
            },
            check: async |console: &mut Console, _| {
                let is_waited_for = |leak: &v1::Leak| {
                    leak.holdings.first().is_some_and(|held| held.waiting == 1)
                };
                let leak = console.leak_where(Verdict::LeftBehind, "holder", is_waited_for).await;
                let held = &leak.holdings[0];
                assert_holding(held, HoldingKind::Permit, "Semaphore", Phase::Before);
                assert_eq!((held.accuracy(), &*held.waiters[0].name), (Accuracy::Inferred, "waiter"));
                assert_site(&held.site, "spans");
                console.cleared().await;
                let waiter = console.ended("waiter", Outcome::Completed).await;
                assert_eq!(waiter.waits_for, None, "it got the permit");
                assert_eq!(console.totals().await.holdings, 0);
            },
        },
        scenario! {
            "19_a_permit_that_moves_and_is_released_by_another",
            plain: async {
                let (give, take) = oneshot::channel();
                drop(plain("other", async {
                    let permit: OwnedSemaphorePermit = take.await.expect("a permit");
                    drop(permit);
                    pending::<()>().await;
                }));
                let holder = plain("holder", async {
                    let permit = Arc::clone(&TWO).acquire_owned().await.expect("open");
                    give.send(permit).expect("it waits");
                    pending::<()>().await;
                });
                while TWO.available_permits() < 2 || holder.is_finished() {
                    all_wait().await;
                }
                all_wait().await;
                holder.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("holder").await;
                assert_eq!(console.totals().await.holdings, 0);
            },
        },
        scenario! {
            "19_a_task_that_drops_anothers_permit_and_keeps_its_own",
            plain: async {
                let (give, take) = oneshot::channel();
                drop(plain("other", async {
                    let moved: OwnedSemaphorePermit = take.await.expect("a permit");
                    let _own = TWO.acquire().await.expect("open");
                    drop(moved);
                    pending::<()>().await;
                }));
                let holder = plain("holder", async {
                    let permit = Arc::clone(&TWO).acquire_owned().await.expect("open");
                    give.send(permit).expect("it waits");
                    pending::<()>().await;
                });
                all_wait().await;
                holder.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("holder").await;
            },
        },
    ]
}

fn channels() -> Vec<Scenario> {
    vec![
        scenario! {
            "24_a_sender_of_tokios_own_dropped_with_its_task",
            plain: async {
                let (tx, rx) = oneshot::channel::<u8>();
                let sender = plain("sender", async {
                    let _tx = tx;
                    pending::<()>().await;
                });
                drop(plain("receiver", async { assert!(rx.await.is_err()) }));
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
            "24_a_sender_of_tokios_own_parked_in_a_static",
            plain: async {
                let (give, mut take) = mpsc::channel(1);
                let sender = plain("sender", async move {
                    let (tx, rx) = oneshot::channel::<u8>();
                    give.send(rx).await.expect("it waits");
                    *SENDER.lock().expect("it") = Some(tx);
                    pending::<()>().await;
                });
                drop(plain("receiver", async move {
                    let rx = take.recv().await.expect("it is made");
                    assert!(rx.await.is_err());
                }));
                all_wait().await;
                sender.abort();
                sleep(GRACE * 20).await;
                drop(SENDER.lock().expect("it").take());
            },
            check: async |console: &mut Console, _| {
                let is_waited_for = |leak: &v1::Leak| {
                    leak.holdings.first().is_some_and(|held| held.waiting == 1)
                };
                let leak = console.leak_where(Verdict::LeftBehind, "sender", is_waited_for).await;
                let held = &leak.holdings[0];
                assert_holding(held, HoldingKind::Channel, "sender", Phase::Before);
                assert_eq!((leak.holdings.len(), &*held.waiters[0].name), (1, "receiver"));
                assert_eq!(held.accuracy(), Accuracy::Inferred);
                assert_site(&held.site, "spans");
                console.cleared().await;
                console.ended("receiver", Outcome::Completed).await;
                assert_eq!(console.totals().await.holdings, 0);
            },
        },
        scenario! {
            "47_a_slow_actor_with_a_channel_of_tokios_own",
            plain: async {
                let (ask, mut asked) = mpsc::channel::<oneshot::Sender<u8>>(1);
                drop(plain("actor", async move {
                    let reply = asked.recv().await.expect("somebody asks");
                    sleep(GRACE * 6).await;
                    assert_eq!(reply.send(7), Err(7), "nobody waits");
                    pending::<()>().await;
                }));
                let caller = plain("caller", async move {
                    let (reply, answer) = oneshot::channel();
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

fn signals() -> Vec<Scenario> {
    vec![scenario! {
        "24_who_waits_to_be_notified_holds_nothing",
        shim: async {
            drop(named("waiter", async { CHANGED.notified().await }));
            let cancelled = named("cancelled", async { CHANGED.notified().await });
            drop(named("at the barrier", async {
                    let _ = START.wait().await;
                }));
            told_to_go_on().await;
            cancelled.abort();
            told_to_go_on().await;
            CHANGED.notify_one();
            START.wait().await;
        },
        check: async |console: &mut Console, _| {
            let waits = |task: &v1::Task| task.waits_for.is_some();
            for (name, kind, label) in [
                ("waiter", HoldingKind::Channel, "changed"),
                ("at the barrier", HoldingKind::Custom, "start"),
            ] {
                let task = console.task_where(name, waits).await;
                let waits_for = task.waits_for.expect("something");
                assert_eq!((waits_for.kind(), waits_for.label.as_str()), (kind, label));
                assert_site(&waits_for.site, "spans");
                assert_eq!(task.holdings, 0, "to wait is not to hold");
            }
            console.go_on();
            console.nothing_on_the_cancelled("cancelled").await;
            assert_eq!(console.task("cancelled").await.waits_for, None);
            console.go_on();
            for name in ["waiter", "at the barrier"] {
                assert_eq!(console.ended(name, Outcome::Completed).await.waits_for, None);
            }
        },
    }]
}
