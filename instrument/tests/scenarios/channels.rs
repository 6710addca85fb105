//! D: channels with any number of ends.

use std::{
    future::pending,
    sync::{Arc, LazyLock, Mutex as StdMutex},
    time::Duration,
};

use holdover::{
    sync::{Mutex, broadcast, mpsc, oneshot, watch},
    task::Builder,
    time::sleep,
};
use holdover_proto::v1::{self, HoldingKind, Outcome, Phase, Verdict};

use crate::{
    client::{Console, assert_holding, assert_site},
    harness::{GRACE, Scenario},
    lifecycle::{all_wait, named},
    scenario,
};

/// Whatever is parked, of whatever type.
static PARKED: StdMutex<Vec<Box<dyn Send>>> = StdMutex::new(Vec::new());
/// A sender that the whole service has.
static EVENTS: LazyLock<(mpsc::Sender<u8>, Mutex<mpsc::Receiver<u8>>)> = LazyLock::new(|| {
    let (tx, rx) = mpsc::named("events", 8);
    (tx, Mutex::new(rx))
});

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(3);

fn park(value: impl Send + 'static) {
    PARKED.lock().expect("it").push(Box::new(value));
}

fn let_go() {
    PARKED.lock().expect("it").clear();
}

/// A task that makes something, parks a part of it in a static, gives the other part
/// away and is cancelled; then what it parked goes.
async fn parker<P: Send + 'static, O: Send + 'static>(
    make: impl FnOnce() -> (P, O) + Send + 'static,
    other: impl AsyncFnOnce(O) + 'static,
) {
    let (give, take) = tokio::sync::oneshot::channel();
    let task = named("parker", async {
        let (parked, given) = make();
        park(parked);
        let _ = give.send(given);
        pending::<()>().await;
    });
    other(take.await.unwrap_or_else(|_| panic!("it is made"))).await;
    all_wait().await;
    task.abort();
    sleep(GRACE * 20).await;
    let_go();
}

fn swapped<A, B>((a, b): (A, B)) -> (B, A) {
    (b, a)
}

pub fn scenarios() -> Vec<Scenario> {
    let mut all = left_behind();
    all.extend(innocent());
    all
}

/// What is left behind is this, and who waits for it is named.
async fn waited_for(console: &mut Console, label: &str, channel: &str) -> v1::Leak {
    let waited = |leak: &v1::Leak| leak.holdings.first().is_some_and(|held| held.waiting == 1);
    let leak = console.leak_where(Verdict::LeftBehind, "parker", waited).await;
    assert_holding(&leak.holdings[0], HoldingKind::Channel, label, Phase::Before);
    assert_eq!((leak.holdings.len(), &*leak.holdings[0].waiters[0].name), (1, "waiter"));
    assert_site(&leak.holdings[0].site, "channels");
    let waits_for = console.task("waiter").await.waits_for.expect("it waits");
    assert_eq!((waits_for.kind(), &*waits_for.label), (HoldingKind::Channel, channel));
    assert_site(&waits_for.site, "channels");
    leak
}

async fn all_clear(console: &mut Console) {
    console.cleared().await;
    console.ended("waiter", Outcome::Completed).await;
    assert_eq!(console.totals().await.holdings, 0);
}

fn left_behind() -> Vec<Scenario> {
    vec![
        scenario! {
            "24_an_mpsc_sender_parked_in_a_static",
            shim: parker(
                || mpsc::channel::<u8>(4),
                async |mut rx: mpsc::Receiver<u8>| {
                    drop(named("waiter", async move { assert_eq!(rx.recv().await, None) }));
                },
            ),
            check: async |console: &mut Console, _| {
                let leak = waited_for(console, "mpsc sender", "mpsc").await;
                let held = &leak.holdings[0];
                assert_eq!((held.depth, held.capacity), (Some(0), Some(4)));
                all_clear(console).await;
            },
        },
        scenario! {
            "24_an_mpsc_receiver_parked_in_a_static",
            shim: parker(
                || swapped(mpsc::named::<u8>("jobs", 1)),
                async |tx: mpsc::Sender<u8>| {
                    drop(named("waiter", async move {
                        tx.send(1).await.expect("it has room");
                        tx.send(2).await.expect_err("nobody receives");
                    }));
                },
            ),
            check: async |console: &mut Console, _| {
                let leak = waited_for(console, "jobs receiver", "jobs").await;
                let held = &leak.holdings[0];
                assert_eq!((held.depth, held.capacity), (Some(1), Some(1)));
                all_clear(console).await;
            },
        },
        scenario! {
            "24_an_unbounded_sender_parked_in_a_static",
            shim: parker(
                || mpsc::unbounded_named::<u8>("jobs"),
                async |mut rx: mpsc::UnboundedReceiver<u8>| {
                    drop(named("waiter", async move { assert_eq!(rx.recv().await, None) }));
                },
            ),
            check: async |console: &mut Console, _| {
                let leak = waited_for(console, "jobs sender", "jobs").await;
                assert_eq!((leak.holdings[0].depth, leak.holdings[0].capacity), (None, None));
                all_clear(console).await;
            },
        },
        scenario! {
            "24_a_watch_sender_parked_in_a_static",
            shim: parker(
                || watch::channel(1),
                async |mut rx: watch::Receiver<i32>| {
                    drop(named("waiter", async move { assert!(rx.changed().await.is_err()) }));
                },
            ),
            check: async |console: &mut Console, _| {
                waited_for(console, "watch sender", "watch").await;
                all_clear(console).await;
            },
        },
        scenario! {
            "24_a_watch_receiver_parked_in_a_static",
            shim: parker(
                || swapped(watch::named("config", 1)),
                async |tx: watch::Sender<i32>| {
                    drop(named("waiter", async move { tx.closed().await }));
                },
            ),
            check: async |console: &mut Console, _| {
                waited_for(console, "config receiver", "config").await;
                all_clear(console).await;
            },
        },
        scenario! {
            "24_a_broadcast_sender_parked_in_a_static",
            shim: parker(
                || broadcast::channel::<u8>(3),
                async |mut rx: broadcast::Receiver<u8>| {
                    drop(named("waiter", async move { assert!(rx.recv().await.is_err()) }));
                },
            ),
            check: async |console: &mut Console, _| {
                let leak = waited_for(console, "broadcast sender", "broadcast").await;
                assert_eq!((leak.holdings[0].depth, leak.holdings[0].capacity), (None, Some(4)));
                all_clear(console).await;
            },
        },
        scenario! {
            "24_a_broadcast_receiver_parked_in_a_static",
            shim: parker(
                || swapped(broadcast::named::<u8>("news", 4)),
                async |tx: broadcast::Sender<u8>| {
                    drop(named("waiter", async move { tx.closed().await }));
                },
            ),
            check: async |console: &mut Console, _| {
                waited_for(console, "news receiver", "news").await;
                all_clear(console).await;
            },
        },
        scenario! {
            "24_a_reserved_place_parked_in_a_static",
            shim: async {
                let (tx, rx) = mpsc::named::<u8>("jobs", 1);
                let of_parker = tx.clone();
                let task = named("parker", async {
                    park(of_parker.reserve_owned().await.expect("open"));
                    pending::<()>().await;
                });
                all_wait().await;
                drop(named("waiter", async move { tx.send(1).await.expect("open") }));
                all_wait().await;
                task.abort();
                sleep(GRACE * 20).await;
                let_go();
                park(rx);
            },
            check: async |console: &mut Console, _| {
                let permit = |leak: &v1::Leak| {
                    let mut held = leak.holdings.iter();
                    held.find(|it| it.kind() == HoldingKind::Permit && it.waiting == 1).cloned()
                };
                let waited = |leak: &v1::Leak| permit(leak).is_some();
                let leak = console.leak_where(Verdict::LeftBehind, "parker", waited).await;
                let held = permit(&leak).expect("a permit");
                assert_holding(&held, HoldingKind::Permit, "jobs", Phase::Before);
                assert_eq!((held.depth, held.capacity), (Some(1), Some(1)));
                assert_eq!(held.waiters[0].name, "waiter");
                assert_site(&held.site, "channels");
                all_clear(console).await;
            },
        },
    ]
}

fn innocent() -> Vec<Scenario> {
    vec![
        scenario! {
            "24_ends_whose_other_side_is_gone",
            shim: async {
                let task = named("parker", async {
                    let (jobs, _queue) = mpsc::channel::<u8>(1);
                    let (config, _watching) = watch::channel(1);
                    let (_news, listening) = broadcast::channel::<u8>(1);
                    let (_answers, answered) = mpsc::channel::<u8>(1);
                    let (log, _lines) = mpsc::unbounded_channel::<u8>();
                    jobs.send(1).await.expect("it has room");
                    park((jobs, config, listening, answered, log));
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("parker").await;
                assert_eq!(console.totals().await.holdings, 0);
            },
        },
        scenario! {
            "24_ends_that_another_task_uses",
            shim: async {
                let (give, take) = tokio::sync::oneshot::channel();
                let (used, was_used) = tokio::sync::oneshot::channel();
                drop(named("user", async {
                    let (ends, others) = take.await.unwrap_or_else(|_| panic!("they are made"));
                    let (tx, mut rx, config, mut news): (
                        mpsc::Sender<u8>,
                        mpsc::UnboundedReceiver<u8>,
                        watch::Sender<i32>,
                        broadcast::Receiver<u8>,
                    ) = ends;
                    tx.send(1).await.expect("it has room");
                    assert!(rx.try_recv().is_err() && news.try_recv().is_err());
                    config.send_replace(2);
                    let _ = used.send(others);
                    pending::<()>().await;
                }));
                let maker = named("maker", async {
                    let (tx, queue) = mpsc::channel(1);
                    let (log, rx) = mpsc::unbounded_channel();
                    let (config, watching) = watch::channel(1);
                    let (events, news) = broadcast::channel(1);
                    let others = (queue, log, watching, events);
                    let _ = give.send(((tx, rx, config, news), others));
                    pending::<()>().await;
                });
                let (mut queue, log, mut watching, events) =
                    was_used.await.unwrap_or_else(|_| panic!("they are used"));
                // The others are used, too.
                assert_eq!(queue.recv().await, Some(1));
                log.send(1).expect("open");
                assert_eq!(*watching.borrow_and_update(), 2);
                events.send(1).expect("open");
                maker.abort();
                park((queue, log, watching, events));
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("maker").await;
                assert_eq!(console.task("user").await.holdings, 4);
            },
        },
        scenario! {
            "24_a_receiver_moved_to_a_child",
            shim: async {
                let spawner = named("spawner", async {
                    let (tx, mut rx) = mpsc::channel::<u8>(1);
                    let child = Builder::new().name("child").detached("it is to go on");
                    drop(child.spawn(async move {
                        sleep(GRACE * 15).await;
                        assert_eq!(rx.recv().await, Some(1));
                        pending::<()>().await;
                    }));
                    drop(named("friend", async move {
                        tx.send(1).await.expect("it has room");
                        park(tx);
                    }));
                    pending::<()>().await;
                });
                all_wait().await;
                spawner.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("spawner").await;
                console.nothing_for(12).await;
                console.task_where("child", |it| it.holdings == 1).await;
            },
        },
        scenario! {
            "24_a_request_sends_with_the_services_sender",
            shim: async {
                LazyLock::force(&EVENTS);
                let request = named("request", async {
                    EVENTS.0.send(1).await.expect("it has room");
                    pending::<()>().await;
                });
                all_wait().await;
                request.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("request").await;
                assert_eq!(console.task("request").await.holdings, 1, "it was the last to use it");
            },
        },
        scenario! {
            "29_workers_with_a_shared_queue_are_aborted",
            shim: async {
                let (tx, rx) = mpsc::named::<u8>("jobs", 4);
                let queue = Arc::new(Mutex::named("queue", rx));
                let workers = ["worker 1", "worker 2", "worker 3"].map(|name| {
                    let queue = Arc::clone(&queue);
                    named(name, async move {
                        loop {
                            let job = queue.lock().await.recv().await;
                            assert!(job.is_some(), "the queue is open");
                            sleep(PAUSE).await;
                        }
                    })
                });
                for job in 0..9 {
                    tx.send(job).await.expect("open");
                }
                all_wait().await;
                for worker in workers {
                    worker.abort();
                }
                // The pool is there, and so is who fills its queue.
                park((queue, tx));
            },
            check: async |console: &mut Console, _| {
                for name in ["worker 1", "worker 2", "worker 3"] {
                    console.nothing_on_the_cancelled(name).await;
                }
            },
        },
        scenario! {
            "47_an_actor_with_a_mailbox_whose_caller_is_aborted",
            shim: async {
                let (ask, mut mailbox) = mpsc::named::<oneshot::Sender<u8>>("mailbox", 1);
                drop(named("actor", async move {
                    while let Some(reply) = mailbox.recv().await {
                        sleep(GRACE * 6).await;
                        assert_eq!(reply.send(7), Err(7), "nobody waits");
                    }
                }));
                let of_caller = ask.clone();
                let caller = named("caller", async move {
                    let (reply, answer) = oneshot::channel();
                    of_caller.send(reply).await.expect("it lives");
                    let _ = answer.await;
                });
                // Others have asked by reference, and were aborted while the mailbox was full.
                let shared = Arc::new(ask);
                let others = ["other 1", "other 2"].map(|name| {
                    let ask = Arc::clone(&shared);
                    named(name, async move {
                        let (reply, answer) = oneshot::channel();
                        let _ = ask.send(reply).await;
                        let _ = answer.await;
                    })
                });
                all_wait().await;
                caller.abort();
                for other in others {
                    other.abort();
                }
                park(shared);
            },
            check: async |console: &mut Console, _| {
                for name in ["caller", "other 1", "other 2"] {
                    console.nothing_on_the_cancelled(name).await;
                }
                console.nothing_for(16).await;
            },
        },
    ]
}
