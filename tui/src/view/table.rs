//! A table of columns: each says its title, width and text; nothing is found by index.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{Scene, text};
use crate::{
    client::TargetId,
    columns::{Column, Placement, TARGET, find},
    format::{fit, fit_middle, fit_place, safe, width},
    model::{Entity, List, Of, Rows},
    theme::Theme,
};

/// One cell.
pub(super) struct Cell {
    pub(super) text: String,
    /// In place of the text where that has no room.
    pub(super) short: Option<String>,
    /// Over the row's own style, where the row is not selected.
    pub(super) style: Style,
    pub(super) cut: Cut,
    /// A letter on a ground of its own, before the text.
    pub(super) badge: Option<(&'static str, Style)>,
}

/// What is left out of a text for which the column is too narrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Cut {
    #[default]
    End,
    /// Its end tells it from others too.
    Middle,
    /// The folders of a place rather than its line.
    Place,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, short: None, style: Style::new(), cut: Cut::End, badge: None }
    }
}

impl Cell {
    pub(super) fn place(text: String) -> Self {
        Self { cut: Cut::Place, ..text.into() }
    }

    pub(super) fn middle(text: String) -> Self {
        Self { cut: Cut::Middle, ..text.into() }
    }

    /// A word, and its letter before it.
    pub(super) fn badged(letter: &'static str, style: Style, word: &str) -> Self {
        Self { badge: Some((letter, style)), ..format!(" {word}").into() }
    }

    pub(super) fn styled(text: String, style: Style) -> Self {
        Self { style, ..text.into() }
    }

    fn fit(&self, columns: u16, theme: Theme) -> std::borrow::Cow<'_, str> {
        let columns = usize::from(columns);
        let text = match &self.short {
            Some(short) if width(&self.text) > columns => short,
            _ => &self.text,
        };
        match self.cut {
            Cut::End => fit(text, columns, theme.glyphs.more),
            Cut::Middle => fit_middle(text, columns, theme.glyphs.more),
            Cut::Place => fit_place(text, columns, theme.glyphs.more),
        }
    }
}

/// What a table draws.
pub(super) struct Table<'a, Row: Entity> {
    /// What is sorted, the column under the cursor, and whose the rows are.
    pub(super) scene: Scene<'a>,
    pub(super) list: &'a List<Of<Row>>,
    /// Which columns are shown, and where.
    pub(super) placement: Placement,
}

/// A column, where it begins and how wide it is.
#[derive(Clone, Copy)]
struct Stands<C> {
    /// `None` for the one that says whose a row is, which the row itself does not.
    column: Option<C>,
    title: &'static str,
    x: u16,
    width: u16,
}

impl<C> Stands<C> {
    fn is_right<Row>(self) -> bool
    where
        C: Column<Row>,
    {
        self.column.is_some_and(Column::is_right)
    }
}

impl<Row: Entity> Table<'_, Row> {
    /// Gives where the rows are.
    pub(super) fn render<C: Column<Row>>(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        cell: impl Fn(C, &Of<Row>) -> Cell,
        row_style: impl Fn(&Of<Row>) -> Style,
    ) -> Rows {
        let Scene { model, theme, .. } = self.scene;
        let columns = self.columns::<C>(area);
        if area.height > 0 {
            self.titles(buffer, area, &columns);
        }
        let height = area.height.saturating_sub(1);
        let shown = usize::from(height);
        let (rows, selected) = (self.list.rows(), self.list.selected_index());
        let first = self.list.first(shown);
        for (line, row) in rows.iter().enumerate().skip(first).take(shown) {
            let y = area.y + 1 + u16::try_from(line - first).unwrap_or(0);
            let is_selected = selected == Some(line);
            let is_gone = model.has_several() && model.targets[row.target].is_lost();
            let base = match (is_selected, is_gone) {
                (true, _) => theme.selected(),
                (false, true) => row_style(row).patch(theme.dim()),
                (false, false) => row_style(row),
            };
            let mark = if is_selected { theme.glyphs.selected } else { "" };
            // Also between columns.
            self.put(buffer, (area.x, y), area.width, mark, base, false);
            for stands in &columns {
                let cell = match stands.column {
                    Some(column) => cell(column, row),
                    None => whose(self.scene, row.target),
                };
                let is_right = stands.is_right();
                let style = if is_selected { base } else { base.patch(cell.style) };
                let Stands { mut x, mut width, .. } = *stands;
                if let Some((letter, badge)) = cell.badge {
                    let style = if is_selected { base } else { base.patch(badge) };
                    self.put(buffer, (x, y), 1, letter, style, false);
                    (x, width) = (x + 1, width.saturating_sub(1));
                }
                // A column's width between it and the next.
                let room = if width > 2 && !is_right { width - 1 } else { width };
                let text = cell.fit(room, theme);
                self.put(buffer, (x, y), width, &text, style, is_right);
            }
        }
        Rows {
            area: Rect { y: area.y + 1, height, ..area },
            first,
            count: rows.len(),
            columns: columns.iter().map(|it| (it.x, it.width, it.title)).collect(),
        }
    }

    /// Those that have a place in the area.
    fn columns<C: Column<Row>>(&self, area: Rect) -> Vec<Stands<C>> {
        let stands = self.placement.placed.iter().map(|it| Stands {
            column: find(it.title),
            title: it.title,
            x: area.x + it.x,
            width: it.width,
        });
        stands.filter(|it| it.column.is_some() || it.title == TARGET).collect()
    }

    /// The column that is sorted by has an arrow, the one under the cursor a line.
    fn titles<C: Column<Row>>(&self, buffer: &mut Buffer, area: Rect, columns: &[Stands<C>]) {
        let Scene { model, theme, .. } = self.scene;
        let marked = model.marked().filter(|_| model.screen().is_tab());
        for stands in columns {
            let Stands { title, x, width, .. } = *stands;
            let field = stands.column.and_then(Column::field);
            let sort = model.tab().sort.filter(|sort| field == Some(sort.field));
            let glyphs = theme.glyphs;
            let arrow =
                sort.map_or("", |it| if it.largest_first { glyphs.down } else { glyphs.up });
            let style = match (marked == Some(title), sort) {
                (true, _) => theme.marked(),
                (false, Some(_)) => theme.bold(),
                (false, None) => theme.dim(),
            };
            let title = format!("{title}{arrow}");
            // What is left of the column is not marked.
            self.put(buffer, (x, area.y), width, "", Style::new(), false);
            let taken = u16::try_from(crate::format::width(&title)).unwrap_or(width).min(width);
            let x = if stands.is_right() { x + width - taken } else { x };
            buffer.set_stringn(x, area.y, &title, taken.into(), style);
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
    ) {
        if right {
            text::cell_right(buffer, at, columns, text, style, self.scene.theme);
        } else {
            text::cell(buffer, at, columns, text, style, self.scene.theme);
        }
    }
}

/// What the target of a row is called.
pub(super) fn whose(scene: Scene<'_>, target: TargetId) -> Cell {
    Cell::middle(safe(&scene.model.label(target)).into_owned())
}
