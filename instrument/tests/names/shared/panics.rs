//! What panics over tokio panics here, with its words and at the caller's line.

use std::{future::ready, rc::Rc, time::Duration};

use tokio::runtime::{Builder, Runtime};

use super::{
    begin,
    rt::{
        sync::{broadcast, mpsc, watch},
        task::{self, JoinSet, LocalSet},
        time::{self, Instant},
    },
};
use crate::caught::caught;

const OUTSIDE: &str =
    "there is no reactor running, must be called from the context of a Tokio 1.x runtime";
const NO_TIMERS: &str = "A Tokio 1.x context was found, but timers are disabled. Call \
                         `enable_time` on the runtime builder to enable timers.";
const NO_LOCAL_SET: &str =
    "`spawn_local` called from outside of a `task::LocalSet` or `runtime::LocalRuntime`";
const NESTED: &str = "Cannot start a runtime from within a runtime. This happens because a \
                      function (like `block_on`) attempted to block the current thread while the \
                      thread is being used to drive asynchronous tasks. If you are in an async \
                      function, use `.await` on the future instead of blocking on it.";
const BLOCKING: &str = "Cannot block the current thread from within a runtime. This happens \
                        because a function attempted to block the current thread while the thread \
                        is being used to drive asynchronous tasks.";
const NO_PERIOD: &str = "`period` must be non-zero.";
const HOUR: Duration = Duration::from_secs(3600);

/// Asserts that what is written in one line panics, with these words and in that line.
macro_rules! panics_here {
    ($panics:expr, $message:expr) => {{
        let caught = caught(|| $panics);
        let place = (caught.file.as_str(), caught.line);
        assert_eq!((caught.message.as_str(), place), ($message, (file!(), line!())));
    }};
}

fn runtime(builder: &mut Builder) -> Runtime {
    builder.build().expect("a runtime")
}

#[test]
fn spawning_outside_a_runtime() {
    begin();
    panics_here!(super::rt::spawn(ready(1)), OUTSIDE);
    panics_here!(task::spawn(ready(1)), OUTSIDE);
    panics_here!(task::spawn_blocking(|| 1), OUTSIDE);
    let mut set = JoinSet::new();
    panics_here!(set.spawn(ready(1)), OUTSIDE);
    panics_here!(set.spawn_blocking(|| 1), OUTSIDE);
    assert!(set.is_empty());
}

#[test]
fn spawning_outside_a_local_set() {
    begin();
    let caught_here = [
        caught(|| task::spawn_local(ready(Rc::new(1)))),
        caught(|| JoinSet::new().spawn_local(ready(Rc::new(1)))),
        // Also within a runtime.
        caught(|| {
            runtime(&mut Builder::new_current_thread())
                .block_on(async { drop(task::spawn_local(ready(1))) });
        }),
    ];
    for caught in caught_here {
        assert_eq!(caught.message, NO_LOCAL_SET);
    }
}

#[test]
fn timers_outside_a_runtime() {
    begin();
    let now = Instant::now();
    panics_here!(time::sleep(HOUR), OUTSIDE);
    panics_here!(time::sleep_until(now), OUTSIDE);
    panics_here!(time::timeout(HOUR, ready(1)), OUTSIDE);
    panics_here!(time::timeout_at(now, ready(1)), OUTSIDE);
    let caught = [caught(|| time::interval(HOUR)), caught(|| time::interval_at(now, HOUR))];
    assert!(caught.iter().all(|caught| caught.message == OUTSIDE), "{caught:?}");
}

#[test]
fn timers_where_there_are_none() {
    begin();
    let runtime = runtime(&mut Builder::new_current_thread());
    let _entered = runtime.enter();
    let now = Instant::now();
    panics_here!(time::sleep(HOUR), NO_TIMERS);
    panics_here!(time::sleep_until(now), NO_TIMERS);
    panics_here!(time::timeout(HOUR, ready(1)), NO_TIMERS);
    panics_here!(time::timeout_at(now, ready(1)), NO_TIMERS);
}

#[test]
fn an_interval_without_a_period() {
    begin();
    let runtime = runtime(Builder::new_current_thread().enable_time());
    let _entered = runtime.enter();
    panics_here!(time::interval(Duration::ZERO), NO_PERIOD);
    panics_here!(time::interval_at(Instant::now(), Duration::ZERO), NO_PERIOD);
}

#[test]
fn channels_without_a_place() {
    begin();
    panics_here!(mpsc::channel::<u8>(0), "mpsc bounded channel requires buffer > 0");
    panics_here!(broadcast::channel::<u8>(0), "broadcast channel capacity cannot be zero");
    panics_here!(broadcast::Sender::<u8>::new(0), "broadcast channel capacity cannot be zero");
    let too_many = "broadcast channel capacity exceeded `usize::MAX / 2`";
    panics_here!(broadcast::channel::<u8>(usize::MAX), too_many);
}

#[test]
fn blocking_on_a_channel_within_a_runtime() {
    begin();
    let runtime = runtime(&mut Builder::new_current_thread());
    let _entered = runtime.enter();
    runtime.block_on(async {
        let ((tx, mut rx), (_, mut any)) = (mpsc::channel(1), mpsc::unbounded_channel::<u8>());
        panics_here!(tx.blocking_send(1), BLOCKING);
        panics_here!(rx.blocking_recv(), BLOCKING);
        panics_here!(any.blocking_recv(), BLOCKING);
        panics_here!(any.blocking_recv_many(&mut Vec::new(), 1), BLOCKING);
        let caught = caught(|| broadcast::channel::<u8>(1).1.blocking_recv());
        assert_eq!(caught.message, BLOCKING);
    });
}

#[test]
fn a_closure_that_is_shown_a_watched_value() {
    begin();
    let (tx, mut rx) = watch::channel(1);
    let shown = caught(|| tx.send_modify(|_| panic!("as it is meant to")));
    assert_eq!(shown.message, "as it is meant to");
    let runtime = runtime(&mut Builder::new_current_thread());
    let shown = caught(|| {
        let waits = rx.wait_for(|_| panic!("as it is meant to"));
        runtime.block_on(waits).map(|value| *value)
    });
    assert_eq!(shown.message, "as it is meant to");
    assert_eq!(tx.send_replace(2), 1, "it is not poisoned");
}

#[test]
fn asking_for_an_id_outside_a_task() {
    begin();
    panics_here!(task::id(), "Can't get a task id when not inside a task");
    assert!(task::try_id().is_none());
}

#[test]
fn a_local_set_that_blocks_within_a_runtime() {
    begin();
    let (outer, inner) = (Builder::new_current_thread(), Builder::new_current_thread());
    let [outer, inner] = [outer, inner].map(|mut builder| runtime(&mut builder));
    outer.block_on(async {
        panics_here!(LocalSet::new().block_on(&inner, ready(())), NESTED);
    });
}

#[test]
fn a_handle_that_is_polled_when_it_was_ready() {
    begin();
    let runtime = runtime(&mut Builder::new_current_thread());
    let _entered = runtime.enter();
    let mut handle = task::spawn(ready(1));
    assert_eq!(runtime.block_on(&mut handle).unwrap(), 1);
    let again = caught(|| runtime.block_on(&mut handle));
    assert_eq!(again.message, "JoinHandle polled after completion");
}

#[test]
fn join_all_with_a_member_that_panics_or_is_aborted() {
    begin();
    let runtime = runtime(&mut Builder::new_current_thread());
    let panics = caught(|| {
        runtime.block_on(async {
            let mut set = JoinSet::new();
            set.spawn(async { panic!("as it is meant to") });
            set.join_all().await;
        });
    });
    assert_eq!(panics.message, "as it is meant to");
    let aborted = caught(|| {
        runtime.block_on(async {
            let mut set = JoinSet::new();
            set.spawn(std::future::pending::<()>()).abort();
            set.join_all().await;
        });
    });
    assert!(aborted.message.ends_with("was cancelled"), "{aborted:?}");
}
