//! The Tasks screen: every task with a record.

use holdover_proto::v1;
use ratatui::{Frame, layout::Rect, style::Style, widgets::Paragraph};

use super::{
    Scene,
    table::{Cell, Column, Table},
};
use crate::{
    format::{count, place, safe, span},
    names,
    theme::Theme,
    words,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TaskColumn {
    Id,
    Gap,
    Task,
    State,
    Location,
    Holds,
    Polls,
    Busy,
    Age,
}

impl Column<v1::Task> for TaskColumn {
    const ALL: &'static [Self] = &[
        Self::Id,
        Self::Gap,
        Self::Task,
        Self::State,
        Self::Location,
        Self::Holds,
        Self::Polls,
        Self::Busy,
        Self::Age,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Id => "ID",
            Self::Gap => "",
            Self::Task => "TASK",
            Self::State => "STATE",
            Self::Location => "SPAWNED AT",
            Self::Holds => "HOLDS",
            Self::Polls => "POLLS",
            Self::Busy => "BUSY",
            Self::Age => "AGE",
        }
    }

    fn width(self, table: u16) -> Option<u16> {
        let wide = table >= 100;
        Some(match self {
            Self::Id => 7,
            Self::Gap => 2,
            Self::Task => return None,
            Self::State => 17,
            Self::Location => {
                if wide {
                    32
                } else {
                    0
                }
            }
            Self::Holds => 6,
            Self::Polls | Self::Busy | Self::Age => 8,
        })
    }

    fn is_right(self) -> bool {
        matches!(self, Self::Id | Self::Holds | Self::Polls | Self::Busy | Self::Age)
    }
}

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let Scene { model, theme, now } = scene;
    if model.tasks.rows().is_empty() {
        let text = match (model.is_answered(), model.filter()) {
            (false, _) => "",
            (true, "") => "No tasks.",
            (true, _) => "None that match.",
        };
        frame.render_widget(Paragraph::new(format!("\n      {text}")), area);
        return;
    }
    let target_now = model.target_now(now);
    let table = Table { rows: model.tasks.rows(), selected: model.tasks.selected_index(), theme };
    table.render(
        frame.buffer_mut(),
        area,
        |column, task| cell(column, task, target_now, theme),
        |task| if task.ended_ns.is_some() { theme.dim() } else { Style::new() },
    );
}

fn cell(column: TaskColumn, task: &v1::Task, now: u64, theme: Theme) -> Cell {
    match column {
        TaskColumn::Id => task.id.to_string().into(),
        TaskColumn::Gap => String::new().into(),
        TaskColumn::Task => {
            let name = match (names::task(task), task.kind()) {
                (name, v1::TaskKind::Task) => name,
                (name, kind) => format!("{name} ({})", words::task_kind(kind)),
            };
            if names::is_a_place(task) { Cell::place(name) } else { name.into() }
        }
        TaskColumn::State => state(task, theme),
        TaskColumn::Location => Cell::place(safe(&place(&task.location)).into_owned()),
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
