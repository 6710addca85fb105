//! A list with a selection that follows the entity, not the line it stands on.

use std::{collections::HashMap, hash::Hash};

/// What makes a row the same one in the next update.
pub(crate) trait Entity {
    type Id: Eq + Hash + Clone + std::fmt::Debug;
    fn id(&self) -> Self::Id;

    /// It never stands above one that does not, wherever rows stay.
    fn comes_last(&self) -> bool {
        false
    }

    /// What is new does not come below those of them that stand at the end.
    fn is_over(&self) -> bool {
        false
    }
}

/// Where rows go that are told in another order than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Where the target puts them.
    Told,
    /// Those that are there stay where they are, and new ones come below; above what is over
    /// at their end.
    Kept,
}

/// Rows of one screen.
#[derive(Debug)]
pub(crate) struct List<T: Entity> {
    rows: Vec<T>,
    selected: Option<T::Id>,
    /// By hand; until then it is the first row, whichever that is.
    chosen: bool,
    /// Where the selected row stood when it was last seen.
    line: usize,
    /// The row at the top of the window.
    first: usize,
    /// The order that the target told, where another one is shown.
    told: Option<Vec<T::Id>>,
    pub(crate) matched: u64,
    pub(crate) all: u64,
}

impl<T: Entity> Default for List<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            selected: None,
            chosen: false,
            line: 0,
            first: 0,
            told: None,
            matched: 0,
            all: 0,
        }
    }
}

impl<T: Entity> List<T> {
    pub(crate) fn replace(&mut self, rows: Vec<T>, order: Order) {
        self.told = None;
        if order == Order::Kept && !self.rows.is_empty() {
            self.told = Some(rows.iter().map(Entity::id).collect());
            let shown = self.rows.iter().map(Entity::id);
            self.rows = ordered(rows, &places(shown));
        } else {
            self.rows = rows;
        }
        self.follow();
    }

    /// Leaves out the others; of nothing that is left nothing is selected.
    pub(crate) fn retain(&mut self, is_left: impl Fn(&T) -> bool) {
        self.rows.retain(is_left);
        if self.rows.is_empty() {
            *self = Self::default();
        } else {
            self.follow();
        }
    }

    /// Puts the rows in the order that the target told last.
    pub(crate) fn settle(&mut self) {
        let Some(told) = self.told.take() else { return };
        self.rows = ordered(std::mem::take(&mut self.rows), &places(told.into_iter()));
        self.follow();
    }

    /// After the rows have moved: the selected one stays selected, and where it was in the
    /// window.
    fn follow(&mut self) {
        let in_window = self.line.saturating_sub(self.first);
        match self.selected_index() {
            _ if !self.chosen => {
                self.first = 0;
                self.stand_on(0);
            }
            Some(line) => (self.line, self.first) = (line, line.saturating_sub(in_window)),
            // It is gone: what stands in its place now, else the last.
            None => self.stand_on(self.line),
        }
    }

    /// The selected row stays selected, wherever it goes.
    pub(crate) fn choose(&mut self) {
        self.chosen = true;
    }

    pub(crate) fn is_chosen(&self) -> bool {
        self.chosen
    }

    fn stand_on(&mut self, line: usize) {
        self.line = line.min(self.rows.len().saturating_sub(1));
        self.selected = self.rows.get(self.line).map(Entity::id);
    }

    pub(crate) fn rows(&self) -> &[T] {
        &self.rows
    }

    pub(crate) fn selected_index(&self) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        // Nearly always it is where it was.
        let is_selected = |row: &T| row.id() == *selected;
        if self.rows.get(self.line).is_some_and(is_selected) {
            return Some(self.line);
        }
        self.rows.iter().position(is_selected)
    }

    pub(crate) fn selected(&self) -> Option<&T> {
        self.rows.get(self.selected_index()?)
    }

    /// The row at the top of a window of so many rows, in which the selected one is.
    pub(crate) fn first(&self, shown: usize) -> usize {
        let line = self.selected_index().unwrap_or(0);
        let last = self.rows.len().saturating_sub(shown);
        self.first.min(last).min(line).max((line + 1).saturating_sub(shown))
    }

    /// So many rows were drawn: the window stays where it is until it has to move.
    pub(crate) fn drawn(&mut self, shown: usize) {
        self.first = self.first(shown);
    }

    /// Selects the row on this line, or the last.
    pub(crate) fn select(&mut self, line: usize) {
        self.choose();
        self.stand_on(line);
    }

    pub(crate) fn move_by(&mut self, lines: isize) {
        let line = self.selected_index().unwrap_or(self.line);
        self.select(line.saturating_add_signed(lines));
    }

    /// Moves the window; the selection goes with it only where it would leave it.
    pub(crate) fn scroll_by(&mut self, lines: isize, shown: usize) {
        let last = self.rows.len().saturating_sub(shown);
        let first = self.first(shown).saturating_add_signed(lines).min(last);
        let line = self.selected_index().unwrap_or(self.line);
        self.first = first;
        self.select(line.clamp(first, first + shown.saturating_sub(1)));
    }
}

/// Where each row stands; of several that are one, the first.
fn places<I: Eq + Hash>(rows: impl Iterator<Item = I>) -> HashMap<I, usize> {
    let mut places = HashMap::new();
    for (place, row) in rows.enumerate() {
        places.entry(row).or_insert(place);
    }
    places
}

/// Those that have a place in its order, then the others as they come, and then those that
/// are over where they stood at its end; what comes last stays below all.
fn ordered<T: Entity>(mut rows: Vec<T>, places: &HashMap<T::Id, usize>) -> Vec<T> {
    let place = |row: &T| places.get(&row.id()).copied();
    let goes_on = rows.iter().filter(|row| !row.is_over() && !row.comes_last());
    let last = goes_on.filter_map(place).max();
    rows.sort_by_cached_key(|row| {
        let place = place(row);
        let ends = row.is_over() && place.is_none_or(|place| last.is_none_or(|last| place > last));
        (row.comes_last(), ends, place.unwrap_or(usize::MAX))
    });
    rows
}

#[cfg(test)]
mod tests;
