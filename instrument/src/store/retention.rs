//! Ended tasks: shown for a while, then freed. One that is pinned then is marked
//! `Retired`, and its last pin's going brings it back.

use std::collections::VecDeque;

use crate::{
    recorder::{
        Recorder,
        clock::{Nanos, nanos},
        key::Key,
        task::{Flag, TaskFacts},
    },
    settings::Settings,
};

/// A lineage keeps so many ended ancestors, and the nearest that was cancelled.
const ANCESTORS: usize = 8;

/// Ended tasks in the order of their ends.
#[derive(Debug, Default)]
pub(super) struct Ended {
    tasks: VecDeque<(Key, Nanos)>,
    freed: Vec<Key>,
}

impl Ended {
    /// An ended task, for the first time or because something of it changed.
    pub(super) fn changed(&mut self, recorder: &'static Recorder, facts: &TaskFacts) {
        if facts.has(Flag::Retired) {
            if facts.pins == 0 && recorder.free(facts) {
                self.freed.push(facts.key);
            }
        } else if facts.has(Flag::NeverWas) {
            // It is not shown for a while, nor at all.
            self.retire(recorder, facts);
        } else if !facts.has(Flag::Counted) {
            self.tasks.push_back((facts.key, facts.ended_at.unwrap_or(0)));
            shorten_lineage(recorder, facts);
        }
    }

    fn retire(&mut self, recorder: &'static Recorder, facts: &TaskFacts) {
        if !recorder.free(facts) {
            recorder.set_flag(facts.key, Flag::Retired);
            // The last pin may have gone before the mark was seen.
            if !recorder.free(facts) {
                return;
            }
        }
        self.freed.push(facts.key);
    }

    /// Frees the slots of those whose retention is over and that nothing pins.
    pub(super) fn forget(
        &mut self,
        recorder: &'static Recorder,
        settings: &Settings,
        now: Nanos,
    ) -> Vec<Key> {
        let retention = nanos(settings.retention);
        while let Some((key, ended_at)) = self.tasks.front().copied() {
            let over = now.saturating_sub(ended_at) >= retention;
            if !over && self.tasks.len() <= settings.max_ended {
                break;
            }
            self.tasks.pop_front();
            if let Some(facts) = recorder.task(key) {
                self.retire(recorder, &facts);
            }
        }
        std::mem::take(&mut self.freed)
    }
}

/// A task that spawns the next one and ends, again and again, would keep all its
/// ancestors: beyond the eighth only the nearest cancelled one stays.
fn shorten_lineage(recorder: &'static Recorder, facts: &TaskFacts) {
    let spawner = |facts: &TaskFacts| facts.spawner.and_then(|key| recorder.task(key));
    let mut last = facts.clone();
    for _ in 0..ANCESTORS {
        match spawner(&last).filter(|above| above.ended_at.is_some()) {
            Some(above) => last = above,
            None => return,
        }
    }
    let mut above = spawner(&last);
    while let Some(facts) = above.as_ref().filter(|it| it.ended_at.is_some()) {
        if facts.ended_by_cancellation() {
            break;
        }
        above = spawner(facts);
    }
    recorder.relink(&last, above.map(|facts| facts.key));
}
