//! Wakers that outlive their task: tokio tells of each clone, wake and drop of a task's
//! wakers, by the task's span, also after that is closed. While one is stored anywhere,
//! the memory of the ended task stays allocated.
//!
//! They are counted in the task's slot. A task that ended by cancellation with a waker
//! left pins itself, with `Flag::Cell`, until the last one is gone.

use super::{
    Level, Recorder,
    arena::Slot,
    key::Key,
    owner,
    task::{Flag, TaskSlot},
};
use crate::atomics::{AtomicU32, Ordering::Relaxed, Ordering::SeqCst};

/// How often a task was woken, and how many wakers of it there are: those that were cloned,
/// less those that were dropped or woken by value. Counted apart, so that what happens
/// once a poll changes one word.
///
/// An event may have been missed, where another subscriber is a thread's default: then
/// there are less than none, which is none too.
#[derive(Debug, Default)]
pub(crate) struct Wakers {
    by_value: AtomicU32,
    by_reference: AtomicU32,
    /// How often either had no more room.
    over: AtomicU32,
    /// Of these wakes, those by the task itself.
    by_itself: AtomicU32,
    /// Cloned by the thread that polls the task, while it does: one writer at a time.
    cloned_here: AtomicU32,
    /// Cloned elsewhere, less those that were dropped.
    elsewhere: AtomicU32,
}

/// What is done with a waker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WakerOp {
    Clone,
    Drop,
    /// By value: the waker is gone then.
    Wake,
    WakeByRef,
}

impl Wakers {
    /// None yet.
    #[inline]
    pub(super) fn begin(&self) {
        self.by_value.store(0, Relaxed);
        self.by_reference.store(0, Relaxed);
        self.over.store(0, Relaxed);
        self.by_itself.store(0, Relaxed);
        self.cloned_here.store(0, Relaxed);
        self.elsewhere.store(0, Relaxed);
    }

    #[inline]
    fn cloned_here(&self) {
        self.cloned_here.store(self.cloned_here.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// `is_alone`: no other thread polls the task at the same time.
    #[inline]
    fn woken_by_itself(&self, is_alone: bool) {
        if is_alone {
            self.by_itself.store(self.by_itself.load(Relaxed).wrapping_add(1), Relaxed);
        } else {
            self.by_itself.fetch_add(1, Relaxed);
        }
    }

    #[inline]
    fn note(&self, operation: WakerOp) {
        match operation {
            WakerOp::Clone => {
                self.elsewhere.fetch_add(1, SeqCst);
            }
            WakerOp::Drop => {
                self.elsewhere.fetch_sub(1, SeqCst);
            }
            WakerOp::Wake => self.counts(self.by_value.fetch_add(1, SeqCst)),
            WakerOp::WakeByRef => self.counts(self.by_reference.fetch_add(1, Relaxed)),
        }
    }

    #[cold]
    fn take_back(&self, operation: WakerOp) {
        match operation {
            WakerOp::Clone => self.note(WakerOp::Drop),
            WakerOp::Drop => self.note(WakerOp::Clone),
            WakerOp::Wake => self.counts_less(self.by_value.fetch_sub(1, SeqCst)),
            WakerOp::WakeByRef => self.counts_less(self.by_reference.fetch_sub(1, Relaxed)),
        }
    }

    #[inline]
    fn counts(&self, before: u32) {
        if before == u32::MAX {
            self.over.fetch_add(1, Relaxed);
        }
    }

    fn counts_less(&self, before: u32) {
        if before == 0 {
            self.over.fetch_sub(1, Relaxed);
        }
    }

    /// They count as gone; the wakes stay.
    fn forget(&self) {
        let less = self.count();
        self.elsewhere.fetch_sub(less, SeqCst);
    }

    pub(super) fn wakes(&self) -> u64 {
        let counted = |count: &AtomicU32| u64::from(count.load(Relaxed));
        (counted(&self.over) << 32) + counted(&self.by_value) + counted(&self.by_reference)
    }

    pub(super) fn by_itself(&self) -> u32 {
        self.by_itself.load(Relaxed)
    }

    pub(super) fn count(&self) -> u32 {
        let cloned = self.elsewhere.load(SeqCst).wrapping_add(self.cloned_here.load(SeqCst));
        let count = cloned.wrapping_sub(self.by_value.load(SeqCst));
        u32::try_from(count.cast_signed()).unwrap_or(0)
    }
}

impl Recorder {
    /// Something was done with a waker of the task. The key may be stale.
    #[inline]
    pub(crate) fn waker(&'static self, task: Key, operation: WakerOp) {
        if operation == WakerOp::Clone
            && let Some(slot) = owner::runs(self, task)
        {
            return slot.wakers().cloned_here();
        }
        let Some(slot) = self.tasks.get(task) else { return };
        slot.wakers().note(operation);
        if slot.life().generation() != task.generation() {
            // Between the look and the count it became another task's slot.
            return slot.wakers().take_back(operation);
        }
        if matches!(operation, WakerOp::Wake | WakerOp::WakeByRef) {
            slot.is_woken(|| self.clock.now());
            if let Some(is_alone) = owner::works_for(task) {
                slot.wakers().woken_by_itself(is_alone);
            }
        }
        if matches!(operation, WakerOp::Wake | WakerOp::Drop) && slot.has_ended() {
            self.last_waker_may_be_gone(task, slot);
        }
    }

    /// The pin keeps the slot from becoming another task's meanwhile.
    #[cold]
    fn last_waker_may_be_gone(&'static self, task: Key, slot: &TaskSlot) {
        if slot.wakers().count() == 0 && slot.has(Flag::Cell) && slot.life().pin(task.generation())
        {
            self.cell_goes(task, slot);
            self.unpin(task, slot);
        }
    }

    /// The task has ended: where wakers of it are left, its record stays while they do.
    pub(super) fn cell_stays(&'static self, task: Key, slot: &TaskSlot) {
        // Of what tasks hold, nothing else is recorded at a lower level either.
        if self.level() != Level::All
            || slot.has(Flag::Missed)
            || slot.wakers().count() == 0
            || !slot.life().pin(task.generation())
        {
            return;
        }
        slot.set(Flag::Cell);
        self.live_holdings.add(1);
        // The last one may have gone before the mark was there.
        if slot.wakers().count() == 0 {
            self.cell_goes(task, slot);
        }
    }

    fn cell_goes(&'static self, task: Key, slot: &TaskSlot) {
        if slot.unset(Flag::Cell) {
            self.live_holdings.subtract(1);
            self.unpin(task, slot);
        }
    }

    /// Nothing more will be heard of the task's wakers: it counts as having none.
    pub(crate) fn wakers_are_lost(&'static self, task: Key) {
        if let Some(slot) = self.pin(task) {
            slot.wakers().forget();
            self.cell_goes(task, slot);
            self.unpin(task, slot);
        }
    }

    /// A waker of the task is left.
    #[cfg(feature = "layer")]
    pub(crate) fn has_wakers(&self, task: Key) -> bool {
        self.tasks.get(task).is_some_and(|slot| slot.wakers().count() > 0)
    }
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use super::*;
    use crate::{
        recorder::{table::SiteId, task::Birth},
        words::TaskKind,
    };

    #[test]
    fn wakers_are_what_was_cloned_and_not_consumed() {
        let wakers = Wakers::default();
        wakers.cloned_here();
        wakers.note(WakerOp::Clone);
        wakers.note(WakerOp::WakeByRef);
        assert_eq!((wakers.count(), wakers.wakes()), (2, 1));
        wakers.note(WakerOp::Wake);
        wakers.note(WakerOp::Drop);
        assert_eq!((wakers.count(), wakers.wakes()), (0, 2));
        wakers.cloned_here();
        wakers.begin();
        assert_eq!((wakers.count(), wakers.wakes()), (0, 0), "the slot's next task has none");
    }

    #[test]
    fn a_wake_is_its_own_while_it_is_polled_on_this_thread() {
        let recorder = Recorder::start(Level::All);
        let spawn = || {
            let birth = Birth::new(TaskKind::Task, SiteId::default());
            recorder.spawned(&birth).expect("a slot")
        };
        let (task, other) = (spawn(), spawn());
        let counts = || {
            let facts = recorder.task(task).expect("it is there");
            (facts.wakes, facts.self_wakes)
        };
        recorder.waker(task, WakerOp::WakeByRef);
        assert_eq!(counts(), (1, 0), "nobody is polled");
        let _outer = owner::enter_run(recorder, task);
        recorder.waker(task, WakerOp::WakeByRef);
        let _inner = owner::enter_run(recorder, other);
        recorder.waker(task, WakerOp::Wake);
        assert_eq!(counts(), (3, 2), "also by what runs within it");
        std::thread::scope(|scope| scope.spawn(|| recorder.waker(task, WakerOp::Wake)).join())
            .expect("no panic");
        assert_eq!(counts(), (4, 2));
    }

    #[test]
    fn what_was_noted_of_another_task_is_taken_back() {
        use WakerOp::{Clone, Drop, Wake, WakeByRef};
        let wakers = Wakers::default();
        wakers.cloned_here();
        for operation in [Clone, Drop, Wake, WakeByRef] {
            wakers.note(operation);
            wakers.take_back(operation);
            assert_eq!((wakers.count(), wakers.wakes()), (1, 0), "{operation:?}");
        }
    }

    #[test]
    fn wakes_of_which_there_is_no_room_for_more_are_counted_on() {
        for (operation, left) in [(WakerOp::WakeByRef, 1), (WakerOp::Wake, 0)] {
            let wakers = Wakers::default();
            wakers.cloned_here();
            wakers.by_reference.store(u32::MAX, Relaxed);
            wakers.by_value.store(u32::MAX, Relaxed);
            wakers.elsewhere.store(u32::MAX, Relaxed);
            let (wakes, count) = (wakers.wakes(), wakers.count());
            wakers.note(operation);
            assert_eq!((wakers.wakes(), wakers.count()), (wakes + 1, left));
            wakers.take_back(operation);
            assert_eq!((wakers.wakes(), wakers.count()), (wakes, count));
        }
    }

    /// A clone was missed: it must not make up for one that was not.
    #[test]
    fn less_than_none_is_none() {
        let wakers = Wakers::default();
        wakers.note(WakerOp::Drop);
        wakers.note(WakerOp::Wake);
        assert_eq!(wakers.count(), 0);
        wakers.cloned_here();
        assert_eq!(wakers.count(), 0, "it is known to be wrong, and errs towards silence");
    }
}
