//! Ids that tokio's spans have at the time, or cannot have.

use std::time::Duration;

use tokio::{task::yield_now, time::interval};
use tracing::Instrument as _;

use super::{
    bits, end, heard_task,
    ids::{IGNORED, OURS, TASKS, TIMERS, id},
    runtime, start,
    subscriber::{Call, State, mints},
    task, user_span,
};

pub(super) fn ids_of_no_live_slot() {
    let state = start();
    runtime().block_on(async {
        let slots = [0, 1, 2, 1_023, 1_024, 1 << 20, (1 << 31) - 3];
        for (slot, generation) in slots.into_iter().zip([1, 2, 3, 77, (1 << 25) - 1, 0, 5]) {
            for arena in [TASKS, TIMERS] {
                for task_first in [true, false] {
                    beside_a_task(&state, id(arena, slot, generation), task_first).await;
                }
            }
        }
    });
    state.got_nothing_else();
}

/// The whole life of a user's span of this id, and of a task; another carries the span.
async fn beside_a_task(state: &State, minted: u64, task_first: bool) {
    let task = task().await;
    mints(&[minted]);
    let span = user_span();
    assert_eq!(bits(&span), minted);
    tokio::spawn(async {}.instrument(span.clone())).await.expect("it ends");
    if task_first {
        end(&task).await;
        drop(span);
    } else {
        drop(span);
        end(&task).await;
    }
    // Entered for the poll, and to drop the future.
    let entered = [Call::Enter, Call::Exit];
    let life = [&[Call::New, Call::Clone][..], &entered, &entered, &[Call::Drop, Call::Drop]];
    assert_eq!(state.took(minted), life.concat(), "{minted:#x}");
}

/// The subscriber is asked for another, and what it minted first is closed.
pub(super) fn an_id_that_is_live() {
    let state = start();
    runtime().block_on(async {
        for task_first in [true, false] {
            let (task, live) = heard_task();
            yield_now().await;
            mints(&[live]);
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

pub(super) fn several_ids_that_are_live() {
    let state = start();
    runtime().block_on(async {
        let (tasks, live): (Vec<_>, Vec<_>) = (0..5).map(|_| heard_task()).unzip();
        mints(&live);
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
pub(super) fn only_ids_that_are_live() {
    let state = start();
    runtime().block_on(async {
        let (tasks, live): (Vec<_>, Vec<_>) = (0..40).map(|_| heard_task()).unzip();
        mints(&live);
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
pub(super) fn ids_that_name_no_slot() {
    let state = start();
    runtime().block_on(async {
        for minted in [[IGNORED, 0x51], [OURS, 0x52], [IGNORED, IGNORED], [OURS, IGNORED]] {
            mints(&minted);
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
            mints(&[]);
        }
    });
    state.got_nothing_else();
}
