//! Rows of tasks and holdings, and a task's story. Text is looked up for the window's
//! rows only.

use std::{
    cell::OnceCell,
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::best::Best;
use crate::{
    recorder::{
        clock::Nanos,
        holding::{HoldingFacts, HoldingFlag},
        key::Key,
        task::{Flag, TaskFacts},
    },
    store::{
        CancelStory, Event, Held, Person, Row, Rule, Store, WAITERS, ancestors, cancel_story, held,
        held_alone, held_by, person, state,
    },
    verdict::{Listed, Thing, phase},
    words::{Phase, State, Verdict},
};

/// A task in words.
#[derive(Clone, Debug)]
pub(crate) struct TaskRow {
    pub(crate) facts: TaskFacts,
    pub(crate) person: Person,
    pub(crate) state: State,
    pub(crate) ancestors: Vec<Person>,
    pub(crate) cancel: Option<CancelStory>,
    pub(crate) detached: Option<Arc<str>>,
    /// What it waits to get, as if it held it.
    pub(crate) waits_for: Option<Held>,
}

/// What tasks wait to get.
#[derive(Debug, Default)]
pub(super) struct Waits {
    by_task: HashMap<Key, HoldingFacts>,
    /// Who holds what is waited for, by its number: looked for once somebody asks.
    holders: OnceCell<HashMap<u64, Vec<Key>>>,
}

impl Waits {
    /// A scan, where any task ever waited.
    pub(super) fn of(store: &Store) -> Self {
        let recorder = store.recorder();
        if recorder.waits_changed() == 0 {
            return Self::default();
        }
        let waits = recorder.blocked_tasks();
        let by_task = waits.filter_map(|wait| Some((wait.owner?, wait))).collect();
        Self { by_task, holders: OnceCell::new() }
    }

    /// A scan, and no more than one.
    fn holders(&self, store: &Store) -> &HashMap<u64, Vec<Key>> {
        self.holders.get_or_init(|| {
            let wanted: HashSet<u64> = self.by_task.values().map(|wait| wait.resource).collect();
            let mut holders: HashMap<u64, Vec<Key>> = HashMap::new();
            let is_it = |held: &HoldingFacts| {
                held.resource != 0
                    && wanted.contains(&held.resource)
                    && !held.has(HoldingFlag::Blocked)
            };
            for held in store.recorder().all_holdings().filter(is_it) {
                holders.entry(held.resource).or_default().extend(held.owner);
            }
            holders
        })
    }

    /// What the task waits to get, as if it held it, and who does.
    pub(super) fn held(&self, store: &Store, task: Key) -> Option<Held> {
        let wait = self.by_task.get(&task)?;
        let recorder = store.recorder();
        let holders = self.holders(store).get(&wait.resource).map_or(&[][..], Vec::as_slice);
        let persons = holders.iter().filter_map(|key| recorder.task(*key));
        let waiters = persons.take(WAITERS).map(|facts| person(&facts)).collect();
        let held = held_alone(recorder, Thing::Holding(wait.clone()), Phase::Before);
        Some(Held { waiters, ..held })
    }
}

impl TaskRow {
    pub(super) fn new(store: &Store, facts: TaskFacts, waits: &Waits) -> Self {
        let recorder = store.recorder();
        Self {
            person: person(&facts),
            state: state(&facts),
            ancestors: ancestors(recorder, &facts),
            cancel: cancel_story(recorder, &facts),
            waits_for: waits.held(store, facts.key),
            detached: recorder.extras.get(facts.extra).and_then(|it| it.detached.clone()),
            facts,
        }
    }
}

/// A live holding and its owner.
#[derive(Clone, Debug)]
pub(crate) struct HeldRow {
    pub(crate) held: Held,
    pub(crate) owner: Option<Person>,
    pub(crate) owner_ended: bool,
}

impl HeldRow {
    pub(super) fn new(store: &Store, thing: Thing) -> Self {
        let recorder = store.recorder();
        let owner = match &thing {
            Thing::Holding(holding) => holding.owner.and_then(|owner| recorder.task(owner)),
            Thing::Child(task) | Thing::Cell { of: task, .. } => Some(task.clone()),
        };
        let phase = match &thing {
            Thing::Cell { .. } => None,
            _ => owner.as_ref().map(|it| phase(it, thing.acquired_at())),
        };
        Self {
            held: held_alone(recorder, thing, phase.unwrap_or(Phase::Before)),
            owner_ended: owner.as_ref().is_some_and(|owner| owner.ended_at.is_some()),
            owner: owner.as_ref().map(person),
        }
    }
}

/// Everything about one task.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) task: TaskRow,
    pub(crate) holdings: Vec<Held>,
    pub(crate) verdicts: Vec<Verdict>,
    /// By which some of the verdicts are ignored.
    pub(crate) ignored: Vec<Arc<Rule>>,
    pub(crate) children: Vec<Person>,
    pub(crate) events: Vec<Event>,
    pub(crate) events_lost: u64,
}

impl Story {
    pub(super) fn of(store: &mut Store, id: u64, now: Nanos) -> Option<Self> {
        let history = store.history();
        let events_lost = history.lost();
        let events = history.events().filter(|event| event.task.id == id);
        let events: Vec<Event> = events.rev().take(super::MAX_ROWS).cloned().collect();
        let recorder = store.recorder();
        let facts = recorder.tasks().find(|facts| facts.id == id)?;
        let key = facts.key;
        recorder.is_shown(key);
        // Its children have a place of their own.
        let is_child = |listed: &Listed| matches!(listed.thing, Thing::Child(_));
        let holdings = held_by(recorder, &facts, now).into_iter().filter(|it| !is_child(it));
        let holdings = holdings.take(super::MAX_ROWS).map(|it| held(recorder, &it)).collect();
        let children = recorder
            .children(|spawner| spawner == key)
            .filter(|child| child.ended_at.is_none())
            .take(super::MAX_ROWS)
            .map(|child| person(&child))
            .collect();
        let is_its = |row: &&Arc<Row>| row.task.id == id;
        let ignored: Vec<&Arc<Row>> = store.ignored().filter(is_its).collect();
        let rows = store.rows().filter(is_its).chain(ignored.iter().copied());
        Some(Self {
            verdicts: rows.map(|row| row.verdict).collect(),
            ignored: ignored.iter().flat_map(|row| row.ignored.iter().cloned()).collect(),
            task: TaskRow::new(store, facts, &Waits::of(store)),
            holdings,
            children,
            events: events.into_iter().rev().collect(),
            events_lost,
        })
    }
}

/// Those that live come first, then the latest to end.
pub(super) fn order(ended_at: Option<Nanos>, id: u64) -> (bool, Reverse<Option<Nanos>>, u64) {
    (ended_at.is_some(), Reverse(ended_at), id)
}

/// How many tasks have a slot, and the window of all of them: of the others only the end
/// and the id are read.
pub(super) fn first_tasks(store: &Store, reach: usize, skipped: usize) -> (usize, Vec<TaskFacts>) {
    let recorder = store.recorder();
    let (mut all, mut first) = (0, Best::new(reach, false));
    recorder.each_task(|key, ended_at, id| {
        all += 1;
        first.offer(order(ended_at, id), || key);
    });
    let window = first.into_window(skipped).into_iter();
    (all, window.filter_map(|key| recorder.task(key)).collect())
}

/// Every live holding. Children are tasks of their own, listed as such.
pub(super) fn holdings(store: &Store, now: Nanos) -> impl Iterator<Item = Thing> {
    let recorder = store.recorder();
    let live =
        move |holding: &HoldingFacts| !holding.has(HoldingFlag::Over) && !holding.is_over(now);
    let holdings = recorder.all_holdings().filter(live).map(Thing::Holding);
    let cells = recorder.tasks_with(Flag::Cell);
    holdings.chain(cells.map(|of| Thing::Cell { of, silent: true }))
}
