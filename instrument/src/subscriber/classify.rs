//! How a task ended that no shim saw: deduced from the pattern of enter, exit and
//! close, the worker's park count and the coop budget. Marked as inferred, and where
//! it is not certain the task counts as completed, which gives no verdict.
//!
//! tokio enters a task's span to drop its future too. When a future completes, its
//! last poll and its drop are one run of the worker: nothing of this thread lies
//! between them, and the worker has not parked. Anything else is a run that only
//! dropped it: the task was cancelled, or its runtime was shut down.

use std::{
    cell::{Cell, RefCell},
    sync::atomic::{AtomicU64, Ordering},
};

use tokio::runtime::{Handle, RuntimeMetrics};

use crate::{
    record::thread_has_a_budget,
    recorder::{
        Recorder,
        key::Key,
        request::Request,
        task::{Flag, TaskSlot},
    },
    words::{Cause, Outcome, TaskKind},
};

thread_local! {
    /// Counts what this thread does with tokio's spans; no two threads share a number.
    static ACTIVITY: Cell<u64> = const { Cell::new(0) };
    /// The metrics of the runtime that this thread works for. Kept, since getting them
    /// writes to a counter that all workers share.
    static METRICS: RefCell<Option<RuntimeMetrics>> = const { RefCell::new(None) };
}

/// Numbers of one thread: enough for a century of polls.
const PER_THREAD: u64 = 1 << 44;

static THREADS: AtomicU64 = AtomicU64::new(1);

/// This thread's activity.
pub(super) struct Activity;

impl Activity {
    /// Something of tokio's happened on this thread.
    #[inline]
    pub(super) fn active() {
        ACTIVITY.with(|activity| activity.set(Self::number(activity) + 1));
    }

    #[inline]
    pub(super) fn now() -> u64 {
        ACTIVITY.with(Self::number)
    }

    fn number(activity: &Cell<u64>) -> u64 {
        if activity.get() == 0 {
            let thread = THREADS.fetch_add(1, Ordering::Relaxed);
            activity.set(thread.wrapping_mul(PER_THREAD));
        }
        activity.get()
    }
}

/// How often this thread's worker has parked; `None` on a thread that is no worker.
pub(super) fn parks() -> Option<u64> {
    let worker = tokio::runtime::worker_index()?;
    let count = METRICS.try_with(|metrics| {
        let mut metrics = metrics.try_borrow_mut().ok()?;
        if metrics.is_none() {
            *metrics = Handle::try_current().ok().map(|runtime| runtime.metrics());
        }
        let metrics = metrics.as_ref().filter(|metrics| worker < metrics.num_workers())?;
        Some(metrics.worker_park_count(worker))
    });
    count.ok().flatten()
}

/// The thread works for another runtime from now on, or for none.
pub(crate) fn forget_runtime_of_this_thread() {
    let dropped = METRICS
        .try_with(|metrics| metrics.try_borrow_mut().ok().and_then(|mut metrics| metrics.take()));
    drop(dropped);
}

/// The task's span is entered.
#[inline]
pub(super) fn run_begins(slot: &TaskSlot) {
    if slot.kind() == TaskKind::BlockOn {
        forget_runtime_of_this_thread();
    }
    slot.run_begins(Activity::now(), parks());
    Activity::active();
}

/// The task's span is left.
#[inline]
pub(super) fn run_ends(slot: &TaskSlot) {
    Activity::active();
    slot.run_ends(Activity::now());
    if slot.kind() == TaskKind::BlockOn {
        forget_runtime_of_this_thread();
    }
}

/// The task's span is closed, and no shim has seen its end.
pub(super) fn close(recorder: &'static Recorder, key: Key) {
    let Some(slot) = recorder.task_slot(key) else { return };
    let was_polled_before = slot.polls() > 1;
    let same_run = slot.is_same_run();
    let drop_began = slot.last_run_was_the_drop();
    let outcome = if slot.has(Flag::Panicked) {
        Outcome::Panicked
    } else {
        match slot.kind() {
            // Dropped by whoever called `block_on`, when that is over.
            TaskKind::BlockOn => Outcome::Completed,
            TaskKind::Blocking if was_polled_before => Outcome::Completed,
            _ if same_run && was_polled_before => Outcome::Completed,
            // Dropped in the very call that spawned it: its runtime is closed.
            _ if same_run => Outcome::Shutdown,
            _ if thread_has_a_budget() => Outcome::Cancelled,
            _ => Outcome::Shutdown,
        }
    };
    recorder.drop_begins(key, drop_began);
    if outcome == Outcome::Cancelled {
        // In plain form the request is the delivery.
        recorder.request(key, Request::new(Cause::Unknown, drop_began));
        recorder.delivered(key, drop_began);
    }
    if recorder.ended(key, outcome) {
        recorder.lets_go(key);
    }
}
