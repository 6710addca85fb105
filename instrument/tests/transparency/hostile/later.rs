//! Ids that tokio's spans are about to get, or had.

use std::{
    pin::pin,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    thread,
    time::Duration,
};

use tokio::{task::yield_now, time::sleep};
use tracing::Span;

use super::{
    bits, end, heard_task, heard_timer,
    ids::{Heard, TASKS, id, later},
    polled, runtime, start,
    subscriber::{Call, mints, mints_for_clones},
    task, user_span,
};

/// What a timer's slot would be named next is the user's span: it is not.
pub(super) fn an_id_that_tokio_is_to_get() {
    let state = start();
    runtime().block_on(async {
        for timer_first in [true, false] {
            let (timer, live) = heard_timer();
            let next = later(live, 1);
            mints(&[next]);
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
pub(super) fn an_id_that_is_free_again() {
    let state = start();
    runtime().block_on(async {
        let (timer, live) = heard_timer();
        let next = later(live, 1);
        mints(&[next]);
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

pub(super) fn an_id_that_was_tokios() {
    let state = start();
    runtime().block_on(async {
        for _ in 0..3 {
            let (timer, was) = heard_timer();
            drop(timer);
            mints(&[was]);
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
pub(super) fn clones_with_other_ids() {
    let state = start();
    runtime().block_on(async {
        let (task, live) = heard_task();
        let (timer, next) = heard_timer();
        let next = later(next, 1);
        let span = user_span();
        mints_for_clones(&[live, next, 0x77]);
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

pub(super) fn more_ids_than_are_remembered() {
    const MANY: u32 = 66_000;
    let state = start();
    runtime().block_on(async {
        let spans: Vec<(u64, Span)> = (0..MANY)
            .map(|number| {
                mints(&[id(TASKS, (1 << 24) + number, 9)]);
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
pub(super) fn threads_that_race() {
    const TIMES: u64 = 5_000;
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
            let (heard, done, made) = (&heard, &done, &made);
            scope.spawn(move || {
                while !done.load(SeqCst) {
                    let next = heard.last().map(|last| later(last, step));
                    mints(next.as_slice());
                    user_span().in_scope(|| ());
                    made.fetch_add(1, SeqCst);
                }
            });
        }
    });
    assert_eq!(state.lives(), made.into_inner());
}
