//! Tells a task dropped by its runtime's shutdown from one dropped by an abort: tokio
//! limits a thread (its coop budget) while it runs a task, also to drop an aborted
//! one, and not while a runtime drops what it still has.

use std::{
    cell::Cell,
    task::{Context, Poll, Waker},
};

use tokio::task::coop;

use super::OnDrop;

thread_local! {
    /// A set of ours drops its tasks on this thread, which may be no runtime's.
    static SET_IS_DROPPED: Cell<bool> = const { Cell::new(false) };
}

/// Drops what cancels the tasks in it by being dropped.
pub(crate) fn cancel_by_dropping<T>(set: T) {
    let before = SET_IS_DROPPED.replace(true);
    let _restore = OnDrop(|| SET_IS_DROPPED.set(before));
    drop(set);
}

/// Whether a task that is dropped now is cancelled, and not shut down.
pub(crate) fn a_drop_cancels() -> bool {
    SET_IS_DROPPED.get() || thread_has_a_budget()
}

/// More than tokio ever grants.
const MORE_THAN_A_BUDGET: usize = 256;

/// Whether tokio limits this thread at the moment. About a microsecond.
pub(crate) fn thread_has_a_budget() -> bool {
    runs_out(MORE_THAN_A_BUDGET, &mut Context::from_waker(Waker::noop()))
}

fn runs_out(left: usize, cx: &mut Context<'_>) -> bool {
    left != 0
        && match coop::poll_proceed(cx) {
            Poll::Pending => true,
            // Given back when dropped, innermost first.
            Poll::Ready(_restore) => runs_out(left - 1, cx),
        }
}
