//! What is held: acquired, charged to an owner, and released.

use std::sync::PoisonError;

use super::{
    Level, Recorder, arena,
    clock::Nanos,
    events::What,
    here::Own,
    holding::{Acquired, HoldingFacts, HoldingFlag, NOBODY, OpenFd},
    key::Key,
    owner,
    pins::Kept,
    table::TextId,
};
use crate::{
    atomics::Ordering::{Relaxed, Release, SeqCst},
    fault::{Fault, planted},
};

impl Recorder {
    /// Something was acquired by the task this thread works for.
    #[inline]
    pub(crate) fn acquired(&'static self, acquired: &Acquired) -> Option<Key> {
        self.acquired_by(acquired, owner::current_task(self))
    }

    #[inline]
    pub(crate) fn acquired_by(&'static self, what: &Acquired, owner: Option<Key>) -> Option<Key> {
        if self.level() != Level::All {
            return None;
        }
        let Some((key, slot)) = self.holdings.alloc() else {
            self.not_recorded.fetch_add(1, Relaxed);
            return None;
        };
        slot.begin(what, self.clock.now());
        self.is_held_by(key, owner);
        if slot.has(HoldingFlag::Noted) {
            self.note_holding(key, What::Acquired);
        }
        Some(key)
    }

    /// What is in this slot is held from now on.
    #[inline]
    pub(super) fn is_held_by(&self, key: Key, owner: Option<Key>) {
        let owner = owner.and_then(|owner| self.keep(owner));
        self.live_holdings.add(1);
        self.holdings.publish(key, owner.map_or(NOBODY, |owner| owner.key.bits()));
        if let Some(owner) = owner {
            self.count(owner, Own::Holdings);
        }
    }

    #[inline]
    pub(super) fn uncount_holding(&'static self, owner: Key) {
        if let Some(slot) = self.runs_here(owner) {
            return slot.counts_here(Own::Holdings, -1);
        }
        if let Some(slot) = self.tasks.get(owner) {
            slot.counted_by_others(Own::Holdings).fetch_sub(1, Release);
            self.unpin(owner, slot);
        }
    }

    #[inline]
    pub(crate) fn released(&'static self, key: Key) {
        let (Some(slot), Some(word)) = (self.holdings.get(key), self.holdings.word(key.slot()))
        else {
            return;
        };
        if planted(Fault::Release) {
            return;
        }
        if slot.has(HoldingFlag::Noted) && !slot.has(HoldingFlag::Over) {
            self.note_holding(key, What::Released);
        }
        let label = slot.label();
        let owner = || Key::from_bits(word.load(SeqCst));
        let stays = planted(Fault::LateRelease) && owner().is_some_and(|it| self.has_ended(it));
        if slot.set(HoldingFlag::Over) && !stays {
            self.live_holdings.subtract(1);
        }
        let owner = word.swap(NOBODY, SeqCst);
        // With a span its id is this slot's: the slot goes when the span closes.
        if !slot.has(HoldingFlag::Span) && self.holdings.free(key) {
            label.release();
        }
        if let Some(owner) = Key::from_bits(owner) {
            self.uncount_holding(owner);
        }
    }

    /// It holds nothing any more, though its slot is still in use.
    pub(crate) fn is_over(&'static self, key: Key) {
        if let Some(slot) = self.holdings.get(key) {
            if slot.set(HoldingFlag::Over) {
                self.live_holdings.subtract(1);
            }
            self.owned_by(key, None);
        }
    }

    /// It holds something again.
    pub(crate) fn is_not_over(&'static self, key: Key, owner: Option<Key>) {
        if let Some(slot) = self.holdings.get(key)
            && slot.has(HoldingFlag::Over)
        {
            slot.unset(HoldingFlag::Over);
            self.live_holdings.add(1);
            self.owned_by(key, owner);
        }
    }

    /// The holding belongs to `owner` from now on; its age stays.
    #[inline]
    pub(crate) fn owned_by(&'static self, key: Key, owner: Option<Key>) {
        let (Some(_), Some(word)) = (self.holdings.get(key), self.holdings.word(key.slot())) else {
            return;
        };
        let before = word.load(SeqCst);
        let after = owner.map_or(NOBODY, Key::bits);
        if before == after || before == arena::FREE {
            return;
        }
        let owner = owner.and_then(|owner| self.keep(owner));
        let after = owner.map_or(NOBODY, |owner| owner.key.bits());
        if word.compare_exchange(before, after, SeqCst, SeqCst).is_ok() {
            if let Some(owner) = owner {
                self.count(owner, Own::Holdings);
            }
            if let Some(before) = Key::from_bits(before) {
                self.uncount_holding(before);
            }
        } else if let Some(Kept { key, slot, is_here: false }) = owner {
            // Released, or used by another thread at this very moment: theirs stands.
            self.unpin(key, slot);
        }
    }

    pub(crate) fn owner(&self, key: Key) -> Option<Key> {
        self.holdings.get(key)?;
        Key::from_bits(self.holdings.word(key.slot())?.load(SeqCst))
    }

    #[inline]
    pub(crate) fn set_due(&self, key: Key, at: Nanos) {
        if let Some(slot) = self.holdings.get(key) {
            slot.set_due(at);
        }
    }

    /// It may be held for so long, from its acquisition. Takes a lock: it is said of few.
    pub(crate) fn set_limit(&self, key: Key, limit: Nanos) {
        if let Some(slot) = self.holdings.get(key) {
            slot.set_limit(limit.max(1));
            self.limited.lock().unwrap_or_else(PoisonError::into_inner).push(key);
        }
    }

    /// It cannot move any more: who has it is known.
    pub(crate) fn stays(&self, key: Key) {
        if let Some(slot) = self.holdings.get(key) {
            slot.unset(HoldingFlag::Moves);
        }
    }

    pub(crate) fn take_limited(&self) -> Vec<Key> {
        std::mem::take(&mut *self.limited.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_amount(&self, key: Key, amount: u32) {
        if let Some(slot) = self.holdings.get(key) {
            slot.set_amount(amount);
        }
    }

    /// The label is a text of the program's own.
    pub(crate) fn relabel(&self, key: Key, label: TextId) {
        if let Some(slot) = self.holdings.get(key) {
            slot.relabel(label);
        }
    }

    pub(crate) fn set_bytes(&self, key: Key, bytes: u64) {
        if let Some(slot) = self.holdings.get(key) {
            slot.set_bytes(bytes);
        }
    }

    pub(crate) fn set_fd(&self, key: Key, fd: OpenFd) {
        if let Some(slot) = self.holdings.get(key) {
            slot.set_fd(fd);
        }
    }

    /// Another holding of the same, as old and for as long, with the same owner.
    pub(crate) fn twin(&'static self, key: Key) -> Option<Key> {
        let first = self.holding(key)?;
        let HoldingFacts { kind, label, site, flags, .. } = first;
        let what = Acquired::new(kind, label.shared(), site, flags);
        let Some(twin) = self.acquired_by(&what, first.owner) else {
            label.release();
            return None;
        };
        if let (Some(slot), Some(of)) = (self.holdings.get(twin), self.holdings.get(key)) {
            slot.acquired_at(first.acquired_at);
            slot.has_the_acquirer_of(of);
        }
        if let Some(fd) = first.fd {
            self.set_fd(twin, fd);
        }
        if let Some(limit) = first.limit {
            self.set_limit(twin, limit);
        }
        Some(twin)
    }

    /// Nobody owns it from now on. False when it is not `owner`'s any more.
    pub(super) fn disown(&'static self, key: Key, owner: Option<Key>) -> bool {
        let before = owner.map_or(NOBODY, Key::bits);
        let Some(word) = self.holdings.word(key.slot()) else { return false };
        let is_gone = word.compare_exchange(before, NOBODY, SeqCst, SeqCst).is_ok();
        if let Some(owner) = owner.filter(|_| is_gone) {
            self.uncount_holding(owner);
        }
        is_gone
    }
}
