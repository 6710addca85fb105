//! Step 9, the view: draws the model. It cannot change it, by type.

mod detail;
mod header;
mod leaks;
mod text;

use std::time::Instant;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
    widgets::Paragraph,
};

use crate::{
    model::{Connection, Model},
    theme::Theme,
};

/// Below this nothing useful fits.
const SMALLEST: (u16, u16) = (60, 15);

/// Draws everything.
///
/// ```text
/// header   who, how, totals
/// body     the screen
/// footer   keys
/// ```
pub(crate) fn render(model: &Model, theme: Theme, now: Instant, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let needs = format!("needs {}x{}", SMALLEST.0, SMALLEST.1);
        frame.render_widget(Paragraph::new(needs), area);
        return;
    }
    let rows =
        [Constraint::Length(header::height(area)), Constraint::Fill(1), Constraint::Length(1)];
    let [top, body, bottom] = Layout::vertical(rows).areas(area);
    header::render(model, theme, now, frame, top);
    match &model.connection {
        Connection::Waiting { why, retry_at } => {
            waiting(model, why.as_deref(), *retry_at, now, frame, body);
        }
        Connection::Live | Connection::Lost { .. } => {
            leaks::render(model, theme, now, frame, body);
        }
    }
    footer(theme, frame, bottom);
}

fn waiting(
    model: &Model,
    why: Option<&str>,
    retry_at: Option<Instant>,
    now: Instant,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let mut lines = vec![
        Line::default(),
        Line::from(format!("      Waiting for a target at {}.", model.address)),
    ];
    if let Some(why) = why {
        lines.push(Line::default());
        lines.push(Line::from(format!("      {}", crate::format::safe(why))));
    }
    if let Some(retry_at) = retry_at {
        let left = retry_at.saturating_duration_since(now).as_secs_f64().ceil();
        lines.push(Line::from(format!("      Next try in {left:.0} s.")));
    }
    lines.push(Line::default());
    for hint in [
        "      In your service:  cargo add holdover   and   holdover::init();   at the start of main.",
        "      To see a leak now:  holdover demo",
    ] {
        lines.push(Line::from(hint));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn footer(theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let keys = [(theme.glyphs.updown, "select"), ("q", "quit")];
    let line = text::keys(&keys, theme);
    frame.render_widget(Paragraph::new(line), area);
}
