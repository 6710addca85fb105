//! How fast tasks come and go, and leaks grow: from the totals of the last minute.

use std::collections::VecDeque;

use holdover_proto::v1;

const S: u64 = 1_000_000_000;
/// A rate is that of the last so many seconds.
const RATE_OVER: u64 = 10 * S;
const MINUTE: u64 = 60 * S;

/// The totals at a moment.
#[derive(Clone, Copy, Debug)]
struct Counts {
    at: u64,
    leaks: u64,
    spawned: u64,
    cancelled: u64,
}

/// The totals, second by second.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rates(VecDeque<Counts>);

impl Rates {
    /// The totals at `now`, which did not change since they were told.
    pub(super) fn count(&mut self, totals: &v1::Totals, now: u64) {
        if self.0.back().is_some_and(|last| now < last.at.saturating_add(S)) {
            return;
        }
        self.0.push_back(Counts {
            at: now,
            leaks: totals.leaks,
            spawned: totals.tasks_spawned,
            cancelled: totals.tasks_cancelled,
        });
        // One that is a minute old is compared with.
        let is_over = |it: &Counts| it.at.saturating_add(MINUTE) <= now;
        while self.0.get(1).is_some_and(is_over) {
            self.0.pop_front();
        }
    }

    /// What was counted last until then.
    fn last(&self, until: u64) -> Option<&Counts> {
        self.0.iter().rfind(|it| it.at <= until)
    }

    /// Spawned and cancelled in a second, as it was then; `None` before there is something
    /// to compare.
    pub(crate) fn rates(&self, until: u64) -> Option<(f64, f64)> {
        let last = self.last(until)?;
        let from = self.0.iter().find(|it| it.at.saturating_add(RATE_OVER) >= last.at)?;
        let seconds = last.at.checked_sub(from.at).filter(|it| *it >= S)? as f64 / S as f64;
        let rate = |before: u64, after: u64| after.saturating_sub(before) as f64 / seconds;
        Some((rate(from.spawned, last.spawned), rate(from.cancelled, last.cancelled)))
    }

    /// How many more leaks there were then than a minute before; `None` before that can be
    /// told.
    pub(crate) fn more_leaks(&self, until: u64) -> Option<u64> {
        let (first, last) = (self.0.front()?, self.last(until)?);
        let is_a_minute = first.at.saturating_add(MINUTE) <= last.at;
        last.leaks.checked_sub(first.leaks).filter(|_| is_a_minute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(leaks: u64, spawned: u64) -> v1::Totals {
        let tasks_cancelled = spawned / 2;
        v1::Totals { leaks, tasks_spawned: spawned, tasks_cancelled, ..Default::default() }
    }

    #[test]
    fn rates_are_those_of_the_last_seconds() {
        let mut rates = Rates::default();
        assert_eq!(rates.rates(u64::MAX), None);
        rates.count(&totals(0, 0), 0);
        assert_eq!(rates.rates(u64::MAX), None, "there is nothing to compare with");
        rates.count(&totals(0, 1_000_000), 20 * S);
        rates.count(&totals(0, 1_000_100), 25 * S);
        assert_eq!(rates.rates(u64::MAX), Some((20.0, 10.0)));
    }

    #[test]
    fn leaks_are_compared_with_those_of_a_minute_ago() {
        let mut rates = Rates::default();
        for tenth in 0..=9_000 {
            rates.count(&totals(tenth / 100, 0), tenth * S / 10);
            assert!(rates.0.len() <= 62, "no more is kept");
            let is_known = rates.more_leaks(u64::MAX).is_some();
            assert_eq!(is_known, tenth >= 600, "after {tenth} tenths of a second");
        }
        assert_eq!(rates.more_leaks(u64::MAX), Some(6));
        rates.count(&totals(0, 0), 1_000 * S);
        assert_eq!(rates.more_leaks(u64::MAX), None, "there are fewer");
    }
}
