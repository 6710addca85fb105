//! The first rows of many: a window is picked while the rows go by, and no more of them
//! are kept than it shows.

use std::{cmp::Ordering, collections::BinaryHeap};

/// The rows that come first, so many of them.
#[derive(Debug)]
pub(super) struct Best<K, T> {
    most: usize,
    reversed: bool,
    /// The worst of them on top.
    heap: BinaryHeap<Entry<K, T>>,
}

#[derive(Debug)]
struct Entry<K, T> {
    key: K,
    row: T,
    reversed: bool,
}

impl<K: Ord, T> Ord for Entry<K, T> {
    fn cmp(&self, other: &Self) -> Ordering {
        in_order(&self.key, &other.key, self.reversed)
    }
}

impl<K: Ord, T> PartialOrd for Entry<K, T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord, T> PartialEq for Entry<K, T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<K: Ord, T> Eq for Entry<K, T> {}

fn in_order<K: Ord>(one: &K, other: &K, reversed: bool) -> Ordering {
    if reversed { other.cmp(one) } else { one.cmp(other) }
}

impl<K: Ord, T> Best<K, T> {
    pub(super) fn new(most: usize, reversed: bool) -> Self {
        Self { most, reversed, heap: BinaryHeap::new() }
    }

    /// `row` is asked for only where it is one of them so far.
    pub(super) fn offer(&mut self, key: K, row: impl FnOnce() -> T) {
        let reversed = self.reversed;
        if self.heap.len() < self.most {
            self.heap.push(Entry { key, row: row(), reversed });
        } else if let Some(mut worst) = self.heap.peek_mut()
            && in_order(&key, &worst.key, reversed) == Ordering::Less
        {
            *worst = Entry { key, row: row(), reversed };
        }
    }

    /// In order, without the first `skipped`.
    pub(super) fn into_window(self, skipped: usize) -> Vec<T> {
        let sorted = self.heap.into_sorted_vec().into_iter();
        sorted.skip(skipped).map(|entry| entry.row).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What is picked is what sorting everything would show.
        #[test]
        fn the_window_is_that_of_the_sorted_rows(
            keys in proptest::collection::vec(0_u8..20, 0..60),
            skipped in 0_usize..20,
            shown in 1_usize..20,
            reversed: bool,
        ) {
            let mut all: Vec<(u8, usize)> = keys.into_iter().zip(0..).collect();
            let mut best = Best::new(skipped + shown, reversed);
            for row in &all {
                best.offer(*row, || *row);
            }
            all.sort_unstable();
            if reversed {
                all.reverse();
            }
            let window: Vec<_> = all.into_iter().skip(skipped).take(shown).collect();
            prop_assert_eq!(best.into_window(skipped), window);
        }
    }
}
