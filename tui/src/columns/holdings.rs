//! The columns of Holdings, and of pools.

use holdover_proto::v1;

use super::{
    Column, Field, number,
    term::{both, says},
    word,
};
use crate::{model::PoolLine, words};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HoldingColumn {
    Kind,
    What,
    Owner,
    Site,
    Age,
    Goes,
}

impl Column<v1::HeldRow> for HoldingColumn {
    const ALL: &'static [Self] =
        &[Self::Kind, Self::What, Self::Owner, Self::Site, Self::Age, Self::Goes];

    fn title(self) -> &'static str {
        match self {
            Self::Kind => "KIND",
            Self::What => "WHAT",
            Self::Owner => "OWNER",
            Self::Site => "ACQUIRED AT",
            Self::Age => "AGE",
            Self::Goes => "GOES",
        }
    }

    fn width(self, table: u16) -> Option<u16> {
        let extra = table.saturating_sub(120) / 3;
        Some(match self {
            Self::Kind => 11,
            Self::What => return None,
            Self::Owner if table < 80 => 18,
            Self::Owner if table < 100 => 24,
            Self::Site if table < 100 => 0,
            Self::Owner | Self::Site => 28 + extra,
            Self::Age | Self::Goes => 7,
        })
    }

    fn is_right(self) -> bool {
        matches!(self, Self::Age | Self::Goes)
    }

    fn field(self) -> Option<Field> {
        match self {
            Self::Kind => Some(word("holds")),
            Self::What => Some(word("label")),
            Self::Owner => Some(word("name")),
            Self::Site => Some(word("acquired_at")),
            Self::Age => Some(number("age")),
            // What goes soonest is looked for.
            Self::Goes => Some(Field { name: "goes", largest_first: false }),
        }
    }

    fn term(self, row: &v1::HeldRow) -> Option<String> {
        let held = row.holding.as_ref()?;
        match self {
            Self::Kind => says("holds", words::kind(held.kind())),
            Self::What => super::holdings::held(held),
            Self::Owner => {
                let owner = row.owner.as_ref()?;
                says("name", &owner.name).or_else(|| says("loc", &owner.location))
            }
            Self::Site => says("acquired_at", &held.site),
            Self::Age | Self::Goes => None,
        }
    }
}

/// What finds a holding by its kind and by what it is called.
pub(super) fn held(held: &v1::Holding) -> Option<String> {
    both(says("holds", words::kind(held.kind())), says("label", &held.label))
}

/// Of those that name a file descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FdColumn {
    What,
    Owner,
    Acquired,
    Age,
}

impl Column<v1::HeldRow> for FdColumn {
    const ALL: &'static [Self] = &[Self::What, Self::Owner, Self::Acquired, Self::Age];

    fn title(self) -> &'static str {
        match self {
            Self::What => "HOLDING",
            Self::Owner => "HELD BY",
            Self::Acquired => "ACQUIRED AT",
            Self::Age => "AGE",
        }
    }

    fn width(self, table: u16) -> Option<u16> {
        let wide = table >= 100;
        match self {
            Self::What => None,
            Self::Owner => Some(if wide { 32 } else { 28 }),
            Self::Acquired => Some(if wide { 30 } else { 0 }),
            Self::Age => Some(8),
        }
    }

    fn is_right(self) -> bool {
        self == Self::Age
    }

    fn field(self) -> Option<Field> {
        match self {
            Self::What => HoldingColumn::What.field(),
            Self::Owner => HoldingColumn::Owner.field(),
            Self::Acquired => HoldingColumn::Site.field(),
            Self::Age => HoldingColumn::Age.field(),
        }
    }

    fn term(self, row: &v1::HeldRow) -> Option<String> {
        match self {
            Self::What => HoldingColumn::What.term(row),
            Self::Owner => HoldingColumn::Owner.term(row),
            Self::Acquired => HoldingColumn::Site.term(row),
            Self::Age => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PoolColumn {
    Pool,
    Used,
    Idle,
    Waiting,
    ForCancelled,
    Site,
    Held,
}

impl Column<PoolLine> for PoolColumn {
    const ALL: &'static [Self] = &[
        Self::Pool,
        Self::Used,
        Self::Idle,
        Self::Waiting,
        Self::ForCancelled,
        Self::Site,
        Self::Held,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Pool => "POOL",
            Self::Used => "USED",
            Self::Idle => "IDLE",
            Self::Waiting => "WAITING",
            Self::ForCancelled => "FOR CANCELLED",
            Self::Site => "ACQUIRED AT",
            Self::Held => "FOR",
        }
    }

    fn width(self, table: u16) -> Option<u16> {
        Some(match self {
            Self::Pool => return None,
            Self::Used | Self::Held => 8,
            Self::Idle => 6,
            Self::Waiting => 9,
            Self::ForCancelled => 15,
            Self::Site if table < 100 => 0,
            Self::Site => 30 + table.saturating_sub(120) / 2,
        })
    }

    fn is_right(self) -> bool {
        !matches!(self, Self::Pool | Self::Site)
    }

    fn field(self) -> Option<Field> {
        match self {
            Self::Pool => Some(word("label")),
            Self::Used => Some(number("holdings")),
            Self::Idle | Self::Waiting | Self::ForCancelled | Self::Site | Self::Held => None,
        }
    }

    fn term(self, line: &PoolLine) -> Option<String> {
        match (self, line) {
            (Self::Pool, PoolLine::Pool(pool)) => says("label", &pool.name),
            (Self::Pool, PoolLine::Out { row, .. }) => {
                says("name", &row.held.as_ref()?.owner.as_ref()?.name)
            }
            (Self::Site, PoolLine::Out { row, .. }) => {
                says("acquired_at", &row.held.as_ref()?.holding.as_ref()?.site)
            }
            _ => None,
        }
    }
}
