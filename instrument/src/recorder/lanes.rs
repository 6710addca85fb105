//! What threads would otherwise fight for is there several times, once a *lane*; a thread
//! keeps to its own.

use std::{
    cell::Cell,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

/// Enough for the threads of a small machine; on a larger one some share theirs.
pub(super) const LANES: usize = 8;

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static LANE: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// The calling thread's lane.
#[inline]
pub(super) fn lane() -> usize {
    LANE.with(|lane| {
        if lane.get() == usize::MAX {
            lane.set(THREADS.fetch_add(1, Relaxed) % LANES);
        }
        lane.get()
    })
}

/// A count that all threads change, and that is read now and then: no two lanes share a
/// cache line. What one thread raises another may lower: only the sum means anything.
#[derive(Debug, Default)]
pub(super) struct Count([Padded; LANES]);

#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded(AtomicU64);

impl Count {
    #[inline]
    pub(super) fn add(&self, by: u64) {
        self.0[lane()].0.fetch_add(by, Relaxed);
    }

    #[inline]
    pub(super) fn subtract(&self, by: u64) {
        self.0[lane()].0.fetch_sub(by, Relaxed);
    }

    pub(super) fn sum(&self) -> u64 {
        let sum = self.0.iter().fold(0, |sum: u64, lane| sum.wrapping_add(lane.0.load(Relaxed)));
        // A raise may not be seen yet whose fall is: there are never less than none.
        if sum > u64::MAX / 2 { 0 } else { sum }
    }
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use std::{sync::Arc, thread};

    use super::*;

    #[test]
    fn what_one_thread_raises_another_lowers() {
        let count = Arc::new(Count::default());
        count.add(5);
        let other = Arc::clone(&count);
        thread::spawn(move || other.subtract(3)).join().expect("no panic");
        assert_eq!(count.sum(), 2);
    }
}
