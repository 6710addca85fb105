//! The target's time, between its updates: what it said last, and how long ago.

use std::time::Instant;

use crate::format::duration_nanos;

/// Runs on while the target is silent: ages and countdowns do not jump.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TargetClock {
    last: Option<(u64, Instant)>,
}

impl TargetClock {
    pub(crate) fn told(&mut self, target_now: u64, now: Instant) {
        self.last = Some((target_now, now));
    }

    /// Nanoseconds since the target's recorder started; 0 before its first update.
    pub(crate) fn now(&self, now: Instant) -> u64 {
        let Some((told, at)) = self.last else { return 0 };
        told.saturating_add(duration_nanos(now.saturating_duration_since(at)))
    }
}
