//! Step 4, the store: what was asked to stop, what has ended, who holds what and which
//! of it is a leak. It belongs to the console thread; the recorder tells it only what
//! changed, so that its work grows with what happens and not with what lives.

mod listing;
mod row;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

pub(crate) use self::row::{
    CancelStory, Held, Person, Row, ancestors, cancel_story, held_alone, person, place, state,
};
use crate::{
    recorder::{
        Recorder,
        clock::{Nanos, nanos},
        holding::HoldingFlag,
        key::Key,
        request::Extra,
        task::{Flag, TaskFacts},
    },
    settings::Settings,
    verdict::{Finding, Limits, judge},
    words::{Outcome, Verdict},
};

/// Cleared rows that are kept to be looked at.
const CLEARED: usize = 1000;
/// Events of the store's own (verdicts given and cleared) that are kept.
const NOTES: usize = 4096;

/// Counts since the recording began, and of this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) tasks_live: u64,
    pub(crate) tasks_spawned: u64,
    pub(crate) tasks_cancelled: u64,
    pub(crate) cancelling: u64,
    pub(crate) leaks: u64,
    pub(crate) orphaned: u64,
    pub(crate) overdue: u64,
    pub(crate) holdings: u64,
    pub(crate) given: u64,
    pub(crate) cleared: u64,
    pub(crate) slowest_cancel: Nanos,
    pub(crate) folded: u64,
}

/// A verdict was given or cleared.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) at: Nanos,
    pub(crate) row: Arc<Row>,
    pub(crate) given: bool,
}

/// See the module's header.
#[derive(Debug)]
pub(crate) struct Store {
    recorder: &'static Recorder,
    settings: Settings,
    /// Asked to stop and not ended, or ended by cancellation with something left.
    watched: HashMap<Key, Watched>,
    /// Ended, in that order: freed when the retention is over. One that is pinned then
    /// is marked `Retired`, and its last pin's going brings it back.
    ended: VecDeque<(Key, Nanos)>,
    rows: BTreeMap<(Verdict, u64), Arc<Row>>,
    cleared: VecDeque<Arc<Row>>,
    notes: VecDeque<Note>,
    totals: Totals,
    ended_so_far: u64,
    askers_seen: u64,
    listed: listing::Listed,
    version: u64,
}

#[derive(Debug)]
struct Watched {
    facts: TaskFacts,
    extra: Option<Arc<Extra>>,
}

impl Store {
    pub(crate) fn new(recorder: &'static Recorder, settings: Settings) -> Self {
        Self {
            recorder,
            settings,
            watched: HashMap::new(),
            ended: VecDeque::new(),
            rows: BTreeMap::new(),
            cleared: VecDeque::new(),
            notes: VecDeque::new(),
            totals: Totals::default(),
            ended_so_far: 0,
            askers_seen: 0,
            listed: listing::Listed::default(),
            version: 0,
        }
    }

    pub(crate) fn recorder(&self) -> &'static Recorder {
        self.recorder
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Counts up whenever a row was given, updated or cleared.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// The rows of this moment, worst verdict first.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.rows.values()
    }

    /// The rows that have cleared, the latest first.
    pub(crate) fn cleared(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.cleared.iter().rev()
    }

    /// The verdicts given and cleared, oldest first.
    pub(crate) fn notes(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter()
    }

    pub(crate) fn ended_so_far(&self) -> u64 {
        self.ended_so_far
    }

    pub(crate) fn totals(&self) -> Totals {
        let spawned = self.recorder.spawned_so_far();
        let count = |wanted: fn(Verdict) -> bool| {
            self.rows.keys().filter(|(verdict, _)| wanted(*verdict)).count() as u64
        };
        let asked = self.watched.values().filter(|task| task.facts.ended_at.is_none()).count();
        let stuck = count(|verdict| verdict == Verdict::Stuck);
        Totals {
            tasks_live: spawned.saturating_sub(self.ended_so_far),
            tasks_spawned: spawned,
            cancelling: (asked as u64).saturating_sub(stuck),
            leaks: count(Verdict::is_leak),
            orphaned: count(|verdict| verdict == Verdict::Orphaned),
            overdue: count(|verdict| verdict == Verdict::Overdue),
            holdings: self.recorder.live_holdings(),
            ..self.totals
        }
    }

    /// One round: takes what changed, frees what is over, judges what was asked to
    /// stop. Gives what it gave and cleared.
    pub(crate) fn round(&mut self, now: Nanos) -> Vec<Note> {
        self.take_changes();
        self.look_for_the_asked();
        self.forget_the_ended(now);
        let findings = self.judge_all(now);
        let notes = self.update_rows(findings, now);
        self.keep(&notes);
        notes
    }

    fn take_changes(&mut self) {
        let mut changes = Vec::new();
        self.recorder.take_changes(|facts| changes.push(facts));
        // The newest come first; in the order of their ends they are kept.
        for facts in changes.into_iter().rev() {
            self.changed(facts);
        }
    }

    fn changed(&mut self, facts: TaskFacts) {
        let key = facts.key;
        let Some(ended_at) = facts.ended_at else {
            if facts.requested_at.is_some() {
                self.watch(facts);
            }
            return;
        };
        if facts.has(Flag::Retired) {
            if facts.pins == 0 {
                self.recorder.free(&facts);
            }
        } else if !facts.has(Flag::Counted) {
            self.recorder.set_flag(key, Flag::Counted);
            self.count_ended(&facts);
            let keep_from = if facts.has(Flag::NeverWas) { 0 } else { ended_at };
            self.ended.push_back((key, keep_from));
        }
        if facts.ended_by_cancellation() && facts.pins > 0 {
            self.watch(facts);
        } else {
            self.watched.remove(&key);
        }
    }

    fn watch(&mut self, facts: TaskFacts) {
        let extra = self.recorder.extras.get(facts.extra);
        self.watched.insert(facts.key, Watched { facts, extra });
    }

    fn count_ended(&mut self, facts: &TaskFacts) {
        self.ended_so_far += 1;
        if facts.outcome == Some(Outcome::Cancelled) {
            self.totals.tasks_cancelled += 1;
        }
        if let (Some(requested), Some(ended)) = (facts.requested_at, facts.ended_at) {
            let latency = ended.saturating_sub(requested);
            self.totals.slowest_cancel = self.totals.slowest_cancel.max(latency);
        }
    }

    /// Frees the slots of ended tasks whose retention is over and that nothing pins.
    fn forget_the_ended(&mut self, now: Nanos) {
        let retention = nanos(self.settings.retention);
        while let Some((key, ended_at)) = self.ended.front().copied() {
            let over = now.saturating_sub(ended_at) >= retention;
            if !over && self.ended.len() <= self.settings.max_ended {
                return;
            }
            self.ended.pop_front();
            let Some(facts) = self.recorder.task(key) else { continue };
            if self.recorder.free(&facts) {
                self.watched.remove(&key);
            } else {
                self.recorder.set_flag(key, Flag::Retired);
                // The last pin may have gone before the mark was seen.
                if self.recorder.free(&facts) {
                    self.watched.remove(&key);
                }
            }
        }
    }

    fn limits(&self, task: &Watched) -> Limits {
        let own = task.extra.as_ref().and_then(|extra| extra.grace);
        Limits {
            grace: own.unwrap_or_else(|| nanos(self.settings.grace)),
            orphan_grace: nanos(self.settings.orphan_grace),
        }
    }

    fn judge_all(&mut self, now: Nanos) -> Vec<Finding> {
        self.refresh_watched();
        self.listed.refresh(self.recorder, self.watched.values().map(|task| &task.facts));
        let listing = self.listed.listing();
        let all = self.watched.values();
        let all = all.filter(|task| !listing::passes_outward(self.recorder, &task.facts));
        all.flat_map(|task| judge(&task.facts, self.limits(task), listing, now)).collect()
    }

    fn refresh_watched(&mut self) {
        let recorder = self.recorder;
        self.watched.retain(|key, task| match recorder.task(*key) {
            Some(facts) => {
                let waits = facts.ended_at.is_none();
                // Its holdings and children pin it, and those of ended children do.
                let holds = facts.ended_by_cancellation() && facts.pins > 0;
                task.facts = facts;
                waits || holds
            }
            None => false,
        });
    }

    fn update_rows(&mut self, findings: Vec<Finding>, now: Nanos) -> Vec<Note> {
        let mut notes = Vec::new();
        let mut before = std::mem::take(&mut self.rows);
        for finding in findings {
            let name = (finding.verdict, finding.task.id);
            let (row, is_new) = match before.remove(&name) {
                Some(row) if row.still_says(&finding) => (row, false),
                Some(row) => {
                    self.version += 1;
                    (Arc::new(Row::new(self.recorder, &finding, row.given_at)), false)
                }
                None => (Arc::new(Row::new(self.recorder, &finding, now)), true),
            };
            if is_new {
                notes.push(Note { at: now, row: Arc::clone(&row), given: true });
            }
            self.rows.insert(name, row);
        }
        for row in before.into_values() {
            let row = Arc::new(row.cleared_at(now));
            notes.push(Note { at: now, row, given: false });
        }
        notes
    }

    fn keep(&mut self, notes: &[Note]) {
        for note in notes {
            self.version += 1;
            if note.given {
                self.totals.given += 1;
            } else {
                self.totals.cleared += 1;
                self.cleared.push_back(Arc::clone(&note.row));
            }
            self.notes.push_back(note.clone());
        }
        let (cleared, noted) = (self.cleared.len(), self.notes.len());
        self.cleared.drain(..cleared.saturating_sub(CLEARED));
        self.notes.drain(..noted.saturating_sub(NOTES));
    }

    /// A task that waits on a cancelled token and has not noticed.
    fn ask_the_waiting(&self) {
        let recorder = self.recorder;
        for wait in recorder.all_holdings().filter(|it| it.has(HoldingFlag::Wait)) {
            let asker = u32::try_from(wait.bytes).ok().and_then(|at| recorder.waited_on.get(at));
            let request = asker.and_then(|asker| asker.0.request());
            let (Some(request), Some(task)) = (request, wait.owner) else { continue };
            let Some(facts) = recorder.task(task) else { continue };
            // It waited when the token was cancelled; one that began later knows.
            let waited = wait.acquired_at <= request.at;
            if waited && facts.requested_at.is_none() && request.comes_from_outside(facts.id) {
                recorder.set_flag(task, Flag::Waiting);
                recorder.request(task, Arc::unwrap_or_clone(request));
            }
        }
    }

    /// When a set or a token was cancelled since the last round: writes the request
    /// on each task that it asked.
    fn look_for_the_asked(&mut self) {
        let cancelled = self.recorder.askers_cancelled_so_far();
        if cancelled == self.askers_seen {
            return;
        }
        self.askers_seen = cancelled;
        let asked: Vec<TaskFacts> = self
            .recorder
            .tasks()
            .filter(|facts| facts.extra != 0 && facts.ended_at.is_none())
            .filter(|facts| facts.requested_at.is_none())
            .collect();
        for facts in asked {
            let extra = self.recorder.extras.get(facts.extra);
            if let Some(request) = extra.and_then(|extra| extra.request()) {
                self.recorder.request(facts.key, Arc::unwrap_or_clone(request));
            }
        }
        self.ask_the_waiting();
        // What was asked is on the list of changes now.
        self.take_changes();
    }
}
