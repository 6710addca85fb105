//! Whom a token asks, and what counts as having noticed.

use std::{
    future::{Future, pending},
    pin::pin,
};

use tokio::sync::oneshot;

use super::support::{GRACE_OVER, ORPHANS_TOO, Service, named, on_each, poll_once, settle};
use crate::{
    FutureExt,
    sync::CancellationToken,
    task::Builder,
    words::{Cause, Outcome},
};

fn bound(name: &str, token: &CancellationToken, future: impl Future<Output = ()> + Send + 'static) {
    let builder = Builder::new().name(name).token(token);
    drop(builder.spawn(future).expect("a task"));
}

// === those that a console may cancel ===

/// Nothing is kept of a token that is gone, and nothing is kept by what is kept of it.
#[test]
fn a_token_is_kept_weakly_and_only_where_a_console_may_cancel() {
    on_each(|service| {
        let control = &service.recorder.control;
        service.within(|| {
            let early = CancellationToken::new();
            assert_eq!(control.tokens_kept(), 0);
            control.allow();
            let tokens: Vec<_> = (0..100).map(|_| CancellationToken::named("many")).collect();
            let children: Vec<_> = tokens.iter().map(CancellationToken::child_token).collect();
            assert_eq!((control.tokens_kept(), control.tokens().len()), (200, 200));
            drop(tokens);
            // The children's places in the tree have those of their parents, and no handle.
            assert_eq!((control.tokens_kept(), control.tokens().len()), (100, 100));
            assert!(control.tokens().iter().all(|token| token.facts().above.len() == 1));
            drop(children);
            assert_eq!(control.tokens_kept(), 0);
            // It was made when nobody could.
            assert!(!early.clone().is_cancelled() && control.tokens().is_empty());
        });
    });
}

#[test]
fn a_token_that_is_dropped_while_somebody_looks_is_let_go() {
    on_each(|service| {
        let control = &service.recorder.control;
        control.allow();
        let token = service.within(|| CancellationToken::named("looked at"));
        let looked_at = control.tokens();
        drop(token);
        assert_eq!(control.tokens_kept(), 1, "it is in the hands of who looks");
        drop(looked_at);
        assert_eq!(control.tokens_kept(), 0);
    });
}

// === the bound ===

#[test]
fn a_bound_task_is_asked_when_an_ancestor_of_its_token_is_cancelled() {
    on_each(|service| {
        service.run(async {
            let root = CancellationToken::named("root");
            let other = CancellationToken::named("other");
            let leaf = root.named_child("branch").named_child("leaf");
            bound("leaf", &leaf, pending());
            bound("other", &other, pending());
            bound("sibling", &root.child_token(), pending());
            let builder = Builder::new().name("of two").token(&other).token(&leaf);
            drop(builder.spawn(pending::<()>()));
            settle().await;
            root.cancel();
        });
        service.look(GRACE_OVER);
        let story = service.cancel("leaf").expect("it was asked");
        assert_eq!(story.cause, Cause::Token);
        assert_eq!(
            story.path.iter().map(|hop| &**hop).collect::<Vec<_>>(),
            ["root", "branch", "leaf"]
        );
        for name in ["sibling", "of two"] {
            assert_eq!(service.cancel(name).expect("it was asked").cause, Cause::Token);
        }
        assert_eq!(service.cancel("other"), None);
    });
}

/// The request that counts is the first, though nobody had looked in between.
#[test]
fn a_bound_task_that_is_aborted_later_was_asked_by_its_token() {
    on_each(|service| {
        service.run(async {
            let token = CancellationToken::new();
            let builder = Builder::new().name("bound").token(&token);
            let task = builder.spawn(pending::<()>()).expect("a task");
            settle().await;
            token.cancel();
            task.abort();
            settle().await;
        });
        service.look(GRACE_OVER);
        assert_eq!(service.cancel("bound").expect("it was asked").cause, Cause::Token);
    });
}

/// The child goes with its parent, not the other way round.
#[test]
fn a_child_token_asks_nobody_that_is_bound_to_its_parent() {
    on_each(|service| {
        service.run(async {
            let root = CancellationToken::new();
            bound("root", &root, pending());
            let child = root.child_token();
            bound("child", &child, pending());
            settle().await;
            child.cancel();
        });
        service.look(GRACE_OVER);
        assert!(service.cancel("child").is_some() && service.cancel("root").is_none());
    });
}

#[test]
fn a_task_that_is_bound_to_what_is_cancelled_is_asked_at_once() {
    on_each(|service| {
        service.run(async {
            let token = CancellationToken::new();
            token.cancel();
            bound("late", &token, pending());
        });
        assert_eq!(service.cancel("late").expect("it was asked").cause, Cause::Token);
    });
}

#[test]
fn what_runs_until_cancelled_is_a_scope_that_the_token_asks() {
    on_each(|service| {
        service.run(async {
            let token = CancellationToken::named("stop");
            let clone = token.clone();
            let around = async move {
                assert!(clone.run_until_cancelled(pending::<()>()).await.is_none());
                pending::<()>().await;
            };
            named("around", around);
            settle().await;
            named("canceller", async move { token.cancel_because("enough") });
            settle().await;
        });
        let story = service.cancel("stop").expect("the scope was asked");
        assert_eq!((story.cause, service.outcome("stop")), (Cause::Token, Outcome::Cancelled));
        assert_eq!(story.reason.as_deref(), Some("enough"));
        assert_eq!(&*story.canceller.expect("a canceller").name, "canceller");
        assert_eq!(service.cancel("around"), None, "the scope is asked, and not what is around it");
    });
}

/// Before the console has looked: it is too late once the task has ended.
#[test]
fn a_bound_task_that_runs_until_cancelled_has_noticed() {
    on_each(|service| {
        service.run(async {
            let token = CancellationToken::new();
            let runs = token.clone();
            bound("bound", &token, async move {
                assert!(runs.run_until_cancelled(pending::<()>()).await.is_none());
            });
            let runs = token.clone();
            bound("owned", &token, async move {
                assert!(runs.run_until_cancelled_owned(pending::<()>()).await.is_none());
            });
            settle().await;
            token.cancel();
            settle().await;
        });
        for name in ["bound", "owned"] {
            let story = service.cancel(name).expect("it was asked");
            assert!(story.cause == Cause::Token && story.delivered_at.is_some(), "{story:?}");
            assert_eq!(service.outcome(name), Outcome::Completed);
        }
    });
}

// === those who wait ===

/// Whether the task is asked when somebody else cancels the token.
fn is_asked(service: &Service, future: impl AsyncFnOnce(CancellationToken) + 'static) -> bool {
    let asked_by = |name: &'static str| {
        move |token: CancellationToken| drop(named(name, async move { token.cancel() }))
    };
    is_asked_by(service, future, asked_by("canceller"))
}

fn is_asked_by(
    service: &Service,
    future: impl AsyncFnOnce(CancellationToken) + 'static,
    cancel: impl FnOnce(CancellationToken),
) -> bool {
    let before = service.recorder.spawned_so_far();
    let name = format!("task {before}");
    service.run(async {
        let token = CancellationToken::new();
        let local = crate::task::LocalSet::new();
        let waits = token.clone();
        let task = Builder::new().name(&name).spawn_local_on(
            async move {
                future(waits).await;
                pending::<()>().await;
            },
            &local,
        );
        drop(task.expect("a task"));
        let run = async {
            settle().await;
            cancel(token);
            settle().await;
            service.look(GRACE_OVER);
        };
        local.run_until(run).await;
        std::mem::forget(local);
    });
    service.cancel(&name).is_some()
}

#[test]
fn a_task_that_waits_is_asked() {
    on_each(|service| {
        assert!(is_asked(service, async |token| token.cancelled().await));
        let kept = async |token: CancellationToken| {
            let mut waits = pin!(token.cancelled());
            assert!(poll_once(waits.as_mut()).await.is_pending());
            pending::<()>().await;
        };
        assert!(is_asked(service, kept), "it waits though nobody polls it any more");
        let owned = async |token: CancellationToken| token.cancelled_owned().await;
        assert!(is_asked(service, owned));
    });
}

#[test]
fn nobody_else_is_asked() {
    on_each(|service| {
        let holds_a_clone = async |token: CancellationToken| {
            let _clones = (token.clone(), token);
            pending::<()>().await;
        };
        assert!(!is_asked(service, holds_a_clone));
        let once_asked = async |token: CancellationToken| {
            assert!(!token.is_cancelled());
            pending::<()>().await;
        };
        assert!(!is_asked(service, once_asked));
        let never_polled = async |token: CancellationToken| {
            let _waits = pin!(token.cancelled());
            pending::<()>().await;
        };
        assert!(!is_asked(service, never_polled));
        let waits_no_more = async |token: CancellationToken| {
            let mut waits = Box::pin(token.cancelled());
            assert!(poll_once(waits.as_mut()).await.is_pending());
            drop(waits);
            pending::<()>().await;
        };
        assert!(!is_asked(service, waits_no_more));
    });
}

#[test]
fn a_task_is_not_asked_by_its_own_token_nor_by_itself() {
    on_each(|service| {
        let its_own = async |_| {
            let token = CancellationToken::new();
            let clone = token.clone();
            named("canceller of its own", async move { clone.cancel() });
            let mut waits = pin!(token.cancelled());
            assert!(poll_once(waits.as_mut()).await.is_pending());
            pending::<()>().await;
        };
        assert!(!is_asked_by(service, its_own, drop));
        let by_itself = async |token: CancellationToken| {
            let mut waits = pin!(token.cancelled());
            assert!(poll_once(waits.as_mut()).await.is_pending());
            token.cancel();
            pending::<()>().await;
        };
        assert!(!is_asked_by(service, by_itself, drop));
    });
}

/// What counts is the token that `cancel()` was called on, not the one that is waited on.
#[test]
fn a_task_that_waits_on_a_child_of_its_own_is_asked_by_the_parent() {
    on_each(|service| {
        let on_a_child = async |token: CancellationToken| {
            let child = token.child_token();
            child.cancelled().await;
        };
        assert!(is_asked(service, on_a_child));
    });
}

/// A scope is a part of its task: what is made or cancelled in it is, by the task.
#[test]
fn nor_by_what_its_scopes_make_or_cancel() {
    on_each(|service| {
        service.run(async {
            let (tell, told) = oneshot::channel::<CancellationToken>();
            let request = async {
                let token = CancellationToken::new();
                drop(tell.send(token.clone()));
                token.cancelled().await;
            };
            let connection = async {
                request.scope("request").await;
                pending::<()>().await;
            };
            named("made in a scope", connection);
            settle().await;
            let token = told.await.expect("it was made");
            named("canceller", async move { token.cancel() });

            let token = CancellationToken::new();
            let (waits, cancels) = (token.clone(), token.clone());
            named("cancelled in a scope", async move {
                let mut waits = pin!(waits.cancelled());
                assert!(poll_once(waits.as_mut()).await.is_pending());
                async { cancels.cancel() }.scope("cancels").await;
                pending::<()>().await;
            });
            named("waits in a scope", async {
                let token = CancellationToken::new();
                let cancels = token.clone();
                let waits = async {
                    let mut waits = pin!(token.cancelled());
                    assert!(poll_once(waits.as_mut()).await.is_pending());
                    cancels.cancel();
                    pending::<()>().await;
                };
                waits.scope("waits").await;
            });
            settle().await;
        });
        service.look(GRACE_OVER);
        for name in ["made in a scope", "request", "cancelled in a scope", "waits"] {
            assert_eq!(service.cancel(name), None, "{name}");
        }
        assert!(service.verdicts(ORPHANS_TOO).is_empty());
    });
}

/// Both the scope that waits and the task that it is a part of.
#[test]
fn a_token_from_outside_asks_a_scope_that_waits_and_its_task() {
    on_each(|service| {
        service.run(async {
            let token = CancellationToken::new();
            let waits = token.clone();
            let around = async move {
                async { waits.cancelled().await }.scope("scope").await;
                pending::<()>().await;
            };
            named("task", around);
            settle().await;
            named("canceller", async move { token.cancel() });
            settle().await;
        });
        for name in ["scope", "task"] {
            let story = service.cancel(name).expect("it was asked");
            assert!(story.waiting && story.delivered_at.is_some(), "{name}: {story:?}");
        }
        assert!(service.verdicts(ORPHANS_TOO).is_empty());
    });
}

#[test]
fn whoever_polled_it_last_is_the_one_that_waits() {
    on_each(|service| {
        service.run(async {
            let token = CancellationToken::new();
            let (send, receive) = oneshot::channel();
            let mut waits = Box::pin(token.clone().cancelled_owned());
            named("first", async move {
                assert!(poll_once(waits.as_mut()).await.is_pending());
                send.send(waits).expect("somebody takes it");
                pending::<()>().await;
            });
            named("second", async move {
                let mut waits = receive.await.expect("it is sent");
                assert!(poll_once(waits.as_mut()).await.is_pending());
                let _kept = waits;
                pending::<()>().await;
            });
            settle().await;
            named("canceller", async move { token.cancel() });
            settle().await;
            service.look(GRACE_OVER);
        });
        assert!(service.cancel("second").is_some_and(|story| story.waiting));
        assert_eq!(service.cancel("first"), None);
    });
}
