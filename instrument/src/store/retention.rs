//! Ended tasks: shown for a while, then freed. One that is pinned then is marked
//! `Retired`, and its last pin's going brings it back.

use std::collections::VecDeque;

use crate::{
    recorder::{
        Recorder,
        clock::{Nanos, nanos},
        key::Key,
        read::PlainEnd,
        task::{Flag, TaskFacts},
    },
    settings::Settings,
    verdict,
    words::TaskKind,
};

/// A lineage keeps so many ended ancestors, among them the nearest that was cancelled.
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
            if facts.pins == 0 && recorder.free(facts.key) {
                self.freed.push(facts.key);
            }
        } else if facts.has(Flag::NeverWas) {
            // It is not shown for a while, nor at all.
            self.retire(recorder, facts.key);
        } else if !facts.has(Flag::Counted) {
            self.tasks.push_back((facts.key, facts.ended_at.unwrap_or(0)));
            shorten_lineage(recorder, facts);
        }
    }

    /// An ended task of which there is nothing else to say.
    pub(super) fn ended(&mut self, end: PlainEnd) {
        self.tasks.push_back((end.key, end.ended_at));
    }

    /// How many more are taken in before the next look: a few in any case, so that those
    /// that are kept do not all grow old while others end.
    pub(super) fn places(&self, settings: &Settings) -> usize {
        const A_FEW: usize = 64;
        settings.max_ended.saturating_sub(self.tasks.len()).max(A_FEW)
    }

    fn retire(&mut self, recorder: &'static Recorder, key: Key) {
        recorder.is_forgotten(key);
        if !recorder.free(key) {
            recorder.set_flag(key, Flag::Retired);
            // The last pin may have gone before the mark was seen.
            if !recorder.free(key) {
                return;
            }
        }
        self.freed.push(key);
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
            self.retire(recorder, key);
        }
        std::mem::take(&mut self.freed)
    }
}

/// A task that spawns the next one and ends, again and again, would keep all its
/// ancestors: of those only the nearest stay, and the nearest cancelled one.
fn shorten_lineage(recorder: &'static Recorder, facts: &TaskFacts) {
    let spawner = |facts: &TaskFacts| facts.spawner.and_then(|key| recorder.task(key));
    if facts.spawner.is_none_or(|spawner| !recorder.has_ended(spawner)) {
        return;
    }
    let mut last = facts.clone();
    // Below it are this one and what it has spawned, above it the cancelled one.
    for _ in 0..ANCESTORS - 2 {
        match spawner(&last).filter(|above| above.ended_at.is_some()) {
            Some(above) => last = above,
            None => return,
        }
    }
    // A scope is a part of the task around it, to which it passes what it owns.
    while last.kind == TaskKind::Scope {
        match spawner(&last).filter(|above| above.ended_at.is_some()) {
            Some(above) => last = above,
            None => return,
        }
    }
    let (mut below, mut above) = (last.clone(), spawner(&last));
    while let Some(it) = above.clone().filter(|it| it.ended_at.is_some()) {
        if it.ended_by_cancellation() {
            // What counts is when the branch began that this one descends from.
            if verdict::is_from_before(&it, &below) {
                recorder.set_flag(last.key, Flag::FromBefore);
            }
            break;
        }
        if it.has(Flag::Library) {
            recorder.set_flag(last.key, Flag::Library);
        }
        above = spawner(&it);
        below = it;
    }
    recorder.relink(&last, above.map(|facts| facts.key));
}
