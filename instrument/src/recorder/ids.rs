//! The ids of tasks, from 1. A thread takes a few at once, so that not every spawn of
//! every thread changes the same word: of two threads' tasks the older one may have the
//! greater id.

use std::{
    cell::Cell,
    ptr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::fault::{Fault, planted};

/// So many are taken at once; what a thread does not use of them is nobody's.
const BATCH: u64 = 8;

/// See the module's header.
#[derive(Debug)]
pub(super) struct Ids(AtomicU64);

/// What a thread has left, and of which ids it is.
#[derive(Clone, Copy)]
struct Left {
    of: *const Ids,
    next: u64,
    end: u64,
}

thread_local! {
    static LEFT: Cell<Left> = const { Cell::new(Left { of: ptr::null(), next: 0, end: 0 }) };
}

impl Default for Ids {
    fn default() -> Self {
        Self(AtomicU64::new(1))
    }
}

impl Ids {
    #[inline]
    pub(super) fn next(&self) -> u64 {
        LEFT.with(|cell| {
            let mut left = cell.get();
            if left.next == left.end || !ptr::eq(left.of, self) {
                left = self.take();
            }
            cell.set(Left { next: left.next + 1, ..left });
            left.next
        })
    }

    #[cold]
    fn take(&self) -> Left {
        let taken = if planted(Fault::IdTwice) { BATCH - 1 } else { BATCH };
        let next = self.0.fetch_add(taken, Relaxed);
        Left { of: self, next, end: next + BATCH }
    }
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use std::{collections::HashSet, sync::Arc, thread};

    use super::*;

    #[test]
    fn no_id_is_given_twice() {
        let ids = Arc::new(Ids::default());
        let taken = |ids: &Ids| (0..1_000).map(|_| ids.next()).collect::<Vec<u64>>();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let ids = Arc::clone(&ids);
                thread::spawn(move || taken(&ids))
            })
            .collect();
        let all: Vec<u64> =
            threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 4_000);
    }

    #[test]
    fn a_thread_counts_from_one() {
        let ids = Ids::default();
        assert_eq!((0..20).map(|_| ids.next()).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
        let other = Ids::default();
        assert_eq!((other.next(), other.next()), (1, 2), "each counts for itself");
        assert!(ids.next() > 20);
    }
}
