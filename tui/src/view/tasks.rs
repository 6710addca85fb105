//! The Tasks screen: every task with a record.

use holdover_proto::v1;
use ratatui::{Frame, layout::Rect, style::Style};

use super::{
    Scene,
    table::{Cell, Table},
};
use crate::{
    columns::TaskColumn,
    format::{count, place, safe, span},
    model::Rows,
    names,
    theme::Theme,
    words,
};

const NONE_CANCELLING: &str =
    "Nothing is being cancelled: all that was asked to stop has ended, or is stuck.";
const CANCELLING_UNTOLD: &str = "Whether something is being cancelled is not told: this service speaks tokio-console's protocol.";

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Option<Rows> {
    let Scene { model, theme, now } = scene;
    if model.tasks.rows().is_empty() {
        let none = match (model.is_cancelling(), model.is_tokio_console()) {
            (true, true) => CANCELLING_UNTOLD,
            (true, false) => NONE_CANCELLING,
            (false, _) => "No tasks.",
        };
        super::none(scene, none, frame, area);
        return None;
    }
    let table = Table { scene, list: &model.tasks, placement: model.placement(area.width) };
    Some(table.render(
        frame.buffer_mut(),
        area,
        |column, task| cell(column, task, model.time_of(task.target, now), theme),
        |task| if task.ended_ns.is_some() { theme.dim() } else { Style::new() },
    ))
}

pub(super) fn cell(column: TaskColumn, task: &v1::Task, now: u64, theme: Theme) -> Cell {
    match column {
        TaskColumn::Id => task.id.to_string().into(),
        TaskColumn::Task => {
            let name = match (names::task(task), task.kind()) {
                (name, v1::TaskKind::Task) => name,
                (name, kind) => format!("{name} ({})", words::task_kind(kind)),
            };
            if names::is_a_place(task) { Cell::place(name) } else { Cell::middle(name) }
        }
        TaskColumn::State => state(task, theme),
        TaskColumn::Location => Cell::place(safe(&place(&task.location)).into_owned()),
        TaskColumn::Holds if task.holdings_unknown => "?".to_owned().into(),
        TaskColumn::Holds => count(task.holdings.into()).into(),
        TaskColumn::Polls => count(task.polls).into(),
        TaskColumn::Busy => span(task.busy_ns).into(),
        TaskColumn::Age => {
            span(task.ended_ns.unwrap_or(now).saturating_sub(task.spawned_ns)).into()
        }
    }
}

fn state(task: &v1::Task, theme: Theme) -> Cell {
    let text = match words::outcome(task.outcome()) {
        Some(outcome) => format!("ended, {outcome}"),
        None if task.cancel.is_some() => format!("{}, asked", words::state(task.state())),
        None => words::state(task.state()).to_owned(),
    };
    let style = match (task.outcome(), &task.cancel) {
        (v1::Outcome::Panicked, _) => theme.bad(),
        (v1::Outcome::Unspecified, Some(_)) => theme.late(),
        _ => Style::new(),
    };
    Cell::styled(text, style)
}
