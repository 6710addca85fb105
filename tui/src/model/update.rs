//! What the target answers: the rows of the screen, and the totals.

use std::time::{Duration, Instant};

use holdover_proto::v1;

use super::Model;
use crate::client::Answer;

/// Cleared rows stay so long, unless all of them are asked for.
const CLEARED_SHOWN: Duration = Duration::from_secs(10);

impl Model {
    /// What answers another view than the one wanted now is late. A console that stands
    /// still takes the first answer to a view, so that there is something to look at.
    pub(super) fn answer(&mut self, answer: Answer, now: Instant) {
        let Answer { view, update } = answer;
        let wanted = view == self.view();
        if wanted && (self.frozen.is_none() || !self.is_answered()) {
            self.answered = Some(view);
            self.update(update, now);
        }
    }

    /// Whether what is shown is what the target said: before that, nothing is not "none".
    pub(crate) fn is_answered(&self) -> bool {
        self.answered.as_ref() == Some(&self.view())
    }

    /// Time passes: what cleared a while ago is not shown any more.
    pub(crate) fn pass(&mut self, now: Instant) {
        if self.frozen.is_none() {
            self.samples_go_on(now);
            self.show_groups(now);
        }
    }

    pub(super) fn show_groups(&mut self, now: Instant) {
        let shown = self.groups.iter().filter(|it| self.all_cleared || self.is_recent(it, now));
        let shown = shown.cloned().collect();
        self.leaks.replace(shown, self.leaks.matched, self.leaks.all);
    }

    pub(super) fn update(&mut self, mut update: v1::Update, now: Instant) {
        self.clock.told(update.now_ns, now);
        self.totals = update.totals.unwrap_or_default();
        self.refused = None;
        self.seen.samples.take(update.now_ns, &self.totals, update.process.as_ref());
        self.pools = std::mem::take(&mut update.pools);
        match self.view().kind() {
            v1::ViewKind::Tasks => self.tasks.replace(update.tasks, update.matched, update.all),
            v1::ViewKind::Events => self.replace_events(update),
            v1::ViewKind::Story => self.story = update.story,
            v1::ViewKind::Process => self.seen.take(&mut update),
            _ => {
                self.groups = update.groups;
                (self.leaks.matched, self.leaks.all) = (update.matched, update.all);
                self.show_groups(now);
            }
        }
    }

    /// The newest first; the selection stays at the top while it is there.
    fn replace_events(&mut self, update: v1::Update) {
        let follows = self.events.selected_index().is_none_or(|line| line == 0);
        let mut events = update.events;
        events.reverse();
        self.events.replace(events, update.matched, update.all);
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
}
