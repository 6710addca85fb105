//! Leaks in groups that are named by what their members share.

use super::{leaks, table::Cell};
use crate::{
    columns::{GroupColumn, LeakColumn},
    format::{place, safe},
    model::LeakRow,
    names,
    theme::Theme,
};

pub(super) fn cell(
    column: GroupColumn,
    row: &LeakRow,
    now: u64,
    is_small: bool,
    theme: Theme,
) -> Cell {
    let same = |column| leaks::cell(column, row, now, theme);
    match column {
        GroupColumn::Verdict => same(LeakColumn::Verdict),
        GroupColumn::Count => same(LeakColumn::Count),
        GroupColumn::Growth => growth(row, theme),
        GroupColumn::Group if has_place(row) => {
            // Where there is little room the cause matters more than folders, and than what
            // stands beneath.
            let parts = if is_small { 2 } else { usize::MAX };
            let short = shared(row, parts, theme, names::short_place);
            Cell { short: Some(short), ..Cell::place(shared(row, usize::MAX, theme, place)) }
        }
        GroupColumn::Group => Cell::middle(shared(row, usize::MAX, theme, place)),
        GroupColumn::Oldest => same(LeakColumn::Since),
        GroupColumn::Goes => same(LeakColumn::Goes),
    }
}

fn has_place(row: &LeakRow) -> bool {
    row.shared().next().is_some_and(|(field, place)| field == "loc" && !place.is_empty())
}

/// `src/http.rs:58:9 · dropped · connection`: so many parts of it, a place as it is said so.
fn shared(row: &LeakRow, parts: usize, theme: Theme, said_so: fn(&str) -> String) -> String {
    let said = |(field, value): (&str, &str)| match value {
        "" => format!("no {field}"),
        place if field == "loc" => safe(&said_so(place)).into_owned(),
        value => safe(value).into_owned(),
    };
    row.shared().take(parts).map(said).collect::<Vec<_>>().join(&format!(" {} ", theme.glyphs.dot))
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
