//! Choosing among the columns of a table, which stays in sight meanwhile.

use std::time::Instant;

use crossterm::event::KeyEvent;

use super::{Model, layouts::stays};
use crate::{
    columns::{Entry, Layout, Shown, Side, Width},
    keymap::{Choice, choice},
};

/// What was asked for beneath a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beneath {
    Nothing,
    /// The whole text of the marked cell.
    Cell,
    Columns(Choosing),
}

/// The column that a key is about, by its title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choosing {
    pub(crate) title: &'static str,
}

impl Model {
    /// Where columns are chosen, the one under the cursor.
    pub(crate) fn choosing(&self) -> Option<Choosing> {
        match self.beneath {
            Beneath::Columns(choosing) if self.screen().is_tab() => Some(choosing),
            _ => None,
        }
    }

    pub(super) fn leave_columns(&mut self) {
        if matches!(self.beneath, Beneath::Columns(_)) {
            self.beneath = Beneath::Nothing;
        }
    }

    fn choose_in(&mut self, entry: Option<&Entry>) {
        let columns = entry.map(|it| Beneath::Columns(Choosing { title: it.title }));
        self.beneath = columns.unwrap_or(Beneath::Nothing);
    }

    pub(super) fn choose_columns(&mut self, now: Instant) {
        if !self.screen().is_tab() {
            return self.say("only lists have columns: 1 to 5 lead to some", now);
        }
        if !self.is_attached() {
            return self.say("there is no list yet", now);
        }
        let layout = self.layout();
        let marked = self.tab().column.and_then(|title| layout.find(title));
        let entry = marked.or(layout.entries().first().copied());
        self.choose_in(entry.as_ref());
    }

    /// A key while columns are chosen. True when it was for that.
    pub(super) fn press_among_the_columns(&mut self, key: KeyEvent, now: Instant) -> bool {
        let Some(Choosing { title }) = self.choosing() else { return false };
        let layout = self.layout();
        match choice(key) {
            Some(Choice::Up) => self.stand_on(&layout, |at| at.saturating_sub(1)),
            Some(Choice::Down) => self.stand_on(&layout, |at| at + 1),
            Some(Choice::First) => self.stand_on(&layout, |_| 0),
            Some(Choice::Last) => self.stand_on(&layout, |_| usize::MAX),
            Some(Choice::Turn) => self.turn_column(layout, title, now),
            Some(Choice::Earlier) => self.move_column_in(layout, title, Side::Before),
            Some(Choice::Later) => self.move_column_in(layout, title, Side::After),
            Some(Choice::Reset) => {
                self.change_layout(self.start_layout());
                self.reset_sort();
            }
            Some(Choice::Close) => self.leave_columns(),
            Some(Choice::Quit) => self.quit = true,
            // No other key does anything to what can hardly be seen.
            None => {}
        }
        true
    }

    fn stand_on(&mut self, layout: &Layout, to: impl FnOnce(usize) -> usize) {
        let entries = layout.entries();
        let is_it = |it: &Entry| self.choosing().is_some_and(|now| now.title == it.title);
        let at = entries.iter().position(is_it).unwrap_or(0);
        let next = entries.get(to(at)).or(entries.last());
        self.choose_in(next);
    }

    fn turn_column(&mut self, mut layout: Layout, title: &'static str, now: Instant) {
        let Some(entry) = layout.find(title) else { return };
        let shown = match entry.shown {
            _ if entry.names_rows => return self.say(&stays(title), now),
            Shown::Chosen => Shown::Hidden,
            Shown::AsUsual if self.has_usual_place(title) => Shown::Hidden,
            Shown::AsUsual => Shown::Chosen,
            Shown::Hidden => self.shown_again(title),
        };
        layout.show(title, shown);
        self.change_layout(layout);
    }

    /// Whether a table as wide as this one has it when nobody says anything.
    fn has_usual_place(&self, title: &str) -> bool {
        let columns = self.all_columns();
        let column = columns.iter().find(|it| it.title == title);
        column.is_some_and(|it| !matches!(it.width, Width::Wider { .. }))
    }

    /// As it was at the start, if it can be seen so.
    fn shown_again(&self, title: &str) -> Shown {
        match self.start_layout().find(title).map(|it| it.shown) {
            Some(Shown::AsUsual) if self.has_usual_place(title) => Shown::AsUsual,
            _ => Shown::Chosen,
        }
    }

    /// To the other side of its neighbour, which may be hidden.
    fn move_column_in(&mut self, mut layout: Layout, title: &'static str, side: Side) {
        let entries = layout.entries();
        let Some(at) = entries.iter().position(|it| it.title == title) else { return };
        let next = match side {
            Side::Before => at.checked_sub(1),
            Side::After => Some(at + 1),
        };
        if let Some(other) = next.and_then(|next| entries.get(next)).map(|it| it.title) {
            layout.put(title, side, other);
            self.change_layout(layout);
        }
    }
}
