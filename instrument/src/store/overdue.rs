//! What is held for longer than it may be. A holding with a limit of its own is looked
//! at when that is over, and no sooner; with a limit for everything, every holding is
//! looked at now and then.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
    time::Duration,
};

use super::listing::effective_owner;
use crate::{
    fault::{Fault, planted},
    recorder::{
        Recorder,
        clock::{Nanos, nanos},
        holding::HoldingFacts,
        key::Key,
    },
    verdict::{self, Finding},
};

/// How often everything is looked at, at most and at least.
const SOONEST: Nanos = 100_000_000;
const LATEST: Nanos = 10_000_000_000;

/// See the module's header.
#[derive(Debug, Default)]
pub(super) struct Overdue {
    /// Holdings with a limit of their own, by when it is over.
    waiting: BinaryHeap<Reverse<(Nanos, u64)>>,
    late: HashSet<Key>,
    /// Those that have a row.
    owners: HashSet<Option<Key>>,
    look_at_all: Nanos,
}

impl Overdue {
    /// For each owner that has or had something overdue, what is to be said now.
    pub(super) fn look(
        &mut self,
        recorder: &'static Recorder,
        limit: Option<Duration>,
        now: Nanos,
    ) -> Vec<(Option<Key>, Vec<Finding>)> {
        self.take_limited(recorder);
        self.take_due(recorder, now);
        let limit = limit.map(nanos);
        if let Some(limit) = limit.filter(|_| now >= self.look_at_all) {
            self.look_at_all = now.saturating_add((limit / 4).clamp(SOONEST, LATEST));
            let late = recorder.all_holdings().filter(|it| is_late(it, Some(limit), now));
            self.late.extend(late.map(|it| it.key));
        }
        if self.late.is_empty() && self.owners.is_empty() {
            return Vec::new();
        }
        let late = self.by_owner(recorder, limit, now);
        let before = std::mem::replace(&mut self.owners, late.keys().copied().collect());
        let gone = before.difference(&self.owners).map(|owner| (*owner, Vec::new()));
        let gone: Vec<_> = gone.collect();
        let said = late.into_iter().map(|(owner, holdings)| {
            let task = owner.and_then(|owner| recorder.task(owner));
            (owner, vec![verdict::overdue(task, holdings, limit)])
        });
        said.chain(gone).collect()
    }

    fn take_limited(&mut self, recorder: &Recorder) {
        for key in recorder.take_limited() {
            if let Some(over) = recorder.holding(key).and_then(|it| over_at(&it, None)) {
                self.waiting.push(Reverse((over, key.bits())));
            }
        }
    }

    fn take_due(&mut self, recorder: &Recorder, now: Nanos) {
        while self.waiting.peek().is_some_and(|Reverse((over, _))| *over <= now) {
            let Some(Reverse((_, bits))) = self.waiting.pop() else { return };
            let held = Key::from_bits(bits).and_then(|key| recorder.holding(key));
            // One whose limit was changed was put in again.
            self.late.extend(held.filter(|it| is_late(it, None, now)).map(|it| it.key));
        }
    }

    /// Those that still are; the others are forgotten.
    fn by_owner(
        &mut self,
        recorder: &Recorder,
        limit: Option<Nanos>,
        now: Nanos,
    ) -> HashMap<Option<Key>, Vec<HoldingFacts>> {
        let mut late: HashMap<Option<Key>, Vec<HoldingFacts>> = HashMap::new();
        self.late.retain(|key| {
            let held = recorder.holding(*key).filter(|it| is_late(it, limit, now));
            let is_late = held.is_some();
            if let Some(held) = held {
                late.entry(holder(recorder, &held)).or_default().push(held);
            }
            is_late
        });
        for holdings in late.values_mut() {
            holdings.sort_by_key(|it| (it.acquired_at, it.key.bits()));
        }
        late
    }
}

/// Whose row it is in: what a scope has passed outward is its surroundings'.
fn holder(recorder: &Recorder, held: &HoldingFacts) -> Option<Key> {
    let owner = recorder.task(held.owner?)?;
    Some(effective_owner(recorder, owner).key)
}

/// When its limit is over: its own, else the one for everything.
fn over_at(held: &HoldingFacts, limit: Option<Nanos>) -> Option<Nanos> {
    let own = held.limit.filter(|_| !planted(Fault::Limit));
    own.or(limit).map(|limit| held.acquired_at.saturating_add(limit))
}

fn is_late(held: &HoldingFacts, limit: Option<Nanos>, now: Nanos) -> bool {
    verdict::is_held(held, now) && over_at(held, limit).is_some_and(|over| over <= now)
}
