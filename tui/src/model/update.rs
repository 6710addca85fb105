//! What the target answers: the rows of the screen, and the totals.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use holdover_proto::v1;

use super::{
    Entity, LeakRow, List, Model, Of, PoolLine, Screen, Which,
    list::Order,
    merge::{Sorter, Window, in_turn, merged},
    past::Moment,
};
use crate::client::{Answer, TargetId};

/// Cleared rows stay so long, unless all of them are asked for.
const CLEARED_SHOWN: Duration = Duration::from_secs(10);
/// For so long after a key, and after they moved, rows stay where they are.
const CALM: Duration = Duration::from_secs(1);

impl Model {
    /// What answers another view than the one wanted now is late. A console that stands
    /// still takes the first answer to a view, so that there is something to look at.
    pub(super) fn answer(&mut self, from: TargetId, answer: Answer, now: Instant) {
        let Answer { view, update } = answer;
        let wanted = self.view_of(from);
        let is_first = !self.targets[from].answers(wanted.as_ref());
        if Some(&view) != wanted.as_ref() {
            return;
        }
        self.targets[from].count(&update);
        self.targets[from].pauses(update.paused, now);
        if view == self.totals_view() {
            self.targets[from].tells_totals(update.totals.unwrap_or_default());
            return;
        }
        let moment = self.past.keep(from, &view, update, now);
        if self.frozen.is_none() || is_first {
            self.targets[from].is_now_answered(view);
            self.targets[from].is_waited_for(false, now);
            self.looks_at_now();
            let is_first = is_first && self.may_come_first();
            let order = if is_first || self.may_move(now) { Order::Told } else { Order::Kept };
            if order == Order::Told {
                self.ordered_at = Some(now);
            }
            self.show(&moment, order, (now, now));
        }
    }

    /// The first answer of one more target does not move rows that somebody looks at.
    fn may_come_first(&mut self) -> bool {
        let answered = self.shown().into_iter().filter(|it| self.is_answered_by(*it)).count();
        answered <= 1 || !self.list().is_some_and(|list| list.is_chosen())
    }

    pub(super) fn is_answered_by(&self, target: TargetId) -> bool {
        self.targets[target].answers(self.view_of(target).as_ref())
    }

    /// Whether what is shown is what the targets said: before that, nothing is not "none".
    /// One that is not there, or does not answer this, is not waited for while another is.
    pub(crate) fn is_answered(&self) -> bool {
        if let Screen::Story(target, _) = self.screen() {
            return self.is_answered_by(target);
        }
        let shown = self.shown();
        let is_there = |it: &&TargetId| {
            let target = &self.targets[**it];
            target.is_live() && target.refused.is_none()
        };
        let mut there = shown.iter().filter(is_there).peekable();
        if self.has_several() && there.peek().is_some() {
            return there.all(|it| self.is_answered_by(*it));
        }
        shown.iter().any(|it| self.is_answered_by(*it))
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
        self.catch_up(now);
        if self.frozen.is_some() {
            return;
        }
        for target in self.targets.ids() {
            let view = self.view_of(target);
            let with_the_process =
                view.as_ref().is_some_and(|view| view.kind() == v1::ViewKind::Process);
            let is_answered = self.targets[target].answers(view.as_ref());
            let is_asked = view.is_some() && view != Some(self.totals_view());
            let told = &mut self.targets[target];
            told.is_waited_for(is_asked && !is_answered && told.refused.is_none(), now);
            told.goes_on(is_answered, with_the_process, now);
        }
        self.show_leaks(Order::Kept, now);
        if self.may_move(now) {
            self.ordered_at = Some(now);
            if let Some(list) = self.list() {
                list.settle();
            }
        }
    }

    pub(super) fn show_leaks(&mut self, order: Order, now: Instant) {
        let shown = self.told.iter().filter(|it| self.all_cleared || self.is_recent(it, now));
        let shown = shown.cloned().collect();
        self.leaks.replace(shown, order);
    }

    /// Shows what was told at `told_at`, which may be a while ago.
    pub(super) fn show(
        &mut self,
        moment: &Arc<Moment>,
        order: Order,
        (told_at, now): (Instant, Instant),
    ) {
        let target = &mut self.targets[moment.target];
        target.show(Arc::clone(moment), moment.update.now_ns, told_at);
        match moment.view.kind() {
            v1::ViewKind::Story => {
                self.story.clone_from(&moment.update.story);
                self.tokens.clone_from(&moment.update.tokens);
                self.asked.clone_from(&moment.update.asked);
                self.look_at_the_question();
            }
            v1::ViewKind::Process => self.seen.take(moment, order),
            _ => self.merge(order, now),
        }
    }

    /// The rows of all targets that are shown, in one order.
    pub(super) fn merge(&mut self, order: Order, now: Instant) {
        let view = self.tab_view(TargetId::default());
        let counts = self.told(&view).map(|it| (it.update.matched, it.update.all));
        let counts = counts.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        let sorter = Sorter::new(&view.sort);
        let time = |target| self.time_of(target, now);
        match view.kind() {
            _ if view.tree => {
                let merged = in_turn(self.windows(&view, |it| it.branches.clone()));
                self.reach.more = merged.more;
                // Each stands beneath another, wherever that goes.
                put(&mut self.branches, merged.rows, Order::Told, counts);
            }
            v1::ViewKind::Tasks => {
                let windows = self.windows(&view, |it| it.tasks.clone());
                let merged = merged(windows, |of, row| sorter.of_task(row, time(of)));
                self.reach.more = merged.more;
                put(&mut self.tasks, merged.rows, order, counts);
            }
            v1::ViewKind::TaskGroups => {
                let windows = self.windows(&view, |it| it.task_groups.clone());
                let merged = merged(windows, |_, site| sorter.of_site(site));
                self.reach.more = merged.more;
                put(&mut self.sites, merged.rows, order, counts);
            }
            v1::ViewKind::Holdings => {
                let windows = self.windows(&view, |it| it.holdings.clone());
                let merged = merged(windows, |of, row| sorter.of_held(row, time(of)));
                self.reach.more = merged.more;
                put(&mut self.holdings, merged.rows, order, counts);
            }
            v1::ViewKind::Pools => {
                let windows = self.windows(&view, |it| it.pools.iter().map(PoolLine::of).collect());
                let merged = merged(windows, |_, pool: &Vec<PoolLine>| sorter.of_pool(pool));
                self.reach.more = merged.more;
                let lines = merged
                    .rows
                    .iter()
                    .flat_map(|pool| pool.iter().map(|line| Of::new(pool.target, line.clone())));
                // A pool's connections stand beneath it, wherever it goes.
                put(&mut self.pool_lines, lines.collect(), Order::Told, counts);
            }
            v1::ViewKind::Events => {
                let windows = self.windows(&view, |it| it.events.iter().rev().cloned().collect());
                let merged = merged(windows, |of, row| Sorter::of_event(row, time(of)));
                self.reach.more = merged.more;
                self.replace_events(merged.rows, counts);
            }
            v1::ViewKind::Story | v1::ViewKind::Process => {}
            _ => {
                let by = self.leaks_by;
                let windows = self.windows(&view, |update| {
                    let groups = update.groups.iter().cloned();
                    let groups = groups.map(|group| LeakRow::of(group, by));
                    groups.chain(update.leaks.iter().cloned().map(Into::into)).collect()
                });
                let merged = merged(windows, |of, row| sorter.of_leak(row, time(of)));
                self.reach.more = merged.more;
                self.told = merged.rows;
                (self.leaks.matched, self.leaks.all) = counts;
                self.show_leaks(order, now);
            }
        }
    }

    /// What was told last of this kind of view, by those that are shown.
    fn told(&self, view: &v1::View) -> impl Iterator<Item = &Moment> {
        let shown = self.shown().into_iter();
        shown.filter_map(|target| self.targets[target].told(view))
    }

    fn windows<T>(&self, view: &v1::View, rows: impl Fn(&v1::Update) -> Vec<T>) -> Vec<Window<T>> {
        let window = |moment: &Moment| {
            let rows = rows(&moment.update);
            let is_full = rows.len() >= moment.view.limit as usize;
            let more = is_full && moment.update.matched > rows.len() as u64;
            let is_sorted = moment.view.sort == view.sort;
            Window { target: moment.target, rows, more, is_sorted }
        };
        self.told(view).map(window).collect()
    }

    /// The newest first; the selection stays at the top while it is there.
    fn replace_events(&mut self, events: Vec<Of<v1::Event>>, counts: (u64, u64)) {
        let follows = self.events.selected_index().is_none_or(|line| line == 0);
        put(&mut self.events, events, Order::Told, counts);
        if follows {
            self.events.select(0);
        }
    }

    fn is_recent(&self, group: &Of<LeakRow>, now: Instant) -> bool {
        // A target of before tells only when the worst cleared.
        let worst = || group.worst.as_ref().and_then(|leak| leak.cleared_ns);
        let cleared = group.cleared_last_ns.or_else(worst);
        let shown = crate::format::duration_nanos(CLEARED_SHOWN);
        cleared.is_none_or(|at| self.time_of(group.target, now).saturating_sub(at) < shown)
    }

    /// Of how many leaks so many match: those that have cleared are in neither number,
    /// since most of them are not shown.
    pub(crate) fn counted_leaks(&self) -> (u64, u64) {
        if self.is_tree() {
            return self.counted_branches();
        }
        let cleared = self.told.iter().filter(|row| row.cleared);
        let cleared: u64 = cleared.map(|row| u64::from(row.count)).sum();
        let totals = self.totals();
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
    pub(crate) fn worst(&self) -> Option<&Of<LeakRow>> {
        let live = self.told.iter().filter(|row| !row.cleared && row.verdict != 0);
        live.min_by_key(|row| {
            let since = row.worst.as_ref().map_or(u64::MAX, |leak| leak.since_ns);
            (row.verdict, std::cmp::Reverse(row.count), self.targets[row.target].wall(since))
        })
    }
}

fn put<T: Entity>(list: &mut List<T>, rows: Vec<T>, order: Order, counts: (u64, u64)) {
    list.replace(rows, order);
    (list.matched, list.all) = counts;
}
