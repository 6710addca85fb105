//! The rows of this moment, and those that have cleared.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use super::{
    Note, Row,
    beyond::{Beyond, Counts, Unnoted},
    ignore::{Asked, Ignore, Rule},
};
use crate::{
    recorder::{Recorder, clock::Nanos, key::Key, task::Flag},
    verdict::Finding,
    words::Verdict,
};

/// Cleared rows that are kept to be looked at.
const CLEARED: usize = 1000;

/// A row's name: its verdict and the id of the task that it is given to.
pub(super) type Name = (Verdict, u64);

/// What rows are given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Judged {
    /// What one task was asked, and what it left.
    Task(Key),
    /// What its owner, or nobody, holds for too long.
    Overdue(Option<Key>),
}

/// What is listed at most.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Most {
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

/// See the module's header.
#[derive(Debug, Default)]
pub(super) struct Rows {
    by_name: BTreeMap<Name, Arc<Row>>,
    /// Which verdicts were given for what: an orphan's row is another task's.
    given_for: HashMap<Judged, Vec<Name>>,
    cleared: VecDeque<Arc<Row>>,
    /// What the rows take, the cleared ones too.
    bytes: usize,
    beyond: Beyond,
    most: Most,
    ignore: Ignore,
}

impl Rows {
    pub(super) fn new(ignore: Ignore, most: Most) -> Self {
        Self { most, ignore, ..Self::default() }
    }

    /// Those that are reported.
    pub(super) fn current(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.by_name.values().filter(|row| !row.is_ignored())
    }

    /// Those that are not.
    pub(super) fn ignored(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.by_name.values().filter(|row| row.is_ignored())
    }

    pub(super) fn rules(&self) -> &[Asked] {
        self.ignore.rules()
    }

    pub(super) fn cleared(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.cleared.iter().rev()
    }

    /// So many are listed, and reported.
    pub(super) fn count(&self, wanted: impl Fn(Verdict) -> bool) -> u64 {
        self.current().filter(|row| wanted(row.verdict)).count() as u64
    }

    /// How many are ignored, those beyond the cap too.
    pub(super) fn count_ignored(&self) -> u64 {
        self.ignored().count() as u64 + self.beyond.counts().ignored
    }

    pub(super) fn beyond(&self) -> Counts {
        self.beyond.counts()
    }

    pub(super) fn take_unnoted(&mut self) -> Unnoted {
        self.beyond.take_unnoted()
    }

    /// How much memory is left behind or was acquired after a cancel. Cells are counted
    /// by the tasks that they are of.
    pub(super) fn bytes_kept(&self) -> u64 {
        let is_left =
            |row: &&Arc<Row>| matches!(row.verdict, Verdict::LeftBehind | Verdict::AfterCancel);
        let left = self.current().filter(is_left).flat_map(|row| &row.holdings);
        left.filter(|held| held.is_certain() && !held.is_cell).map(|held| held.bytes).sum()
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
        let before = self.given_for.remove(&judged).unwrap_or_default();
        if before.is_empty() && findings.is_empty() {
            return 0;
        }
        let mut before: HashSet<Name> = before.into_iter().collect();
        let (mut changed, mut names) = (0, Vec::with_capacity(findings.len()));
        for finding in findings {
            let name = (finding.verdict, finding.task.id);
            before.remove(&name);
            // What one cancelled task left may be more than is to be listed of all.
            let is_beyond = names.len() >= self.most.rows.max(1);
            names.push(name);
            changed += u64::from(self.say(recorder, name, &finding, is_beyond, now, notes));
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

    /// Says it, unless that was said. True where it is new, or another than before.
    fn say(
        &mut self,
        recorder: &'static Recorder,
        name: Name,
        finding: &Finding,
        is_beyond: bool,
        now: Nanos,
        notes: &mut Vec<Note>,
    ) -> bool {
        let given_at = match self.by_name.get(&name) {
            Some(row) if row.still_says(finding) => return false,
            None if self.beyond.lists_not(name) => return false,
            Some(row) => Some(row.given_at),
            None => None,
        };
        let row = Row::new(recorder, finding, given_at.unwrap_or(now));
        if is_beyond && given_at.is_none() {
            let rules = self.ignore.ask(&row);
            self.ignore.count(&rules, &[]);
            self.beyond.give(name, &rules);
        } else {
            self.tell(name, row, now, notes);
        }
        true
    }

    /// Puts the row in place of what was said by its name, if anything was: given when it
    /// is reported from now on, cleared when what is left of it is ignored.
    fn tell(&mut self, name: Name, row: Row, now: Nanos, notes: &mut Vec<Note>) {
        let ignored = self.ignore.ask(&row);
        let before = self.by_name.get(&name).map(Arc::clone);
        let was_ignored = before.as_ref().is_some_and(|before| before.is_ignored());
        // Nobody was told of it before.
        let is_new = was_ignored && ignored.is_empty();
        let given_at = if is_new { now } else { row.given_at };
        let row = Arc::new(Row { given_at, ignored, ..row });
        self.ignore.count(&row.ignored, before.as_ref().map_or(&[], |it| &it.ignored));
        match before {
            Some(before) if before.is_ignored() == row.is_ignored() => {}
            Some(before) if row.is_ignored() => self.has_cleared(&before, now, notes),
            _ => notes.push(Note { at: now, row: Arc::clone(&row), given: true }),
        }
        self.insert(name, row);
    }

    fn clear(&mut self, name: Name, now: Nanos, notes: &mut Vec<Note>) {
        if let Some(row) = self.remove(name) {
            self.has_cleared(&row, now, notes);
        } else {
            self.beyond.clear(name);
        }
    }

    fn has_cleared(&mut self, row: &Row, now: Nanos, notes: &mut Vec<Note>) {
        let row = Arc::new(row.cleared_at(now));
        // What nobody was shown, nobody is shown that it is gone.
        if !row.is_ignored() {
            self.bytes += row.bytes();
            self.cleared.push_back(Arc::clone(&row));
            if self.cleared.len() > CLEARED {
                self.forget_oldest_cleared();
            }
        }
        notes.push(Note { at: now, row, given: false });
    }

    /// Rules whose last day is over ignore nothing any more: gives them, and notes what is
    /// reported from now on.
    pub(super) fn expire(&mut self, now: Nanos, notes: &mut Vec<Note>) -> Vec<Arc<Rule>> {
        let expired = self.ignore.expire(now);
        if expired.is_empty() {
            return expired;
        }
        let is_over = |rules: &[Arc<Rule>]| rules.iter().any(|rule| rule.has_expired(now));
        let of_it = self.by_name.iter().filter(|(_, row)| is_over(&row.ignored));
        let of_it: Vec<(Name, Row)> = of_it.map(|(name, row)| (*name, Row::clone(row))).collect();
        for (name, row) in of_it {
            self.tell(name, row, now, notes);
        }
        self.beyond.expire(now);
        expired
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

    fn is_within_the_cap(&self) -> bool {
        self.by_name.len() <= self.most.rows && self.bytes <= self.most.bytes
    }

    /// Lists no more than the cap: what has cleared goes first, then warnings, then leaks, and
    /// of each the oldest. Gives the tasks that need be judged no more, since they tell when
    /// they have let go: all but those of which `stays` says that more may be said of them.
    pub(super) fn fold_beyond(
        &mut self,
        recorder: &'static Recorder,
        stays: impl Fn(Key) -> bool,
    ) -> Vec<Key> {
        while self.bytes > self.most.bytes && self.forget_oldest_cleared() {}
        let mut folded = Vec::new();
        if self.is_within_the_cap() {
            return folded;
        }
        let mut foldable = self.foldable(stays);
        foldable.sort_unstable_by_key(|(since, name, _)| (name.0.is_leak(), *since, *name));
        for (_, name, task) in foldable {
            if self.is_within_the_cap() {
                break;
            }
            match task {
                // It may have been, with another of its rows.
                _ if !self.by_name.contains_key(&name) => {}
                Some(task) => {
                    self.fold(recorder, task);
                    folded.push(task);
                }
                None => self.unlist(name),
            }
        }
        folded
    }

    /// The rows since when, with the task that can be folded with all that is said of it.
    fn foldable(&self, stays: impl Fn(Key) -> bool) -> Vec<(Nanos, Name, Option<Key>)> {
        let is_whole = |key: &Key| {
            let names = self.given_for.get(&Judged::Task(*key));
            // That of an orphan is another's.
            names.is_some_and(|names| names.iter().all(|(verdict, _)| verdict.is_leak()))
        };
        let foldable = self.by_name.iter().map(|(name, row)| {
            let task = name.0.is_leak().then_some(row.task.key);
            (row.since, *name, task.filter(|key| is_whole(key) && !stays(*key)))
        });
        foldable.collect()
    }

    /// What is said of a task that is judged no more.
    fn fold(&mut self, recorder: &'static Recorder, key: Key) {
        for name in self.given_for.remove(&Judged::Task(key)).unwrap_or_default() {
            match self.remove(name) {
                Some(row) => self.beyond.fold(name, row.task.ended_at.is_none(), &row.ignored),
                None => self.beyond.fold_unlisted(name),
            }
        }
        recorder.set_flag(key, Flag::Folded);
    }

    fn unlist(&mut self, name: Name) {
        if let Some(row) = self.remove(name) {
            self.beyond.unlist(name, &row.ignored);
        }
    }

    /// See [`Beyond::unfold_stuck`].
    pub(super) fn unfold_stuck(&mut self, task: u64) -> bool {
        self.beyond.unfold_stuck(task)
    }

    /// See [`Beyond::unfold`].
    pub(super) fn unfold(&mut self, task: u64) {
        self.beyond.unfold(task);
    }
}
