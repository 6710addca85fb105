//! `overdue`: something is held for longer than it may be, cancelled or not. A warning,
//! given to whoever holds it; its `since` is when the first limit was over.

use super::{Finding, Listed, Thing, phase};
use crate::{
    recorder::{clock::Nanos, holding::HoldingFacts, key::Key, task::TaskFacts},
    words::{Accuracy, Phase, Verdict},
};

/// `task` holds `holdings`, each for longer than its own limit, or else than `limit`.
/// `None` when nobody owns them.
pub(crate) fn overdue(
    task: Option<TaskFacts>,
    holdings: Vec<HoldingFacts>,
    limit: Option<Nanos>,
) -> Finding {
    let over_at = |held: &HoldingFacts| {
        held.acquired_at.saturating_add(held.limit.or(limit).unwrap_or_default())
    };
    let since = holdings.iter().map(over_at).min().unwrap_or_default();
    let phase_of = |held: &HoldingFacts| {
        task.as_ref().map_or(Phase::Before, |task| phase(task, held.acquired_at))
    };
    let listed = |held: HoldingFacts| Listed {
        phase: phase_of(&held),
        since: over_at(&held),
        thing: Thing::Holding(held),
        via: None,
        maybe_moved: false,
        waiting: Vec::new(),
    };
    let holdings: Vec<Listed> = holdings.into_iter().map(listed).collect();
    let exact = holdings.iter().all(|listed| listed.thing.accuracy() == Accuracy::Exact);
    Finding {
        verdict: Verdict::Overdue,
        accuracy: if exact { Accuracy::Exact } else { Accuracy::Inferred },
        task: task.unwrap_or_else(|| TaskFacts::nobody(Key::OURS)),
        since,
        holdings,
        ancestor: None,
    }
}
