//! What polls and wakes write: tokio polls a task on one thread at a time.

use super::{ANSWERED, TaskSlot, awaits_a_poll, low};
use crate::{
    atomics::{AtomicU64, Ordering::Relaxed},
    recorder::clock::Nanos,
};

/// In place of how often a worker has parked: the task was not run yet.
const NOT_RUN: u32 = u32::MAX - 1;
/// In place of how often a worker has parked: the thread is no worker.
const NO_WORKER: u32 = u32::MAX;

impl TaskSlot {
    #[inline]
    pub(crate) fn poll_begins(&self, now: Nanos) {
        if self.first_poll.load(Relaxed) == 0 {
            self.first_poll.store(now, Relaxed);
        }
        // No read-modify-write: a wake at this very moment counts as one that this poll
        // answers, as does one that tokio tells just before.
        let woken = self.woken_at.load(Relaxed);
        if awaits_a_poll(woken) {
            self.woken_at.store(woken | ANSWERED, Relaxed);
            add(&self.scheduled, now.saturating_sub(woken));
        }
        self.running_since.store(now, Relaxed);
    }

    #[inline]
    pub(in crate::recorder) fn poll_ends(&self, now: Nanos) {
        let began = self.running_since.load(Relaxed);
        let run = now.saturating_sub(began);
        add(&self.polls, 1);
        add(&self.busy, run);
        self.last_run.store(run, Relaxed);
        self.last_poll.store(began, Relaxed);
        self.running_since.store(0, Relaxed);
    }

    /// Takes back the last run: it was the drop of the future, not a poll. Gives
    /// when it began.
    #[inline]
    pub(crate) fn last_run_was_the_drop(&self) -> Nanos {
        self.polls.store(self.polls.load(Relaxed).saturating_sub(1), Relaxed);
        let run = self.last_run.load(Relaxed);
        self.busy.store(self.busy.load(Relaxed).saturating_sub(run), Relaxed);
        let began = self.last_poll.load(Relaxed);
        if self.polls.load(Relaxed) == 0 {
            self.first_poll.store(0, Relaxed);
        }
        began
    }

    /// As [`Self::poll_begins`], for tokio's span, which is entered for the drop too. Where
    /// that is one with the last run nothing lies between the two, and no clock is read; a
    /// thread that is no worker may have slept.
    #[inline]
    pub(crate) fn span_poll_begins(&self, now: impl FnOnce() -> Nanos) {
        if self.has_ended() {
            return;
        }
        let is_worker = self.run_parks.load(Relaxed) != NO_WORKER;
        let known = if is_worker && self.is_same_run() { self.last_run_ended_at() } else { 0 };
        self.poll_begins(if known == 0 { now() } else { known });
    }

    /// 0 when it was not run yet.
    #[inline]
    pub(crate) fn last_run_ended_at(&self) -> Nanos {
        self.last_poll.load(Relaxed) + self.last_run.load(Relaxed)
    }

    /// As [`Self::poll_ends`], for tokio's span. A run in which a shim saw the end was
    /// counted by the shim, or was the drop.
    #[inline]
    pub(crate) fn span_poll_ends(&self, now: Nanos) {
        if self.has_ended() {
            self.running_since.store(0, Relaxed);
        } else {
            self.poll_ends(now);
        }
    }

    /// A run begins: it is one with the last when nothing was done in between, and the
    /// worker has not parked. A thread that is no worker never parks; what cannot be
    /// told apart there counts as one run.
    #[inline]
    pub(crate) fn run_begins(&self, activity: u64, parks: Option<u64>) {
        // Between two runs of one task no worker parks four thousand million times.
        let parks = parks.map_or(NO_WORKER, low);
        let before = self.run_parks.load(Relaxed);
        let same =
            (before == parks || before == NOT_RUN) && self.run_activity.load(Relaxed) == activity;
        self.same_run.store(same, Relaxed);
        self.run_parks.store(parks, Relaxed);
    }

    /// It was spawned by a thread that had done so much, and runs for the first time when it
    /// does next: a closed runtime drops it before anything else happens on the thread.
    #[inline]
    pub(crate) fn is_spawned(&self, activity: u64) {
        self.run_activity.store(activity, Relaxed);
        self.run_parks.store(NOT_RUN, Relaxed);
    }

    /// It runs on with its thread, and its worker with another: that this one parks says
    /// nothing of the run.
    pub(crate) fn steps_aside(&self) {
        self.run_parks.store(NOT_RUN, Relaxed);
    }

    /// In the run that it is in.
    pub(crate) fn has_stepped_aside(&self) -> bool {
        self.run_parks.load(Relaxed) == NOT_RUN
    }

    #[inline]
    pub(crate) fn run_ends(&self, activity: u64) {
        self.run_activity.store(activity, Relaxed);
    }

    #[inline]
    pub(crate) fn is_same_run(&self) -> bool {
        self.same_run.load(Relaxed)
    }

    /// How often it was polled or dropped, this time included where it is so now.
    pub(in crate::recorder) fn runs(&self) -> u64 {
        let is_running = self.running_since.load(Relaxed) != 0;
        self.polls.load(Relaxed) + u64::from(is_running)
    }

    pub(crate) fn polls(&self) -> u64 {
        self.polls.load(Relaxed)
    }

    /// It waits to be polled since `now`, unless it did before. Of two that wake it at the
    /// same moment either may be the first.
    #[inline]
    pub(in crate::recorder) fn is_woken(&self, now: impl FnOnce() -> Nanos) {
        if !awaits_a_poll(self.woken_at.load(Relaxed)) {
            self.woken_at.store(now(), Relaxed);
        }
    }
}

/// For a field with one writer at a time: a load and a store, no read-modify-write.
#[inline]
fn add(cell: &AtomicU64, by: u64) {
    cell.store(cell.load(Relaxed).wrapping_add(by), Relaxed);
}
