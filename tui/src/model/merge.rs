//! The rows of several targets, in one order: each target tells the first of its own, sorted
//! as is asked, so the first of all are known without asking more.

mod key;

use std::{collections::VecDeque, ops::Deref};

pub(super) use self::key::Sorter;
use super::list::Entity;
use crate::client::TargetId;

/// A row, and whose it is. Rows that are alike are not one row where their targets differ:
/// each has its own clock and its own process, and is opened, cancelled and mended there.
#[derive(Clone, Debug)]
pub(crate) struct Of<T> {
    pub(crate) target: TargetId,
    row: T,
}

impl<T> Of<T> {
    pub(super) fn new(target: TargetId, row: T) -> Self {
        Self { target, row }
    }
}

impl<T> Deref for Of<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.row
    }
}

impl<T: Entity> Entity for Of<T> {
    type Id = (TargetId, T::Id);

    fn id(&self) -> Self::Id {
        (self.target, self.row.id())
    }

    fn comes_last(&self) -> bool {
        self.row.comes_last()
    }

    fn is_over(&self) -> bool {
        self.row.is_over()
    }
}

/// The first rows of a target, in its order.
#[derive(Debug)]
pub(super) struct Window<T> {
    pub(super) target: TargetId,
    pub(super) rows: Vec<T>,
    /// It has others after these.
    pub(super) more: bool,
    /// They are in the order that is asked for: of one that has not answered since it was
    /// asked for another they are not.
    pub(super) is_sorted: bool,
}

/// The first rows of all.
#[derive(Debug)]
pub(super) struct Merged<T> {
    pub(super) rows: Vec<Of<T>>,
    /// There are others after these.
    pub(super) more: bool,
}

/// In order, as far as it is known: what comes after the last row that was told of a target
/// that has more may come before those of the others. What compares equal stays in the
/// order of the targets.
pub(super) fn merged<T, K: Ord>(
    windows: Vec<Window<T>>,
    key: impl Fn(TargetId, &T) -> K,
) -> Merged<T> {
    if windows.len() <= 1 {
        return as_it_is(windows);
    }
    let total = windows.iter().map(|window| window.rows.len()).sum();
    let mut merged = Merged { rows: Vec::with_capacity(total), more: false };
    let mut heads: Vec<Head<T, K>> = windows.into_iter().map(|it| Head::of(it, &key)).collect();
    if heads.iter().any(|head| head.rows.is_empty() && head.more) {
        return Merged { more: true, ..merged };
    }
    loop {
        let first = heads.iter_mut().filter(|head| !head.rows.is_empty());
        let Some(first) = first.min_by(|a, b| a.rows[0].0.cmp(&b.rows[0].0)) else {
            return merged;
        };
        merged.rows.extend(first.rows.pop_front().map(|(_, row)| Of::new(first.target, row)));
        if first.rows.is_empty() && first.more {
            return Merged { more: true, ..merged };
        }
    }
}

fn as_it_is<T>(windows: Vec<Window<T>>) -> Merged<T> {
    let mut merged = Merged { rows: Vec::new(), more: false };
    for Window { target, rows, more, .. } in windows {
        merged.more |= more;
        merged.rows.extend(rows.into_iter().map(|row| Of::new(target, row)));
    }
    merged
}

/// One target's after the other's: what has an order only within a target.
pub(super) fn in_turn<T>(windows: Vec<Window<T>>) -> Merged<T> {
    as_it_is(windows)
}

/// What is left of a window.
struct Head<T, K> {
    target: TargetId,
    rows: VecDeque<(K, T)>,
    more: bool,
}

impl<T, K: Ord> Head<T, K> {
    fn of(window: Window<T>, key: impl Fn(TargetId, &T) -> K) -> Self {
        let Window { target, rows, more, is_sorted } = window;
        let mut rows: Vec<(K, T)> = rows.into_iter().map(|row| (key(target, &row), row)).collect();
        if !is_sorted {
            rows.sort_by(|a, b| a.0.cmp(&b.0));
        }
        Self { target, rows: rows.into(), more }
    }
}

#[cfg(test)]
mod tests;
