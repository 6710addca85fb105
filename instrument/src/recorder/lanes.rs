//! What threads would otherwise fight for is there several times, once a *lane*; a thread
//! keeps to its own. The first threads have one to themselves for as long as they live,
//! and change what is in it by a load and a store; the others share what is left.

use std::{
    cell::Cell,
    sync::atomic::{
        AtomicU64, AtomicUsize,
        Ordering::{AcqRel, Acquire, Relaxed, Release},
    },
};

use crate::fault::{Fault, planted};

/// Lanes that one thread has to itself: for the workers of most services.
const OWNED: usize = 16;
const SHARED: usize = 8;
pub(super) const LANES: usize = OWNED + SHARED;

/// A bit for each of the owned lanes that a thread has.
static TAKEN: AtomicU64 = AtomicU64::new(0);
/// Threads that found none left.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// The calling thread's lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lane(usize);

impl Lane {
    #[inline]
    pub(super) fn of_this_thread() -> Self {
        // What a thread does while its own are destroyed goes to the lane that it had.
        LANE.with(|lane| match lane.get() {
            NOT_YET => Self::first(),
            lane => Self(lane),
        })
    }

    #[cold]
    fn first() -> Self {
        let lane = LEASE.try_with(|lease| lease.0.get()).ok().flatten().unwrap_or_else(shared);
        LANE.with(|cell| cell.set(lane));
        Self(lane)
    }

    /// Which it is, of so many as there are.
    #[inline]
    pub(super) fn index(self) -> usize {
        self.0
    }

    /// Adds to a word of this lane, and gives what it was.
    #[inline]
    pub(super) fn add(self, word: &AtomicU64, by: u64) -> u64 {
        if self.0 >= OWNED {
            return word.fetch_add(by, AcqRel);
        }
        let before = word.load(Relaxed);
        word.store(before.wrapping_add(by), Release);
        before
    }
}

const NOT_YET: usize = usize::MAX;

/// Gives the lane back when the thread ends: its next owner sees what was written to it.
struct Lease(Cell<Option<usize>>);

impl Lease {
    fn take() -> Self {
        let first_free = |taken: u64| (0..OWNED).find(|lane| taken & 1 << lane == 0);
        let taken = TAKEN
            .fetch_update(AcqRel, Acquire, |taken| first_free(taken).map(|lane| taken | 1 << lane));
        Self(Cell::new(taken.ok().and_then(first_free)))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(lane) = self.0.take() {
            LANE.with(|cell| cell.set(shared()));
            TAKEN.fetch_and(!(1 << lane), AcqRel);
        }
    }
}

/// Of a planted fault: what stands in a lane that nobody has.
pub(super) fn is_lost(lane: usize) -> bool {
    planted(Fault::LaneLost) && lane < OWNED && TAKEN.load(Acquire) & 1 << lane == 0
}

fn shared() -> usize {
    OWNED + THREADS.fetch_add(1, Relaxed) % SHARED
}

thread_local! {
    // Without a destructor, so that it can be reached at any time.
    static LANE: Cell<usize> = const { Cell::new(NOT_YET) };
    static LEASE: Lease = Lease::take();
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
        let lane = Lane::of_this_thread();
        lane.add(&self.0[lane.index()].0, by);
    }

    #[inline]
    pub(super) fn subtract(&self, by: u64) {
        self.add(by.wrapping_neg());
    }

    pub(super) fn sum(&self) -> u64 {
        let lanes = self.0.iter().enumerate().filter(|(lane, _)| !is_lost(*lane));
        let sum = lanes.fold(0, |sum: u64, (_, lane)| sum.wrapping_add(lane.0.load(Relaxed)));
        // A raise may not be seen yet whose fall is: there are never less than none.
        if sum > u64::MAX / 2 { 0 } else { sum }
    }
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use std::{sync::Arc, sync::Barrier, thread};

    use super::*;

    #[test]
    fn what_one_thread_raises_another_lowers() {
        let count = Arc::new(Count::default());
        count.add(5);
        let other = Arc::clone(&count);
        thread::spawn(move || other.subtract(3)).join().expect("no panic");
        assert_eq!(count.sum(), 2);
    }

    /// More threads than there are lanes for, again and again: each count is exact.
    #[test]
    fn nothing_is_lost_where_lanes_are_shared_and_passed_on() {
        const AT_ONCE: usize = 2 * LANES;
        let count = Arc::new(Count::default());
        for _ in 0..3 {
            let together = Arc::new(Barrier::new(AT_ONCE));
            let threads: Vec<_> = (0..AT_ONCE)
                .map(|_| {
                    let (count, together) = (Arc::clone(&count), Arc::clone(&together));
                    thread::spawn(move || {
                        let lane = Lane::of_this_thread();
                        together.wait();
                        (0..10_000).for_each(|_| count.add(1));
                        lane
                    })
                })
                .collect();
            let lanes = threads.into_iter().map(|thread| thread.join().expect("no panic"));
            let mut owned: Vec<usize> = lanes.map(Lane::index).filter(|it| *it < OWNED).collect();
            let many = owned.len();
            owned.sort_unstable();
            owned.dedup();
            assert_eq!(owned.len(), many, "an owned lane is one thread's");
        }
        assert_eq!(count.sum(), 3 * 10_000 * AT_ONCE as u64);
    }

    #[test]
    fn a_thread_that_ends_records_on_its_way_out() {
        struct Last(Arc<Count>);
        impl Drop for Last {
            fn drop(&mut self) {
                self.0.add(1);
            }
        }
        thread_local! {
            static BEFORE: Cell<Option<Last>> = const { Cell::new(None) };
            static AFTER: Cell<Option<Last>> = const { Cell::new(None) };
        }
        let count = Arc::new(Count::default());
        let (before, after) = (Last(Arc::clone(&count)), Last(Arc::clone(&count)));
        let thread = thread::spawn(move || {
            BEFORE.set(Some(before));
            Lane::of_this_thread();
            AFTER.set(Some(after));
        });
        thread.join().expect("no panic");
        assert_eq!(count.sum(), 2);
    }
}
