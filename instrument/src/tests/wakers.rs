//! Wakers that outlive their task: they keep its memory allocated, and give no verdict
//! unless that was asked for.

use std::{
    future::{Future, poll_fn},
    sync::mpsc,
    task::{Poll, Waker},
};

use super::support::{DAY, GRACE_OVER, Service, named, settle};
use crate::{
    hold::Hold,
    recorder::Level,
    settings::Settings,
    store::Held,
    words::{Accuracy, Kind, Outcome, Phase},
};

fn plain<F>(name: &str, future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    tokio::task::Builder::new().name(name).spawn(future).expect("a task")
}

/// Fits into tokio's task in every build, unlike what is larger.
const SMALL: usize = 1_000;
/// tokio boxes it.
const LARGE: usize = 64 << 10;

/// Gives its waker away in its first poll, as often as said, and is never ready.
fn gives_wakers<const N: usize>(
    wakers: usize,
) -> (impl Future<Output = ()> + Send, mpsc::Receiver<Waker>) {
    let (give, given) = mpsc::channel();
    let room = [0_u8; N];
    let future = async move {
        let mut left = wakers;
        poll_fn(|cx| {
            for _ in 0..std::mem::take(&mut left) {
                give.send(cx.waker().clone()).expect("the test takes them");
            }
            Poll::<()>::Pending
        })
        .await;
        std::hint::black_box(room);
    };
    (future, given)
}

/// Runs the task, aborts it, and gives the wakers that it gave away.
fn aborted<const N: usize>(service: &Service, is_shim: bool, wakers: usize) -> Vec<Waker> {
    let (future, given) = gives_wakers::<N>(wakers);
    service.run(async move {
        if is_shim {
            let task = named("task", future);
            settle().await;
            task.abort();
        } else {
            let task = plain("task", future);
            settle().await;
            task.abort();
        }
        settle().await;
        given.try_iter().collect()
    })
}

/// With a shim and without one.
fn on_each_form(test: impl Fn(&Service, bool)) {
    for is_shim in [false, true] {
        test(&Service::of_spans(), is_shim);
    }
}

#[track_caller]
fn only_held(service: &Service) -> Held {
    let mut held = service.held_in_the_story_of("task");
    assert_eq!(held.len(), 1, "{held:#?}");
    held.remove(0)
}

#[test]
fn what_wakers_keep_of_a_cancelled_task_is_listed_and_no_verdict() {
    on_each_form(|service, is_shim| {
        let mut wakers = aborted::<SMALL>(service, is_shim, 2);
        assert_eq!(wakers.len(), 2);
        let held = only_held(service);
        assert_eq!((held.kind, held.phase, held.amount), (Kind::Waker, Phase::Before, 2));
        assert_eq!(held.accuracy, Accuracy::Inferred);
        assert!((SMALL as u64..2_048).contains(&held.bytes), "{held:#?}");
        assert_eq!(Some(held.acquired_at), service.task("task").ended_at);

        let rows = service.held_by_anybody();
        assert_eq!(rows.len(), 1, "{rows:#?}");
        assert_eq!(rows[0].owner.as_ref().map(|owner| &*owner.name), Some("task"));
        assert!(rows[0].owner_ended && rows[0].held == held);

        assert!(service.verdicts(GRACE_OVER).is_empty());
        let totals = service.totals();
        assert_eq!((totals.bytes_kept, totals.holdings), (held.bytes, 1));
        assert_eq!((totals.leaks, totals.given), (0, 0));
        assert_eq!(service.task("task").holdings_listed(), 1);

        service.within(|| drop(wakers.pop()));
        assert_eq!(only_held(service).amount, 1);
        service.within(|| drop(wakers));
        assert!(service.held_in_the_story_of("task").is_empty());
        assert!(service.verdicts(GRACE_OVER).is_empty());
        let totals = service.totals();
        assert_eq!((totals.bytes_kept, totals.holdings), (0, 0));
    });
}

#[test]
fn within_its_grace_nothing_is_counted_as_kept() {
    let service = Service::of_spans();
    let wakers = aborted::<SMALL>(&service, false, 1);
    service.look(std::time::Duration::ZERO);
    assert_eq!(service.totals().bytes_kept, 0);
    service.within(|| drop(wakers));
}

#[test]
fn where_it_was_asked_for_a_waker_is_left_behind_until_it_is_dropped() {
    for is_shim in [false, true] {
        let settings = Settings { wakers: true, ..Settings::default() };
        let service = Service::of_spans_with(Level::All, settings);
        let wakers = aborted::<SMALL>(&service, is_shim, 1);
        let bytes = only_held(&service).bytes;
        assert_eq!(service.verdicts(GRACE_OVER), ["left-behind task: waker , before"]);
        assert_eq!(service.totals().bytes_kept, bytes, "it is not counted twice");
        service.within(|| drop(wakers));
        assert!(service.verdicts(GRACE_OVER).is_empty());
        let totals = service.totals();
        assert_eq!((totals.given, totals.cleared, totals.bytes_kept), (1, 1, 0));
    }
}

/// tokio boxes it, and frees the box when the future is dropped.
#[test]
fn of_a_large_task_only_the_box_of_its_future_is_kept() {
    on_each_form(|service, is_shim| {
        let wakers = aborted::<LARGE>(service, is_shim, 1);
        assert!(service.task("task").size as usize >= LARGE, "its own size is shown");
        assert_eq!(only_held(service).bytes, size_of::<Box<u8>>() as u64);
        service.within(|| drop(wakers));
    });
}

#[test]
fn a_wake_by_value_consumes_the_waker_also_of_a_task_that_has_ended() {
    on_each_form(|service, is_shim| {
        let mut wakers = aborted::<SMALL>(service, is_shim, 2);
        service.within(|| {
            wakers[0].wake_by_ref();
            assert_eq!(only_held(service).amount, 2);
            wakers.pop().expect("two").wake();
            assert_eq!(only_held(service).amount, 1);
            let copy = wakers[0].clone();
            assert_eq!(only_held(service).amount, 2);
            copy.wake();
            wakers.pop().expect("one").wake();
        });
        assert!(service.held_in_the_story_of("task").is_empty());
    });
}

#[test]
fn the_record_of_a_cancelled_task_stays_for_as_long_as_a_waker_does() {
    on_each_form(|service, is_shim| {
        let wakers = aborted::<SMALL>(service, is_shim, 1);
        service.look(8 * DAY);
        service.look(9 * DAY);
        assert_eq!(service.tasks("task").len(), 1, "its retention is over");
        service.within(|| drop(wakers));
        service.look(10 * DAY);
        assert_eq!(service.tasks("task").len(), 0);
    });
}

#[test]
fn a_task_that_completed_is_not_kept_for_its_wakers() {
    on_each_form(|service, is_shim| {
        let (future, given) = gives_wakers::<SMALL>(1);
        service.run(async {
            let completes = async move {
                tokio::select! { () = future => {}, () = settle() => {} }
            };
            if is_shim {
                named("task", completes).await.expect("it ends");
            } else {
                plain("task", completes).await.expect("it ends");
            }
        });
        assert_eq!(service.outcome("task"), Outcome::Completed);
        assert!(service.held_in_the_story_of("task").is_empty());
        service.look(8 * DAY);
        assert_eq!(service.tasks("task").len(), 0);
        service.within(|| drop(given));
    });
}

#[test]
fn a_row_for_something_else_lists_the_waker_last() {
    on_each_form(|service, is_shim| {
        let (future, given) = gives_wakers::<SMALL>(1);
        let (park, parked) = mpsc::channel();
        let parks = async move {
            park.send(Hold::new(Kind::Connection, "pg").bytes(4_096)).expect("the test waits");
            future.await;
        };
        service.run(async {
            if is_shim {
                let task = named("task", parks);
                settle().await;
                task.abort();
            } else {
                let task = plain("task", parks);
                settle().await;
                task.abort();
            }
            settle().await;
        });
        let with_waker = "left-behind task: connection pg, before; waker , before";
        assert_eq!(service.verdicts(GRACE_OVER), [with_waker]);
        let cell = u64::from(service.task("task").cell);
        assert_eq!(service.totals().bytes_kept, 4_096 + cell);
        service.within(|| drop(given));
        assert_eq!(service.verdicts(GRACE_OVER), ["left-behind task: connection pg, before"]);
        assert_eq!(service.totals().bytes_kept, 4_096);
        service.within(|| drop(parked));
        assert!(service.verdicts(GRACE_OVER).is_empty());
        assert_eq!(service.totals().bytes_kept, 0);
    });
}

/// The slot is another task's by then: what the first one's wakers do must not count for
/// that.
#[test]
fn a_stale_waker_changes_nothing_for_the_task_that_has_the_slot_now() {
    let service = Service::of_spans();
    let (future, old) = gives_wakers::<0>(3);
    service.run(async {
        let completes = async move {
            tokio::select! { () = future => {}, () = settle() => {} }
        };
        plain("task", completes).await.expect("it ends");
    });
    let slot = service.task("task").key.slot();
    service.look(8 * DAY);
    service.look(8 * DAY);
    let wakers = aborted::<SMALL>(&service, false, 1);
    assert_eq!(service.task("task").key.slot(), slot, "it has the slot now");
    let before = service.task("task").wakers;
    service.within(|| {
        let mut old = old.try_iter();
        let first = old.next().expect("three");
        drop(first.clone());
        drop(first);
        old.next().expect("three").wake();
        drop(old.next());
    });
    assert_eq!((before, service.task("task").wakers), (1, 1));
    assert_eq!(only_held(&service).kind, Kind::Waker);
    service.within(|| drop(wakers));
}

#[test]
fn a_task_of_a_local_set_is_kept_as_any_other() {
    let service = Service::of_spans();
    let (future, given) = gives_wakers::<SMALL>(1);
    service.run(async {
        let local = tokio::task::LocalSet::new();
        let builder = tokio::task::Builder::new().name("task");
        let task = builder.spawn_local_on(future, &local).expect("a task");
        local.run_until(settle()).await;
        task.abort();
        local.run_until(settle()).await;
    });
    assert_eq!(service.outcome("task"), Outcome::Cancelled);
    assert_eq!(only_held(&service).kind, Kind::Waker);
    service.within(|| drop(given));
    assert!(service.held_in_the_story_of("task").is_empty());
}

#[test]
fn a_task_that_gave_no_waker_away_holds_none() {
    on_each_form(|service, is_shim| {
        service.run(async {
            let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
            let waits = async { drop(receiver.await) };
            if is_shim {
                let task = named("task", waits);
                settle().await;
                task.abort();
            } else {
                let task = plain("task", waits);
                settle().await;
                task.abort();
            }
            settle().await;
            drop(sender);
        });
        assert_eq!(service.outcome("task"), Outcome::Cancelled);
        assert!(service.held_in_the_story_of("task").is_empty());
        assert_eq!(service.task("task").wakers, 0);
    });
}

#[test]
fn where_only_tasks_are_recorded_wakers_are_not() {
    let service = Service::of_spans_with(Level::Tasks, Settings::default());
    let wakers = aborted::<SMALL>(&service, false, 1);
    assert!(service.held_in_the_story_of("task").is_empty());
    service.within(|| drop(wakers));
    assert_eq!(service.task("task").wakers, 0);
}
