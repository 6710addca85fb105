//! How a task ended, and what asked it to.

use std::{
    future::{pending, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::mpsc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

use super::support::{GRACE_OVER, ORPHANS_TOO, OnDrop, Service, named, on_each, settle};
use crate::{
    recorder::task::TaskFacts,
    store::CancelStory,
    task::{AbortHandle, Builder, JoinSet, LocalSet, spawn_local},
    words::{Accuracy, Cause, Outcome},
};

/// Long enough for a machine with everything else going on.
const DEADLINE: Duration = Duration::from_secs(20);

// === a request that comes too late ===

#[test]
fn a_task_that_is_ready_before_its_abort_reaches_it_was_not_asked() {
    on_each(|service| {
        service.run(async {
            let (tell, told) = oneshot::channel::<AbortHandle>();
            let task = named("task", async { told.await.expect("its handle").abort() });
            tell.send(task.abort_handle()).expect("it waits");
            task.await.expect("it was ready");
        });
        assert_eq!(service.outcome("task"), Outcome::Completed);
        assert_eq!(service.cancel("task"), None);
        assert!(service.verdicts(ORPHANS_TOO).is_empty());
    });
}

/// Is ready at once, and keeps what it has until it is dropped.
struct ReadyAndKeeps<T>(T);

impl<T: Unpin> Future for ReadyAndKeeps<T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

#[test]
fn nor_was_one_that_is_asked_while_it_is_dropped_because_it_is_ready() {
    on_each(|service| {
        service.run(async {
            let (tell, told) = mpsc::channel::<AbortHandle>();
            let aborts = OnDrop(move || told.try_recv().expect("its handle").abort());
            let task = named("task", ReadyAndKeeps(aborts));
            tell.send(task.abort_handle()).expect("it waits");
            task.await.expect("it was ready");
        });
        assert_eq!(service.outcome("task"), Outcome::Completed);
        assert_eq!(service.cancel("task"), None);
    });
}

// === sets ===

#[test]
fn a_sets_request_is_written_on_the_set_and_its_members_read_it_there() {
    on_each(|service| {
        let asked = service.run(async {
            let mut set = JoinSet::new();
            for name in ["a", "b", "c"] {
                set.build_task().name(name).spawn(pending::<()>()).expect("a task");
            }
            settle().await;
            set.abort_all();
            let asked = ["a", "b", "c"].map(|name| {
                let task = service.task(name);
                let extra = service.recorder.extra(task.key).expect("a member");
                (task.requested_at, extra.request().map(|request| request.cause))
            });
            while set.join_next().await.is_some() {}
            asked
        });
        assert_eq!(asked, [(None, Some(Cause::AbortAll)); 3], "one write, however many");
        for name in ["a", "b", "c"] {
            assert_eq!(service.outcome(name), Outcome::Cancelled);
            assert_eq!(service.cancel(name).expect("it was asked").cause, Cause::AbortAll);
        }
    });
}

/// What cancelled the only member of a set that a task called `owner` has.
fn what_cancels_the_member_of(
    service: &Service,
    end: impl AsyncFnOnce(JoinSet<()>) + Send + 'static,
) -> CancelStory {
    service.run(async {
        let local = LocalSet::new();
        let owner = async {
            let mut set = JoinSet::new();
            set.build_task().name("member").spawn(pending::<()>()).expect("a task");
            settle().await;
            end(set).await;
            settle().await;
        };
        let owner = Builder::new().name("owner").spawn_local_on(owner, &local);
        local.run_until(owner.expect("a task")).await.expect("it ends");
    });
    assert_eq!(service.outcome("member"), Outcome::Cancelled);
    let story = service.cancel("member").expect("it was asked");
    assert_eq!(story.canceller.as_ref().map(|who| &*who.name), Some("owner"));
    story
}

#[test]
fn what_a_sets_end_is_called() {
    on_each(|service| {
        let story = what_cancels_the_member_of(service, async |set| drop(set));
        assert_eq!((story.cause, story.site), (Cause::SetDropped, None));
    });
    on_each(|service| {
        let story = what_cancels_the_member_of(service, async |mut set| set.shutdown().await);
        let line = line!() - 1;
        assert_eq!(story.cause, Cause::AbortAll);
        let here = format!("{}:{line}:", file!());
        assert!(story.site.is_some_and(|site| site.starts_with(&here)));
    });
    on_each(|service| {
        let story = what_cancels_the_member_of(service, async |set| {
            let mut joins = pin!(set.join_all());
            let polled = std::future::poll_fn(|cx| Poll::Ready(joins.as_mut().poll(cx)));
            assert!(polled.await.is_pending());
        });
        assert_eq!(story.cause, Cause::SetDropped);
    });
}

#[test]
fn a_local_set_that_is_dropped_cancels_and_says_so() {
    on_each(|service| {
        service.run(async {
            let local = LocalSet::new();
            let spawn = async {
                drop(Builder::new().name("named").spawn_local(pending::<()>()));
                drop(spawn_local(pending::<()>()));
                settle().await;
            };
            local.run_until(spawn).await;
        });
        assert_eq!(service.outcome("named"), Outcome::Cancelled);
        let causes: Vec<_> = service
            .recorder
            .tasks()
            .filter(|task| task.outcome == Some(Outcome::Cancelled))
            .map(|task| service.recorder.requests.get(task.request).expect("a request").cause)
            .collect();
        assert_eq!(causes, [Cause::Dropped; 2]);
    });
}

/// Whoever has the `JoinSet`, and whatever becomes of that afterwards.
#[test]
fn a_local_set_asks_the_members_of_a_join_set_that_it_runs() {
    on_each(|service| {
        service.run(async {
            let (local, mut set) = (LocalSet::new(), JoinSet::new());
            let spawn = async {
                set.spawn_local(pending::<()>());
                let task = set.build_task().name("built");
                drop(task.spawn_local(pending::<()>()));
                settle().await;
            };
            local.run_until(spawn).await;
            set.spawn_local_on(pending::<()>(), &local);
            let task = set.build_task().name("built on");
            drop(task.spawn_local_on(pending::<()>(), &local));
            drop(local);
            drop(set);
            settle().await;
        });
        let ended = service.recorder.tasks().filter(|it| it.outcome == Some(Outcome::Cancelled));
        let causes: Vec<_> = ended
            .map(|task| service.recorder.requests.get(task.request).expect("a request").cause)
            .collect();
        assert_eq!(causes, [Cause::Dropped; 4]);
    });
}

/// It may be in a set that is dropped, too.
#[test]
fn a_blocking_closure_that_runs_is_stuck_until_it_returns() {
    on_each(|service| {
        let (release, released) = mpsc::channel::<()>();
        let (tell, runs) = mpsc::channel();
        service.run(async {
            let mut set = JoinSet::new();
            let closure = move || {
                tell.send(()).expect("the test waits");
                released.recv_timeout(DEADLINE).expect("it is released");
            };
            set.build_task().name("closure").spawn_blocking(closure).expect("a task");
            runs.recv_timeout(DEADLINE).expect("it runs");
        });
        assert_eq!(service.verdicts(GRACE_OVER), ["stuck closure"]);
        let story = service.cancel("closure").expect("it was asked");
        assert_eq!((story.cause, story.polls_since), (Cause::SetDropped, 0));
        release.send(()).expect("it waits");
        let ended = wait_for(|| Some(service.task("closure")).filter(|it| it.ended_at.is_some()));
        assert_eq!(ended.outcome, Some(Outcome::Completed));
        assert!(service.verdicts(ORPHANS_TOO).is_empty());
        let story = service.cancel("closure").expect("it was asked all the same");
        assert_eq!(story.delivered_at, None);
    });
}

fn wait_for(found: impl Fn() -> Option<TaskFacts>) -> TaskFacts {
    const PAUSE: Duration = Duration::from_millis(1);
    for _ in 0..DEADLINE.as_millis() / PAUSE.as_millis() {
        if let Some(found) = found() {
            return found;
        }
        std::thread::park_timeout(PAUSE);
    }
    panic!("it is not so after {DEADLINE:?}");
}

// === what is not ours ===

#[test]
fn what_tokios_own_handle_does_has_no_cause_and_the_outcome_is_exact() {
    on_each(|service| {
        service.run(async {
            let task = named("task", pending::<()>());
            settle().await;
            drop(AbortOnDropHandle::new(task.into_inner()));
            settle().await;
        });
        let task = service.task("task");
        assert_eq!((task.outcome, task.accuracy()), (Some(Outcome::Cancelled), Accuracy::Exact));
        let story = service.cancel("task").expect("it was cancelled");
        assert_eq!((story.cause, story.canceller, story.site), (Cause::Unknown, None, None));
    });
}

#[test]
fn a_spawn_that_panics_leaves_no_task_behind() {
    on_each(|service| {
        let spawns: [fn(); 3] = [
            || drop(named("never", pending::<()>())),
            || drop(Builder::new().name("never").spawn_blocking(|| ())),
            || drop(JoinSet::new().build_task().name("never").spawn(ready(()))),
        ];
        for spawn in spawns {
            // Outside a runtime.
            let panicked = service.within(|| catch_unwind(AssertUnwindSafe(spawn)));
            assert!(panicked.is_err());
        }
        service.run(async {
            let spawn = || drop(Builder::new().name("never").spawn_local(pending::<()>()));
            let around = async move { catch_unwind(AssertUnwindSafe(spawn)).is_err() };
            assert!(named("around", around).await.expect("it ends"));
            drop(named("next", pending::<()>()));
            settle().await;
            assert_eq!(service.task("around").children, 0);
        });
        service.look(GRACE_OVER);
        assert!(service.tasks("never").is_empty());
        let live = service.recorder.tasks().filter(|task| task.ended_at.is_none()).count();
        assert_eq!(service.totals().tasks_live, live as u64);
        // What comes next is not taken for what never was.
        assert_eq!(service.tasks("next").len(), 1);
    });
}
