//! Ends of channels. One is held for as long as the other side lives; while it does not,
//! and it may come back, the end is nobody's, and knows whose it would be.
//!
//! It belongs to the task that used it last. Unless that task acquired it too, it may
//! only have been lent it: see `uses`.

use super::{
    Recorder,
    holding::{Acquired, HoldingFlag, NOBODY},
    key::Key,
};
use crate::{
    atomics::{
        Ordering::{Relaxed, SeqCst},
        fence,
    },
    fault::{Fault, planted},
};

impl Recorder {
    /// An end was acquired by the task that this thread works for.
    pub(crate) fn end_made(&'static self, what: &Acquired) -> Option<Key> {
        let key = self.acquired(what)?;
        if let Some(slot) = self.holdings.get(key) {
            slot.is_acquired_by(self.current_whole_task());
        }
        Some(key)
    }

    /// The task, or nobody who is recorded, has used the end. Whoever calls has it: its
    /// slot is in use.
    #[inline]
    pub(crate) fn end_used(&'static self, end: Key, user: Option<Key>) {
        if planted(Fault::Use) {
            return;
        }
        let word = self.holdings.word(end.slot());
        let is_theirs = |task: Key| word.is_some_and(|word| word.load(Relaxed) == task.bits());
        if !user.is_some_and(is_theirs) {
            self.end_is_used_by_another(end, user);
        }
    }

    fn end_is_used_by_another(&'static self, end: Key, user: Option<Key>) {
        let Some(slot) = self.holdings.get(end) else { return };
        let before = self.owner(end).or_else(|| slot.would_be_owned_by());
        self.end_changes_hands(end, user.and_then(|user| self.has_it(before, user)));
    }

    fn end_changes_hands(&'static self, end: Key, to: Option<Key>) {
        let Some(slot) = self.holdings.get(end) else { return };
        if slot.has(HoldingFlag::Over) {
            return slot.would_be(to);
        }
        self.owned_by(end, to);
        fence(SeqCst);
        // The other side has gone meanwhile.
        if slot.has(HoldingFlag::Over) {
            self.disown(end, to);
            slot.would_be(to);
        }
    }

    /// It is that task's from now on, on purpose, as if that had acquired it.
    pub(crate) fn transferred(&'static self, holding: Key, to: Option<Key>) {
        let Some(slot) = self.holdings.get(holding) else { return };
        if slot.has_an_acquirer() {
            slot.is_acquired_by(to.and_then(|task| self.whole_task(task)).unwrap_or(0));
            return self.end_changes_hands(holding, to);
        }
        self.owned_by(holding, to);
    }

    /// The other side is gone: nobody can miss the end.
    pub(crate) fn end_is_missed_by_nobody(&'static self, end: Key) {
        let (Some(slot), Some(word)) = (self.holdings.get(end), self.holdings.word(end.slot()))
        else {
            return;
        };
        if planted(Fault::Missed) || !slot.set(HoldingFlag::Over) {
            return;
        }
        self.live_holdings.subtract(1);
        fence(SeqCst);
        let owner = Key::from_bits(word.swap(NOBODY, SeqCst));
        slot.would_be(owner);
        if let Some(owner) = owner {
            self.uncount_holding(owner);
        }
    }

    /// The other side is there again.
    pub(crate) fn end_is_missed_again(&'static self, end: Key) {
        if let Some(slot) = self.holdings.get(end)
            && !planted(Fault::MissedAgain)
            && slot.unset(HoldingFlag::Over)
        {
            self.live_holdings.add(1);
            self.owned_by(end, slot.would_be_owned_by());
        }
    }

    /// Nobody can miss a share of this any more. Reads every holding: for what is rare.
    pub(crate) fn shares_are_over(&'static self, resource: u64) {
        let shares = self.holdings.scan().filter(|(.., slot)| slot.is_share_of(resource));
        for (index, ..) in shares {
            let word = self.holdings.word(index).map_or(NOBODY, |word| word.load(SeqCst));
            let facts = self.holding_in(index, word).filter(|it| it.resource == resource);
            if let Some(facts) = facts.filter(|it| !it.has(HoldingFlag::Blocked)) {
                self.is_over(facts.key);
            }
        }
    }
}
