//! Tells a task dropped by its runtime's shutdown from one dropped by an abort: tokio
//! limits a thread (its coop budget) while it runs a task, also to drop an aborted
//! one, and not while a runtime drops what it still has.

use std::task::{Context, Poll, Waker};

use tokio::task::coop;

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
