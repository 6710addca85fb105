//! The question whether a task is to be cancelled, and what became of it: above the keys.

use ratatui::{Frame, layout::Rect, style::Style, text::Line, widgets::Paragraph};

use super::{Scene, text};
use crate::{format::safe, model::Stage};

/// The bar above it included; 0 when there is none.
pub(super) fn height(scene: Scene<'_>, columns: u16) -> u16 {
    let lines = lines(scene, columns);
    u16::try_from(lines.len()).unwrap_or(0)
}

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(Paragraph::new(lines(scene, area.width)), area);
}

fn lines(scene: Scene<'_>, columns: u16) -> Vec<Line<'static>> {
    let (Some(said), Some(cancelling)) =
        (scene.model.said_of_cancelling(scene.now), scene.model.cancelling())
    else {
        return Vec::new();
    };
    let style = match cancelling.stage {
        Stage::Asks | Stage::Refused(_) => scene.theme.late(),
        Stage::Sent | Stage::Asked => Style::default(),
    };
    let said = text::indented(&safe(&said), 2, columns).into_iter();
    let bar = text::bar("Cancel", columns, scene.theme);
    std::iter::once(bar).chain(said.map(|line| line.style(style))).collect()
}

/// The keys that are for it.
pub(super) fn keys(scene: Scene<'_>) -> Option<Vec<(&'static str, &'static str)>> {
    Some(match scene.model.cancelling()?.stage {
        Stage::Asks => vec![("y", "cancel it"), ("Esc", "leave it")],
        Stage::Sent | Stage::Asked | Stage::Refused(_) => vec![("Esc", "close")],
    })
}
