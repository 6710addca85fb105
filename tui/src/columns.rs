//! The columns of the screens that list something: what each is called, how wide it is,
//! what the target sorts it by, and what a filter says of a row's cell.

mod events;
mod groups;
mod holdings;
mod layout;
mod leaks;
mod listing;
mod place;
mod sites;
mod targets;
mod tasks;
mod term;
mod tree;

pub(crate) use self::{
    events::EventColumn,
    groups::GroupColumn,
    holdings::{FdColumn, HoldingColumn, PoolColumn},
    layout::{Entry, Layout, Shown, Side},
    leaks::LeakColumn,
    listing::Listing,
    place::{Placement, place},
    sites::SiteColumn,
    targets::TargetColumn,
    tasks::TaskColumn,
    term::{exclude, narrow, says},
    tree::TreeColumn,
};

/// The title of the column that says whose a row is. A table has it where there are several
/// targets, and as wide as their names need; no row says it, so no table's own columns do.
pub(crate) const TARGET: &str = "TARGET";

/// A column of a table of `Row`s.
pub(crate) trait Column<Row>: Copy + PartialEq + 'static {
    /// Every column, in the usual order.
    const ALL: &'static [Self];

    /// No other column of the table has the same.
    fn title(self) -> &'static str;
    /// The columns it takes in a table so wide, 0 where it usually has no place in one;
    /// `None` for the one that takes the rest. It names the rows, and is always there.
    fn width(self, table: u16) -> Option<u16>;
    fn is_right(self) -> bool;
    /// The field of the filter language that the target sorts it by.
    fn field(self) -> Option<Field>;
    /// The filter that rows with the same cell match; what a target is called its row does
    /// not say.
    fn term(self, row: &Row) -> Option<String>;
}

/// What rows can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// Which way it is sorted at first: of numbers the largest are looked for, of words
    /// the first.
    pub(crate) largest_first: bool,
}

const fn number(name: &'static str) -> Field {
    Field { name, largest_first: true }
}

const fn word(name: &'static str) -> Field {
    Field { name, largest_first: false }
}

/// A column, whatever its table's rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) title: &'static str,
    pub(crate) field: Option<Field>,
    pub(crate) is_right: bool,
    pub(crate) width: Width,
}

/// The columns that a column takes in a table of a certain width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// What the others leave. It names the rows.
    Rest,
    /// So many.
    Usual(u16),
    /// Usually none: it has a place in tables `from` that width on, and takes so many
    /// where it was chosen.
    Wider { from: u16, columns: u16 },
}

/// The widths from which on tables have room for more columns.
const STEPS: [u16; 4] = [80, 100, 120, leaks::WIDE];

/// All columns of a kind of table, in the usual order, as they are in one so wide.
pub(crate) fn infos<Row, C: Column<Row>>(table: u16) -> Vec<Info> {
    let info = |column: &C| Info {
        title: column.title(),
        field: column.field(),
        is_right: column.is_right(),
        width: width(*column, table),
    };
    C::ALL.iter().map(info).collect()
}

fn width<Row, C: Column<Row>>(column: C, table: u16) -> Width {
    let wider = || {
        let mut steps = STEPS.into_iter().filter_map(|from| Some((from, column.width(from)?)));
        steps.find(|(_, columns)| *columns > 0)
    };
    match column.width(table) {
        None => Width::Rest,
        Some(0) => {
            wider().map_or(Width::Usual(0), |(from, columns)| Width::Wider { from, columns })
        }
        Some(columns) => Width::Usual(columns),
    }
}

/// What files call the column of this title.
pub(crate) fn name_of(title: &str) -> String {
    match title {
        "+/MIN" => "growth".to_owned(),
        title => title.to_lowercase().replace(' ', "_"),
    }
}

/// The column of this title.
pub(crate) fn find<Row, C: Column<Row>>(title: &str) -> Option<C> {
    C::ALL.iter().copied().find(|it| it.title() == title)
}

/// The filter that rows match whose cell in the column of this title is as this row's.
pub(crate) fn term_of<Row, C: Column<Row>>(title: &str, row: &Row) -> Option<String> {
    find::<Row, C>(title)?.term(row)
}
