//! What counts as having noticed a token, and what comes of not noticing it.

use std::{future::pending, pin::pin, time::Duration};

use tokio::sync::oneshot;

use super::support::{GRACE_OVER, ORPHANS_TOO, Service, named, on_each, poll_once, settle};
use crate::{
    sync::CancellationToken,
    task::Builder,
    words::{Cause, Outcome},
};

/// A task that keeps its wait alive, and what it does once the token is cancelled: the
/// verdicts long after. The console looks in between, or does not.
fn noticed(
    service: &Service,
    looked_at: bool,
    notice: impl AsyncFnOnce(&CancellationToken) + 'static,
) -> (Vec<String>, bool) {
    service.run(async {
        let token = CancellationToken::new();
        let (tell, told) = oneshot::channel::<()>();
        let waits = token.clone();
        let local = crate::task::LocalSet::new();
        let task = async move {
            let mut kept = pin!(waits.cancelled());
            assert!(poll_once(kept.as_mut()).await.is_pending());
            told.await.expect("it is told");
            notice(&waits).await;
            pending::<()>().await;
        };
        drop(Builder::new().name("task").spawn_local_on(task, &local).expect("a task"));
        let run = async {
            settle().await;
            named("canceller", async move { token.cancel() });
            settle().await;
            if looked_at {
                service.look(Duration::ZERO);
            }
            tell.send(()).expect("it waits");
            settle().await;
        };
        local.run_until(run).await;
        std::mem::forget(local);
    });
    (service.verdicts(ORPHANS_TOO), service.task("task").delivered_at.is_some())
}

/// Whether the console looked while it waited makes no difference.
#[test]
fn a_task_that_gave_up_waiting_after_the_cancel_was_asked() {
    for looked_at in [true, false] {
        on_each(|service| {
            service.run(async {
                let token = CancellationToken::new();
                let (tell, told) = oneshot::channel::<()>();
                let waits = token.clone();
                drop(named("task", async move {
                    {
                        let mut kept = pin!(waits.cancelled());
                        assert!(poll_once(kept.as_mut()).await.is_pending());
                        told.await.expect("it is told");
                    }
                    pending::<()>().await;
                }));
                settle().await;
                named("canceller", async move { token.cancel() });
                settle().await;
                if looked_at {
                    service.look(Duration::ZERO);
                }
                tell.send(()).expect("it waits");
                settle().await;
            });
            assert_eq!(service.verdicts(GRACE_OVER), ["stuck task"], "looked at: {looked_at}");
            assert!(service.task("task").delivered_at.is_none());
        });
    }
}

#[test]
fn a_waiting_task_that_is_told_has_noticed_and_is_never_stuck() {
    for looked_at in [true, false] {
        on_each(|service| {
            let asks = async |token: &CancellationToken| assert!(token.is_cancelled());
            assert_eq!(noticed(service, looked_at, asks), (vec![], true), "asked it: {looked_at}");
        });
        on_each(|service| {
            let waits_again = async |token: &CancellationToken| token.cancelled().await;
            assert_eq!(noticed(service, looked_at, waits_again), (vec![], true), "{looked_at}");
        });
    }
}

#[test]
fn a_waiting_task_that_is_told_nothing_is_stuck() {
    for looked_at in [true, false] {
        on_each(|service| {
            let nothing = async |_: &CancellationToken| {};
            let stuck = vec!["stuck task".to_owned()];
            assert_eq!(noticed(service, looked_at, nothing), (stuck, false));
        });
    }
}

/// What it was told of another token is not what it was told of this one.
#[test]
fn a_waiting_task_that_was_told_before_is_stuck() {
    on_each(|service| {
        service.run(async {
            let token = CancellationToken::new();
            let waits = token.clone();
            named("task", async move {
                let earlier = CancellationToken::new();
                earlier.cancel();
                assert!(earlier.is_cancelled());
                let mut kept = pin!(waits.cancelled());
                assert!(poll_once(kept.as_mut()).await.is_pending());
                pending::<()>().await;
            });
            settle().await;
            named("canceller", async move { token.cancel() });
            settle().await;
        });
        assert_eq!(service.verdicts(GRACE_OVER), ["stuck task"]);
    });
}

#[test]
fn a_bound_task_that_is_told_has_noticed_and_is_stuck_all_the_same() {
    on_each(|service| {
        service.run(async {
            let token = CancellationToken::new();
            let asks = token.clone();
            let builder = Builder::new().name("task").token(&token);
            let noticing = async move {
                assert!(!asks.is_cancelled(), "nothing to notice yet");
                settle().await;
                settle().await;
                assert!(asks.is_cancelled());
                pending::<()>().await;
            };
            drop(builder.spawn(noticing).expect("a task"));
            tokio::task::yield_now().await;
            assert_eq!(service.task("task").delivered_at, None);
            token.cancel();
            settle().await;
            settle().await;
            settle().await;
        });
        assert!(service.task("task").delivered_at.is_some());
        assert_eq!(service.verdicts(GRACE_OVER), ["stuck task"]);
    });
}

/// Who waits on a token is found when a console looks, or when it gives up to wait: what
/// asked it first is told, in whichever order that was.
#[test]
fn a_waiting_task_that_is_aborted_before_anybody_looks_was_asked_by_what_came_first() {
    for (token_first, cause) in [(true, Cause::Token), (false, Cause::Abort)] {
        for looked_at in [true, false] {
            on_each(|service| {
                service.run(async {
                    let token = CancellationToken::new();
                    let waits = token.clone();
                    let task = named("task", async move {
                        // It is woken, and aborted before it is polled.
                        waits.cancelled().await;
                        pending::<()>().await;
                    });
                    settle().await;
                    let cancels = async move {
                        if token_first {
                            token.cancel();
                            task.abort();
                        } else {
                            task.abort();
                            token.cancel();
                        }
                    };
                    let cancels = named("canceller", cancels);
                    if looked_at {
                        cancels.await.expect("it cancels");
                        service.look(Duration::ZERO);
                    }
                    settle().await;
                });
                let told = service.cancel("task").expect("it was asked");
                assert_eq!(told.cause, cause, "looked at: {looked_at}");
                assert_eq!(service.outcome("task"), Outcome::Cancelled);
            });
        }
    }
}

/// It is no less bound for that it also waits.
#[test]
fn a_bound_task_that_notices_before_anybody_looks_is_stuck_all_the_same() {
    on_each(|service| {
        service.run(async {
            let token = CancellationToken::new();
            let waits = token.clone();
            let task = async move {
                waits.cancelled().await;
                pending::<()>().await;
            };
            drop(Builder::new().name("task").token(&token).spawn(task).expect("a task"));
            settle().await;
            named("canceller", async move { token.cancel() });
            settle().await;
        });
        assert_eq!(service.verdicts(GRACE_OVER), ["stuck task"]);
    });
}
