//! D: resources, as far as tasks, timers, callbacks and explicit holds go.

use std::{
    future::pending,
    sync::{Arc, Mutex, Weak, mpsc},
    thread,
    time::Duration,
};

use holdover::{
    hold::{Held, Hold, Kind, Registry},
    time::{Instant, sleep},
};
use holdover_proto::v1::{HoldingKind, Outcome, Phase, Verdict};

use crate::{
    client::{Console, assert_holding, assert_site},
    harness::{GRACE, Scenario},
    lifecycle::{all_wait, named, plain},
    scenario,
};

static PARKED: Mutex<Option<Held<String>>> = Mutex::new(None);

/// Two values that keep each other alive.
struct Node {
    _value: Held<u8>,
    other: Mutex<Other>,
}

enum Other {
    None,
    Strong(#[expect(dead_code, reason = "it keeps the other alive")] Arc<Node>),
    Weak(#[expect(dead_code, reason = "it does not")] Weak<Node>),
}

fn pair(link: fn(&Arc<Node>) -> Other) {
    let node = || {
        let value = Held::new(7, Kind::Custom, "node");
        Arc::new(Node { _value: value, other: Mutex::new(Other::None) })
    };
    let (a, b) = (node(), node());
    *a.other.lock().expect("it") = link(&b);
    *b.other.lock().expect("it") = link(&a);
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "21_a_value_parked_in_a_static",
            shim: async {
                let task = named("parker", async {
                    let held = Held::new("orders.db".to_owned(), Kind::File, "orders.db");
                    *PARKED.lock().expect("it") = Some(held);
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
                sleep(GRACE * 10).await;
                drop(PARKED.lock().expect("it").take());
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::LeftBehind, "parker").await;
                assert_holding(&leak.holdings[0], HoldingKind::File, "orders.db", Phase::Before);
                assert_site(&leak.holdings[0].site, "resources");
                assert_eq!(leak.goes_ns, None, "nothing known will release it");
                console.cleared().await;
            },
        },
        scenario! {
            "22_what_is_held_beyond_its_limit",
            shim: async {
                let owner = async {
                    let limit = GRACE * 3;
                    let _tidy = Hold::new(Kind::File, "tidy").with_limit(Duration::from_secs(60));
                    let late = Hold::new(Kind::Connection, "late").with_limit(limit);
                    sleep(GRACE * 12).await;
                    drop(late);
                    pending::<()>().await;
                };
                drop(named("owner", owner));
            },
            check: async |console: &mut Console, _| {
                let row = console.leak(Verdict::Overdue, "owner").await;
                assert_eq!(row.holdings.len(), 1, "{row:#?}");
                assert_holding(&row.holdings[0], HoldingKind::Connection, "late", Phase::Before);
                let held_for = Duration::from_nanos(row.given_ns - row.holdings[0].acquired_ns);
                assert!(held_for >= GRACE * 3, "{row:#?}");
                let task = row.task.expect("its owner");
                assert!(task.cancel.is_none() && task.outcome() == Outcome::Unspecified);
                let totals = console.totals().await;
                assert!(totals.leaks == 0, "a warning is no leak: {totals:?}");
                console.cleared().await;
                assert_eq!(console.totals().await.holdings, 1, "the other has its time");
            },
        },
        scenario! {
            "22_a_registry_whose_sweeper_cannot_close_one",
            shim: async {
                let registry = Registry::new(Kind::File, "upload");
                let swept = registry.clone();
                drop(named("sweeper", async move {
                    let busy_until = Instant::now() + GRACE * 12;
                    let close = async |path: Arc<&str>| {
                        let busy = *path == "stubborn" && Instant::now() < busy_until;
                        if busy { Err("it is busy") } else { Ok(()) }
                    };
                    swept.sweep_every(GRACE, close).await;
                }));
                let request = named("request", async move {
                    for path in ["willing", "stubborn"] {
                        registry.register(Arc::new(path), GRACE * 3);
                    }
                    pending::<()>().await;
                });
                all_wait().await;
                request.abort();
            },
            check: async |console: &mut Console, _| {
                let row = console.leak_where(Verdict::Overdue, "nobody", |row| {
                    row.holdings.len() == 1
                });
                let row = row.await;
                assert_holding(&row.holdings[0], HoldingKind::File, "upload", Phase::Before);
                assert_site(&row.holdings[0].site, "resources");
                assert_eq!(console.totals().await.leaks, 0, "the request has left nothing");
                console.cleared().await;
                assert_eq!(console.totals().await.overdue, 0);
            },
        },
        scenario! {
            "22_what_goes_within_its_limit",
            shim: async {
                drop(named("owner", async {
                    for _ in 0..5 {
                        let held = Held::new(7, Kind::Custom, "short").with_limit(GRACE * 20);
                        sleep(GRACE / 2).await;
                        drop(held);
                    }
                    drop(named("done", async {}));
                    pending::<()>().await;
                }));
            },
            check: async |console: &mut Console, _| {
                console.ended("done", Outcome::Completed).await;
                console.nothing_for(4).await;
            },
        },
        scenario! {
            "23_a_cycle_of_arcs",
            shim: async {
                let task = named("cyclic", async {
                    pair(|other| Other::Strong(Arc::clone(other)));
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::LeftBehind, "cyclic").await;
                assert_eq!(leak.holdings.len(), 2);
            },
        },
        scenario! {
            "23_a_cycle_with_a_weak_link",
            shim: async {
                let task = named("acyclic", async {
                    pair(|other| Other::Weak(Arc::downgrade(other)));
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("acyclic").await;
            },
        },
        scenario! {
            "25_a_blocking_closure_outlives_its_parent",
            shim: async {
                let task = named("parent", async {
                    let closure = || thread::sleep(GRACE * 10);
                    let _ = holdover::task::spawn_blocking(closure).await;
                });
                all_wait().await;
                task.abort();
            },
            plain: async {
                let task = plain("parent", async {
                    let _ = tokio::task::spawn_blocking(|| thread::sleep(GRACE * 10)).await;
                });
                all_wait().await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::LeftBehind, "parent").await;
                assert_eq!(leak.holdings[0].kind(), HoldingKind::Blocking);
                assert_eq!(leak.holdings[0].phase(), Phase::Before);
                console.cleared().await;
            },
        },
        scenario! {
            "25_a_running_blocking_closure_is_aborted",
            shim: async {
                let (begins, begun) = mpsc::channel();
                let closure = move || {
                    begins.send(()).expect("it is waited for");
                    thread::sleep(GRACE * 10);
                };
                let builder = holdover::task::Builder::new().name("closure");
                let task = builder.spawn_blocking(closure).expect("a task");
                begun.recv().expect("it runs");
                task.abort();
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::Stuck, "closure").await;
                assert_eq!(leak.task.expect("a task").cancel.expect("asked").polls_since, 0);
                console.cleared().await;
            },
        },
    ]
}
