//! The Holdings screen: everything that is held and by whom, or the pools; beneath, what is
//! to be said of the selected one.

use holdover_proto::v1;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::Line,
    widgets::Paragraph,
};

use super::{
    Scene,
    table::{Cell, Table},
    text,
};
use crate::{
    client::TargetId,
    columns::{HoldingColumn, PoolColumn},
    format::{count, place, safe, span},
    model::{HoldingsBy, List, Of, PoolLine, Rows},
    names,
    theme::Theme,
    words,
};

/// So many of those who wait are named.
const WAITERS: usize = 8;

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Option<Rows> {
    let detail = match frame.area().height {
        _ if scene.model.choosing().is_some() => 0,
        0..20 => 0,
        _ => 6,
    };
    let [top, bottom] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(detail)]).areas(area);
    match scene.model.holdings_by {
        HoldingsBy::One => {
            let rows = held(scene, &scene.model.holdings, "Nothing is held.", frame, top)?;
            if let Some(row) = scene.model.holdings.selected().filter(|_| detail > 0) {
                one(scene, row.target, row, frame, bottom);
            }
            Some(rows)
        }
        HoldingsBy::Pool => {
            let rows = pools(scene, frame, top)?;
            if let Some(line) = scene.model.pool_lines.selected().filter(|_| detail > 0) {
                of_pool(scene, line, frame, bottom);
            }
            Some(rows)
        }
    }
}

/// A table of holdings, of all or of those that name a file descriptor.
pub(super) fn held(
    scene: Scene<'_>,
    list: &List<Of<v1::HeldRow>>,
    none: &str,
    frame: &mut Frame<'_>,
    area: Rect,
) -> Option<Rows> {
    let Scene { model, theme, now } = scene;
    if list.rows().is_empty() {
        super::none(scene, none, frame, area);
        return None;
    }
    let at = |row: &Of<v1::HeldRow>| model.time_of(row.target, now);
    let table = Table { scene, list, placement: model.placement(area.width) };
    Some(table.render(
        frame.buffer_mut(),
        area,
        |column, row| held_cell(column, row, &model.targets[row.target].pools, at(row), theme),
        |_| Style::new(),
    ))
}

pub(super) fn held_cell(
    column: HoldingColumn,
    row: &v1::HeldRow,
    pools: &[v1::Pool],
    now: u64,
    theme: Theme,
) -> Cell {
    let fallback = v1::Holding::default();
    let held = row.holding.as_ref().unwrap_or(&fallback);
    match column {
        HoldingColumn::Kind => words::kind(held.kind()).to_owned().into(),
        HoldingColumn::What => Cell::middle(names::what(held, pools)),
        HoldingColumn::Owner => owner(row, theme),
        HoldingColumn::Site if names::is_cell(held) => {
            "by whatever it waited for".to_owned().into()
        }
        HoldingColumn::Site if held.made_only => {
            Cell::place(format!("made {}", safe(&place(&held.site))))
        }
        HoldingColumn::Site => Cell::place(safe(&place(&held.site)).into_owned()),
        HoldingColumn::Age if held.made_only => Cell::styled("?".to_owned(), theme.dim()),
        HoldingColumn::Age => span(now.saturating_sub(held.acquired_ns)).into(),
        HoldingColumn::Goes => {
            let style = if held.due_ns.is_some() { theme.good() } else { theme.dim() };
            Cell::styled(text::goes_in(held.due_ns, now), style)
        }
    }
}

/// Who holds it; that it has ended is said before the end of a long name.
fn owner(row: &v1::HeldRow, theme: Theme) -> Cell {
    let owner = names::owner(row);
    if row.owner_ended {
        let text = format!("ended: {owner}");
        return Cell { style: theme.holding(), ..Cell::middle(text) };
    }
    let style = if row.owner.is_some() { Style::new() } else { theme.late() };
    Cell { style, ..Cell::place(owner) }
}

/// The selected holding, whole.
fn one(scene: Scene<'_>, target: TargetId, row: &v1::HeldRow, frame: &mut Frame<'_>, area: Rect) {
    let Scene { model, theme, now } = scene;
    let Some(held) = &row.holding else { return };
    let now = model.time_of(target, now);
    let kind = words::kind(held.kind());
    let title = format!("{kind} {}", names::what(held, &model.targets[target].pools));
    let owner = match &row.owner {
        None => "nobody: no task that is recorded has it".to_owned(),
        Some(task) if task.id == 0 => "it is not told who has it".to_owned(),
        Some(task) => {
            let ended = if row.owner_ended { ", which has ended" } else { "" };
            let place = names::spawn_place(&task.location);
            format!("{}{ended}; spawned at {place}", names::owner(row))
        }
    };
    let moved = if held.maybe_moved { "; may have moved into a child" } else { "" };
    let acquired = match held.site.as_str() {
        "" => "where cannot be seen".to_owned(),
        site => format!("at {}", safe(&place(site))),
    };
    let age = span(now.saturating_sub(held.acquired_ns));
    let goes = match held.due_ns {
        None => "by itself at no time that is known".to_owned(),
        Some(due) if due <= now => "due now".to_owned(),
        Some(due) => format!("in {}", span(due - now)),
    };
    let accuracy = words::accuracy(held.accuracy());
    let since = if held.made_only {
        format!("not told when, nor where; made {age} ago, {acquired}  ({accuracy})")
    } else {
        format!("{age} ago, {acquired}{moved}  ({accuracy})")
    };
    let mut lines = vec![("owner", owner), ("since", since), ("goes", goes)];
    if held.waiting > 0 {
        let who = names::people(&held.waiters, WAITERS, held.waiting.into());
        lines.push(("waiting", format!("{} for it: {who}", held.waiting)));
    }
    named(&title, &lines, theme, frame, area);
}

fn pools(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Option<Rows> {
    let Scene { model, theme, now } = scene;
    if model.pool_lines.rows().is_empty() {
        let is_told = !model.is_tokio_console();
        super::none(scene, if is_told { NO_POOLS } else { POOLS_UNTOLD }, frame, area);
        return None;
    }
    let table = Table { scene, list: &model.pool_lines, placement: model.placement(area.width) };
    Some(table.render(
        frame.buffer_mut(),
        area,
        |column, line| line_cell(column, line, model.time_of(line.target, now), theme),
        |line| match &**line {
            PoolLine::Pool(pool) if pool.open => theme.bold(),
            PoolLine::Pool(_) => theme.dim(),
            PoolLine::Out { .. } => Style::new(),
        },
    ))
}

const NO_POOLS: &str = "No pools. A pool is seen once it is given to holdover::pool.";
const POOLS_UNTOLD: &str = "tokio-console's protocol tells nothing of pools.";

pub(super) fn line_cell(column: PoolColumn, line: &PoolLine, now: u64, theme: Theme) -> Cell {
    match line {
        PoolLine::Pool(pool) => pool_cell(column, pool, theme),
        PoolLine::Out { row, .. } => out_cell(column, row, now, theme),
    }
}

fn pool_cell(column: PoolColumn, pool: &v1::Pool, theme: Theme) -> Cell {
    let known = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), count);
    let alarming = |text: String, is_so: bool| {
        Cell::styled(text, if is_so { theme.late() } else { Style::new() })
    };
    match column {
        PoolColumn::Pool if pool.open => safe(&pool.name).into_owned().into(),
        PoolColumn::Pool => format!("{} (the pool is gone)", safe(&pool.name)).into(),
        PoolColumn::Used => match pool.max {
            Some(max) => alarming(format!("{}/{}", count(pool.used), count(max)), pool.used >= max),
            None => count(pool.used).into(),
        },
        PoolColumn::Idle => known(pool.idle).into(),
        PoolColumn::Waiting => alarming(known(pool.waiting), pool.waiting > Some(0)),
        PoolColumn::ForCancelled => {
            let style = if pool.for_cancelled > 0 { theme.bad() } else { theme.dim() };
            Cell::styled(count(pool.for_cancelled), style)
        }
        PoolColumn::Site | PoolColumn::Held => String::new().into(),
    }
}

fn out_cell(column: PoolColumn, row: &v1::PooledConnection, now: u64, theme: Theme) -> Cell {
    let Some(held) = &row.held else { return String::new().into() };
    let holding = held.holding.as_ref();
    match column {
        PoolColumn::Pool => {
            let owner = owner(held, theme);
            let text = format!("  {}", owner.text);
            Cell { text, ..owner }
        }
        PoolColumn::ForCancelled if row.for_cancelled => {
            Cell::styled("cancelled".to_owned(), theme.bad())
        }
        PoolColumn::Site => {
            // That of the task is the best there is where its own cannot be seen.
            let site = holding.map(|it| it.site.as_str()).filter(|site| !site.is_empty());
            let site = site.or(held.owner.as_ref().map(|owner| owner.location.as_str()));
            Cell::place(safe(&place(site.unwrap_or_default())).into_owned())
        }
        PoolColumn::Held => {
            let since = holding.map_or(now, |it| it.acquired_ns);
            span(now.saturating_sub(since)).into()
        }
        PoolColumn::Used | PoolColumn::Idle | PoolColumn::Waiting | PoolColumn::ForCancelled => {
            String::new().into()
        }
    }
}

/// The selected pool or connection, whole.
fn of_pool(scene: Scene<'_>, line: &Of<PoolLine>, frame: &mut Frame<'_>, area: Rect) {
    let theme = scene.theme;
    match &**line {
        PoolLine::Out { row, .. } => {
            if let Some(held) = &row.held {
                one(scene, line.target, held, frame, area);
            }
        }
        PoolLine::Pool(pool) => {
            let mut lines = vec![("used", names::usage(pool))];
            if let Some(waiting) = pool.waiting.filter(|it| *it > 0) {
                let who = names::people(&pool.waiters, WAITERS, waiting);
                lines.push(("waiting", who));
            }
            if pool.unseen > 0 {
                let unseen = count(pool.unseen);
                lines.push((
                    "unseen",
                    format!("{unseen} used, and in nobody's hands that are seen"),
                ));
            }
            if pool.for_cancelled > 0 {
                let them = count(pool.for_cancelled);
                lines.push(("leaks", format!("{them} held for tasks that ended by cancellation")));
            }
            let not_listed = pool.connections_total.saturating_sub(OUT_LISTED);
            if not_listed > 0 {
                lines.push(("more", format!("{} more are out", count(not_listed))));
            }
            let title = format!("pool {}", safe(&pool.name));
            named(&title, &lines, theme, frame, area);
        }
    }
}

/// Connections of a pool that the target lists.
const OUT_LISTED: u64 = 500;

fn named(title: &str, lines: &[(&str, String)], theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let mut drawn = vec![text::bar(title, area.width, theme)];
    let lines = lines.iter();
    drawn.extend(lines.map(|(name, it)| text::named_short(name, it, area.width, theme)));
    let drawn: Vec<Line<'_>> =
        drawn.into_iter().map(|line| text::fit_line(line, area.width, theme)).collect();
    frame.render_widget(Paragraph::new(drawn), area);
}
