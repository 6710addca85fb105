//! A cell, whole: what a column has no room for, beneath the table.

use ratatui::{Frame, layout::Rect, text::Line, widgets::Paragraph};

use super::{
    Scene, events, groups, holdings, leaks, process, sites,
    table::{Cell, whose},
    tasks, text, tree,
};
use crate::columns::{Listing, TARGET, find};

/// A longer text nobody reads here; the story has it.
const LINES: usize = 6;

/// The bar above it included; 0 when it is not asked for.
pub(super) fn height(scene: Scene<'_>, columns: u16) -> u16 {
    u16::try_from(lines(scene, columns).len()).unwrap_or(0)
}

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(Paragraph::new(lines(scene, area.width)), area);
}

fn lines(scene: Scene<'_>, columns: u16) -> Vec<Line<'static>> {
    let Some(title) = scene.model.whole() else { return Vec::new() };
    let Some(cell) = cell(scene, title) else { return Vec::new() };
    let said = match cell.text.trim() {
        "" => "nothing",
        text => text,
    };
    let said = text::indented(said, 2, columns).into_iter().take(LINES);
    std::iter::once(text::bar(title, columns, scene.theme)).chain(said).collect()
}

/// That of the selected row, in the column of this title.
fn cell(scene: Scene<'_>, title: &str) -> Option<Cell> {
    let Scene { model, theme, now } = scene;
    let target = model.selected_target()?;
    if title == TARGET {
        return Some(whose(scene, target));
    }
    let now = model.time_of(target, now);
    Some(match model.listing() {
        Listing::Leaks => leaks::cell(find(title)?, model.leaks.selected()?, now, theme),
        Listing::Groups => groups::cell(find(title)?, model.leaks.selected()?, now, false, theme),
        Listing::Tasks => tasks::cell(find(title)?, model.tasks.selected()?, now, theme),
        Listing::Sites => sites::cell(find(title)?, model.sites.selected()?, theme),
        Listing::Tree => tree::cell(find(title)?, model.branches.selected()?, now, theme),
        Listing::Holdings => {
            let row = model.holdings.selected()?;
            holdings::held_cell(find(title)?, row, &model.targets[target].pools, now, theme)
        }
        Listing::Pools => {
            holdings::line_cell(find(title)?, model.pool_lines.selected()?, now, theme)
        }
        Listing::Events => events::cell(find(title)?, model.events.selected()?, now, theme),
        Listing::Process => process::cell(find(title)?, model.seen.held.selected()?, now),
    })
}
