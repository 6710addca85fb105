//! The lines at the top: who the target is and how it is doing, the totals, what cannot
//! be seen, and the tabs.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::Scene;
use crate::{
    format::{bytes, count, pad, safe, span, width, wrap},
    model::{Connection, Model, Screen, Which},
    theme::Theme,
};

pub(super) fn height(model: &Model, columns: u16) -> u16 {
    2 + u16::try_from(strip(model, columns).len()).unwrap_or(0)
}

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let left = who(scene.model, area.width >= 100);
    let totals = super::text::fit_line(totals(scene, area.width), area.width, scene.theme);
    let mut lines = vec![spread(&left, how(scene), area.width, scene.theme), totals];
    lines.extend(shown_strip(scene, area.width));
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
            let retry = if left > 0.0 { format!("in {left:.0} s") } else { "now".to_owned() };
            vec![Span::styled(format!("lost, retrying {retry}"), theme.lost())]
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

/// The totals; where there is no room for all, not those that say the least here.
fn totals(scene: Scene<'_>, columns: u16) -> Line<'static> {
    let (totals, theme) = (&scene.model.totals, scene.theme);
    if scene.model.target.is_none() {
        // Zeros would say that there are no leaks.
        return Line::styled(" nothing is known yet", theme.dim());
    }
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
    ];
    if totals.overdue > 0 {
        spans.push(Span::styled(format!("   overdue {}", count(totals.overdue)), theme.late()));
    }
    let holdings = [Span::styled("   holdings ", theme.dim()), Span::raw(count(totals.holdings))];
    let kept =
        Some(totals.bytes_kept).filter(|it| *it > 0 && scene.model.screen() == Screen::Leaks);
    if let Some(kept) = kept {
        spans.push(Span::styled(format!("   {} kept", bytes(kept)), theme.late()));
    }
    let taken: usize = spans.iter().chain(&holdings).map(Span::width).sum();
    if kept.is_none() || taken <= usize::from(columns) {
        spans.extend(holdings);
    }
    if totals.folded > 0 {
        let beyond = format!("   {} beyond the cap", count(totals.folded));
        spans.push(Span::styled(beyond, theme.late()));
    }
    if totals.ignored > 0 {
        spans.push(Span::styled(format!("   {} ignored", count(totals.ignored)), theme.dim()));
    }
    Line::from(spans)
}

const HOW: &str = "   ! how to fix it";

/// What cannot be seen, on every screen; how to mend that stands at the end of the last
/// line.
fn strip(model: &Model, columns: u16) -> Vec<String> {
    let Some(blind) = model.blindness().first() else { return Vec::new() };
    let columns = usize::from(columns);
    let text = format!("! PARTLY BLIND: {}", safe(&blind.sentence));
    let mut lines: Vec<String> = wrap(&text, columns.saturating_sub(4))
        .into_iter()
        .enumerate()
        .map(|(at, line)| format!("{}{line}", if at == 0 { " " } else { "   " }))
        .collect();
    if lines.last().is_some_and(|last| width(last) + width(HOW) + 1 > columns) {
        lines.push(String::new());
    }
    lines
}

fn shown_strip(scene: Scene<'_>, columns: u16) -> Vec<Line<'static>> {
    let Scene { model, theme, .. } = scene;
    let mut lines: Vec<Line<'_>> =
        strip(model, columns).into_iter().map(|line| Line::styled(line, theme.late())).collect();
    if let Some(last) = lines.last_mut() {
        let room = usize::from(columns).saturating_sub(last.width() + width(HOW) + 1);
        last.push_span(Span::raw(" ".repeat(room)));
        last.push_span(Span::styled(HOW, theme.bold()));
    }
    lines
}

pub(super) fn tabs(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let Scene { model, theme, .. } = scene;
    let mut spans = vec![Span::raw(" ")];
    for (screen, name, number) in [
        (Screen::Leaks, "1 Leaks", Some(model.totals.leaks)),
        (Screen::Tasks, "2 Tasks", Some(model.totals.tasks_live)),
        (Screen::Events, "4 Events", None),
        (Screen::Process, "5 Process", None),
    ] {
        let number = number.filter(|_| model.target.is_some());
        let number = number.map(|it| format!(" {}", count(it))).unwrap_or_default();
        let text = format!("{name}{number}");
        if model.screen() == screen {
            spans.push(Span::styled(format!("[{text}]"), theme.bold()));
        } else {
            spans.push(Span::styled(format!(" {text} "), theme.dim()));
        }
    }
    let tabs = Line::from(spans);
    let room = usize::from(area.width).saturating_sub(tabs.width() + 1);
    frame.render_widget(Paragraph::new(tabs), area);
    let right = match model.screen() {
        Screen::Leaks | Screen::Tasks | Screen::Events if model.target.is_none() => String::new(),
        Screen::Leaks if model.which == Which::Ignored => {
            "ignored, by spawn site; i back ".to_owned()
        }
        Screen::Leaks if model.leaks_only => "leaks only, by spawn site ".to_owned(),
        Screen::Leaks => "by spawn site, worst first ".to_owned(),
        Screen::Tasks => format!("{} of {} ", count(model.tasks.matched), count(model.tasks.all)),
        Screen::Events => "newest first ".to_owned(),
        Screen::Process => String::new(),
        Screen::Story(task) => format!("task #{task}   Esc back "),
        Screen::Blind | Screen::Help => "Esc back ".to_owned(),
    };
    if width(&right) <= room {
        frame.render_widget(Paragraph::new(Line::styled(right, theme.dim()).right_aligned()), area);
    }
}
