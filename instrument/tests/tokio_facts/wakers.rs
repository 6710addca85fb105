//! The events of tasks' wakers.

use std::{
    future::poll_fn,
    sync::Mutex,
    task::{Poll, Waker},
};

use tokio::task::yield_now;

use crate::{
    harness::{Traced, keep, on_each_flavor, spawn_named},
    log::{Call::Close, Entry, entered},
};

const WAKER: &str = "tokio::task::waker";

/// What was done with the task's wakers, in order.
fn operations(traced: &Traced, name: &str) -> Vec<String> {
    let task = traced.log.task(name);
    assert_ne!(task.number("task.id"), Some(task.span), "tokio's id is another");
    let is_its = |event: &Entry| event.number("task.id") == Some(task.span);
    let events = traced.log.events(WAKER).into_iter().filter(is_its);
    events.map(|event| event.text("op").expect("an operation").to_owned()).collect()
}

#[test]
fn a_wakers_events_name_the_tasks_span_and_the_operation() {
    on_each_flavor(|traced| {
        let runtime = traced.runtime();
        let mut was_polled = false;
        let uses_its_waker = poll_fn(move |cx| {
            if std::mem::replace(&mut was_polled, true) {
                return Poll::Ready(());
            }
            let (first, second) = (cx.waker().clone(), cx.waker().clone());
            cx.waker().wake_by_ref();
            first.wake();
            drop(second);
            Poll::Pending
        });
        runtime.block_on(spawn_named(&runtime, "task", uses_its_waker)).unwrap();
        let operations = operations(traced, "task");
        let expected =
            ["waker.clone", "waker.clone", "waker.wake_by_ref", "waker.wake", "waker.drop"];
        assert_eq!(operations, expected);
    });
}

#[test]
fn a_waker_outlives_its_tasks_span_and_still_names_it() {
    static KEPT: Mutex<Option<Waker>> = Mutex::new(None);
    on_each_flavor(|traced| {
        let runtime = traced.runtime();
        let keeps_its_waker = poll_fn(|cx| {
            *KEPT.lock().unwrap() = Some(cx.waker().clone());
            Poll::Ready(())
        });
        runtime.block_on(spawn_named(&runtime, "task", keeps_its_waker)).unwrap();
        assert!(traced.log.calls(traced.log.task("task").span).contains(&Close));
        let kept = KEPT.lock().unwrap().take();
        kept.unwrap().wake();
        assert_eq!(operations(traced, "task"), ["waker.clone", "waker.wake"]);
    });
}

#[test]
fn block_on_has_no_waker_of_that_kind() {
    on_each_flavor(|traced| {
        let span = traced.run(async {
            yield_now().await;
            tokio::spawn(yield_now()).await.unwrap();
            entered().pop()
        });
        assert!(span.is_some());
        let events = traced.log.events(WAKER);
        assert!(!events.is_empty(), "of the other task");
        assert!(events.iter().all(|event| event.number("task.id") != span));
    });
}

/// The waker that a poll is given is no clone.
#[test]
fn a_task_that_keeps_no_waker_emits_nothing() {
    on_each_flavor(|traced| {
        traced.abort_when_idle(keep(()));
        assert_eq!(operations(traced, "aborted"), [""; 0]);
    });
}
