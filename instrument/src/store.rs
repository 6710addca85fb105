//! Step 4, the store: what was asked to stop, what has ended, who holds what and which
//! of it is a leak. It belongs to the console thread; the recorder tells it only what
//! changed, so that its work grows with what happens and not with what lives.

mod alike;
mod asked;
mod asks;
mod beyond;
mod history;
mod ignore;
mod listing;
mod overdue;
mod retention;
mod row;
mod rows;
mod sites;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::BuildHasherDefault,
    sync::Arc,
};

use self::{
    asks::Followed,
    overdue::Overdue,
    retention::Ended,
    rows::{Judged, Rows},
    sites::Sites,
};
pub(crate) use self::{
    asks::{Asked as AskedTasks, HeldCount, asks, tokens_of, whom},
    history::{Event, EventKind, History},
    ignore::{Asked, Ignore, Rule},
    listing::{effective_owner, held_by},
    row::{
        Alike, CancelStory, Held, Person, Row, WAITERS, ancestors, cancel_story, held, held_alone,
        person, place, state,
    },
    sites::Ended as EndedOfSite,
};
use crate::{
    hash::WordHasher,
    recorder::{
        Recorder,
        clock::{Nanos, nanos},
        key::Key,
        read::Change,
        request::Extra,
        task::{Flag, TaskFacts},
    },
    settings::Settings,
    verdict::{self, Limits, Listing},
    words::{Cause, Outcome, TaskKind, Verdict},
};

/// Events of the store's own (verdicts given and cleared) that are kept.
const NOTES: usize = 4096;
/// So many tasks are judged before what is beyond the cap is folded: what would be said of a
/// hundred thousand at once takes hundreds of megabytes.
const JUDGED_AT_ONCE: usize = 1000;

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
    /// Of those that have cleared, which are no leaks.
    pub(crate) cleared_warnings: u64,
    pub(crate) slowest_cancel: Nanos,
    /// Leaks and warnings beyond the cap: counted, not listed.
    pub(crate) folded: u64,
    /// Of these, the warnings.
    pub(crate) folded_warnings: u64,
    /// How much memory cancelled tasks keep, as far as that is known.
    pub(crate) bytes_kept: u64,
    /// Leaks and warnings that a rule ignores: in none of the other counts.
    pub(crate) ignored: u64,
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
    watched: Table<Watched>,
    /// Of these, those that are to be judged.
    due: VecDeque<Key>,
    ended: Ended,
    rows: Rows,
    notes: VecDeque<Note>,
    notes_so_far: u64,
    history: History,
    totals: Totals,
    ended_so_far: u64,
    sites: Sites,
    askers_seen: u64,
    followed: Followed,
    /// What those hold that ended by cancellation.
    listed: listing::Listed,
    /// What those hold that were asked and go on: it changes with each of their polls,
    /// and the others are not judged anew for that.
    listed_live: listing::Listed,
    overdue: Overdue,
    /// Rules that have expired, and of which that was not said yet.
    expired: Vec<Arc<Rule>>,
    version: u64,
}

/// By the keys of tasks.
type Table<T> = HashMap<Key, T, BuildHasherDefault<WordHasher>>;

#[derive(Debug)]
struct Watched {
    facts: TaskFacts,
    extra: Option<Arc<Extra>>,
    /// What it was judged by; `None` before the first time.
    judged_by: Option<Signature>,
    /// When time alone may change what is to be said of it.
    look_again: Nanos,
}

/// What changes a verdict, beside time and the listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Signature {
    requested_at: Option<Nanos>,
    delivered_at: Option<Nanos>,
    drop_began: Option<Nanos>,
    ended_at: Option<Nanos>,
    polls_since: u64,
    /// Of a task that has ended.
    wakers: u32,
}

impl Watched {
    fn signature(&self) -> Signature {
        let facts = &self.facts;
        Signature {
            requested_at: facts.requested_at,
            delivered_at: facts.delivered_at,
            drop_began: facts.drop_began,
            ended_at: facts.ended_at,
            polls_since: facts.polls_since,
            wakers: if facts.keeps_its_cell() { facts.wakers } else { 0 },
        }
    }
}

impl Store {
    pub(crate) fn new(recorder: &'static Recorder, settings: Settings, ignore: Ignore) -> Self {
        let most = rows::Most { rows: settings.max_leaks, bytes: settings.memory / 2 };
        Self {
            recorder,
            watched: Table::default(),
            due: VecDeque::new(),
            ended: Ended::default(),
            rows: Rows::new(ignore, most),
            notes: VecDeque::new(),
            notes_so_far: 0,
            history: History::default(),
            totals: Totals::default(),
            ended_so_far: 0,
            sites: Sites::default(),
            askers_seen: 0,
            followed: Followed::default(),
            listed: listing::Listed::default(),
            listed_live: listing::Listed::default(),
            overdue: Overdue::default(),
            expired: Vec::new(),
            version: 0,
            settings,
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

    /// The ended tasks that were taken in.
    pub(crate) fn ended_so_far(&self) -> u64 {
        self.ended_so_far
    }

    /// The rows of this moment that are reported, worst verdict first.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.rows.current()
    }

    /// The rows that are not reported, since a rule ignores them.
    pub(crate) fn ignored(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.rows.ignored()
    }

    /// What is to be ignored.
    pub(crate) fn rules(&self) -> &[Asked] {
        self.rows.rules()
    }

    /// The rules that have expired since the last time.
    pub(crate) fn take_expired(&mut self) -> Vec<Arc<Rule>> {
        std::mem::take(&mut self.expired)
    }

    /// The rows that have cleared, the latest first.
    pub(crate) fn cleared(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.rows.cleared()
    }

    /// What happened, up to now.
    pub(crate) fn history(&mut self) -> &History {
        let most = self.settings.memory / 2;
        self.history.collect(self.recorder, &self.notes, self.notes_so_far, most);
        &self.history
    }

    /// The tasks that were asked to stop, have not ended and are not stuck.
    pub(crate) fn cancelling(&self) -> impl Iterator<Item = Key> {
        let rows = self.rows.current().chain(self.rows.ignored());
        let stuck = rows.filter(|row| row.verdict == Verdict::Stuck).map(|row| row.task.key);
        let stuck: HashSet<Key> = stuck.collect();
        let asked = self.watched.iter().filter(|(_, task)| task.facts.ended_at.is_none());
        asked.map(|(key, _)| *key).filter(move |key| !stuck.contains(key))
    }

    pub(crate) fn totals(&self) -> Totals {
        let spawned = self.recorder.spawned_so_far();
        let asked = self.watched.values().filter(|task| task.facts.ended_at.is_none()).count();
        let stuck = self.rows.count(|verdict| verdict == Verdict::Stuck);
        let ended = self.ended_so_far + self.recorder.ended_unseen();
        let beyond = self.rows.beyond();
        Totals {
            tasks_live: spawned.saturating_sub(ended),
            tasks_spawned: spawned,
            cancelling: (asked as u64).saturating_sub(stuck),
            leaks: self.rows.count(Verdict::is_leak) + beyond.leaks,
            orphaned: self.rows.count(|verdict| verdict == Verdict::Orphaned) + beyond.orphaned,
            overdue: self.rows.count(|verdict| verdict == Verdict::Overdue) + beyond.overdue,
            holdings: self.recorder.live_holdings(),
            folded: beyond.leaks + beyond.warnings(),
            folded_warnings: beyond.warnings(),
            ignored: self.rows.count_ignored(),
            ..self.totals
        }
    }

    /// A whole round: takes what changed and looks at all that is watched. Gives what it gave
    /// and cleared.
    pub(crate) fn round(&mut self, now: Nanos) -> Vec<Note> {
        let mut notes = Vec::new();
        self.take_in(now, &mut notes);
        self.look(now, &mut notes);
        self.judge_some(now, &mut notes);
        for (owner, findings) in self.overdue.look(self.recorder, self.settings.overdue, now) {
            let judged = Judged::Overdue(owner);
            self.version += self.rows.replace(self.recorder, judged, findings, now, &mut notes);
        }
        self.fold_beyond_the_cap();
        self.totals.bytes_kept = self.bytes_kept(now);
        self.keep(&notes);
        notes
    }

    /// A round that costs in proportion to what changed: takes that, frees what is over, and
    /// judges more of what the last whole round found to be due.
    pub(crate) fn short_round(&mut self, now: Nanos) -> Vec<Note> {
        let mut notes = Vec::new();
        self.take_in(now, &mut notes);
        self.judge_some(now, &mut notes);
        self.fold_beyond_the_cap();
        self.keep(&notes);
        notes
    }

    /// More is to be judged than was.
    pub(crate) fn is_behind(&self) -> bool {
        !self.due.is_empty()
    }

    fn take_in(&mut self, now: Nanos, notes: &mut Vec<Note>) {
        self.take_changes();
        self.look_for_the_asked();
        let freed = self.ended.forget(self.recorder, &self.settings, now);
        self.recorder.takes_in(self.ended.places(&self.settings));
        self.expire_rules(now, notes);
        for key in freed {
            self.no_longer_watched(key, now, notes);
        }
    }

    fn expire_rules(&mut self, now: Nanos, notes: &mut Vec<Note>) {
        let expired = self.rows.expire(now, notes);
        self.version += u64::from(!expired.is_empty());
        self.expired.extend(expired);
    }

    fn take_changes(&mut self) {
        let recorder = self.recorder;
        recorder.take_changes(|change| match change {
            Change::Ended(end) => {
                recorder.set_flag(end.key, Flag::Counted);
                self.ended_so_far += 1;
                self.sites.count(end.site, Outcome::Completed);
                self.ended.ended(end);
            }
            Change::Other(facts) => self.changed(*facts),
        });
    }

    fn changed(&mut self, mut facts: TaskFacts) {
        if facts.ended_at.is_none() {
            if facts.requested_at.is_some() && !facts.has(Flag::Folded) {
                self.watch(facts);
            }
            return;
        }
        if facts.has(Flag::Folded) && self.rows.unfold_stuck(facts.id) {
            self.recorder.unset_flag(facts.key, Flag::Folded);
            facts.flags &= !(Flag::Folded as u32);
        }
        if !facts.has(Flag::Counted) {
            self.count_ended(&facts);
        }
        self.ended.changed(self.recorder, &facts);
        if facts.has(Flag::Folded) {
            if facts.holdings == 0 && facts.children == 0 {
                self.rows.unfold(facts.id);
            }
        } else if facts.ended_by_cancellation() && facts.pins > 0 {
            self.watch(facts);
        }
    }

    fn watch(&mut self, facts: TaskFacts) {
        if let Some(watched) = self.watched.get_mut(&facts.key) {
            watched.facts = facts;
            return;
        }
        let extra = self.recorder.extras.get(facts.extra);
        let key = facts.key;
        self.watched.insert(key, Watched { facts, extra, judged_by: None, look_again: 0 });
    }

    fn count_ended(&mut self, facts: &TaskFacts) {
        self.recorder.set_flag(facts.key, Flag::Counted);
        self.ended_so_far += 1;
        self.sites.count(facts.site, facts.outcome.unwrap_or(Outcome::Completed));
        if facts.outcome == Some(Outcome::Cancelled) {
            self.totals.tasks_cancelled += 1;
        }
        if let (Some(requested), Some(ended)) = (facts.requested_at, facts.ended_at) {
            let latency = ended.saturating_sub(requested);
            if self.is_request_known(facts) {
                self.totals.slowest_cancel = self.totals.slowest_cancel.max(latency);
            }
            self.followed.ended(requested, latency);
        }
    }

    /// Where nobody saw the request, its time was deduced from the end.
    fn is_request_known(&self, facts: &TaskFacts) -> bool {
        let request = self.recorder.requests.get(facts.request);
        request.is_some_and(|request| request.cause != Cause::Unknown)
    }

    /// Finds what is to be judged anew.
    fn look(&mut self, now: Nanos, notes: &mut Vec<Note>) {
        for key in self.refresh_watched() {
            self.no_longer_watched(key, now, notes);
        }
        let tasks = self.watched.values().map(|task| &task.facts);
        let holds = |it: &&TaskFacts| it.ended_by_cancellation() && it.pins > 0;
        let mut changed = self.listed.refresh(self.recorder, tasks.filter(holds));
        let is_late = |it: &&Watched| is_late(it, limits(&self.settings, it), now);
        let late = self.watched.values().filter(is_late).map(|task| &task.facts);
        changed.extend(self.listed_live.refresh(self.recorder, late));
        let due = self.watched.iter().filter(|(key, task)| {
            now >= task.look_again
                || task.judged_by != Some(task.signature())
                || changed.contains(key)
                // What is around a scope decides whether it was cancelled by itself.
                || task.facts.kind == TaskKind::Scope
        });
        self.due.clear();
        self.due.extend(due.map(|(key, _)| *key));
    }

    fn judge_some(&mut self, now: Nanos, notes: &mut Vec<Note>) {
        for _ in 0..JUDGED_AT_ONCE {
            let Some(key) = self.due.pop_front() else { break };
            if self.is_as_looked_at(key) {
                self.judge(key, now, notes);
            }
        }
    }

    /// False for one that has let go of something, or has ended, since what it holds was
    /// listed: the next whole round finds it.
    fn is_as_looked_at(&mut self, key: Key) -> bool {
        let Some(task) = self.watched.get_mut(&key) else { return false };
        let had_ended = task.facts.ended_at.is_some();
        match self.recorder.reread(&mut task.facts) {
            Some(has_changed) => !has_changed || (!had_ended && task.facts.ended_at.is_none()),
            None => false,
        }
    }

    fn judge(&mut self, key: Key, now: Nanos, notes: &mut Vec<Note>) {
        let Some(task) = self.watched.get_mut(&key) else { return };
        let limits = limits(&self.settings, task);
        let has_ended = task.facts.ended_at.is_some();
        let listed = if has_ended { &self.listed } else { &self.listed_live };
        let listing: &Listing = listed.listing();
        let passes = listing::passes_outward(self.recorder, &task.facts);
        let findings =
            if passes { Vec::new() } else { verdict::judge(&task.facts, limits, listing, now) };
        task.judged_by = Some(task.signature());
        task.look_again = verdict::look_again(&task.facts, limits, listing, now);
        self.version += self.rows.replace(self.recorder, Judged::Task(key), findings, now, notes);
    }

    /// Reads the watched tasks again; gives those that are to be watched no longer.
    fn refresh_watched(&mut self) -> Vec<Key> {
        let recorder = self.recorder;
        let mut over = Vec::new();
        for (key, task) in &mut self.watched {
            let facts = &mut task.facts;
            let is_there = recorder.reread(facts).is_some();
            // Its holdings and children pin it, and those of ended children do.
            let holds = facts.ended_by_cancellation() && facts.pins > 0;
            if !is_there || (facts.ended_at.is_some() && !holds) {
                over.push(*key);
            }
        }
        over
    }

    fn no_longer_watched(&mut self, key: Key, now: Nanos, notes: &mut Vec<Note>) {
        // Rows are given for what is watched, and mostly that is nothing.
        if !self.watched.is_empty() && self.watched.remove(&key).is_some() {
            let judged = Judged::Task(key);
            self.version += self.rows.replace(self.recorder, judged, Vec::new(), now, notes);
        }
    }

    /// What is listed as left by cancelled tasks, and what wakers keep of them: of that
    /// no row need speak.
    fn bytes_kept(&self, now: Nanos) -> u64 {
        let cells = self.watched.values().filter(|it| it.facts.keeps_its_cell());
        let is_over = |it: &&Watched| {
            let ended_at = it.facts.ended_at.unwrap_or(now);
            now.saturating_sub(ended_at) >= limits(&self.settings, it).grace
        };
        let cells: u64 = cells.filter(is_over).map(|it| u64::from(it.facts.cell)).sum();
        self.rows.bytes_kept() + cells
    }

    /// Beyond the cap what is said is counted and not listed, the oldest first.
    fn fold_beyond_the_cap(&mut self) {
        let (watched, listing) = (&self.watched, self.listed.listing());
        let may_orphan =
            |key| watched.get(&key).is_some_and(|it| verdict::may_orphan(&it.facts, listing));
        let before = self.rows.beyond();
        for key in self.rows.fold_beyond(self.recorder, may_orphan) {
            self.watched.remove(&key);
        }
        self.version += u64::from(self.rows.beyond() != before);
    }

    fn keep(&mut self, notes: &[Note]) {
        let unnoted = self.rows.take_unnoted();
        self.totals.given += unnoted.given;
        self.totals.cleared += unnoted.cleared;
        self.totals.cleared_warnings += unnoted.cleared_warnings;
        for note in notes {
            if note.row.is_ignored() {
                // It is in the history, and in no count.
            } else if note.given {
                self.totals.given += 1;
            } else {
                self.totals.cleared += 1;
                self.totals.cleared_warnings += u64::from(!note.row.verdict.is_leak());
            }
            self.notes_so_far += 1;
            self.notes.push_back(note.clone());
        }
        let noted = self.notes.len();
        self.notes.drain(..noted.saturating_sub(NOTES));
    }
}

/// It was asked to stop longer than its grace ago, and goes on.
fn is_late(task: &Watched, limits: Limits, now: Nanos) -> bool {
    let TaskFacts { requested_at, ended_at, holdings, children, handles, pins, .. } = task.facts;
    // One that lives pins itself, and its span and handles do: whatever else does may be a
    // scope of it, which has ended and left something.
    let by_scopes = pins > u64::from(handles) + 1 + u64::from(task.facts.has(Flag::Span));
    let may_hold = holdings > 0 || children > 0 || by_scopes;
    let asked = requested_at.filter(|_| ended_at.is_none() && may_hold);
    asked.is_some_and(|at| now.saturating_sub(at) >= limits.grace)
}

fn limits(settings: &Settings, task: &Watched) -> Limits {
    let own = task.extra.as_ref().and_then(|extra| extra.grace);
    Limits {
        grace: own.unwrap_or_else(|| nanos(settings.grace)),
        orphan_grace: nanos(settings.orphan_grace),
        wakers: settings.wakers,
    }
}

#[cfg(test)]
mod tests;
