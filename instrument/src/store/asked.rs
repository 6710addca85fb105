//! Tasks that were asked by what they are bound to, or by what they wait on. The
//! request stands on the set or the token; here it is written on each task.

use std::sync::Arc;

use super::Store;
use crate::recorder::{
    holding::HoldingFlag,
    task::{Flag, TaskFacts},
};

impl Store {
    /// When a set or a token was cancelled since the last round: looks for the tasks
    /// that it asked.
    pub(super) fn look_for_the_asked(&mut self) {
        let cancelled = self.recorder.askers_cancelled_so_far();
        if cancelled == self.askers_seen {
            return;
        }
        self.askers_seen = cancelled;
        self.ask_the_bound();
        self.ask_the_waiting();
        // What was asked is on the list of changes now.
        self.take_changes();
    }

    fn ask_the_bound(&self) {
        let may_be_bound = |facts: &TaskFacts| {
            facts.extra != 0 && facts.ended_at.is_none() && facts.requested_at.is_none()
        };
        for facts in self.recorder.tasks().filter(may_be_bound) {
            let extra = self.recorder.extras.get(facts.extra);
            if let Some(request) = extra.and_then(|extra| extra.request()) {
                self.recorder.request(facts.key, Arc::unwrap_or_clone(request));
            }
        }
    }

    /// A task that waits on a cancelled token and has not noticed.
    fn ask_the_waiting(&self) {
        let recorder = self.recorder;
        for wait in recorder.all_holdings().filter(|it| it.has(HoldingFlag::Wait)) {
            let asker = u32::try_from(wait.bytes).ok().and_then(|at| recorder.waited_on.get(at));
            let request = asker.and_then(|asker| asker.0.request());
            let (Some(request), Some(task)) = (request, wait.owner) else { continue };
            let Some(facts) = recorder.task(task) else { continue };
            // It waited when the token was cancelled; one that began later knows.
            let waited = wait.acquired_at <= request.at;
            let from_outside =
                recorder.whole_task(task).is_some_and(|task| request.comes_from_outside(task));
            if waited && facts.requested_at.is_none() && from_outside {
                let asked_at = request.at;
                recorder.set_flag(task, Flag::Waiting);
                recorder.request(task, Arc::unwrap_or_clone(request));
                // It was told before it was asked here. By another token, perhaps: then it
                // is not certain that it was not by this one.
                if let Some(told_at) = recorder.told_at(task).filter(|at| *at >= asked_at) {
                    recorder.delivered(task, told_at);
                }
            }
        }
    }
}
