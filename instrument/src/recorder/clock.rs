//! Reads the clock. Nothing else in the library does: everything else takes `now`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Nanoseconds since the recorder started, plus one: 0 means "did not happen".
pub(crate) type Nanos = u64;

/// The machine's monotonic clock, read from the TSC where there is one.
///
/// Calibrated when it is made, never on the hot path. It is not tokio's clock: a
/// test that pauses time does not pause grace.
#[derive(Debug)]
pub(crate) struct Clock {
    tsc: quanta::Clock,
    start: u64,
    wall_anchor: Duration,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads wall time")]
    pub(crate) fn start() -> Self {
        let clock = quanta::Clock::new();
        let start = clock.raw();
        let wall_anchor = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { tsc: clock, start, wall_anchor }
    }

    #[inline]
    pub(crate) fn now(&self) -> Nanos {
        self.tsc.delta_as_nanos(self.start, self.tsc.raw()) + 1
    }

    /// Unix time of [`Nanos`] 0.
    pub(crate) fn wall_anchor(&self) -> Duration {
        self.wall_anchor
    }
}

/// A [`Duration`] as the recorder stores it; about 584 years at most.
pub(crate) fn nanos(duration: Duration) -> Nanos {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
