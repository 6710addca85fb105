//! Read-write locks, permits and channels of tokio's own, as its spans show them.

use std::{
    future::{Future, pending},
    pin::pin,
    sync::{Arc, Mutex},
};

use tokio::sync::{RwLock, Semaphore, oneshot};
use tracing_core::{Dispatch, subscriber::NoSubscriber};

use super::support::{GRACE_OVER, Service, keep, poll_once, settle};
use crate::{recorder::holding::HoldingFacts, words::Kind};

type Parked<T> = Arc<Mutex<Vec<T>>>;

fn plain<F>(name: &str, future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    tokio::task::Builder::new().name(name).spawn(future).expect("a task")
}

/// A task that acquires, parks what it got, and goes on.
fn parks<T: Send + 'static>(
    name: &str,
    parked: &Parked<T>,
    acquires: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<()> {
    let parked = Arc::clone(parked);
    plain(name, async move {
        let acquired = acquires.await;
        parked.lock().expect("nobody panics here").push(acquired);
        pending::<()>().await;
    })
}

fn take<T>(parked: &Parked<T>) -> T {
    parked.lock().expect("nobody panics here").pop().expect("something is parked")
}

async fn abort<T>(task: tokio::task::JoinHandle<T>) {
    settle().await;
    task.abort();
    settle().await;
}

/// Whose what is held is, and what it is called.
fn held(service: &Service) -> Vec<(String, String, u32)> {
    let said = |it: HoldingFacts| {
        let owner = it.owner.and_then(|owner| service.recorder.task(owner));
        let owner = owner.map(|task| task.name.text().as_ref().to_owned()).unwrap_or_default();
        (owner, it.label.text().as_ref().to_owned(), it.amount)
    };
    let mut held: Vec<_> = service.holdings().into_iter().map(said).collect();
    held.sort_unstable();
    held
}

fn is(owner: &str, label: &str, amount: u32) -> (String, String, u32) {
    (owner.to_owned(), label.to_owned(), amount)
}

/// The tasks that wait for something, with what that is called.
fn waits(service: &Service) -> Vec<String> {
    let said = |it: HoldingFacts| {
        let task = it.owner.and_then(|owner| service.recorder.task(owner)).expect("a task");
        format!("{}: {}", task.name.text(), it.label.text())
    };
    service.recorder.blocked_tasks().map(said).collect()
}

// === read-write locks ===

#[test]
fn a_reader_and_a_writer_of_tokios_are_told_apart() {
    let service = Service::of_spans();
    service.run(async {
        let lock = Arc::new(RwLock::new(0));
        let (reads, writes) = (Parked::default(), Parked::default());
        let reader = parks("reader", &reads, Arc::clone(&lock).read_owned());
        abort(reader).await;
        assert_eq!(held(&service), [is("reader", "RwLock, read", 1)]);
        assert_eq!(service.verdicts(GRACE_OVER), ["left-behind reader: lock RwLock, read, before"]);
        drop(take(&reads));
        let writer = parks("writer", &writes, Arc::clone(&lock).write_owned());
        abort(writer).await;
        assert_eq!(held(&service), [is("writer", "RwLock, write", 1)]);
        assert_eq!(
            service.verdicts(GRACE_OVER),
            ["left-behind writer: lock RwLock, write, before"]
        );
        drop(take(&writes));
        assert!(held(&service).is_empty() && service.verdicts(GRACE_OVER).is_empty());
    });
}

#[test]
fn a_write_lock_that_was_downgraded_is_a_read_lock() {
    let service = Service::of_spans();
    service.run(async {
        let lock = Arc::new(RwLock::new(0));
        let parked = Parked::default();
        let acquires = async move { lock.write_owned().await.downgrade() };
        abort(parks("task", &parked, acquires)).await;
        assert_eq!(held(&service), [is("task", "RwLock, read", 1)]);
        drop(take(&parked));
        assert!(held(&service).is_empty());
    });
}

/// Which of the two was released cannot be told: it may have moved.
#[test]
fn a_release_among_several_readers_leaves_none_that_is_certain() {
    let service = Service::of_spans();
    service.run(async {
        let lock = Arc::new(RwLock::new(0));
        let parked = Parked::default();
        abort(parks("one", &parked, Arc::clone(&lock).read_owned())).await;
        abort(parks("two", &parked, Arc::clone(&lock).read_owned())).await;
        assert_eq!(held(&service).len(), 2);
        drop(take(&parked));
        assert!(service.verdicts(GRACE_OVER).is_empty());
        drop(take(&parked));
        assert!(held(&service).is_empty());
        // And all is certain again.
        abort(parks("three", &parked, Arc::clone(&lock).read_owned())).await;
        assert_eq!(held(&service), [is("three", "RwLock, read", 1)]);
    });
}

#[test]
fn of_very_many_readers_none_is_told_apart() {
    let service = Service::of_spans();
    service.run(async {
        let lock = Arc::new(RwLock::new(0));
        let parked = Parked::default();
        for _ in 0..100 {
            drop(parks("reader", &parked, Arc::clone(&lock).read_owned()));
        }
        settle().await;
        assert_eq!(held(&service).len(), 100);
        drop(take(&parked));
        assert!(held(&service).is_empty());
    });
}

#[test]
fn a_lock_that_is_gone_is_held_by_nobody() {
    let service = Service::of_spans();
    service.run(async {
        let task = plain("task", async {
            let lock = RwLock::new(0);
            std::mem::forget(lock.read().await);
            let semaphore = Semaphore::new(3);
            semaphore.acquire_many(2).await.expect("open").forget();
            drop(semaphore);
        });
        task.await.expect("it ends");
        let semaphores = held(&service).into_iter().filter(|(_, label, _)| label == "Semaphore");
        assert_eq!(semaphores.count(), 0);
    });
}

// === permits ===

#[test]
fn permits_of_tokios_belong_to_who_acquired_them() {
    let service = Service::of_spans();
    service.run(async {
        let semaphore = Arc::new(Semaphore::new(5));
        let parked = Parked::default();
        abort(parks("task", &parked, Arc::clone(&semaphore).acquire_many_owned(3))).await;
        assert_eq!(held(&service), [is("task", "Semaphore", 3)]);
        assert_eq!(service.verdicts(GRACE_OVER), ["left-behind task: permit Semaphore, before"]);
        let mut permit = take(&parked).expect("open");
        drop(permit.split(2));
        assert_eq!(held(&service), [is("task", "Semaphore", 1)]);
        drop(permit);
        assert!(held(&service).is_empty() && service.verdicts(GRACE_OVER).is_empty());
    });
}

#[test]
fn a_permit_that_another_task_releases_is_held_no_more() {
    let service = Service::of_spans();
    service.run(async {
        let semaphore = Arc::new(Semaphore::new(2));
        let parked = Parked::default();
        abort(parks("task", &parked, Arc::clone(&semaphore).acquire_owned())).await;
        let permit = take(&parked).expect("open");
        plain("other", async move { drop(permit) }).await.expect("it ends");
        assert!(held(&service).is_empty() && service.verdicts(GRACE_OVER).is_empty());
    });
}

/// What tokio tells of a release it tells the thread's default: when that is somebody
/// else's, it was anybody's. What is acquired from then on is known again.
#[test]
fn what_somebody_else_was_told_of_is_held_by_nobody_for_certain() {
    fn elsewhere(release: impl FnOnce()) {
        tracing_core::dispatcher::with_default(&Dispatch::new(NoSubscriber::new()), release);
    }

    let service = Service::of_spans();
    service.run(async {
        let (lock, semaphore) = (Arc::new(RwLock::new(0)), Arc::new(Semaphore::new(9)));
        let mutex = Arc::new(tokio::sync::Mutex::new(0));
        let [readers, again] = [Parked::default(), Parked::default()];
        let (lockers, permits) = (Parked::default(), Parked::default());
        for name in ["first", "second"] {
            parks(name, &readers, Arc::clone(&lock).read_owned());
            parks(name, &permits, Arc::clone(&semaphore).acquire_many_owned(2));
        }
        parks("first", &lockers, Arc::clone(&mutex).lock_owned());
        settle().await;
        assert_eq!(held(&service).len(), 5);
        let (reader, locker) = (take(&readers), take(&lockers));
        let permit = take(&permits).expect("open");
        elsewhere(move || drop((reader, locker, permit)));
        assert!(held(&service).is_empty(), "{:?}", held(&service));
        parks("third", &again, Arc::clone(&lock).read_owned());
        parks("third", &lockers, Arc::clone(&mutex).lock_owned());
        parks("third", &permits, semaphore.acquire_owned());
        settle().await;
        let third = [is("third", "Mutex", 1), is("third", "RwLock, read", 1)];
        assert_eq!(held(&service)[..2], third);
        assert_eq!(held(&service)[2..], [is("third", "Semaphore", 1)]);
        drop((take(&again), take(&lockers)));
        drop(take(&permits).expect("open"));
        assert!(held(&service).is_empty());
    });
}

/// Another's permit was dropped, and its own is kept: who holds what cannot be told.
#[test]
fn a_release_by_a_task_that_holds_some_may_be_of_anothers() {
    let service = Service::of_spans();
    service.run(async {
        let semaphore = Arc::new(Semaphore::new(2));
        let parked = Parked::default();
        abort(parks("gone", &parked, Arc::clone(&semaphore).acquire_owned())).await;
        let moved = take(&parked).expect("open");
        let swaps = plain("swaps", async move {
            let own = semaphore.acquire_owned().await.expect("open");
            drop(moved);
            keep(own).await;
        });
        settle().await;
        assert!(service.verdicts(GRACE_OVER).is_empty());
        abort(swaps).await;
        assert!(held(&service).is_empty());
    });
}

#[test]
fn a_permit_that_is_handed_over_is_held_by_who_waited() {
    let service = Service::of_spans();
    service.run(async {
        let semaphore = Arc::new(Semaphore::new(1));
        let parked = Parked::default();
        let first = parks("first", &parked, Arc::clone(&semaphore).acquire_owned());
        settle().await;
        let second = parks("second", &parked, Arc::clone(&semaphore).acquire_owned());
        settle().await;
        assert_eq!(waits(&service), ["second: Semaphore"]);
        abort(first).await;
        assert_eq!(service.verdicts(GRACE_OVER), ["left-behind first: permit Semaphore, before"]);
        drop(take(&parked));
        // It is released already, though nobody has polled the other yet.
        assert!(held(&service).is_empty());
        settle().await;
        assert_eq!(held(&service), [is("second", "Semaphore", 1)]);
        assert!(waits(&service).is_empty() && service.verdicts(GRACE_OVER).is_empty());
        abort(second).await;
        assert_eq!(service.verdicts(GRACE_OVER), ["left-behind second: permit Semaphore, before"]);
    });
}

#[test]
fn who_gives_up_waiting_for_permits_holds_none() {
    let service = Service::of_spans();
    service.run(async {
        let semaphore = Semaphore::new(3);
        let two = semaphore.acquire_many(2).await.expect("open");
        {
            let mut asks_for_all = pin!(semaphore.acquire_many(3));
            assert!(poll_once(asks_for_all.as_mut()).await.is_pending());
            assert_eq!(semaphore.available_permits(), 0, "it has got one of them");
            assert_eq!(waits(&service).len(), 1);
        }
        assert_eq!((waits(&service).len(), semaphore.available_permits()), (0, 1));
        {
            let mut asks_for_all = pin!(semaphore.acquire_many(3));
            assert!(poll_once(asks_for_all.as_mut()).await.is_pending());
            drop(two);
            // All three are its, and it is dropped before it knows.
        }
        assert_eq!(semaphore.available_permits(), 3);
        assert!(held(&service).is_empty() && waits(&service).is_empty());
    });
}

#[test]
fn a_semaphore_that_is_closed_gives_nothing_to_who_waits() {
    let service = Service::of_spans();
    service.run(async {
        let semaphore = Semaphore::new(2);
        let one = semaphore.acquire().await.expect("open");
        let mut waits_for_two = Box::pin(semaphore.acquire_many(2));
        assert!(poll_once(waits_for_two.as_mut()).await.is_pending());
        semaphore.close();
        waits_for_two.await.expect_err("it is closed");
        drop(one);
        assert!(held(&service).is_empty() && waits(&service).is_empty());
    });
}

/// One may be of the drop, and so of another verdict.
#[test]
fn of_an_old_and_a_new_permit_of_one_task_either_may_be_released() {
    let service = Service::of_spans();
    service.run(async {
        let semaphore = Arc::new(Semaphore::new(3));
        let parked = Parked::default();
        let (of_task, park) = (Arc::clone(&semaphore), Arc::clone(&parked));
        let task = plain("task", async move {
            for _ in 0..2 {
                let permit = Arc::clone(&of_task).acquire_owned().await.expect("open");
                park.lock().expect("nobody panics here").push(permit);
                tokio::task::yield_now().await;
            }
            let permit = of_task.acquire_owned().await.expect("open");
            park.lock().expect("nobody panics here").push(permit);
            pending::<()>().await;
        });
        settle().await;
        assert_eq!(held(&service).len(), 3);
        drop(take(&parked));
        assert!(held(&service).is_empty());
        abort(task).await;
    });
}

/// The newest goes first: what is left may still be with a child that lives.
#[test]
fn permits_of_one_poll_are_released_one_by_one() {
    let service = Service::of_spans();
    service.run(async {
        let semaphore = Arc::new(Semaphore::new(3));
        let parked = Parked::default();
        let (of_task, park) = (Arc::clone(&semaphore), Arc::clone(&parked));
        let acquires = plain("task", async move {
            for _ in 0..3 {
                let permit = Arc::clone(&of_task).acquire_owned().await.expect("open");
                park.lock().expect("nobody panics here").push(permit);
            }
            tokio::task::yield_now().await;
            pending::<()>().await;
        });
        abort(acquires).await;
        for left in (0..3).rev() {
            drop(take(&parked));
            assert_eq!(held(&service).len(), left);
        }
    });
}

#[test]
fn permits_that_nobody_saw_acquired_hide_and_never_accuse() {
    let service = Service::of_spans();
    service.run(async {
        let semaphore = Arc::new(Semaphore::new(3));
        let parked = Parked::default();
        abort(parks("task", &parked, Arc::clone(&semaphore).acquire_owned())).await;
        drop(semaphore.try_acquire().expect("there are some"));
        assert!(service.verdicts(GRACE_OVER).is_empty(), "either may have been released");
        drop(take(&parked));
        assert!(held(&service).is_empty());
        semaphore.add_permits(4);
        drop(semaphore.acquire().await.expect("open"));
        assert!(held(&service).is_empty());
    });
}

#[test]
fn a_semaphore_that_became_a_shims_is_told_of_once() {
    let service = Service::of_spans();
    service.run(async {
        let semaphore = crate::sync::Semaphore::from(Semaphore::new(1));
        let permit = semaphore.acquire().await.expect("open");
        assert_eq!(service.only_holding().kind, Kind::Permit);
        drop(permit);
        assert!(service.holdings().is_empty());
    });
}

// === channels ===

#[test]
fn a_sender_of_tokios_is_held_while_somebody_can_receive() {
    let service = Service::of_spans();
    service.run(async {
        let parked = Parked::default();
        let (give, taken) = std::sync::mpsc::channel();
        let makes = async move {
            let (tx, rx) = oneshot::channel::<u8>();
            give.send(rx).expect("the test waits");
            tx
        };
        let maker = parks("maker", &parked, makes);
        settle().await;
        let receiver = plain("receiver", taken.try_recv().expect("it was sent"));
        abort(maker).await;
        assert_eq!(held(&service), [is("maker", "sender", 1), is("receiver", "receiver", 1)]);
        assert_eq!(waits(&service), ["receiver: oneshot"]);
        assert_eq!(service.verdicts(GRACE_OVER), ["left-behind maker: channel sender, before"]);
        drop(take(&parked));
        assert!(held(&service).is_empty() && waits(&service).is_empty());
        assert!(receiver.await.expect("it ends").is_err());
        assert!(service.verdicts(GRACE_OVER).is_empty());
    });
}

#[test]
fn who_waits_for_the_receiver_to_be_gone_has_the_sender() {
    let service = Service::of_spans();
    service.run(async {
        let parked = Parked::default();
        let (give, taken) = std::sync::mpsc::channel();
        let makes = async move {
            let (tx, rx) = oneshot::channel::<u8>();
            give.send(tx).expect("the test waits");
            Some(rx)
        };
        let maker = parks("maker", &parked, makes);
        settle().await;
        let mut tx = taken.try_recv().expect("it was sent");
        let other = plain("other", async move { tx.closed().await });
        abort(maker).await;
        assert_eq!(held(&service), [is("maker", "receiver", 1), is("other", "sender", 1)]);
        drop(take(&parked));
        other.await.expect("it ends");
        assert!(held(&service).is_empty());
    });
}

#[test]
fn what_was_sent_or_given_up_is_held_no_more() {
    let service = Service::of_spans();
    service.run(async {
        let (tx, rx) = oneshot::channel();
        tx.send(7).expect("it is there");
        assert!(held(&service).is_empty());
        assert_eq!(rx.await, Ok(7));
        let (tx, mut rx) = oneshot::channel::<u8>();
        assert_eq!(held(&service).len(), 2);
        assert!(poll_once(pin!(&mut rx)).await.is_pending());
        drop(rx);
        assert!(held(&service).is_empty() && waits(&service).is_empty());
        drop(tx);
    });
}
