//! F: not a leak, though it looks like one.

use std::{
    future::pending,
    mem,
    pin::pin,
    task::{Context, Waker},
    thread,
    time::{Duration, Instant},
};

use holdover::{
    hold::{Held, Kind},
    sync::CancellationToken,
    task::Builder,
    time::{call_later, sleep, timeout},
};
use holdover_proto::v1::{self, HoldingKind, Outcome, TaskKind, Verdict};
use tokio::{
    runtime::{Handle, RuntimeMetrics},
    sync::{mpsc, oneshot},
};

use crate::{
    callbacks::OnDrop,
    client::{Console, DEADLINE, assert_kind, told_to_go_on},
    harness::{GRACE, Scenario},
    lifecycle::{all_wait, another_runtime, bound, named, plain},
    scenario,
};

/// Longer than any grace here.
const LONG: Duration = Duration::from_secs(3600);

pub fn scenarios() -> Vec<Scenario> {
    let mut all = handed_on();
    all.extend(tokens());
    all.extend(runtimes());
    all
}

/// Which worker this runs on, and how often that has parked.
fn parks() -> (usize, u64) {
    let worker = tokio::runtime::worker_index().expect("it runs on a worker");
    (worker, Handle::current().metrics().worker_park_count(worker))
}

/// Waits until the worker parks again: what it does with a task then is not one with the
/// poll before.
fn parks_again(metrics: &RuntimeMetrics, (worker, before): (usize, u64)) {
    let end = Instant::now() + DEADLINE;
    while metrics.worker_park_count(worker) == before {
        assert!(Instant::now() < end, "worker {worker} does not park");
        thread::sleep(Duration::from_millis(1));
    }
}

/// The thread has a task of nobody's.
fn polled_by_a_thread(timer: impl Future<Output = ()> + Send + 'static) {
    let polls = thread::spawn(|| {
        let mut timer = Box::pin(timer);
        assert!(timer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        // Who has it has it for as long as there is a process.
        mem::forget(timer);
    });
    polls.join().expect("it polls it");
}

fn handed_on() -> Vec<Scenario> {
    vec![
        scenario! {
            "31_a_return_task_that_ends_soon",
            shim: async {
                let task = named("request", async {
                    let _clean_up = OnDrop(|| {
                        drop(holdover::spawn(sleep(Duration::from_millis(5))));
                    });
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
            },
            plain: async {
                let task = plain("request", async {
                    let _clean_up = OnDrop(|| {
                        drop(tokio::spawn(tokio::time::sleep(Duration::from_millis(5))));
                    });
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("request").await;
            },
        },
        scenario! {
            "32_a_value_transferred_to_another_task",
            shim: async {
                let (tx, mut rx) = mpsc::channel(1);
                named("keeper", async move {
                    let held: Held<u8> = rx.recv().await.expect("a value");
                    Held::transfer(&held);
                    pending::<()>().await;
                });
                let task = named("giver", async move {
                    let held = Held::new(1_u8, Kind::Connection, "pg");
                    let _ = tx.send(held).await;
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("giver").await;
            },
        },
        scenario! {
            "33_a_task_detached_on_purpose",
            shim: async {
                let task = named("request", async {
                    let metrics = Builder::new().name("metrics").detached("metrics");
                    drop(metrics.spawn(async {
                        // What descends from it is detached too.
                        drop(named("pump", pending::<()>()));
                        pending::<()>().await;
                    }));
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("request").await;
                assert_eq!(console.task("metrics").await.detached.as_deref(), Some("metrics"));
            },
        },
        scenario! {
            "34_a_timer_left_with_a_friend_at_a_normal_end",
            shim: async {
                let (tx, rx) = oneshot::channel();
                named("friend", async move {
                    let timer = rx.await.expect("a timer");
                    let _kept: holdover::time::Sleep = timer;
                    pending::<()>().await;
                });
                named("done", async move {
                    call_later(LONG, || {});
                    let _ = tx.send(sleep(LONG));
                });
            },
            plain: async {
                let (tx, rx) = oneshot::channel();
                plain("friend", async move {
                    let timer = rx.await.expect("a timer");
                    let _kept: tokio::time::Sleep = timer;
                    pending::<()>().await;
                });
                plain("done", async move {
                    let _ = tx.send(tokio::time::sleep(LONG));
                });
            },
            check: async |console: &mut Console, _| {
                console.ended("done", Outcome::Completed).await;
                console.nothing_for(6).await;
            },
        },
        scenario! {
            "35_a_timer_made_here_and_polled_there",
            shim: async {
                let (tx, rx) = oneshot::channel();
                named("poller", async move {
                    let timer: holdover::time::Sleep = rx.await.expect("a timer");
                    timer.await;
                });
                let task = named("maker", async move {
                    let _ = tx.send(sleep(LONG));
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
            },
            plain: async {
                let (tx, rx) = oneshot::channel();
                plain("poller", async move {
                    let timer: tokio::time::Sleep = rx.await.expect("a timer");
                    timer.await;
                });
                let task = plain("maker", async move {
                    let _ = tx.send(tokio::time::sleep(LONG));
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("maker").await;
            },
        },
        scenario! {
            "35_a_timer_that_a_thread_of_its_own_polls",
            shim: async {
                let task = named("maker", async {
                    polled_by_a_thread(sleep(LONG));
                    pending::<()>().await;
                });
                sleep(Duration::from_millis(30)).await;
                task.abort();
            },
            plain: async {
                let task = plain("maker", async {
                    polled_by_a_thread(tokio::time::sleep(LONG));
                    pending::<()>().await;
                });
                tokio::time::sleep(Duration::from_millis(30)).await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("maker").await;
            },
        },
        scenario! {
            "42_work_that_survives_a_hang_up_and_ends",
            shim: async {
                let task = named("handler", async {
                    drop(named("work", sleep(GRACE)));
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
            },
            plain: async {
                let task = plain("handler", async {
                    drop(plain("work", tokio::time::sleep(GRACE)));
                    pending::<()>().await;
                });
                all_wait().await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("handler").await;
                console.ended("work", Outcome::Completed).await;
            },
        },
        scenario! {
            "47_a_slow_actor_whose_caller_is_gone",
            shim: async {
                let (ask, mut asked) = mpsc::channel::<oneshot::Sender<u8>>(1);
                named("actor", async move {
                    let reply = asked.recv().await.expect("a question");
                    sleep(GRACE * 4).await;
                    let _ = reply.send(7);
                    pending::<()>().await;
                });
                let task = named("caller", async move {
                    let (tx, rx) = oneshot::channel();
                    let _ = ask.send(tx).await;
                    let _ = rx.await;
                });
                all_wait().await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("caller").await;
            },
        },
        scenario! {
            "48_a_borrowed_body_and_a_value_used_again",
            shim: async {
                named("client", async {
                    let mut work = pin!(sleep(GRACE * 3));
                    while timeout(GRACE / 2, &mut work).await.is_err() {}
                    let mut kept = None;
                    let opening = async {
                        kept = Some(Held::new(7_u8, Kind::Connection, "pg"));
                        pending::<()>().await;
                    };
                    let _ = timeout(GRACE / 2, opening).await;
                    loop {
                        let used = kept.as_ref().map_or(0, |held| **held);
                        sleep(GRACE / 5 * u32::from(used.min(1))).await;
                    }
                });
            },
            check: async |console: &mut Console, _| {
                console.ended("timeout", Outcome::Cancelled).await;
                console.nothing_for(6).await;
            },
        },
    ]
}

fn tokens() -> Vec<Scenario> {
    vec![
        scenario! {
            "36_a_supervisor_drains",
            shim: async {
                let token = CancellationToken::named("shutdown");
                let waits = token.clone();
                named("supervisor", async move {
                    waits.cancelled().await;
                    sleep(GRACE * 8).await;
                });
                all_wait().await;
                token.cancel();
            },
            check: async |console: &mut Console, _| {
                let asked = |task: &holdover_proto::v1::Task| task.cancel.is_some();
                console.task_where("supervisor", asked).await;
                console.nothing_for(6).await;
                console.ended("supervisor", Outcome::Completed).await;
            },
        },
        scenario! {
            "36_a_bound_supervisor_is_stuck_from_grace_on",
            shim: async {
                let token = CancellationToken::named("shutdown");
                let waits = token.clone();
                bound("supervisor", &token, async move {
                    waits.cancelled().await;
                    told_to_go_on().await;
                });
                all_wait().await;
                token.cancel();
            },
            check: async |console: &mut Console, _| {
                console.leak(Verdict::Stuck, "supervisor").await;
                console.go_on();
                console.cleared().await;
            },
        },
        scenario! {
            "37_a_connection_loop_with_a_token_a_request",
            shim: async {
                let (tx, mut rx) = mpsc::channel::<CancellationToken>(1);
                named("connection", async move {
                    while let Some(token) = rx.recv().await {
                        tokio::select! {
                            () = token.cancelled() => {}
                            () = sleep(LONG) => {}
                        }
                    }
                });
                for _ in 0..10 {
                    let token = CancellationToken::new();
                    let _ = tx.send(token.clone()).await;
                    sleep(Duration::from_millis(10)).await;
                    token.cancel();
                }
                pending::<()>().await;
            },
            check: async |console: &mut Console, _| {
                let asked = |task: &holdover_proto::v1::Task| task.cancel.is_some();
                console.task_where("connection", asked).await;
                console.nothing_for(8).await;
            },
        },
        scenario! {
            "38_a_task_that_only_cancels",
            shim: async {
                named("canceller", async {
                    let token = CancellationToken::new();
                    let clone = token.clone();
                    assert!(!clone.is_cancelled());
                    token.cancel();
                    assert!(clone.is_cancelled());
                    pending::<()>().await;
                });
            },
            check: async |console: &mut Console, _| {
                let task = console.task("canceller").await;
                console.nothing_for(6).await;
                assert_eq!(task.cancel, None, "it was not asked");
            },
        },
        scenario! {
            "45_a_child_token_a_request_and_a_main_that_drains",
            shim: async {
                let shutdown = CancellationToken::named("shutdown");
                let connection = shutdown.child_token();
                named("connection", async move {
                    for _ in 0..100 {
                        let request = connection.child_token();
                        let guard = request.clone().drop_guard();
                        tokio::select! {
                            () = request.cancelled() => {}
                            () = sleep(Duration::from_millis(1)) => {}
                        }
                        drop(guard);
                    }
                    pending::<()>().await;
                });
                named("main", async {
                    let token = CancellationToken::new();
                    let canceller = token.clone();
                    named("signal", async move { canceller.cancel() });
                    token.cancelled().await;
                    sleep(GRACE * 6).await;
                });
            },
            check: async |console: &mut Console, _| {
                console.ended("main", Outcome::Completed).await;
                console.nothing_for(6).await;
            },
        },
    ]
}

fn runtimes() -> Vec<Scenario> {
    vec![
        scenario! {
            "43_paused_time",
            shim: async {
                thread::spawn(|| paused(async {
                    let task = named("sleeper", sleep(LONG));
                    tokio::time::advance(LONG / 2).await;
                    task.abort();
                    let _ = task.await;
                    tokio::time::advance(LONG).await;
                    drop(named("over", async {}));
                }));
            },
            plain: async {
                thread::spawn(|| paused(async {
                    let task = plain("sleeper", tokio::time::sleep(LONG));
                    tokio::time::advance(LONG / 2).await;
                    task.abort();
                    let _ = task.await;
                    tokio::time::advance(LONG).await;
                    drop(plain("over", async {}));
                }));
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("sleeper").await;
                console.task("over").await;
            },
        },
        scenario! {
            "44_a_local_set",
            shim: async {
                thread::spawn(|| {
                    let mut builder = tokio::runtime::Builder::new_current_thread();
                    let runtime = builder.enable_all().build().expect("a runtime");
                    let set = holdover::task::LocalSet::new();
                    set.block_on(&runtime, async {
                        for _ in 0..100 {
                            Builder::new().name("local").spawn_local(sleep(LONG)).expect("a task");
                        }
                        sleep(Duration::from_millis(20)).await;
                    });
                    drop(set);
                    drop(runtime);
                    thread::park();
                });
            },
            plain: async {
                thread::spawn(|| {
                    let mut builder = tokio::runtime::Builder::new_current_thread();
                    let runtime = builder.enable_all().build().expect("a runtime");
                    let set = tokio::task::LocalSet::new();
                    set.block_on(&runtime, async {
                        for _ in 0..100 {
                            plain_local("local", tokio::time::sleep(LONG));
                        }
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    });
                    drop(set);
                    drop(runtime);
                    thread::park();
                });
            },
            check: async |console: &mut Console, _| {
                let task = console.task_where("local", |task| task.ended_ns.is_some()).await;
                assert_kind(&task, TaskKind::Local);
                console.nothing_for(6).await;
            },
        },
        scenario! {
            "44_a_spawn_from_a_thread_and_an_abort_from_another_runtime",
            shim: async {
                let runtime = Handle::current();
                let (tx, rx) = std::sync::mpsc::channel();
                thread::spawn(move || {
                    let task = Builder::new().name("remote");
                    let task = task.spawn_on(async { sleep(LONG).await }, &runtime);
                    let _ = tx.send(task.expect("a task"));
                });
                thread::spawn(move || {
                    let task = rx.recv().expect("a task");
                    let other = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    other.expect("a runtime").block_on(async move {
                        named("aborter", async move { task.abort() }).await.expect("it aborts");
                    });
                });
                sleep(LONG).await;
            },
            plain: async {
                let runtime = Handle::current();
                let metrics = runtime.metrics();
                let (tx, rx) = std::sync::mpsc::channel();
                let (tells, polled) = std::sync::mpsc::channel();
                thread::spawn(move || {
                    let _entered = runtime.enter();
                    let remote = plain("remote", async move {
                        let _ = tells.send(parks());
                        tokio::time::sleep(LONG).await;
                    });
                    let _ = tx.send(remote);
                });
                thread::spawn(move || {
                    let task = rx.recv().expect("a task");
                    parks_again(&metrics, polled.recv().expect("it is polled"));
                    let other = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    other.expect("a runtime").block_on(async move { task.abort() });
                });
                tokio::time::sleep(LONG).await;
            },
            check: async |console: &mut Console, form| {
                console.nothing_on_the_cancelled("remote").await;
                if form == crate::harness::Form::Shim {
                    let cancel = console.task("remote").await.cancel.expect("it was cancelled");
                    assert_eq!(cancel.canceller.expect("a canceller").name, "aborter");
                }
            },
        },
        scenario! {
            "49_half_of_a_split_stream_is_aborted",
            shim: async { split_stream(|name, read| named(name, read).abort_handle().into_inner()).await },
            plain: async { split_stream(|name, read| plain(name, read).abort_handle()).await },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("reader").await;
                if cfg!(tokio_unstable) {
                    // The other half keeps its waker, and so its memory: listed, no more.
                    let is_waker = |row: &v1::HeldRow| {
                        row.owner_ended && row.holding.as_ref().is_some_and(is_a_waker)
                    };
                    console.holding_where("the reader's waker", is_waker).await;
                    assert!(console.totals_where(|it| it.bytes_kept > 0).await.given == 0);
                }
            },
        },
        scenario! {
            "50_block_in_place_in_a_task_that_is_aborted",
            shim: async {
                let task = multi_thread_only(|| {
                    named("blocker", async {
                        tokio::task::block_in_place(|| thread::sleep(Duration::from_millis(20)));
                        pending::<()>().await;
                    })
                });
                sleep(Duration::from_millis(60)).await;
                task.abort();
            },
            plain: async {
                let task = multi_thread_only(|| {
                    plain("blocker", async {
                        tokio::task::block_in_place(|| thread::sleep(Duration::from_millis(20)));
                        pending::<()>().await;
                    })
                });
                tokio::time::sleep(Duration::from_millis(60)).await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("blocker").await;
            },
        },
        scenario! {
            "50_block_in_place_in_a_task_that_completes",
            plain: async {
                let of_task = || {
                    plain("blocker", async {
                        drop(plain("child", pending::<()>()));
                        let (before, metrics) = (parks(), Handle::current().metrics());
                        tokio::task::block_in_place(|| parks_again(&metrics, before));
                    })
                };
                multi_thread_only(of_task).await.expect("it completes");
            },
            check: async |console: &mut Console, _| {
                console.ended("blocker", Outcome::Completed).await;
                console.nothing_for(8).await;
            },
        },
        scenario! {
            "51_a_runtime_dropped_by_an_unwinding_thread",
            shim: async {
                thread::spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    let runtime = runtime.expect("a runtime");
                    runtime.block_on(async {
                        for _ in 0..10 {
                            drop(named("innocent", pending::<()>()));
                        }
                        sleep(Duration::from_millis(20)).await;
                    });
                    panic!("the test fails");
                });
            },
            plain: async {
                thread::spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                    let runtime = runtime.expect("a runtime");
                    runtime.block_on(async {
                        for _ in 0..10 {
                            drop(plain("innocent", pending::<()>()));
                        }
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    });
                    panic!("the test fails");
                });
            },
            check: async |console: &mut Console, _| {
                console.ended("innocent", Outcome::Shutdown).await;
                console.nothing_for(6).await;
                let tasks = console.tasks().await;
                let all = tasks.iter().filter(|task| task.name == "innocent");
                assert!(all.clone().all(|task| task.outcome() == Outcome::Shutdown), "{tasks:#?}");
                assert_eq!(all.count(), 10);
            },
        },
        scenario! {
            "51_ten_tasks_in_a_dropped_runtime",
            shim: async {
                another_runtime(|| drop(named("innocent", sleep(LONG))));
            },
            plain: async {
                another_runtime(|| drop(plain("innocent", tokio::time::sleep(LONG))));
            },
            check: async |console: &mut Console, _| {
                console.ended("innocent", Outcome::Shutdown).await;
                console.nothing_for(6).await;
            },
        },
        scenario! {
            "52_a_console_that_comes_and_goes",
            shim: async { drop(named("service", pending::<()>())); },
            plain: async { drop(plain("service", pending::<()>())); },
            check: async |console: &mut Console, _| {
                console.task("service").await;
                console.nothing_for(6).await;
                let tasks = console.tasks().await;
                let others: Vec<_> = tasks
                    .iter()
                    .filter(|task| task.name != "service" && task.kind() != TaskKind::BlockOn)
                    .collect();
                assert!(others.is_empty(), "{others:#?}");
                assert_eq!(console.totals().await.holdings, 0);
            },
        },
    ]
}

fn paused(test: impl Future<Output = ()>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().expect("a runtime");
    runtime.block_on(test);
    thread::park();
}

#[cfg(tokio_unstable)]
fn plain_local(name: &str, future: impl Future + 'static) {
    let task = tokio::task::Builder::new().name(name).spawn_local(async { drop(future.await) });
    drop(task.expect("a task"));
}

#[cfg(not(tokio_unstable))]
fn plain_local(_: &str, future: impl Future + 'static) {
    drop(tokio::task::spawn_local(async { drop(future.await) }));
}

async fn split_stream<S>(spawn: S)
where
    S: Fn(&str, std::pin::Pin<Box<dyn Future<Output = ()> + Send>>) -> tokio::task::AbortHandle,
{
    use tokio::{
        io::AsyncReadExt,
        net::{TcpListener, TcpStream},
    };

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (stream, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (mut reader, writer) = stream.expect("connected").into_split();
    let read = async move {
        let mut byte = [0];
        let _ = reader.read(&mut byte).await;
    };
    let reader = spawn("reader", Box::pin(read));
    all_wait().await;
    reader.abort();
    // The writer half lives on, and with it the reader's last waker.
    let _kept = (writer, accepted);
    pending::<()>().await;
}

fn is_a_waker(held: &v1::Holding) -> bool {
    held.kind() == HoldingKind::Waker
}

/// `block_in_place` panics on a current-thread runtime: the task then runs on another.
fn multi_thread_only<T: Send + 'static>(spawn: impl FnOnce() -> T + Send + 'static) -> T {
    let current = Handle::current();
    if current.runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread {
        return spawn();
    }
    let (tx, rx) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async move {
            let _ = tx.send(spawn());
            pending::<()>().await;
        });
    });
    rx.recv().expect("a task")
}
