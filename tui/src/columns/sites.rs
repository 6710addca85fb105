//! The columns of tasks in groups by where they were spawned.

use holdover_proto::v1;

use super::{Column, Field, number, term::says, word};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SiteColumn {
    Location,
    Live,
    Ended,
    Completed,
    Cancelled,
    Panicked,
    Shutdown,
    Spawned,
}

impl Column<v1::TaskGroup> for SiteColumn {
    const ALL: &'static [Self] = &[
        Self::Location,
        Self::Live,
        Self::Ended,
        Self::Completed,
        Self::Cancelled,
        Self::Panicked,
        Self::Shutdown,
        Self::Spawned,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Location => "SPAWNED AT",
            Self::Live => "LIVE",
            Self::Ended => "ENDED",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Panicked => "PANICKED",
            Self::Shutdown => "SHUTDOWN",
            Self::Spawned => "SPAWNED",
        }
    }

    fn width(self, table: u16) -> Option<u16> {
        let wide = table >= 110;
        Some(match self {
            Self::Location => return None,
            // Most that end have completed: what is left of the ended says it too.
            Self::Completed | Self::Shutdown | Self::Spawned if !wide => 0,
            Self::Live => 9,
            Self::Ended | Self::Completed | Self::Cancelled | Self::Spawned => 12,
            Self::Panicked | Self::Shutdown => 10,
        })
    }

    fn is_right(self) -> bool {
        self != Self::Location
    }

    fn field(self) -> Option<Field> {
        Some(match self {
            Self::Location => word("loc"),
            Self::Live => number("live"),
            Self::Ended => number("ended"),
            Self::Completed => number("completed"),
            Self::Cancelled => number("cancelled"),
            Self::Panicked => number("panicked"),
            Self::Shutdown => number("shutdown"),
            Self::Spawned => number("spawned"),
        })
    }

    fn term(self, group: &v1::TaskGroup) -> Option<String> {
        if self == Self::Location { says("loc", &group.location) } else { None }
    }
}
