//! A: lifecycle and delivery.

use std::{
    future::pending,
    mem,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use holdover::sync::CancellationToken;
use holdover_proto::v1::{Accuracy, Cause, Outcome, TaskState, Verdict};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::{Notify, oneshot},
};

use crate::{
    client::{Console, assert_cause, assert_site, cancel, goes_on, told_to_go_on},
    harness::{Form, GRACE, Scenario},
    scenario,
};

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "01_aborted_while_sleeping",
            shim: async {
                let task = named("sleeper", holdover::time::sleep(Duration::from_secs(10)));
                named("canceller", async move {
                    all_wait().await;
                    task.abort_because("the client went away");
                });
            },
            plain: async {
                let task = plain("sleeper", tokio::time::sleep(Duration::from_secs(10)));
                all_wait().await;
                task.abort();
            },
            check: aborted_while_sleeping,
        },
        scenario! {
            "02_aborted_in_a_loop_without_an_await",
            shim: async {
                let (runs, is_running) = mpsc::channel();
                let task = named("spinner", async move {
                    runs.send(()).expect("somebody waits for it");
                    spin();
                });
                // Aborted while it runs, by a thread that is no worker.
                let task = task.abort_handle();
                thread::spawn(move || {
                    is_running.recv().expect("it runs");
                    task.abort();
                });
            },
            plain: async {
                let (runs, is_running) = mpsc::channel();
                let task = plain("spinner", async move {
                    runs.send(()).expect("somebody waits for it");
                    spin();
                });
                thread::spawn(move || {
                    is_running.recv().expect("it runs");
                    task.abort();
                });
            },
            check: aborted_in_a_loop,
        },
        scenario! {
            "03_a_bound_task_returns_when_it_is_asked",
            shim: async {
                let token = CancellationToken::named("shutdown");
                let waits = token.clone();
                bound("worker", &token, async move { waits.cancelled().await });
                all_wait().await;
                token.cancel_because("deploy");
            },
            check: a_bound_task_returns,
        },
        scenario! {
            "04_a_bound_task_ignores_its_token",
            shim: async {
                let token = CancellationToken::named("shutdown");
                bound("deaf", &token, async {
                    loop {
                        holdover::time::sleep(Duration::from_millis(5)).await;
                    }
                });
                all_wait().await;
                token.cancel();
            },
            check: a_bound_task_ignores,
        },
        scenario! {
            "04_a_waiting_task_does_not_get_to_notice",
            shim: async {
                let token = CancellationToken::named("shutdown");
                let waits = token.clone();
                let is_taken = Arc::new(Notify::new());
                let takes = Arc::clone(&is_taken);
                named("busy", async move {
                    let mut cancelled = std::pin::pin!(waits.cancelled());
                    tokio::select! {
                        biased;
                        () = &mut cancelled => {}
                        () = async {
                            holdover::time::sleep(Duration::from_millis(10)).await;
                        } => {
                            // The future is pinned and alive, and nobody polls it.
                            takes.notify_one();
                            told_to_go_on().await;
                        }
                    }
                    cancelled.await;
                    holdover::time::sleep(Duration::from_secs(1)).await;
                });
                is_taken.notified().await;
                token.cancel();
            },
            check: a_waiting_task_is_stuck_until_it_notices,
        },
        scenario! {
            "05_clean_up_within_grace",
            shim: async {
                let token = CancellationToken::new();
                let waits = token.clone();
                // A longer one, so that a busy machine does not use up the rest of it.
                let worker = holdover::task::Builder::new().name("worker").token(&token);
                let worker = worker.grace(GRACE * 20).spawn(async move {
                    waits.cancelled().await;
                    holdover::time::sleep(GRACE * 6).await;
                });
                drop(worker.expect("a task"));
                all_wait().await;
                token.cancel();
            },
            check: async |console: &mut Console, _| {
                let task = console.ended("worker", Outcome::Completed).await;
                assert_cause(&task.cancel.expect("it was asked"), Cause::Token);
                console.nothing_for(6).await;
            },
        },
        scenario! {
            "05_clean_up_beyond_grace",
            shim: async {
                let token = CancellationToken::new();
                let waits = token.clone();
                bound("slow", &token, async move {
                    waits.cancelled().await;
                    told_to_go_on().await;
                });
                all_wait().await;
                token.cancel();
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::Stuck, "slow").await;
                assert_cause(cancel(&leak), Cause::Token);
                assert!(cancel(&leak).delivered_ns.is_some(), "it has noticed");
                console.go_on();
                console.cleared().await;
            },
        },
        scenario! {
            "05_a_grace_of_its_own",
            shim: async {
                let token = CancellationToken::new();
                let waits = token.clone();
                holdover::task::Builder::new()
                    .name("patient")
                    .token(&token)
                    .grace(GRACE * 20)
                    .spawn(async move {
                        waits.cancelled().await;
                        holdover::time::sleep(GRACE * 3).await;
                    })
                    .expect("a task");
                all_wait().await;
                token.cancel();
            },
            check: async |console: &mut Console, _| {
                console.ended("patient", Outcome::Completed).await;
                console.nothing_for(4).await;
            },
        },
        scenario! {
            "06_aborted_after_its_end",
            shim: async {
                let task = named("quick", async {});
                all_wait().await;
                task.abort();
            },
            plain: async {
                let task = plain("quick", async {});
                all_wait().await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                console.ended("quick", Outcome::Completed).await;
                console.nothing_for(4).await;
                let task = console.task("quick").await;
                assert_eq!(task.cancel, None, "nothing was cancelled");
            },
        },
        scenario! {
            "07_panicked",
            shim: async { drop(named("bomb", async { panic!("on purpose") })); },
            plain: async { drop(plain("bomb", async { panic!("on purpose") })); },
            check: async |console: &mut Console, _| {
                console.ended("bomb", Outcome::Panicked).await;
                console.nothing_for(4).await;
            },
        },
        scenario! {
            "07_runtime_shut_down",
            shim: async {
                another_runtime(|| drop(named("sleeper", pending::<()>())));
            },
            plain: async {
                another_runtime(|| drop(plain("sleeper", pending::<()>())));
            },
            check: async |console: &mut Console, _| {
                let task = console.ended("sleeper", Outcome::Shutdown).await;
                assert_eq!(task.cancel, None, "nobody asked it to stop");
                console.nothing_for(4).await;
            },
        },
        scenario! {
            "07_runtime_shut_down_by_a_task",
            plain: async {
                let runtime = driven_by_another_thread(|| drop(plain("sleeper", parks_a_guard())));
                runtime.await.expect("a runtime").shutdown_background();
                let runtime = driven_by_another_thread(|| drop(plain("sleeper", parks_a_guard())));
                let shuts_down = async {
                    runtime.await.expect("a runtime").shutdown_background();
                };
                plain("owner", shuts_down).await.expect("it completes");
            },
            check: async |console: &mut Console, _| {
                console.ended("owner", Outcome::Completed).await;
                console.nothing_for(6).await;
                console.ended("sleeper", Outcome::Shutdown).await;
            },
        },
        scenario! {
            "07_spawned_on_a_closed_runtime",
            shim: async {
                let runtime = tokio::runtime::Runtime::new().expect("a runtime");
                let handle = runtime.handle().clone();
                runtime.shutdown_background();
                thread::sleep(Duration::from_millis(50));
                let late = holdover::task::Builder::new().name("late");
                drop(late.spawn_on(pending::<()>(), &handle).expect("a task"));
            },
            plain: async {
                let runtime = tokio::runtime::Runtime::new().expect("a runtime");
                let handle = runtime.handle().clone();
                runtime.shutdown_background();
                thread::sleep(Duration::from_millis(50));
                spawn_plain_on("late", &handle);
            },
            check: async |console: &mut Console, _| {
                console.ended("late", Outcome::Shutdown).await;
                console.nothing_for(4).await;
            },
        },
    ]
}

/// Until each task of this runtime has got where it waits: no worker has anything to do, but for
/// the one that this may run on.
pub async fn all_wait() {
    let metrics = Handle::current().metrics();
    let is_multi = Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread;
    let workers = if is_multi { 0..metrics.num_workers() } else { 0..0 };
    loop {
        // Whatever is to be polled by the same thread is polled meanwhile.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let is_this = |worker| tokio::runtime::worker_index() == Some(worker);
        let is_parked = |worker| metrics.worker_park_unpark_count(worker) % 2 == 1;
        let all = workers.clone().all(|worker| is_this(worker) || is_parked(worker));
        if all && metrics.global_queue_depth() == 0 {
            return;
        }
    }
}

/// Keeps a lock that its task holds, for ever.
async fn parks_a_guard() {
    mem::forget(Arc::new(tokio::sync::Mutex::new(0)).lock_owned().await);
    pending::<()>().await;
}

/// A runtime of one thread, which has polled what was spawned.
fn driven_by_another_thread(
    spawn: impl FnOnce() + Send + 'static,
) -> oneshot::Receiver<tokio::runtime::Runtime> {
    let (tx, rx) = oneshot::channel();
    thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            spawn();
            tokio::task::yield_now().await;
        });
        drop(tx.send(runtime));
    });
    rx
}

/// A recorded task with a name.
pub fn named<F>(name: &str, future: F) -> holdover::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    holdover::task::Builder::new().name(name).spawn(future).expect("a task")
}

/// A recorded task with a name, bound to a token.
pub fn bound<F>(name: &str, token: &CancellationToken, future: F)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let builder = holdover::task::Builder::new().name(name).token(token);
    drop(builder.spawn(future).expect("a task"));
}

/// tokio's own task with a name.
#[cfg(tokio_unstable)]
pub fn plain<F>(name: &str, future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::task::Builder::new().name(name).spawn(future).expect("a task")
}

#[cfg(not(tokio_unstable))]
pub fn plain<F>(_: &str, future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(future)
}

#[cfg(tokio_unstable)]
fn spawn_plain_on(name: &str, runtime: &tokio::runtime::Handle) {
    let task = tokio::task::Builder::new().name(name).spawn_on(pending::<()>(), runtime);
    drop(task.expect("a task"));
}

#[cfg(not(tokio_unstable))]
fn spawn_plain_on(_: &str, runtime: &tokio::runtime::Handle) {
    drop(runtime.spawn(pending::<()>()));
}

/// Runs on another runtime, of both flavors in turn, which is then dropped.
pub fn another_runtime(spawn: impl Fn() + Send + 'static) {
    thread::spawn(move || {
        let current = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let multi = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        for runtime in [current, multi] {
            let runtime = runtime.expect("a runtime");
            runtime.block_on(async {
                spawn();
                tokio::time::sleep(Duration::from_millis(20)).await;
            });
        }
    });
}

/// Keeps the thread busy until the service is told to go on.
fn spin() {
    while !goes_on() {
        std::hint::spin_loop();
    }
}

async fn aborted_while_sleeping(console: &mut Console, form: Form) {
    console.nothing_on_the_cancelled("sleeper").await;
    let task = console.task("sleeper").await;
    let cancel = task.cancel.expect("it was cancelled");
    if form == Form::Plain {
        assert_cause(&cancel, Cause::Unknown);
        assert_eq!((cancel.canceller, cancel.site), (None, None));
        assert_eq!(task.accuracy, i32::from(Accuracy::Inferred));
        return;
    }
    assert_cause(&cancel, Cause::Abort);
    assert_eq!(cancel.canceller.expect("a canceller").name, "canceller");
    assert_eq!(cancel.reason.as_deref(), Some("the client went away"));
    assert_site(cancel.site.as_deref().expect("a site"), "lifecycle");
    assert_eq!(task.accuracy, i32::from(Accuracy::Exact));
    let latency = Duration::from_nanos(cancel.latency_ns.expect("it ended"));
    assert!(latency < Duration::from_secs(1), "{latency:?}");
}

async fn aborted_in_a_loop(console: &mut Console, form: Form) {
    if form == Form::Plain {
        // The request is invisible: nothing is reported.
        console.nothing_for(4).await;
        console.go_on();
        console.ended("spinner", Outcome::Completed).await;
        return console.nothing_for(4).await;
    }
    let leak = console.leak(Verdict::Stuck, "spinner").await;
    assert_eq!(leak.task.as_ref().expect("a task").state(), TaskState::Running);
    assert_eq!(cancel(&leak).polls_since, 0, "not polled since");
    assert_eq!(cancel(&leak).canceller, None, "a thread that works for no task");
    console.go_on();
    console.cleared().await;
    let task = console.task("spinner").await;
    let latency = task.cancel.and_then(|cancel| cancel.latency_ns);
    // It became ready in that very poll: then there was no cancel. Else it took until
    // the loop was over.
    assert!(latency.is_none_or(|it| it > 100_000_000), "{latency:?}");
}

async fn a_bound_task_returns(console: &mut Console, _: Form) {
    let task = console.ended("worker", Outcome::Completed).await;
    let cancel = task.cancel.expect("it was asked");
    assert_cause(&cancel, Cause::Token);
    assert_eq!(cancel.path, ["shutdown"]);
    assert_eq!(cancel.reason.as_deref(), Some("deploy"));
    assert!(cancel.delivered_ns.is_some(), "it noticed");
    console.nothing_for(4).await;
}

async fn a_bound_task_ignores(console: &mut Console, _: Form) {
    let leak = console.leak(Verdict::Stuck, "deaf").await;
    assert_eq!(leak.accuracy(), Accuracy::Exact);
    // It is polled, and ignores the cancel.
    let mut polls = 0;
    for _ in 0..2 {
        let more = console
            .task_where("deaf", |task| {
                task.cancel.as_ref().is_some_and(|cancel| cancel.polls_since > polls)
            })
            .await;
        assert_eq!(more.outcome(), Outcome::Unspecified);
        polls = more.cancel.map_or(0, |cancel| cancel.polls_since);
    }
}

async fn a_waiting_task_is_stuck_until_it_notices(console: &mut Console, _: Form) {
    let leak = console.leak(Verdict::Stuck, "busy").await;
    assert_eq!(leak.accuracy(), Accuracy::Inferred);
    assert!(cancel(&leak).waiting);
    assert_eq!(cancel(&leak).delivered_ns, None);
    console.go_on();
    console.cleared().await;
}
