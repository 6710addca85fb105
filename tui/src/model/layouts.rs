//! The columns of each table: with which it starts, and what was chosen since.

use std::{collections::BTreeMap, time::Instant};

use super::{Beneath, Effect, Kind, Model};
use crate::columns::{Info, Layout, Listing, Placement, Shown, Side, place};

/// The layouts of all tables; of one that is not here, the usual one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layouts {
    starts: BTreeMap<Listing, Layout>,
    chosen: BTreeMap<Listing, Layout>,
}

/// Where nothing was drawn yet there is room for everything.
const ROOM: u16 = 200;

impl Layouts {
    /// A table starts so.
    pub(crate) fn start(&mut self, listing: Listing, layout: Layout) {
        self.starts.insert(listing, layout);
    }

    /// It was chosen so, in an earlier run.
    pub(crate) fn choose(&mut self, listing: Listing, layout: Layout) {
        self.chosen.insert(listing, layout);
    }

    fn get(&self, listing: Listing) -> Layout {
        let chosen = self.chosen.get(&listing).cloned();
        chosen.unwrap_or_else(|| self.start_of(listing))
    }

    fn start_of(&self, listing: Listing) -> Layout {
        let start = self.starts.get(&listing).cloned();
        start.unwrap_or_else(|| Layout::usual(&listing.columns(ROOM)))
    }

    /// Takes what was chosen now, and gives what is to be kept: nothing, where that is as
    /// it starts.
    fn change(&mut self, listing: Listing, layout: Layout) -> Option<Layout> {
        if layout == self.start_of(listing) {
            self.chosen.remove(&listing);
            return None;
        }
        self.chosen.insert(listing, layout.clone());
        Some(layout)
    }
}

impl Model {
    /// The table of the innermost tab.
    pub(crate) fn listing(&self) -> Listing {
        if self.is_tree() {
            Listing::Tree
        } else if self.shows_groups() {
            Listing::Groups
        } else {
            self.kind().listing()
        }
    }

    /// Which columns that has, and in which order.
    pub(crate) fn layout(&self) -> Layout {
        self.layouts.get(self.listing())
    }

    /// As the console starts.
    pub(super) fn start_layout(&self) -> Layout {
        self.layouts.start_of(self.listing())
    }

    /// Shows rows of this kind in this order, as a file has it: until another is asked for.
    pub(crate) fn start_sorted(&mut self, listing: Listing, text: &str) {
        let Some(kind) = Kind::of_listing(listing) else { return };
        let mut columns = listing.columns(ROOM);
        if listing == Listing::Leaks {
            columns.extend(Listing::Groups.columns(ROOM));
        }
        self.tabs.get_mut(kind).start_sorted(text, &columns);
    }

    /// The title of the column under the cursor.
    pub(crate) fn marked(&self) -> Option<&'static str> {
        let chosen = self.choosing().map(|it| it.title);
        chosen.or(self.tab().column)
    }

    /// Shows the whole text of the marked cell, or no more.
    pub(super) fn turn_whole(&mut self, now: Instant) {
        if self.screen().is_tab() {
            self.beneath = match self.beneath {
                Beneath::Cell => Beneath::Nothing,
                _ => Beneath::Cell,
            };
        } else {
            self.say("only lists have cells: 1 to 5 lead to some", now);
        }
    }

    /// The column whose cell is shown whole: the marked one, else what names the rows.
    pub(crate) fn whole(&self) -> Option<&'static str> {
        if self.beneath != Beneath::Cell || !self.screen().is_tab() {
            return None;
        }
        let layout = self.layout();
        let marked =
            self.tab().column.filter(|title| !self.is_tree() && layout.find(title).is_some());
        let naming = || layout.entries().iter().find(|it| it.names_rows).map(|it| it.title);
        marked.or_else(naming)
    }

    /// All columns of the table, as they are in one as wide as what was drawn.
    pub(super) fn all_columns(&self) -> Vec<Info> {
        let table = if self.drawn.width == 0 { ROOM } else { self.drawn.width };
        self.listing().columns(table)
    }

    /// Where the columns stand in a table so wide.
    pub(crate) fn placement(&self, table: u16) -> Placement {
        place(&self.layout(), &self.listing().columns(table), table)
    }

    /// The columns that can be seen, in order.
    pub(super) fn columns(&self) -> Vec<Info> {
        let table = if self.drawn.width == 0 { ROOM } else { self.drawn.width };
        let all = self.all_columns();
        let placed = self.placement(table).placed.into_iter();
        placed.filter_map(|it| all.iter().find(|info| info.title == it.title).copied()).collect()
    }

    /// Takes another layout, and has it kept.
    pub(super) fn change_layout(&mut self, layout: Layout) {
        if layout == self.layout() {
            return;
        }
        let listing = self.listing();
        let layout = self.layouts.change(listing, layout);
        self.effects.push(Effect::Keep { listing, layout });
    }

    /// Puts the marked column on the other side of its neighbour.
    pub(super) fn move_marked(&mut self, side: Side, now: Instant) {
        let Some(title) = self.marked_column(now) else { return };
        let columns = self.columns();
        let at = columns.iter().position(|it| it.title == title).unwrap_or(0);
        let next = match side {
            Side::Before => at.checked_sub(1),
            Side::After => Some(at + 1),
        };
        if let Some(other) = next.and_then(|next| columns.get(next)) {
            let mut layout = self.layout();
            layout.put(title, side, other.title);
            self.change_layout(layout);
        }
    }

    /// Its neighbour is marked then.
    pub(super) fn hide_marked(&mut self, now: Instant) {
        let Some(title) = self.marked_column(now) else { return };
        let mut layout = self.layout();
        if layout.find(title).is_some_and(|it| it.names_rows) {
            return self.say(&stays(title), now);
        }
        let columns = self.columns();
        let at = columns.iter().position(|it| it.title == title).unwrap_or(0);
        let next = columns.get(at + 1).or(at.checked_sub(1).and_then(|at| columns.get(at)));
        self.tab_mut().column = next.map(|it| it.title);
        layout.show(title, Shown::Hidden);
        self.change_layout(layout);
        self.say(&format!("{title} is hidden; + lists all columns"), now);
    }

    /// The marked column, where one can be seen; where none can, that is said.
    fn marked_column(&mut self, now: Instant) -> Option<&'static str> {
        if !self.screen().is_tab() {
            return None;
        }
        if self.is_tree() {
            self.say("Left and Right fold a tree: + lists its columns", now);
            return None;
        }
        let marked = self.tab().column;
        let seen = self.columns().into_iter().find(|it| Some(it.title) == marked);
        if seen.is_none() {
            self.say("Left and Right mark a column; + lists all", now);
        }
        seen.map(|it| it.title)
    }
}

pub(super) fn stays(title: &str) -> String {
    format!("{title} stays: it names the rows")
}
