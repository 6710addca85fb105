//! The lines at the top: who the target is and how it is doing, the totals, what cannot
//! be seen, the tabs and the filter.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

use unicode_segmentation::UnicodeSegmentation;

use super::Scene;
use crate::{
    format::{count, fit, pad, safe, span, width},
    model::{Connection, Model, Screen},
    theme::Theme,
};

pub(super) fn height(model: &Model) -> u16 {
    2 + u16::from(!model.blindness().is_empty())
}

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let left = who(scene.model, area.width >= 100);
    let mut lines = vec![spread(&left, how(scene), area.width, scene.theme), totals(scene)];
    if let Some(blind) = scene.model.blindness().first() {
        lines.push(strip(&blind.sentence, area.width, scene.theme));
    }
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

fn how(scene: Scene<'_>) -> Vec<Span<'static>> {
    let Scene { model, theme, now } = scene;
    let mut spans = match &model.connection {
        Connection::Waiting { .. } => vec![Span::styled("waiting", theme.late())],
        Connection::Lost { retry_at, .. } => {
            let left = retry_at.saturating_duration_since(now).as_secs_f64().ceil();
            vec![Span::styled(format!("lost, retrying in {left:.0} s"), theme.lost())]
        }
        Connection::Live if model.frozen.is_some() => {
            vec![Span::styled("frozen", theme.late())]
        }
        Connection::Live if model.says_restarted(now) => {
            vec![Span::styled("another process now", theme.late())]
        }
        Connection::Live => vec![Span::styled("live", theme.good())],
    };
    spans.push(Span::styled(form(model), theme.dim()));
    let up = model.target_now(now);
    if up > 0 {
        spans.push(Span::styled(format!("   up {}", span(up)), theme.dim()));
    }
    spans
}

/// Which front ends see something.
fn form(model: &Model) -> &'static str {
    let coverage = model.target.as_ref().and_then(|it| it.described.coverage.as_ref());
    match coverage {
        Some(coverage) if coverage.spans => "   exact + inferred",
        Some(_) => "   exact only",
        None => "",
    }
}

fn spread(left: &str, right: Vec<Span<'static>>, columns: u16, theme: Theme) -> Line<'static> {
    let right_width: usize = right.iter().map(|span| width(&span.content)).sum();
    let room = usize::from(columns).saturating_sub(right_width + 1);
    let mut spans = vec![Span::raw(pad(left, room, theme.glyphs.more))];
    spans.extend(right);
    Line::from(spans)
}

fn totals(scene: Scene<'_>) -> Line<'static> {
    let (totals, theme) = (&scene.model.totals, scene.theme);
    let leaks = if totals.leaks > 0 { theme.bad() } else { theme.good() };
    let warned = if totals.orphaned > 0 { theme.late() } else { theme.dim() };
    let mut spans = vec![
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
    ];
    if totals.folded > 0 {
        let beyond = format!("   {} beyond the cap", count(totals.folded));
        spans.push(Span::styled(beyond, theme.late()));
    }
    Line::from(spans)
}

/// One line on every screen while anything is blind.
fn strip(sentence: &str, columns: u16, theme: Theme) -> Line<'static> {
    let hint = "   ! how to fix it";
    let text = format!(" ! PARTLY BLIND  {}", safe(sentence));
    let room = usize::from(columns).saturating_sub(width(hint) + 1);
    let text = pad(&fit(&text, room, theme.glyphs.more), room, theme.glyphs.more);
    Line::from(vec![Span::styled(text, theme.late()), Span::styled(hint, theme.bold())])
}

pub(super) fn tabs(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let Scene { model, theme, .. } = scene;
    let mut spans = vec![Span::raw(" ")];
    for (screen, name, number) in [
        (Screen::Leaks, "1 Leaks", Some(model.totals.leaks)),
        (Screen::Tasks, "2 Tasks", Some(model.totals.tasks_live)),
        (Screen::Events, "4 Events", None),
    ] {
        let number = number.map(|it| format!(" {}", count(it))).unwrap_or_default();
        let text = format!("{name}{number}");
        if model.screen() == screen {
            spans.push(Span::styled(format!("[{text}]"), theme.bold()));
        } else {
            spans.push(Span::styled(format!(" {text} "), theme.dim()));
        }
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
    let right = match model.screen() {
        Screen::Leaks if model.leaks_only => "leaks only, by spawn site ".to_owned(),
        Screen::Leaks => "by spawn site, worst first ".to_owned(),
        Screen::Tasks => format!("{} of {} ", count(model.tasks.matched), count(model.tasks.all)),
        Screen::Events => "newest first ".to_owned(),
        Screen::Story(task) => format!("task #{task}   Esc back "),
        Screen::Blind | Screen::Help => "Esc back ".to_owned(),
    };
    frame.render_widget(Paragraph::new(Line::styled(right, theme.dim()).right_aligned()), area);
}

const PROMPT: &str = " / ";

/// The filter, and under it what is wrong with it, at its column.
pub(super) fn filter(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let Scene { model, theme, .. } = scene;
    if area.height == 0 {
        return;
    }
    let text = model.edit.as_ref().map_or(model.filter(), |edit| &edit.text);
    let mut lines = vec![Line::from(vec![
        Span::styled(PROMPT, theme.bold()),
        Span::raw(safe(text).into_owned()),
    ])];
    let error = model.edit.as_ref().and_then(crate::model::Edit::error);
    if let Some(error) = &error {
        let before: String = text.chars().take(error.column.saturating_sub(1)).collect();
        let indent = " ".repeat(width(PROMPT) + width(&before));
        let room = usize::from(area.width).saturating_sub(width(&indent) + 2);
        let message = fit(&error.message, room.max(20), theme.glyphs.more).into_owned();
        lines.push(Line::styled(format!("{indent}^ {message}"), theme.bad()));
    }
    frame.render_widget(Paragraph::new(lines), area);
    let matched = format!("{} of {} ", count(model.leaks.matched), count(model.leaks.all));
    if model.screen() == Screen::Leaks && error.is_none() {
        let line = Rect { height: 1, ..area };
        frame.render_widget(
            Paragraph::new(Line::styled(matched, theme.dim()).right_aligned()),
            line,
        );
    }
    if let Some(edit) = &model.edit {
        let before: String = edit.text.graphemes(true).take(edit.cursor).collect();
        let x = u16::try_from(width(PROMPT) + width(&safe(&before))).unwrap_or(0);
        frame.set_cursor_position((area.x + x.min(area.width.saturating_sub(1)), area.y));
    }
}
