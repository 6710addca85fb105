//! All columns of the table above, while they are chosen: which are shown, in which order,
//! and why one is not there.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{Scene, text};
use crate::{
    columns::{Entry, Info, Placement, Shown, Width},
    format::pad,
    keymap::CHOICES,
    model::Choosing,
    theme::Theme,
};

/// The table keeps its titles and two rows, so that it is seen what becomes of it.
const TABLE: u16 = 3;

/// That of the table, and that of its columns, empty when they are not chosen.
pub(super) fn areas(scene: Scene<'_>, area: Rect) -> [Rect; 2] {
    let lines = scene.model.choosing().map_or(0, |_| scene.model.layout().entries().len() + 1);
    let height = u16::try_from(lines).unwrap_or(u16::MAX).min(area.height.saturating_sub(TABLE));
    Layout::vertical([Constraint::Fill(1), Constraint::Length(height)]).areas(area)
}

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let Scene { model, theme, .. } = scene;
    let Some(Choosing { title }) = model.choosing() else { return };
    let (layout, listing) = (model.layout(), model.listing());
    let (columns, placement) = (model.columns_at(area.width), model.placement(area.width));
    let entries = layout.entries();
    let room = usize::from(area.height.saturating_sub(1));
    let at = entries.iter().position(|it| it.title == title).unwrap_or(0);
    // The one under the cursor is in sight.
    let first = (at + 1).saturating_sub(room);
    let mut lines = vec![text::bar(&format!("Columns of {}", listing.name()), area.width, theme)];
    for entry in entries.iter().skip(first).take(room) {
        let why = why_not(*entry, &columns, &placement);
        lines.push(line(*entry, why.as_deref(), entry.title == title, area.width, theme));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// `▸ [x] CANCELLED BY    no room for it here`.
fn line(
    entry: Entry,
    why_not: Option<&str>,
    is_selected: bool,
    columns: u16,
    theme: Theme,
) -> Line<'static> {
    const TITLE: usize = 16;
    let is_there = why_not.is_none();
    let mark = if is_selected { theme.glyphs.selected } else { "" };
    let check = if is_there { "[x]" } else { "[ ]" };
    let title = pad(entry.title, TITLE, theme.glyphs.more);
    let name = format!("{} {check} {title}", pad(mark, 1, ""));
    let stays = entry.names_rows.then_some("stays: it names the rows");
    let said = why_not.or(stays).unwrap_or_default().to_owned();
    let style = match (is_selected, is_there) {
        (true, _) => theme.selected(),
        (false, true) => Style::new(),
        (false, false) => theme.dim(),
    };
    let dim = if is_selected { Style::new() } else { theme.dim() };
    let mut line = Line::from(vec![Span::raw(name), Span::styled(said, dim)]);
    let rest = usize::from(columns).saturating_sub(line.width());
    line.push_span(" ".repeat(rest));
    line.style(style)
}

/// Why it is not in the table; `None` when it is.
fn why_not(entry: Entry, columns: &[Info], placement: &Placement) -> Option<String> {
    let column = columns.iter().find(|it| it.title == entry.title)?;
    match (entry.shown, column.width) {
        (Shown::Hidden, _) => Some("hidden".to_owned()),
        (Shown::AsUsual, Width::Wider { from, .. }) => Some(format!("from {from} columns on")),
        _ if placement.left_out.contains(&entry.title) => Some("no room for it here".to_owned()),
        _ => None,
    }
}

/// The keys that are for it.
pub(super) fn keys(theme: Theme) -> impl Iterator<Item = (&'static str, &'static str)> {
    let shown = move |shown| match shown {
        "↑↓ k j" => theme.glyphs.updown,
        shown => theme.key(shown),
    };
    CHOICES.iter().filter(|it| !it.word.is_empty()).map(move |it| (shown(it.shown), it.word))
}
