//! The two lines at the top: who the target is and how it is doing, and the totals.

use std::time::Instant;

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

use crate::{
    format::{count, safe, span, width},
    model::{Connection, Model},
    theme::Theme,
};

pub(super) fn height(_: Rect) -> u16 {
    2
}

pub(super) fn render(model: &Model, theme: Theme, now: Instant, frame: &mut Frame<'_>, area: Rect) {
    let left = who(model, area.width >= 100);
    let right = how(model, theme, now);
    let lines = vec![spread(&left, right, area.width, theme), totals(model, theme)];
    frame.render_widget(Paragraph::new(lines), area);
}

fn who(model: &Model, wide: bool) -> String {
    let target = model.target.as_ref().and_then(|target| target.described.target.as_ref());
    let address = safe(&model.address);
    match target {
        Some(target) if wide => {
            format!(" {}  pid {}  {address}", safe(&target.service), target.pid)
        }
        Some(target) => format!(" {}  {address}", safe(&target.service)),
        None => format!(" {address}"),
    }
}

fn how(model: &Model, theme: Theme, now: Instant) -> Vec<Span<'static>> {
    let mut spans = match &model.connection {
        Connection::Waiting { .. } => vec![Span::styled("waiting", theme.late())],
        Connection::Lost { retry_at, .. } => {
            let left = retry_at.saturating_duration_since(now).as_secs_f64().ceil();
            vec![Span::styled(format!("lost, retrying in {left:.0} s"), theme.lost())]
        }
        Connection::Live if model.says_restarted(now) => {
            vec![Span::styled("another process now", theme.late())]
        }
        Connection::Live => vec![Span::styled("live", theme.good())],
    };
    let up = model.clock.now(now);
    if up > 0 {
        spans.push(Span::styled(format!("  up {}", span(up)), theme.dim()));
    }
    spans
}

fn spread(left: &str, right: Vec<Span<'static>>, columns: u16, theme: Theme) -> Line<'static> {
    let right_width: usize = right.iter().map(|span| width(&span.content)).sum();
    let room = usize::from(columns).saturating_sub(right_width + 1);
    let mut spans = vec![Span::raw(crate::format::pad(left, room, theme.glyphs.more))];
    spans.extend(right);
    Line::from(spans)
}

fn totals(model: &Model, theme: Theme) -> Line<'static> {
    let totals = &model.totals;
    let leaks = if totals.leaks > 0 { theme.bad() } else { theme.good() };
    let warned = if totals.orphaned > 0 { theme.late() } else { theme.dim() };
    Line::from(vec![
        Span::styled(" tasks ", theme.dim()),
        Span::raw(count(totals.tasks_live)),
        Span::styled("   cancelling ", theme.dim()),
        Span::raw(count(totals.cancelling)),
        Span::raw("   "),
        Span::styled(format!("LEAKS {}", count(totals.leaks)), leaks),
        Span::raw("   "),
        Span::styled(format!("orphaned {}", count(totals.orphaned)), warned),
        Span::styled("   holdings ", theme.dim()),
        Span::raw(count(totals.holdings)),
    ])
}
