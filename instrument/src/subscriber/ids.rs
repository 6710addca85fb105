//! Ids of the inner subscriber that are laid out like ours. No real subscriber mints
//! any; one that mints arbitrary ids may.

use std::{
    collections::HashSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// So many are remembered; with more of them, those beyond are only counted.
const MOST: usize = 65_536;

#[derive(Debug, Default)]
pub(super) struct ForeignIds {
    /// How many there are: 0 but for hostile subscribers, and then nothing is locked.
    count: AtomicUsize,
    ids: Mutex<HashSet<u64>>,
    forgotten: AtomicUsize,
}

impl ForeignIds {
    #[inline]
    pub(super) fn contains(&self, id: u64) -> bool {
        self.count.load(Ordering::Acquire) != 0 && self.lock().contains(&id)
    }

    pub(super) fn insert(&self, id: u64) {
        let mut ids = self.lock();
        if ids.len() >= MOST {
            self.forgotten.fetch_add(1, Ordering::Relaxed);
        } else {
            ids.insert(id);
            self.count.store(ids.len(), Ordering::Release);
        }
    }

    #[inline]
    pub(super) fn remove(&self, id: u64) {
        if self.count.load(Ordering::Acquire) != 0 {
            let mut ids = self.lock();
            ids.remove(&id);
            self.count.store(ids.len(), Ordering::Release);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<u64>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
