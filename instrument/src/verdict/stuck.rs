//! `stuck`: asked to stop more than grace ago, not ended. What it holds is listed with
//! it, and is no reason for it.

use super::{Finding, Limits, Listing, held, passed};
use crate::{
    recorder::{
        clock::Nanos,
        task::{Flag, TaskFacts},
    },
    words::{Accuracy, Verdict},
};

pub(super) fn judge(
    task: &TaskFacts,
    limits: Limits,
    listing: &Listing,
    now: Nanos,
) -> Option<Finding> {
    let since = task.requested_at?;
    // A task that merely waits on the token was written to act on it: once it has
    // noticed, how long it takes is its own business.
    let waiting = task.has(Flag::Waiting);
    if task.ended_at.is_some() || (waiting && task.delivered_at.is_some()) {
        return None;
    }
    // Where only tokio's spans are seen, a drop is known when it is over: it ends now.
    if task.drop_began.is_some() && !task.has(Flag::Shim) {
        return None;
    }
    // What a task that goes on takes and gives back is not worth a row's flicker.
    let holdings = || {
        let held = held::held_by(task, listing, now).into_iter();
        held.filter(|listed| passed(listed.since, limits.grace, now)).collect()
    };
    passed(since, limits.grace, now).then(|| Finding {
        verdict: Verdict::Stuck,
        accuracy: if waiting { Accuracy::Inferred } else { Accuracy::Exact },
        task: task.clone(),
        since,
        holdings: holdings(),
        ancestor: None,
    })
}
