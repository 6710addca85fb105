//! `left-behind` and `after-cancel`: it ended by cancellation, and something that it
//! acquired before the request (but a child) or from then on is still live.

use super::{Finding, Limits, Listed, Listing, Thing, passed, phase};
use crate::{
    fault::{Fault, planted},
    recorder::{
        clock::Nanos,
        holding::{HoldingFacts, HoldingFlag},
        task::{Flag, TaskFacts},
    },
    words::{Accuracy, Kind, Phase, TaskKind, Verdict},
};

pub(super) fn judge(
    task: &TaskFacts,
    limits: Limits,
    listing: &Listing,
    now: Nanos,
) -> Vec<Finding> {
    let Some(ended_at) = task.ended_at else { return Vec::new() };
    let direct = held_by(task, listing, now).into_iter();
    let long_enough = |it: &Listed| passed(it.since.max(ended_at), limits.grace, now);
    let direct: Vec<Listed> =
        direct.filter(long_enough).map(|it| speaking(it, limits.wakers)).collect();
    [Verdict::LeftBehind, Verdict::AfterCancel]
        .into_iter()
        .filter_map(|verdict| {
            let of_verdict = |listed: &&Listed| verdict_of(listed) == Some(verdict);
            let of_verdict: Vec<Listed> = direct.iter().filter(of_verdict).cloned().collect();
            let mut finding = finding(task, verdict, of_verdict, listing, now)?;
            finding.holdings.extend(direct.iter().filter(|it| it.thing.is_silent()).cloned());
            Some(finding)
        })
        .collect()
}

/// Wakers that outlive their task speak for a verdict only where that was asked for.
fn speaking(mut listed: Listed, wakers: bool) -> Listed {
    if let Thing::Cell { silent, .. } = &mut listed.thing {
        *silent = !wakers;
    }
    listed
}

/// Which verdict a holding speaks for.
fn verdict_of(listed: &Listed) -> Option<Verdict> {
    match listed.phase {
        _ if listed.thing.is_silent() => None,
        // A child from before the request may be orphaned; that is another rule.
        Phase::Before if listed.thing.kind() == Kind::Child => None,
        Phase::Before => Some(Verdict::LeftBehind),
        Phase::After | Phase::InDrop => Some(Verdict::AfterCancel),
    }
}

fn finding(
    task: &TaskFacts,
    verdict: Verdict,
    mut holdings: Vec<Listed>,
    listing: &Listing,
    now: Nanos,
) -> Option<Finding> {
    let certain = || holdings.iter().filter(|listed| !listed.maybe_moved);
    let since = certain().map(|listed| listed.since).min()?;
    let exact =
        task.has(Flag::Shim) && certain().all(|listed| listed.thing.accuracy() == Accuracy::Exact);
    let through: Vec<Listed> =
        holdings.iter().flat_map(|listed| through_child(listed, listing, now)).collect();
    holdings.extend(through);
    Some(Finding {
        verdict,
        accuracy: if exact { Accuracy::Exact } else { Accuracy::Inferred },
        task: task.clone(),
        since,
        holdings,
        ancestor: None,
    })
}

/// What the task itself holds: its holdings, and its children that still live.
pub(crate) fn held_by(task: &TaskFacts, listing: &Listing, now: Nanos) -> Vec<Listed> {
    let ended_at = task.ended_at.unwrap_or(0);
    let children = listing.children_of(task.key).iter().filter(|child| is_held(child));
    let children = children.map(|child| Listed {
        phase: phase(task, child.spawned_at),
        since: child.spawned_at.max(ended_at),
        thing: Thing::Child(child.clone()),
        via: None,
        maybe_moved: false,
        waiting: Vec::new(),
    });
    let holdings = listing.holdings_of(task.key).iter().filter(|holding| is_live(holding, now));
    let holdings = holdings.map(|holding| Listed {
        phase: phase(task, holding.acquired_at),
        since: holding.acquired_at.max(ended_at),
        thing: Thing::Holding(holding.clone()),
        via: None,
        maybe_moved: is_lent(holding) || maybe_moved(task, holding, listing),
        waiting: listing.waiting_for(holding).to_vec(),
    });
    let mut all: Vec<Listed> = holdings.chain(children).chain(cell_of(task)).collect();
    if planted(Fault::ChildTwice) {
        let child = all.iter().find(|listed| matches!(listed.thing, Thing::Child(_))).cloned();
        all.extend(child);
    }
    all
}

/// What wakers keep of the task itself.
fn cell_of(task: &TaskFacts) -> Option<Listed> {
    let since = task.ended_at.filter(|_| task.keeps_its_cell())?;
    Some(Listed {
        thing: Thing::Cell { of: task.clone(), silent: true },
        // A waker is stored by a poll.
        phase: Phase::Before,
        via: None,
        maybe_moved: false,
        waiting: Vec::new(),
        since,
    })
}

/// What a listed child owns is listed under its spawner's row, and gives no verdict.
fn through_child(listed: &Listed, listing: &Listing, now: Nanos) -> Vec<Listed> {
    let Thing::Child(child) = &listed.thing else { return Vec::new() };
    let of_child = held_by(child, listing, now).into_iter();
    of_child.map(|held| Listed { via: Some(child.key), phase: listed.phase, ..held }).collect()
}

/// A child counts as held while it lives, unless it is nobody's business: detached on
/// purpose, or spawned by a library for itself. A blocking closure counts once it runs.
fn is_held(child: &TaskFacts) -> bool {
    let silent = child.has(Flag::Detached) || child.has(Flag::Library);
    let waits_to_run =
        Thing::Child(child.clone()).kind() == Kind::Blocking && child.first_poll.is_none();
    // A scope is part of a task, and listed where that is.
    let scope = child.kind == TaskKind::Scope;
    child.ended_at.is_none() && !silent && !waits_to_run && !scope
}

pub(super) fn is_live(holding: &HoldingFacts, now: Nanos) -> bool {
    !holding.has(HoldingFlag::Over) && !holding.is_over(now)
}

fn is_lent(holding: &HoldingFacts) -> bool {
    holding.lent && !planted(Fault::Lent)
}

/// A move cannot be seen: what was acquired before its owner spawned a task that still
/// lives may be that task's now.
fn maybe_moved(task: &TaskFacts, holding: &HoldingFacts, listing: &Listing) -> bool {
    holding.has(HoldingFlag::Moves)
        && !planted(Fault::MaybeMoved)
        && lives_after(task, holding.acquired_at, listing, 0)
}

/// A descendant lives whose branch was spawned at `since` or later.
fn lives_after(task: &TaskFacts, since: Nanos, listing: &Listing, depth: u8) -> bool {
    /// Deeper lineages are not followed: see `store::listing`.
    const DEPTH: u8 = 16;
    listing.children_of(task.key).iter().any(|child| {
        let branch = depth > 0 || child.spawned_at >= since;
        branch
            && (child.ended_at.is_none()
                || (depth < DEPTH && lives_after(child, since, listing, depth + 1)))
    })
}
