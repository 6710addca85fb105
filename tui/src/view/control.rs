//! The question whether a task or a token is to be cancelled, and what became of it: above
//! the keys.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{Scene, filter::Shown, text};
use crate::{
    format::{safe, width},
    model::Stage,
};

const REASON: &str = "  reason  ";

/// The bar above it included; 0 when there is none.
pub(super) fn height(scene: Scene<'_>, columns: u16) -> u16 {
    let lines = lines(scene, columns).len() + usize::from(has_reason(scene));
    u16::try_from(lines).unwrap_or(0)
}

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    if has_reason(scene) && area.height > 0 {
        let last = Rect { y: area.bottom() - 1, height: 1, ..area };
        reason(scene, frame, last);
        let above = Rect { height: area.height - 1, ..area };
        frame.render_widget(Paragraph::new(lines(scene, area.width)), above);
    } else {
        frame.render_widget(Paragraph::new(lines(scene, area.width)), area);
    }
}

fn lines(scene: Scene<'_>, columns: u16) -> Vec<Line<'static>> {
    let (Some(said), Some(cancelling)) =
        (scene.model.said_of_cancelling(scene.now), scene.model.cancelling())
    else {
        return Vec::new();
    };
    let style = match cancelling.stage {
        Stage::Asks | Stage::Types | Stage::Refused(_) => scene.theme.late(),
        Stage::Sent | Stage::Asked { .. } => Style::default(),
    };
    let said = text::indented(&safe(&said), 2, columns).into_iter();
    let bar = text::bar("Cancel", columns, scene.theme);
    std::iter::once(bar).chain(said.map(|line| line.style(style))).collect()
}

/// While it is typed, and what was typed while it can be meant.
fn has_reason(scene: Scene<'_>) -> bool {
    scene.model.cancelling().is_some_and(|it| match it.stage {
        Stage::Types => true,
        Stage::Asks => !it.reason.text.is_empty(),
        Stage::Sent | Stage::Asked { .. } | Stage::Refused(_) => false,
    })
}

fn reason(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let Some(cancelling) = scene.model.cancelling() else { return };
    let line = &cancelling.reason;
    let room = usize::from(area.width).saturating_sub(width(REASON) + 1);
    let is_typed = cancelling.stage == Stage::Types;
    let shown = Shown::new(&line.text, if is_typed { line.cursor } else { 0 }, room);
    let spans = vec![
        Span::styled(REASON, scene.theme.dim()),
        Span::raw(shown.text(room, scene.theme.glyphs.more)),
    ];
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
    if is_typed {
        let x = width(REASON) + shown.column(line.cursor);
        let x = u16::try_from(x).unwrap_or(u16::MAX).min(area.width.saturating_sub(1));
        frame.set_cursor_position((area.x + x, area.y));
    }
}

/// The keys that are for it.
pub(super) fn keys(scene: Scene<'_>) -> Option<Vec<(&'static str, &'static str)>> {
    let other = scene.model.other_choice().map(|word| ("t", word));
    let mut keys = match scene.model.cancelling()?.stage {
        Stage::Asks => vec![("y", "cancel it"), ("r", "give a reason")],
        Stage::Types => vec![(scene.theme.glyphs.enter, "keep"), ("Esc", "no reason")],
        Stage::Refused(_) => Vec::new(),
        Stage::Sent | Stage::Asked { .. } => return Some(vec![("Esc", "close")]),
    };
    match scene.model.cancelling()?.stage {
        Stage::Types => keys.push(("Ctrl-U", "empty")),
        Stage::Asks => keys.extend(other.into_iter().chain([("Esc", "leave it")])),
        _ => keys.extend(other.into_iter().chain([("Esc", "close")])),
    }
    Some(keys)
}
