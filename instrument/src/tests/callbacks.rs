//! Callbacks as what they are for the task that armed them: a holding, and work on its
//! behalf.

use std::{
    future::pending,
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use tokio::time::sleep;

use super::support::{DAY, GRACE_OVER, OnDrop, Service, keep, named, on_each, settle};
use crate::{
    hold::{Hold, Kind},
    recorder::{clock::Nanos, holding::HoldingFacts, table::SiteId},
    time::{Instant, call_at, call_later, call_later_while_alive},
};

const SECOND: Duration = Duration::from_secs(1);

fn here(line: u32, site: SiteId) -> bool {
    site.place().is_some_and(|place| &*place.file == file!() && place.line == line)
}

#[test]
fn a_callback_is_a_timer_of_whoever_armed_it() {
    on_each(|service| {
        service.run(async {
            named("task", async {
                drop(call_later(DAY, || {}));
                pending::<()>().await;
            });
            settle().await;
            let held = service.only_holding();
            assert_eq!((held.kind, &*held.label.text()), (Kind::Timer, "call_later"));
            assert!(here(line!() - 6, held.site), "{held:?}");
            assert_eq!(service.owner().as_deref(), Some("task"));
            let due = Duration::from_nanos(held.due_at.expect("it is due") - held.acquired_at);
            assert!(due.abs_diff(DAY) < SECOND, "{due:?}");
        });
    });
}

#[test]
fn what_runs_the_callbacks_is_not_shown() {
    on_each(|service| {
        service.run(async {
            let task = async {
                call_later(SECOND, || {});
                call_at(Instant::now() + DAY, || {}).cancel();
                call_later_while_alive(SECOND, || {});
                pending::<()>().await;
            };
            named("task", task);
            sleep(2 * SECOND).await;
            let tasks: Vec<_> = service.recorder.tasks().map(|task| task.kind).collect();
            let expected = 1 + usize::from(cfg!(tokio_unstable) && tasks.len() == 2);
            assert_eq!(tasks.len(), expected, "beside the runtime's own future: {tasks:?}");
            assert_eq!(service.task("task").children, 0);
        });
    });
}

#[test]
fn a_callback_that_is_cancelled_or_has_run_holds_nothing() {
    on_each(|service| {
        service.run(async {
            let timer = call_later(DAY, || {});
            call_later(SECOND, || {});
            timer.cancel();
            assert_eq!(of_callbacks(service).len(), 1);
            sleep(2 * SECOND).await;
            assert!(of_callbacks(service).is_empty());
        });
    });
}

fn of_callbacks(service: &Service) -> Vec<HoldingFacts> {
    let all = service.holdings().into_iter();
    all.filter(|held| &*held.label.text() == "call_later").collect()
}

/// A task that armed a callback, and was aborted before it ran.
async fn aborted_before(callback: impl FnOnce() + Send + 'static) {
    let arms = async {
        call_later(SECOND, callback);
        pending::<()>().await;
    };
    let task = named("task", arms);
    settle().await;
    task.abort();
    settle().await;
    sleep(2 * SECOND).await;
}

#[test]
fn what_a_callback_acquires_is_its_timers_owners_even_when_that_has_ended() {
    on_each(|service| {
        service.run(aborted_before(|| std::mem::forget(Hold::new(Kind::Custom, "thing"))));
        assert_eq!(service.owner().as_deref(), Some("task"));
        assert_eq!(service.verdicts(GRACE_OVER), ["after-cancel task: custom thing, after"]);
    });
}

#[test]
fn a_task_that_a_callback_spawns_is_a_child_of_its_timers_owner() {
    on_each(|service| {
        let spawn = || {
            let held = Hold::new(Kind::Custom, "thing");
            drop(named("child", async move {
                held.transfer();
                keep(held).await;
            }));
        };
        service.run(aborted_before(spawn));
        assert_eq!(service.task("child").spawner, Some(service.task("task").key));
        let expected = "after-cancel task: child child, after; custom thing, after, via child";
        assert_eq!(service.verdicts(GRACE_OVER), [expected]);
    });
}

#[test]
fn a_callback_for_nobody_works_for_nobody() {
    let service = Service::of_shims();
    service.run(async {
        call_later(SECOND, || std::mem::forget(Hold::new(Kind::Custom, "thing")));
        // Another task is no owner of it either.
        named("task", sleep(2 * SECOND)).await.expect("it ends");
    });
    assert_eq!(service.owner(), None);
}

/// How many there were, since when, where armed, and due when.
type Seen = Arc<Mutex<Vec<(usize, Nanos, SiteId, Option<Nanos>)>>>;

#[test]
fn callbacks_that_arm_the_next_are_one_holding_until_the_last_has_returned() {
    fn again(service: Arc<Looks>, left: u32) {
        call_later(SECOND, move || {
            if left > 0 {
                again(Arc::clone(&service), left - 1);
            }
            (service.0)();
        });
    }
    struct Looks(Box<dyn Fn() + Send + Sync>);

    on_each(|service| {
        let seen = Seen::default();
        let recorder = service.recorder;
        let notes = Arc::clone(&seen);
        let looks = Arc::new(Looks(Box::new(move || {
            let all = recorder.all_holdings();
            let chain: Vec<_> = all.filter(|held| &*held.label.text() == "call_later").collect();
            let first = chain.first().expect("it is held while it runs");
            let seen = (chain.len(), first.acquired_at, first.site, first.due_at);
            notes.lock().expect("nobody panics here").push(seen);
        })));
        service.run(async {
            again(looks, 3);
            assert_eq!(of_callbacks(service).len(), 1);
            sleep(10 * SECOND).await;
            assert!(of_callbacks(service).is_empty());
        });
        let seen = seen.lock().expect("nobody panics here");
        assert_eq!(seen.len(), 4);
        let (_, acquired_at, site, _) = seen[0];
        let same = seen.iter().all(|it| (it.0, it.1, it.2) == (1, acquired_at, site));
        assert!(same, "its age and site are the first one's: {seen:?}");
        let due: Vec<_> = seen.iter().map(|it| it.3).collect();
        let is_later = |at: usize| due[at] > due[at - 1];
        assert!(is_later(1) && is_later(2) && !is_later(3), "due when the next is: {due:?}");
    });
}

/// Nor does what a task arms that the callback polls.
#[test]
fn what_is_armed_beside_a_callback_is_another_holding() {
    on_each(|service| {
        service.run(async {
            named("task", async {
                call_later(DAY, || {});
                call_later(DAY, || {});
                pending::<()>().await;
            });
            settle().await;
        });
        assert_eq!(service.holdings().len(), 2);
    });
}

#[test]
fn in_a_drop_where_no_runtime_is_nothing_is_held() {
    on_each(|service| {
        let (tell, told) = mpsc::channel();
        service.within(|| {
            drop(OnDrop(|| {
                let timer = call_later(DAY, || panic!("it must not run"));
                tell.send(timer.cancelled()).expect("the test waits");
            }));
        });
        assert_eq!(told.try_recv(), Ok(true));
        assert!(service.recorder.all_holdings().next().is_none());
    });
}

#[test]
fn a_callback_on_a_tasks_end_is_the_tasks_until_it_has_run() {
    on_each(|service| {
        let held_while_it_ran = Arc::new(Mutex::new(None));
        service.run(async {
            let task = named("task", pending::<()>());
            let (notes, recorder) = (Arc::clone(&held_while_it_ran), service.recorder);
            let line = line!() + 1;
            task.on_done(move |_| {
                *notes.lock().expect("nobody panics here") = Some(recorder.live_holdings());
            });
            let held = service.only_holding();
            assert_eq!((held.kind, &*held.label.text()), (Kind::Callback, "on_done"));
            assert!(here(line, held.site), "{held:?}");
            assert_eq!(service.owner().as_deref(), Some("task"));
            task.abort();
            settle().await;
            assert_eq!(*held_while_it_ran.lock().expect("nobody panics here"), Some(1));
            assert!(service.holdings().is_empty());
            task.on_done(|_| {});
            assert!(service.holdings().is_empty(), "it has run");
        });
        assert!(service.verdicts(GRACE_OVER).is_empty());
    });
}
