//! Leaks in groups that are named by what their members share.

use super::{leaks, table::Cell};
use crate::{
    columns::{GroupColumn, LeakColumn},
    format::{place, safe},
    model::LeakRow,
    names,
    theme::Theme,
};

pub(super) fn cell(column: GroupColumn, row: &LeakRow, now: u64, theme: Theme) -> Cell {
    let same = |column| leaks::cell(column, row, now, theme);
    match column {
        GroupColumn::Verdict => same(LeakColumn::Verdict),
        GroupColumn::Count => same(LeakColumn::Count),
        GroupColumn::Growth => growth(row, theme),
        // Where there is little room the rest matters more than the folders of a place.
        GroupColumn::Group if has_place(row) && row.shared().nth(1).is_some() => {
            let short = shared(row, theme, names::short_place);
            Cell { short: Some(short), ..shared(row, theme, place).into() }
        }
        GroupColumn::Group if has_place(row) => Cell::place(shared(row, theme, place)),
        GroupColumn::Group => Cell::middle(shared(row, theme, place)),
        GroupColumn::Oldest => same(LeakColumn::Since),
        GroupColumn::Goes => same(LeakColumn::Goes),
    }
}

fn has_place(row: &LeakRow) -> bool {
    row.shared().next().is_some_and(|(field, place)| field == "loc" && !place.is_empty())
}

/// `src/http.rs:58:9 · dropped · connection`; a place as it is said so.
fn shared(row: &LeakRow, theme: Theme, said_so: fn(&str) -> String) -> String {
    let said = |(field, value): (&str, &str)| match value {
        "" => format!("no {field}"),
        place if field == "loc" => safe(&said_so(place)).into_owned(),
        value => safe(value).into_owned(),
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
