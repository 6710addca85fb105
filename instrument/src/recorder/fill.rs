//! How full a bounded channel is: counted by its ends, one addition a message, and added
//! up when somebody looks. tokio's own number could only be asked of an end, whose
//! messages may be neither `Send` nor `'static`, and which lives as long as it is had.

use std::{
    collections::HashMap,
    ptr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

/// Of one channel. Who sends and who receives write to different lines of the cache.
#[derive(Debug)]
pub(crate) struct Fill {
    capacity: u64,
    /// Something of it was not counted, or cannot be: the depth is not known.
    unknown: AtomicBool,
    taken: Line,
    back: Line,
}

/// One is like no other.
impl PartialEq for Fill {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self, other)
    }
}

#[derive(Debug, Default)]
#[repr(align(64))]
struct Line {
    count: AtomicU64,
    received: AtomicU64,
}

impl Fill {
    /// Of a channel whose depth is counted.
    pub(crate) fn counted(capacity: usize) -> Self {
        Self {
            capacity: capacity as u64,
            unknown: AtomicBool::new(false),
            taken: Line::default(),
            back: Line::default(),
        }
    }

    /// Of a channel of which only the capacity is known.
    pub(crate) fn of_capacity(capacity: usize) -> Self {
        let fill = Self::counted(capacity);
        fill.is_unknown();
        fill
    }

    /// So many places were sent into or reserved.
    #[inline]
    pub(crate) fn takes(&self, places: usize) {
        self.taken.count.fetch_add(places as u64, Relaxed);
    }

    /// So many places were reserved and not used.
    pub(crate) fn gives_back(&self, places: usize) {
        self.back.count.fetch_add(places as u64, Relaxed);
    }

    /// So many messages were received. A channel has one receiver: nobody else writes.
    #[inline]
    pub(crate) fn receives(&self, messages: usize) {
        let before = self.back.received.load(Relaxed);
        self.back.received.store(before + messages as u64, Relaxed);
    }

    /// tokio's own end is used beside ours.
    pub(crate) fn is_unknown(&self) {
        self.unknown.store(true, Relaxed);
    }

    pub(crate) fn capacity(&self) -> u64 {
        self.capacity
    }

    /// How many places are taken, by messages and by reservations; `None` when that is
    /// not known. While messages are on their way, of one moment or another.
    pub(crate) fn depth(&self) -> Option<u64> {
        if self.unknown.load(Relaxed) {
            return None;
        }
        let back = self.back.count.load(Relaxed) + self.back.received.load(Relaxed);
        Some(self.taken.count.load(Relaxed).saturating_sub(back).min(self.capacity))
    }
}

/// Those of the channels that live, by the number of either side.
#[derive(Debug, Default)]
pub(crate) struct Fills(Mutex<HashMap<u64, Arc<Fill>>>);

impl Fills {
    pub(crate) fn insert(&self, sides: [u64; 2], fill: &Arc<Fill>) {
        self.lock().extend(sides.map(|side| (side, Arc::clone(fill))));
    }

    pub(crate) fn remove(&self, sides: [u64; 2]) {
        let mut fills = self.lock();
        for side in sides {
            fills.remove(&side);
        }
    }

    pub(crate) fn get(&self, side: u64) -> Option<Arc<Fill>> {
        self.lock().get(&side).map(Arc::clone)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Fill>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_until_they_are_given_back_or_received() {
        let fill = Fill::counted(4);
        fill.takes(1);
        fill.takes(3);
        assert_eq!((fill.depth(), fill.capacity()), (Some(4), 4));
        fill.gives_back(1);
        fill.receives(2);
        assert_eq!(fill.depth(), Some(1));
        // Received before its sender has counted it.
        fill.receives(2);
        assert_eq!(fill.depth(), Some(0));
        fill.is_unknown();
        assert_eq!(fill.depth(), None);
    }

    #[test]
    fn a_channel_is_found_by_either_side_while_it_lives() {
        let fills = Fills::default();
        fills.insert([1, 2], &Arc::new(Fill::of_capacity(8)));
        let found = |side| fills.get(side).map(|fill| (fill.depth(), fill.capacity()));
        assert_eq!([found(1), found(2), found(3)], [Some((None, 8)), Some((None, 8)), None]);
        fills.remove([1, 2]);
        assert_eq!([found(1), found(2)], [None, None]);
    }
}
