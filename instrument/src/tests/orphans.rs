//! Whose a task is that outlives the one that spawned it.

use std::future::pending;

use tokio::sync::oneshot;

use super::support::{ORPHANS_TOO, Service, named, on_each, settle};
use crate::task::{Builder, JoinSet};

/// What is said when a task has spawned another, and what it made of its handle.
fn said_of_a_child<T: Send + 'static>(
    service: &Service,
    spawn: impl FnOnce() -> T + Send + 'static,
) -> Vec<String> {
    service.run(async {
        let (send, receive) = oneshot::channel();
        let parent = named("parent", async {
            drop(send.send(spawn()));
            pending::<()>().await;
        });
        let _kept = receive.await;
        settle().await;
        parent.abort();
        settle().await;
        let said = service.verdicts(ORPHANS_TOO);
        assert_eq!(service.totals().leaks, 0, "a warning is no leak");
        said
    })
}

#[test]
fn a_child_whose_handle_somebody_else_has_is_no_orphan() {
    on_each(|service| {
        let said = said_of_a_child(service, || drop(named("child", pending::<()>())));
        assert_eq!(said, ["orphaned child"]);
    });
    on_each(|service| {
        assert!(said_of_a_child(service, || named("child", pending::<()>())).is_empty());
    });
    on_each(|service| {
        let spawn = || named("child", pending::<()>()).abort_handle();
        assert!(said_of_a_child(service, spawn).is_empty());
    });
    on_each(|service| {
        let spawn = || named("child", pending::<()>()).into_inner();
        assert!(said_of_a_child(service, spawn).is_empty());
    });
}

#[test]
fn a_member_of_a_set_that_somebody_else_has_is_no_orphan() {
    on_each(|service| {
        let spawn = || {
            let mut set = JoinSet::new();
            set.build_task().name("child").spawn(pending::<()>()).expect("a task");
            set
        };
        assert!(said_of_a_child(service, spawn).is_empty());
    });
}

#[test]
fn a_member_that_its_set_let_go_is_one() {
    on_each(|service| {
        let spawn = || {
            let mut set = JoinSet::new();
            set.build_task().name("child").spawn(pending::<()>()).expect("a task");
            set.detach_all();
            set
        };
        assert_eq!(said_of_a_child(service, spawn), ["orphaned child"]);
    });
}

#[test]
fn what_descends_from_a_detached_task_is_no_orphan() {
    on_each(|service| {
        let spawn = || {
            let pump = async {
                drop(named("pump", pending::<()>()));
            };
            drop(Builder::new().name("metrics").detached("metrics").spawn(pump));
        };
        assert!(said_of_a_child(service, spawn).is_empty(), "though the detached one has ended");
    });
}
