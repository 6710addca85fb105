//! The columns of Leaks, by site and one by one.

use holdover_proto::v1;

use super::{
    Column, Field, number,
    term::{both, says},
    word,
};
use crate::{asked, model::LeakRow, words};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeakColumn {
    Verdict,
    Count,
    Task,
    Holds,
    AcquiredAt,
    CancelledBy,
    Runtime,
    Latency,
    Life,
    Since,
    Goes,
}

/// From this width on there is room for everything.
pub(crate) const WIDE: u16 = 160;

/// A table's width by what it has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    Small,
    /// 80 columns and more.
    Medium,
    /// 120 columns and more.
    Large,
    /// 160 columns, and so many more.
    Wide(u16),
}

impl Room {
    fn of(table: u16) -> Self {
        match table {
            0..80 => Self::Small,
            80..120 => Self::Medium,
            120..WIDE => Self::Large,
            _ => Self::Wide(table - WIDE),
        }
    }

    /// What a column has that is only in the widest table.
    fn only_wide(self, columns: u16) -> u16 {
        match self {
            Self::Wide(_) => columns,
            _ => 0,
        }
    }
}

impl Column<LeakRow> for LeakColumn {
    const ALL: &'static [Self] = &[
        Self::Verdict,
        Self::Count,
        Self::Task,
        Self::Holds,
        Self::AcquiredAt,
        Self::CancelledBy,
        Self::Runtime,
        Self::Latency,
        Self::Life,
        Self::Since,
        Self::Goes,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Verdict => "VERDICT",
            Self::Count => "N",
            Self::Task => "TASK",
            Self::Holds => "HOLDS",
            Self::AcquiredAt => "ACQUIRED AT",
            Self::CancelledBy => "CANCELLED BY",
            Self::Runtime => "RUNTIME",
            Self::Latency => "LATENCY",
            Self::Life => "LIFE",
            Self::Since => "SINCE",
            Self::Goes => "GOES",
        }
    }

    fn width(self, table: u16) -> Option<u16> {
        use Room::{Large, Medium, Small, Wide};

        let room = Room::of(table);
        // What is more than enough is shared by the columns that have text.
        let grown = |least: u16, extra: u16, share: u16| least + (extra / share).min(3 * least);
        Some(match (self, room) {
            (Self::Task, _) => return None,
            // The letter before it included.
            (Self::Verdict, _) => 15,
            (Self::Count, Small | Medium) => 4,
            (Self::Count, Large | Wide(_)) => 5,
            (Self::Holds, Medium) => 20,
            (Self::Holds, Large) => 29,
            (Self::Holds, Wide(extra)) => grown(29, extra, 4),
            (Self::AcquiredAt, Wide(extra)) => grown(20, extra, 4),
            (Self::AcquiredAt, _) | (Self::Holds, Small) | (Self::CancelledBy, Small | Medium) => 0,
            (Self::CancelledBy, Large) => 23,
            (Self::CancelledBy, Wide(extra)) => grown(19, extra, 6),
            (Self::Runtime | Self::Latency, _) => room.only_wide(8),
            (Self::Life, _) => room.only_wide(11),
            (Self::Since, Small | Medium) => 6,
            (Self::Since, Large | Wide(_)) | (Self::Goes, _) => 7,
        })
    }

    fn is_right(self) -> bool {
        matches!(self, Self::Count | Self::Runtime | Self::Latency | Self::Since | Self::Goes)
    }

    fn field(self) -> Option<Field> {
        match self {
            Self::Verdict => Some(word("verdict")),
            Self::Task => Some(word("name")),
            Self::Holds => Some(word("holds")),
            Self::AcquiredAt => Some(word("acquired_at")),
            Self::CancelledBy => Some(word("cause")),
            Self::Latency => Some(number("latency")),
            Self::Since => Some(number("since")),
            Self::Count => Some(number("count")),
            Self::Runtime => Some(number("runtime")),
            // What goes soonest is looked for.
            Self::Goes => Some(Field { name: "goes", largest_first: false }),
            Self::Life => None,
        }
    }

    fn term(self, row: &LeakRow) -> Option<String> {
        let leak = row.speaks_for_all()?;
        match self {
            Self::Verdict => says("verdict", words::verdict(row.verdict())),
            Self::Task if row.names > 1 => says("name", most_of(&leak.alike_name)),
            Self::Task => super::tasks::called(leak.task.as_ref()?),
            Self::Holds if row.labels > 1 => {
                let kind = words::kind(leak.holdings.first()?.kind());
                both(says("holds", kind), says("label", most_of(&leak.alike_label)))
            }
            Self::Holds => super::holdings::held(leak.holdings.first()?),
            Self::AcquiredAt => says("acquired_at", &leak.holdings.first()?.site),
            Self::CancelledBy => cancelled_by(leak),
            Self::Count | Self::Runtime | Self::Latency | Self::Life | Self::Since | Self::Goes => {
                None
            }
        }
    }
}

/// The longest part that has no number: enough to find those that are called so.
fn most_of(pattern: &str) -> &str {
    pattern.split('*').map(str::trim).max_by_key(|part| part.len()).unwrap_or_default()
}

fn cancelled_by(leak: &v1::Leak) -> Option<String> {
    let cancel = asked::of_leak(leak)?;
    let cause = says("cause", words::cause(cancel.cause()));
    both(cause, cancel.site.as_ref().and_then(|site| says("site", site)))
}
