//! What a task itself adds to its counts and pins, while it runs: tokio polls and drops a
//! task on one thread at a time, so what is counted there has one writer, and is changed by
//! a load and a store. What others add and take is counted apart; only the sum means
//! anything, and either may be less than nothing.

use crate::atomics::{
    AtomicI16, AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};

/// So many are counted here before they are added to what others count.
const FULL: i16 = 1 << 14;

/// What a task has of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Own {
    Children,
    Holdings,
}

/// Of one kind.
#[derive(Debug, Default)]
pub(super) struct Here(AtomicI16);

impl Here {
    /// None yet.
    #[inline]
    pub(super) fn begin(&self) {
        self.0.store(0, Relaxed);
    }

    /// Only for the thread that runs the task. Gives what is to be counted elsewhere from
    /// now on; [`Self::begin`] says that it is.
    #[inline]
    pub(super) fn add(&self, by: i16) -> Option<i16> {
        let now = self.0.load(Relaxed) + by;
        if now.abs() >= FULL {
            return Some(now);
        }
        // What is counted was published before.
        self.0.store(now, Release);
        None
    }

    #[inline]
    pub(super) fn get(&self) -> i16 {
        self.0.load(Acquire)
    }

    /// With what others count. Theirs is read first: whoever takes what was counted here
    /// knows of it. A moment may show too few of a task that runs, and none that has ended.
    #[inline]
    pub(super) fn sum(&self, others: &AtomicU32) -> u32 {
        let others = others.load(Acquire).cast_signed();
        u32::try_from(others.wrapping_add(self.get().into())).unwrap_or(0)
    }
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_others_took_is_less_than_nothing_and_the_sum_is_right() {
        let (here, others) = (Here::default(), AtomicU32::new(0));
        assert_eq!((here.add(1), here.add(1)), (None, None));
        others.fetch_sub(1, Relaxed);
        assert_eq!(here.sum(&others), 1);
        others.fetch_add(3, Relaxed);
        (0..4).for_each(|_| assert_eq!(here.add(-1), None));
        assert_eq!((here.get(), here.sum(&others)), (-2, 0));
    }

    #[test]
    fn it_says_when_it_is_full_either_way() {
        for by in [1, -1] {
            let here = Here::default();
            let full = (1..).find_map(|times| here.add(by).map(|full| (times, full)));
            assert_eq!(full, Some((i32::from(FULL), by * FULL)));
        }
    }
}
