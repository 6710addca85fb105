//! The columns of a tree. Its rows have one order: each stands beneath another.

use holdover_proto::v1;

use super::{Column, Field, TaskColumn, tasks::called};
use crate::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TreeColumn {
    Verdict,
    Task,
    State,
    Location,
    Holds,
    Age,
}

impl Column<v1::Branch> for TreeColumn {
    const ALL: &'static [Self] =
        &[Self::Verdict, Self::Task, Self::State, Self::Location, Self::Holds, Self::Age];

    fn title(self) -> &'static str {
        match self {
            Self::Verdict => "VERDICT",
            Self::Task => "TASK",
            Self::State => "STATE",
            Self::Location => "SPAWNED AT",
            Self::Holds => "HOLDS",
            Self::Age => "AGE",
        }
    }

    fn width(self, table: u16) -> Option<u16> {
        Some(match self {
            // The letter before it included.
            Self::Verdict => 18,
            Self::Task => return None,
            Self::State => 20,
            Self::Location | Self::Holds if table < 100 => 0,
            Self::Location => 26 + table.saturating_sub(120) / 3,
            Self::Holds => 6,
            Self::Age => 8,
        })
    }

    fn is_right(self) -> bool {
        matches!(self, Self::Holds | Self::Age)
    }

    fn field(self) -> Option<Field> {
        None
    }

    fn term(self, branch: &v1::Branch) -> Option<String> {
        let task = branch.task.as_ref()?;
        match self {
            Self::Verdict => {
                let worst = v1::Verdict::try_from(*branch.verdicts.first()?).ok()?;
                super::term::says("verdict", words::verdict(worst))
            }
            Self::Task => called(task),
            Self::State => TaskColumn::State.term(task),
            Self::Location => TaskColumn::Location.term(task),
            Self::Holds | Self::Age => None,
        }
    }
}
