//! Read-write locks and permits, and who waits to be notified or at a barrier, through the shims.

use std::{pin::pin, sync::Arc};

use super::support::{GRACE_OVER, Service, keep, named, on_each, poll_once, settle};
use crate::{
    sync::{Barrier, Notify, RwLock, RwLockReadGuard, RwLockWriteGuard, Semaphore},
    words::Kind,
};

fn label(service: &Service) -> String {
    service.only_holding().label.text().as_ref().to_owned()
}

/// The tasks that wait for something, with what that is called.
fn waits(service: &Service) -> Vec<String> {
    let waits = service.recorder.blocked_tasks().map(|it| {
        let task = it.owner.and_then(|owner| service.recorder.task(owner)).expect("a task");
        format!("{}: {} {}", task.name.text(), it.kind.name(), it.label.text())
    });
    let mut waits: Vec<String> = waits.collect();
    waits.sort_unstable();
    waits
}

#[test]
fn a_reader_and_a_writer_are_told_apart() {
    on_each(|service| {
        service.run(async {
            let lock = RwLock::named("state", 0);
            let reads = lock.read().await;
            assert_eq!(
                (label(service), service.only_holding().kind),
                ("state, read".into(), Kind::Lock)
            );
            drop(reads);
            let writes = RwLockWriteGuard::map(lock.write().await, |value| value);
            assert_eq!(label(service), "state, write");
            drop(writes);
            let unnamed = Arc::new(RwLock::new(0));
            let writes = Arc::clone(&unnamed).write_owned().await;
            assert_eq!(label(service), "write");
            drop(writes.downgrade());
            assert!(service.holdings().is_empty());
        });
    });
}

#[test]
fn what_is_downgraded_is_the_same_and_only_reads() {
    on_each(|service| {
        service.run(async {
            let lock = Arc::new(RwLock::named("state", (1, 2)));
            let writes = lock.write().await;
            let before = service.only_holding();
            let reads = RwLockWriteGuard::downgrade_map(writes, |both| &both.0);
            let after = service.only_holding();
            assert_eq!((after.key, after.acquired_at), (before.key, before.acquired_at));
            assert_eq!(label(service), "state, read");
            drop(reads);
            let owned = Arc::clone(&lock).write_owned().await.downgrade();
            assert_eq!(label(service), "state, read");
            drop(owned);
        });
    });
}

#[test]
fn a_guard_is_its_last_users_or_whom_it_was_transferred_to() {
    on_each(|service| {
        service.run(async {
            let lock = Arc::new(RwLock::new(7));
            let of_task = Arc::clone(&lock);
            let acquires = named("acquirer", async move { of_task.read_owned().await });
            let guard = acquires.await.expect("it ends");
            assert_eq!(service.owner().as_deref(), Some("acquirer"));
            let user = named("user", async move {
                assert_eq!(*guard, 7);
                guard
            });
            let guard = user.await.expect("it ends");
            assert_eq!(service.owner().as_deref(), Some("user"));
            let keeps = named("keeper", keep(()));
            crate::sync::OwnedRwLockReadGuard::transfer_to(&guard, &keeps);
            assert_eq!(service.owner().as_deref(), Some("keeper"));
            drop(guard);
            let borrowed = lock.read().await;
            RwLockReadGuard::transfer_to(&borrowed, &keeps);
            assert_eq!(service.owner().as_deref(), Some("keeper"));
            assert!(service.verdicts(GRACE_OVER).is_empty());
        });
    });
}

#[test]
fn who_waits_for_an_rwlock_says_how() {
    on_each(|service| {
        service.run(async {
            let lock = Arc::new(RwLock::named("state", 0));
            let writes = lock.write().await;
            let (one, other) = (Arc::clone(&lock), Arc::clone(&lock));
            let reader = named("reader", async move { drop(one.read().await) });
            let writer = named("writer", async move { drop(other.write_owned().await) });
            settle().await;
            let both = ["reader: lock state, read", "writer: lock state, write"];
            assert_eq!(waits(service), both);
            writer.abort();
            settle().await;
            assert_eq!(waits(service), both[..1]);
            drop(writes);
            reader.await.expect("it ends");
            assert!(waits(service).is_empty());
        });
    });
}

#[test]
fn who_is_to_be_notified_waits_from_its_first_poll() {
    on_each(|service| {
        service.run(async {
            let notify = Arc::new(Notify::named("changed"));
            {
                let mut waits_for_it = pin!(notify.notified());
                assert!(!waits_for_it.as_mut().enable());
                assert!(waits(service).is_empty(), "nobody waits for it yet");
                let of_task = Arc::clone(&notify);
                let task = named("task", async move { of_task.notified().await });
                let owned = named("owned", Arc::clone(&notify).notified_owned());
                settle().await;
                let both = ["owned: channel changed", "task: channel changed"];
                assert_eq!(waits(service), both);
                assert!(service.holdings().is_empty(), "to wait is not to hold");
                notify.notify_waiters();
                task.await.expect("it ends");
                owned.await.expect("it ends");
                assert!(poll_once(waits_for_it.as_mut()).await.is_ready());
            }
            let gives_up = named("gives up", Arc::clone(&notify).notified_owned());
            settle().await;
            assert_eq!(waits(service).len(), 1);
            gives_up.abort();
            settle().await;
            assert!(waits(service).is_empty());
        });
    });
}

#[test]
fn who_is_at_a_barrier_waits() {
    on_each(|service| {
        service.run(async {
            let barrier = Arc::new(Barrier::new(2));
            let of_task = Arc::clone(&barrier);
            let task = named("task", async move { of_task.wait().await.is_leader() });
            settle().await;
            assert_eq!(waits(service), ["task: custom barrier"]);
            assert!(barrier.wait().await.is_leader());
            assert!(!task.await.expect("it ends"));
            assert!(waits(service).is_empty() && service.holdings().is_empty());
        });
    });
}

/// A permit from which everything was split off, and one for nothing.
#[test]
fn of_no_permit_nothing_is_held() {
    on_each(|service| {
        service.run(async {
            let db = Semaphore::named("db", 3);
            let nothing = db.try_acquire_many(0).expect("open");
            let mut permit = db.acquire_many(2).await.expect("open");
            let mut part = permit.split(2).expect("two of two");
            assert_eq!(service.only_holding().amount, 2, "the part's");
            permit.merge(part.split(1).expect("one of two"));
            assert_eq!(service.holdings().len(), 2);
            drop(part);
            assert_eq!(service.only_holding().amount, 1);
            drop(permit.split(1));
            assert!(service.holdings().is_empty());
            drop((nothing, permit));
            assert_eq!(db.available_permits(), 3);
        });
    });
}
