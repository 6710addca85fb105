//! What the targets that are shown are together.

use std::time::Instant;

use holdover_proto::v1;

use super::{Figure, Model, Target, Until};
use crate::client::TargetId;

impl Model {
    /// Of all that are shown.
    pub(crate) fn totals(&self) -> v1::Totals {
        let mut all = v1::Totals::default();
        for target in self.shown_targets() {
            add(&mut all, &target.totals);
        }
        all
    }

    /// Verdicts that have cleared since the console was attached.
    pub(crate) fn cleared_since(&self) -> u64 {
        self.shown_targets().map(Target::cleared_since).sum()
    }

    /// Spawned and cancelled in a second; `None` before that can be told of any.
    pub(crate) fn rates(&self) -> Option<(f64, f64)> {
        // Beside those that go on, one that is lost does nothing.
        let goes_on = |it: &&Target| self.about().is_some() || it.is_live();
        let rates = self.shown_targets().filter(goes_on).filter_map(|it| {
            let (over_time, until) = it.until(self.frozen);
            over_time.rates.rates(until)
        });
        rates.reduce(|all, it| (all.0 + it.0, all.1 + it.1))
    }

    /// How many more leaks there are than a minute ago, where that is told of all.
    pub(crate) fn more_leaks(&self) -> Option<u64> {
        let more = self.shown_targets().map(|it| {
            let (over_time, until) = it.until(self.frozen);
            over_time.rates.more_leaks(until)
        });
        more.sum()
    }

    /// What was of a target over time, until the moment that is shown.
    pub(crate) fn samples(&self, of: TargetId) -> Until<'_> {
        samples(&self.targets[of], self.frozen)
    }

    fn shown_samples(&self) -> impl Iterator<Item = Until<'_>> {
        self.shown_targets().map(|it| samples(it, self.frozen))
    }

    /// A figure over time, of all that are shown, and over how many seconds.
    pub(crate) fn points(&self, figure: Figure, cells: usize) -> (Vec<Option<u64>>, u64) {
        let seconds = self.shown_samples().map(Until::seconds).max().unwrap_or(60);
        let all = self.shown_samples().map(|it| it.points(figure, seconds, cells));
        let sum = |sum: Vec<Option<u64>>, more: Vec<Option<u64>>| {
            let both = sum.into_iter().zip(more);
            both.map(|(a, b)| a.map_or(b, |a| Some(a.saturating_add(b.unwrap_or(0))))).collect()
        };
        (all.reduce(sum).unwrap_or_default(), seconds)
    }

    /// How many rules say what to ignore.
    pub(crate) fn rules(&self) -> usize {
        let rules = self.shown_targets().filter_map(|it| it.ignoring()).map(|it| it.rules.len());
        rules.sum()
    }

    /// Whether those that are shown, as far as they have answered, speak tokio-console's protocol
    /// only.
    pub(crate) fn is_tokio_console(&self) -> bool {
        let mut shown = self.shown_targets().filter(|it| it.described.is_some()).peekable();
        shown.peek().is_some() && shown.all(Target::is_tokio_console)
    }

    /// A number of what follows from cancels, as text: of those of which it is told.
    pub(crate) fn of_cancels(&self, number: impl FnOnce() -> String) -> String {
        match self.shown_targets().any(Target::is_tokio_console) {
            _ if self.is_tokio_console() => "?".to_owned(),
            true => format!("{}+?", number()),
            false => number(),
        }
    }

    /// Why none of them answers the view.
    pub(crate) fn refused(&self) -> Option<&str> {
        let mut all = self.shown_targets().filter(|it| it.is_live() || !self.has_several());
        let first = all.next()?.refused.as_deref()?;
        all.all(|it| it.refused.is_some()).then_some(first)
    }
}

fn samples(target: &Target, frozen: Option<Instant>) -> Until<'_> {
    let (over_time, until) = target.until(frozen);
    over_time.samples.until(until)
}

fn add(all: &mut v1::Totals, more: &v1::Totals) {
    // Whoever adds a number to them is asked here what it is for several.
    let v1::Totals {
        tasks_live,
        tasks_spawned,
        tasks_cancelled,
        cancelling,
        leaks,
        orphaned,
        overdue,
        holdings,
        given,
        cleared,
        slowest_cancel_ns,
        folded,
        bytes_kept,
        ignored,
        cleared_warnings,
        folded_warnings,
    } = *more;
    for (sum, number) in [
        (&mut all.tasks_live, tasks_live),
        (&mut all.tasks_spawned, tasks_spawned),
        (&mut all.tasks_cancelled, tasks_cancelled),
        (&mut all.cancelling, cancelling),
        (&mut all.leaks, leaks),
        (&mut all.orphaned, orphaned),
        (&mut all.overdue, overdue),
        (&mut all.holdings, holdings),
        (&mut all.given, given),
        (&mut all.cleared, cleared),
        (&mut all.folded, folded),
        (&mut all.bytes_kept, bytes_kept),
        (&mut all.ignored, ignored),
        (&mut all.cleared_warnings, cleared_warnings),
        (&mut all.folded_warnings, folded_warnings),
    ] {
        *sum = sum.saturating_add(number);
    }
    all.slowest_cancel_ns = all.slowest_cancel_ns.max(slowest_cancel_ns);
}
