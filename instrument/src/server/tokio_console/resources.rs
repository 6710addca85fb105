//! Which resources and operations a client was told of. A resource is what somebody holds
//! or waits for: a timer, a lock, a semaphore, a connection. An operation is what a task
//! has to do with it: it holds it, or it waits for it.

use std::collections::{HashMap, hash_map::Entry};

use holdover_proto::{Message, tokio_console as wire};

use super::{
    super::Console,
    convert::{self, Common, Wall},
    updates::Budget,
};
use crate::{
    recorder::{
        Recorder,
        clock::Nanos,
        holding::{HoldingFacts, HoldingFlag},
        key::Key,
    },
    words::Kind,
};

/// What an entry of a list takes beside its message.
const AROUND: usize = 16;

/// What a resource is known by: its number, else its only holding's key.
fn identity(facts: &HoldingFacts) -> u64 {
    if facts.resource == 0 { facts.key.bits() } else { facts.resource }
}

/// What changes of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Figures {
    owner: Option<u64>,
    amount: u32,
    bytes: u64,
    /// Of a timer that goes off once.
    due_at: Option<Nanos>,
    /// Its owner ended by cancellation.
    is_left: bool,
}

impl Figures {
    fn of(recorder: &'static Recorder, facts: &HoldingFacts) -> Self {
        Self {
            owner: facts.owner.and_then(|owner| recorder.whole_task(owner)),
            amount: facts.amount,
            bytes: facts.bytes,
            due_at: facts.due_at.filter(|_| goes_off_once(facts)),
            is_left: facts.owner.is_some_and(|owner| recorder.has_ended_by_cancellation(owner)),
        }
    }
}

/// An operation as it was told of.
#[derive(Clone, Copy, Debug)]
struct Told {
    key: Key,
    since: Nanos,
    waits: bool,
    id: u64,
    resource: u64,
    figures: Figures,
}

impl Told {
    /// It is the same operation still, not the next one in the same slot.
    fn is_still(&self, facts: &HoldingFacts) -> bool {
        self.key == facts.key
            && self.since == facts.acquired_at
            && self.waits == facts.has(HoldingFlag::Blocked)
            && self.resource == identity(facts)
    }
}

/// A resource as it was told of.
#[derive(Debug)]
struct Known {
    id: u64,
    since: Nanos,
    operations: u32,
    /// Of these, by tasks that ended by cancellation.
    left: u32,
}

/// Both parts of an update that are about resources.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) resources: wire::ResourceUpdate,
    pub(super) operations: wire::AsyncOpUpdate,
}

/// When a slot is looked at in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    InOrder,
    Last,
}

/// See the module's header.
#[derive(Debug)]
pub(super) struct Resources {
    wall: Wall,
    /// By the slot that the holding has.
    told: Vec<Option<Told>>,
    known: HashMap<u64, Known>,
    next: u32,
    /// Slots of waits for what was not met yet: its place is that of who holds it, if
    /// anybody does.
    waits: Vec<u32>,
    next_id: u64,
}

impl Resources {
    pub(super) fn new(wall: Wall) -> Self {
        Self {
            wall,
            told: Vec::new(),
            known: HashMap::new(),
            next: 0,
            waits: Vec::new(),
            next_id: 1,
        }
    }

    pub(super) fn begins_a_round(&mut self) {
        self.next = 0;
        self.waits.clear();
    }

    /// The next ones of the round, and whether they are the last.
    pub(super) fn part(
        &mut self,
        console: &Console,
        now: Nanos,
        budget: &mut Budget,
    ) -> (News, bool) {
        let recorder = console.recorder;
        let slots = recorder.holding_slots();
        self.told.resize(self.told.len().max(slots as usize), None);
        let mut news = News::default();
        while self.next < slots {
            if !budget.takes_a_slot() {
                return (news, false);
            }
            self.look_at(recorder, (self.next, Turn::InOrder), now, &mut news, budget);
            self.next += 1;
        }
        while budget.takes_a_slot() {
            let Some(slot) = self.waits.pop() else { return (news, true) };
            self.look_at(recorder, (slot, Turn::Last), now, &mut news, budget);
        }
        (news, self.waits.is_empty())
    }

    fn look_at(
        &mut self,
        recorder: &'static Recorder,
        (slot, turn): (u32, Turn),
        now: Nanos,
        news: &mut News,
        budget: &mut Budget,
    ) {
        let facts = recorder.holding_at(slot).filter(|facts| is_told(facts, now));
        let before = self.told[slot as usize];
        let same = before.filter(|told| facts.as_ref().is_some_and(|facts| told.is_still(facts)));
        if let Some(gone) = before.filter(|_| same.is_none()) {
            self.is_gone(gone, now, news, budget);
            self.told[slot as usize] = None;
        }
        let Some(facts) = facts else { return };
        let is_first = !self.known.contains_key(&identity(&facts));
        if turn == Turn::InOrder && is_first && facts.has(HoldingFlag::Blocked) {
            self.waits.push(slot);
            return;
        }
        let figures = Figures::of(recorder, &facts);
        if same.is_some_and(|told| told.figures == figures) {
            return;
        }
        let told = match same {
            Some(told) => self.changes(told, figures),
            None => self.is_new(&facts, figures, news, budget),
        };
        self.told[slot as usize] = Some(told);
        self.push_resource_stats(&told, None, news, budget);
        self.push_stats(&told, None, news, budget);
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id - 1
    }

    fn changes(&mut self, told: Told, figures: Figures) -> Told {
        if let Some(known) = self.known.get_mut(&told.resource) {
            known.left = known.left - u32::from(told.figures.is_left) + u32::from(figures.is_left);
        }
        Told { figures, ..told }
    }

    fn is_new(
        &mut self,
        facts: &HoldingFacts,
        figures: Figures,
        news: &mut News,
        budget: &mut Budget,
    ) -> Told {
        let (resource, id) = (identity(facts), self.id());
        let known = match self.known.entry(resource) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let known = Known { id, since: facts.acquired_at, operations: 0, left: 0 };
                let new = convert::resource(id, facts);
                budget.spends(new.encoded_len() + AROUND);
                news.resources.new_resources.push(new);
                place.insert(known)
            }
        };
        known.operations += 1;
        known.left += u32::from(figures.is_left);
        let of = convert::id(known.id);
        let waits = facts.has(HoldingFlag::Blocked);
        let told = Told {
            key: facts.key,
            since: facts.acquired_at,
            waits,
            id: self.id(),
            resource,
            figures,
        };
        let operation = convert::operation(told.id, of, facts);
        budget.spends(operation.encoded_len() + AROUND);
        news.operations.new_async_ops.push(operation);
        if waits {
            // It was polled, and had to wait.
            news.resources.new_poll_ops.push(wire::PollOp {
                metadata: Some(Common::PollOp.id()),
                resource_id: Some(of),
                name: "poll".to_owned(),
                task_id: figures.owner.map(convert::id),
                async_op_id: Some(convert::id(told.id)),
                is_ready: false,
            });
        }
        told
    }

    /// It was released, or is waited for no longer. A resource that nobody has anything to
    /// do with any more is not known any more.
    fn is_gone(&mut self, told: Told, now: Nanos, news: &mut News, budget: &mut Budget) {
        // That of others was so since the last round, but nobody noted when.
        let over = told.figures.due_at.filter(|due_at| *due_at > told.since && *due_at < now);
        let over = over.unwrap_or(now);
        self.push_stats(&told, Some(over), news, budget);
        let Some(known) = self.known.get_mut(&told.resource) else { return };
        known.operations -= 1;
        known.left -= u32::from(told.figures.is_left);
        if known.operations == 0 {
            self.push_resource_stats(&told, Some(over), news, budget);
            self.known.remove(&told.resource);
        }
    }

    fn push_stats(&self, told: &Told, over: Option<Nanos>, news: &mut News, budget: &mut Budget) {
        let figures = &told.figures;
        let mut attributes = Vec::new();
        if figures.amount > 1 {
            attributes.push(convert::attribute("amount", figures.amount.into(), None));
        }
        if figures.is_left {
            attributes.push(convert::mark("cancelled"));
        }
        let stats = wire::AsyncOpStats {
            created_at: Some(self.wall.at(told.since)),
            dropped_at: over.map(|at| self.wall.at(at)),
            task_id: figures.owner.map(convert::id),
            // How often it was polled is not recorded; who waits was.
            poll_stats: Some(wire::PollStats {
                polls: u64::from(told.waits),
                ..wire::PollStats::default()
            }),
            attributes,
        };
        let entry = wire::AsyncOpStatsEntry { key: told.id, value: Some(stats) };
        budget.spends(entry.encoded_len() + AROUND);
        news.operations.stats_update.push(entry);
    }

    fn push_resource_stats(
        &self,
        told: &Told,
        over: Option<Nanos>,
        news: &mut News,
        budget: &mut Budget,
    ) {
        let Some(known) = self.known.get(&told.resource) else { return };
        let mut attributes = Vec::new();
        if let Some(due_at) = told.figures.due_at {
            // It was set for so long at a moment that was hardly before it was acquired.
            attributes.push(convert::duration_attribute(due_at.saturating_sub(told.since)));
        }
        if told.figures.bytes > 0 {
            attributes.push(convert::attribute("size", told.figures.bytes, Some("bytes")));
        }
        if known.left > 0 {
            attributes.push(convert::mark("holder.cancelled"));
        }
        let stats = wire::ResourceStats {
            created_at: Some(self.wall.at(known.since)),
            dropped_at: over.map(|at| self.wall.at(at)),
            attributes,
        };
        let entry = wire::ResourceStatsEntry { key: known.id, value: Some(stats) };
        budget.spends(entry.encoded_len() + AROUND);
        news.resources.stats_update.push(entry);
    }
}

/// What an interval is due at is its next tick.
fn goes_off_once(facts: &HoldingFacts) -> bool {
    let is_periodic = facts.has(HoldingFlag::Moves) && !facts.has(HoldingFlag::Expires);
    facts.kind == Kind::Timer && !is_periodic
}

/// It is held, or waited for until others let go.
fn is_told(facts: &HoldingFacts, now: Nanos) -> bool {
    let is_held = !facts.has(HoldingFlag::Over) && !facts.is_over(now);
    (is_held || facts.has(HoldingFlag::Blocked)) && facts.kind != Kind::Child
}
