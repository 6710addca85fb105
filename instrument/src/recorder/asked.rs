//! A task is asked to stop, notices it, and ends.

use std::sync::Arc;

use super::{
    Recorder,
    clock::Nanos,
    events::What,
    here::Own,
    key::Key,
    request::Request,
    task::{Flag, TaskSlot},
};
use crate::{
    atomics::Ordering::{Release, SeqCst},
    words::Outcome,
};

impl Recorder {
    /// Asks one task to stop. False when it has ended or was asked before.
    pub(crate) fn request(&self, key: Key, request: Request) -> bool {
        let Some(slot) = self.tasks.get(key) else { return false };
        let (at, cause, site) = (request.at, request.cause, request.site);
        let index = self.requests.insert(Arc::new(request));
        if !slot.request(index, at) {
            self.requests.remove(index);
            return false;
        }
        self.note_at(key, slot, What::Requested, cause as u8, (site, at));
        self.push_changed(key, slot);
        true
    }

    /// As [`Self::request`]; also where the task was asked since by somebody else. True when
    /// this one counts.
    pub(super) fn request_found(&self, key: Key, request: Arc<Request>) -> bool {
        let at = request.at;
        match self.requested_at(key) {
            None => return self.request(key, Arc::unwrap_or_clone(request)),
            Some(known) if known <= at => return false,
            Some(_) => {}
        }
        let Some(slot) = self.tasks.get(key) else { return false };
        let (cause, site) = (request.cause, request.site);
        let index = self.requests.insert(request);
        let Some(other) = slot.was_requested_before(index, at) else {
            self.requests.remove(index);
            return false;
        };
        self.requests.remove(other);
        self.note_at(key, slot, What::Requested, cause as u8, (site, at));
        self.push_changed(key, slot);
        true
    }

    /// The task has been asked, by whomever.
    pub(crate) fn is_asked(&self, key: Key) -> bool {
        self.tasks.get(key).is_some_and(TaskSlot::is_asked)
    }

    pub(crate) fn requested_at(&self, key: Key) -> Option<Nanos> {
        self.tasks.get(key)?.requested_at()
    }

    /// The task became ready before the request could reach it.
    pub(crate) fn take_back_request(&self, key: Key) {
        if let Some(slot) = self.tasks.get(key).filter(|slot| slot.is_asked()) {
            self.requests.remove(slot.take_back_request());
        }
    }

    /// The task has noticed the request. True the first time.
    pub(crate) fn delivered(&self, key: Key, at: Nanos) -> bool {
        let Some(slot) = self.tasks.get(key) else { return false };
        let first = slot.delivered(at);
        if first {
            self.note(key, slot, What::Delivered, 0, at);
            self.push_changed(key, slot);
        }
        first
    }

    pub(crate) fn delivered_at(&self, key: Key) -> Option<Nanos> {
        self.tasks.get(key)?.delivered_at()
    }

    /// A token has told the task that it is cancelled, whether it asks the task or not.
    pub(crate) fn told(&self, key: Key, at: Nanos) {
        if let Some(slot) = self.tasks.get(key) {
            slot.told(at);
        }
    }

    pub(crate) fn told_at(&self, key: Key) -> Option<Nanos> {
        self.tasks.get(key)?.told_at()
    }

    pub(crate) fn drop_begins(&self, key: Key, at: Nanos) {
        if let Some(slot) = self.tasks.get(key) {
            slot.drop_begins(at);
        }
    }

    /// What tokio's span was entered for is the drop, and no poll.
    pub(crate) fn run_is_the_drop(&self, key: Key) {
        if let Some(slot) = self.tasks.get(key) {
            slot.run_is_the_drop();
        }
    }

    /// The task's future is gone. False when it has ended before: then whoever said so
    /// does what is to be done for it.
    pub(crate) fn ended(&'static self, key: Key, outcome: Outcome) -> bool {
        self.tasks.get(key).is_some_and(|slot| self.ended_at(key, slot, outcome, self.clock.now()))
    }

    /// As [`Self::ended`], of the task in this slot, and when that was.
    #[inline]
    pub(crate) fn ended_at(
        &'static self,
        key: Key,
        slot: &TaskSlot,
        outcome: Outcome,
        now: Nanos,
    ) -> bool {
        if !slot.ends(outcome, now) {
            return false;
        }
        let spawner = self.spawner(key);
        self.child_is_gone(spawner);
        if slot.ended_by_cancellation() {
            self.cell_stays(key, slot);
        }
        self.note(key, slot, What::Ended, outcome as u8, now);
        if !self.ends_unseen(slot, spawner) {
            self.push_changed(key, slot);
        }
        true
    }

    /// Everything that is to be done for a task that has ended was done: its slot may
    /// be freed.
    pub(crate) fn lets_go(&'static self, key: Key) {
        if let Some(slot) = self.tasks.get(key) {
            self.settle(key, slot, 1);
        }
    }

    pub(crate) fn has_ended(&self, key: Key) -> bool {
        self.tasks.get(key).is_none_or(TaskSlot::has_ended)
    }

    /// The spawner holds one child less. It stays pinned until this slot is freed.
    #[inline]
    fn child_is_gone(&self, spawner: Option<Key>) {
        if let Some(spawner) = spawner.and_then(|spawner| self.tasks.get(spawner)) {
            spawner.counted_by_others(Own::Children).fetch_sub(1, Release);
        }
    }

    #[inline]
    pub(super) fn spawner(&self, key: Key) -> Option<Key> {
        Key::from_bits(self.tasks.word(key.slot())?.load(SeqCst))
    }

    /// The spawn failed after all: there was no such task.
    pub(crate) fn never_was(&'static self, key: Key) {
        if let Some(slot) = self.tasks.get(key) {
            slot.set(Flag::NeverWas);
            let ends = slot.ends(Outcome::Shutdown, self.clock.now());
            // Its end may have been taken for a task's, before the mark was there.
            self.push_changed(key, slot);
            if ends {
                self.child_is_gone(self.spawner(key));
                self.settle(key, slot, 1);
            }
        }
    }
}
