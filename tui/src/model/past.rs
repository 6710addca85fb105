//! What the target told lately, to step back through while everything stands still.

use std::{collections::VecDeque, sync::Arc, time::Instant};

use holdover_proto::v1;
use prost::Message;

use super::{Model, list::Order};
use crate::{client::TargetId, format::duration_nanos};

/// As it came over the wire: a few minutes of a screen that changes all the time.
const KEPT_BYTES: usize = 16 << 20;

/// What a target told of a view at one moment.
#[derive(Debug)]
pub(super) struct Moment {
    number: u64,
    pub(super) target: TargetId,
    pub(super) view: v1::View,
    pub(super) update: v1::Update,
    at: Instant,
    bytes: usize,
}

impl Moment {
    /// The rows are of this kind, whichever they are and in whatever order.
    pub(super) fn is_of_the_kind_of(&self, view: &v1::View) -> bool {
        let kind = |it: &v1::View| (it.kind, it.tree, it.ignored, it.cancelling);
        kind(&self.view) == kind(view) && self.view.by == view.by
    }
}

/// The moments, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Past {
    kept: VecDeque<Arc<Moment>>,
    bytes: usize,
    told: u64,
    /// The number of the moment that is shown.
    shown: u64,
    /// When that was, where it was stepped to.
    stepped_to: Option<Instant>,
}

impl Past {
    pub(super) fn keep(
        &mut self,
        target: TargetId,
        view: &v1::View,
        update: v1::Update,
        at: Instant,
    ) -> Arc<Moment> {
        let bytes = update.encoded_len();
        self.told += 1;
        let view = view.clone();
        let moment = Arc::new(Moment { number: self.told, target, view, update, at, bytes });
        self.kept.push_back(Arc::clone(&moment));
        self.bytes += bytes;
        while self.bytes > KEPT_BYTES
            && let Some(oldest) = self.kept.pop_front()
        {
            self.bytes -= oldest.bytes;
        }
        moment
    }

    /// What a process has told that is gone.
    pub(super) fn forget(&mut self, target: TargetId) {
        self.kept.retain(|moment| moment.target != target);
        self.bytes = self.kept.iter().map(|moment| moment.bytes).sum();
    }
}

/// Which way to step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Earlier,
    Later,
}

impl Model {
    /// The moments of what is shown, the oldest first.
    fn moments(&self) -> Vec<Arc<Moment>> {
        let views: Vec<Option<v1::View>> =
            self.targets.ids().map(|target| self.view_of(target)).collect();
        let is_shown = |it: &&Arc<Moment>| views[it.target.0].as_ref() == Some(&it.view);
        self.past.kept.iter().filter(is_shown).cloned().collect()
    }

    /// From which moment on everything stands still: now, unless it does already.
    fn stand_still(&mut self, now: Instant) -> Instant {
        if self.frozen.is_none() {
            for target in self.targets.ids() {
                self.targets[target].stands_still(now);
            }
        }
        *self.frozen.get_or_insert(now)
    }

    pub(super) fn move_again(&mut self) {
        self.frozen = None;
        for target in self.targets.ids() {
            self.targets[target].moves_again();
        }
    }

    pub(super) fn freeze(&mut self, now: Instant) {
        if self.frozen.is_none() {
            self.stand_still(now);
            return;
        }
        self.move_again();
        self.past.stepped_to = None;
        // What was told meanwhile is not told again while nothing changes.
        let moments = self.moments();
        for target in self.targets.ids() {
            let newest = moments.iter().rfind(|moment| moment.target == target);
            let newest = newest.filter(|it| self.targets[target].answers(Some(&it.view)));
            if let Some(newest) = newest {
                self.past.shown = self.past.shown.max(newest.number);
                self.show(newest, Order::Told, (newest.at, now));
            }
        }
    }

    /// Shows what was told before, or after, what is shown; it stands still from then on. Of
    /// several targets each is shown as it was when one of them told that.
    pub(super) fn step(&mut self, step: Step, now: Instant) {
        let frozen = self.stand_still(now);
        let moments = self.moments();
        let number = self.past.shown;
        let found = match step {
            Step::Earlier => moments.iter().rfind(|it| it.number < number),
            Step::Later => moments.iter().find(|it| it.number > number),
        };
        let Some(moment) = found else {
            let none = match step {
                Step::Earlier => "nothing earlier is kept of these rows",
                Step::Later => "nothing was told later; Space goes on",
            };
            return self.say(none, now);
        };
        (self.past.shown, self.past.stepped_to) = (moment.number, Some(moment.at));
        for target in self.targets.ids() {
            let until = |it: &&Arc<Moment>| it.target == target && it.number <= moment.number;
            if let Some(it) = moments.iter().rfind(until) {
                // The target's time is that of the moment.
                let ago = duration_nanos(moment.at.saturating_duration_since(it.at));
                let then = it.update.now_ns.saturating_add(ago);
                self.targets[target].show(Arc::clone(it), then, frozen);
            } else {
                let view = self.tab_view(target);
                self.targets[target].show_nothing_of(&view);
            }
        }
        self.show(moment, Order::Told, (frozen, now));
    }

    /// What was told last is what is shown.
    pub(super) fn looks_at_now(&mut self) {
        (self.past.shown, self.past.stepped_to) = (self.past.told, None);
    }

    /// How long ago what is shown was told, while it is looked at what was.
    pub(crate) fn looks_back(&self, now: Instant) -> Option<std::time::Duration> {
        let at = self.past.stepped_to.filter(|_| self.frozen.is_some() && self.is_answered())?;
        Some(now.saturating_duration_since(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_in_bytes_and_the_oldest_goes() {
        let mut past = Past::default();
        let name = "x".repeat(1 << 20);
        let tasks = vec![v1::Task { name, ..Default::default() }];
        let update = v1::Update { tasks, ..Default::default() };
        let view = v1::View::default();
        #[expect(clippy::disallowed_methods, reason = "a test needs some instant")]
        let now = Instant::now();
        for _ in 0..100 {
            past.keep(TargetId::default(), &view, update.clone(), now);
        }
        assert!(past.bytes <= KEPT_BYTES && past.bytes > KEPT_BYTES / 2, "{}", past.bytes);
        assert_eq!(past.bytes, past.kept.iter().map(|it| it.bytes).sum::<usize>());
        assert_eq!(past.kept.back().map(|it| it.number), Some(100));
        past.forget(TargetId::default());
        assert_eq!((past.bytes, past.kept.len()), (0, 0));
    }
}
