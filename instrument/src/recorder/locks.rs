//! Locks as tokio's spans show them.

use super::{
    Level, Recorder,
    holding::{Acquired, HoldingFlag, NOBODY},
    key::Key,
};
use crate::atomics::Ordering::SeqCst;

impl Recorder {
    /// A lock: a slot that is no holding until it is locked.
    #[inline]
    pub(crate) fn lock_made(&'static self, lock: &Acquired) -> Option<Key> {
        if self.level() != Level::All {
            return None;
        }
        let (key, slot) = self.holdings.alloc()?;
        let flags = lock.flags | HoldingFlag::Over as u8;
        // Nobody is told when it was made: the time is that of what becomes of it.
        slot.begin(&Acquired { flags, amount: 0, ..*lock }, 0);
        self.holdings.publish(key, NOBODY);
        Some(key)
    }

    /// tokio tells of the new holder before it tells that the old one has let go, or
    /// after: they are counted.
    #[inline]
    pub(crate) fn lock_taken(&'static self, lock: Key, holder: Option<Key>) {
        if let Some(slot) = self.holdings.get(lock) {
            slot.count_amount().fetch_add(1, SeqCst);
            slot.acquired_at(self.clock.now());
            self.owned_by(lock, holder);
            if slot.unset(HoldingFlag::Over) {
                self.live_holdings.add(1);
            }
        }
    }

    #[inline]
    pub(crate) fn lock_given_back(&'static self, lock: Key) {
        let Some(slot) = self.holdings.get(lock) else { return };
        let holder = self.owner(lock);
        let one_less = |held: u32| held.checked_sub(1);
        // A new lock says that it is not locked.
        let is_free = slot.count_amount().fetch_update(SeqCst, SeqCst, one_less) == Ok(1);
        // Whoever takes it meanwhile is its holder.
        if !is_free || !self.disown(lock, holder) {
            return;
        }
        if slot.set(HoldingFlag::Over) {
            self.live_holdings.subtract(1);
        }
        if slot.count_amount().load(SeqCst) > 0 && slot.unset(HoldingFlag::Over) {
            self.live_holdings.add(1);
        }
    }
}
