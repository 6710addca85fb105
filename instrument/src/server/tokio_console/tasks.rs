//! Which tasks a client was told of, and what.

use std::{
    collections::{HashMap, VecDeque},
    hash::{Hash, Hasher},
    iter,
    sync::Arc,
};

use holdover_proto::{Message, tokio_console as wire};

use super::{
    super::Console,
    convert::{self, Wall},
    figures::Figures,
    updates::Budget,
};
use crate::{
    hash::WordHasher,
    recorder::{
        Recorder,
        clock::Nanos,
        key::Key,
        task::{Flag, TaskFacts},
    },
    store::{Row, Store},
    words::{Outcome, TaskKind},
};

/// What an entry of a list takes beside its message.
const AROUND: usize = 16;

/// A task as it was told of.
#[derive(Clone, Copy, Debug)]
struct Told {
    key: Key,
    id: u64,
    figures: Figures,
    story: u64,
    /// Its retention is over, though something pins it.
    is_forgotten: bool,
}

/// How often a slot is looked at in a round: only where more is to be said a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    First,
    Anew,
}

/// See the module's header.
#[derive(Debug)]
pub(super) struct Tasks {
    wall: Wall,
    /// By the slot that the task has.
    told: Vec<Option<Told>>,
    /// The slot that is read next.
    next: u32,
    /// Slots of tasks of which more is to be said than figures, once the client has these:
    /// who looks at a task goes on looking at what was told of it before.
    anew: VecDeque<u32>,
    rows: HashMap<u64, Vec<Arc<Row>>>,
    rows_of: Option<u64>,
    missed: Missed,
}

/// How many tasks were forgotten before the client was told of them. What is forgotten
/// while a round is under way may have been told or not: that is seen in the next one.
#[derive(Debug)]
struct Missed {
    /// How many were forgotten when the client came, and when this round began.
    at_first: u64,
    by_now: u64,
    /// Of those the client was told of.
    told: u64,
    /// So many the client knows to have missed.
    said: u64,
}

impl Missed {
    fn new(forgotten: u64) -> Self {
        Self { at_first: forgotten, by_now: forgotten, told: 0, said: 0 }
    }

    /// How many more than was said before.
    fn more(&mut self) -> u64 {
        let missed = (self.by_now - self.at_first).saturating_sub(self.told);
        let more = missed.saturating_sub(self.said);
        self.said += more;
        more
    }
}

impl Tasks {
    pub(super) fn new(console: &Console, wall: Wall) -> Self {
        Self {
            wall,
            told: Vec::new(),
            next: 0,
            anew: VecDeque::new(),
            rows: HashMap::new(),
            rows_of: None,
            missed: Missed::new(console.recorder.forgotten()),
        }
    }

    pub(super) fn begins_a_round(&mut self, store: &Store) {
        self.next = 0;
        self.missed.by_now = store.recorder().forgotten();
        if self.rows_of == Some(store.version()) {
            return;
        }
        self.rows_of = Some(store.version());
        self.rows.clear();
        for row in store.rows() {
            self.rows.entry(row.task.id).or_default().push(Arc::clone(row));
        }
    }

    /// The next tasks of the round, and whether they are the last.
    pub(super) fn part(
        &mut self,
        console: &Console,
        now: Nanos,
        budget: &mut Budget,
    ) -> (wire::TaskUpdate, bool) {
        let recorder = console.recorder;
        let slots = recorder.task_slots();
        self.told.resize(self.told.len().max(slots as usize), None);
        let mut update = wire::TaskUpdate::default();
        for _ in 0..self.anew.len() {
            if !budget.takes_a_slot() {
                return (update, false);
            }
            if let Some(slot) = self.anew.pop_front() {
                self.look_at(recorder, (slot, Look::Anew), now, &mut update, budget);
            }
        }
        while self.next < slots {
            if !budget.takes_a_slot() {
                return (update, false);
            }
            self.look_at(recorder, (self.next, Look::First), now, &mut update, budget);
            self.next += 1;
        }
        update.dropped_events = self.missed.more();
        (update, self.anew.is_empty())
    }

    fn look_at(
        &mut self,
        recorder: &'static Recorder,
        (slot, look): (u32, Look),
        now: Nanos,
        update: &mut wire::TaskUpdate,
        budget: &mut Budget,
    ) {
        let facts = recorder.task_at(slot).filter(is_told);
        let key = facts.as_ref().map(|facts| facts.key);
        let before = self.told[slot as usize];
        if let Some(gone) = before.filter(|told| Some(told.key) != key) {
            self.is_gone(gone, now, update, budget);
            self.told[slot as usize] = None;
        }
        let Some(facts) = facts else { return };
        let before = before.filter(|told| told.key == facts.key);
        let rows = self.rows.get(&facts.id).map_or(&[][..], Vec::as_slice);
        if before.is_none() && is_missed(&facts, rows) {
            return;
        }
        let mut told = Told {
            key: facts.key,
            id: facts.id,
            figures: Figures::of(&facts),
            story: story(&facts, rows),
            is_forgotten: facts.has(Flag::Retired),
        };
        if before.is_some_and(|before| !before.is_forgotten) && told.is_forgotten {
            self.missed.told += 1;
        }
        let mut is_news = before.is_none_or(|before| before.story != told.story);
        let changed = before.filter(|before| before.figures != told.figures);
        if let Some(changed) = changed.filter(|_| is_news && look == Look::First) {
            self.anew.push_back(slot);
            (told.story, is_news) = (changed.story, false);
        }
        if is_news {
            // So that its end is seen.
            recorder.is_shown(facts.key);
            let task = convert::task(recorder, &facts, spawner(recorder, &facts), rows);
            budget.spends(task.encoded_len() + AROUND);
            update.new_tasks.push(task);
        }
        if is_news || changed.is_some() {
            self.push_stats(told.id, &told.figures, update, budget);
        }
        self.told[slot as usize] = Some(told);
    }

    /// Its slot is another's. It was seen to end, mostly.
    fn is_gone(
        &mut self,
        told: Told,
        now: Nanos,
        update: &mut wire::TaskUpdate,
        budget: &mut Budget,
    ) {
        self.missed.told += u64::from(!told.is_forgotten);
        if !told.figures.has_ended() {
            self.push_stats(told.id, &told.figures.ended(now), update, budget);
        }
    }

    fn push_stats(
        &self,
        key: u64,
        figures: &Figures,
        update: &mut wire::TaskUpdate,
        budget: &mut Budget,
    ) {
        let entry = wire::TaskStatsEntry { key, value: Some(figures.stats(self.wall)) };
        budget.spends(entry.encoded_len() + AROUND);
        update.stats_update.push(entry);
    }
}

/// Scopes are parts of tasks; tokio-console knows none.
fn is_told(facts: &TaskFacts) -> bool {
    facts.kind != TaskKind::Scope && !facts.has(Flag::NeverWas)
}

/// It is forgotten, and counted as that, which its slot may outlast for a moment: who was not
/// told of it has missed it, unless there is something to say of it still.
fn is_missed(facts: &TaskFacts, rows: &[Arc<Row>]) -> bool {
    facts.is_over() || (facts.has(Flag::Retired) && rows.is_empty())
}

/// The id of the task that spawned it: one that the runtime schedules.
fn spawner(recorder: &Recorder, facts: &TaskFacts) -> Option<u64> {
    const STEPS: usize = 16;
    let next = |key: Option<Key>| key.and_then(|key| recorder.task(key));
    let line = iter::successors(next(facts.spawner), |facts| next(facts.spawner));
    line.take(STEPS).find(is_told).map(|facts| facts.id)
}

/// A number that is another when something else is to be said of the task's cancellation;
/// 0 while there is nothing to say. A request alone is not enough: who looks at a task that
/// goes on is to see that.
fn story(facts: &TaskFacts, rows: &[Arc<Row>]) -> u64 {
    let outcome = facts.outcome.filter(|outcome| *outcome != Outcome::Completed);
    let is_asked = facts.ended_at.is_some() && facts.requested_at.is_some();
    if !is_asked && outcome.is_none() && rows.is_empty() {
        return 0;
    }
    let mut hasher = WordHasher::default();
    (facts.requested_at, facts.request, outcome).hash(&mut hasher);
    if facts.ended_by_cancellation() {
        (facts.delivered_at, facts.holdings).hash(&mut hasher);
    }
    for row in rows {
        (row.verdict, row.since).hash(&mut hasher);
        for held in &row.holdings {
            held.id.hash(&mut hasher);
        }
    }
    hasher.finish()
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use super::*;
    use crate::recorder::key::Which;

    /// One that ends unseen is counted before its last pins are gone.
    #[test]
    fn what_is_counted_as_missed_is_not_told_of_when_it_is_still_there() {
        let key = Key::new(Which::Tasks, 1, 1);
        let live = TaskFacts { pins: 2, ..TaskFacts::nobody(key) };
        assert!(!is_missed(&live, &[]));
        let forgotten = TaskFacts { flags: live.flags | Flag::Retired as u32, ..live };
        assert!(is_missed(&forgotten, &[]));
        assert!(is_missed(&TaskFacts { pins: 0, ..forgotten }, &[]));
    }

    #[test]
    fn a_task_that_was_told_of_is_not_missed_whenever_it_is_forgotten() {
        let mut missed = Missed::new(5);
        (missed.by_now, missed.told) = (9, 1);
        assert_eq!((missed.more(), missed.more()), (3, 0));
        // Two more were told of, and forgotten after the round began: the next one knows.
        missed.told = 3;
        assert_eq!(missed.more(), 0);
        missed.by_now = 11;
        assert_eq!(missed.more(), 0);
        missed.by_now = 12;
        assert_eq!(missed.more(), 1);
    }
}
