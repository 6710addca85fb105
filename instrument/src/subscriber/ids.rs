//! Ids of the inner subscriber that are laid out like ours. No real subscriber mints
//! any; one that mints arbitrary ids may.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// So many are remembered; with more of them, those beyond are only counted.
const MOST: usize = 65_536;

#[derive(Debug, Default)]
pub(super) struct ForeignIds {
    /// How many there are: 0 but for hostile subscribers, and then nothing is locked.
    count: AtomicUsize,
    ids: Mutex<HashMap<u64, Times>>,
    forgotten: AtomicUsize,
}

/// How often `S` minted an id. Twice, when it has closed a span and mints its id again
/// on another thread before the close is noted here.
#[derive(Debug, Default)]
struct Times {
    /// Minted, and perhaps to be refused: until that is known the id is `S`'s for nobody,
    /// and new spans of tokio's do not get it.
    claiming: usize,
    minted: usize,
}

impl ForeignIds {
    /// `S` minted it, and has not closed it.
    #[inline]
    pub(super) fn contains(&self, id: u64) -> bool {
        self.count.load(Ordering::Acquire) != 0 && self.knows(id)
    }

    #[cold]
    fn knows(&self, id: u64) -> bool {
        self.lock().get(&id).is_some_and(|times| times.minted > 0)
    }

    /// Not for a new span of tokio's. Asked after the slot was taken.
    #[inline]
    pub(super) fn is_taken(&self, id: u64) -> bool {
        self.count.load(Ordering::SeqCst) != 0 && self.lock().contains_key(&id)
    }

    /// Remembers what `S` minted; false when it is one of ours. That is asked again once
    /// the id is taken: a slot that gets it later finds it taken.
    pub(super) fn claim(&self, id: u64, is_ours: impl Fn() -> bool) -> bool {
        if is_ours() {
            return false;
        }
        self.change(id, |times| times.claiming += 1);
        let is_claimed = !is_ours();
        let is_known = self.change(id, |times| {
            times.claiming = times.claiming.saturating_sub(1);
            times.minted += usize::from(is_claimed);
        });
        if is_claimed && !is_known {
            self.forgotten.fetch_add(1, Ordering::Relaxed);
        }
        is_claimed
    }

    /// `S` has closed it.
    #[inline]
    pub(super) fn remove(&self, id: u64) {
        if self.count.load(Ordering::Acquire) != 0 {
            self.change(id, |times| times.minted = times.minted.saturating_sub(1));
        }
    }

    /// False when there are too many to remember another.
    fn change(&self, id: u64, change: impl FnOnce(&mut Times)) -> bool {
        let mut ids = self.lock();
        if ids.len() >= MOST && !ids.contains_key(&id) {
            return false;
        }
        let times = ids.entry(id).or_default();
        change(times);
        if times.claiming == 0 && times.minted == 0 {
            ids.remove(&id);
        }
        self.count.store(ids.len(), Ordering::SeqCst);
        true
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Times>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
