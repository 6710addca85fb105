//! A moment that is marked, and what has changed since: as `holdover diff` tells it.

use std::time::Instant;

use super::{Effect, Model, Screen};
use crate::{
    client::TargetId,
    print::{diff, every::Every},
};

/// The leaks of the moment that was marked, and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Mark {
    /// Whose moment it is.
    of: TargetId,
    before: Option<Every>,
    asked: Option<Asked>,
    changed: Vec<String>,
}

/// What every leak of now is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    ToMark,
    ToCompare,
}

impl Mark {
    /// What a process that is gone has said is compared with nothing. True where it was it.
    pub(super) fn forget(&mut self, of: TargetId) -> bool {
        let is_it = self.of == of;
        if is_it {
            *self = Self::default();
        }
        is_it
    }
}

impl Model {
    /// Marks this moment, and when there is one that is marked, shows what changed since;
    /// there it marks anew.
    pub(super) fn mark(&mut self, now: Instant) {
        let Some(target) = self.about() else {
            return self.say("a mark is of one target: T, and Enter shows only one", now);
        };
        if !self.targets[target].is_live() {
            return self.say("there is no connection to the target", now);
        }
        if self.frozen.is_some() {
            return self.say("everything stands still: Space goes on", now);
        }
        if self.mark.of != target {
            self.mark = Mark { of: target, ..Mark::default() };
        }
        let asked = match (&self.mark.before, self.screen()) {
            (None, _) => Asked::ToMark,
            (Some(_), Screen::Since) => {
                self.screens.pop();
                Asked::ToMark
            }
            (Some(_), _) => {
                self.toggle(Screen::Since);
                self.mark.changed.clear();
                Asked::ToCompare
            }
        };
        self.mark.asked = Some(asked);
        self.effects.push(Effect::Leaks { of: target });
    }

    /// The target has told every leak of now.
    pub(super) fn every_leak(&mut self, from: TargetId, told: Result<Every, String>, now: Instant) {
        if self.mark.of != from {
            return;
        }
        let Some(asked) = self.mark.asked.take() else { return };
        match (told, asked, &self.mark.before) {
            (Err(why), ..) => self.say(&why, now),
            (Ok(after), Asked::ToCompare, Some(before)) => {
                self.mark.changed = diff::in_text(before, &after);
            }
            (Ok(every), ..) => {
                let leaks = every.counted();
                self.mark.before = Some(every);
                self.say(&format!("marked, with {leaks}; M shows what changes from now on"), now);
            }
        }
    }

    /// What has changed since the mark; nothing while that is not known yet.
    pub(crate) fn since_the_mark(&self) -> &[String] {
        &self.mark.changed
    }
}
