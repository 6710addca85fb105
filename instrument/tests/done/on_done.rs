//! What is called when a task has ended.

use std::{
    future::{pending, ready},
    pin::Pin,
    sync::{Arc, mpsc},
    task::{Context, Poll},
    thread,
};

use holdover::{
    Outcome,
    task::{Builder, JoinHandle, LocalSet, spawn, spawn_blocking, yield_now},
};
use tokio::{runtime::Runtime, sync::oneshot};

use crate::support::{DEADLINE, OnDrop, Said, keep, on_each_flavor, outcome};

/// A task that ends when it is released, and what its callbacks say.
fn released() -> (oneshot::Sender<()>, impl Future<Output = ()> + Send) {
    let (release, released) = oneshot::channel();
    (release, async { released.await.expect("it is released") })
}

fn spawn_on<F>(runtime: &Runtime, future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    Builder::new().spawn_on(future, runtime.handle()).expect("a task")
}

/// Three callbacks that say what they are told.
fn three_callbacks<T>(task: &JoinHandle<T>, said: &Said) {
    for number in 1..=3 {
        let said = said.clone();
        task.on_done(move |ended| said.say(format!("{number} {}", ended.outcome().name())));
    }
}

#[test]
fn callbacks_are_called_once_each_and_in_order() {
    on_each_flavor(|runtime| {
        let (said, (release, until_released)) = (Said::default(), released());
        let task = spawn_on(&runtime, until_released);
        three_callbacks(&task, &said);
        assert!(said.all().is_empty(), "it has not ended");
        release.send(()).unwrap();
        runtime.block_on(task).unwrap();
        drop(runtime);
        assert_eq!(said.all(), ["1 completed", "2 completed", "3 completed"]);
        assert!(!said.is_kept_elsewhere(), "they are gone");
    });
}

#[test]
fn callbacks_are_called_after_a_cancel_too() {
    on_each_flavor(|runtime| {
        for polls_first in [true, false] {
            let said = Said::default();
            let task = spawn_on(&runtime, pending::<()>());
            if polls_first {
                runtime.block_on(yield_now());
            }
            three_callbacks(&task, &said);
            task.abort();
            assert!(runtime.block_on(task).unwrap_err().is_cancelled());
            assert_eq!(said.all(), ["1 cancelled", "2 cancelled", "3 cancelled"]);
        }
    });
}

#[test]
fn a_callback_is_told_of_a_panic() {
    on_each_flavor(|runtime| {
        let (release, until_released) = released();
        let task = spawn_on(&runtime, async {
            until_released.await;
            panic!("as it is meant to");
        });
        let told = outcome(&task);
        release.send(()).unwrap();
        assert!(runtime.block_on(task).unwrap_err().is_panic());
        assert_eq!(told.recv_timeout(DEADLINE), Ok(Outcome::Panicked));
    });
}

#[test]
fn a_callback_is_told_of_its_runtimes_shutdown() {
    on_each_flavor(|runtime| {
        let task = spawn_on(&runtime, pending::<()>());
        let told = outcome(&task);
        drop(runtime);
        assert_eq!(told.recv_timeout(DEADLINE), Ok(Outcome::Shutdown));
    });
}

#[test]
fn an_abort_that_comes_too_late_is_none() {
    on_each_flavor(|runtime| {
        let mut task = spawn_on(&runtime, ready(()));
        let told = outcome(&task);
        runtime.block_on(&mut task).unwrap();
        task.abort();
        assert_eq!(told.recv_timeout(DEADLINE), Ok(Outcome::Completed));
        assert_eq!(outcome(&task).recv_timeout(DEADLINE), Ok(Outcome::Completed));
    });
}

#[test]
fn a_late_callback_is_called_at_once_on_the_callers_thread() {
    on_each_flavor(|runtime| {
        let mut completed = spawn_on(&runtime, ready(()));
        runtime.block_on(&mut completed).unwrap();
        let mut cancelled = spawn_on(&runtime, pending());
        cancelled.abort();
        runtime.block_on(&mut cancelled).unwrap_err();
        drop(runtime);
        for (task, expected) in [(completed, Outcome::Completed), (cancelled, Outcome::Cancelled)] {
            let (tell, told) = mpsc::channel();
            task.on_done(move |ended| {
                tell.send((ended.outcome(), thread::current().id())).expect("the test waits");
            });
            assert_eq!(told.try_recv(), Ok((expected, thread::current().id())));
        }
    });
}

#[test]
fn a_panic_in_a_callback_does_not_stop_the_next_nor_reach_the_joiner() {
    on_each_flavor(|runtime| {
        let (said, (release, until_released)) = (Said::default(), released());
        let mut task = spawn_on(&runtime, until_released);
        let (first, last) = (said.says("first"), said.says("last"));
        task.on_done(|_| first());
        task.on_done(|_| panic!("as it is meant to"));
        task.on_done(|_| last());
        release.send(()).unwrap();
        runtime.block_on(&mut task).unwrap();
        assert_eq!(said.all(), ["first", "last"]);
        task.on_done(|_| panic!("as it is meant to, and late"));
    });
}

#[test]
fn a_callback_is_called_after_the_future_is_gone_and_before_its_joiner_wakes() {
    on_each_flavor(|runtime| {
        for is_aborted in [false, true] {
            let (said, (release, until_released)) = (Said::default(), released());
            let kept = said.when_dropped("gone");
            let task = spawn_on(&runtime, async move {
                until_released.await;
                drop(kept);
            });
            runtime.block_on(yield_now());
            let (abort, says) = (task.abort_handle(), said.clone());
            task.on_done(move |_| says.say(format!("is finished: {}", abort.is_finished())));
            if is_aborted {
                task.abort();
            } else {
                release.send(()).unwrap();
            }
            assert_eq!(runtime.block_on(task).is_err(), is_aborted);
            said.say("joined");
            assert_eq!(said.all(), ["gone", "is finished: false", "joined"]);
        }
    });
}

#[test]
fn a_callback_is_called_on_the_thread_that_ended_the_task() {
    on_each_flavor(|runtime| {
        let (release, until_released) = released();
        let task = spawn_on(&runtime, async {
            until_released.await;
            thread::current().id()
        });
        let (tell, told) = mpsc::channel();
        task.on_done(move |_| tell.send(thread::current().id()).expect("the test waits"));
        release.send(()).unwrap();
        let ended_on = runtime.block_on(task).unwrap();
        assert_eq!(told.recv_timeout(DEADLINE), Ok(ended_on));
    });
}

#[test]
fn a_callback_needs_no_handle_that_lives_on() {
    on_each_flavor(|runtime| {
        let (release, until_released) = released();
        let task = spawn_on(&runtime, until_released);
        let (tell, told) = oneshot::channel();
        task.on_done(|ended| tell.send(ended.outcome()).expect("the test waits"));
        drop(task);
        release.send(()).unwrap();
        assert_eq!(runtime.block_on(told), Ok(Outcome::Completed));
    });
}

#[test]
fn a_callback_may_spawn() {
    on_each_flavor(|runtime| {
        let (release, until_released) = released();
        let task = spawn_on(&runtime, until_released);
        let (tell, told) = oneshot::channel();
        task.on_done(|_| drop(spawn(async { tell.send(7) })));
        release.send(()).unwrap();
        assert_eq!(runtime.block_on(told), Ok(7));
    });
}

#[test]
fn a_blocking_closure_has_callbacks_too() {
    on_each_flavor(|runtime| {
        let _entered = runtime.enter();
        let (release, released) = mpsc::channel::<()>();
        let blocking = spawn_blocking(move || released.recv_timeout(DEADLINE).is_err());
        let told = outcome(&blocking);
        // It cannot be aborted any more, or runs all the same.
        release.send(()).unwrap();
        assert!(!runtime.block_on(blocking).unwrap());
        assert_eq!(told.recv_timeout(DEADLINE), Ok(Outcome::Completed));
        let panics = spawn_blocking(|| panic!("as it is meant to"));
        let told = outcome(&panics);
        let panicked: Result<(), _> = runtime.block_on(panics);
        assert!(panicked.unwrap_err().is_panic());
        assert_eq!(told.recv_timeout(DEADLINE), Ok(Outcome::Panicked));
    });
}

#[test]
fn an_abort_of_a_blocking_closure_that_runs_is_none() {
    on_each_flavor(|runtime| {
        let _entered = runtime.enter();
        let (release, released) = mpsc::channel::<()>();
        let (tell_runs, runs) = mpsc::channel();
        let blocking = spawn_blocking(move || {
            tell_runs.send(()).expect("the test waits");
            released.recv_timeout(DEADLINE).expect("it is released");
        });
        let told = outcome(&blocking);
        runs.recv_timeout(DEADLINE).unwrap();
        blocking.abort();
        assert!(told.try_recv().is_err(), "it goes on");
        release.send(()).unwrap();
        runtime.block_on(blocking).unwrap();
        assert_eq!(told.recv_timeout(DEADLINE), Ok(Outcome::Completed));
    });
}

#[test]
fn a_dropped_local_set_cancels() {
    on_each_flavor(|runtime| {
        let local = LocalSet::new();
        let task = local.spawn_local(pending::<()>());
        let told = outcome(&task);
        local.block_on(&runtime, yield_now());
        runtime.block_on(async { drop(local) });
        assert_eq!(told.recv_timeout(DEADLINE), Ok(Outcome::Cancelled));
    });
}

#[test]
fn a_task_spawned_on_a_closed_runtime_has_ended_by_shutdown() {
    on_each_flavor(|runtime| {
        let handle = runtime.handle().clone();
        drop(runtime);
        let task = Builder::new().spawn_on(pending::<()>(), &handle).unwrap();
        assert_eq!(outcome(&task).try_recv(), Ok(Outcome::Shutdown));
    });
}

/// Whoever comes while the task ends is called too, once.
#[test]
fn no_callback_is_lost_while_the_task_ends() {
    on_each_flavor(|runtime| {
        let (tell, told) = mpsc::channel();
        for _ in 0..200 {
            let (release, until_released) = released();
            let task = spawn_on(&runtime, until_released);
            let add = || {
                for _ in 0..4 {
                    let tell = tell.clone();
                    task.on_done(move |ended| {
                        tell.send(ended.outcome()).expect("the test waits");
                    });
                }
            };
            thread::scope(|scope| {
                scope.spawn(add);
                scope.spawn(add);
                release.send(()).expect("it waits");
                runtime.block_on(yield_now());
            });
            runtime.block_on(task).unwrap();
        }
        drop(tell);
        let all: Vec<_> = told.iter().collect();
        assert_eq!(all.len(), 200 * 8);
        assert!(all.iter().all(|outcome| *outcome == Outcome::Completed));
    });
}

#[test]
fn a_callback_in_a_callback_is_late() {
    on_each_flavor(|runtime| {
        let (said, (release, until_released)) = (Said::default(), released());
        let task = Arc::new(spawn_on(&runtime, until_released));
        let (again, says) = (Arc::clone(&task), said.clone());
        task.on_done(move |_| {
            says.say("first");
            let nested = says.says("nested");
            again.on_done(|_| nested());
            says.say("first is over");
        });
        let second = said.says("second");
        let (tell, told) = oneshot::channel();
        task.on_done(|_| {
            second();
            tell.send(()).expect("the test waits");
        });
        release.send(()).unwrap();
        runtime.block_on(told).unwrap();
        assert_eq!(said.all(), ["first", "nested", "first is over", "second"]);
    });
}

#[test]
fn what_a_callback_keeps_is_dropped_with_it() {
    on_each_flavor(|runtime| {
        let said = Said::default();
        let task = spawn_on(&runtime, pending::<()>());
        let kept = said.when_dropped("dropped");
        task.on_done(move |_| drop(kept));
        task.abort();
        runtime.block_on(task).unwrap_err();
        assert_eq!(said.all(), ["dropped"]);
    });
}

/// Is ready at once, and keeps what it has until it is dropped.
struct ReadyAndKeeps<T>(T);

impl<T: Unpin> Future for ReadyAndKeeps<T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

#[test]
fn a_future_whose_drop_panics_has_ended_too() {
    on_each_flavor(|runtime| {
        let panics = || OnDrop(|| panic!("as it is meant to"));
        let task = spawn_on(&runtime, ReadyAndKeeps(panics()));
        let told = outcome(&task);
        assert!(runtime.block_on(task).unwrap_err().is_panic());
        assert_eq!(told.recv_timeout(DEADLINE), Ok(Outcome::Panicked));
        let cancelled = spawn_on(&runtime, keep(panics()));
        let told = outcome(&cancelled);
        cancelled.abort();
        assert!(runtime.block_on(cancelled).unwrap_err().is_panic());
        assert_eq!(told.recv_timeout(DEADLINE), Ok(Outcome::Cancelled));
    });
}

#[test]
fn a_task_dropped_by_an_unwinding_runtime_has_not_panicked() {
    on_each_flavor(|runtime| {
        let task = spawn_on(&runtime, pending::<()>());
        let told = outcome(&task);
        let unwinds = thread::spawn(move || {
            let _dropped = runtime;
            panic!("as it is meant to");
        });
        unwinds.join().unwrap_err();
        assert_eq!(told.recv_timeout(DEADLINE), Ok(Outcome::Shutdown));
    });
}

#[test]
fn a_task_spawned_on_a_closed_runtime_within_another_has_ended_by_shutdown() {
    on_each_flavor(|closed| {
        let handle = closed.handle().clone();
        drop(closed);
        on_each_flavor(|runtime| {
            let spawns = async {
                outcome(&Builder::new().spawn_on(pending::<()>(), &handle).expect("a task"))
            };
            assert_eq!(runtime.block_on(spawns).try_recv(), Ok(Outcome::Shutdown));
        });
    });
}

#[test]
fn an_abort_of_a_blocking_closure_that_waits_cancels_it() {
    crate::begin();
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.max_blocking_threads(1).build().unwrap();
    let _entered = runtime.enter();
    let (release, released) = mpsc::channel::<()>();
    let first = spawn_blocking(move || released.recv_timeout(DEADLINE));
    let waits = spawn_blocking(|| panic!("it must not run"));
    let told = outcome(&waits);
    waits.abort();
    release.send(()).unwrap();
    runtime.block_on(first).unwrap().unwrap();
    let waited: Result<(), _> = runtime.block_on(waits);
    assert!(waited.unwrap_err().is_cancelled());
    assert_eq!(told.recv_timeout(DEADLINE), Ok(Outcome::Cancelled));
}

#[test]
fn a_local_set_dropped_outside_a_runtime_cancels() {
    on_each_flavor(|runtime| {
        let local = LocalSet::new();
        let task = local.spawn_local(pending::<()>());
        let told = outcome(&task);
        local.block_on(&runtime, yield_now());
        drop(local);
        assert_eq!(told.recv_timeout(DEADLINE), Ok(Outcome::Cancelled));
    });
}
