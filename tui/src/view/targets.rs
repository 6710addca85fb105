//! The list of targets, and what the header says of several.

use std::time::Instant;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{
    Scene,
    header::retry,
    table::{Cell, Table},
    text,
};
use crate::{
    client::TargetId,
    columns::{self, Placement, TARGET, TargetColumn, Width},
    format::{count, duration_nanos, safe, span},
    model::{Connection, Model, Rows, Target, TargetLine},
};

/// The bar, and what is said of the selected one.
const DETAIL: u16 = 7;

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Rows {
    let model = scene.model;
    let [top, bottom] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(DETAIL)]).areas(area);
    let placement = placement(model, top.width);
    let table = Table { scene, list: &model.target_lines, placement };
    let rows = table.render(
        frame.buffer_mut(),
        top,
        |column, line| cell(column, line.target, scene),
        |_| Style::new(),
    );
    if let Some(line) = model.target_lines.selected() {
        frame.render_widget(Paragraph::new(detail(scene, line.target, area.width)), bottom);
    }
    rows
}

/// Nobody chooses among these columns.
fn placement(model: &Model, table: u16) -> Placement {
    let mut columns = columns::infos::<TargetLine, TargetColumn>(table);
    for column in columns.iter_mut().filter(|it| it.title == TARGET) {
        column.width = Width::Usual(model.names_width(table));
    }
    columns::place(&columns::Layout::usual(&columns), &columns, table)
}

fn cell(column: TargetColumn, id: TargetId, scene: Scene<'_>) -> Cell {
    let Scene { model, theme, now } = scene;
    let target = &model.targets[id];
    let told = |number: u64| match target.described {
        Some(_) => count(number),
        None => "?".to_owned(),
    };
    match column {
        TargetColumn::Target => Cell::middle(safe(&model.label(id)).into_owned()),
        TargetColumn::State => {
            let (text, style) = state(scene, target);
            let alone = if model.alone() == Some(id) { ", shown alone" } else { "" };
            Cell::styled(format!("{text}{alone}"), style)
        }
        TargetColumn::For => {
            let since =
                target.since.map(|at| span(duration_nanos(now.saturating_duration_since(at))));
            since.unwrap_or_default().into()
        }
        TargetColumn::Leaks if target.totals.leaks > 0 => {
            Cell::styled(told(target.totals.leaks), theme.bad())
        }
        TargetColumn::Leaks => told(target.totals.leaks).into(),
        TargetColumn::Tasks => told(target.totals.tasks_live).into(),
        TargetColumn::Coverage => {
            if target.blindness().is_empty() {
                form(target).to_owned().into()
            } else {
                Cell::styled("partly blind".to_owned(), theme.late())
            }
        }
        TargetColumn::Pid => pid(target).unwrap_or_default().into(),
        TargetColumn::Address => Cell::middle(safe(&target.address).into_owned()),
    }
}

fn state(scene: Scene<'_>, target: &Target) -> (String, Style) {
    let Scene { theme, now, .. } = scene;
    match &target.connection {
        Connection::Waiting { .. } => ("waiting".to_owned(), theme.late()),
        Connection::Lost { retry_at, .. } => {
            (format!("lost, retrying {}", retry(*retry_at, now)), theme.lost())
        }
        Connection::Live if target.refused.is_some() => {
            ("live, does not answer this".to_owned(), theme.late())
        }
        Connection::Live if target.is_slow(now) => {
            ("live, has not answered yet".to_owned(), theme.late())
        }
        Connection::Live if let Some(paused) = paused(target, now) => (paused, theme.late()),
        Connection::Live if target.says_restarted(now) => (anew(target).to_owned(), theme.late()),
        Connection::Live => ("live".to_owned(), theme.good()),
    }
}

/// `paused 12s ago`, by another console of tokio-console's.
pub(super) fn paused(target: &Target, now: Instant) -> Option<String> {
    let since = duration_nanos(now.saturating_duration_since(target.paused_at()?));
    Some(format!("paused {} ago", span(since)))
}

/// Whether it is the process that was there before tokio-console's protocol does not tell.
pub(super) fn anew(target: &Target) -> &'static str {
    if target.is_tokio_console() { "attached anew" } else { "another process now" }
}

/// Which front ends see something.
fn form(target: &Target) -> &'static str {
    match target.coverage() {
        None => "?",
        Some(coverage) if coverage.tokio_console => "inferred",
        Some(coverage) if coverage.spans => "exact + inferred",
        Some(_) => "exact only",
    }
}

fn pid(target: &Target) -> Option<String> {
    let pid = target.described.as_ref()?.target.as_ref()?.pid;
    (pid != 0).then(|| pid.to_string())
}

/// The selected one, whole.
fn detail(scene: Scene<'_>, id: TargetId, columns: u16) -> Vec<Line<'static>> {
    let Scene { model, theme, .. } = scene;
    let target = &model.targets[id];
    let pid = pid(target).map(|pid| format!("  pid {pid}")).unwrap_or_default();
    let title = format!("{}  {}{pid}", safe(&model.label(id)), safe(&target.address));
    let mut said = vec![("seen", form(target).to_owned())];
    let why = match &target.connection {
        Connection::Waiting { why, .. } => why.as_deref(),
        Connection::Lost { why, .. } => Some(why.as_str()),
        Connection::Live => target.refused.as_deref(),
    };
    said.extend(why.map(|why| ("why", safe(why).into_owned())));
    said.extend(target.blindness().first().map(|it| ("blind", safe(&it.sentence).into_owned())));
    let shows = if model.alone() == Some(id) { "shows all again" } else { "shows only this one" };
    said.push(("Enter", shows.to_owned()));
    let mut lines = vec![text::bar(&title, columns, theme)];
    let said = said.iter();
    lines.extend(said.flat_map(|(name, it)| text::named(name, it, columns, theme)));
    lines
}

/// In place of rows, where none of those that are shown has answered, or none is shown.
pub(super) fn none(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let model = scene.model;
    let shown = model.shown();
    let mut lines = vec![Line::default()];
    let mut say = |text: &str| lines.extend(text::indented(text, 6, area.width));
    if shown.is_empty() {
        say("No target is left; T lists them, Esc shows all.");
    }
    for id in shown {
        let target = &model.targets[id];
        let why = match &target.connection {
            Connection::Waiting { why: Some(why), .. } => format!(" {}.", safe(why)),
            _ => String::new(),
        };
        say(&format!("Waiting for a target at {}.{why}", safe(&target.address)));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// `billing is`, `billing, orders are`: those of several that are not connected to.
pub(super) fn silent(model: &Model) -> Option<String> {
    let shown = model.shown().into_iter();
    let silent = shown.filter(|id| model.has_several() && !model.targets[*id].is_live());
    let labels: Vec<String> = silent.map(|id| safe(&model.label(id)).into_owned()).collect();
    let are = if labels.len() == 1 { "is" } else { "are" };
    (!labels.is_empty()).then(|| format!("{} {are}", labels.join(", ")))
}

/// ` 3 targets: demo :6670, demo :6671, orders`.
pub(super) fn who(model: &Model) -> String {
    let shown = model.shown();
    let labels: Vec<String> = shown.iter().map(|id| safe(&model.label(*id)).into_owned()).collect();
    match (shown.len(), model.targets.count()) {
        (some, all) if some == all => format!(" {all} targets  {}", labels.join(", ")),
        (0, all) => format!(" 0 of {all} targets"),
        (some, all) => format!(" {some} of {all} targets  {}", labels.join(", ")),
    }
}

/// How many are live, and by name those that are not.
pub(super) fn how(scene: Scene<'_>) -> Vec<Span<'static>> {
    let Scene { model, theme, now } = scene;
    let shown = model.shown();
    let are = |is_so: fn(&Target) -> bool| -> Vec<TargetId> {
        shown.iter().copied().filter(|id| is_so(&model.targets[*id])).collect()
    };
    let named = |ids: &[TargetId]| match ids {
        [one] => safe(&model.label(*one)).into_owned(),
        many => many.len().to_string(),
    };
    let (live, lost) = (are(Target::is_live), are(Target::is_lost));
    let waiting = are(|it| !it.is_live() && !it.is_lost());
    let live_and = |is_so: &dyn Fn(&Target) -> bool| -> Vec<TargetId> {
        live.iter().copied().filter(|id| is_so(&model.targets[*id])).collect()
    };
    let restarted = live_and(&|it| it.says_restarted(now));
    let slow = live_and(&|it| it.is_slow(now));
    let stand_still = live_and(&|it| it.paused_at().is_some());
    let mut spans = Vec::new();
    let mut say = |text: String, style: Style| {
        if !spans.is_empty() {
            spans.push(Span::raw(", "));
        }
        spans.push(Span::styled(text, style));
    };
    if !lost.is_empty() {
        say(format!("{} lost", named(&lost)), theme.lost());
    }
    if !waiting.is_empty() {
        say(format!("{} waiting", named(&waiting)), theme.late());
    }
    if !slow.is_empty() {
        say(format!("{} has not answered yet", named(&slow)), theme.late());
    }
    if !stand_still.is_empty() {
        say(format!("{} paused", named(&stand_still)), theme.late());
    }
    if model.frozen.is_some() {
        say("frozen".to_owned(), theme.late());
    } else if let Some(first) = restarted.first() {
        let of_one = anew(&model.targets[*first]);
        let text = if restarted.len() == 1 { of_one } else { "attached anew" };
        say(format!("{} {text}", named(&restarted)), theme.late());
    } else if live.len() == shown.len() {
        say("live".to_owned(), theme.good());
    } else {
        say(format!("{} live", live.len()), theme.good());
    }
    spans
}
