//! The reading side of the recorder: what the console thread calls. Everything it
//! gets is plain data.

use super::{
    NO_SPAWNER, Recorder,
    arena::Slot,
    clock::Nanos,
    holding::{HoldingFacts, HoldingFlag, HoldingSlot},
    key::{Key, Which},
    table::{SiteId, TextId},
    task::{Flag, TaskFacts, TaskSlot},
};
use crate::{
    atomics::{Ordering, fence},
    fault::{Fault, planted},
};

/// A task that is on the list of changes, as it is now.
#[derive(Debug)]
pub(crate) enum Change {
    /// It ended, and there is nothing else to say of it.
    Ended(PlainEnd),
    Other(Box<TaskFacts>),
}

/// See [`Change::Ended`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainEnd {
    pub(crate) key: Key,
    pub(crate) site: SiteId,
    pub(crate) ended_at: Nanos,
}

impl Recorder {
    /// Takes the list of changed tasks and calls `each` with what they are now, in the
    /// order of the changes. Nobody but the caller frees a task's slot: what was on the
    /// list is in its slot still.
    pub(crate) fn take_changes(&self, mut each: impl FnMut(Change)) {
        let link = |index| self.tasks.slot(index).map(TaskSlot::link);
        let mut changed = Vec::new();
        for list in &self.changed {
            list.take(link, |index| changed.push(index));
        }
        // The newest come first.
        for index in changed.into_iter().rev() {
            if let Some(end) = self.plain_end(index) {
                each(Change::Ended(end));
            } else if let Some(facts) = self.task_in(index) {
                each(Change::Other(Box::new(facts)));
            }
        }
    }

    /// A task that ended without having been asked to, and that nothing is known of but
    /// that: nearly all do, and a few words of their slots are all that is read.
    fn plain_end(&self, index: u32) -> Option<PlainEnd> {
        let (slot, word) = (self.tasks.slot(index)?, self.tasks.word(index)?);
        let generation = slot.life().generation();
        let (ended_at, site) = (slot.plain_end()?, slot.site());
        let spawner = Key::from_bits(word.load(Ordering::Acquire));
        // One whose spawner has ended too may have to have its lineage shortened.
        if spawner.is_some_and(|spawner| self.has_ended(spawner)) {
            return None;
        }
        let key = Key::new(Which::Tasks, index, generation);
        (slot.life().generation() == generation).then_some(PlainEnd { key, site, ended_at })
    }

    /// The task as it is now; `None` when its slot was freed.
    pub(crate) fn task(&self, key: Key) -> Option<TaskFacts> {
        self.task_in(key.slot()).filter(|facts| facts.key == key)
    }

    /// Brings up to date what was read of a task, and says whether that was needed; `None` when
    /// its slot was freed. Of one that has ended little can change, and little is read.
    pub(crate) fn reread(&self, task: &mut TaskFacts) -> Option<bool> {
        let index = task.key.slot();
        let (slot, word) = (self.tasks.get(task.key)?, self.tasks.word(index)?);
        let spawner = Key::from_bits(word.load(Ordering::Acquire));
        let still = task.ended_at.is_some() && slot.is_still(task, spawner);
        if !still {
            *task = self.task(task.key)?;
        }
        self.tasks.get(task.key).map(|_| !still)
    }

    /// How many slots tasks have, used or not.
    #[cfg(feature = "tokio-console")]
    pub(crate) fn task_slots(&self) -> u32 {
        self.tasks.slots()
    }

    /// The task in this slot, for who reads some at a time.
    #[cfg(feature = "tokio-console")]
    pub(crate) fn task_at(&self, slot: u32) -> Option<TaskFacts> {
        self.task_in(slot)
    }

    /// How many slots holdings have, used or not.
    #[cfg(feature = "tokio-console")]
    pub(crate) fn holding_slots(&self) -> u32 {
        self.holdings.slots()
    }

    /// As [`Self::task_at`], of a holding.
    #[cfg(feature = "tokio-console")]
    pub(crate) fn holding_at(&self, slot: u32) -> Option<HoldingFacts> {
        self.holding_in(slot, self.holdings.word(slot)?.load(Ordering::Acquire))
    }

    #[cfg(feature = "tokio-console")]
    pub(crate) fn has_ended_by_cancellation(&self, key: Key) -> bool {
        self.tasks.get(key).is_some_and(TaskSlot::ended_by_cancellation)
    }

    /// Every task that has a slot.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = TaskFacts> {
        self.tasks.scan().filter_map(|(index, ..)| self.task_in(index))
    }

    /// Every task that is marked so; the others' slots are not read.
    pub(crate) fn tasks_with(&self, flag: Flag) -> impl Iterator<Item = TaskFacts> {
        let marked = self.tasks.scan().filter(move |(.., slot)| slot.has(flag));
        marked.filter_map(|(index, ..)| self.task_in(index))
    }

    /// Calls `each` with every task that is listed, when it ended and its id.
    pub(crate) fn each_task(&self, mut each: impl FnMut(Key, Option<Nanos>, u64)) {
        let listed = self.tasks.scan().filter(|(.., slot)| !slot.is_over());
        for (index, _, slot) in listed {
            let key = Key::new(Which::Tasks, index, slot.life().generation());
            each(key, slot.ended_at(), slot.id());
        }
    }

    /// Calls `each` with every task that is listed, what it is beneath and its id.
    pub(crate) fn each_spawned(&self, mut each: impl FnMut(Key, Option<Key>, u64)) {
        let listed = self.tasks.scan().filter(|(.., slot)| !slot.is_over());
        for (index, word, slot) in listed {
            let key = Key::new(Which::Tasks, index, slot.life().generation());
            each(key, Key::from_bits(word), slot.id());
        }
    }

    /// Calls `each` with the spawn site of every task of which no end was counted: it
    /// lives, or has ended since the console thread last took the list.
    pub(crate) fn each_live_site(&self, mut each: impl FnMut(SiteId)) {
        let live = self.tasks.scan().filter(|(.., slot)| !slot.has(Flag::Counted));
        live.for_each(|(.., slot)| each(slot.site()));
    }

    /// Where the task was spawned, its name and its type's.
    pub(crate) fn texts_of(&self, key: Key) -> Option<(SiteId, TextId, TextId)> {
        self.tasks.get(key).map(TaskSlot::texts)
    }

    /// Calls `each` with every task that lives or ended after `since`.
    pub(crate) fn tasks_since(&self, since: Nanos, each: impl FnMut(&TaskSlot)) {
        let recent = |slot: &TaskSlot| slot.ended_at().is_none_or(|ended| ended > since);
        let slots = self.tasks.scan().map(|(.., slot)| slot);
        slots.filter(|slot| recent(slot)).for_each(each);
    }

    /// The live task that has this id of the runtime's. Reads every task.
    pub(crate) fn live_task_of(&self, id: u64) -> Option<Key> {
        let stale = planted(Fault::StaleId);
        let lives = |facts: &TaskFacts| stale || facts.ended_at.is_none();
        let is_it = |facts: &TaskFacts| facts.tokio_id == Some(id) && lives(facts);
        self.tasks().find(is_it).map(|facts| facts.key)
    }

    /// Every task whose spawner `wanted` names, with it; the slot is read only then.
    pub(crate) fn children(&self, wanted: impl Fn(Key) -> bool) -> impl Iterator<Item = TaskFacts> {
        self.tasks.scan().filter_map(move |(index, word, _)| {
            Key::from_bits(word).filter(|spawner| wanted(*spawner))?;
            self.task_in(index)
        })
    }

    /// Every live holding.
    pub(crate) fn all_holdings(&self) -> impl Iterator<Item = HoldingFacts> {
        self.holdings.scan().filter_map(|(index, word, _)| self.holding_in(index, word))
    }

    /// Every holding whose owner `wanted` names; the slot is read only then.
    pub(crate) fn holdings_of(
        &self,
        wanted: impl Fn(Key) -> bool,
    ) -> impl Iterator<Item = HoldingFacts> {
        self.holdings.scan().filter_map(move |(index, word, _)| {
            Key::from_bits(word).filter(|owner| wanted(*owner))?;
            self.holding_in(index, word)
        })
    }

    /// Every wait of a task for what others hold: its owner is the task. Who has ended
    /// waits for nothing, though what it has polled by hand is elsewhere and not ready.
    pub(crate) fn blocked_tasks(&self) -> impl Iterator<Item = HoldingFacts> {
        let is_wait = |slot: &HoldingSlot| slot.has(HoldingFlag::Blocked);
        let waits = self.holdings.scan().filter(move |(.., slot)| is_wait(slot));
        let waits = waits.filter_map(|(index, word, _)| self.holding_in(index, word));
        waits.filter(|wait| wait.owner.is_some_and(|task| !self.has_ended(task)))
    }

    /// Counts up whenever a task begins or ceases to wait for what others hold.
    pub(crate) fn waits_changed(&self) -> u64 {
        self.waits_changed.load(Ordering::Relaxed)
    }

    /// The holding as it is now; `None` when it was released.
    pub(crate) fn holding(&self, key: Key) -> Option<HoldingFacts> {
        let word = self.holdings.word(key.slot())?.load(Ordering::Acquire);
        self.holding_in(key.slot(), word).filter(|facts| facts.key == key)
    }

    /// Frees the slot of an ended task that nothing pins, and what it alone used.
    #[inline]
    pub(crate) fn free(&'static self, key: Key) -> bool {
        let Some(slot) = self.tasks.get(key) else { return false };
        let ((_, name, _), extra, request) = (slot.texts(), slot.extra(), slot.request_index());
        let word = self.tasks.word(key.slot()).map_or(NO_SPAWNER, |it| it.load(Ordering::Acquire));
        // It has ended: none of these changes any more.
        if !self.tasks.free(key) {
            return false;
        }
        name.release();
        self.requests.remove(request);
        self.extras.remove(extra);
        if let Some(spawner) = Key::from_bits(word)
            && let Some(slot) = self.tasks.get(spawner)
        {
            self.unpin(spawner, slot);
        }
        true
    }

    /// Gives an ended task another spawner, or none: its lineage is shortened.
    pub(crate) fn relink(&'static self, facts: &TaskFacts, spawner: Option<Key>) {
        let Some(word) = self.tasks.word(facts.key.slot()) else { return };
        if spawner == facts.spawner {
            return;
        }
        let pinned = spawner.filter(|key| self.pin(*key).is_some());
        let after = pinned.map_or(NO_SPAWNER, Key::bits);
        word.store(after, Ordering::SeqCst);
        if let Some(before) = facts.spawner
            && let Some(slot) = self.tasks.get(before)
        {
            self.unpin(before, slot);
        }
    }

    pub(crate) fn spawned_so_far(&self) -> u64 {
        self.spawned.sum()
    }

    pub(crate) fn live_holdings(&self) -> u64 {
        self.live_holdings.sum()
    }

    pub(crate) fn not_recorded(&self) -> u64 {
        self.not_recorded.load(Ordering::Relaxed)
    }

    pub(crate) fn askers_cancelled_so_far(&self) -> u64 {
        self.askers_cancelled.load(Ordering::SeqCst)
    }

    fn task_in(&self, index: u32) -> Option<TaskFacts> {
        let slot = self.tasks.slot(index)?;
        let word = self.tasks.word(index)?.load(Ordering::Acquire);
        if word == super::arena::FREE {
            return None;
        }
        let key = Key::new(Which::Tasks, index, slot.life().generation());
        let spawner = (word != NO_SPAWNER).then(|| Key::from_bits(word)).flatten();
        let facts = slot.facts(key, spawner);
        fence(Ordering::Acquire);
        (slot.life().generation() == key.generation()).then_some(facts)
    }

    pub(super) fn holding_in(&self, index: u32, word: u64) -> Option<HoldingFacts> {
        if word == super::arena::FREE {
            return None;
        }
        let slot = self.holdings.slot(index)?;
        let key = Key::new(Which::Holdings, index, slot.life().generation());
        // The generation may be newer than the word: then the slot is being made anew.
        if self.holdings.word(index)?.load(Ordering::Acquire) != word {
            return None;
        }
        let owner = Key::from_bits(word);
        let id_of = |owner| self.whole_task(owner).unwrap_or(0);
        let lent =
            owner.is_some_and(|owner| slot.has_an_acquirer() && slot.is_lent_to(id_of(owner)));
        let facts = HoldingFacts { lent, ..slot.facts(key, owner) };
        fence(Ordering::Acquire);
        let same_owner = self.holdings.word(index)?.load(Ordering::Acquire) == word;
        (same_owner && slot.life().generation() == key.generation()).then_some(facts)
    }
}
