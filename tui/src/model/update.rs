//! What the target answers: the rows of the screen, and the totals.

use std::time::{Duration, Instant};

use holdover_proto::v1;

use super::{LeakRow, Model, PoolLine, Which, list::Order};
use crate::client::Answer;

/// Cleared rows stay so long, unless all of them are asked for.
const CLEARED_SHOWN: Duration = Duration::from_secs(10);
/// For so long after a key, and after they moved, rows stay where they are.
const CALM: Duration = Duration::from_secs(1);

impl Model {
    /// What answers another view than the one wanted now is late. A console that stands
    /// still takes the first answer to a view, so that there is something to look at.
    pub(super) fn answer(&mut self, answer: Answer, now: Instant) {
        let Answer { view, update } = answer;
        let is_first = !self.is_answered();
        if view != self.view() {
            return;
        }
        self.past.keep(&view, &update, now);
        self.count(&update);
        if self.frozen.is_none() || is_first {
            self.answered = Some(view);
            self.looks_at_now();
            let order = if is_first || self.may_move(now) { Order::Told } else { Order::Kept };
            if order == Order::Told {
                self.ordered_at = Some(now);
            }
            self.show(update, order, (now, now));
        }
    }

    /// Whether what is shown is what the target said: before that, nothing is not "none".
    pub(crate) fn is_answered(&self) -> bool {
        self.answered.as_ref() == Some(&self.view())
    }

    /// Rows never jump under the cursor.
    fn may_move(&self, now: Instant) -> bool {
        let is_calm =
            |at: Option<Instant>| at.is_none_or(|at| now.saturating_duration_since(at) >= CALM);
        is_calm(self.pressed_at) && is_calm(self.ordered_at)
    }

    /// Time passes: what cleared a while ago is not shown any more, and rows take the
    /// order that was told.
    pub(crate) fn pass(&mut self, now: Instant) {
        if self.frozen.is_some() {
            return;
        }
        self.samples_go_on(now);
        self.show_leaks(Order::Kept, now);
        if self.may_move(now) {
            self.ordered_at = Some(now);
            if let Some(list) = self.list() {
                list.settle();
            }
        }
        if self.lost_at.is_none() && self.cleared_before.is_some() {
            self.rates.count(&self.totals, self.target_now(now));
        }
    }

    pub(super) fn show_leaks(&mut self, order: Order, now: Instant) {
        let shown = self.told.iter().filter(|it| self.all_cleared || self.is_recent(it, now));
        let shown = shown.cloned().collect();
        self.leaks.replace(shown, order);
    }

    /// What is kept over time goes on while everything stands still.
    fn count(&mut self, update: &v1::Update) {
        let totals = update.totals.unwrap_or_default();
        self.cleared_before = self.cleared_before.or(Some(totals.cleared));
        self.rates.count(&totals, update.now_ns);
        self.seen.samples.take(update.now_ns, &totals, update.process.as_ref());
    }

    /// Shows what was told at `told_at`, which may be a while ago.
    pub(super) fn show(
        &mut self,
        mut update: v1::Update,
        order: Order,
        (told_at, now): (Instant, Instant),
    ) {
        self.clock.told(update.now_ns, told_at);
        self.totals = update.totals.unwrap_or_default();
        self.refused = None;
        self.pools = std::mem::take(&mut update.pools);
        let counts = (update.matched, update.all);
        let view = self.view();
        match view.kind() {
            // Each stands beneath another, wherever that goes.
            _ if view.tree => {
                self.branches.replace(update.branches, Order::Told);
                (self.branches.matched, self.branches.all) = counts;
            }
            v1::ViewKind::Tasks => {
                self.tasks.replace(update.tasks, order);
                (self.tasks.matched, self.tasks.all) = counts;
            }
            v1::ViewKind::Holdings => {
                self.holdings.replace(update.holdings, order);
                (self.holdings.matched, self.holdings.all) = counts;
            }
            v1::ViewKind::Pools => {
                // A pool's connections stand beneath it, wherever it goes.
                self.pool_lines.replace(PoolLine::of(&self.pools), Order::Told);
                (self.pool_lines.matched, self.pool_lines.all) = counts;
            }
            v1::ViewKind::Process => self.seen.take(&mut update, order),
            v1::ViewKind::Events => self.replace_events(update),
            v1::ViewKind::Story => {
                self.story = update.story;
                self.look_at_the_question();
            }
            _ => {
                let by = self.leaks_by;
                let groups = update.groups.into_iter().map(|group| LeakRow::of(group, by));
                self.told = groups.chain(update.leaks.into_iter().map(Into::into)).collect();
                (self.leaks.matched, self.leaks.all) = counts;
                self.show_leaks(order, now);
            }
        }
    }

    /// The newest first; the selection stays at the top while it is there.
    fn replace_events(&mut self, update: v1::Update) {
        let follows = self.events.selected_index().is_none_or(|line| line == 0);
        let mut events = update.events;
        events.reverse();
        self.events.replace(events, Order::Told);
        (self.events.matched, self.events.all) = (update.matched, update.all);
        if follows {
            self.events.select(0);
        }
    }

    fn is_recent(&self, group: &v1::LeakGroup, now: Instant) -> bool {
        // A target of before tells only when the worst cleared.
        let worst = || group.worst.as_ref().and_then(|leak| leak.cleared_ns);
        let cleared = group.cleared_last_ns.or_else(worst);
        let shown = crate::format::duration_nanos(CLEARED_SHOWN);
        cleared.is_none_or(|at| self.target_now(now).saturating_sub(at) < shown)
    }

    /// Of how many leaks so many match: those that have cleared are in neither number,
    /// since most of them are not shown.
    pub(crate) fn counted_leaks(&self) -> (u64, u64) {
        if self.is_tree() {
            return (self.branches.matched, self.branches.all);
        }
        let cleared = self.told.iter().filter(|row| row.cleared);
        let cleared: u64 = cleared.map(|row| u64::from(row.count)).sum();
        let totals = &self.totals;
        let all = match self.which {
            Which::Ignored => totals.ignored,
            Which::Reported => {
                let warned = totals.orphaned + totals.overdue;
                (totals.leaks + warned).saturating_sub(totals.folded)
            }
        };
        (self.leaks.matched.saturating_sub(cleared).min(all), all)
    }

    /// The worst that is shown: by verdict, then count, then since when.
    pub(crate) fn worst(&self) -> Option<&LeakRow> {
        let live = self.told.iter().filter(|row| !row.cleared && row.verdict != 0);
        live.min_by_key(|row| {
            let since = row.worst.as_ref().map_or(u64::MAX, |leak| leak.since_ns);
            (row.verdict, std::cmp::Reverse(row.count), since)
        })
    }

    /// Verdicts that have cleared since the console was attached.
    pub(crate) fn cleared_since(&self) -> u64 {
        self.totals.cleared.saturating_sub(self.cleared_before.unwrap_or(0))
    }
}
