//! What is told of locks, permits and channels: whose they are is deduced from it.

use std::{future::Future, pin::Pin, sync::Arc, task::Poll};

use tokio::sync::{RwLock, Semaphore, oneshot};

use crate::{
    harness::{Traced, on_each_flavor},
    log::{
        Call::{Close, Enter, Event, New},
        Entry,
    },
};

const STATE: &str = "runtime::resource::state_update";
const OF_OP: &str = "runtime::resource::async_op::state_update";
const POLL: &str = "runtime::resource::poll_op";

async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await
}

/// The spans of the resources of that type, as they were made.
fn resources(traced: &Traced, concrete_type: &str) -> Vec<Entry> {
    let all = traced.log.new_spans("runtime.resource").into_iter();
    all.filter(|span| span.text("concrete_type") == Some(concrete_type)).collect()
}

fn acquisitions(traced: &Traced) -> Vec<Entry> {
    let all = traced.log.new_spans("runtime.resource.async_op").into_iter();
    all.filter(|span| span.target == "tokio::sync::batch_semaphore").collect()
}

/// What was told of the field since then: how it changed, by how much, within what.
fn told(traced: &Traced, since: usize, field: &str) -> Vec<(String, u64, Option<u64>)> {
    let events = traced.log.since(since).into_iter();
    let events = events.filter(|it| it.call == Event && it.has_field(field));
    let op = |it: &Entry| {
        let op = it.text(&format!("{field}.op")).or(it.text("permits.op"));
        op.unwrap_or_default().to_owned()
    };
    events.map(|it| (op(&it), it.number(field).unwrap_or(1), it.innermost())).collect()
}

fn is(op: &str, amount: u64, within: u64) -> (String, u64, Option<u64>) {
    (op.to_owned(), amount, Some(within))
}

/// Whatever else is told of a resource, its name comes first.
#[test]
fn what_changes_is_the_first_field() {
    on_each_flavor(|traced| {
        traced.run(async {
            let lock = RwLock::new(0);
            drop(lock.write().await.downgrade());
            drop(Semaphore::new(1).acquire().await);
            drop(oneshot::channel::<u8>());
        });
        for event in traced.log.events(STATE).into_iter().chain(traced.log.events(OF_OP)) {
            let names = [
                "max_readers",
                "current_readers",
                "write_locked",
                "permits",
                "tx_dropped",
                "rx_dropped",
                "value_sent",
                "value_received",
                "permits_obtained",
                "permits_requested",
            ];
            let said = names.iter().filter(|name| event.has_field(name)).count();
            assert_eq!((said, names.contains(&event.first_field())), (1, true), "{event:?}");
        }
    });
}

#[test]
fn a_read_lock_is_one_reader_more_and_then_less() {
    on_each_flavor(|traced| {
        traced.run(async {
            let lock = Arc::new(RwLock::new(0));
            let span = resources(traced, "RwLock").remove(0).span;
            let start = traced.log.len();
            drop((lock.read().await, lock.try_read(), Arc::clone(&lock).read_owned().await));
            let (add, sub) = (is("add", 1, span), is("sub", 1, span));
            let expected = [&add, &add, &add, &sub, &sub, &sub].map(Clone::clone);
            assert_eq!(told(traced, start, "current_readers"), expected);
        });
    });
}

#[test]
fn a_write_lock_is_told_and_becomes_a_readers() {
    on_each_flavor(|traced| {
        traced.run(async {
            let lock = RwLock::new(0);
            let span = resources(traced, "RwLock").remove(0).span;
            let start = traced.log.len();
            let reads = lock.write().await.downgrade();
            let is_written: Vec<_> = told(traced, start, "write_locked");
            assert_eq!(is_written, [is("override", 1, span), is("override", 1, span)]);
            assert_eq!(told(traced, start, "current_readers"), [is("add", 1, span)]);
            drop(reads);
        });
    });
}

/// What is within a semaphore is made, and its acquisitions are, while its span is entered.
#[test]
fn a_semaphore_is_entered_for_what_is_made_within_it() {
    on_each_flavor(|traced| {
        traced.run(async {
            let semaphore = Semaphore::new(3);
            drop(semaphore.acquire_many(2).await);
            let resources = resources(traced, "Semaphore");
            let [outer, within] = resources.as_slice() else { panic!("{resources:#?}") };
            assert_eq!(
                (outer.target, within.target),
                ("tokio::sync::semaphore", "tokio::sync::batch_semaphore")
            );
            assert_eq!(within.innermost(), Some(outer.span));
            assert!(!within.has_field("loc.file"));
            let acquisition = acquisitions(traced).remove(0);
            assert_eq!(acquisition.innermost(), Some(within.span));
            // And closed as soon as it is over, before the permit is anybody's.
            assert!(traced.log.calls(acquisition.span).contains(&Close));
        });
    });
}

/// At once: the permits come from the semaphore, within its span, while the acquisition's
/// is entered once.
#[test]
fn permits_that_are_there_are_told_within_the_poll() {
    on_each_flavor(|traced| {
        traced.run(async {
            let semaphore = Semaphore::new(3);
            let start = traced.log.len();
            let permit = semaphore.acquire_many(2).await;
            let within = resources(traced, "Semaphore")[1].span;
            let acquisition = acquisitions(traced).remove(0).span;
            let obtained = told(traced, start, "permits_obtained");
            assert_eq!(obtained, [is("override", 0, acquisition), is("add", 2, within)]);
            let events = traced.log.events(OF_OP);
            let entered = &events.last().expect("it is told").entered;
            assert_eq!(entered.iter().filter(|it| **it == acquisition).count(), 1);
            let start = traced.log.len();
            drop(permit);
            assert_eq!(told(traced, start, "permits"), [is("add", 2, within)]);
        });
    });
}

/// In part: what is there is told within a second entering of the acquisition's span.
#[test]
fn who_queues_enters_its_acquisition_twice() {
    on_each_flavor(|traced| {
        traced.run(async {
            let semaphore = Semaphore::new(1);
            let mut waits = Box::pin(semaphore.acquire_many(3));
            let start = traced.log.len();
            assert!(!poll_once(waits.as_mut()).await);
            let acquisition = acquisitions(traced).remove(0).span;
            let obtained = told(traced, start, "permits_obtained");
            assert_eq!(obtained, [is("override", 0, acquisition), is("add", 1, acquisition)]);
            let events = traced.log.events(OF_OP);
            let entered = &events.last().expect("it is told").entered;
            assert_eq!(entered.iter().filter(|it| **it == acquisition).count(), 2);
            // Given up: what it had obtained is added before its span is closed.
            let (within, start) = (resources(traced, "Semaphore")[1].span, traced.log.len());
            drop(waits);
            let entries = traced.log.since(start);
            let added = entries.iter().position(|it| it.call == Event && it.has_field("permits"));
            let closed = entries.iter().position(|it| it.call == Close && it.span == acquisition);
            assert!(added.expect("it is told") < closed.expect("it is closed"));
            assert_eq!(told(traced, start, "permits"), [is("add", 1, within)]);
        });
    });
}

/// Handed over: whoever releases tells it within the acquisition's span, entered alone, and
/// nothing else tells of the release.
#[test]
fn permits_that_are_handed_over_are_told_by_who_releases() {
    on_each_flavor(|traced| {
        traced.run(async {
            let semaphore = Semaphore::new(1);
            let permit = semaphore.acquire().await;
            let mut waits = Box::pin(semaphore.acquire());
            assert!(!poll_once(waits.as_mut()).await);
            let acquisition = acquisitions(traced)[1].span;
            let start = traced.log.len();
            drop(permit);
            assert_eq!(told(traced, start, "permits_obtained"), [is("add", 1, acquisition)]);
            assert!(told(traced, start, "permits").is_empty());
            let entered = traced.log.events(OF_OP).last().expect("it is told").entered.clone();
            let semaphores = resources(traced, "Semaphore");
            assert!(!semaphores.iter().any(|it| entered.contains(&it.span)));
            let start = traced.log.len();
            assert!(poll_once(waits.as_mut()).await);
            let entries = traced.log.since(start);
            let none = told(traced, start, "permits_obtained");
            assert_eq!(none, [is("add", 0, acquisition)]);
            assert!(entries.iter().any(|it| it.call == Close && it.span == acquisition));
        });
    });
}

#[test]
fn nothing_is_told_of_who_tries_to_acquire_or_forgets() {
    on_each_flavor(|traced| {
        traced.run(async {
            let semaphore = Semaphore::new(3);
            let start = traced.log.len();
            semaphore.try_acquire().expect("there are some").forget();
            semaphore.forget_permits(1);
            semaphore.close();
            assert_eq!(traced.log.len(), start);
        });
    });
}

#[test]
fn who_polls_a_receiver_tells_so() {
    on_each_flavor(|traced| {
        traced.run(async {
            let (tx, mut rx) = oneshot::channel();
            let channel = resources(traced, "Sender|Receiver").pop().expect("it is told").span;
            let start = traced.log.len();
            assert!(!poll_once(Pin::new(&mut rx)).await);
            tx.send(7).expect("it is there");
            assert!(poll_once(Pin::new(&mut rx)).await);
            let entries = traced.log.since(start);
            let polls: Vec<_> = entries.iter().filter(|it| it.target == POLL).collect();
            assert!(polls.len() == 2 && polls.iter().all(|it| it.entered.contains(&channel)));
            assert!(polls.iter().all(|it| it.text("op_name") == Some("poll_recv")));
            let sent = entries.iter().filter(|it| it.has_field("value_sent"));
            assert_eq!(sent.map(Entry::innermost).collect::<Vec<_>>(), [Some(channel)]);
        });
    });
}

#[test]
fn an_end_that_is_dropped_tells_so_and_a_sender_that_waits_tells_nothing() {
    on_each_flavor(|traced| {
        traced.run(async {
            let (mut tx, rx) = oneshot::channel::<u8>();
            let channel = resources(traced, "Sender|Receiver").pop().expect("it is told").span;
            let start = traced.log.len();
            assert!(!poll_once(Box::pin(tx.closed()).as_mut()).await);
            let entries = traced.log.since(start);
            let of_channel = |it: &&Entry| it.call == Enter && it.span == channel;
            assert!(entries.iter().filter(of_channel).count() > 0);
            let told_within = |it: &&Entry| it.call == Event && it.target == STATE;
            assert_eq!(entries.iter().filter(told_within).count(), 0);
            let start = traced.log.len();
            drop(rx);
            assert_eq!(told(traced, start, "rx_dropped"), [is("override", 1, channel)]);
            let start = traced.log.len();
            drop(tx);
            assert_eq!(told(traced, start, "tx_dropped"), [is("override", 1, channel)]);
        });
    });
}

/// Their acquisitions are made within no semaphore of anybody's.
#[test]
fn locks_and_bounded_channels_make_acquisitions_too() {
    on_each_flavor(|traced| {
        traced.run(async {
            drop(tokio::sync::Mutex::new(0).lock().await);
            drop(RwLock::new(0).read().await);
            let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
            sender.send(1).await.expect("it is there");
            receiver.recv().await.expect("it was sent");
        });
        let made = acquisitions(traced);
        assert_eq!(made.len(), 3);
        let outer = traced.log.new_spans("runtime.resource").into_iter();
        let outer = outer.filter(|it| it.target == "tokio::sync::semaphore" && it.call == New);
        assert_eq!(outer.count(), 0);
    });
}
