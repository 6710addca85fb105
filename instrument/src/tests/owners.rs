//! Whose what is held is.

use std::{future::pending, pin::Pin};

use tokio::sync::oneshot;

use super::support::{DAY, GRACE_OVER, OnDrop, Service, keep, named, on_each, poll_once, settle};
use crate::{
    hold::{Held, Hold, Kind},
    sync::CancellationToken,
    task::Builder,
    time::{Instant, Sleep, interval, sleep},
};

/// Makes something in one task, has another do something with it, and tells whose it is.
fn owner_when_used<T: Send + 'static>(
    service: &Service,
    make: impl AsyncFnOnce() -> T + 'static,
    used: impl AsyncFnOnce(&mut T) + 'static,
) -> Option<String> {
    let local = crate::task::LocalSet::new();
    let owner = service.run(local.run_until(async {
        let (send, receive) = oneshot::channel();
        let maker = async move {
            drop(send.send(make().await));
            pending::<()>().await;
        };
        let user = async move {
            let mut made = receive.await.unwrap_or_else(|_| panic!("it is made"));
            used(&mut made).await;
            keep(made).await;
        };
        drop(Builder::new().name("maker").spawn_local(maker));
        drop(Builder::new().name("user").spawn_local(user));
        settle().await;
        service.owner()
    }));
    service.within(|| drop(local));
    owner
}

/// As a verdict does, which is not given for it.
#[test]
fn a_story_marks_what_may_have_moved_into_a_child() {
    on_each(|service| {
        service.run(async {
            drop(named("spawner", async {
                let _before = Hold::new(Kind::Custom, "before");
                drop(named("child", pending::<()>()));
                let _after = Hold::new(Kind::Custom, "after");
                pending::<()>().await;
            }));
            settle().await;
        });
        let mut held = service.held_in_the_story_of("spawner");
        held.sort_by_key(|it| it.acquired_at);
        let marked: Vec<_> = held.iter().map(|it| (&*it.label, it.maybe_moved)).collect();
        assert_eq!(marked, [("before", true), ("after", false)]);
    });
}

// === timers ===

/// A timer that was polled: a future in a coat, so that nobody awaits it.
struct Made(Pin<Box<Sleep>>);

#[test]
fn a_timer_is_its_last_pollers_else_its_makers() {
    on_each(|service| {
        let make = async || Box::pin(sleep(DAY));
        let owner = owner_when_used(service, make, async |_| {});
        assert_eq!(owner.as_deref(), Some("maker"), "nobody polled it");
    });
    on_each(|service| {
        let make = async || Box::pin(sleep(DAY));
        let polls = async |timer: &mut Pin<Box<Sleep>>| {
            assert!(poll_once(timer.as_mut()).await.is_pending());
        };
        assert_eq!(owner_when_used(service, make, polls).as_deref(), Some("user"));
    });
}

#[test]
fn a_reset_does_not_change_whose_a_timer_is() {
    on_each(|service| {
        let make = async || {
            let mut timer = Box::pin(sleep(DAY));
            assert!(poll_once(timer.as_mut()).await.is_pending());
            Made(timer)
        };
        let resets = async |Made(timer): &mut Made| {
            timer.as_mut().reset(Instant::now() + 2 * DAY);
        };
        assert_eq!(owner_when_used(service, make, resets).as_deref(), Some("maker"));
    });
}

#[test]
fn an_interval_is_whose_it_was_last_ticked_by() {
    on_each(|service| {
        let make = async || {
            let mut ticks = interval(DAY);
            ticks.tick().await;
            ticks
        };
        let resets = async |ticks: &mut crate::time::Interval| ticks.reset();
        assert_eq!(owner_when_used(service, make, resets).as_deref(), Some("maker"));
    });
    on_each(|service| {
        let make = async || interval(DAY);
        let ticks = async |ticks: &mut crate::time::Interval| {
            ticks.tick().await;
        };
        assert_eq!(owner_when_used(service, make, ticks).as_deref(), Some("user"));
    });
}

// === values ===

#[test]
fn a_value_is_its_last_users_else_its_acquirers() {
    on_each(|service| {
        let make = async || Held::new(1, Kind::Custom, "value");
        let owner = owner_when_used(service, make, async |_| {});
        assert_eq!(owner.as_deref(), Some("maker"), "a move is not seen");
    });
    on_each(|service| {
        let make = async || Held::new(1, Kind::Custom, "value");
        let reads = async |value: &mut Held<i32>| assert_eq!(**value, 1);
        assert_eq!(owner_when_used(service, make, reads).as_deref(), Some("user"));
    });
    on_each(|service| {
        let make = async || Held::new(1, Kind::Custom, "value");
        let writes = async |value: &mut Held<i32>| **value = 2;
        assert_eq!(owner_when_used(service, make, writes).as_deref(), Some("user"));
    });
}

#[test]
fn what_may_have_moved_gives_no_verdict_while_it_may_and_is_marked() {
    on_each(|service| {
        service.run(async {
            let (end, ended) = oneshot::channel::<()>();
            let accepts = async {
                let moved = Hold::new(Kind::Connection, "moved");
                let left = Hold::new(Kind::Connection, "left");
                drop(named("child", async move {
                    let _moved = moved;
                    drop(ended.await);
                }));
                // Acquired later: it cannot be the child's.
                let later = Hold::new(Kind::Custom, "later");
                std::mem::forget((left, later));
                pending::<()>().await;
            };
            let task = named("task", accepts);
            settle().await;
            task.abort();
            settle().await;
            let said = service.verdicts(GRACE_OVER);
            let expected = "left-behind task: custom later, before";
            assert!(said.len() == 1 && said[0].starts_with("left-behind task: "), "{said:?}");
            for part in [
                &expected["left-behind task: ".len()..],
                "connection moved, before, maybe moved",
                "connection left, before, maybe moved",
            ] {
                assert!(said[0].contains(part), "{part} in {said:?}");
            }
            drop(end);
            settle().await;
            let said = service.verdicts(GRACE_OVER);
            assert!(said.len() == 1 && said[0].contains("connection left, before"), "{said:?}");
            assert!(!said[0].contains("moved"), "it ended with the child: {said:?}");
        });
    });
}

// === transfers ===

#[test]
fn a_transfer_is_to_the_calling_task_and_keeps_age_and_site() {
    on_each(|service| {
        service.run(async {
            let (send, receive) = oneshot::channel();
            named("first", async move {
                drop(send.send(Hold::new(Kind::Custom, "thing")));
                pending::<()>().await;
            });
            settle().await;
            let before = service.only_holding();
            named("second", async move {
                let held = receive.await.expect("it is sent");
                held.transfer();
                keep(held).await;
            });
            settle().await;
            assert_eq!(service.owner().as_deref(), Some("second"));
            let after = service.only_holding();
            assert_eq!((after.acquired_at, after.site), (before.acquired_at, before.site));
        });
    });
}

/// Seen from the new owner's request, what is older than that is from before it.
#[test]
fn a_transfer_takes_the_phase_anew() {
    on_each(|service| {
        let held = service.run(async {
            let keeper = named("keeper", pending::<()>());
            let token = CancellationToken::new();
            let (send, receive) = oneshot::channel();
            let asked = token.clone();
            let builder = Builder::new().name("giver").token(&token);
            let giver = builder.spawn(async move {
                asked.cancelled().await;
                drop(send.send(Hold::new(Kind::Custom, "thing")));
                pending::<()>().await;
            });
            settle().await;
            token.cancel();
            settle().await;
            giver.expect("a task").abort();
            settle().await;
            assert_eq!(service.verdicts(GRACE_OVER), ["after-cancel giver: custom thing, after"]);
            let held = receive.await.expect("it is sent");
            held.transfer_to(&keeper.abort_handle());
            assert_eq!(service.owner().as_deref(), Some("keeper"));
            assert!(service.verdicts(GRACE_OVER).is_empty(), "the keeper goes on");
            keeper.abort();
            settle().await;
            held
        });
        assert_eq!(service.verdicts(GRACE_OVER), ["left-behind keeper: custom thing, before"]);
        service.within(|| drop(held));
    });
}

#[test]
fn a_transfer_by_handle_and_by_id() {
    on_each(|service| {
        service.run(async {
            let keeper = named("keeper", pending::<()>());
            let value = Held::new(1, Kind::Custom, "thing");
            Held::transfer_to(&value, &keeper);
            assert_eq!(service.owner().as_deref(), Some("keeper"));
            let other = named("other", pending::<()>());
            Held::transfer_to(&value, other.id());
            assert_eq!(service.owner().as_deref(), Some("other"));
            let ended = named("ended", async {});
            let id = ended.id();
            ended.await.expect("it ends");
            Held::transfer_to(&value, id);
            assert_eq!(service.owner().as_deref(), Some("other"), "nobody else is known by it");
            drop(value);
        });
    });
}

// === threads that run no task ===

#[test]
fn what_a_thread_acquires_that_runs_no_task_is_nobodys() {
    let service = Service::of_shims();
    let _held = service.within(|| Hold::new(Kind::Custom, "thing"));
    assert_eq!(service.only_holding().owner, None);
}

#[test]
fn what_an_output_acquires_in_its_drop_is_the_joiners() {
    on_each(|service| {
        service.run(async {
            let leaves = || OnDrop(|| std::mem::forget(Hold::new(Kind::Custom, "thing")));
            let joiner = async move {
                drop(named("joined", async move { leaves() }).await);
                pending::<()>().await;
            };
            named("joiner", joiner);
            settle().await;
        });
        assert_eq!(service.owner().as_deref(), Some("joiner"));
    });
}

/// As in `main` without tokio's spans: what is used there has left its task.
#[test]
fn what_is_used_where_no_task_is_recorded_is_nobodys() {
    let service = Service::of_shims();
    service.run(async {
        let (give, take) = tokio::sync::oneshot::channel();
        let maker = named("maker", async {
            let _ = give.send(Held::new(7, Kind::Connection, "pg"));
            pending::<()>().await;
        });
        let held = take.await.unwrap_or_else(|_| panic!("it is made"));
        assert_eq!(service.owner().as_deref(), Some("maker"), "a move is not seen");
        assert_eq!(*held, 7);
        assert_eq!(service.owner(), None);
        maker.abort();
        settle().await;
        assert!(service.verdicts(GRACE_OVER).is_empty());
    });
}
