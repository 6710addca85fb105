//! The columns of leaks in groups that are named by what their members share.

use super::{Column, Field, LeakColumn, number, term::says};
use crate::model::LeakRow;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupColumn {
    Badge,
    Verdict,
    Count,
    Growth,
    Gap,
    Group,
    Oldest,
    Goes,
}

impl Column<LeakRow> for GroupColumn {
    const ALL: &'static [Self] = &[
        Self::Badge,
        Self::Verdict,
        Self::Count,
        Self::Growth,
        Self::Gap,
        Self::Group,
        Self::Oldest,
        Self::Goes,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Badge | Self::Gap => "",
            Self::Verdict => "VERDICT",
            Self::Count => "N",
            Self::Growth => "+/MIN",
            Self::Group => "GROUP",
            Self::Oldest => "OLDEST",
            Self::Goes => "GOES",
        }
    }

    fn width(self, _: u16) -> Option<u16> {
        Some(match self {
            Self::Badge => 1,
            Self::Verdict => 14,
            Self::Count => 5,
            Self::Growth => 7,
            Self::Gap => 2,
            Self::Group => return None,
            Self::Oldest | Self::Goes => 8,
        })
    }

    fn is_right(self) -> bool {
        matches!(self, Self::Count | Self::Growth | Self::Oldest | Self::Goes)
    }

    /// It has the badge before it, which has no title.
    fn outdent(self) -> u16 {
        u16::from(self == Self::Verdict)
    }

    fn field(self) -> Option<Field> {
        match self {
            Self::Verdict => LeakColumn::Verdict.field(),
            Self::Count => LeakColumn::Count.field(),
            Self::Growth => Some(number("growth")),
            Self::Oldest => LeakColumn::Since.field(),
            Self::Goes => LeakColumn::Goes.field(),
            Self::Badge | Self::Gap | Self::Group => None,
        }
    }

    fn term(self, row: &LeakRow) -> Option<String> {
        match self {
            Self::Badge | Self::Verdict => LeakColumn::Verdict.term(row),
            Self::Group => {
                let terms: Vec<String> =
                    row.shared().filter_map(|(field, value)| says(field, value)).collect();
                Some(terms.join(" ")).filter(|terms| !terms.is_empty())
            }
            Self::Count | Self::Growth | Self::Gap | Self::Oldest | Self::Goes => None,
        }
    }
}
