//! The Leaks screen: groups, worst first, and the detail of the selected one.

use holdover_proto::v1;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    widgets::Paragraph,
};

use super::{
    Scene, detail, groups, no_leaks,
    table::{Cell, Table},
    text,
};
use crate::{
    asked,
    columns::LeakColumn,
    format::{count, count_short, place, safe, span},
    model::{LeakRow, Of, Rows},
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
            no_leaks::render(model, theme, frame, top);
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

pub(super) fn cell(column: LeakColumn, row: &LeakRow, now: u64, theme: Theme) -> Cell {
    let fallback = v1::Leak::default();
    let leak = row.speaks_for_all().unwrap_or(&fallback);
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
        LeakColumn::Count => {
            let short = Some(count_short(row.count.into()));
            Cell { short, ..count(row.count.into()).into() }
        }
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
