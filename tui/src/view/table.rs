//! A table of columns: each says its title, width and text; nothing is found by index.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::text;
use crate::{
    format::{fit, fit_place},
    theme::Theme,
};

/// The mark of the selected row.
const MARK: u16 = 2;

/// A column of a table of `Row`s.
pub(super) trait Column<Row>: Copy + 'static {
    /// Every column, in order.
    const ALL: &'static [Self];

    fn title(self) -> &'static str;
    /// The columns it takes in a table so wide; `None` for the one that takes the rest.
    fn width(self, table: u16) -> Option<u16>;
    fn is_right(self) -> bool;
}

/// One cell.
pub(super) struct Cell {
    pub(super) text: String,
    /// Over the row's own style, where the row is not selected.
    pub(super) style: Style,
    pub(super) cut: Cut,
}

/// What is left out of a text for which the column is too narrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cut {
    #[default]
    End,
    /// The folders of a place rather than its line.
    Place,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, style: Style::new(), cut: Cut::End }
    }
}

impl Cell {
    pub(super) fn place(text: String) -> Self {
        Self { cut: Cut::Place, ..text.into() }
    }

    pub(super) fn styled(text: String, style: Style) -> Self {
        Self { style, ..text.into() }
    }

    fn fit(&self, columns: u16, theme: Theme) -> std::borrow::Cow<'_, str> {
        match self.cut {
            Cut::End => fit(&self.text, columns.into(), theme.glyphs.more),
            Cut::Place => fit_place(&self.text, columns.into(), theme.glyphs.more),
        }
    }
}

/// What a table draws.
pub(super) struct Table<'a, Row> {
    pub(super) rows: &'a [Row],
    pub(super) selected: Option<usize>,
    pub(super) theme: Theme,
}

impl<Row> Table<'_, Row> {
    pub(super) fn render<C: Column<Row>>(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        cell: impl Fn(C, &Row) -> Cell,
        row_style: impl Fn(&Row) -> Style,
    ) {
        let widths = widths::<Row, C>(area.width);
        let mut x = area.x + MARK;
        for (column, width) in C::ALL.iter().zip(&widths) {
            let style = self.theme.dim();
            x = self.put(buffer, (x, area.y), *width, column.title(), style, column.is_right());
        }
        let selected = self.selected.unwrap_or(0);
        let shown = usize::from(area.height.saturating_sub(1));
        let first = (selected + 1).saturating_sub(shown);
        for (line, row) in self.rows.iter().enumerate().skip(first).take(shown) {
            let y = area.y + 1 + u16::try_from(line - first).unwrap_or(0);
            let is_selected = self.selected == Some(line);
            let base = if is_selected { self.theme.selected() } else { row_style(row) };
            let mark = if is_selected { self.theme.glyphs.selected } else { "" };
            let mut x = self.put(buffer, (area.x, y), MARK, mark, base, false);
            for (column, width) in C::ALL.iter().zip(&widths) {
                let cell = cell(*column, row);
                let style = if is_selected { base } else { base.patch(cell.style) };
                // A column's width between it and the next.
                let room = if *width > 2 && !column.is_right() { *width - 1 } else { *width };
                let text = cell.fit(room, self.theme);
                x = self.put(buffer, (x, y), *width, &text, style, column.is_right());
            }
        }
    }

    fn put(
        &self,
        buffer: &mut Buffer,
        at: (u16, u16),
        columns: u16,
        text: &str,
        style: Style,
        right: bool,
    ) -> u16 {
        if right {
            text::cell_right(buffer, at, columns, text, style, self.theme)
        } else {
            text::cell(buffer, at, columns, text, style, self.theme)
        }
    }
}

fn widths<Row, C: Column<Row>>(table: u16) -> Vec<u16> {
    let taken: u16 = C::ALL.iter().filter_map(|column| column.width(table)).sum();
    let rest = table.saturating_sub(taken + MARK);
    C::ALL.iter().map(|column| column.width(table).unwrap_or(rest)).collect()
}
