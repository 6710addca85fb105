//! Finds what cancelled tasks and their descendants hold and have spawned.
//!
//! The recorder keeps no lists, so that acquiring and releasing stay cheap; they are
//! made here, by a scan over the scan words (8 bytes a slot), and only for tasks that
//! ended by cancellation with something left, or were asked to and go on. A listing is kept while nothing in it
//! changes: then a round looks at what it lists and at nothing else.

use std::collections::{HashMap, HashSet};

use super::Table;
use crate::{
    fault::{Fault, planted},
    recorder::{
        Recorder,
        clock::Nanos,
        key::Key,
        task::{Flag, TaskFacts},
    },
    verdict::{self, Listing},
    words::{Outcome, TaskKind},
};

/// Deeper lineages are not followed.
const DEPTH: usize = 16;

/// A listing, and what it was made for.
#[derive(Debug, Default)]
pub(super) struct Listed {
    listing: Listing,
    /// The cancelled tasks with their counts of holdings, children and pins.
    made_for: Table<Counts>,
    /// How often waits had changed when they were looked for.
    waits_seen: u64,
}

type Counts = (u32, u32, u64);

fn counts(facts: &TaskFacts) -> Counts {
    (facts.holdings, facts.children, facts.pins)
}

impl Listed {
    pub(super) fn listing(&self) -> &Listing {
        &self.listing
    }

    /// Brings the listing up to date for these tasks. Gives those for which it changed.
    pub(super) fn refresh<'a>(
        &mut self,
        recorder: &Recorder,
        tasks: impl Iterator<Item = &'a TaskFacts> + Clone,
    ) -> HashSet<Key> {
        let mut changed = self.relist(recorder, tasks);
        if self.look_for_waits(recorder, !changed.is_empty()) {
            changed.extend(self.made_for.keys());
        }
        changed
    }

    fn relist<'a>(
        &mut self,
        recorder: &Recorder,
        tasks: impl Iterator<Item = &'a TaskFacts> + Clone,
    ) -> HashSet<Key> {
        let same = self.is_made_for(tasks.clone());
        match self.reread(recorder) {
            Reread::Same if same => return HashSet::new(),
            Reread::Updated if same => {}
            _ => {
                self.made_for = tasks.map(|it| (it.key, counts(it))).collect();
                self.listing = list(recorder, self.made_for.keys().copied().collect());
            }
        }
        self.made_for.keys().copied().collect()
    }

    fn is_made_for<'a>(&self, tasks: impl Iterator<Item = &'a TaskFacts>) -> bool {
        let mut wanted = 0;
        let mut tasks = tasks.inspect(|_| wanted += 1);
        tasks.all(|it| self.made_for.get(&it.key) == Some(&counts(it)))
            && wanted == self.made_for.len()
    }

    /// Finds who waits for what is listed. True when that has changed.
    fn look_for_waits(&mut self, recorder: &Recorder, relisted: bool) -> bool {
        let changes = recorder.waits_changed();
        let mut waiting = self.listing.waits.values().flatten();
        let has_ended = waiting.any(|task| recorder.has_ended(*task));
        if !relisted && !has_ended && changes == self.waits_seen {
            return false;
        }
        self.waits_seen = changes;
        let waits = waits(recorder, &self.listing);
        let changed = waits != self.listing.waits;
        self.listing.waits = waits;
        changed
    }

    /// Reads what is listed again. What comes while something else goes is found by
    /// what goes.
    fn reread(&mut self, recorder: &Recorder) -> Reread {
        let mut seen = Reread::Same;
        for holding in self.listing.holdings.values_mut().flatten() {
            match recorder.holding(holding.key) {
                // A scope's holding stands under what is around the scope.
                Some(facts) if facts.owner == holding.owner => {
                    if facts != *holding {
                        seen = seen.max(Reread::Updated);
                        *holding = facts;
                    }
                }
                _ => return Reread::Different,
            }
        }
        for child in self.listing.children.values_mut().flatten() {
            let Some(facts) = recorder.task(child.key) else { return Reread::Different };
            let facts = with_its_set(recorder, facts);
            if counts(&facts) != counts(child) || facts.ended_at != child.ended_at {
                return Reread::Different;
            }
            // Handles, marks and the first poll change what a child counts for.
            let marks = |it: &TaskFacts| (it.handles, it.flags, it.first_poll.is_some());
            if marks(&facts) != marks(child) {
                seen = seen.max(Reread::Updated);
            }
            *child = facts;
        }
        seen
    }
}

/// A set that lives has its members' handles: that is written on none of them.
fn with_its_set(recorder: &Recorder, mut facts: TaskFacts) -> TaskFacts {
    let is_kept =
        facts.extra != 0 && recorder.extras.get(facts.extra).is_some_and(|extra| extra.is_kept());
    if is_kept {
        facts.flags |= Flag::Kept as u32;
    }
    facts
}

/// What came of reading the listing again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reread {
    Same,
    /// The same things, of which something changed.
    Updated,
    /// Something has come or gone.
    Different,
}

/// A scope that completed, or that was dropped with what is around it: all it owns is
/// its surroundings'. Not where these were ready, and had no use for it: an HTTP/2
/// stream's task ends so when its client resets the stream. Also while that cannot be told yet, since what is around it is
/// in the very run in which the scope was dropped: a verdict not certain is not given.
pub(super) fn passes_outward(recorder: &Recorder, scope: &TaskFacts) -> bool {
    if scope.kind != TaskKind::Scope {
        return false;
    }
    match scope.outcome {
        None => false,
        Some(Outcome::Completed) => !planted(Fault::ScopeOutward),
        Some(_) => {
            let around = scope.spawner.and_then(|around| recorder.task(around));
            around.is_some_and(|around| is_dropped_with(scope, &around))
        }
    }
}

/// Whose that is what this one is recorded to own: a scope may have passed it outward.
pub(crate) fn effective_owner(recorder: &Recorder, mut owner: TaskFacts) -> TaskFacts {
    for _ in 0..DEPTH {
        let around = owner.spawner.filter(|_| passes_outward(recorder, &owner));
        let Some(around) = around.and_then(|around| recorder.task(around)) else { break };
        owner = around;
    }
    owner
}

fn is_dropped_with(scope: &TaskFacts, around: &TaskFacts) -> bool {
    let Some(dropped_at) = scope.drop_began else { return false };
    let was_ready = around.outcome == Some(Outcome::Completed);
    let in_its_drop = !was_ready
        && around.drop_began.is_some_and(|began| began <= dropped_at)
        && around.ended_at.is_none_or(|ended| dropped_at <= ended);
    let in_this_run = around.running_since.is_some_and(|since| since <= dropped_at);
    in_its_drop || (in_this_run && !around.has(Flag::Shim))
}

/// Moves what scopes pass outward to the nearest around them that does not. They were
/// found in the order of their slots, an inner one perhaps before the one around it.
fn pass_outward(recorder: &Recorder, listing: &mut Listing, scopes: &[TaskFacts]) {
    let passing = scopes.iter().filter(|scope| passes_outward(recorder, scope));
    let around: HashMap<Key, Key> =
        passing.filter_map(|scope| Some((scope.key, scope.spawner?))).collect();
    let outermost = |mut owner: Key| {
        for _ in 0..DEPTH {
            let Some(next) = around.get(&owner) else { break };
            owner = *next;
        }
        owner
    };
    for scope in scopes.iter().filter(|scope| around.contains_key(&scope.key)) {
        let owner = outermost(scope.key);
        if let Some(holdings) = listing.holdings.remove(&scope.key) {
            listing.holdings.entry(owner).or_default().extend(holdings);
        }
        if let Some(children) = listing.children.remove(&scope.key) {
            listing.children.entry(owner).or_default().extend(children);
        }
    }
}

/// Who waits for what is listed. A scan, where that can be waited for.
fn waits(recorder: &Recorder, listing: &Listing) -> HashMap<u64, Vec<Key>> {
    let listed = listing.holdings.values().flatten();
    let wanted: HashSet<u64> = listed.map(|it| it.resource).filter(|it| *it != 0).collect();
    let mut waits: HashMap<u64, Vec<Key>> = HashMap::new();
    if !wanted.is_empty() {
        for wait in recorder.blocked_tasks().filter(|it| wanted.contains(&it.resource)) {
            waits.entry(wait.resource).or_default().extend(wait.owner);
        }
    }
    waits
}

/// What one task holds, whether it was cancelled or not: for whoever looks at it.
pub(crate) fn held_by(recorder: &Recorder, task: &TaskFacts, now: Nanos) -> Vec<verdict::Listed> {
    let mut listing = list(recorder, HashSet::from([task.key]));
    listing.waits = waits(recorder, &listing);
    verdict::held_by(task, &listing, now)
}

/// Most have left one thing, and a first place in a vector is room for four.
fn put<T>(of: &mut HashMap<Key, Vec<T>>, owner: Key, one: T) {
    of.entry(owner).or_insert_with(|| Vec::with_capacity(1)).push(one);
}

fn list(recorder: &Recorder, tasks: HashSet<Key>) -> Listing {
    let mut listing = Listing::default();
    if tasks.is_empty() {
        return listing;
    }
    let mut scopes = Vec::new();
    let mut family = tasks.clone();
    let mut generation = tasks;
    for _ in 0..DEPTH {
        let mut next = HashSet::new();
        for child in recorder.children(|spawner| generation.contains(&spawner)) {
            let child = with_its_set(recorder, child);
            // A cancelled task that is another's child is listed too, and not
            // followed twice.
            if family.insert(child.key) {
                next.insert(child.key);
            }
            if child.kind == TaskKind::Scope {
                scopes.push(child.clone());
            }
            if let Some(spawner) = child.spawner {
                put(&mut listing.children, spawner, child);
            }
        }
        if next.is_empty() {
            break;
        }
        generation = next;
    }
    for holding in recorder.holdings_of(|owner| family.contains(&owner)) {
        if let Some(owner) = holding.owner {
            put(&mut listing.holdings, owner, holding);
        }
    }
    pass_outward(recorder, &mut listing, &scopes);
    // As they were acquired, and not as their slots are: what stands first names the bug.
    for holdings in listing.holdings.values_mut() {
        holdings.sort_by_key(|it| (it.acquired_at, it.key.bits()));
    }
    listing
}
