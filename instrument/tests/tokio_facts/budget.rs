//! A task that a runtime's shutdown drops is dropped without a coop budget, one that is
//! cancelled has one: it is what tells the two apart.

use std::{
    pin::Pin,
    sync::mpsc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    runtime::Runtime,
    task::{JoinSet, LocalSet, yield_now},
};

use crate::{
    harness::{
        DEADLINE, Flavor, OnDrop, Traced, has_a_budget, keep, on, on_each_flavor, spawn_named,
    },
    log::Call::{Close, Enter, Exit, New},
};

/// Sends whether there is a budget where it is dropped.
fn told_when_dropped() -> (OnDrop<impl FnMut() + Send>, mpsc::Receiver<bool>) {
    let (tell, told) = mpsc::channel();
    (OnDrop(move || tell.send(has_a_budget()).expect("the test waits")), told)
}

/// How a runtime with a task of its own is shut down, and whether the task is dropped
/// with a budget; as the task itself sees it, and as its span's close does.
fn shut_down(traced: &Traced, shut_down: impl FnOnce(Runtime)) -> [bool; 2] {
    let (guard, told) = told_when_dropped();
    let runtime = traced.runtime();
    drop(spawn_named(&runtime, "around", keep(guard)));
    if traced.flavor == Flavor::Current {
        runtime.block_on(yield_now());
    }
    traced.wait_for_the_first_poll("around");
    shut_down(runtime);
    let at_drop = told.recv_timeout(DEADLINE).expect("it is dropped");
    traced.wait_for_the_close("around");
    [at_drop, traced.end_of("around").close.has_a_budget]
}

#[test]
fn an_abort_drops_with_a_budget() {
    on_each_flavor(|traced| {
        let (guard, told) = told_when_dropped();
        let end = traced.abort_when_idle(keep(guard));
        assert!(told.recv_timeout(DEADLINE).unwrap() && end.close.has_a_budget);
    });
}

#[test]
fn a_dropped_join_set_drops_with_a_budget() {
    on_each_flavor(|traced| {
        let (guard, told) = told_when_dropped();
        let runtime = traced.runtime();
        let mut set = JoinSet::new();
        set.spawn_on(keep(guard), runtime.handle());
        runtime.block_on(yield_now());
        drop(set);
        runtime.block_on(yield_now());
        assert!(told.recv_timeout(DEADLINE).unwrap());
    });
}

#[test]
fn a_dropped_local_set_drops_with_the_budget_of_whoever_drops_it() {
    on_each_flavor(|traced| {
        for within_a_runtime in [true, false] {
            let (guard, told) = told_when_dropped();
            let runtime = traced.runtime();
            let local = LocalSet::new();
            drop(local.spawn_local(keep(guard)));
            local.block_on(&runtime, yield_now());
            if within_a_runtime {
                runtime.block_on(async { drop(local) });
            } else {
                drop(local);
            }
            assert_eq!(told.recv_timeout(DEADLINE).unwrap(), within_a_runtime);
        }
    });
}

#[test]
fn a_runtimes_drop_drops_without_a_budget() {
    on_each_flavor(|traced| assert_eq!(shut_down(traced, drop), [false; 2]));
}

#[test]
fn shutdown_timeout_drops_without_a_budget() {
    on_each_flavor(|traced| {
        let waits = |runtime: Runtime| runtime.shutdown_timeout(Duration::from_secs(5));
        assert_eq!(shut_down(traced, waits), [false; 2]);
    });
}

#[test]
fn shutdown_background_drops_without_a_budget() {
    on_each_flavor(|traced| {
        assert_eq!(shut_down(traced, Runtime::shutdown_background), [false; 2]);
    });
}

/// The one exception: the runtime's tasks are dropped at once, by the caller.
#[test]
fn shutdown_background_within_another_runtimes_task_drops_with_that_ones_budget() {
    on(Flavor::Current, |traced| {
        let outer = traced.runtime();
        let within = |inner: Runtime| outer.block_on(async { inner.shutdown_background() });
        assert_eq!(shut_down(traced, within), [true; 2]);
    });
}

/// Another one: a shutdown only marks a task that another worker polls, and that worker
/// drops it as if it had been aborted while it ran.
#[test]
fn a_task_that_is_polled_during_a_shutdown_is_dropped_with_a_budget() {
    on(Flavor::Multi, |traced| {
        let (guard, told) = told_when_dropped();
        let (tell_stopped, stopped) = mpsc::channel();
        let mut builder = traced.builder();
        builder.on_thread_stop(move || {
            // Nobody waits for the second.
            let _ = tell_stopped.send(());
        });
        let runtime = builder.worker_threads(2).build().unwrap();
        let (release, released) = mpsc::channel::<()>();
        let (tell_polled, polled) = mpsc::channel();
        let is_being_polled = async move {
            tell_polled.send(()).expect("the test waits");
            released.recv_timeout(DEADLINE).expect_err("it is only hung up");
            keep(guard).await;
        };
        drop(spawn_named(&runtime, "polled", is_being_polled));
        polled.recv_timeout(DEADLINE).unwrap();
        runtime.shutdown_background();
        stopped.recv_timeout(DEADLINE).expect("the other worker is through");
        drop(release);
        assert!(told.recv_timeout(DEADLINE).unwrap());
        traced.wait_for_the_close("polled");
        assert!(traced.end_of("polled").is_one_run());
    });
}

#[test]
fn a_task_spawned_on_a_closed_runtime_is_dropped_within_spawn() {
    on_each_flavor(|traced| {
        let runtime = traced.runtime();
        let handle = runtime.handle().clone();
        drop(runtime);
        let (guard, told) = told_when_dropped();
        let start = traced.log.len();
        let mut task = handle.spawn(keep(guard));
        let entries = traced.log.since(start);
        let calls: Vec<_> = entries.iter().map(|entry| entry.call).collect();
        assert_eq!(calls, [New, Enter, Exit, Close]);
        assert!(!told.recv_timeout(DEADLINE).unwrap() && !entries[3].has_a_budget);
        let ended = Pin::new(&mut task).poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Err(error)) = ended else { panic!("it has ended") };
        assert!(error.is_cancelled());
    });
}

/// A blocking closure is never limited: whether it was aborted or shut down does not
/// show.
#[test]
fn a_blocking_closure_that_is_aborted_before_it_runs_is_dropped_without_a_budget() {
    on_each_flavor(|traced| {
        let runtime = traced.builder().max_blocking_threads(1).build().unwrap();
        let (release, released) = mpsc::channel::<()>();
        let first = runtime.spawn_blocking(move || released.recv_timeout(DEADLINE).is_err());
        let (guard, told) = told_when_dropped();
        let builder = tokio::task::Builder::new().name("queued");
        let queued = builder.spawn_blocking_on(move || drop(guard), runtime.handle()).unwrap();
        queued.abort();
        drop(release);
        assert!(runtime.block_on(first).unwrap());
        assert!(runtime.block_on(queued).unwrap_err().is_cancelled());
        assert!(!told.recv_timeout(DEADLINE).unwrap());
        let end = traced.end_of("queued");
        assert_eq!(traced.log.calls(end.span), [New, Enter, Exit, Close], "it never ran");
        assert!(!end.close.has_a_budget);
    });
}
