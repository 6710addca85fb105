//! Tasks that were asked by what they are bound to, or by what they wait on. The
//! request stands on the set or the token; here it is written on each task.

use std::sync::Arc;

use super::Store;
use crate::recorder::{holding::HoldingFlag, task::TaskFacts};

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
            if let Some(request) = request {
                recorder.ask_who_waits(wait.key, request);
            }
        }
    }
}
