//! Which rows a tab lists, and in which groups; and what keys have to say to that.

use std::time::Instant;

use super::{Kind, LeaksBy, Model, Screen, WhichTasks, list};
use crate::{
    columns::{Column, SiteColumn},
    keymap::Action,
};

impl Model {
    /// To the tasks that are being cancelled, and back to all of them.
    pub(super) fn turn_cancelling(&mut self) {
        self.which_tasks = match (self.screen(), self.which_tasks) {
            (Screen::Tasks, WhichTasks::Cancelling) => WhichTasks::All,
            _ => WhichTasks::Cancelling,
        };
        self.go(Screen::Tasks);
    }

    /// Of Tasks only those that are being cancelled are listed.
    pub(crate) fn is_cancelling(&self) -> bool {
        self.which_tasks == WhichTasks::Cancelling
    }

    /// What Tasks lists.
    pub(crate) fn tasks_are(&self) -> WhichTasks {
        self.which_tasks
    }

    fn group_tasks(&mut self) {
        self.which_tasks = match self.which_tasks {
            WhichTasks::BySite => WhichTasks::All,
            WhichTasks::All | WhichTasks::Cancelling => WhichTasks::BySite,
        };
    }

    /// To the tasks of the selected site, one by one.
    pub(super) fn open_site(&mut self, now: Instant) {
        let Some(site) = self.sites.selected() else { return };
        let Some(term) = SiteColumn::Location.term(site) else {
            return self.say("this place is not known: no filter finds its tasks", now);
        };
        self.which_tasks = WhichTasks::All;
        let tab = self.tab_mut();
        tab.tree = false;
        tab.filter = term;
    }

    pub(super) fn group(&mut self, now: Instant) {
        match self.screen() {
            screen if screen.is_tab() && self.is_tree() => {
                self.say("a tree is in no groups: t leads out of it", now);
            }
            Screen::Leaks => self.leaks_by = self.leaks_by.other(),
            Screen::Tasks => self.group_tasks(),
            Screen::Holdings => self.holdings_by = self.holdings_by.other(),
            screen if screen.is_tab() => self.say("these rows are in no groups", now),
            _ => {}
        }
    }

    /// By the column under the cursor.
    pub(super) fn group_by_column(&mut self, now: Instant) {
        if self.screen() != Screen::Leaks || self.is_tree() {
            return self.say("leaks are grouped by a column: 1 leads there", now);
        }
        let marked = self.tab().column;
        let column = self.columns().into_iter().find(|column| Some(column.title) == marked);
        match column.and_then(|column| column.field).filter(|field| !field.largest_first) {
            Some(field) => self.leaks_by = LeaksBy::Field(field.name),
            None => self.say("Left and Right mark a column of words, and G groups by it", now),
        }
    }

    /// The leaks are in groups that are named by what their members share.
    pub(crate) fn shows_groups(&self) -> bool {
        self.kind() == Kind::Leaks && !self.leaks_by.fields().is_empty()
    }

    /// Why a key that is about rows does nothing here.
    pub(super) fn why_nothing(&self, action: Action) -> Option<&'static str> {
        let is_of_rows = match action {
            Action::Filter
            | Action::LikeThis
            | Action::UnlikeThis
            | Action::ColumnEarlier
            | Action::ColumnLater
            | Action::HideColumn
            | Action::Sort
            | Action::Reverse
            | Action::Group
            | Action::GroupBy
            | Action::Tree => !self.screen().is_tab(),
            // A story has rows too, a lineage, and a past.
            Action::ColumnLeft | Action::ColumnRight | Action::Earlier | Action::Later => {
                !self.screen().is_tab() && !self.is_story()
            }
            Action::Open => matches!(self.screen(), Screen::Since | Screen::Blind | Screen::Help),
            _ => false,
        };
        is_of_rows.then_some(match self.screen() {
            Screen::Story(..) => "this key does nothing in a story: 1 to 5 lead to lists",
            _ => "this key does nothing on this page: Esc leads back",
        })
    }

    /// Whether the key does something on this screen.
    pub(crate) fn offers(&self, action: Action) -> bool {
        let screen = self.screen();
        match action {
            Action::Group if self.shows_tree() => false,
            Action::Group => matches!(screen, Screen::Leaks | Screen::Tasks | Screen::Holdings),
            Action::Sort => screen.is_tab() && self.is_sortable(),
            Action::Cleared if self.is_tree() => false,
            Action::LeaksOnly | Action::Cleared => screen == Screen::Leaks,
            Action::Open => screen.is_tab() || self.is_story() || screen == Screen::Targets,
            Action::Targets => self.has_several(),
            Action::Filter | Action::LikeThis => screen.is_tab(),
            _ => true,
        }
    }

    pub(super) fn is_sortable(&self) -> bool {
        self.columns().iter().any(|column| column.field.is_some())
    }

    /// Elsewhere nobody would see what has changed.
    pub(super) fn which_leaks(&mut self, action: Action, now: Instant) {
        if self.screen() != Screen::Leaks {
            return self.say("this key is about leaks: 1 leads there", now);
        }
        match action {
            Action::LeaksOnly => self.leaks_only = !self.leaks_only,
            Action::Ignored => self.which = self.which.other(),
            _ => {
                self.all_cleared = !self.all_cleared;
                self.show_leaks(list::Order::Told, now);
            }
        }
    }
}
