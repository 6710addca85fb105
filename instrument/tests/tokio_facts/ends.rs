//! How a task's end shows: what tells a cancelled task from one that completed.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
};

use tokio::{
    sync::oneshot,
    task::{AbortHandle, LocalSet, try_id, yield_now},
};

use crate::{
    harness::{DEADLINE, Flavor, HOUR, OnDrop, keep, on, on_each_flavor, spawn_named},
    log::{
        Call::{Close, Enter, Exit, New},
        Parent, entered,
    },
};

#[test]
fn a_completed_task_is_polled_and_dropped_in_one_run() {
    on_each_flavor(|traced| {
        let runtime = traced.runtime();
        runtime.block_on(spawn_named(&runtime, "completes", yield_now())).unwrap();
        drop(runtime);
        let end = traced.end_of("completes");
        assert_eq!(
            traced.log.calls(end.span),
            [New, Enter, Exit, Enter, Exit, Enter, Exit, Close],
            "two polls and the drop"
        );
        assert!(end.is_one_run(), "{end:#?}");
        assert!(end.inside.is_empty() && end.after.is_empty(), "{end:#?}");
    });
}

#[test]
fn a_task_aborted_while_idle_is_dropped_in_a_run_of_its_own() {
    on_each_flavor(|traced| {
        let end = traced.abort_when_idle(keep(()));
        let polled_once_and_dropped = [New, Enter, Exit, Enter, Exit, Close];
        assert_eq!(traced.log.calls(end.span), polled_once_and_dropped);
        // The calls are those of a task that completed: only this tells them apart.
        assert!(!end.is_one_run(), "{end:#?}");
        assert!(end.between.is_empty(), "{end:#?}");
    });
}

#[test]
fn a_task_aborted_while_it_runs_looks_as_if_it_completed() {
    on_each_flavor(|traced| {
        let runtime = traced.runtime();
        let (tell, told) = mpsc::channel::<AbortHandle>();
        let aborts_itself = async move {
            told.recv_timeout(DEADLINE).expect("its own handle").abort();
            keep(()).await;
        };
        let task = spawn_named(&runtime, "aborts itself", aborts_itself);
        tell.send(task.abort_handle()).unwrap();
        assert!(runtime.block_on(task).unwrap_err().is_cancelled());
        drop(runtime);
        let end = traced.end_of("aborts itself");
        assert_eq!(traced.log.calls(end.span), [New, Enter, Exit, Enter, Exit, Close]);
        assert!(end.is_one_run(), "{end:#?}");
    });
}

#[test]
fn a_task_dropped_before_its_first_poll_is_entered_once() {
    on(Flavor::Current, |traced| {
        let runtime = traced.runtime();
        let task = spawn_named(&runtime, "never polled", keep(()));
        task.abort();
        assert!(runtime.block_on(task).unwrap_err().is_cancelled());
        let end = traced.end_of("never polled");
        assert_eq!(traced.log.calls(end.span), [New, Enter, Exit, Close]);
        assert!(end.close.has_a_budget);
    });
}

#[test]
fn a_poll_that_panics_is_left_panicking() {
    on_each_flavor(|traced| {
        let runtime = traced.runtime();
        let task = spawn_named(&runtime, "panics", async { panic!("as it is meant to") });
        assert!(runtime.block_on(task).unwrap_err().is_panic());
        drop(runtime);
        let entries = traced.log.entries();
        let end = traced.end_of("panics");
        let entered = entries.iter().find(|it| it.call == Enter && it.span == end.span);
        assert!(!entered.expect("a poll").panicking);
        assert!(end.last_poll.as_ref().is_some_and(|exit| exit.panicking));
        // Then it is dropped, by the same unwinding.
        assert!(end.enter.panicking && end.exit.panicking, "{end:#?}");
    });
}

#[test]
fn tasks_dropped_by_an_unwinding_runtime_are_panicking_when_entered() {
    on(Flavor::Current, |traced| {
        let unwinding = catch_unwind(AssertUnwindSafe(|| {
            let runtime = traced.runtime();
            drop(spawn_named(&runtime, "around", keep(())));
            panic!("as it is meant to");
        }));
        assert!(unwinding.is_err());
        let end = traced.end_of("around");
        assert!(end.enter.panicking && end.exit.panicking, "{end:#?}");
    });
}

#[test]
fn what_a_drop_makes_is_made_within_the_tasks_span() {
    on_each_flavor(|traced| {
        let clean_up = OnDrop(|| {
            let late = tokio::task::Builder::new().name("late");
            drop(late.spawn(async {}).expect("a task"));
            drop(tokio::time::sleep(HOUR));
        });
        let end = traced.abort_when_idle(keep(clean_up));
        let made = end.inside.iter().filter(|entry| entry.call == New);
        let made: Vec<_> =
            made.map(|entry| (entry.name, entry.innermost(), entry.parent)).collect();
        let within = Some(end.span);
        assert_eq!(
            made[..2],
            [("runtime.spawn", within, Parent::None), ("runtime.resource", within, Parent::None)]
        );
        let entered = traced.log.task("late").entered;
        assert_eq!(traced.log.without_workers(entered), [end.span], "and within nothing else");
    });
}

#[test]
fn what_a_task_holds_is_let_go_within_its_span() {
    on_each_flavor(|traced| {
        let end = traced.abort_when_idle(async { tokio::time::sleep(HOUR).await });
        let sleep = traced.log.only_timer();
        let closed = end.inside.iter().find(|it| it.call == Close && it.span == sleep.span);
        assert_eq!(closed.expect("the timer is dropped").innermost(), Some(end.span));
        let dropped = end.inside.iter().find(|it| it.target == "tokio::task::waker");
        assert_eq!(dropped.expect("and its waker").number("task.id"), Some(end.span));
    });
}

#[test]
fn an_abort_emits_nothing() {
    on(Flavor::Multi, |traced| {
        let runtime = traced.runtime();
        let task = spawn_named(&runtime, "asked", keep(()));
        traced.wait_for_the_first_poll("asked");
        let abort = task.abort_handle();
        assert!(traced.on_another_thread(move || abort.abort()).is_empty());
        assert!(runtime.block_on(task).unwrap_err().is_cancelled());
    });
}

#[test]
fn a_detached_output_is_dropped_after_the_close_with_nothing_entered() {
    on_each_flavor(|traced| {
        let runtime = traced.runtime();
        let (release, released) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel();
        let (mut tell, log) = (Some(tell), Arc::clone(&traced.log));
        let output = OnDrop(move || {
            let is_closed = log.calls(log.task("detached").span).contains(&Close);
            let seen = (try_id(), log.without_workers(entered()), is_closed);
            drop(tell.take().map(|tell| tell.send(seen)));
        });
        let task = spawn_named(&runtime, "detached", async move {
            let _ = released.await;
            output
        });
        let id = task.id();
        drop(task);
        release.send(()).unwrap();
        // Only `try_id` tells whose it was.
        assert_eq!(runtime.block_on(told), Ok((Some(id), Vec::new(), true)));
    });
}

#[test]
fn a_local_set_that_is_dropped_drops_its_tasks() {
    on_each_flavor(|traced| {
        traced.run(async {
            let local = LocalSet::new();
            let builder = tokio::task::Builder::new().name("local");
            let task = builder.spawn_local_on(keep(()), &local).expect("a task");
            local.run_until(yield_now()).await;
            drop(local);
            assert!(task.await.unwrap_err().is_cancelled());
        });
        let end = traced.end_of("local");
        let polled_once_and_dropped = [New, Enter, Exit, Enter, Exit, Close];
        assert_eq!(traced.log.calls(end.span), polled_once_and_dropped);
    });
}
