//! Numbers and names in rows.

use std::{
    collections::HashSet,
    future::{pending, poll_fn, ready},
    panic::Location,
    sync::{Mutex, mpsc},
    task::{Poll, Waker},
    time::Duration,
};

use super::support::{DAY, GRACE_OVER, ORPHANS_TOO, OnDrop, keep, named, on_each, settle};
use crate::{
    FutureExt,
    hold::{Hold, Kind},
    sync::CancellationToken,
    task::{Builder, JoinSet, LocalSet, TaskTracker, spawn, spawn_blocking, spawn_local},
    words::{Outcome, State, TaskKind},
};

// === ids ===

#[test]
fn ids_count_from_one_and_none_is_used_again() {
    on_each(|service| {
        let mut seen = HashSet::new();
        for _ in 0..3 {
            service.run(async {
                for _ in 0..5 {
                    spawn(async {}.scope("scope")).await.expect("it ends");
                }
            });
            for task in service.recorder.tasks() {
                assert!(seen.insert(task.id), "{} was another task's", task.id);
            }
            // All have ended: their slots are free, those of the spawners after the others.
            service.look(8 * DAY);
            service.look(8 * DAY);
            assert_eq!(service.recorder.tasks().count(), 0);
        }
        let last = service.recorder.spawned_so_far();
        assert_eq!(seen, (1..=last).collect());
    });
}

#[test]
fn tokios_id_is_told_beside_ours_where_there_is_one() {
    on_each(|service| {
        service.run(async {
            let task = named("task", async {
                let inside = tokio::task::id();
                async {}.scope("scope").await;
                inside
            });
            let id = task.id();
            assert_eq!(task.await.expect("it ends"), id);
            let blocking = Builder::new().name("blocking").spawn_blocking(|| ()).expect("a task");
            for (name, id) in [("task", id), ("blocking", blocking.id())] {
                assert_eq!(
                    service.task(name).tokio_id.map(|id| id.to_string()),
                    Some(id.to_string())
                );
            }
            blocking.await.expect("it returns");
        });
        assert_eq!(service.task("scope").tokio_id, None);
        let block_on = service.recorder.tasks().find(|task| task.kind == TaskKind::BlockOn);
        assert!(block_on.is_none_or(|task| task.told_id().is_none()));
    });
}

/// What the shim sees and what tokio's span tells is one task, one timer.
#[test]
fn a_task_has_one_record_however_it_is_seen() {
    on_each(|service| {
        service.run(async {
            let before = service.recorder.tasks().count();
            drop(named("task", crate::time::sleep(DAY)));
            settle().await;
            assert_eq!(service.recorder.tasks().count(), before + 1);
            assert_eq!(service.owner().as_deref(), Some("task"));
        });
    });
}

// === where and how large ===

#[test]
fn a_task_stands_where_it_was_spawned() {
    on_each(|service| {
        let line = line!();
        service.run(async {
            let runtime = service.runtime().handle();
            drop(spawn(ready(())));
            drop(spawn_blocking(|| ()));
            drop(Builder::new().spawn(ready(())));
            drop(Builder::new().spawn_on(ready(()), runtime));
            drop(Builder::new().spawn_blocking(|| ()));
            drop(Builder::new().spawn_blocking_on(|| (), runtime));
            let (mut set, tracker) = (JoinSet::new(), TaskTracker::new());
            drop(set.spawn(ready(())));
            drop(set.spawn_on(ready(()), runtime));
            drop(set.spawn_blocking(|| ()));
            drop(set.spawn_blocking_on(|| (), runtime));
            drop(set.build_task().spawn(ready(())));
            drop(set.build_task().spawn_on(ready(()), runtime));
            drop(set.build_task().spawn_blocking(|| ()));
            drop(set.build_task().spawn_blocking_on(|| (), runtime));
            drop(tracker.spawn(ready(())));
            drop(tracker.spawn_on(ready(()), runtime));
            drop(tracker.spawn_blocking(|| ()));
            drop(tracker.spawn_blocking_on(|| (), runtime));
            let local = LocalSet::new();
            drop(local.spawn_local(ready(())));
            drop(Builder::new().spawn_local_on(ready(()), &local));
            drop(set.spawn_local_on(ready(()), &local));
            drop(set.build_task().spawn_local_on(ready(()), &local));
            drop(tracker.spawn_local_on(ready(()), &local));
            let _entered = local.enter();
            drop(spawn_local(ready(())));
            drop(Builder::new().spawn_local(ready(())));
            drop(set.spawn_local(ready(())));
            drop(set.build_task().spawn_local(ready(())));
            drop(tracker.spawn_local(ready(())));
        });
        let sites = service.recorder.tasks().filter(|task| task.kind != TaskKind::BlockOn);
        let sites: Vec<_> = sites.map(|task| task.site.place().expect("a place")).collect();
        assert!(sites.iter().all(|place| &*place.file == Location::caller().file()), "{sites:?}");
        let mut lines: Vec<u32> = sites.iter().map(|place| place.line - line).collect();
        lines.sort_unstable();
        let expected = (3..=8).chain(10..=21).chain(23..=27).chain(29..=33);
        assert_eq!(lines, expected.collect::<Vec<_>>());
    });
}

#[test]
fn a_tasks_size_is_its_futures() {
    on_each(|service| {
        let kept = [0_u8; 100];
        let small = async move {
            pending::<()>().await;
            std::hint::black_box(&kept);
        };
        // Such a one is boxed by tokio.
        let kept = [0_u8; 16_384];
        let large = async move {
            pending::<()>().await;
            std::hint::black_box(&kept);
        };
        let sizes = [size_of_val(&small), size_of_val(&large)];
        service.run(async {
            drop(named("small", small));
            drop(Builder::new().name("large").spawn(large));
            settle().await;
        });
        let told = ["small", "large"].map(|name| service.task(name).size as usize);
        assert_eq!(told, sizes);
    });
}

// === polls ===

/// A token's request is written on the task when the console looks, which is later.
#[test]
fn polls_since_are_those_that_began_after_the_request() {
    on_each(|service| {
        service.run(async {
            let token = CancellationToken::new();
            let (tell, told) = mpsc::channel::<Waker>();
            let polled = poll_fn(move |cx| {
                drop(tell.send(cx.waker().clone()));
                Poll::<()>::Pending
            });
            drop(Builder::new().name("idle").token(&token).spawn(pending::<()>()));
            drop(Builder::new().name("polled").token(&token).spawn(polled));
            settle().await;
            let waker = told.try_recv().expect("it was polled");
            waker.wake_by_ref();
            settle().await;
            token.cancel();
            waker.wake_by_ref();
            settle().await;
            service.look(Duration::ZERO);
            let since = |name| service.cancel(name).expect("it was asked").polls_since;
            assert_eq!((since("idle"), since("polled")), (0, 1));
            for _ in 0..2 {
                waker.wake_by_ref();
                settle().await;
            }
            assert_eq!((since("idle"), since("polled")), (0, 3));
        });
    });
}

#[test]
fn a_request_in_the_middle_of_a_poll_does_not_count_it() {
    on_each(|service| {
        service.run(async {
            let (tell, told) = tokio::sync::oneshot::channel::<crate::task::AbortHandle>();
            let asks = async move {
                told.await.expect("its handle").abort();
                pending::<()>().await;
            };
            let task = named("task", asks);
            tell.send(task.abort_handle()).expect("it waits");
            settle().await;
        });
        let story = service.cancel("task").expect("it was asked");
        assert_eq!(story.polls_since, 0);
    });
}

/// Where tokio's wakers are not seen, only a task that was never polled is known to be.
#[test]
fn a_task_is_scheduled_from_its_spawn_to_its_first_poll_and_when_it_is_woken() {
    on_each(|service| {
        service.run(async {
            let (tell, told) = mpsc::channel::<Waker>();
            let gives_its_waker = poll_fn(move |cx| {
                drop(tell.send(cx.waker().clone()));
                Poll::<()>::Pending
            });
            drop(named("task", gives_its_waker));
            let state = || crate::store::state(&service.task("task"));
            assert_eq!(state(), State::Scheduled);
            settle().await;
            assert_eq!(state(), State::Idle);
            told.try_recv().expect("it was polled").wake();
            let seen = service.task("task").wakes > 0;
            assert_eq!(state(), if seen { State::Scheduled } else { State::Idle });
        });
    });
}

// === what is kept ===

#[test]
fn what_a_task_left_that_ended_otherwise_is_listed_with_its_name() {
    on_each(|service| {
        let friend = Mutex::new(None);
        let held = service.run(async {
            let leaves = async { Hold::new(Kind::Custom, "thing") };
            named("task", leaves).await.expect("it ends")
        });
        *friend.lock().expect("nobody panics here") = Some(held);
        assert_eq!(service.outcome("task"), Outcome::Completed);
        // Long after its retention.
        service.look(30 * DAY);
        service.look(60 * DAY);
        assert_eq!(service.owner().as_deref(), Some("task"));
        assert!(service.task("task").ended_at.is_some());
        assert!(service.verdicts(60 * DAY).is_empty());
        service.within(|| drop(friend));
        service.look(90 * DAY);
        assert!(service.tasks("task").is_empty(), "nothing keeps it any more");
    });
}

#[test]
fn leaks_are_listed_before_warnings_and_the_worst_first() {
    on_each(|service| {
        let kept = Mutex::new(Vec::new());
        service.run(async {
            let parent = named("parent", async {
                drop(named("orphan", pending::<()>()));
                pending::<()>().await;
            });
            let (send, receive) = mpsc::channel();
            let leaks = async move {
                send.send(Hold::new(Kind::Custom, "before")).expect("the test waits");
                keep(OnDrop(move || {
                    send.send(Hold::new(Kind::Custom, "dropped")).expect("the test waits");
                }))
                .await;
            };
            let leaker = named("leaker", leaks);
            let token = CancellationToken::new();
            drop(Builder::new().name("deaf").token(&token).spawn(pending::<()>()));
            settle().await;
            parent.abort();
            leaker.abort();
            token.cancel();
            settle().await;
            kept.lock().expect("nobody panics here").extend(receive.try_iter());
        });
        let said = service.verdicts(ORPHANS_TOO);
        let expected = [
            "stuck deaf",
            "left-behind leaker: custom before, before",
            "after-cancel leaker: custom dropped, in-drop",
            "orphaned orphan",
        ];
        assert_eq!(said, expected);
        let totals = service.totals();
        assert_eq!((totals.leaks, totals.orphaned), (3, 1));
        service.within(|| drop(kept));
    });
}

/// `Builder::grace` is of what it holds as well as of the task itself.
#[test]
fn a_grace_of_ones_own_counts_for_every_verdict_of_the_task() {
    on_each(|service| {
        let held = service.run(async {
            let (send, receive) = mpsc::channel();
            let leaks = async move {
                send.send(Hold::new(Kind::Custom, "thing")).expect("the test waits");
                pending::<()>().await;
            };
            let task = Builder::new().name("task").grace(10 * GRACE_OVER).spawn(leaks);
            settle().await;
            task.expect("a task").abort();
            settle().await;
            receive.try_recv().expect("it was sent")
        });
        assert!(service.verdicts(GRACE_OVER).is_empty());
        assert_eq!(service.verdicts(11 * GRACE_OVER), ["left-behind task: custom thing, before"]);
        service.within(|| drop(held));
    });
}

/// The clock of the tests is paused: to let a day pass in it is not to let grace pass.
#[test]
fn grace_is_real_time() {
    on_each(|service| {
        let held = service.run(async {
            let (send, receive) = mpsc::channel();
            let task = named("task", async move {
                send.send(Hold::new(Kind::Custom, "thing")).expect("the test waits");
                pending::<()>().await;
            });
            settle().await;
            task.abort();
            tokio::time::sleep(DAY).await;
            assert!(service.verdicts(Duration::ZERO).is_empty());
            receive.try_recv().expect("it was sent")
        });
        assert_eq!(service.verdicts(GRACE_OVER), ["left-behind task: custom thing, before"]);
        service.within(|| drop(held));
    });
}

// === order ===

#[test]
fn groups_of_leaks_are_sorted_as_asked_and_what_has_no_value_is_last() {
    on_each(|service| {
        service.run(async {
            for (name, bytes) in [("b", 2), ("c", 3), ("a", 1)] {
                let task = named(name, async move {
                    std::mem::forget(Hold::new(Kind::Memory, name).bytes(bytes));
                    pending::<()>().await;
                });
                settle().await;
                task.abort();
                settle().await;
            }
        });
        service.look(GRACE_OVER);
        assert_eq!(service.groups(""), ["b", "c", "a"], "the oldest first");
        assert_eq!(service.groups("name"), ["a", "b", "c"]);
        assert_eq!(service.groups("-bytes"), ["c", "b", "a"]);
        // None waited for anything.
        assert_eq!(service.groups("reason"), service.groups("-reason"));
    });
}
