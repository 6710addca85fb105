//! Wakers that outlive their task: tokio tells of each clone, wake and drop of a task's
//! wakers, by the task's span, also after that is closed. While one is stored anywhere,
//! the memory of the ended task stays allocated.
//!
//! They are counted in the task's slot. A task that ended by cancellation with a waker
//! left pins itself, with `Flag::Cell`, until the last one is gone.

use super::{Level, Recorder, arena::Slot, key::Key, task::Flag, task::TaskSlot};
use crate::atomics::{AtomicU64, Ordering::Relaxed, Ordering::SeqCst};

/// How many wakers of a task there are, and the generation that it is the count of, in
/// one word: an event of a task whose slot another one has now must not count for that.
#[derive(Debug)]
pub(crate) struct Wakers(AtomicU64);

const GENERATION_SHIFT: u32 = 32;
const COUNT_MASK: u64 = (1 << GENERATION_SHIFT) - 1;
/// No waker. An event may have been missed, where another subscriber is a thread's
/// default: then it is less than none, which is none too.
const NONE: u64 = 1 << 31;

impl Wakers {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(NONE))
    }

    /// None yet, of that generation.
    #[inline]
    pub(super) fn begin(&self, generation: u32) {
        self.0.store((u64::from(generation) << GENERATION_SHIFT) | NONE, Relaxed);
    }

    #[inline]
    fn cloned(&self, generation: u32) {
        self.change(generation, |count| count + 1);
    }

    /// True when that was the last.
    #[inline]
    fn gone(&self, generation: u32) -> bool {
        self.change(generation, |count| count - 1) == Some(NONE + 1)
    }

    /// Gives what it was before; `None` when it is another generation's.
    #[inline]
    fn change(&self, generation: u32, to: impl Fn(u64) -> u64) -> Option<u64> {
        let mut now = self.0.load(Relaxed);
        while now >> GENERATION_SHIFT == u64::from(generation) {
            let count = now & COUNT_MASK;
            let next = (now & !COUNT_MASK) | (to(count) & COUNT_MASK);
            match self.0.compare_exchange_weak(now, next, SeqCst, Relaxed) {
                Ok(_) => return Some(count),
                Err(seen) => now = seen,
            }
        }
        None
    }

    pub(super) fn count(&self) -> u32 {
        let count = (self.0.load(SeqCst) & COUNT_MASK).saturating_sub(NONE);
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

impl Recorder {
    /// A waker of the task was cloned. The key may be stale.
    #[inline]
    pub(crate) fn waker_cloned(&self, task: Key) {
        if let Some(slot) = self.slot_with_wakers(task) {
            slot.wakers().cloned(task.generation());
        }
    }

    /// A waker of the task was dropped, or consumed by a wake. The key may be stale.
    #[inline]
    pub(crate) fn waker_gone(&self, task: Key) {
        let Some(slot) = self.slot_with_wakers(task) else { return };
        // Only the last one of a task that has ended is more than a count. The pin keeps
        // the slot from becoming another task's meanwhile.
        if slot.wakers().gone(task.generation())
            && slot.has_ended()
            && slot.life().pin(task.generation())
        {
            self.cell_goes(task, slot);
            self.unpin(task, slot);
        }
    }

    /// The task has ended: where wakers of it are left, its record stays while they do.
    pub(super) fn cell_stays(&self, task: Key, slot: &TaskSlot) {
        if slot.wakers().count() == 0 || !slot.life().pin(task.generation()) {
            return;
        }
        slot.set(Flag::Cell);
        self.live_holdings.add(1);
        // The last one may have gone before the mark was there.
        if slot.wakers().count() == 0 {
            self.cell_goes(task, slot);
        }
    }

    fn cell_goes(&self, task: Key, slot: &TaskSlot) {
        if slot.unset(Flag::Cell) {
            self.live_holdings.subtract(1);
            self.unpin(task, slot);
        }
    }

    /// Nothing more will be heard of the task's wakers: it counts as having none.
    #[cfg(feature = "layer")]
    pub(crate) fn wakers_are_lost(&self, task: Key) {
        if let Some(slot) = self.slot_with_wakers(task)
            && slot.life().pin(task.generation())
        {
            slot.wakers().begin(task.generation());
            self.cell_goes(task, slot);
            self.unpin(task, slot);
        }
    }

    /// A waker of the task is left.
    #[cfg(feature = "layer")]
    pub(crate) fn has_wakers(&self, task: Key) -> bool {
        self.task_slot(task).is_some_and(|slot| slot.wakers().count() > 0)
    }

    /// Of what tasks hold, nothing else is recorded at a lower level either.
    #[inline]
    fn slot_with_wakers(&self, task: Key) -> Option<&TaskSlot> {
        if self.level() == Level::All { self.tasks.slot(task.slot()) } else { None }
    }
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use super::*;

    #[test]
    fn wakers_are_counted_for_their_own_generation_only() {
        let wakers = Wakers::new();
        wakers.begin(7);
        wakers.cloned(7);
        wakers.cloned(7);
        wakers.cloned(6);
        assert!(!wakers.gone(6));
        assert_eq!(wakers.count(), 2);
        assert!(!wakers.gone(7) && wakers.gone(7), "only the last is the last");
        assert_eq!(wakers.count(), 0);
        wakers.cloned(7);
        wakers.begin(8);
        assert_eq!(wakers.count(), 0, "the slot's next task has none");
    }

    /// A clone was missed: it must not make up for one that was not, nor touch the
    /// generation.
    #[test]
    fn less_than_none_is_none() {
        let wakers = Wakers::new();
        wakers.begin(0);
        assert!(!wakers.gone(0) && !wakers.gone(0));
        assert_eq!(wakers.count(), 0);
        wakers.cloned(0);
        assert_eq!(wakers.count(), 0, "it is known to be wrong, and errs towards silence");
    }
}
