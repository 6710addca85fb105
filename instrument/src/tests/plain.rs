//! What is made of tokio's own spans, where no shim is used.

use std::{
    future::{Future, pending, poll_fn},
    pin::pin,
    sync::{Mutex, mpsc},
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use tokio::{
    runtime::{Builder, Handle},
    time::{interval, sleep, timeout},
};
use tracing_core::dispatcher;

use super::support::{DAY, GRACE_OVER, ORPHANS_TOO, OnDrop, Service, keep, poll_once, settle};
use crate::{
    recorder::clock::nanos,
    words::{Accuracy, Cause, Kind, Outcome, Phase, TaskKind},
};

/// Long enough for a machine with everything else going on.
const DEADLINE: Duration = Duration::from_secs(20);

fn plain<F>(name: &str, future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    tokio::task::Builder::new().name(name).spawn(future).expect("a task")
}

// === how a task ended ===

#[test]
fn who_cancelled_a_task_where_and_why_is_not_known() {
    let service = Service::of_spans();
    service.run(async {
        let late = || drop(plain("late", pending::<()>()));
        let task = plain("task", keep(OnDrop(late)));
        settle().await;
        task.abort();
        settle().await;
    });
    let (task, story) = (service.task("task"), service.cancel("task").expect("it was cancelled"));
    assert_eq!((task.outcome, task.accuracy()), (Some(Outcome::Cancelled), Accuracy::Inferred));
    assert_eq!(story.cause, Cause::Unknown);
    assert_eq!((story.canceller, story.site, story.reason), (None, None, None));
    assert!(story.path.is_empty());
    assert_eq!(story.delivered_at, Some(story.requested_at), "the request is the delivery");
    assert_eq!(service.totals().slowest_cancel, 0, "how long it took is not known");
    assert_eq!(service.verdicts(GRACE_OVER), ["after-cancel task: child late, in-drop"]);
}

/// Wherever its set is dropped; what a runtime for local tasks drops it shuts down.
#[test]
fn a_task_of_a_local_set_that_is_dropped_outside_of_all_tasks_was_cancelled() {
    let local = |name: &str| {
        drop(tokio::task::Builder::new().name(name).spawn_local(pending::<()>()).expect("a task"));
    };
    let service = Service::of_spans();
    let set = tokio::task::LocalSet::new();
    service.run(set.run_until(async {
        local("of a set");
        settle().await;
    }));
    service.within(|| {
        drop(set);
        let options = tokio::runtime::LocalOptions::default();
        let runtime = Builder::new_current_thread().build_local(options).expect("a runtime");
        runtime.block_on(async {
            local("of a runtime");
            settle().await;
        });
    });
    let outcomes = ["of a set", "of a runtime"].map(|name| service.outcome(name));
    assert_eq!(outcomes, [Outcome::Cancelled, Outcome::Shutdown]);
}

#[test]
fn phases_are_before_and_in_the_drop() {
    let service = Service::of_spans();
    let kept = Mutex::new(Vec::new());
    service.run(async {
        let before = || crate::hold::Hold::new(Kind::Custom, "before");
        let (send, receive) = mpsc::channel();
        let sends = send.clone();
        let task = plain("task", async move {
            send.send(before()).expect("the test waits");
            keep(OnDrop(move || {
                sends.send(crate::hold::Hold::new(Kind::Custom, "dropped")).expect("it waits");
            }))
            .await;
        });
        settle().await;
        task.abort();
        settle().await;
        kept.lock().expect("nobody panics here").extend(receive.try_iter());
    });
    let said = service.verdicts(GRACE_OVER);
    let expected =
        ["left-behind task: custom before, before", "after-cancel task: custom dropped, in-drop"];
    assert_eq!(said, expected);
    service.within(|| drop(kept));
}

/// The calls are those of a task that completed. That the worker slept in between is all
/// that tells the two apart.
#[test]
fn a_task_that_is_aborted_while_its_worker_sleeps_was_cancelled() {
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let service = Service::of_spans();
        service.within(|| {
            let dispatch = dispatcher::get_default(Clone::clone);
            builder.on_thread_start(move || std::mem::forget(dispatcher::set_default(&dispatch)));
            let runtime = builder.worker_threads(1).build().expect("a runtime");
            let (tell, polled) = mpsc::channel();
            let tells = async move {
                let parked = Handle::current().metrics().worker_park_count(0);
                tell.send(parked).expect("the test waits");
                pending::<()>().await;
            };
            let _entered = runtime.enter();
            let task = plain("task", tells);
            let (abort, metrics) = (task.abort_handle(), runtime.metrics());
            thread::scope(|scope| {
                scope.spawn(move || {
                    // Whatever happens, or it would never end.
                    let _aborts = OnDrop(|| abort.abort());
                    let before = polled.recv_timeout(DEADLINE).expect("it is polled");
                    wait_for(|| metrics.worker_park_count(0) > before);
                });
                runtime.block_on(task).expect_err("it is aborted");
            });
        });
        assert_eq!(service.outcome("task"), Outcome::Cancelled);
    }
}

fn wait_for(is_so: impl Fn() -> bool) {
    const PAUSE: Duration = Duration::from_millis(1);
    for _ in 0..DEADLINE.as_millis() / PAUSE.as_millis() {
        if is_so() {
            return;
        }
        thread::park_timeout(PAUSE);
    }
    panic!("it is not so after {DEADLINE:?}");
}

#[test]
fn what_is_not_certain_counts_as_completed_and_gives_no_verdict() {
    let service = Service::of_spans();
    service.run(async {
        let (tell, told) = tokio::sync::oneshot::channel::<tokio::task::AbortHandle>();
        let aborts_itself = async move {
            told.await.expect("its handle").abort();
            let late = || drop(plain("late", pending::<()>()));
            keep(OnDrop(late)).await;
        };
        let task = plain("task", aborts_itself);
        tell.send(task.abort_handle()).expect("it waits");
        assert!(task.await.expect_err("it is aborted").is_cancelled());
    });
    assert_eq!(service.outcome("task"), Outcome::Completed, "aborted while it ran");
    assert!(service.verdicts(ORPHANS_TOO).is_empty());
}

#[test]
fn block_on_completes_and_has_no_id_of_tokios() {
    let service = Service::of_spans();
    service.within(|| {
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(settle());
        runtime.block_on(async {});
    });
    let tasks: Vec<_> = service.recorder.tasks().collect();
    assert_eq!(tasks.len(), 2);
    for task in tasks {
        assert_eq!((task.kind, task.told_id()), (TaskKind::BlockOn, None));
        assert_eq!(task.outcome, Some(Outcome::Completed));
    }
}

/// Its thread is no worker, whose sleep would tell one run from the next.
#[test]
fn while_its_thread_sleeps_block_on_is_idle() {
    const SLEPT: Duration = Duration::from_millis(400);
    let service = Service::of_spans();
    service.within(|| {
        let runtime = Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        let mut sleeper = None;
        runtime.block_on(poll_fn(|context| {
            if sleeper.is_some() {
                return Poll::Ready(());
            }
            let waker = context.waker().clone();
            sleeper = Some(thread::spawn(move || {
                thread::sleep(SLEPT);
                waker.wake();
            }));
            Poll::Pending
        }));
    });
    let task = service.recorder.tasks().next().expect("the block_on");
    assert_eq!(task.polls, 2);
    assert!(task.busy < nanos(SLEPT), "{} ns", task.busy);
}

#[test]
fn a_blocking_closure_that_ran_completed() {
    let service = Service::of_spans();
    service.run(async {
        let blocking = tokio::task::Builder::new().name("closure");
        blocking.spawn_blocking(|| ()).expect("a task").await.expect("it returns");
    });
    wait_for(|| service.task("closure").ended_at.is_some());
    assert_eq!(service.outcome("closure"), Outcome::Completed);
}

// === what belongs to what ===

#[test]
fn a_nested_block_on_is_a_child_of_the_task_around_it() {
    let service = Service::of_spans();
    service.within(|| {
        let dispatch = dispatcher::get_default(Clone::clone);
        let mut builder = Builder::new_multi_thread();
        builder.on_thread_start(move || std::mem::forget(dispatcher::set_default(&dispatch)));
        let runtime = builder.worker_threads(1).build().expect("a runtime");
        let outer = async {
            tokio::task::block_in_place(|| Handle::current().block_on(async {}));
        };
        let handle = runtime.handle().clone();
        let outer = tokio::task::Builder::new().name("outer").spawn_on(outer, &handle);
        runtime.block_on(outer.expect("a task")).expect("it ends");
    });
    let outer = service.task("outer").key;
    let within = service.recorder.tasks().find(|task| task.spawner == Some(outer));
    assert_eq!(within.expect("it is recorded").kind, TaskKind::BlockOn);
}

#[test]
fn workers_and_what_takes_their_place_are_no_tasks() {
    let service = Service::of_spans();
    service.within(|| {
        let dispatch = dispatcher::get_default(Clone::clone);
        let mut builder = Builder::new_multi_thread();
        builder.on_thread_start(move || std::mem::forget(dispatcher::set_default(&dispatch)));
        let runtime = builder.worker_threads(2).build().expect("a runtime");
        let handle = runtime.handle().clone();
        let steps_aside = async { tokio::task::block_in_place(|| ()) };
        let task = tokio::task::Builder::new().name("task").spawn_on(steps_aside, &handle);
        runtime.block_on(task.expect("a task")).expect("it ends");
    });
    let others = service.recorder.tasks().filter(|task| task.kind == TaskKind::Blocking);
    assert_eq!(others.count(), 0);
    assert_eq!(service.task("task").children, 0);
}

// === timers ===

#[test]
fn an_interval_is_one_timer() {
    let service = Service::of_spans();
    service.run(async {
        let ticks = interval(DAY);
        let held = service.only_holding();
        assert_eq!((held.kind, &*held.label.text()), (Kind::Timer, "interval"));
        drop(ticks);
        assert!(service.holdings().is_empty());
    });
}

#[test]
fn a_sleep_is_not_due_before_it_was_polled() {
    let service = Service::of_spans();
    service.run(async {
        let mut timer = pin!(sleep(DAY));
        assert_eq!(service.only_holding().due_at, None);
        assert!(poll_once(timer.as_mut()).await.is_pending());
        let held = service.only_holding();
        let due = Duration::from_nanos(held.due_at.expect("it is due") - held.acquired_at);
        assert!(due.abs_diff(DAY) < Duration::from_secs(60), "{due:?}");
    });
}

#[test]
fn a_timeout_is_a_sleep_at_the_callers_line_and_no_scope() {
    let service = Service::of_spans();
    service.run(async {
        let mut limited = pin!(timeout(DAY, pending::<()>()));
        let line = line!() - 1;
        assert!(poll_once(limited.as_mut()).await.is_pending());
        let held = service.only_holding();
        assert_eq!(&*held.label.text(), "sleep");
        let place = held.site.place().expect("a place");
        assert_eq!((&*place.file, place.line), (file!(), line));
        let endless = pin!(timeout(Duration::MAX, pending::<()>()));
        assert!(poll_once(endless).await.is_pending());
        assert_eq!(service.holdings().len(), 1, "one that never comes is none");
        assert!(service.recorder.tasks().all(|task| task.kind != TaskKind::Scope));
    });
}

// === wakers ===

/// Its slot may be another task's by then, or another recorder's.
#[test]
fn a_waker_that_is_used_late_or_elsewhere_wakes_nobody_else() {
    let (here, elsewhere) = (Service::of_spans(), Service::of_spans());
    let (tell, told) = mpsc::channel::<Waker>();
    here.run(async {
        let gives_its_waker = poll_fn(move |cx| {
            tell.send(cx.waker().clone()).expect("the test waits");
            Poll::Ready(())
        });
        plain("task", gives_its_waker).await.expect("it ends");
    });
    let waker = told.try_recv().expect("it was sent");
    elsewhere.run(async {
        drop(plain("stranger", pending::<()>()));
        settle().await;
    });
    let (ours, strangers) = (here.task("task").wakes, elsewhere.task("stranger").wakes);
    elsewhere.within(|| waker.wake_by_ref());
    assert_eq!(elsewhere.task("stranger").wakes, strangers);
    // Its slot is used again.
    let slot = here.task("task").key.slot();
    here.look(8 * DAY);
    assert!(here.tasks("task").is_empty());
    let next = here.run(async {
        let mut next = Vec::new();
        while !here.recorder.tasks().any(|task| task.key.slot() == slot) {
            next.push(plain("next", pending::<()>()));
            assert!(next.len() < 10_000, "the slot is not used again");
        }
        settle().await;
        let next = here.recorder.tasks().find(|task| task.key.slot() == slot).expect("it is");
        let before = next.wakes;
        waker.wake_by_ref();
        (next, before)
    });
    let now = here.recorder.task(next.0.key).expect("it lives or is kept");
    assert_eq!((now.wakes, ours), (next.1, ours));
    here.within(|| drop(waker));
}

/// Only what was made between a run's begin and its end is of the drop.
#[test]
fn a_phase_is_of_the_drop_only_when_the_run_was_the_drop() {
    let service = Service::of_spans();
    service.run(async {
        let task = plain("task", async {
            drop(plain("child", pending::<()>()));
            pending::<()>().await;
        });
        settle().await;
        task.abort();
        settle().await;
    });
    let (task, child) = (service.task("task"), service.task("child"));
    assert_eq!(crate::verdict::phase(&task, child.spawned_at), Phase::Before);
    assert_eq!(service.verdicts(ORPHANS_TOO), ["orphaned child"]);
}
