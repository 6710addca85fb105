//! The columns of each table: with which it starts, and what was chosen since.

use std::{collections::BTreeMap, time::Instant};

use super::{Beneath, Effect, Kind, Model};
use crate::{
    columns::{Info, Layout, Listing, Placement, Shown, Side, TARGET, place},
    format::{safe, width},
};

/// The layouts of all tables; of one that is not here, the usual one. Of targets they say
/// something only where that was chosen while there were several.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layouts {
    starts: BTreeMap<Listing, Layout>,
    chosen: BTreeMap<Listing, Layout>,
}

/// Where nothing was drawn yet there is room for everything.
const ROOM: u16 = 200;
/// The names of targets take no more than this, in a narrow and in a wide table.
const NAMES_NARROW: u16 = 11;
const NAMES: u16 = 20;

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
        // What was chosen of several targets is not given up by a console of one.
        let layout = match self.chosen.get(&listing) {
            Some(before) => layout.with_target_of(before),
            None => layout,
        };
        let is_of_several = layout.find(TARGET).is_some();
        let columns = if is_of_several {
            listing.columns_of_several(ROOM, NAMES)
        } else {
            listing.columns(ROOM)
        };
        if layout == self.start_of(listing).among(&columns) {
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
        self.layouts.get(self.listing()).among(&self.all_columns())
    }

    /// As the console starts.
    pub(super) fn start_layout(&self) -> Layout {
        self.layouts.start_of(self.listing()).among(&self.all_columns())
    }

    /// Shows rows of this kind in this order, as a file has it: until another is asked for.
    pub(crate) fn start_sorted(&mut self, listing: Listing, text: &str) {
        if let Some(kind) = Kind::of_listing(listing) {
            self.tabs.get_mut(kind).start_sorted(text, &sorted_by(listing));
        }
    }

    /// As it was chosen in an earlier run.
    pub(crate) fn choose_sorted(&mut self, listing: Listing, text: &str) {
        if let Some(kind) = Kind::of_listing(listing) {
            self.tabs.get_mut(kind).choose_sorted(text, &sorted_by(listing));
        }
    }

    /// As the console starts; of a tree nothing is sorted.
    pub(super) fn reset_sort(&mut self) {
        if !self.is_tree() {
            self.sort(|tab, _| tab.sort = tab.start);
        }
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
        self.columns_at(self.drawn_width())
    }

    /// As they are in one so wide; whose a row is, is said where there are several targets.
    pub(crate) fn columns_at(&self, table: u16) -> Vec<Info> {
        if self.has_several() {
            self.listing().columns_of_several(table, self.names_width(table))
        } else {
            self.listing().columns(table)
        }
    }

    /// The columns that the names of the targets take in a table so wide.
    pub(crate) fn names_width(&self, table: u16) -> u16 {
        let most = if table < 100 { NAMES_NARROW } else { NAMES };
        let names = self.targets.ids().map(|id| width(&safe(&self.label(id))));
        let widest = names.max().unwrap_or(0).max(width(TARGET));
        u16::try_from(widest + 1).unwrap_or(most).min(most)
    }

    fn drawn_width(&self) -> u16 {
        if self.drawn.width == 0 { ROOM } else { self.drawn.width }
    }

    /// Where the columns stand in a table so wide.
    pub(crate) fn placement(&self, table: u16) -> Placement {
        place(&self.layout(), &self.columns_at(table), table)
    }

    /// The columns that can be seen, in order.
    pub(super) fn columns(&self) -> Vec<Info> {
        let all = self.all_columns();
        let placed = self.placement(self.drawn_width()).placed.into_iter();
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
        if title == TARGET {
            return self.say("TARGET tells rows apart: + hides it", now);
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

/// The columns by which a file may have rows of this table sorted.
fn sorted_by(listing: Listing) -> Vec<Info> {
    let mut columns = listing.columns(ROOM);
    if listing == Listing::Leaks {
        columns.extend(Listing::Groups.columns(ROOM));
    }
    columns
}

pub(super) fn stays(title: &str) -> String {
    format!("{title} stays: it names the rows")
}
