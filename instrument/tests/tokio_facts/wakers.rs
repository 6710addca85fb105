//! The events of tasks' wakers.

use std::{
    future::poll_fn,
    sync::Mutex,
    task::{Poll, Waker},
};

use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    task::{LocalSet, yield_now},
};

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

#[test]
fn a_task_of_a_local_set_has_wakers_of_the_same_kind() {
    static KEPT: Mutex<Option<Waker>> = Mutex::new(None);
    on_each_flavor(|traced| {
        traced.run(async {
            let local = LocalSet::new();
            let keeps_its_waker = poll_fn(|cx| {
                *KEPT.lock().unwrap() = Some(cx.waker().clone());
                Poll::<()>::Pending
            });
            let builder = tokio::task::Builder::new().name("local");
            let task = builder.spawn_local_on(keeps_its_waker, &local).unwrap();
            local.run_until(yield_now()).await;
            task.abort();
            local.await;
        });
        drop(KEPT.lock().unwrap().take());
        assert_eq!(operations(traced, "local"), ["waker.clone", "waker.drop"]);
    });
}

/// How many wakers are left, by what was done with them.
fn left(operations: &[String]) -> isize {
    let count = |wanted: &[&str]| {
        let of_it = operations.iter().filter(|it| wanted.contains(&it.as_str()));
        isize::try_from(of_it.count()).expect("a small number")
    };
    count(&["waker.clone"]) - count(&["waker.drop", "waker.wake"])
}

#[test]
fn the_other_half_of_a_split_stream_keeps_the_readers_waker() {
    on_each_flavor(|traced| {
        let runtime = traced.runtime();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let connecting = TcpStream::connect(listener.local_addr().unwrap());
            let (connected, accepted) = tokio::join!(connecting, listener.accept());
            let (mut reader, writer) = connected.unwrap().into_split();
            let reads = async move { drop(reader.read_u8().await) };
            let task = spawn_named(&runtime, "reads", reads);
            while operations(traced, "reads").is_empty() {
                yield_now().await;
            }
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
            assert_eq!(left(&operations(traced, "reads")), 1);
            drop(writer);
            drop(accepted);
        });
        drop(runtime);
        assert_eq!(left(&operations(traced, "reads")), 0);
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
