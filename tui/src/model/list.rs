//! A list with a selection that follows the entity, not the line it stands on.

/// What makes a row the same one in the next update.
pub(crate) trait Entity {
    type Id: PartialEq + Clone + std::fmt::Debug;
    fn id(&self) -> Self::Id;
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
    pub(crate) matched: u64,
    pub(crate) all: u64,
}

impl<T: Entity> Default for List<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), selected: None, chosen: false, line: 0, matched: 0, all: 0 }
    }
}

impl<T: Entity> List<T> {
    pub(crate) fn replace(&mut self, rows: Vec<T>, matched: u64, all: u64) {
        self.rows = rows;
        self.matched = matched;
        self.all = all;
        match self.selected_index() {
            _ if !self.chosen => self.stand_on(0),
            Some(line) => self.line = line,
            // It is gone: what stands in its place now, else the last.
            None => self.stand_on(self.line),
        }
    }

    /// The selected row stays selected, wherever it goes.
    pub(crate) fn choose(&mut self) {
        self.chosen = true;
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
        self.rows.iter().position(|row| row.id() == *selected)
    }

    pub(crate) fn selected(&self) -> Option<&T> {
        self.rows.get(self.selected_index()?)
    }

    /// Selects the row on this line, or the last.
    pub(crate) fn select(&mut self, line: usize) {
        self.choose();
        self.stand_on(line);
    }

    pub(crate) fn move_by(&mut self, lines: isize) {
        self.select(self.line.saturating_add_signed(lines));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Entity for &'static str {
        type Id = Self;
        fn id(&self) -> Self {
            self
        }
    }

    #[test]
    fn the_selection_follows_the_row() {
        let mut list = List::default();
        list.replace(vec!["a", "b"], 2, 2);
        assert_eq!(list.selected(), Some(&"a"));
        list.move_by(1);
        list.replace(vec!["new", "a", "b"], 3, 3);
        assert_eq!((list.selected(), list.selected_index()), (Some(&"b"), Some(2)));
        list.replace(vec!["a"], 1, 1);
        assert_eq!(list.selected(), Some(&"a"));
        list.replace(vec![], 0, 0);
        assert_eq!(list.selected(), None);
        list.move_by(-1);
        list.replace(vec!["z"], 1, 1);
        assert_eq!(list.selected(), Some(&"z"));
    }

    #[test]
    fn until_a_row_is_chosen_the_first_one_is_selected() {
        let mut list = List::default();
        list.replace(vec!["cleared"], 1, 1);
        list.replace(vec!["leak", "cleared"], 2, 2);
        assert_eq!(list.selected(), Some(&"leak"));
        list.choose();
        list.replace(vec!["worse", "leak", "cleared"], 3, 3);
        assert_eq!(list.selected(), Some(&"leak"));
    }

    #[test]
    fn moving_stops_at_both_ends() {
        let mut list = List::default();
        list.replace(vec!["a", "b", "c"], 3, 3);
        list.move_by(-5);
        assert_eq!(list.selected(), Some(&"a"));
        list.move_by(isize::MAX);
        assert_eq!(list.selected(), Some(&"c"));
        list.select(usize::MAX);
        assert_eq!(list.selected_index(), Some(2));
    }
}
