//! What keeps a task's record: its span, its handles, what it holds and its children. The
//! last pin that goes frees it, or has the console thread free it.

use super::{
    Recorder,
    arena::Slot,
    here::Own,
    key::Key,
    owner,
    task::{Flag, TaskSlot},
};
use crate::atomics::Ordering::{Relaxed, SeqCst};

/// A task whose record stays for something that is about to be its own.
#[derive(Clone, Copy)]
pub(super) struct Kept<'a> {
    pub(super) key: Key,
    pub(super) slot: &'a TaskSlot,
    /// It runs on this thread: that keeps it, and what is its own is counted by it alone.
    /// Else it was pinned.
    pub(super) is_here: bool,
}

impl Recorder {
    /// The record of a spawner, or of an owner, stays while that of its child or holding
    /// does. `None` when there is no such task any more.
    #[inline]
    pub(super) fn keep(&self, key: Key) -> Option<Kept<'_>> {
        if let Some(slot) = self.runs_here(key) {
            return Some(Kept { key, slot, is_here: true });
        }
        self.pin(key).map(|slot| Kept { key, slot, is_here: false })
    }

    /// Keeps the task's record until [`Self::unpin`]; `None` when there is none any more.
    #[inline]
    pub(super) fn pin(&self, key: Key) -> Option<&TaskSlot> {
        self.tasks.slot(key.slot()).filter(|slot| slot.life().pin(key.generation()))
    }

    /// The task's slot, where the task runs on this thread and has not ended: then nobody
    /// else changes what it counts here, and its record stays for as long as it runs.
    #[inline]
    pub(super) fn runs_here(&self, key: Key) -> Option<&TaskSlot> {
        let is_it = |slot: &&TaskSlot| slot.life().generation() == key.generation();
        owner::runs(self, key).filter(is_it).filter(|slot| !slot.has_ended())
    }

    /// One more of its own, counted after that is published: whoever sees the count finds it.
    #[inline]
    pub(super) fn count(&self, of: Kept<'_>, own: Own) {
        let Kept { key, slot, is_here } = of;
        if is_here {
            return slot.counts_here(own, 1);
        }
        slot.counted_by_others(own).fetch_add(1, SeqCst);
        if slot.has_ended() {
            self.push_changed(key, slot);
        }
    }

    /// Keeps the task's record for as long as a handle to it lives.
    pub(crate) fn handle_made(&self, key: Key) -> bool {
        let Some(slot) = self.pin(key) else { return false };
        slot.count_handles().fetch_add(1, Relaxed);
        true
    }

    pub(crate) fn handle_gone(&'static self, key: Key) {
        if let Some(slot) = self.tasks.get(key) {
            slot.count_handles().fetch_sub(1, Relaxed);
            self.unpin(key, slot);
        }
    }

    pub(crate) fn span_opened(&self, key: Key) -> bool {
        let Some(slot) = self.pin(key) else { return false };
        slot.set(Flag::Span);
        slot.span_refs().set(1);
        true
    }

    /// The span is closed; after this its id means nothing. `lets_go` where that is also the
    /// last that is done for the task.
    #[inline]
    pub(crate) fn span_closed(&'static self, key: Key, slot: &TaskSlot, lets_go: bool) {
        if lets_go {
            self.settle(key, slot, 2);
        } else {
            self.unpin(key, slot);
        }
    }

    /// The task gives back these pins of its own, which it had until it ended.
    #[inline]
    pub(super) fn settle(&'static self, key: Key, slot: &TaskSlot, pins: u64) {
        if slot.settles(pins) {
            self.last_pin_gone(key, slot);
        }
    }

    #[inline]
    pub(super) fn unpin(&'static self, key: Key, slot: &TaskSlot) {
        if slot.life().unpin() {
            self.last_pin_gone(key, slot);
        }
    }

    #[inline]
    fn last_pin_gone(&'static self, key: Key, slot: &TaskSlot) {
        if !slot.has_ended() {
            return;
        }
        if slot.is_unseen() {
            self.free_unseen(key);
        } else {
            self.push_changed(key, slot);
        }
    }
}
