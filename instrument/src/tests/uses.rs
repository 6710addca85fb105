//! What is only used: within a scope it stays with what is around that, and who has used
//! it last may have been lent it.

use std::{
    future::{Future, pending},
    sync::{Arc, Mutex as Lock},
};

use super::support::{DAY, GRACE_OVER, Service, named, on_each, poll_once, settle};
use crate::{
    hold::{Held, Kind},
    sync::{Mutex, mpsc, oneshot},
    task::FutureExt,
    time::{interval, sleep, timeout},
};

fn held() -> Held<u8> {
    Held::new(7, Kind::Connection, "pg")
}

/// Lends what is made to a scope that is dropped unfinished; the task goes on with it.
fn lends_to_a_scope<T: 'static>(
    service: &Service,
    make: impl AsyncFnOnce() -> T + 'static,
    uses: impl AsyncFnOnce(&mut T) + 'static,
) {
    let local = crate::task::LocalSet::new();
    service.run(local.run_until(async {
        let task = async move {
            let mut made = make().await;
            let body = async {
                uses(&mut made).await;
                pending::<()>().await;
            };
            let _ = poll_once(Box::pin(body.scope("loser")).as_mut()).await;
            let _kept = made;
            pending::<()>().await;
        };
        drop(crate::task::Builder::new().name("task").spawn_local(task));
        settle().await;
        assert_eq!(service.owner().as_deref(), Some("task"));
        assert!(service.verdicts(GRACE_OVER).is_empty(), "the task has it still");
    }));
    service.within(|| drop(local));
}

#[test]
fn what_a_scope_only_uses_stays_its_surroundings() {
    on_each(|service| {
        lends_to_a_scope(service, async || held(), async |it| **it += 1);
        lends_to_a_scope(
            service,
            async || Arc::new(Mutex::new(0)).lock_owned().await,
            async |it| **it += 1,
        );
        lends_to_a_scope(
            service,
            async || Box::pin(sleep(DAY)),
            async |it| assert!(poll_once(it.as_mut()).await.is_pending()),
        );
        let ticks = async |it: &mut crate::time::Interval| {
            assert!(it.tick().await <= crate::time::Instant::now());
        };
        lends_to_a_scope(service, async || interval(DAY), ticks);
    });
}

/// As `timeout(…, jobs.recv())` does.
#[test]
fn who_waits_on_a_channel_for_some_time_has_it_still_afterwards() {
    on_each(|service| {
        service.run(async {
            named("task", async move {
                let (send, mut receive) = mpsc::channel::<u8>(1);
                let _ = poll_once(Box::pin(timeout(DAY, receive.recv())).as_mut()).await;
                pending::<()>().await;
                drop((send, receive));
            });
            settle().await;
        });
        assert_eq!(service.holdings().len(), 2);
        assert!(service.verdicts(GRACE_OVER).is_empty());
    });
}

/// Where what made it is over it is what is around that: a connection is got within a
/// `timeout`, and used after that.
#[test]
fn what_a_completed_scope_has_made_is_not_its_tasks_but_the_scopes_around_it() {
    on_each(|service| {
        let kept = Arc::new(Lock::new(None));
        let keep = Arc::clone(&kept);
        service.run(async {
            named("task", async move {
                let request = async move {
                    let mut got = timeout(DAY, async { held() }).await.expect("it is in time");
                    *got += 1;
                    *keep.lock().expect("nobody panics here") = Some(got);
                    pending::<()>().await;
                };
                let _ = poll_once(Box::pin(request.scope("request")).as_mut()).await;
                pending::<()>().await;
            });
            settle().await;
        });
        assert_eq!(service.verdicts(GRACE_OVER), ["left-behind request: connection pg, before"]);
        drop(kept);
    });
}

/// A task that is aborted after it has used what another, which lives, has acquired.
fn borrows<T: Send + Sync + 'static>(
    service: &Service,
    make: impl Future<Output = T> + Send + 'static,
    uses: impl FnOnce(&T) + Send + 'static,
) {
    service.run(async {
        let (send, receive) = oneshot::channel();
        named("pool", async move {
            let shared = Arc::new(make.await);
            drop(send.send(Arc::clone(&shared)));
            pending::<()>().await;
            drop(shared);
        });
        let request = named("request", async move {
            let shared = receive.await.unwrap_or_else(|_| panic!("it is made"));
            uses(&shared);
            pending::<()>().await;
        });
        settle().await;
        request.abort();
        settle().await;
        assert!(service.verdicts(GRACE_OVER).is_empty(), "it was lent");
    });
}

#[test]
fn who_has_only_used_something_may_have_been_lent_it() {
    on_each(|service| {
        borrows(service, async { held() }, |it| assert_eq!(**it, 7));
        let lock = async { Arc::new(Mutex::new(7)).lock_owned().await };
        borrows(service, lock, |it| assert_eq!(**it, 7));
    });
}

/// The task has used what it acquired itself, or was given, or took from where that was
/// parked; others have used it meanwhile.
#[test]
fn who_has_acquired_it_too_has_left_it() {
    for takes in [Takes::Acquires, Takes::IsGiven, Takes::WasParked] {
        on_each(|service| {
            let kept = leaves(service, takes);
            let said = ["left-behind request: connection pg, before"];
            assert_eq!(service.verdicts(GRACE_OVER), said, "{takes:?}");
            drop(kept);
        });
    }
}

#[derive(Clone, Copy, Debug)]
enum Takes {
    Acquires,
    IsGiven,
    WasParked,
}

/// The request is the last to use it, another has used it in between.
fn leaves(service: &Service, takes: Takes) -> Arc<Lock<Held<u8>>> {
    fn use_it(shared: &Lock<Held<u8>>) {
        assert_eq!(**shared.lock().expect("nobody panics here"), 7);
    }

    service.run(async {
        let (give, given) = oneshot::channel();
        if !matches!(takes, Takes::Acquires) {
            named("first", async move {
                let held = held();
                if let Takes::WasParked = takes {
                    Held::park(&held);
                }
                drop(give.send(held));
                pending::<()>().await;
            });
        }
        let ((show, shown), (say, again)) = (oneshot::channel(), oneshot::channel::<()>());
        let request = named("request", async move {
            let held = match takes {
                Takes::Acquires => held(),
                Takes::IsGiven | Takes::WasParked => given.await.expect("it is given"),
            };
            if let Takes::IsGiven = takes {
                Held::transfer(&held);
            }
            let shared = Arc::new(Lock::new(held));
            use_it(&shared);
            drop(show.send(Arc::clone(&shared)));
            again.await.expect("it is said");
            use_it(&shared);
            pending::<()>().await;
        });
        let shared = shown.await.expect("it is shown");
        let others = Arc::clone(&shared);
        named("user", async move { use_it(&others) }).await.expect("it uses it");
        say.send(()).expect("it waits");
        settle().await;
        request.abort();
        settle().await;
        shared
    })
}
