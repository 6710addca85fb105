//! `orphaned`, a warning: a task spawned before the request, directly or through
//! descendants, by a task that ended by cancellation, and still running after the
//! orphan grace. One row for the topmost survivor.

use super::{Finding, Limits, Listed, Listing, Thing, held::held_by, is_from_before, passed};
use crate::{
    fault::{Fault, planted},
    recorder::{
        clock::Nanos,
        task::{Flag, TaskFacts},
    },
    words::{Accuracy, TaskKind, Verdict},
};

/// Deeper lineages are not followed: see `store::listing`.
const DEPTH: u8 = 16;

pub(super) fn judge(
    task: &TaskFacts,
    limits: Limits,
    listing: &Listing,
    now: Nanos,
) -> Vec<Finding> {
    let Some(ended_at) = task.ended_at else { return Vec::new() };
    if !passed(ended_at, limits.orphan_grace, now) {
        return Vec::new();
    }
    let mut survivors = Vec::new();
    for child in listing.children_of(task.key) {
        if is_from_before(task, child) {
            find_survivors(child, listing, 0, &mut survivors);
        }
    }
    survivors
        .into_iter()
        .map(|survivor| Finding {
            verdict: Verdict::Orphaned,
            accuracy: accuracy(task, survivor),
            task: survivor.clone(),
            since: ended_at,
            holdings: under(survivor, listing, now, 0),
            ancestor: Some(task.key),
        })
        .collect()
}

/// What it spawned before it was asked may outlive it: there is more to be said of it when
/// that is over than that it has let go.
pub(crate) fn may_orphan(task: &TaskFacts, listing: &Listing) -> bool {
    task.ended_by_cancellation()
        && listing.children_of(task.key).iter().any(|child| is_from_before(task, child))
}

fn find_survivors<'a>(
    task: &'a TaskFacts,
    listing: &'a Listing,
    depth: u8,
    survivors: &mut Vec<&'a TaskFacts>,
) {
    if is_excused(task) {
        return;
    }
    if task.ended_at.is_none() {
        survivors.push(task);
    } else if !task.ended_by_cancellation() && depth < DEPTH {
        // One that was cancelled itself answers for its own children.
        for child in listing.children_of(task.key) {
            find_survivors(child, listing, depth + 1, survivors);
        }
    }
}

fn is_excused(task: &TaskFacts) -> bool {
    // A handle that lives when the cancelled task's future is gone is held outside it.
    let waited_for = task.ended_at.is_none() && (task.handles > 0 || task.has(Flag::Kept));
    let waited_for = waited_for && !planted(Fault::Kept);
    let detached = task.has(Flag::Detached) && !planted(Fault::Detached);
    let no_task = matches!(task.kind, TaskKind::Blocking | TaskKind::Scope);
    let no_task = no_task && task.ended_at.is_none();
    detached || task.has(Flag::Library) || no_task || waited_for
}

fn accuracy(ancestor: &TaskFacts, survivor: &TaskFacts) -> Accuracy {
    let exact = ancestor.has(Flag::Shim) && survivor.has(Flag::Shim);
    if exact { Accuracy::Exact } else { Accuracy::Inferred }
}

/// What the survivor holds, and indirectly what those below it hold.
fn under(survivor: &TaskFacts, listing: &Listing, now: Nanos, depth: u8) -> Vec<Listed> {
    let mut all = Vec::new();
    for mut held in held_by(survivor, listing, now) {
        held.via = (depth > 0).then_some(survivor.key);
        let below = match &held.thing {
            Thing::Child(child) if depth < DEPTH => under(child, listing, now, depth + 1),
            _ => Vec::new(),
        };
        all.push(held);
        all.extend(below);
    }
    all
}
