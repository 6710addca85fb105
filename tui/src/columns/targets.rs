//! The columns of the list of targets. They stand in the order in which they were named.

use super::{Column, Field, TARGET};
use crate::model::TargetLine;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetColumn {
    Target,
    State,
    For,
    Leaks,
    Tasks,
    Coverage,
    Pid,
    Address,
}

impl Column<TargetLine> for TargetColumn {
    const ALL: &'static [Self] = &[
        Self::Target,
        Self::State,
        Self::For,
        Self::Leaks,
        Self::Tasks,
        Self::Coverage,
        Self::Pid,
        Self::Address,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Target => TARGET,
            Self::State => "STATE",
            Self::For => "FOR",
            Self::Leaks => "LEAKS",
            Self::Tasks => "TASKS",
            Self::Coverage => "SEEN",
            Self::Pid => "PID",
            Self::Address => "ADDRESS",
        }
    }

    fn width(self, table: u16) -> Option<u16> {
        let is_narrow = table < 100;
        Some(match self {
            Self::State => return None,
            // As much as their names need.
            Self::Target => 0,
            Self::Coverage | Self::Pid if is_narrow => 0,
            Self::For | Self::Leaks => 7,
            Self::Tasks => 9,
            Self::Coverage => 18,
            Self::Pid => 8,
            Self::Address if is_narrow => 18,
            Self::Address => 22 + table.saturating_sub(120) / 2,
        })
    }

    fn is_right(self) -> bool {
        matches!(self, Self::For | Self::Leaks | Self::Tasks | Self::Pid)
    }

    fn field(self) -> Option<Field> {
        None
    }

    fn term(self, _: &TargetLine) -> Option<String> {
        None
    }
}
