//! A subscriber whose ids are laid out like Holdover's own: whatever it mints, it gets
//! each call for its own spans exactly once, by the id that it gave, and none for
//! tokio's; and nothing panics.

mod ids;
mod subscriber;

use std::{
    future::{Future as _, pending, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
    thread,
    time::Duration,
};

use tokio::{
    runtime::Runtime,
    task::{AbortHandle, yield_now},
    time::{Sleep, interval, sleep},
};
use tracing::{Instrument as _, Span, info_span};

use self::{
    ids::{Heard, IGNORED, OURS, TASKS, TIMERS, id, later},
    subscriber::{Call, Hostile, State},
};
use crate::harness::Test;

pub(crate) fn tests() -> Vec<Test> {
    let test = |name, run| Test::Process { name, run };
    vec![
        test("hostile::ids_of_no_live_slot", ids_of_no_live_slot),
        test("hostile::an_id_that_is_live", an_id_that_is_live),
        test("hostile::several_ids_that_are_live", several_ids_that_are_live),
        test("hostile::only_ids_that_are_live", only_ids_that_are_live),
        test("hostile::ids_that_name_no_slot", ids_that_name_no_slot),
        test("hostile::an_id_that_tokio_is_to_get", an_id_that_tokio_is_to_get),
        test("hostile::an_id_that_is_free_again", an_id_that_is_free_again),
        test("hostile::an_id_that_was_tokios", an_id_that_was_tokios),
        test("hostile::clones_with_other_ids", clones_with_other_ids),
        test("hostile::more_ids_than_are_remembered", more_ids_than_are_remembered),
        test("hostile::threads_that_race", threads_that_race),
    ]
}

/// The subscriber under Holdover.
fn start() -> Arc<State> {
    let state = Arc::new(State::default());
    let hostile = Hostile(Arc::clone(&state));
    let started = holdover::Builder::new().wrap(hostile).try_init().expect("it starts");
    assert!(started.address().is_some(), "it records");
    state
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn user_span() -> Span {
    info_span!(target: "app", "user")
}

fn bits(span: &Span) -> u64 {
    span.id().expect("it is enabled").into_u64()
}

/// A task that was polled and goes on.
async fn task() -> AbortHandle {
    let task = tokio::spawn(pending::<()>()).abort_handle();
    yield_now().await;
    task
}

async fn end(task: &AbortHandle) {
    task.abort();
    while !task.is_finished() {
        yield_now().await;
    }
}

/// A task, and the id that its span got.
fn heard_task() -> (AbortHandle, u64) {
    let heard = Heard::default();
    let task = heard.by(|| tokio::spawn(pending::<()>()).abort_handle());
    (task, heard.last().expect("a task has a span"))
}

fn heard_timer() -> (Pin<Box<Sleep>>, u64) {
    let heard = Heard::default();
    let timer = heard.by(|| Box::pin(sleep(Duration::from_secs(1))));
    (timer, heard.last().expect("a timer has a span"))
}

async fn polled(mut timer: Pin<&mut Sleep>) {
    poll_fn(|cx| Poll::Ready(timer.as_mut().poll(cx).is_ready())).await;
}

/// A whole life of a user's span beside one of a task, closed in both orders: the
/// given ids are what the subscriber mints. What it minted last is the span's.
async fn live_beside_a_task(state: &State, minted: &[u64]) -> u64 {
    let mut last = 0;
    for task_first in [true, false] {
        state.mints(minted);
        let task = task().await;
        let span = user_span();
        last = bits(&span);
        span.in_scope(|| ());
        let inner = tokio::spawn(async {}.instrument(span.clone()));
        inner.await.expect("it ends");
        if task_first {
            end(&task).await;
            drop(span);
        } else {
            drop(span);
            end(&task).await;
        }
        let mut life = state.took(last);
        life.retain(|call| !matches!(call, Call::Enter | Call::Exit));
        assert_eq!(life, [Call::New, Call::Clone, Call::Drop, Call::Drop], "{last:#x}");
    }
    last
}

fn ids_of_no_live_slot() {
    let state = start();
    runtime().block_on(async {
        let slots = [0, 1, 2, 1_023, 1_024, 1 << 20, (1 << 31) - 3];
        for (slot, generation) in slots.into_iter().zip([1, 2, 3, 77, (1 << 25) - 1, 0, 5]) {
            for arena in [TASKS, TIMERS] {
                let minted = id(arena, slot, generation);
                assert_eq!(live_beside_a_task(&state, &[minted, minted]).await, minted);
            }
        }
    });
    state.got_nothing_else();
}

/// The subscriber is asked for another, and what it minted first is closed.
fn an_id_that_is_live() {
    let state = start();
    runtime().block_on(async {
        for task_first in [true, false] {
            let (task, live) = heard_task();
            yield_now().await;
            state.mints(&[live]);
            let span = user_span();
            assert_ne!(bits(&span), live);
            assert_eq!(state.took(live), [Call::New, Call::Drop]);
            span.in_scope(|| ());
            let used = bits(&span);
            if task_first {
                end(&task).await;
                drop(span);
            } else {
                drop(span);
                end(&task).await;
            }
            state.lived(used);
        }
    });
    state.got_nothing_else();
}

fn several_ids_that_are_live() {
    let state = start();
    runtime().block_on(async {
        let (tasks, live): (Vec<_>, Vec<_>) = (0..5).map(|_| heard_task()).unzip();
        state.mints(&live);
        let span = user_span();
        let used = bits(&span);
        assert!(!live.contains(&used), "{used:#x} is a task's");
        // The tasks go on under their ids, and end under them.
        yield_now().await;
        span.in_scope(|| ());
        for task in &tasks {
            end(task).await;
        }
        drop(span);
        state.lived(used);
        for refused in live {
            assert_eq!(state.took(refused), [Call::New, Call::Drop]);
        }
    });
    state.got_nothing_else();
}

/// Its span cannot be had then; tokio's goes on.
fn only_ids_that_are_live() {
    let state = start();
    runtime().block_on(async {
        let (tasks, live): (Vec<_>, Vec<_>) = (0..40).map(|_| heard_task()).unzip();
        state.mints(&live);
        let span = user_span();
        span.in_scope(|| ());
        yield_now().await;
        for task in &tasks {
            end(task).await;
        }
        drop(span);
        for id in live {
            let calls = state.took(id);
            assert!(calls.is_empty() || calls == [Call::New, Call::Drop], "{calls:?}");
        }
    });
    state.got_nothing_else();
}

/// Those of spans that are not recorded.
fn ids_that_name_no_slot() {
    let state = start();
    runtime().block_on(async {
        for minted in [[IGNORED, 0x51], [OURS, 0x52], [IGNORED, IGNORED], [OURS, IGNORED]] {
            state.mints(&minted);
            let span = user_span();
            let used = bits(&span);
            assert!(![IGNORED, OURS].contains(&used));
            // The timer in it is not recorded: it has such an id.
            drop(interval(Duration::from_secs(1)));
            span.in_scope(|| ());
            drop(span);
            state.lived(used);
            for refused in minted.into_iter().filter(|it| *it != used) {
                state.took(refused);
            }
            state.mints(&[]);
        }
    });
    state.got_nothing_else();
}

/// What a timer's slot would be named next is the user's span: it is not.
fn an_id_that_tokio_is_to_get() {
    let state = start();
    runtime().block_on(async {
        for timer_first in [true, false] {
            let (timer, live) = heard_timer();
            let next = later(live, 1);
            state.mints(&[next]);
            let span = user_span();
            assert_eq!(bits(&span), next);
            drop(timer);
            let (mut timer, live) = heard_timer();
            assert_ne!(live, next, "two spans have one id");
            polled(timer.as_mut()).await;
            span.in_scope(|| ());
            if timer_first {
                drop(timer);
                drop(span);
            } else {
                drop(span);
                drop(timer);
            }
            state.lived(next);
        }
    });
    state.got_nothing_else();
}

/// Once the user's span is closed, nothing remembers its id.
fn an_id_that_is_free_again() {
    let state = start();
    runtime().block_on(async {
        let (timer, live) = heard_timer();
        let next = later(live, 1);
        state.mints(&[next]);
        let span = user_span();
        let copy = span.clone();
        span.in_scope(|| ());
        drop((span, copy, timer));
        assert_eq!(state.took(next).len(), 6);
        let (_timer, live) = heard_timer();
        assert_eq!(live, next, "the slot's next generation");
    });
    state.got_nothing_else();
}

fn an_id_that_was_tokios() {
    let state = start();
    runtime().block_on(async {
        for _ in 0..3 {
            let (timer, was) = heard_timer();
            drop(timer);
            state.mints(&[was]);
            let span = user_span();
            assert_eq!(bits(&span), was);
            let (timer, _) = heard_timer();
            span.in_scope(|| ());
            drop((span, timer));
            state.lived(was);
        }
    });
    state.got_nothing_else();
}

/// A reference of its own for each clone: those may look like ours, too.
fn clones_with_other_ids() {
    let state = start();
    runtime().block_on(async {
        let (task, live) = heard_task();
        let (timer, next) = heard_timer();
        let next = later(next, 1);
        let span = user_span();
        state.clones(&[live, next, 0x77]);
        let copies = [span.clone(), span.clone()];
        assert!(copies.iter().all(|copy| bits(copy) != live), "a task has that id");
        assert!(copies.iter().any(|copy| bits(copy) == next));
        drop(timer);
        let (timer, _) = heard_timer();
        let used = copies.each_ref().map(bits);
        for copy in &copies {
            copy.in_scope(|| ());
        }
        span.in_scope(|| ());
        yield_now().await;
        end(&task).await;
        drop((copies, timer));
        let first = bits(&span);
        drop(span);
        state.lived(first);
        for copy in used {
            assert_eq!(state.took(copy), [Call::Clone, Call::Enter, Call::Exit, Call::Drop]);
        }
        assert_eq!(state.took(live), [Call::Clone, Call::Drop]);
    });
    state.got_nothing_else();
}

fn more_ids_than_are_remembered() {
    const MANY: u32 = 66_000;
    let state = start();
    runtime().block_on(async {
        let spans: Vec<(u64, Span)> = (0..MANY)
            .map(|number| {
                state.mints(&[id(TASKS, (1 << 24) + number, 9)]);
                let span = user_span();
                (bits(&span), span)
            })
            .collect();
        let task = task().await;
        for (used, span) in spans {
            span.in_scope(|| ());
            drop(span);
            state.lived(used);
        }
        end(&task).await;
    });
    state.got_nothing_else();
}

/// One thread makes and drops timers, others make spans whose ids are those that the
/// timers are about to get, or have.
fn threads_that_race() {
    const TIMES: u64 = 3_000;
    let state = start();
    let heard = Heard::default();
    let (done, made) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let timers = async {
                for _ in 0..TIMES {
                    polled(pin!(sleep(Duration::from_secs(1)))).await;
                }
            };
            heard.by(|| runtime().block_on(timers));
            done.store(true, SeqCst);
        });
        for step in 0..2 {
            let (state, heard, done, made) = (&state, &heard, &done, &made);
            scope.spawn(move || {
                while !done.load(SeqCst) {
                    let next = heard.last().map(|last| later(last, step));
                    state.mints(next.as_slice());
                    user_span().in_scope(|| ());
                    made.fetch_add(1, SeqCst);
                }
            });
        }
    });
    assert_eq!(state.lives(), made.into_inner());
}
