//! How a task ended that no shim saw: deduced from the pattern of enter, exit and
//! close, the worker's park count and the coop budget. Marked as inferred, and where
//! it is not certain the task counts as completed, which gives no verdict.
//!
//! tokio enters a task's span to drop its future too. When a future completes, its
//! last poll and its drop are one run of the worker: nothing of this thread lies
//! between them, and the worker has not parked. Anything else is a run that only
//! dropped it: the task was cancelled, or its runtime, if it has one, was shut down.

use std::{
    cell::Cell,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{
    record::thread_has_a_budget,
    recorder::{
        Recorder,
        key::Key,
        request::Request,
        task::{Flag, TaskSlot},
    },
    runtimes,
    words::{Cause, Outcome, TaskKind},
};

thread_local! {
    /// Counts what this thread does with tokio's spans; no two threads share a number.
    static ACTIVITY: Cell<u64> = const { Cell::new(0) };
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
        Self::next();
    }

    /// As [`Self::active`]; gives what it was before.
    #[inline]
    fn next() -> u64 {
        ACTIVITY.with(|activity| {
            let now = Self::number(activity);
            activity.set(now + 1);
            now
        })
    }

    #[inline]
    pub(super) fn now() -> u64 {
        ACTIVITY.with(Self::number)
    }

    #[inline]
    fn number(activity: &Cell<u64>) -> u64 {
        match activity.get() {
            0 => Self::first(activity),
            number => number,
        }
    }

    #[cold]
    fn first(activity: &Cell<u64>) -> u64 {
        let thread = THREADS.fetch_add(1, Ordering::Relaxed);
        activity.set(thread.wrapping_mul(PER_THREAD));
        activity.get()
    }
}

/// The task's span is entered.
#[inline]
pub(super) fn run_begins(slot: &TaskSlot) {
    if slot.kind() == TaskKind::BlockOn {
        runtimes::forget_this_threads();
    }
    slot.run_begins(Activity::next(), runtimes::parks());
}

/// The task's span is left.
#[inline]
pub(super) fn run_ends(slot: &TaskSlot) {
    slot.run_ends(Activity::next() + 1);
    if slot.kind() == TaskKind::BlockOn {
        runtimes::forget_this_threads();
    }
}

/// The task's span is closed, and no shim has seen its end. False when it has ended
/// before after all.
#[inline]
pub(super) fn close(recorder: &'static Recorder, key: Key, slot: &TaskSlot) -> bool {
    let was_polled_before = slot.polls() > 1;
    let same_run = slot.is_same_run();
    // The span is closed as soon as it is left.
    let ended_at = match slot.last_run_ended_at() {
        0 => recorder.clock.now(),
        left_at => left_at,
    };
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
            // A task of a `LocalSet` is no runtime's: whoever drops the set, wherever, drops
            // it. On a `LocalRuntime` it would be called a task.
            TaskKind::Local => Outcome::Cancelled,
            _ if is_within_anothers_poll(recorder) => Outcome::Shutdown,
            _ if thread_has_a_budget() => Outcome::Cancelled,
            _ => Outcome::Shutdown,
        }
    };
    slot.drop_begins(drop_began);
    if outcome == Outcome::Cancelled {
        // In plain form the request is the delivery.
        recorder.request(key, Request::new(Cause::Unknown, drop_began));
        recorder.delivered(key, drop_began);
    }
    recorder.ended_at(key, slot, outcome, ended_at)
}

/// Whoever aborts a task leaves its drop to its worker: what is dropped while another task is
/// polled is dropped with its runtime, though that task has a budget. Not so where the poll
/// drives a runtime itself, which it can as a closure that blocks, or after it stepped aside.
fn is_within_anothers_poll(recorder: &'static Recorder) -> bool {
    let around = recorder.current_whole_task_slot();
    around.is_some_and(|slot| slot.kind() != TaskKind::Blocking && !slot.has_stepped_aside())
}
