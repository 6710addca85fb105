//! The Leaks screen: groups, worst first, and the detail of the selected one.

use holdover_proto::v1;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::Line,
    widgets::Paragraph,
};

use super::{
    Scene, detail, groups,
    table::{Cell, Table},
    text,
};
use crate::{
    asked,
    columns::LeakColumn,
    format::{count, counted, leaks_and_warnings, place, safe, span},
    model::{LeakRow, Model, Of, Rows, Target, Which},
    names,
    theme::Theme,
    words,
};

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Option<Rows> {
    let Scene { model, theme, now } = scene;
    let detail_height = match frame.area().height {
        _ if model.choosing().is_some() => 0,
        0..20 => 0,
        20..32 => 6,
        _ => 15,
    };
    let rows = [Constraint::Fill(1), Constraint::Length(detail_height)];
    let [top, bottom] = Layout::vertical(rows).areas(area);
    if let Some(refused) = model.refused() {
        let line = format!("      {}", safe(refused));
        frame.render_widget(Paragraph::new(line), top);
        return None;
    }
    if model.leaks.rows().is_empty() {
        if model.is_answered() {
            no_leaks(model, theme, frame, top);
        } else {
            super::none(scene, "", frame, top);
        }
        return None;
    }
    let at = |row: &Of<LeakRow>| model.time_of(row.target, now);
    let table = Table { scene, list: &model.leaks, placement: model.placement(area.width) };
    let style = |row: &Of<LeakRow>| if row.cleared { theme.dim() } else { Style::new() };
    let is_small = area.width < 80;
    let buffer = frame.buffer_mut();
    let rows = if model.shows_groups() {
        let cell = |column, row: &Of<LeakRow>| groups::cell(column, row, at(row), is_small, theme);
        table.render(buffer, top, cell, style)
    } else {
        let cell = |column, row: &Of<LeakRow>| cell(column, row, at(row), theme);
        table.render(buffer, top, cell, style)
    };
    detail::render(scene, frame, bottom);
    Some(rows)
}

const NO_RULES: &str = "There is no rule: a file that HOLDOVER_IGNORE names has one a line; `holdover baseline` \
                        writes rules for all that is reported now.";

/// Never alone: it says what it speaks for.
fn no_leaks(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let totals = &model.totals();
    let mut lines = vec![Line::default()];
    let mut say = |text: &str, style: Style| {
        let said = text::indented(text, 6, area.width).into_iter();
        lines.extend(said.map(|line| line.style(style)));
        if text.is_empty() {
            lines.push(Line::default());
        }
    };
    let plain = Style::new();
    if model.which == Which::Ignored {
        let ignored = match totals.ignored {
            0 => "Nothing is ignored at the moment.".to_owned(),
            ignored => format!("None that match; {} are ignored in all.", count(ignored)),
        };
        say(&ignored, plain);
        say("", plain);
        match model.rules() {
            0 => say(NO_RULES, plain),
            rules => {
                let rules = counted(rules as u64, "rule");
                say(&format!("{rules}; `!` says what became of them."), plain);
            }
        }
        say("i or Esc leads back to the leaks that are reported.", plain);
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    let in_all = totals.leaks + totals.orphaned + totals.overdue;
    if model.filter().is_empty() && in_all == 0 {
        say("No leaks.", theme.good());
    } else {
        let text = if totals.folded > 0 && totals.folded == in_all {
            "They are beyond HOLDOVER_MAX_LEAKS or HOLDOVER_MEMORY: counted, and not listed.".into()
        } else {
            let are = if in_all == 1 { "is" } else { "are" };
            format!("None that match; there {are} {} in all.", count(in_all))
        };
        say(&text, plain);
    }
    say("", plain);
    if let Some(silent) = super::targets::silent(model) {
        say(
            &format!("! {silent} not there: this does not speak for what happens in it now."),
            theme.late(),
        );
    }
    if model.is_tokio_console() {
        let blind: Vec<_> = model.shown_targets().flat_map(Target::blindness).cloned().collect();
        say(&crate::format::of_wakers(totals.tasks_spawned, &blind), plain);
        say(crate::format::NO_CANCELS, plain);
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    let (cancelled, spawned) = (count(totals.tasks_cancelled), count(totals.tasks_spawned));
    say(
        &format!("{cancelled} of {spawned} tasks ended cancelled since the recording began."),
        plain,
    );
    if totals.slowest_cancel_ns > 0 {
        let slowest = span(totals.slowest_cancel_ns);
        say(&format!("Of those asked to stop the slowest took {slowest} to end."), plain);
    }
    let cancelling = count(totals.cancelling);
    let shown = if totals.cancelling > 0 { ": m shows them" } else { "" };
    say(&format!("{cancelling} are being cancelled now, within their grace{shown}."), plain);
    if totals.bytes_kept > 0 {
        say(&crate::format::kept_by_wakers(totals.bytes_kept), plain);
    }
    let warnings = totals.cleared_warnings;
    let cleared = match (totals.cleared.saturating_sub(warnings), warnings) {
        (0, 0) => "No leak has cleared: there was none.".to_owned(),
        (0, warnings) => {
            format!("{} cleared since then: c shows what.", counted(warnings, "warning"))
        }
        (leaks, warnings) => {
            let them = leaks_and_warnings(leaks, warnings);
            format!("{them} cleared since then: c shows what.")
        }
    };
    say(&cleared, plain);
    if totals.ignored > 0 {
        say(&format!("{} ignored, as a rule says: i shows them.", count(totals.ignored)), plain);
    }
    if let Some(blind) = model.first_blindness() {
        say("", plain);
        say(&format!("! {}", safe(&blind)), theme.late());
        say("\"No leaks\" speaks only for what is seen; ! says more.", plain);
    }
    frame.render_widget(Paragraph::new(lines), area);
}

pub(super) fn cell(column: LeakColumn, row: &LeakRow, now: u64, theme: Theme) -> Cell {
    let fallback = v1::Leak::default();
    let leak = row.worst.as_ref().unwrap_or(&fallback);
    let cancel = asked::of_leak(leak);
    match column {
        LeakColumn::Verdict => {
            let (letter, word) = if row.cleared {
                (".", "cleared")
            } else {
                (words::letter(row.verdict()), words::verdict(row.verdict()))
            };
            Cell::badged(letter, theme.badge(row.verdict(), row.cleared), word)
        }
        LeakColumn::Count => count(row.count.into()).into(),
        LeakColumn::Task => task(row.count, leak, theme),
        LeakColumn::Holds => {
            let text = text::holds(leak, now, theme);
            let is_place = leak.holdings.first().is_some_and(|held| held.label == held.site);
            let cell = match leak.verdict() {
                _ if is_place => Cell::place(text),
                // What a task does matters more than what it holds.
                v1::Verdict::Stuck | v1::Verdict::Orphaned | v1::Verdict::LostWaker => text.into(),
                _ => Cell::middle(text),
            };
            Cell { short: text::holds_short(leak), ..cell }
        }
        LeakColumn::AcquiredAt => {
            let site = leak.holdings.first().map(|held| place(&held.site));
            Cell::place(safe(&site.unwrap_or_default()).into_owned())
        }
        LeakColumn::CancelledBy => {
            Cell { style: theme.canceller(), ..Cell::place(text::cancelled_by(cancel)) }
        }
        LeakColumn::Runtime => match leak.task.as_ref().map_or(0, |task| task.runtime) {
            0 => Cell::styled("?".to_owned(), theme.dim()),
            runtime => runtime.to_string().into(),
        },
        LeakColumn::Latency => match cancel.filter(|it| asked::is_known(it)) {
            Some(v1::Cancel { latency_ns: Some(latency), .. }) => span(*latency).into(),
            _ => Cell::styled("?".to_owned(), theme.dim()),
        },
        LeakColumn::Life => super::life::miniature(leak, now, theme).into(),
        LeakColumn::Since => {
            let since = leak.cleared_ns.unwrap_or(now).saturating_sub(leak.since_ns);
            let old = since > 60_000_000_000;
            Cell::styled(span(since), if old { theme.bold() } else { Style::new() })
        }
        LeakColumn::Goes if row.cleared => "gone".to_owned().into(),
        LeakColumn::Goes => {
            let style = if row.goes_ns.is_some() { theme.good() } else { theme.dim() };
            Cell::styled(text::goes_of(row, now), style)
        }
    }
}

fn task(count: u32, leak: &v1::Leak, theme: Theme) -> Cell {
    let Some(task) = &leak.task else { return String::new().into() };
    let name = names::task(task);
    match (count, &leak.ancestor) {
        (1, Some(above)) => {
            let above = safe(&above.name);
            format!("{name} #{} {} {above}", task.id, theme.glyphs.from).into()
        }
        // The number tells it from another.
        (1, None) => Cell::place(names::numbered(task)),
        _ if names::is_a_place(task) => Cell::place(name),
        _ => Cell::middle(name),
    }
}
