//! Step 4: the verdicts. One small rule each; pure functions of what is known of a
//! task and of the time. A verdict that is not certain is not given.

mod held;
mod orphaned;
mod overdue;
mod stuck;

use std::collections::HashMap;

pub(crate) use self::{held::held_by, orphaned::may_orphan, overdue::overdue};

use crate::{
    fault::{Fault, planted},
    recorder::{
        clock::Nanos,
        holding::{HoldingFacts, HoldingFlag},
        key::Key,
        task::{Flag, TaskFacts},
    },
    words::{Accuracy, Kind, Phase, TaskKind, Verdict},
};

/// What the rules are given beside the task itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) grace: Nanos,
    pub(crate) orphan_grace: Nanos,
    /// Wakers that outlive their task are left behind; else they are only listed.
    pub(crate) wakers: bool,
}

/// What some tasks and their descendants hold and have spawned.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) holdings: HashMap<Key, Vec<HoldingFacts>>,
    pub(crate) children: HashMap<Key, Vec<TaskFacts>>,
    /// The tasks that wait for a resource of this number.
    pub(crate) waits: HashMap<u64, Vec<Key>>,
}

impl Listing {
    pub(crate) fn holdings_of(&self, owner: Key) -> &[HoldingFacts] {
        self.holdings.get(&owner).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn waiting_for(&self, holding: &HoldingFacts) -> &[Key] {
        self.waits.get(&holding.resource).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn children_of(&self, spawner: Key) -> &[TaskFacts] {
        self.children.get(&spawner).map_or(&[], Vec::as_slice)
    }
}

/// A verdict, with what it rests on.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) verdict: Verdict,
    pub(crate) accuracy: Accuracy,
    /// Whom it is given to.
    pub(crate) task: TaskFacts,
    pub(crate) since: Nanos,
    pub(crate) holdings: Vec<Listed>,
    /// Orphaned: the task that was cancelled.
    pub(crate) ancestor: Option<Key>,
}

/// A holding as a verdict lists it.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) thing: Thing,
    pub(crate) phase: Phase,
    /// The child that holds it; `None` when the task does itself.
    pub(crate) via: Option<Key>,
    pub(crate) maybe_moved: bool,
    /// Those who wait for it.
    pub(crate) waiting: Vec<Key>,
    /// Where its grace starts.
    pub(crate) since: Nanos,
}

/// A child is a holding too, and so is the memory of a task that has ended.
#[derive(Clone, Debug)]
pub(crate) enum Thing {
    Holding(HoldingFacts),
    Child(TaskFacts),
    /// What stays allocated of the task itself while wakers of it are stored somewhere.
    Cell {
        of: TaskFacts,
        silent: bool,
    },
}

impl Thing {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Holding(holding) => holding.kind,
            Self::Child(child) if child.kind == TaskKind::Blocking => Kind::Blocking,
            Self::Child(_) => Kind::Child,
            Self::Cell { .. } => Kind::Waker,
        }
    }

    pub(crate) fn acquired_at(&self) -> Nanos {
        match self {
            Self::Holding(holding) => holding.acquired_at,
            Self::Child(child) => child.spawned_at,
            // When the wakers were stored is not known; from its end on they keep it.
            Self::Cell { of, .. } => of.ended_at.unwrap_or_default(),
        }
    }

    /// Listed, and no reason for a verdict by itself.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Self::Cell { silent: true, .. })
    }

    /// It is an open file or socket.
    pub(crate) fn names_an_fd(&self) -> bool {
        matches!(self, Self::Holding(holding) if holding.fd.is_some())
    }

    /// How much memory it is, as far as that is known.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Holding(holding) => holding.bytes,
            Self::Child(child) => child.size.into(),
            Self::Cell { of, .. } => of.cell.into(),
        }
    }

    pub(crate) fn accuracy(&self) -> Accuracy {
        let exact = match self {
            Self::Holding(holding) => !holding.has(HoldingFlag::Inferred),
            Self::Child(child) => child.has(Flag::Shim),
            // tokio tells of wakers, and no shim does.
            Self::Cell { .. } => false,
        };
        if exact { Accuracy::Exact } else { Accuracy::Inferred }
    }
}

/// Everything that is to be said of one task that was asked to stop, at `now`.
/// `grace` is the task's own, or the default.
pub(crate) fn judge(
    task: &TaskFacts,
    limits: Limits,
    listing: &Listing,
    now: Nanos,
) -> Vec<Finding> {
    if task.has(Flag::Missed) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    findings.extend(stuck::judge(task, limits, listing, now));
    if task.ended_by_cancellation() {
        findings.extend(held::judge(task, limits, listing, now));
        findings.extend(orphaned::judge(task, limits, listing, now));
    }
    findings
}

/// It was not released, and its time has not come.
pub(crate) fn is_held(holding: &HoldingFacts, now: Nanos) -> bool {
    held::is_live(holding, now)
}

/// When time alone may next change what [`judge`] says: a grace is over, or a timer is.
pub(crate) fn look_again(task: &TaskFacts, limits: Limits, listing: &Listing, now: Nanos) -> Nanos {
    let grace_of = |since: Nanos| since.saturating_add(limits.grace);
    let mut moments = Vec::new();
    match (task.requested_at, task.ended_at) {
        (Some(asked), None) => {
            moments.push(grace_of(asked));
            let held = held::held_by(task, listing, now);
            moments.extend(held.iter().map(|listed| grace_of(listed.since)));
        }
        (_, Some(ended)) => {
            moments.push(ended.saturating_add(limits.orphan_grace));
            for listed in held::held_by(task, listing, now) {
                moments.push(grace_of(listed.since));
                if let Thing::Holding(holding) = &listed.thing {
                    moments.extend(holding.due_at);
                }
            }
        }
        (None, None) => {}
    }
    moments.into_iter().filter(|moment| *moment > now).min().unwrap_or(Nanos::MAX)
}

/// When something was acquired, seen from its owner's cancel request.
pub(crate) fn phase(task: &TaskFacts, acquired_at: Nanos) -> Phase {
    // In plain form the request is the delivery.
    let requested = task.requested_at.or(task.delivered_at);
    let began = task.drop_began.unwrap_or(Nanos::MAX);
    let ended = task.ended_at.unwrap_or(Nanos::MAX);
    let was_asked = requested.is_some_and(|at| at <= began);
    if was_asked && (began..=ended).contains(&acquired_at) {
        if planted(Fault::Phase) { Phase::Before } else { Phase::InDrop }
    } else if requested.is_some_and(|at| acquired_at >= at) {
        Phase::After
    } else {
        Phase::Before
    }
}

/// The child, or the branch that it descends from, was spawned before the task was asked.
pub(crate) fn is_from_before(task: &TaskFacts, child: &TaskFacts) -> bool {
    child.has(Flag::FromBefore) || phase(task, child.spawned_at) == Phase::Before
}

/// `since` is at least `grace` ago.
fn passed(since: Nanos, grace: Nanos, now: Nanos) -> bool {
    planted(Fault::Grace) || now.saturating_sub(since) >= grace
}

#[cfg(test)]
mod tests;
