//! Compares what a console was told of one program with what is true of it.

use std::fmt;

use super::{
    console::Told,
    facts::{Fate, Fates, HeldKind, Row, Verdict},
    truth::{Expected, Knowable, Truth},
};

/// Something that was told and is not so, or is so and was not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A verdict that must not be given.
    False(Row),
    /// A verdict that must be given.
    Missing(Row),
    /// A verdict with something wrong in it: as it must be, and as it was told.
    Row(Row, Row),
    /// It was given before its grace was over.
    Early(Row),
    /// It was still given when everything was let go of.
    Stays(Row),
    /// Of a task: as it must be, and as it was told.
    Fate(String, Fate, Option<Fate>),
    /// The program itself did not come to rest.
    NoRest,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::False(row) => write!(f, "a false verdict: {row:?}"),
            Self::Missing(row) => write!(f, "a verdict is missing: {row:?}"),
            Self::Row(expected, got) => write!(f, "expected {expected:?}\n     got {got:?}"),
            Self::Early(row) => write!(f, "given before its grace was over: {row:?}"),
            Self::Stays(row) => write!(f, "does not clear: {row:?}"),
            Self::Fate(task, expected, got) => {
                write!(f, "{task}: expected {expected:?}, got {got:?}")
            }
            Self::NoRest => f.write_str("the program did not come to rest"),
        }
    }
}

/// How the rows of a program compare.
#[derive(Clone, Debug, Default)]
pub(super) struct Compared {
    pub(super) wrong: Vec<Wrong>,
    /// Rows that are as they must be.
    pub(super) right: Vec<Expected>,
    /// Rows that cannot be known, by why, and whether they were given.
    pub(super) apart: Vec<(Expected, bool)>,
}

/// What must be the same of both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) grace_ns: u64,
    pub(super) orphan_grace_ns: u64,
}

pub(super) fn compare(truth: &Truth, told: &[Told], plain: bool, limits: Limits) -> Compared {
    let mut compared = Compared::default();
    let mut left: Vec<&Told> = told.iter().filter(|it| !it.cleared).collect();
    for expected in &truth.rows {
        let expected = &as_it_can_be(expected, plain);
        let is_it =
            |it: &&Told| it.row.task == expected.row.task && it.row.verdict == expected.row.verdict;
        let found = left.iter().position(is_it).map(|at| left.swap_remove(at));
        if expected.knowable == Knowable::MovedSilently || expected.knowable == Knowable::NotTold {
            compared.apart.push((expected.clone(), found.is_some()));
            continue;
        }
        match found {
            None if expected.knowable == Knowable::AbortedWhileRunning => {
                compared.apart.push((expected.clone(), false));
            }
            None => compared.wrong.push(Wrong::Missing(expected.row.clone())),
            Some(it) if as_told(it, plain) != expected.row => {
                compared.wrong.push(Wrong::Row(expected.row.clone(), it.row.clone()));
            }
            Some(it) if it.waited_ns < grace_of(it.row.verdict, limits) => {
                compared.wrong.push(Wrong::Early(it.row.clone()));
            }
            Some(_) => compared.right.push(expected.clone()),
        }
    }
    compared.wrong.extend(left.into_iter().map(|it| Wrong::False(it.row.clone())));
    compared
}

/// Over tokio alone permits have no identity: when one is released by another task than
/// the one that got it, nothing is certain of its semaphore. They are compared apart.
fn without_permits(row: &Row) -> Row {
    let held = row.held.iter().filter(|it| it.kind != HeldKind::Permit).cloned().collect();
    Row { held, ..row.clone() }
}

fn as_it_can_be(expected: &Expected, plain: bool) -> Expected {
    let mut expected = expected.clone();
    if plain {
        expected.row = without_permits(&expected.row);
        let rests_on = |row: &Row| row.held.iter().any(|it| it.via.is_none() && !it.maybe_moved);
        let orphan = expected.row.verdict == Verdict::Orphaned;
        if expected.knowable == Knowable::Yes && !orphan && !rests_on(&expected.row) {
            expected.knowable = Knowable::NotTold;
        }
    }
    expected
}

fn as_told(told: &Told, plain: bool) -> Row {
    if plain { without_permits(&told.row) } else { told.row.clone() }
}

fn grace_of(verdict: Verdict, limits: Limits) -> u64 {
    match verdict {
        Verdict::Orphaned => limits.orphan_grace_ns,
        Verdict::Overdue => 0,
        _ => limits.grace_ns,
    }
}

/// What is wrong of the tasks themselves.
pub(super) fn compare_fates(truth: &Truth, told: &Fates) -> Vec<Wrong> {
    let wrong = truth.fates.iter().filter(|(task, fate)| told.get(*task) != Some(*fate));
    let wrong =
        wrong.map(|(task, fate)| Wrong::Fate(task.clone(), fate.clone(), told.get(task).cloned()));
    wrong.collect()
}
