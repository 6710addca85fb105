//! The rows of this moment, those that have cleared, and beyond the cap the counts.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use super::{
    Note, Row,
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
    /// Leaks by task beyond the cap.
    folded: HashMap<u64, Folded>,
    /// The rows and bytes of which none could be folded.
    unfoldable: (usize, usize),
    ignore: Ignore,
}

/// What was folded of one task.
#[derive(Debug, Default)]
struct Folded {
    /// Verdicts that were reported.
    leaks: u64,
    /// For each other verdict, the rules by which it is ignored.
    ignored: Vec<Vec<Arc<Rule>>>,
    /// The task has not ended: it is stuck.
    lives: bool,
}

impl Rows {
    pub(super) fn new(ignore: Ignore) -> Self {
        Self { ignore, ..Self::default() }
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

    pub(super) fn count(&self, wanted: impl Fn(Verdict) -> bool) -> u64 {
        self.current().filter(|row| wanted(row.verdict)).count() as u64
    }

    /// How many are ignored, those beyond the cap too.
    pub(super) fn count_ignored(&self) -> u64 {
        let folded: usize = self.folded.values().map(|it| it.ignored.len()).sum();
        (self.ignored().count() + folded) as u64
    }

    /// How much memory is left behind or was acquired after a cancel. Cells are counted
    /// by the tasks that they are of.
    pub(super) fn bytes_kept(&self) -> u64 {
        let is_left =
            |row: &&Arc<Row>| matches!(row.verdict, Verdict::LeftBehind | Verdict::AfterCancel);
        let left = self.current().filter(is_left).flat_map(|row| &row.holdings);
        left.filter(|held| held.is_certain() && !held.is_cell).map(|held| held.bytes).sum()
    }

    pub(super) fn folded(&self) -> u64 {
        self.folded.values().map(|it| it.leaks).sum()
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
            let row = Row::new(recorder, &finding, given_at.unwrap_or(now));
            self.tell(name, row, now, notes);
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
    /// reported from now on. Also how many leaks beyond the cap are.
    pub(super) fn expire(&mut self, now: Nanos, notes: &mut Vec<Note>) -> (Vec<Arc<Rule>>, u64) {
        let expired = self.ignore.expire(now);
        if expired.is_empty() {
            return (expired, 0);
        }
        let is_over = |rules: &[Arc<Rule>]| rules.iter().any(|rule| rule.has_expired(now));
        let of_it = self.by_name.iter().filter(|(_, row)| is_over(&row.ignored));
        let of_it: Vec<(Name, Row)> = of_it.map(|(name, row)| (*name, Row::clone(row))).collect();
        for (name, row) in of_it {
            self.tell(name, row, now, notes);
        }
        let mut unlisted = 0;
        for folded in self.folded.values_mut() {
            let before = folded.ignored.len();
            folded.ignored.retain(|rules| !is_over(rules));
            let given = (before - folded.ignored.len()) as u64;
            folded.leaks += given;
            unlisted += given;
        }
        (expired, unlisted)
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
    /// cleared goes first. A row that is given to one task for what another left stays.
    pub(super) fn fold_beyond(&mut self, recorder: &'static Recorder, most: Most) -> Vec<Key> {
        while self.bytes > most.bytes && self.forget_oldest_cleared() {}
        if self.is_within(most) || self.unfoldable == (self.by_name.len(), self.bytes) {
            return Vec::new();
        }
        let mut oldest: Vec<(Nanos, Key)> = self
            .given_for
            .iter()
            .filter_map(|(judged, names)| {
                let Judged::Task(key) = judged else { return None };
                let row = self.by_name.get(names.first()?)?;
                (row.task.key == *key).then_some((row.since, *key))
            })
            .collect();
        oldest.sort_unstable();
        let mut folded = Vec::new();
        for (_, key) in oldest {
            if self.is_within(most) {
                return folded;
            }
            self.fold(recorder, key);
            folded.push(key);
        }
        self.unfoldable = (self.by_name.len(), self.bytes);
        folded
    }

    fn fold(&mut self, recorder: &'static Recorder, key: Key) {
        for name in self.given_for.remove(&Judged::Task(key)).unwrap_or_default() {
            let Some(row) = self.remove(name) else { continue };
            if name.0.is_leak() {
                let folded = self.folded.entry(row.task.id).or_default();
                folded.lives = row.task.ended_at.is_none();
                if row.is_ignored() {
                    folded.ignored.push(row.ignored.clone());
                } else {
                    folded.leaks += 1;
                }
            }
        }
        recorder.set_flag(key, Flag::Folded);
    }

    /// A task that was folded while it was stuck has ended: gives how many reported verdicts
    /// that clears. What it has left is judged as that of any other.
    pub(super) fn unfold_stuck(&mut self, task: u64) -> Option<u64> {
        self.folded.get(&task).filter(|it| it.lives)?;
        Some(self.unfold(task))
    }

    /// A folded task has let go: gives how many reported verdicts that clears.
    pub(super) fn unfold(&mut self, task: u64) -> u64 {
        self.folded.remove(&task).map_or(0, |it| it.leaks)
    }
}
