//! The lines at the top: who the target is and how it is doing, the totals, and what cannot
//! be seen.

use std::time::Instant;

use holdover_proto::v1;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{Scene, process::spark};
use crate::{
    asked,
    client::TargetId,
    format::{bytes, count, fit, pad, rate, safe, span, width, wrap},
    model::{Connection, Figure, LeakRow, Model, Screen, Target},
    names,
    theme::Theme,
};

pub(super) fn height(model: &Model, area: Rect) -> u16 {
    let worst = usize::from(has_worst(model, area));
    let strips = strip(model, area.width).len() + lost_strip(model, area.width).len();
    2 + u16::try_from(worst + strips).unwrap_or(0)
}

/// The worst leak is said where there is room for it, and where it can be seen.
fn has_worst(model: &Model, area: Rect) -> bool {
    const ROOM: (u16, u16) = (100, 30);
    let has_room = area.width >= ROOM.0 && area.height >= ROOM.1;
    has_room && !model.is_tree() && model.screen() == Screen::Leaks && model.worst().is_some()
}

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let left = who(scene.model, area.width >= 100);
    let mut lines = vec![spread(&left, how(scene), area.width, scene.theme)];
    lines.push(totals_and_rates(scene, area.width));
    if has_worst(scene.model, frame.area()) {
        lines.extend(worst(scene, area.width));
    }
    lines.extend(shown_strip(scene, area.width));
    let lost = lost_strip(scene.model, area.width).into_iter();
    lines.extend(lost.map(|line| line.style(scene.theme.late())));
    frame.render_widget(Paragraph::new(lines), area);
}

fn who(model: &Model, wide: bool) -> String {
    let Some(about) = model.about() else { return super::targets::who(model) };
    let target = &model.targets[about];
    let service = target.described.as_ref().and_then(|it| it.target.as_ref());
    let address = safe(&target.address);
    let of = match model.targets.count() {
        1 => String::new(),
        all => format!("   1 of {all} targets"),
    };
    match service {
        // Neither its name nor its process is told.
        Some(_) if target.is_tokio_console() && wide => {
            format!(" {address}  tokio-console protocol: cancellation is not available{of}")
        }
        Some(_) if target.is_tokio_console() => format!(" {address}  tokio-console protocol{of}"),
        Some(it) if wide => format!(" {}  pid {}  {address}{of}", safe(&it.service), it.pid),
        Some(it) => format!(" {}  {address}{of}", safe(&it.service)),
        None => format!(" {address}{of}"),
    }
}

fn how(scene: Scene<'_>) -> Vec<Span<'static>> {
    let Scene { model, theme, now } = scene;
    let mut spans = match model.about() {
        None => super::targets::how(scene),
        Some(about) => how_one_is(scene, &model.targets[about]),
    };
    if let Some(ago) = model.looks_back(now) {
        let ago = span(crate::format::duration_nanos(ago));
        spans.push(Span::styled(format!(", as it was {ago} ago"), theme.late()));
    }
    spans.push(Span::styled(form(model), theme.dim()));
    let up = model.target_now(now);
    if up > 0 && model.about().is_some() && !model.lead().is_tokio_console() {
        spans.push(Span::styled(format!("   up {}", span(up)), theme.dim()));
    }
    spans
}

fn how_one_is(scene: Scene<'_>, target: &Target) -> Vec<Span<'static>> {
    let Scene { model, theme, now } = scene;
    vec![match &target.connection {
        Connection::Waiting { .. } => Span::styled("waiting", theme.late()),
        Connection::Lost { retry_at, .. } => {
            let retry = retry(*retry_at, now);
            Span::styled(format!("lost, retrying {retry}"), theme.lost())
        }
        Connection::Live if model.frozen.is_some() => Span::styled("frozen", theme.late()),
        Connection::Live if let Some(paused) = super::targets::paused(target, now) => {
            Span::styled(paused, theme.late())
        }
        Connection::Live if target.says_restarted(now) => {
            Span::styled(super::targets::anew(target), theme.late())
        }
        Connection::Live => Span::styled("live", theme.good()),
    }]
}

/// `in 4 s`.
pub(super) fn retry(at: Instant, now: Instant) -> String {
    let left = at.saturating_duration_since(now).as_secs_f64().ceil();
    if left > 0.0 { format!("in {left:.0} s") } else { "now".to_owned() }
}

/// Which front ends see something.
fn form(model: &Model) -> &'static str {
    // Of several it is in their list.
    let coverage = model.about().and_then(|about| model.targets[about].coverage());
    match coverage {
        Some(coverage) if coverage.tokio_console => "   inferred",
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
    let (totals, theme) = (&scene.model.totals(), scene.theme);
    if !scene.model.is_attached() {
        // Zeros would say that there are no leaks.
        return Line::styled(" nothing is known yet", theme.dim());
    }
    let leaks = if totals.leaks > 0 { theme.bad() } else { theme.good() };
    let warned = if totals.orphaned > 0 { theme.late() } else { theme.dim() };
    // What follows from a cancel is not known where none is told.
    let of_cancels = |number: u64| scene.model.of_cancels(|| count(number));
    let mut spans = vec![
        Span::styled(" tasks ", theme.dim()),
        Span::raw(count(totals.tasks_live)),
        Span::styled("   cancelling ", theme.dim()),
        Span::raw(of_cancels(totals.cancelling)),
        Span::raw("   "),
        Span::styled(format!("LEAKS {}", count(totals.leaks)), leaks),
        Span::raw("   "),
        Span::styled(format!("orphaned {}", of_cancels(totals.orphaned)), warned),
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
    // Where there is little room the chart of leaks says more.
    let has_room = kept.is_none() || taken <= usize::from(columns);
    if has_room && (columns >= 100 || scene.model.screen() != Screen::Leaks) {
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

/// The totals, and on the right how they change.
fn totals_and_rates(scene: Scene<'_>, columns: u16) -> Line<'static> {
    let mut line = super::text::fit_line(totals(scene, columns), columns, scene.theme);
    if !scene.model.is_attached() {
        return line;
    }
    let room = usize::from(columns).saturating_sub(line.width());
    // What says the least here has no place where there is little.
    let fits = |spans: &Vec<Span<'_>>| spans.iter().map(Span::width).sum::<usize>() + 3 < room;
    let (rates, chart) = (rates(scene), chart(scene));
    let all = [&rates[..], &chart[..]].concat();
    let shown = [all, chart].into_iter().find(fits).unwrap_or_default();
    let taken: usize = shown.iter().map(Span::width).sum();
    line.push_span(Span::raw(" ".repeat(room.saturating_sub(taken + 1))));
    line.spans.extend(shown);
    line
}

/// `spawn 1.9k/s  cancel 42/s  `.
fn rates(scene: Scene<'_>) -> Vec<Span<'static>> {
    let Some((spawned, cancelled)) = scene.model.rates() else { return Vec::new() };
    let theme = scene.theme;
    let cancelled = scene.model.of_cancels(|| format!("{}/s", rate(cancelled)));
    vec![
        Span::styled("spawn ", theme.dim()),
        Span::raw(format!("{}/s", rate(spawned))),
        Span::styled("  cancel ", theme.dim()),
        Span::raw(format!("{cancelled}  ")),
    ]
}

/// `leaks ▁▁▂▂▃▃▅▅▆█ 15m00s`.
fn chart(scene: Scene<'_>) -> Vec<Span<'static>> {
    const CELLS: usize = 10;
    let Scene { model, theme, .. } = scene;
    let (points, seconds) = model.points(Figure::Leaks, CELLS);
    if points.iter().all(Option::is_none) {
        return Vec::new();
    }
    let style = if model.totals().leaks > 0 { theme.bad() } else { theme.good() };
    vec![
        Span::styled("leaks ", theme.dim()),
        Span::styled(spark(&points, theme.glyphs.sparks), style),
        Span::styled(format!(" {}", span(seconds * 1_000_000_000)), theme.dim()),
    ]
}

/// ` worst: 14 × GET /orders/{id}, abort main.rs:30, each keeps connection pg; oldest 4m12s`.
fn worst(scene: Scene<'_>, columns: u16) -> Option<Line<'static>> {
    let Scene { model, theme, now } = scene;
    let row = model.worst()?;
    let leak = row.speaks_for_all()?;
    let target_now = model.time_of(row.target, now);
    let holds = super::text::holds(leak, target_now, theme);
    let mut text = format!(" worst: {}", worst_name(row, leak, &holds, theme)?);
    if model.about().is_none() {
        text = format!("{text} of {}", safe(&model.label(row.target)));
    }
    text.push_str(&worst_cancelled(asked::of_leak(leak)));
    let each = if row.count > 1 { "each keeps" } else { "keeps" };
    text = match row.verdict() {
        v1::Verdict::Stuck | v1::Verdict::Orphaned | v1::Verdict::LostWaker => {
            format!("{text}, {holds}")
        }
        _ if names::is_nobodys(leak) => format!("{text}, which nobody owns"),
        _ => format!("{text}, {each} {holds}"),
    };
    let oldest = span(target_now.saturating_sub(leak.since_ns));
    text = match row.count {
        1 => format!("{text}; for {oldest}"),
        _ => format!("{text}; oldest {oldest}"),
    };
    if let Some(more @ 1..) = model.more_leaks() {
        text = format!("{text}; {more} more leaks in the last minute");
    }
    Some(Line::from(fit(&text, columns.into(), theme.glyphs.more).into_owned()))
}

fn worst_name(row: &LeakRow, leak: &v1::Leak, holds: &str, theme: Theme) -> Option<String> {
    let task = leak.task.as_ref()?;
    let name = match row.count {
        // The thing itself is what there is.
        _ if names::is_nobodys(leak) => holds.to_owned(),
        1 => names::numbered(task),
        _ => names::task(task),
    };
    Some(match row.count {
        1 => name,
        many => format!("{many} {} {name}", theme.glyphs.times),
    })
}

fn worst_cancelled(cancel: Option<&v1::Cancel>) -> String {
    match super::text::cancelled_by(cancel) {
        by if by.is_empty() => by,
        _ if !cancel.is_some_and(asked::is_known) => ", cancelled, by whom is not known".to_owned(),
        // These say by themselves what was done, and not who or what did it.
        by if by.starts_with("dropped") || by.starts_with("set-dropped") => format!(", {by}"),
        by => format!(", cancelled by {by}"),
    }
}

const HOW: &str = "   ! how to fix it";

/// What cannot be seen, on every screen; how to mend that stands at the end of the last
/// line.
fn strip(model: &Model, columns: u16) -> Vec<String> {
    let Some(blind) = model.first_blindness() else { return Vec::new() };
    let columns = usize::from(columns);
    let text = format!("! PARTLY BLIND: {}", safe(&blind));
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

/// `billing was lost before it told this: none of its rows are here.`
pub(super) fn lost_before(model: &Model, untold: &[TargetId]) -> Option<String> {
    let labels: Vec<_> = untold.iter().map(|id| safe(&model.label(*id)).into_owned()).collect();
    let (was, it, its) =
        if labels.len() == 1 { ("was", "it", "its") } else { ("were", "they", "their") };
    let who = labels.join(", ");
    (!labels.is_empty())
        .then(|| format!("{who} {was} lost before {it} told this: none of {its} rows are here."))
}

/// Beside the rows of others it would not be missed.
fn lost_strip(model: &Model, columns: u16) -> Vec<Line<'static>> {
    let is_listed = model.screen().is_tab() && model.about().is_none() && model.is_answered();
    let said = lost_before(model, &model.untold()).filter(|_| is_listed);
    said.map_or_else(Vec::new, |said| super::text::indented(&format!("! {said}"), 1, columns))
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
