//! Whose a holding is when it is used: its user's. Two things are not taken for more than
//! they are. What a scope uses that is not its own stays with what is around it, since that
//! has it still when the scope is dropped; and who has only used what another acquired may
//! have been lent it, as whoever has a reference can use it. A timer, or the end of a channel
//! of two, that more than one task has polled is shared: a limiter's interval, a future that
//! several await. Who polled it last may have dropped its share, and another have one still.

use super::{
    Recorder,
    holding::{HoldingSlot, NOBODY},
    key::Key,
};
use crate::{
    atomics::Ordering::SeqCst,
    fault::{Fault, planted},
    words::Kind,
};

/// Scopes within each other that are looked at.
const DEPTH: usize = 16;

impl Recorder {
    /// The task or scope, or nobody who is recorded, has used it. Whoever calls has it: its
    /// slot is in use.
    #[inline]
    pub(crate) fn used(&'static self, holding: Key, user: Option<Key>) {
        let Some(word) = self.holdings.word(holding.slot()) else { return };
        let before = word.load(SeqCst);
        if before != user.map_or(NOBODY, Key::bits) && !planted(Fault::Use) {
            self.is_used_by_another(holding, Key::from_bits(before), user);
        }
    }

    fn is_used_by_another(&'static self, holding: Key, before: Option<Key>, user: Option<Key>) {
        let Some(slot) = self.holdings.get(holding) else { return };
        let user = user.and_then(|user| self.has_it(before, user));
        if user == before {
            return;
        }
        self.acquirer_is_noted(slot, before, user);
        self.owned_by(holding, user);
    }

    fn acquirer_is_noted(&self, slot: &HoldingSlot, before: Option<Key>, user: Option<Key>) {
        let whole = |task: Option<Key>| task.and_then(|task| self.whole_task(task));
        // One that is taken from where it was parked is acquired by that.
        if slot.is_taken_from_where_it_was_parked() {
            slot.is_first_acquired_by(whole(user));
        } else if slot.is_polled() && whole(before) != whole(user) {
            slot.is_acquired_by(0);
        } else {
            // While it was nobody else's its owner was who acquired it.
            slot.is_first_acquired_by(whole(before));
        }
    }

    /// Of what `before` has and `user` uses: the innermost of what both are in, or else all
    /// of the task that uses it.
    pub(super) fn has_it(&self, before: Option<Key>, user: Key) -> Option<Key> {
        let around = |key: Key| self.around(key).take(DEPTH);
        let has = |key: Key| before.is_some_and(|before| around(before).any(|it| it == key));
        if planted(Fault::UsedInScope) {
            return Some(user);
        }
        around(user).find(|key| has(*key)).or_else(|| around(user).last())
    }

    /// A library has made it for itself, in whoever happened to call it first: what it keeps
    /// it in may be everybody's.
    pub(crate) fn is_a_librarys(&self, holding: Key) {
        if let Some(slot) = self.holdings.get(holding) {
            slot.is_acquired_by(0);
        }
    }

    /// No task owns it from now on, until one takes it.
    pub(crate) fn parked(&'static self, holding: Key) {
        if let Some(slot) = self.holdings.get(holding) {
            slot.is_parked();
        }
        self.owned_by(holding, None);
    }
}

impl HoldingSlot {
    /// It is used by polling it, and no other use of it is seen: not who has put it where
    /// others can poll it too.
    fn is_polled(&self) -> bool {
        matches!(self.what().0, Kind::Timer | Kind::Channel)
    }
}
