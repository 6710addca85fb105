//! What the target has told so far: its tasks, resources and async operations. Times are
//! nanoseconds since the earliest moment that its first message names.

mod entry;
mod history;
mod resources;
mod tasks;
mod watched;

use std::collections::{HashMap, HashSet};

use console_api::{RegisterMetadata, instrument::Update};
use holdover_proto::v1;

pub(super) use self::{
    entry::{Op, Resource, Task, TaskStats},
    history::{History, What},
    watched::Watched,
};
use super::read::{self, cut};

/// A task that ended is kept for so long.
const RETENTION: u64 = 60_000_000_000;
/// No more is kept of a kind, whatever the target sends.
const MOST: usize = 1_000_000;
/// A program has not so many places that record spans, and no place records more fields.
const CALLSITES: usize = 10_000;
const NAMES: usize = 32;

/// Creations and changes that the target had no room for, as it says itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dropped {
    pub(super) tasks: u64,
    pub(super) resources: u64,
    pub(super) ops: u64,
}

impl Dropped {
    pub(super) fn any(self) -> bool {
        self != Self::default()
    }
}

#[derive(Debug, Default)]
pub(super) struct Table {
    /// Unix time of time 0; `None` before the first message.
    anchor: Option<u64>,
    pub(super) now: u64,
    /// The time of the message before, and of the first one.
    told_before: u64,
    attached: Option<u64>,
    /// By the target's id of it, as what follows.
    pub(super) tasks: HashMap<u64, Task>,
    /// The target's id of a task, by its number.
    ids: HashMap<u64, u64>,
    pub(super) resources: HashMap<u64, Resource>,
    pub(super) ops: HashMap<u64, Op>,
    /// Those of which something is told, and never what they are.
    untold: HashSet<u64>,
    /// The names of the fields of each callsite.
    fields: HashMap<u64, Vec<String>>,
    pub(super) history: History,
    pub(super) dropped: Dropped,
    /// How many tasks were told of: also their last number.
    pub(super) spawned: u64,
    last_resource: u64,
    /// It has told of a waker.
    tells_wakers: bool,
    /// It has not told what there was when the console was attached.
    withheld: bool,
}

impl Table {
    pub(super) fn anchor(&self) -> u64 {
        self.anchor.unwrap_or_default()
    }

    /// Takes a message, whatever it says.
    pub(super) fn apply(&mut self, update: Update) {
        let now = update.now.and_then(read::unix);
        if self.anchor.is_none() {
            self.anchor = earliest(&update).or(now);
        }
        let now = now.map_or(self.now, |now| self.since(now));
        // What there is at first comes with the callsites, of which there are always some.
        self.withheld |= self.attached.is_none() && update.new_metadata.is_none();
        self.told_before = self.now;
        self.now = self.now.max(now);
        self.attached = self.attached.or(Some(self.now));
        self.learn(update.new_metadata.unwrap_or_default());
        self.take_tasks(update.task_update.unwrap_or_default());
        self.take_resources(update.resource_update.unwrap_or_default());
        self.take_ops(update.async_op_update.unwrap_or_default());
        self.forget();
    }

    /// What was before time 0 was at time 0.
    fn since(&self, unix: u64) -> u64 {
        unix.saturating_sub(self.anchor())
    }

    fn at(&self, at: Option<prost_types::Timestamp>) -> Option<u64> {
        at.and_then(read::unix).map(|unix| self.since(unix))
    }

    fn learn(&mut self, new: RegisterMetadata) {
        for new in new.metadata {
            let (Some(id), Some(metadata)) = (new.id, new.metadata) else { continue };
            if self.fields.len() < CALLSITES {
                let names = metadata.field_names.iter().take(NAMES).map(|name| cut(name));
                self.fields.insert(id.id, names.collect());
            }
        }
    }

    /// The names to which the fields of this callsite's spans may refer.
    fn names(&self, callsite: Option<console_api::MetaId>) -> Option<&[String]> {
        self.fields.get(&callsite?.id).map(Vec::as_slice)
    }

    fn note_untold(&mut self, id: u64, stats: &TaskStats) {
        if stats.ended.is_some() {
            self.untold.remove(&id);
        } else if self.untold.len() < MOST {
            self.untold.insert(id);
        }
    }

    /// Whether its counts of wakers mean something: a target whose workers do not record what
    /// becomes of wakers has none of any task.
    pub(super) fn counts_wakers(&self) -> bool {
        self.tells_wakers && self.dropped.tasks == 0
    }

    /// A task is told to wait without one, and none was ever told to have one.
    pub(super) fn tells_no_wakers(&self) -> bool {
        let waits = |task: &Task| task.watched.without_waker().is_some();
        !self.tells_wakers && self.tasks.values().any(waits)
    }

    /// How many tasks live of which it is not told what they are, at the least; `None` when
    /// there are none.
    pub(super) fn untold(&self) -> Option<u64> {
        let tasks = self.untold.len() as u64;
        (self.withheld || tasks > 0).then_some(tasks)
    }

    /// The task that the target knows by this id.
    pub(super) fn number_of(&self, id: u64) -> Option<u64> {
        self.tasks.get(&id).map(|task| task.number)
    }

    /// A task by its number, with the target's id of it.
    pub(super) fn numbered(&self, number: u64) -> Option<(u64, &Task)> {
        let id = self.ids.get(&number)?;
        Some((*id, self.tasks.get(id)?))
    }

    /// What ended is history; but whose things are still there is told.
    fn forget(&mut self) {
        let now = self.now;
        self.resources.retain(|_, resource| resource.released.is_none());
        let users = self.resources.values().flat_map(|it| it.users.iter().copied());
        let users: HashSet<u64> = users.collect();
        let is_kept = |task: &Task| {
            let ended = task.stats.and_then(|stats| stats.ended);
            !is_over(ended, now) || users.contains(&task.number)
        };
        self.tasks.retain(|_, task| is_kept(task));
        let tasks = &self.tasks;
        self.ids.retain(|_, id| tasks.contains_key(id));
        let resources = &self.resources;
        self.ops.retain(|_, op| resources.contains_key(&op.resource));
    }
}

/// Whether it ended so long ago that it is not kept.
fn is_over(ended: Option<u64>, now: u64) -> bool {
    ended.is_some_and(|at| at.saturating_add(RETENTION) <= now)
}

/// Whether what is told as new is what is known by that id: what there is when a console
/// attaches is told twice.
fn is_same(made: Option<u64>, known: Option<u64>, ended: Option<u64>) -> bool {
    match (made, known) {
        (Some(made), Some(known)) => made == known,
        _ => ended.is_none(),
    }
}

/// The earliest moment at which something in the message was made.
fn earliest(update: &Update) -> Option<u64> {
    let tasks = update.task_update.iter().flat_map(|it| it.stats_update.values());
    let resources = update.resource_update.iter().flat_map(|it| it.stats_update.values());
    let made = tasks.map(|it| it.created_at).chain(resources.map(|it| it.created_at));
    made.flatten().filter_map(read::unix).min()
}

/// What a task is called where there is no room for more.
pub(super) fn reference(task: &Task) -> v1::TaskRef {
    let name = match task.name.as_str() {
        "" => crate::names::short_place(&task.location),
        name => cut(name),
    };
    v1::TaskRef { id: task.number, name, location: task.location.clone() }
}
