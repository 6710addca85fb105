//! The columns of Tasks.

use holdover_proto::v1;

use super::{Column, Field, number, term::says, word};
use crate::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskColumn {
    Id,
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
        Some(match self {
            Self::Id => 7,
            Self::Task => return None,
            Self::State => 17,
            Self::Location if table < 100 => 0,
            // It shares what is more than enough with the task.
            Self::Location => 32 + table.saturating_sub(120) / 2,
            Self::Holds => 6,
            Self::Polls | Self::Busy | Self::Age => 8,
        })
    }

    fn is_right(self) -> bool {
        matches!(self, Self::Id | Self::Holds | Self::Polls | Self::Busy | Self::Age)
    }

    fn field(self) -> Option<Field> {
        match self {
            Self::Id => Some(number("id")),
            Self::Task => Some(word("name")),
            Self::State => Some(word("state")),
            Self::Location => Some(word("loc")),
            Self::Holds => Some(number("holdings")),
            Self::Polls => Some(number("polls")),
            Self::Busy => Some(number("busy")),
            Self::Age => Some(number("age")),
        }
    }

    fn term(self, task: &v1::Task) -> Option<String> {
        match self {
            Self::Id => says("id", &task.id.to_string()),
            Self::Task => called(task),
            Self::State => match words::outcome(task.outcome()) {
                Some(outcome) => says("outcome", outcome),
                None => says("state", words::state(task.state())),
            },
            Self::Location => says("loc", &task.location),
            Self::Holds | Self::Polls | Self::Busy | Self::Age => None,
        }
    }
}

/// What finds a task by what it is called.
pub(super) fn called(task: &v1::Task) -> Option<String> {
    let by_name = says("name", &task.name).or_else(|| says("name", &task.type_name));
    by_name.or_else(|| says("loc", &task.location))
}
