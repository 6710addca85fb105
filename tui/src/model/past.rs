//! What the target told lately, to step back through while everything stands still.

use std::{collections::VecDeque, time::Instant};

use holdover_proto::v1;
use prost::Message;

use super::{Model, list::Order};

/// As it came over the wire: a few minutes of a screen that changes all the time.
const KEPT_BYTES: usize = 16 << 20;

/// What was told of a view at one moment.
#[derive(Clone, Debug)]
struct Moment {
    number: u64,
    view: v1::View,
    update: v1::Update,
    at: Instant,
    bytes: usize,
}

/// The moments, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Past {
    kept: VecDeque<Moment>,
    bytes: usize,
    told: u64,
    /// The number of the moment that is shown.
    shown: u64,
    /// When that was, where it was stepped to.
    stepped_to: Option<Instant>,
}

impl Past {
    pub(super) fn keep(&mut self, view: &v1::View, update: &v1::Update, at: Instant) {
        let bytes = update.encoded_len();
        self.told += 1;
        let (view, update) = (view.clone(), update.clone());
        self.kept.push_back(Moment { number: self.told, view, update, at, bytes });
        self.bytes += bytes;
        while self.bytes > KEPT_BYTES
            && let Some(oldest) = self.kept.pop_front()
        {
            self.bytes -= oldest.bytes;
        }
    }

    /// Those of this view, the oldest first.
    fn of<'a>(&'a self, view: &'a v1::View) -> impl DoubleEndedIterator<Item = &'a Moment> {
        self.kept.iter().filter(move |moment| moment.view == *view)
    }
}

/// Which way to step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Earlier,
    Later,
}

impl Model {
    pub(super) fn freeze(&mut self, now: Instant) {
        if self.frozen.is_none() {
            self.frozen = Some(now);
            return;
        }
        self.frozen = None;
        self.past.stepped_to = None;
        // What was told meanwhile is not told again while nothing changes.
        let view = self.view();
        let newest = self.past.of(&view).next_back().cloned();
        if let Some(newest) = newest.filter(|_| self.is_answered()) {
            self.past.shown = newest.number;
            self.show(newest.update, Order::Told, (newest.at, now));
        }
    }

    /// Shows what was told before, or after, what is shown; it stands still from then on.
    pub(super) fn step(&mut self, step: Step, now: Instant) {
        let frozen = *self.frozen.get_or_insert(now);
        let view = self.view();
        let number = self.past.shown;
        let found = match step {
            Step::Earlier => self.past.of(&view).rfind(|it| it.number < number),
            Step::Later => self.past.of(&view).find(|it| it.number > number),
        };
        let Some(moment) = found.cloned() else {
            let none = match step {
                Step::Earlier => "nothing earlier is kept of these rows",
                Step::Later => "nothing was told later; Space goes on",
            };
            return self.say(none, now);
        };
        (self.past.shown, self.past.stepped_to) = (moment.number, Some(moment.at));
        // The target's time is that of the moment.
        self.show(moment.update, Order::Told, (frozen, now));
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
            past.keep(&view, &update, now);
        }
        assert!(past.bytes <= KEPT_BYTES && past.bytes > KEPT_BYTES / 2, "{}", past.bytes);
        assert_eq!(past.bytes, past.kept.iter().map(|it| it.bytes).sum::<usize>());
        assert_eq!(past.of(&view).next_back().map(|it| it.number), Some(100));
    }
}
