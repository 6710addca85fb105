//! The columns of the screens that list something: what each is called, how wide it is,
//! what the target sorts it by, and what a filter says of a row's cell.

mod events;
mod groups;
mod holdings;
mod leaks;
mod tasks;
mod term;
mod tree;

pub(crate) use self::{
    events::EventColumn,
    groups::GroupColumn,
    holdings::{FdColumn, HoldingColumn, PoolColumn},
    leaks::LeakColumn,
    tasks::TaskColumn,
    term::{exclude, narrow},
    tree::TreeColumn,
};

/// A column of a table of `Row`s.
pub(crate) trait Column<Row>: Copy + PartialEq + 'static {
    /// Every column, in order.
    const ALL: &'static [Self];

    fn title(self) -> &'static str;
    /// The columns it takes in a table so wide, 0 where it has no place in one; `None`
    /// for the one that takes the rest.
    fn width(self, table: u16) -> Option<u16>;
    fn is_right(self) -> bool;
    /// How many columns before its own its title begins.
    fn outdent(self) -> u16 {
        0
    }
    /// The field of the filter language that the target sorts it by.
    fn field(self) -> Option<Field>;
    /// The filter that rows with the same cell match.
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

/// What the model needs to know of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) title: &'static str,
    pub(crate) field: Option<Field>,
}

/// All columns of a kind of table, in order.
pub(crate) fn infos<Row, C: Column<Row>>() -> Vec<Info> {
    C::ALL.iter().map(|it| Info { title: it.title(), field: it.field() }).collect()
}

/// The filter that rows match whose cell in the column of this title is as this row's.
pub(crate) fn term_of<Row, C: Column<Row>>(title: &str, row: &Row) -> Option<String> {
    C::ALL.iter().find(|it| it.title() == title)?.term(row)
}
