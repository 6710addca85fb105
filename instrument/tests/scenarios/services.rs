//! E: shutdown, and services with something of their own under way.

use std::{
    collections::HashMap,
    future::pending,
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::Duration,
};

use holdover::{
    hold::{Held, Kind},
    sync::{CancellationToken, Mutex},
    task::{JoinHandle, TaskTracker},
    time::{call_later, sleep, timeout},
};
use holdover_proto::v1::{Cause, HoldingKind, Outcome, Phase, Verdict};
use tokio::sync::{Mutex as Shared, mpsc};

use crate::{
    client::{Console, assert_cause, assert_holding, assert_site, cancel},
    harness::{GRACE, Scenario},
    lifecycle::{all_wait, bound, named},
    scenario,
};

pub fn scenarios() -> Vec<Scenario> {
    let mut all = shutdowns();
    all.push(double_delete());
    all.extend(worker_pools());
    all
}

/// Serves until it is asked to stop, and then what it has under way.
async fn connection(stop: CancellationToken, last_request: impl Future<Output = ()>) {
    while stop.run_until_cancelled(sleep(GRACE / 20)).await.is_some() {}
    last_request.await;
}

/// Stops accepting, drains and releases; says whether it was done by the deadline.
async fn shut_down(stop: &CancellationToken, open: &TaskTracker, deadline: Duration) {
    stop.cancel_because("deploy");
    open.close();
    let name = if timeout(deadline, open.wait()).await.is_ok() { "drained" } else { "late" };
    named(name, async {}).await.expect("it ends");
}

fn accept(stop: &CancellationToken, open: &TaskTracker) {
    let accepts = stop.clone();
    bound("acceptor", stop, async move { accepts.cancelled().await });
    for name in ["one", "two"] {
        let future = connection(stop.clone(), sleep(GRACE / 10));
        bound(name, stop, open.track_future(future));
    }
}

fn shutdowns() -> Vec<Scenario> {
    vec![
        scenario! {
            "27_graceful_shutdown_drains",
            shim: async {
                let (stop, open) = (CancellationToken::named("shutdown"), TaskTracker::new());
                accept(&stop, &open);
                all_wait().await;
                shut_down(&stop, &open, GRACE * 20).await;
            },
            check: async |console: &mut Console, _| {
                console.task("drained").await;
                for name in ["acceptor", "one", "two"] {
                    let task = console.ended(name, Outcome::Completed).await;
                    let cancel = task.cancel.as_ref().unwrap_or_else(|| panic!("{task:#?}"));
                    assert_cause(cancel, Cause::Token);
                }
                console.nothing_for(4).await;
            },
        },
        scenario! {
            "27_graceful_shutdown_at_its_deadline",
            shim: async {
                let (stop, open) = (CancellationToken::named("shutdown"), TaskTracker::new());
                let ledger = Arc::new(Mutex::named("ledger", 0));
                accept(&stop, &open);
                let locked = Arc::clone(&ledger);
                let books = named("books", async move {
                    let _books = locked.lock().await;
                    pending::<()>().await;
                });
                all_wait().await;
                let writes = async move { *ledger.lock().await += 1 };
                let future = connection(stop.clone(), writes);
                bound("straggler", &stop, open.track_future(future));
                shut_down(&stop, &open, GRACE * 10).await;
                books.abort();
                open.wait().await;
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak_where(Verdict::Stuck, "straggler", |leak| {
                    leak.task.as_ref().is_some_and(|task| task.waits_for.is_some())
                });
                let leak = leak.await;
                assert_cause(cancel(&leak), Cause::Token);
                assert_eq!(cancel(&leak).reason.as_deref(), Some("deploy"));
                let task = leak.task.unwrap_or_default();
                let holders: Vec<&str> = task.held_by.iter().map(|it| it.name.as_str()).collect();
                assert_eq!(holders, ["books"], "who holds what it waits for");
                assert_eq!(task.runtime, 1, "where it runs");
                let waits_for = task.waits_for.expect("something");
                let what = (waits_for.kind(), waits_for.label.as_str());
                assert_eq!(what, (HoldingKind::Lock, "ledger"));
                assert_site(&waits_for.site, "services");
                console.task("late").await;
                console.cleared().await;
                assert_eq!(console.totals().await.given, 1, "the others were done");
            },
        },
    ]
}

/// Writes, and deletes what the cache has of it: now, and a little later again.
async fn update(number: u64) {
    sleep(GRACE / 20 * u32::try_from(number % 3).unwrap_or(0)).await;
    call_later(GRACE * 5, || {});
    pending::<()>().await;
}

/// Ends the requests in an order that depends on nothing but `seed`.
async fn cancel_at_random(mut requests: Vec<JoinHandle<()>>, mut seed: u64) {
    while !requests.is_empty() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let chosen = usize::try_from(seed >> 33).unwrap_or(0) % requests.len();
        requests.swap_remove(chosen).abort();
        sleep(GRACE / 50).await;
    }
}

fn double_delete() -> Scenario {
    scenario! {
        "28_double_delete",
        shim: async {
            let requests = (0..20).map(|number| named("update", update(number))).collect();
            sleep(Duration::from_millis(30)).await;
            cancel_at_random(requests, 7).await;
            drop(named("at rest", sleep(GRACE * 6)));
        },
        check: async |console: &mut Console, _| {
            let group = console.group_where(|group| group.count > 1).await;
            assert_eq!(group.verdict(), Verdict::LeftBehind);
            let worst = group.worst.expect("a member");
            assert_holding(&worst.holdings[0], HoldingKind::Timer, "call_later", Phase::Before);
            assert_site(&worst.holdings[0].site, "services");
            console.ended("at rest", Outcome::Completed).await;
            console.cleared().await;
            assert_eq!(console.totals().await.holdings, 0, "at rest");
        },
    }
}

#[derive(Default)]
struct Pool {
    under_way: StdMutex<HashMap<&'static str, Held<u8>>>,
    dead_letters: StdMutex<Vec<&'static str>>,
}

impl Pool {
    fn begins(&self, job: &'static str) {
        let held = Held::new(7, Kind::Connection, job);
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).insert(job, held);
    }

    fn puts_back(&self, job: &'static str) {
        drop(self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(job));
    }
}

/// Puts a job's connection back whatever becomes of the worker.
struct PutsBack<'a>(&'a Pool, &'static str);

impl Drop for PutsBack<'_> {
    fn drop(&mut self) {
        self.0.puts_back(self.1);
    }
}

async fn work(pool: &Pool, job: &'static str, is_careful: bool) {
    pool.begins(job);
    let _puts_back = is_careful.then(|| PutsBack(pool, job));
    match job {
        "endless" => pending().await,
        "fails" => pool.dead_letters.lock().unwrap_or_else(PoisonError::into_inner).push(job),
        _ => sleep(GRACE / 20).await,
    }
    pool.puts_back(job);
}

/// A worker on a queue, aborted when it is in the middle of the last job; then what is
/// under way is put back.
async fn aborted_worker(is_careful: bool) {
    let pool = Arc::new(Pool::default());
    let (jobs, queue) = mpsc::channel(4);
    let (queue, works) = (Shared::new(queue), Arc::clone(&pool));
    let worker = named("worker", async move {
        loop {
            let job = queue.lock().await.recv().await;
            let Some(job) = job else { return };
            work(&works, job, is_careful).await;
        }
    });
    for job in ["good", "fails", "endless"] {
        jobs.send(job).await.expect("a worker");
    }
    while !pool.under_way.lock().unwrap_or_else(PoisonError::into_inner).contains_key("endless") {
        sleep(GRACE / 20).await;
    }
    worker.abort();
    sleep(GRACE * 8).await;
    let letters = pool.dead_letters.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!(letters, ["fails"]);
    pool.puts_back("endless");
    drop(named("mended", async {}));
}

fn worker_pools() -> Vec<Scenario> {
    vec![
        scenario! {
            "29_worker_pool_puts_nothing_back",
            shim: aborted_worker(false),
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::LeftBehind, "worker").await;
                assert_eq!(leak.holdings.len(), 1, "of the other jobs nothing: {leak:#?}");
                let held = &leak.holdings[0];
                assert_holding(held, HoldingKind::Connection, "endless", Phase::Before);
                console.task("mended").await;
                console.cleared().await;
            },
        },
        scenario! {
            "29_worker_pool_puts_back",
            shim: aborted_worker(true),
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("worker").await;
                console.task("mended").await;
                console.nothing_for(2).await;
            },
        },
    ]
}
