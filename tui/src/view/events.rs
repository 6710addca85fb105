//! The Events screen: what happens, newest first; gaps are said.

use holdover_proto::v1;
use ratatui::{Frame, layout::Rect, style::Style};

use super::{
    Scene,
    table::{Cell, Table},
};
use crate::{
    columns::EventColumn,
    format::{place, safe, span},
    model::Rows,
    names,
    theme::Theme,
};

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Option<Rows> {
    let Scene { model, theme, now } = scene;
    if model.events.rows().is_empty() {
        super::none(scene, "Nothing has happened yet.", frame, area);
        return None;
    }
    let table = Table { scene, list: &model.events, placement: model.placement(area.width) };
    Some(table.render(
        frame.buffer_mut(),
        area,
        |column, event| cell(column, event, model.time_of(event.target, now), theme),
        |_| Style::new(),
    ))
}

pub(super) fn cell(column: EventColumn, event: &v1::Event, now: u64, theme: Theme) -> Cell {
    match column {
        EventColumn::Ago => span(now.saturating_sub(event.at_ns)).into(),
        EventColumn::Event => Cell::styled(word(event).to_owned(), style(event, theme)),
        EventColumn::Task => {
            let task = event.task.as_ref();
            // The number tells it from another.
            Cell::place(task.map(of).unwrap_or_default())
        }
        EventColumn::What => what(event).into(),
        EventColumn::Place => Cell::place(safe(&place(&event.site)).into_owned()),
    }
}

/// Whose it was; what nobody owns has no number.
fn of(task: &v1::TaskRef) -> String {
    match (task.id, task.name.as_str()) {
        (0, "") => "nobody".to_owned(),
        _ => names::someone(task),
    }
}

/// What happened, in a word or two.
pub(super) fn word(event: &v1::Event) -> &'static str {
    match event.kind() {
        // tokio alone tells only that it was.
        v1::EventKind::CancelRequested if is_not_known(event) => "CANCELLED",
        v1::EventKind::Spawned => "spawned",
        v1::EventKind::CancelRequested => "CANCEL REQUESTED",
        v1::EventKind::Delivered => "delivered",
        v1::EventKind::Ended => "ended",
        v1::EventKind::Acquired => "acquired",
        v1::EventKind::Released => "released",
        v1::EventKind::Given => "GIVEN",
        v1::EventKind::Cleared => "cleared",
        v1::EventKind::Fired => "fired",
        v1::EventKind::Unspecified => "?",
    }
}

/// A request of which the target knows neither who made it nor when.
fn is_not_known(event: &v1::Event) -> bool {
    event.kind() == v1::EventKind::CancelRequested && event.what == "unknown"
}

pub(super) fn what(event: &v1::Event) -> String {
    if is_not_known(event) {
        return "when it was asked and by whom is not known".to_owned();
    }
    let what = safe(&event.what);
    let verdict = match event.verdict() {
        v1::Verdict::Unspecified => String::new(),
        verdict => format!("{} ", crate::words::verdict(verdict)),
    };
    let told = format!("{verdict}{what}");
    let told = told.trim_end();
    match event.lasted_ns {
        Some(lasted) => format!("{told}, after {}", span(lasted)),
        None => told.to_owned(),
    }
}

pub(super) fn style(event: &v1::Event, theme: Theme) -> Style {
    match event.kind() {
        v1::EventKind::CancelRequested | v1::EventKind::Given => theme.bad(),
        v1::EventKind::Cleared => theme.good(),
        _ => Style::new(),
    }
}
