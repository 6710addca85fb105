//! What changes of a task from one update to the next, in tokio-console's words.

use std::time::Duration;

use holdover_proto::tokio_console as wire;

use super::convert::{Wall, duration};
use crate::recorder::{
    clock::Nanos,
    task::{Flag, TaskFacts},
};

/// Times are 0 for "not".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Figures {
    spawned_at: Nanos,
    ended_at: Nanos,
    woken_at: Nanos,
    first_poll: Nanos,
    last_poll: Nanos,
    last_poll_ended: Nanos,
    busy: Nanos,
    scheduled: Nanos,
    polls: u64,
    wakes: u64,
    self_wakes: u32,
    wakers: u32,
}

impl Figures {
    /// The last ones of a task whose end nobody saw.
    pub(super) fn ended(self, at: Nanos) -> Self {
        Self { ended_at: at, ..self }
    }

    pub(super) fn of(facts: &TaskFacts) -> Self {
        let is_running = facts.running_since.is_some();
        let last_poll = facts.last_poll.unwrap_or_default();
        let last_poll_ended =
            if is_running || last_poll == 0 { 0 } else { last_poll + facts.last_run };
        // The spawn is no wake, once the task was polled.
        let last_woken = if facts.wakes > 0 { facts.last_woken } else { facts.woken_at };
        Self {
            spawned_at: facts.spawned_at,
            ended_at: facts.ended_at.unwrap_or_default(),
            woken_at: last_woken.unwrap_or_default(),
            first_poll: facts.first_poll.unwrap_or_default(),
            last_poll,
            last_poll_ended,
            busy: facts.busy,
            scheduled: facts.scheduled,
            polls: facts.polls,
            wakes: facts.wakes,
            self_wakes: facts.self_wakes,
            wakers: wakers(facts),
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended_at != 0
    }

    pub(super) fn stats(&self, wall: Wall) -> wire::TaskStats {
        let when = |at: Nanos| (at != 0).then(|| wall.at(at));
        let long = |nanos: Nanos| Some(duration(Duration::from_nanos(nanos)));
        wire::TaskStats {
            created_at: Some(wall.at(self.spawned_at)),
            dropped_at: when(self.ended_at),
            wakes: self.wakes,
            waker_clones: self.wakers.into(),
            waker_drops: 0,
            last_wake: when(self.woken_at),
            poll_stats: Some(wire::PollStats {
                polls: self.polls,
                first_poll: when(self.first_poll),
                last_poll_started: when(self.last_poll),
                last_poll_ended: when(self.last_poll_ended),
                busy_time: long(self.busy),
            }),
            self_wakes: self.self_wakes.into(),
            scheduled_time: long(self.scheduled),
        }
    }
}

/// How many wakers there are. Where tokio does not tell of them, or did not all the time,
/// one is said to be there: tokio-console says of a task without a waker that it is lost.
fn wakers(facts: &TaskFacts) -> u32 {
    let are_seen = facts.has(Flag::Span) && !facts.has(Flag::Missed);
    if are_seen { facts.wakers } else { facts.ended_at.is_none().into() }
}
