//! What many hold at once, as tokio's spans show it: read locks and permits. They show
//! who acquires, and that something is released, but not whose: a guard or a permit has
//! no identity in them, and may have moved.
//!
//! So a release counts as anybody's: whatever is released is taken from each task that
//! holds something of it. What is left is at most what that task still holds, whoever
//! released what; a task that holds more than is left is a case for silence. A write lock
//! is held by one alone, and needs none of this.

use std::{
    collections::HashMap,
    hash::BuildHasherDefault,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    Recorder,
    holding::{Acquired, HoldingFlag},
    key::Key,
    table::TextId,
    task::TaskSlot,
};
use crate::{atomics::Ordering::SeqCst, hash::WordHasher};

/// Of more holders than these none is told apart: a release takes from all of them.
const TOLD_APART: usize = 64;
/// Tables: two locks or semaphores seldom share one.
const TABLES: usize = 64;

/// The shares of every lock and semaphore. Each table is locked when something is
/// acquired of what is in it, or released; tokio locks too, then.
#[derive(Debug)]
pub(super) struct Shares([Mutex<Table>; TABLES]);

type Table = HashMap<Key, Vec<Share>, BuildHasherDefault<WordHasher>>;

/// Something that is held, for certain.
#[derive(Clone, Copy, Debug)]
struct Share {
    holding: Key,
    owner: Option<Key>,
    how: How,
    amount: u32,
    /// In which of its polls its owner acquired it, or in its drop.
    run: u64,
}

/// Whether others can hold a share beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Shared,
    Alone,
}

impl Shares {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }

    #[inline]
    fn table(&self, of: Key) -> MutexGuard<'_, Table> {
        self.0[of.slot() as usize % TABLES].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder {
    /// A share of `of` was acquired.
    #[inline]
    pub(crate) fn share_acquired(
        &'static self,
        of: Key,
        label: TextId,
        how: How,
        amount: u32,
        owner: Option<Key>,
    ) {
        let Some(slot) = self.holding_slot(of) else { return };
        let (kind, _, site) = slot.what();
        let flags = HoldingFlag::Inferred as u8 | HoldingFlag::Moves as u8;
        let what =
            Acquired { resource: of.bits(), amount, ..Acquired::new(kind, label, site, flags) };
        if let Some(holding) = self.acquired_by(&what, owner) {
            self.share_is_held(of, holding, how, amount, owner);
        }
    }

    /// This holding is a share of `of`.
    #[inline]
    pub(super) fn share_is_held(
        &'static self,
        of: Key,
        holding: Key,
        how: How,
        amount: u32,
        owner: Option<Key>,
    ) {
        let run = self.run_of(owner);
        let share = Share { holding, owner, how, amount, run };
        self.shares.table(of).entry(of).or_default().push(share);
    }

    /// So much of `of` was released, by whomever: the newest first.
    #[inline]
    pub(crate) fn share_released(&'static self, of: Key, amount: u32) {
        let mut table = self.shares.table(of);
        let Some(shares) = table.get_mut(&of) else { return };
        if shares.len() > TOLD_APART {
            for share in shares.iter_mut().filter(|it| is_shared(it)) {
                self.released(share.holding);
                share.amount = 0;
            }
        } else {
            self.take_from_each(shares, amount);
        }
        shares.retain(|share| share.amount > 0);
    }

    #[inline]
    fn take_from_each(&'static self, shares: &mut [Share], amount: u32) {
        for at in 0..shares.len() {
            let share = shares[at];
            // Each owner's once, when the first of its shares is met.
            let of_it = |it: &Share| it.how == How::Shared && it.owner == share.owner;
            if is_shared(&share) && !shares[..at].iter().any(of_it) {
                self.take_from(&mut shares[at..], share.owner, amount);
            }
        }
    }

    /// Takes so much from one owner's shares; all of it where it matters which of them
    /// it was and that cannot be told: some may be of its drop, and others older.
    #[inline]
    fn take_from(&'static self, shares: &mut [Share], owner: Option<Key>, amount: u32) {
        let its = || shares.iter().filter(|it| is_shared(it) && it.owner == owner);
        let newest = its().map(|it| it.run).max().unwrap_or(0);
        // An older run than the owner's last was no drop.
        let is_mixed = newest >= self.run_of(owner) && its().any(|it| it.run != newest);
        let mut left = if is_mixed { u32::MAX } else { amount };
        for share in shares.iter_mut().rev().filter(|it| is_shared(it) && it.owner == owner) {
            let taken = left.min(share.amount);
            share.amount -= taken;
            left -= taken;
            if share.amount == 0 {
                self.released(share.holding);
            } else {
                self.set_amount(share.holding, share.amount);
            }
            if left == 0 {
                break;
            }
        }
    }

    /// Who held it alone has let go. Of two, which a moment can show, the older one.
    pub(crate) fn alone_released(&'static self, of: Key) {
        let mut table = self.shares.table(of);
        let Some(shares) = table.get_mut(&of) else { return };
        if let Some(at) = shares.iter().position(|it| it.how == How::Alone) {
            self.released(shares.remove(at).holding);
        }
    }

    /// There is no such lock or semaphore any more, and nobody can hold a share of it.
    pub(super) fn shares_are_gone(&'static self, of: Key) {
        let gone = self.shares.table(of).remove(&of);
        for share in gone.into_iter().flatten() {
            self.released(share.holding);
        }
    }

    /// Something was acquired of it, or released, and what is not known.
    #[cold]
    pub(crate) fn holders_are_lost(&'static self, of: Key) {
        self.shares_are_gone(of);
        let Some(slot) = self.holding_slot(of) else { return };
        if slot.count_amount().swap(0, SeqCst) > 0 {
            self.is_over(of);
        }
    }

    #[inline]
    fn run_of(&self, owner: Option<Key>) -> u64 {
        owner.and_then(|owner| self.task_slot(owner)).map_or(0, TaskSlot::runs)
    }
}

fn is_shared(share: &Share) -> bool {
    share.how == How::Shared && share.amount > 0
}
