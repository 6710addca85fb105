//! The spans of tasks, blocking closures and workers: their names and fields.

use std::{
    any::type_name_of_val,
    future::ready,
    hash::{Hash, Hasher},
};

use tokio::task::{Id, JoinSet, LocalSet, block_in_place, spawn_blocking, try_id, yield_now};
use tracing_core::Level;

use crate::{
    harness::{Flavor, on, on_each_flavor},
    log::{
        Call::{Close, Enter, Exit, New},
        Entry, Log, Parent,
    },
};

/// What an id feeds to a hasher.
#[derive(Default)]
struct Hashed(Vec<u64>);

impl Hasher for Hashed {
    fn write(&mut self, _: &[u8]) {
        panic!("a number is hashed as a number");
    }

    fn write_u64(&mut self, number: u64) {
        self.0.push(number);
    }

    fn finish(&self) -> u64 {
        self.0[0]
    }
}

/// The number in an id: it is told through `Hash` only.
fn number(id: Id) -> u64 {
    let mut hashed = Hashed::default();
    id.hash(&mut hashed);
    assert_eq!(hashed.0.len(), 1);
    hashed.finish()
}

fn is_a_tasks(span: &Entry) -> bool {
    (span.name, span.target, span.level) == ("runtime.spawn", "tokio::task", Level::TRACE)
}

fn only_task(log: &Log, kind: &str) -> Entry {
    let tasks = log.tasks().into_iter();
    let mut of_kind = tasks.filter(|task| task.formatted("kind") == Some(kind));
    let task = of_kind.next().expect("a task of that kind");
    assert!(of_kind.next().is_none(), "two are {kind}");
    task
}

#[test]
fn a_spawned_task_has_no_parent_and_tells_its_id_size_and_place() {
    on_each_flavor(|traced| {
        let future = async { ready([0_u8; 100]).await };
        let size = size_of_val(&future);
        let (id, line) = traced.run(async {
            let task = tokio::spawn(future);
            let (id, line) = (task.id(), line!() - 1);
            task.await.unwrap();
            (id, line)
        });
        let span = only_task(&traced.log, "task");
        assert!(is_a_tasks(&span) && span.parent == Parent::None, "{span:#?}");
        assert_eq!(span.formatted("task.name"), Some(""));
        assert_eq!(span.number("task.id"), Some(number(id)));
        assert_eq!(span.number("size.bytes"), u64::try_from(size).ok());
        assert!(!span.has_field("original_size.bytes"));
        assert!(span.is_located_at(file!(), line), "{span:#?}");
        assert!(span.number("loc.col").is_some());
    });
}

#[test]
fn a_large_future_is_boxed_and_its_own_size_is_another_field() {
    on(Flavor::Current, |traced| {
        let (first, second) = ([0_u8; 10_000], [0_u8; 10_000]);
        let future = async move {
            yield_now().await;
            size_of_val(&first) + size_of_val(&second)
        };
        let size = size_of_val(&future);
        traced.run(async { tokio::spawn(future).await.unwrap() });
        let span = only_task(&traced.log, "task");
        assert_eq!(span.number("original_size.bytes"), u64::try_from(size).ok());
        assert_eq!(span.number("size.bytes"), u64::try_from(size_of::<Box<u8>>()).ok());
    });
}

#[test]
fn a_name_is_given_as_it_is_displayed() {
    on_each_flavor(|traced| {
        let builder = tokio::task::Builder::new().name("a \"name\"");
        traced.run(async { builder.spawn(ready(())).unwrap().await.unwrap() });
        assert!(is_a_tasks(&traced.log.task("a \"name\"")));
    });
}

#[test]
fn members_of_a_join_set_are_tasks_at_the_callers_line() {
    on_each_flavor(|traced| {
        let line = traced.run(async {
            let mut set = JoinSet::new();
            set.spawn(ready(()));
            let line = line!() - 1;
            set.join_all().await;
            line
        });
        assert!(only_task(&traced.log, "task").is_located_at(file!(), line));
    });
}

#[test]
fn a_task_of_a_local_set_is_of_kind_local() {
    on_each_flavor(|traced| {
        traced.run(async {
            let local = LocalSet::new();
            local.spawn_local(ready(()));
            local.await;
        });
        let span = only_task(&traced.log, "local");
        assert!(is_a_tasks(&span) && span.parent == Parent::None);
    });
}

#[test]
fn block_on_is_a_task_whose_id_nobody_is_told() {
    on_each_flavor(|traced| {
        let (runtime, start) = (traced.runtime(), traced.log.len());
        let line = line!() + 1;
        assert_eq!(runtime.block_on(async { try_id() }), None);
        let span = only_task(&traced.log, "block_on");
        assert!(is_a_tasks(&span) && span.parent == Parent::None);
        assert!(span.is_located_at(file!(), line), "{span:#?}");
        assert!(span.number("task.id").is_some());
        let here = traced.log.since(start).into_iter().filter(|entry| entry.span == span.span);
        let calls: Vec<_> = here.map(|entry| entry.call).collect();
        assert_eq!(calls, [New, Enter, Exit, Enter, Exit, Close], "polled once, and dropped");
    });
}

#[test]
fn a_blocking_closure_has_the_caller_as_its_parent_and_tells_its_type() {
    on_each_flavor(|traced| {
        let closure = || 7;
        let (function, size) = (type_name_of_val(&closure), size_of_val(&closure));
        let (id, line) = traced.run(async {
            let blocking = spawn_blocking(closure);
            let (id, line) = (blocking.id(), line!() - 1);
            assert_eq!(blocking.await.unwrap(), 7);
            (id, line)
        });
        let span = only_of_users(&traced.log);
        assert_eq!(span.parent, Parent::Entered);
        assert_eq!(span.innermost(), Some(only_task(&traced.log, "block_on").span));
        assert_eq!(span.formatted("kind"), Some("blocking"));
        assert_eq!(span.formatted("fn"), Some(function));
        assert_eq!(span.number("task.id"), Some(number(id)));
        assert_eq!(span.number("size.bytes"), u64::try_from(size).ok());
        assert!(span.is_located_at(file!(), line), "{span:#?}");
        let ran_and_dropped = [New, Enter, Exit, Enter, Exit, Close];
        assert_eq!(traced.log.calls(span.span), ran_and_dropped);
    });
}

fn only_of_users(log: &Log) -> Entry {
    let blocking = log.tasks().into_iter().filter(Entry::is_blocking);
    let mut users: Vec<_> = blocking.filter(|span| !span.is_a_workers()).collect();
    assert_eq!(users.len(), 1, "{users:#?}");
    users.remove(0)
}

#[test]
fn a_worker_is_a_blocking_closure_of_the_scheduler() {
    on_each_flavor(|traced| {
        traced.run(ready(()));
        let workers = traced.log.tasks().into_iter().filter(Entry::is_a_workers).count();
        assert_eq!(workers, usize::from(traced.flavor == Flavor::Multi));
        let others = traced.log.tasks().into_iter().filter(Entry::is_blocking).count();
        assert_eq!(others, workers);
    });
}

#[test]
fn block_in_place_makes_another_worker_within_the_callers_task() {
    on(Flavor::Multi, |traced| {
        traced.run(async {
            let steps_aside = async { block_in_place(|| 7) };
            assert_eq!(tokio::spawn(steps_aside).await.unwrap(), 7);
        });
        let caller = only_task(&traced.log, "task").span;
        let workers: Vec<_> = traced.log.tasks().into_iter().filter(Entry::is_a_workers).collect();
        let within: Vec<_> = workers.iter().map(Entry::innermost).collect();
        assert_eq!(within, [None, Some(caller)], "the first was made with the runtime");
        assert_eq!(workers[1].parent, Parent::Entered);
    });
}
