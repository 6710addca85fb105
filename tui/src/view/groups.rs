//! Leaks in groups that are named by what their members share.

use super::{leaks, table::Cell};
use crate::{
    columns::{GroupColumn, LeakColumn},
    format::{place, safe},
    model::LeakRow,
    theme::Theme,
};

pub(super) fn cell(column: GroupColumn, row: &LeakRow, now: u64, theme: Theme) -> Cell {
    let same = |column| leaks::cell(column, row, now, theme);
    match column {
        GroupColumn::Verdict => same(LeakColumn::Verdict),
        GroupColumn::Count => same(LeakColumn::Count),
        GroupColumn::Growth => growth(row, theme),
        // The end of a place tells it from another, and the rest is short.
        GroupColumn::Group if row.shared().next().is_some_and(|(field, _)| field == "loc") => {
            Cell::place(shared(row, theme))
        }
        GroupColumn::Group => Cell::middle(shared(row, theme)),
        GroupColumn::Oldest => same(LeakColumn::Since),
        GroupColumn::Goes => same(LeakColumn::Goes),
    }
}

/// `src/http.rs:58:9 · dropped · connection`.
fn shared(row: &LeakRow, theme: Theme) -> String {
    let said = |(field, value): (&str, &str)| match value {
        "" => format!("no {field}"),
        value => safe(&place(value)).into_owned(),
    };
    row.shared().map(said).collect::<Vec<_>>().join(&format!(" {} ", theme.glyphs.dot))
}

fn growth(row: &LeakRow, theme: Theme) -> Cell {
    match row.growth() {
        _ if row.cleared => String::new().into(),
        None => Cell::styled("?".to_owned(), theme.dim()),
        Some(0) => Cell::styled("0".to_owned(), theme.dim()),
        Some(more @ 1..) => Cell::styled(format!("+{more}"), theme.bad()),
        Some(fewer) => Cell::styled(fewer.to_string(), theme.good()),
    }
}
