//! Keys that come ahead of the rows they are about: after a filter is typed, Enter is for a
//! row that matches it, and not for one that is still shown of those before.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crossterm::event::KeyEvent;
use holdover_proto::v1;

use super::{Model, Screen};
use crate::{
    client::TargetId,
    keymap::{Action, action},
};

/// Who does not answer for so long is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than anybody types meanwhile.
const MOST: usize = 64;
const DROPPED: &str = "no rows have come for what was typed: it is dropped";

#[derive(Debug, Default)]
pub(super) struct Ahead {
    keys: VecDeque<KeyEvent>,
    /// When other rows were asked for, last.
    since: Option<Instant>,
}

/// Where the rows are that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Shown,
    Coming,
    /// Nobody is there who would tell them.
    Nowhere,
}

impl Model {
    /// True when the key waits for the rows it is about.
    pub(super) fn comes_ahead(&mut self, key: KeyEvent, now: Instant) -> bool {
        if self.asked_rows(now) != Asked::Coming {
            return false;
        }
        let action = action(key);
        // Whoever goes back wants none of it any more.
        if action == Some(Action::Back) {
            self.forget_ahead();
            return false;
        }
        if self.ahead.keys.is_empty() && !action.is_some_and(|it| self.is_about_a_row(it)) {
            return false;
        }
        if self.ahead.keys.len() < MOST {
            self.ahead.keys.push_back(key);
        }
        true
    }

    /// What has been typed ahead is done when its rows are there; when none come, it is dropped.
    pub(super) fn catch_up(&mut self, now: Instant) {
        while let Some(key) = self.ahead.keys.front().copied() {
            match self.asked_rows(now) {
                Asked::Shown => {}
                Asked::Coming => return,
                Asked::Nowhere => {
                    self.forget_ahead();
                    return self.say(DROPPED, now);
                }
            }
            self.ahead.keys.pop_front();
            self.press(key, now);
        }
    }

    pub(super) fn forget_ahead(&mut self) {
        self.ahead.keys.clear();
    }

    /// Other rows may be asked for by what has just been done.
    pub(super) fn asks_since(&mut self, before: &v1::View, now: Instant) {
        if self.asks_for() != *before {
            self.ahead.since = Some(now);
        }
    }

    /// What decides which rows come.
    pub(super) fn asks_for(&self) -> v1::View {
        let target = match self.screen() {
            Screen::Story(target, _) => target,
            _ => self.shown().first().copied().unwrap_or_default(),
        };
        self.view_of(target).map(|view| which_rows(&view)).unwrap_or_default()
    }

    fn asked_rows(&self, now: Instant) -> Asked {
        // What is typed into a field is about no row.
        if self.edit.is_some() || self.cancelling().is_some() {
            return Asked::Shown;
        }
        let asked = match self.screen() {
            Screen::Story(target, _) if self.is_answered_by(target) => Asked::Shown,
            Screen::Story(target, _) if self.may_answer(target) => Asked::Coming,
            Screen::Story(..) => Asked::Nowhere,
            screen if screen.is_tab() && !self.needs_one() => self.asked_rows_of_the_tab(),
            _ => Asked::Shown,
        };
        let is_patient = |at: Instant| now.saturating_duration_since(at) < PATIENCE;
        match asked {
            Asked::Coming if !self.ahead.since.is_some_and(is_patient) => Asked::Nowhere,
            asked => asked,
        }
    }

    fn asked_rows_of_the_tab(&self) -> Asked {
        let (shown, view) = (self.shown(), self.tab_view(TargetId::default()));
        let asked = which_rows(&view);
        let told = |it: TargetId| self.targets[it].told(&view).map(|it| which_rows(&it.view));
        let is_any = shown.iter().any(|it| told(*it).as_ref() == Some(&asked));
        let comes = |it: TargetId| {
            let told = told(it);
            // One of several that shows nothing yet does not hold up those that do.
            let is_asked = told.as_ref().map_or(is_any, |told| *told == asked);
            !is_asked && self.may_answer(it)
        };
        match shown.iter().any(|it| comes(*it)) {
            true => Asked::Coming,
            false if is_any => Asked::Shown,
            false => Asked::Nowhere,
        }
    }

    fn may_answer(&self, it: TargetId) -> bool {
        self.targets[it].is_live() && self.targets[it].refused.is_none()
    }

    /// Whether it depends on which rows are there what the key does.
    fn is_about_a_row(&self, action: Action) -> bool {
        match action {
            Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::First
            | Action::Last
            | Action::Open
            | Action::Whole
            | Action::LikeThis
            | Action::UnlikeThis
            | Action::Copy
            | Action::CopySite
            | Action::Edit
            | Action::Write
            | Action::Cancel => true,
            Action::ColumnLeft | Action::ColumnRight => self.shows_tree() || self.is_story(),
            _ => false,
        }
    }
}

/// What of a view decides which rows there are. The one that is selected stays so in any order.
fn which_rows(view: &v1::View) -> v1::View {
    v1::View {
        sort: String::new(),
        limit: 0,
        interval_ms: 0,
        folded: Vec::new(),
        asks: false,
        requested_ns: 0,
        ..view.clone()
    }
}
