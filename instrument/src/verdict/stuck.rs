//! `stuck`: asked to stop more than grace ago, not ended.

use super::{Finding, Limits, passed};
use crate::{
    recorder::{
        clock::Nanos,
        task::{Flag, TaskFacts},
    },
    words::{Accuracy, Verdict},
};

pub(super) fn judge(task: &TaskFacts, limits: Limits, now: Nanos) -> Option<Finding> {
    let since = task.requested_at?;
    // A task that merely waits on the token was written to act on it: once it has
    // noticed, how long it takes is its own business.
    let waiting = task.has(Flag::Waiting);
    if task.ended_at.is_some() || (waiting && task.delivered_at.is_some()) {
        return None;
    }
    passed(since, limits.grace, now).then(|| Finding {
        verdict: Verdict::Stuck,
        accuracy: if waiting { Accuracy::Inferred } else { Accuracy::Exact },
        task: task.clone(),
        since,
        holdings: Vec::new(),
        ancestor: None,
    })
}
