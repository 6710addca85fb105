//! When a future is a scope, and whose is what a scope leaves behind.

use std::{
    future::{Future, pending},
    pin::{Pin, pin},
    sync::Mutex,
    task::{Context, Poll},
};

use tokio::sync::oneshot;

use super::support::{
    DAY, GRACE_OVER, ORPHANS_TOO, OnDrop, Service, named, on_each, poll_once, settle,
};
use crate::{
    hold::{Held, Hold, Kind},
    sync::CancellationToken,
    task::{FutureExt, JoinHandle},
    time::{Instant, timeout, timeout_at},
    words::{Cause, Outcome, TaskKind},
};

fn hold(label: &'static str) -> Hold {
    Hold::new(Kind::Custom, label)
}

/// Where a test's tasks leave what they hold.
type Friend = std::sync::Arc<Mutex<Vec<Hold>>>;

fn leave(friend: &Friend, label: &'static str) {
    friend.lock().expect("nobody panics here").push(hold(label));
}

fn scopes(service: &Service) -> usize {
    service.recorder.tasks().filter(|task| task.kind == TaskKind::Scope).count()
}

/// Polls the future once and drops it.
async fn begin(future: impl Future) {
    drop(poll_once(pin!(future)).await);
}

async fn abort<T>(task: JoinHandle<T>) {
    settle().await;
    task.abort();
    settle().await;
}

// === what is a scope ===

#[test]
fn a_scope_that_is_never_polled_is_not_recorded() {
    on_each(|service| {
        service.run(async {
            drop(pending::<()>().scope("never polled"));
            drop(timeout(DAY, pending::<()>()));
            assert_eq!(scopes(service), 0);
            begin(pending::<()>().scope("polled")).await;
        });
        assert_eq!(scopes(service), 1);
        assert_eq!(service.outcome("polled"), Outcome::Cancelled);
    });
}

#[test]
fn the_body_of_a_timeout_is_a_scope_unless_it_is_borrowed() {
    on_each(|service| {
        service.run(async {
            begin(timeout(DAY, &mut Box::pin(pending::<()>()))).await;
            begin(timeout(DAY, pin!(pending::<()>()))).await;
            begin(timeout_at(Instant::now() + DAY, &mut pin!(pending::<()>()))).await;
            assert_eq!(scopes(service), 0);
            begin(timeout(DAY, pending::<()>())).await;
            assert_eq!(scopes(service), 1);
            begin(timeout_at(Instant::now() + DAY, Box::pin(pending::<()>()))).await;
        });
        assert_eq!(scopes(service), 2);
    });
}

#[test]
fn a_branch_of_a_select_is_a_scope_only_where_it_says_so() {
    on_each(|service| {
        service.run(async {
            tokio::select! {
                biased;
                () = pending::<()>() => {}
                () = pending::<()>().scope("loser") => {}
                () = async {} => {}
            }
        });
        assert_eq!(scopes(service), 1);
        assert_eq!(service.cancel("loser").expect("it lost").cause, Cause::Dropped);
    });
}

#[test]
fn a_borrowed_body_goes_on_and_so_does_what_it_holds() {
    on_each(|service| {
        service.run(async {
            let work = async {
                let _held = hold("thing");
                pending::<()>().await;
            };
            let task = async {
                let mut work = Box::pin(work);
                assert!(timeout(DAY, &mut work).await.is_err());
                work.await;
            };
            named("task", task);
            settle().await;
            tokio::time::sleep(2 * DAY).await;
        });
        assert_eq!(service.owner().as_deref(), Some("task"));
        assert!(service.verdicts(ORPHANS_TOO).is_empty());
    });
}

// === what passes outward ===

#[test]
fn what_a_completed_scope_owns_is_its_surroundings() {
    on_each(|service| {
        let friend = Friend::default();
        service.run(async {
            let inner = friend.clone();
            let around = async {
                async move { leave(&inner, "thing") }.scope("scope").await;
                pending::<()>().await;
            };
            let task = named("task", around);
            settle().await;
            assert!(service.verdicts(ORPHANS_TOO).is_empty(), "while the task goes on");
            abort(task).await;
        });
        assert_eq!(service.verdicts(GRACE_OVER), ["left-behind task: custom thing, before"]);
    });
}

/// Also when it has nothing else, and goes on though it was asked to stop.
#[test]
fn a_stuck_task_lists_what_its_scopes_have_left() {
    on_each(|service| {
        let friend = Friend::default();
        service.run(async {
            let (inner, token) = (friend.clone(), CancellationToken::new());
            let around = async {
                async move { leave(&inner, "thing") }.scope("scope").await;
                pending::<()>().await;
            };
            let builder = crate::task::Builder::new().name("task").token(&token);
            drop(builder.spawn(around).expect("a task"));
            settle().await;
            token.cancel();
            settle().await;
        });
        assert_eq!(service.verdicts(GRACE_OVER), ["stuck task: custom thing, before"]);
    });
}

#[test]
fn what_a_completed_scope_has_spawned_is_its_surroundings() {
    on_each(|service| {
        service.run(async {
            let around = async {
                async { drop(named("child", pending::<()>())) }.scope("scope").await;
                pending::<()>().await;
            };
            abort(named("task", around)).await;
        });
        assert_eq!(service.task("child").spawner, Some(service.task("scope").key));
        assert_eq!(service.verdicts(ORPHANS_TOO), ["orphaned child"]);
    });
}

/// Spawns the next one in scopes, and ends.
fn hops(friend: Friend, left: u8) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let hop = async {
            leave(&friend, "thing");
            if left > 0 {
                drop(named("hop", hops(friend.clone(), left - 1)));
            }
        };
        hop.scope("inner").scope("middle").scope("outer").await;
    })
}

/// However many lie between: a lineage is shortened, but not within a task.
#[test]
fn what_a_completed_scope_owns_is_its_tasks_and_not_that_of_a_cancelled_one_further_up() {
    on_each(|service| {
        let friend = Friend::default();
        service.run(async {
            let first = hops(friend.clone(), 12);
            let around = async {
                named("hop", first);
                pending::<()>().await;
            };
            let task = named("task", around);
            settle().await;
            abort(task).await;
        });
        assert_eq!(service.outcome("task"), Outcome::Cancelled);
        assert_eq!(service.tasks("hop").len(), 13);
        let said = service.verdicts(ORPHANS_TOO);
        assert!(said.is_empty(), "all that has left something has completed: {said:?}");
    });
}

#[test]
fn what_a_completed_scope_holds_for_too_long_its_surroundings_do() {
    on_each(|service| {
        let friend = Friend::default();
        service.run(async {
            let inner = friend.clone();
            let around = async move {
                let leaves = async {
                    let held = hold("thing").with_limit(GRACE_OVER);
                    inner.lock().expect("nobody panics here").push(held);
                };
                leaves.scope("inner").scope("scope").await;
                let loses = async {
                    let held = hold("other").with_limit(GRACE_OVER);
                    inner.lock().expect("nobody panics here").push(held);
                    pending::<()>().await;
                };
                begin(loses.scope("lost")).await;
                pending::<()>().await;
            };
            named("task", around);
            settle().await;
        });
        let overdue = |it: &String| it.starts_with("overdue");
        let mut said: Vec<String> =
            service.verdicts(ORPHANS_TOO).into_iter().filter(overdue).collect();
        said.sort();
        let expected = ["overdue lost: custom other, before", "overdue task: custom thing, before"];
        assert_eq!(said, expected);
    });
}

#[test]
fn what_scopes_within_scopes_own_passes_through_all_that_complete() {
    on_each(|service| {
        let friend = Friend::default();
        service.run(async {
            let inner = friend.clone();
            let leaves = async move { leave(&inner, "thing") };
            let middle = async {
                leaves.scope("inner").await;
                pending::<()>().await;
            };
            let around = async {
                let lost = async {
                    let outer = async {
                        middle.scope("middle").await;
                    };
                    outer.scope("outer").await;
                };
                begin(lost).await;
                pending::<()>().await;
            };
            named("task", around);
            settle().await;
        });
        // The outer one was dropped by itself, and the middle one with it.
        assert_eq!(service.verdicts(GRACE_OVER), ["left-behind outer: custom thing, before"]);
        assert_eq!(service.outcome("inner"), Outcome::Completed);
        assert_eq!(service.outcome("middle"), Outcome::Cancelled);
    });
}

/// In whatever order the scopes are found: that is the order of their slots.
#[test]
fn what_scopes_within_scopes_own_passes_outward_though_the_inner_is_found_first() {
    on_each(|service| {
        let friend = Friend::default();
        service.run(async {
            for _ in 0..8 {
                named("before", async {}).await.expect("it ends");
            }
        });
        // Freed in order, and taken in the reverse order.
        service.look(8 * DAY);
        let leaves = |label| {
            let friend = friend.clone();
            OnDrop(move || leave(&friend, label))
        };
        service.run(async {
            let inner = async {
                let _clean_up = leaves("of inner");
                pending::<()>().await;
            };
            let middle = async {
                let _clean_up = leaves("of middle");
                inner.scope("inner").await;
            };
            let outer = async {
                let _clean_up = leaves("of outer");
                middle.scope("middle").await;
            };
            begin(outer.scope("outer")).await;
        });
        let slot = |name| service.task(name).key.slot();
        assert!(slot("inner") < slot("middle") && slot("middle") < slot("outer"));
        let said = service.verdicts(GRACE_OVER);
        assert_eq!(said.len(), 1, "{said:?}");
        for held in ["of inner, in-drop", "of middle, in-drop", "of outer, in-drop"] {
            assert!(said[0].contains(held), "{said:?}");
        }
    });
}

#[test]
fn what_a_scope_owns_that_is_dropped_with_its_task_is_the_tasks() {
    on_each(|service| {
        let friend = Friend::default();
        service.run(async {
            let inner = friend.clone();
            let leaves = async move {
                leave(&inner, "thing");
                let inner = inner.clone();
                let _clean_up = OnDrop(move || leave(&inner, "clean-up"));
                pending::<()>().await;
            };
            let around = async {
                leaves.scope("inner").scope("scope").await;
            };
            abort(named("task", around)).await;
        });
        let said = service.verdicts(ORPHANS_TOO);
        let expected = [
            "left-behind task: custom thing, before",
            "after-cancel task: custom clean-up, in-drop",
        ];
        assert_eq!(said, expected, "the scopes have no verdict");
    });
}

/// As a stream's task of HTTP/2, which is ready when its client has reset the stream, and
/// still has the handler's future.
struct GivesUp<F> {
    future: Pin<Box<F>>,
    polls: u8,
}

impl<F: Future> Future for GivesUp<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.polls += 1;
        assert!(self.future.as_mut().poll(cx).is_pending());
        cx.waker().wake_by_ref();
        if self.polls < 3 { Poll::Pending } else { Poll::Ready(()) }
    }
}

fn gives_up(friend: &Friend) -> GivesUp<impl Future + Send + use<>> {
    let friend = friend.clone();
    let leaves = async move {
        leave(&friend, "thing");
        pending::<()>().await;
    };
    GivesUp { future: Box::pin(leaves.scope("scope")), polls: 0 }
}

#[test]
fn a_scope_that_a_completed_task_had_no_use_for_was_cancelled_by_itself() {
    on_each(|service| {
        let friend = Friend::default();
        service.run(async {
            named("task", gives_up(&friend)).await.expect("it completes");
        });
        assert_eq!(service.outcome("task"), Outcome::Completed);
        assert_eq!(service.verdicts(GRACE_OVER), ["left-behind scope: custom thing, before"]);
    });
}

#[test]
fn what_a_scope_owns_is_nobodys_fault_when_its_runtime_is_gone() {
    // Its task is not recorded.
    let mut service = Service::of_shims();
    let friend = Friend::default();
    let inner = friend.clone();
    service.run(async {
        let leaves = async move {
            leave(&inner, "thing");
            pending::<()>().await;
        };
        let leaves = service.here(leaves.scope("scope"));
        drop(tokio::spawn(leaves));
        settle().await;
    });
    service.ends();
    assert_eq!(service.outcome("scope"), Outcome::Shutdown);
    assert!(service.cancel("scope").is_none());
    assert!(service.verdicts(ORPHANS_TOO).is_empty());
}

/// Seen from the request of what is around it, which may have come before.
#[test]
fn the_phase_of_what_passes_outward_is_taken_anew() {
    on_each(|service| {
        let friend = Friend::default();
        service.run(async {
            let token = CancellationToken::new();
            let (asked, inner) = (token.clone(), friend.clone());
            let around = async move {
                asked.cancelled().await;
                async { leave(&inner, "thing") }.scope("scope").await;
            };
            let builder = crate::task::Builder::new().name("task").token(&token);
            drop(builder.spawn(around).expect("a task"));
            settle().await;
            token.cancel();
            settle().await;
        });
        assert_eq!(service.verdicts(GRACE_OVER), ["after-cancel task: custom thing, after"]);
    });
}

// === what stays ===

#[test]
fn a_scope_that_is_dropped_by_itself_keeps_what_it_owns() {
    on_each(|service| {
        let friend = Friend::default();
        service.run(async {
            let inner = friend.clone();
            let around = async move {
                let loses = async {
                    leave(&inner, "thing");
                    drop(named("child", pending::<()>()));
                    pending::<()>().await;
                };
                begin(loses.scope("scope")).await;
                pending::<()>().await;
            };
            abort(named("task", around)).await;
        });
        let said = service.verdicts(ORPHANS_TOO);
        assert_eq!(said, ["orphaned child"], "what may have moved into the child gives none");
        assert_eq!(service.cancel("scope").expect("it was dropped").cause, Cause::Dropped);
        drop(friend);
    });
}

#[test]
fn until_another_task_or_scope_uses_it() {
    on_each(|service| {
        service.run(async {
            let (send, receive) = oneshot::channel();
            let around = async move {
                let loses = async {
                    let held = Held::new(7, Kind::Custom, "thing");
                    drop(send.send(held));
                    pending::<()>().await;
                };
                begin(loses.scope("scope")).await;
                pending::<()>().await;
            };
            named("task", around);
            settle().await;
            assert_eq!(service.verdicts(GRACE_OVER), ["left-behind scope: custom thing, before"]);
            let uses = async move {
                let held = receive.await.expect("it was sent");
                assert_eq!(*held, 7);
                pending::<()>().await;
            };
            named("user", uses);
            settle().await;
            assert_eq!(service.owner().as_deref(), Some("user"));
        });
        assert!(service.verdicts(GRACE_OVER).is_empty());
        assert_eq!(service.totals().cleared, 1);
    });
}

#[test]
fn a_body_that_is_taken_out_of_its_timeout_is_no_scope() {
    on_each(|service| {
        service.run(async {
            let body = async {
                let _held = hold("thing");
                pending::<()>().await;
            };
            named("task", timeout(DAY, body).into_inner());
            settle().await;
        });
        assert_eq!((scopes(service), service.owner().as_deref()), (0, Some("task")));
        assert!(service.verdicts(ORPHANS_TOO).is_empty());
    });
}
