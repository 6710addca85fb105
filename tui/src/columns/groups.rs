//! The columns of leaks in groups that are named by what their members share.

use super::{Column, Field, LeakColumn, number, term::says};
use crate::model::LeakRow;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupColumn {
    Verdict,
    Count,
    Growth,
    Group,
    Oldest,
    Goes,
}

impl Column<LeakRow> for GroupColumn {
    const ALL: &'static [Self] =
        &[Self::Verdict, Self::Count, Self::Growth, Self::Group, Self::Oldest, Self::Goes];

    fn title(self) -> &'static str {
        match self {
            Self::Verdict => "VERDICT",
            Self::Count => "N",
            Self::Growth => "+/MIN",
            Self::Group => "GROUP",
            Self::Oldest => "OLDEST",
            Self::Goes => "GOES",
        }
    }

    fn width(self, table: u16) -> Option<u16> {
        let is_small = table < 80;
        Some(match self {
            // The letter before it included.
            Self::Verdict => 15,
            Self::Count if is_small => 4,
            Self::Count => 5,
            // What a group is called matters more.
            Self::Growth if is_small => 0,
            Self::Growth => 7,
            Self::Group => return None,
            Self::Oldest | Self::Goes if table < 100 => 7,
            Self::Oldest | Self::Goes => 8,
        })
    }

    fn is_right(self) -> bool {
        matches!(self, Self::Count | Self::Growth | Self::Oldest | Self::Goes)
    }

    fn field(self) -> Option<Field> {
        match self {
            Self::Verdict => LeakColumn::Verdict.field(),
            Self::Count => LeakColumn::Count.field(),
            Self::Growth => Some(number("growth")),
            Self::Oldest => LeakColumn::Since.field(),
            Self::Goes => LeakColumn::Goes.field(),
            Self::Group => None,
        }
    }

    fn term(self, row: &LeakRow) -> Option<String> {
        match self {
            Self::Verdict => LeakColumn::Verdict.term(row),
            Self::Group => {
                let terms: Vec<String> =
                    row.shared().filter_map(|(field, value)| says(field, value)).collect();
                Some(terms.join(" ")).filter(|terms| !terms.is_empty())
            }
            Self::Count | Self::Growth | Self::Oldest | Self::Goes => None,
        }
    }
}
