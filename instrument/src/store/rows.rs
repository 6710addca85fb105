//! The rows of this moment, those that have cleared, and beyond the cap the counts.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use super::{Note, Row};
use crate::{
    recorder::{Recorder, clock::Nanos, key::Key, table::SiteId, task::Flag},
    verdict::Finding,
    words::Verdict,
};

/// Cleared rows that are kept to be looked at.
const CLEARED: usize = 1000;

/// A row's name: its verdict and the id of the task that it is given to.
type Name = (Verdict, u64);

/// What rows are given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Judged {
    /// What one task was asked, and what it left.
    Task(Key),
    /// What its owner, or nobody, holds for too long.
    Overdue(Option<Key>),
}

/// What is kept at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

/// See the module's header.
#[derive(Debug, Default)]
pub(super) struct Rows {
    by_name: BTreeMap<Name, Arc<Row>>,
    /// Which rows were given for what: an orphan's row is another task's.
    given_for: HashMap<Judged, Vec<Name>>,
    cleared: VecDeque<Arc<Row>>,
    /// What the rows take, the cleared ones too.
    bytes: usize,
    /// Leaks by task beyond the cap: how many verdicts, and where it was spawned.
    folded: HashMap<u64, (u64, SiteId)>,
}

impl Rows {
    pub(super) fn current(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.by_name.values()
    }

    pub(super) fn cleared(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.cleared.iter().rev()
    }

    pub(super) fn count(&self, wanted: impl Fn(Verdict) -> bool) -> u64 {
        self.by_name.keys().filter(|(verdict, _)| wanted(*verdict)).count() as u64
    }

    pub(super) fn folded(&self) -> u64 {
        self.folded.values().map(|(verdicts, _)| verdicts).sum()
    }

    /// What is to be said now, in place of what was said for the same. Gives how many rows
    /// were given, updated or cleared.
    pub(super) fn replace(
        &mut self,
        recorder: &'static Recorder,
        judged: Judged,
        findings: Vec<Finding>,
        now: Nanos,
        notes: &mut Vec<Note>,
    ) -> u64 {
        let mut before = self.given_for.remove(&judged).unwrap_or_default();
        if before.is_empty() && findings.is_empty() {
            return 0;
        }
        let (mut changed, mut names) = (0, Vec::with_capacity(findings.len()));
        for finding in findings {
            let name = (finding.verdict, finding.task.id);
            before.retain(|other| *other != name);
            names.push(name);
            let given_at = match self.by_name.get(&name) {
                Some(row) if row.still_says(&finding) => continue,
                Some(row) => Some(row.given_at),
                None => None,
            };
            changed += 1;
            let row = Arc::new(Row::new(recorder, &finding, given_at.unwrap_or(now)));
            if given_at.is_none() {
                notes.push(Note { at: now, row: Arc::clone(&row), given: true });
            }
            self.insert(name, row);
        }
        for name in before {
            changed += 1;
            self.clear(name, now, notes);
        }
        if !names.is_empty() {
            self.given_for.insert(judged, names);
        }
        changed
    }

    fn clear(&mut self, name: Name, now: Nanos, notes: &mut Vec<Note>) {
        let Some(row) = self.remove(name) else { return };
        let row = Arc::new(row.cleared_at(now));
        self.bytes += row.bytes();
        self.cleared.push_back(Arc::clone(&row));
        if self.cleared.len() > CLEARED {
            self.forget_oldest_cleared();
        }
        notes.push(Note { at: now, row, given: false });
    }

    fn insert(&mut self, name: Name, row: Arc<Row>) {
        self.bytes += row.bytes();
        if let Some(before) = self.by_name.insert(name, row) {
            self.bytes -= before.bytes();
        }
    }

    fn remove(&mut self, name: Name) -> Option<Arc<Row>> {
        let row = self.by_name.remove(&name)?;
        self.bytes -= row.bytes();
        Some(row)
    }

    fn forget_oldest_cleared(&mut self) -> bool {
        let Some(row) = self.cleared.pop_front() else { return false };
        self.bytes -= row.bytes();
        true
    }

    fn is_within(&self, most: Most) -> bool {
        self.by_name.len() <= most.rows && self.bytes <= most.bytes
    }

    /// Folds the oldest tasks with rows until no more than that is left; what has
    /// cleared goes first. A task that has not ended stays: what it is about can still
    /// change.
    pub(super) fn fold_beyond(&mut self, recorder: &'static Recorder, most: Most) -> Vec<Key> {
        while self.bytes > most.bytes && self.forget_oldest_cleared() {}
        if self.is_within(most) {
            return Vec::new();
        }
        let mut oldest: Vec<(Nanos, Key)> = self
            .given_for
            .iter()
            .filter_map(|(judged, names)| {
                let Judged::Task(key) = judged else { return None };
                let row = self.by_name.get(names.first()?)?;
                let ended = row.task.key == *key && row.task.ended_at.is_some();
                ended.then_some((row.since, *key))
            })
            .collect();
        oldest.sort_unstable();
        let mut folded = Vec::new();
        for (_, key) in oldest {
            if self.is_within(most) {
                break;
            }
            self.fold(recorder, key);
            folded.push(key);
        }
        folded
    }

    fn fold(&mut self, recorder: &'static Recorder, key: Key) {
        for name in self.given_for.remove(&Judged::Task(key)).unwrap_or_default() {
            let Some(row) = self.remove(name) else { continue };
            if name.0.is_leak() {
                self.folded.entry(row.task.id).or_insert((0, row.task.site)).0 += 1;
            }
        }
        recorder.set_flag(key, Flag::Folded);
    }

    /// A folded task has let go: gives how many verdicts that clears.
    pub(super) fn unfold(&mut self, task: u64) -> u64 {
        self.folded.remove(&task).map_or(0, |(verdicts, _)| verdicts)
    }
}
