//! Reads the clock. Nothing else in the library does: everything else takes `now`.

use std::{
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Nanoseconds since the recorder started, plus one: 0 means "did not happen".
pub(crate) type Nanos = u64;

/// Both clocks are read this long apart to see whether they go alike.
const A_WHILE: Duration = Duration::from_millis(1);
/// And that much longer where they do not.
const LONGER: u32 = 20;
/// They go alike where they differ by less than this part of the time.
const A_PART: u64 = 200;

/// The machine's monotonic clock, read from the TSC where there is one.
///
/// Calibrated when it is made, never on the hot path. It is not tokio's clock: a
/// test that pauses time does not pause grace.
#[derive(Debug)]
pub(crate) struct Clock {
    tsc: quanta::Clock,
    start: u64,
    /// By what its time is multiplied where its calibration went wrong, in units of 2^-32:
    /// one that is not run for a while at its end, as on a busy machine, takes that while
    /// for a part of what it measures, and may be off by a fifth.
    correction: Option<u64>,
    wall_anchor: Duration,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads wall time")]
    pub(crate) fn start() -> Self {
        let clock = quanta::Clock::new();
        let correction = correction(measured(&clock, A_WHILE))
            .and_then(|_| correction(measured(&clock, LONGER * A_WHILE)));
        let start = clock.raw();
        let wall_anchor = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { tsc: clock, start, correction, wall_anchor }
    }

    #[inline]
    pub(crate) fn now(&self) -> Nanos {
        let nanos = self.tsc.delta_as_nanos(self.start, self.tsc.raw());
        1 + self.correction.map_or(nanos, |correction| corrected(nanos, correction))
    }

    /// Unix time of [`Nanos`] 0.
    pub(crate) fn wall_anchor(&self) -> Duration {
        self.wall_anchor
    }
}

/// How long a while takes by the clock, and by the machine's own.
fn measured(clock: &quanta::Clock, long: Duration) -> (Nanos, Nanos) {
    let (began, raw_began) = both(clock);
    thread::sleep(long);
    let (ended, raw_ended) = both(clock);
    (clock.delta_as_nanos(raw_began, raw_ended), nanos(ended.duration_since(began)))
}

/// Both clocks at one moment: of a few times the one that took least.
#[expect(clippy::disallowed_methods, reason = "it is checked against that clock")]
fn both(clock: &quanta::Clock) -> (Instant, u64) {
    let read = |_| {
        let now = Instant::now();
        let raw = clock.raw();
        (now.elapsed(), now, raw)
    };
    let reads: [(Duration, Instant, u64); 8] = std::array::from_fn(read);
    let (_, now, raw) = reads.into_iter().min_by_key(|it| it.0).unwrap_or(reads[0]);
    (now, raw)
}

/// By what the first is to be multiplied to be the second, if it is not.
fn correction((measured, really): (Nanos, Nanos)) -> Option<u64> {
    if measured == 0 || measured.abs_diff(really) < really / A_PART {
        return None;
    }
    u64::try_from((u128::from(really) << 32) / u128::from(measured)).ok()
}

#[cold]
fn corrected(nanos: Nanos, correction: u64) -> Nanos {
    let corrected = (u128::from(nanos) * u128::from(correction)) >> 32;
    u64::try_from(corrected).unwrap_or(u64::MAX)
}

/// A [`Duration`] as the recorder stores it; about 584 years at most.
pub(crate) fn nanos(duration: Duration) -> Nanos {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_millis(50);

    /// The longer of the two by more than it may be.
    fn differ((one, other): (Nanos, Nanos)) -> bool {
        one.abs_diff(other) >= other / 100
    }

    #[test]
    fn it_goes_as_the_machines_clock_does() {
        let clock = Clock::start();
        let (measured, really) = measured(&clock.tsc, LONG);
        let measured = clock.correction.map_or(measured, |it| corrected(measured, it));
        assert!(!differ((measured, really)), "{measured} ns, and it was {really}");
    }

    #[test]
    fn one_that_was_calibrated_badly_is_put_right() {
        assert_eq!(correction((1_000_000, 1_001_000)), None);
        for (measured, really) in [(833_333, 1_000_000), (1_200_000, 1_000_000), (1, 1_000_000)] {
            let correction = correction((measured, really)).expect("they differ");
            for times in [1, 1_000_000] {
                let both = (corrected(times * measured, correction), times * really);
                assert!(!differ(both), "{both:?}");
            }
        }
    }
}
