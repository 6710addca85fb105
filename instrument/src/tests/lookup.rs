//! Which recorder a shim finds, and that it stays with it.

use std::{cell::RefCell, future::pending, pin::pin, thread};

use tracing_core::{Dispatch, dispatcher, subscriber::NoSubscriber};

use super::support::{DAY, OnDrop, Service, named, poll_once};
use crate::{
    hold::{Hold, Kind},
    recorder::{
        Level, Recorder,
        owner::{self, Work},
    },
    subscriber::HoldoverSubscriber,
    time::sleep,
    words::Outcome,
};

fn hold() -> Hold {
    Hold::new(Kind::Custom, "thing")
}

/// One test, since a process has one recorder of its own.
#[test]
fn it_is_that_of_the_frame_then_that_of_the_default_then_the_processs() {
    drop(hold());
    let [frame, default, process] = [(); 3].map(|()| Recorder::start(Level::All));
    let live = || [frame, default, process].map(Recorder::live_holdings);
    let dispatch = Dispatch::new(HoldoverSubscriber::new(default, NoSubscriber::new()));
    let mut held = Vec::new();
    held.push(dispatcher::with_default(&dispatch, hold));
    assert_eq!(live(), [0, 1, 0], "there is no other");
    assert!(process.make_the_process_own());
    held.push(dispatcher::with_default(&dispatch, hold));
    assert_eq!(live(), [0, 2, 0]);
    held.push(dispatcher::with_default(&dispatch, || {
        let _entered = owner::enter(frame, Work::Nobody);
        hold()
    }));
    assert_eq!(live(), [1, 2, 0]);
    held.push(hold());
    assert_eq!(live(), [1, 2, 1]);
    drop(held);
    assert_eq!(live(), [0, 0, 0]);
    as_a_thread_ends(process);
    on_our_own_thread(&dispatch, process);
}

/// What is acquired when most of a thread's locals are gone is recorded, without an owner.
fn as_a_thread_ends(process: &'static Recorder) {
    type Last = RefCell<Option<OnDrop<Box<dyn FnMut()>>>>;
    thread_local! {
        static LAST: Last = const { RefCell::new(None) };
    }
    let ends = || LAST.set(Some(OnDrop(Box::new(|| std::mem::forget(hold())))));
    thread::spawn(ends).join().expect("it does not panic");
    let left: Vec<_> = process.all_holdings().collect();
    assert_eq!(left.len(), 1, "{left:#?}");
    assert_eq!(left[0].owner, None);
}

fn on_our_own_thread(dispatch: &Dispatch, process: &'static Recorder) {
    let before = process.live_holdings();
    let ours = || {
        owner::this_thread_is_ours();
        let _held = dispatcher::with_default(dispatch, hold);
        let _another = hold();
        process.live_holdings()
    };
    let during = thread::scope(|scope| scope.spawn(ours).join()).expect("it does not panic");
    assert_eq!(during, before, "nothing is recorded there");
}

#[test]
fn what_was_acquired_is_released_wherever_it_is_dropped() {
    let (here, elsewhere) = (Service::of_shims(), Service::of_shims());
    let held = here.within(hold);
    let timer = here.within(|| {
        let _entered = here.runtime().enter();
        sleep(DAY)
    });
    assert_eq!(here.holdings().len(), 2);
    elsewhere.run(async {
        // Polled there too.
        assert!(poll_once(pin!(timer)).await.is_pending());
        drop(held);
    });
    assert!(here.holdings().is_empty());
    assert!(elsewhere.recorder.all_holdings().next().is_none(), "it was never told");
}

#[test]
fn a_task_stays_with_the_recorder_it_was_spawned_in() {
    let (here, elsewhere) = (Service::of_shims(), Service::of_shims());
    let abort = here.run(async {
        let makes = async {
            let _held = hold();
            pending::<()>().await;
        };
        let task = named("task", makes);
        task.abort_handle()
    });
    assert_eq!(here.task("task").polls, 0);
    // The same runtime goes on while another recorder's frame is entered.
    let run = async || {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    };
    elsewhere.within(|| here.runtime().block_on(run()));
    assert!(here.task("task").polls > 0);
    assert_eq!(here.owner().as_deref(), Some("task"), "what it makes is recorded there too");
    elsewhere.within(|| {
        abort.abort();
        here.runtime().block_on(run());
    });
    assert_eq!(here.outcome("task"), Outcome::Cancelled);
    assert!(here.holdings().is_empty());
    assert_eq!(elsewhere.recorder.spawned_so_far(), 0);
}

/// A task of another recorder is nobody's spawner here.
#[test]
#[cfg(tokio_unstable)]
fn a_span_that_is_made_in_another_recorders_frame_has_no_owner() {
    let (outer, inner) = (Service::of_shims(), Service::of_spans());
    outer.run(async {
        named("outer", async {}).await.expect("it ends");
    });
    let around = outer.task("outer").key;
    let _entered = owner::enter(outer.recorder, Work::Task(around));
    inner.within(|| {
        let plain = tokio::task::Builder::new().name("inner");
        let handle = inner.runtime().handle().clone();
        drop(plain.spawn_on(pending::<()>(), &handle).expect("a task"));
    });
    assert_eq!(inner.task("inner").spawner, None);
    assert_eq!(outer.recorder.spawned_so_far(), 1);
}
