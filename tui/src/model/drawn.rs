//! Where things stand on the screen, as it was drawn last: what a click is on, and by
//! how much a page key moves.

use ratatui::layout::{Position, Rect};

use super::{Model, Screen};

/// What was drawn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drawn {
    pub(crate) tabs: Vec<(Rect, Screen)>,
    pub(crate) rows: Option<Rows>,
    pub(crate) page: Option<Page>,
    /// The columns of the terminal; 0 before anything was drawn.
    pub(crate) width: u16,
}

/// The rows of a table.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    /// Without the titles, which are in the line above.
    pub(crate) area: Rect,
    /// The row in its first line.
    pub(crate) first: usize,
    /// How many rows there are in all.
    pub(crate) count: usize,
    /// From which column of the screen, how wide, and the title.
    pub(crate) columns: Vec<(u16, u16, &'static str)>,
}

/// A page of text that may be longer than the screen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) lines: usize,
    pub(crate) shown: usize,
}

impl Drawn {
    pub(super) fn tab_at(&self, x: u16, y: u16) -> Option<Screen> {
        let is_on = |area: &Rect| area.contains(Position { x, y });
        self.tabs.iter().find(|(area, _)| is_on(area)).map(|(_, screen)| *screen)
    }

    pub(super) fn title_at(&self, x: u16, y: u16) -> Option<&'static str> {
        let rows = self.rows.as_ref().filter(|rows| y + 1 == rows.area.y)?;
        let is_on = |from: u16, columns: u16| (from..from + columns).contains(&x);
        let column = rows.columns.iter().find(|(from, columns, _)| is_on(*from, *columns))?;
        Some(column.2)
    }

    /// The row that is drawn there.
    pub(super) fn line_at(&self, x: u16, y: u16) -> Option<usize> {
        let rows = self.rows.as_ref()?;
        let line = rows.first + usize::from(y.checked_sub(rows.area.y)?);
        (rows.area.contains(Position { x, y }) && line < rows.count).then_some(line)
    }
}

impl Model {
    /// Takes what was drawn.
    pub(crate) fn drawn(&mut self, drawn: Drawn) {
        let shown = drawn.rows.as_ref().map(|rows| rows.area.height.into());
        self.drawn = drawn;
        if let Some(page) = self.drawn.page {
            self.page_line = self.page_line.min(page.lines.saturating_sub(page.shown));
        }
        if let (Some(list), Some(shown)) = (self.list(), shown) {
            list.drawn(shown);
        }
    }
}
