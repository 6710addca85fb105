//! The lines at the top: who the target is and how it is doing, the totals, what cannot
//! be seen, and the tabs.

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
    model::{
        Connection, Figure, HoldingsBy, LeaksBy, Model, Screen, TABS, Target, Which, WhichTasks,
    },
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
    let leak = row.worst.as_ref()?;
    let target_now = model.time_of(row.target, now);
    let times = theme.glyphs.times;
    let holds = super::text::holds(leak, target_now, theme);
    let task = leak.task.as_ref()?;
    let name = match row.count {
        // The thing itself is what there is.
        _ if names::is_nobodys(leak) => holds.clone(),
        1 => names::numbered(task),
        _ => names::task(task),
    };
    let mut text = match row.count {
        1 => format!(" worst: {name}"),
        many => format!(" worst: {many} {times} {name}"),
    };
    if model.about().is_none() {
        text = format!("{text} of {}", safe(&model.label(row.target)));
    }
    let cancel = asked::of_leak(leak);
    match super::text::cancelled_by(cancel) {
        by if by.is_empty() => {}
        _ if !cancel.is_some_and(asked::is_known) => {
            text = format!("{text}, cancelled, by whom is not known");
        }
        // These say by themselves what was done, and not who or what did it.
        by if by.starts_with("dropped") || by.starts_with("set-dropped") => {
            text = format!("{text}, {by}");
        }
        by => text = format!("{text}, cancelled by {by}"),
    }
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

/// The tabs, and on the right what the rows are. Gives where each tab is.
pub(super) fn tabs(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Vec<(Rect, Screen)> {
    let Scene { model, theme, .. } = scene;
    let mut spans = vec![Span::raw(" ")];
    let mut places = Vec::new();
    let mut x = area.x + 1;
    // Where there is little room the numbers are those of the totals above.
    let numbered = area.width >= 100 && model.is_attached();
    for (number, screen) in (1..).zip(TABS) {
        let (name, total) = titled(screen, model);
        let total = total.filter(|_| numbered || screen == Screen::Leaks && area.width >= 80);
        let total = total.filter(|_| model.is_attached());
        let total = total.map(|it| format!(" {}", count(it))).unwrap_or_default();
        let text = format!("{number} {name}{total}");
        let span = if model.screen() == screen {
            Span::styled(format!("[{text}]"), theme.bold())
        } else {
            Span::styled(format!(" {text} "), theme.dim())
        };
        let width = u16::try_from(span.width()).unwrap_or(0);
        places.push((Rect { x, width, ..area }.intersection(area), screen));
        x = x.saturating_add(width);
        spans.push(span);
    }
    let tabs = Line::from(spans);
    let room = usize::from(area.width).saturating_sub(tabs.width() + 1);
    frame.render_widget(Paragraph::new(tabs), area);
    let rows = rows_are(model, area.width < 100, theme.glyphs.more);
    let right = as_fits(&left_out(model, area.width), &rows, room, theme.glyphs.more);
    frame.render_widget(Paragraph::new(Line::styled(right, theme.dim()).right_aligned()), area);
    places
}

/// What is left out and what the rows are. Where there is little room it is the latter, and
/// then without the way back, so that no number is cut in two.
fn as_fits(left_out: &str, rows: &str, room: usize, more: &str) -> String {
    let whole = format!("{left_out}{rows}");
    let short = rows.split("   ").next().unwrap_or_default().trim_end();
    let shortest = short.strip_prefix("task ").unwrap_or(short);
    let shortest = shortest.strip_prefix("by ").unwrap_or(shortest);
    let shortest = shortest.strip_suffix(" back").unwrap_or(shortest);
    let shown = [&whole, rows, short, shortest].into_iter().find(|it| width(it) <= room);
    shown.map_or_else(|| fit(short, room, more).into_owned(), str::to_owned)
}

fn titled(screen: Screen, model: &Model) -> (&'static str, Option<u64>) {
    match screen {
        Screen::Leaks => ("Leaks", Some(model.totals().leaks)),
        Screen::Tasks => ("Tasks", Some(model.totals().tasks_live)),
        Screen::Holdings => ("Holdings", Some(model.totals().holdings)),
        Screen::Events => ("Events", None),
        Screen::Process
        | Screen::Story(..)
        | Screen::Targets
        | Screen::Since
        | Screen::Blind
        | Screen::Help => ("Process", None),
    }
}

/// `+2 columns  `: so many more would be there if there were room.
fn left_out(model: &Model, columns: u16) -> String {
    if !model.screen().is_tab() || !model.is_attached() {
        return String::new();
    }
    match model.placement(columns).left_out.len() {
        0 => String::new(),
        1 => "+1 column  ".to_owned(),
        more => format!("+{more} columns  "),
    }
}

/// What the rows are, in which order; of what is listed, how many match.
fn rows_are(model: &Model, is_narrow: bool, more: &str) -> String {
    let of = |matched: u64, all: u64| match (model.is_answered(), all) {
        // Before the first answer nothing is not "none".
        (false, 0) => more.to_owned(),
        _ => format!("{} of {}", count(matched), count(all)),
    };
    let sorted = |by_itself: &str| match model.tab().sort {
        Some(sort) if sort.largest_first => format!("by {}, down", sort.field.name),
        Some(sort) => format!("by {}, up", sort.field.name),
        None => by_itself.to_owned(),
    };
    let by = match model.leaks_by {
        LeaksBy::Site if is_narrow => "by site",
        LeaksBy::Site => "by spawn site",
        LeaksBy::Cause if is_narrow => "by cause",
        LeaksBy::Cause => "by site, cause and kind",
        LeaksBy::Field(field) => &format!("by {field}"),
        LeaksBy::One => "one by one",
    };
    let comma = if is_narrow { "" } else { "," };
    let said = match model.screen() {
        screen if screen.is_tab() && !model.is_attached() => return String::new(),
        screen if screen.is_tab() && model.is_tree() => {
            let (matched, all) = model.counted_branches();
            format!("tree {}; t all", of(matched, all))
        }
        Screen::Leaks if model.which == Which::Ignored => format!("ignored{comma} {by}; i back"),
        Screen::Leaks if model.leaks_only => format!("leaks only, {by}"),
        Screen::Leaks if is_narrow && model.tab().sort.is_none() => by.to_owned(),
        Screen::Leaks if is_narrow => sorted(""),
        Screen::Leaks => format!("{by}, {}", sorted("worst first")),
        Screen::Tasks if model.is_cancelling() => {
            let of = of(model.tasks.matched, model.tasks.all);
            if is_narrow {
                format!("{of} cancelling")
            } else {
                format!("{of} being cancelled; m all")
            }
        }
        Screen::Tasks if model.tasks_are() == WhichTasks::BySite => {
            let of = of(model.sites.matched, model.sites.all);
            if is_narrow {
                format!("{of} sites")
            } else {
                format!("{of} spawn sites, {}; g tasks", sorted("most live first"))
            }
        }
        Screen::Tasks if is_narrow => of(model.tasks.matched, model.tasks.all),
        Screen::Tasks => {
            format!("{}  {}", of(model.tasks.matched, model.tasks.all), sorted("live first"))
        }
        Screen::Holdings => match model.holdings_by {
            HoldingsBy::One if is_narrow => of(model.holdings.matched, model.holdings.all),
            HoldingsBy::One => {
                let list = &model.holdings;
                format!("{}  {}", of(list.matched, list.all), sorted("oldest first"))
            }
            HoldingsBy::Pool => {
                let list = &model.pool_lines;
                format!("pools {}; g all", of(list.matched, list.all))
            }
        },
        Screen::Events => "newest first".to_owned(),
        Screen::Process => sorted("oldest first"),
        Screen::Story(_, task) => format!("task #{task}   Esc back"),
        Screen::Targets => "targets   Esc back".to_owned(),
        Screen::Since => "since mark   Esc back".to_owned(),
        Screen::Blind | Screen::Help => "Esc back".to_owned(),
    };
    format!("{said} ")
}

#[cfg(test)]
mod tests {
    use super::as_fits;

    #[test]
    fn what_the_rows_are_is_shortened_before_it_is_cut() {
        let fits = |left_out, rows, room| as_fits(left_out, rows, room, "~");
        assert_eq!(fits("+2 columns  ", "6 of 6 ", 20), "+2 columns  6 of 6 ");
        assert_eq!(fits("+2 columns  ", "6 of 6 ", 8), "6 of 6 ");
        assert_eq!(fits("", "by site ", 7), "by site");
        assert_eq!(fits("", "by cause ", 7), "cause");
        assert_eq!(fits("", "task #7342   Esc back ", 22), "task #7342   Esc back ");
        assert_eq!(fits("", "task #7342   Esc back ", 10), "task #7342");
        assert_eq!(fits("", "task #7342   Esc back ", 7), "#7342");
        assert_eq!(fits("", "Esc back ", 7), "Esc");
        assert_eq!(fits("", "0 of 0 cancelling ", 8), "0 of 0 ~");
    }
}
