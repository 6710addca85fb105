//! The kinds of tables: what each is called, and its columns.

use super::{
    EventColumn, FdColumn, GroupColumn, HoldingColumn, Info, LeakColumn, PoolColumn, SiteColumn,
    TARGET, TaskColumn, TreeColumn, Width, infos,
};

/// A kind of table. Each has columns of its own, and what was chosen of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Listing {
    Leaks,
    /// Of leaks, in groups that are named by what their members share.
    Groups,
    Tasks,
    /// Of tasks, in groups by where they were spawned.
    Sites,
    /// Of tasks, each beneath the one that spawned it.
    Tree,
    Holdings,
    Pools,
    Events,
    /// What names a file descriptor.
    Process,
}

impl Listing {
    pub(crate) const ALL: [Self; 9] = [
        Self::Leaks,
        Self::Groups,
        Self::Tasks,
        Self::Sites,
        Self::Tree,
        Self::Holdings,
        Self::Pools,
        Self::Events,
        Self::Process,
    ];

    /// As files have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Leaks => "leaks",
            Self::Groups => "groups",
            Self::Tasks => "tasks",
            Self::Sites => "sites",
            Self::Tree => "tree",
            Self::Holdings => "holdings",
            Self::Pools => "pools",
            Self::Events => "events",
            Self::Process => "process",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Its columns in the usual order, as they are in a table so wide.
    pub(crate) fn columns(self, table: u16) -> Vec<Info> {
        match self {
            Self::Leaks => infos::<_, LeakColumn>(table),
            Self::Groups => infos::<_, GroupColumn>(table),
            Self::Tasks => infos::<_, TaskColumn>(table),
            Self::Sites => infos::<_, SiteColumn>(table),
            Self::Tree => infos::<_, TreeColumn>(table),
            Self::Holdings => infos::<_, HoldingColumn>(table),
            Self::Pools => infos::<_, PoolColumn>(table),
            Self::Events => infos::<_, EventColumn>(table),
            Self::Process => infos::<_, FdColumn>(table),
        }
    }

    /// The same where there are several targets, whose names take so many columns.
    pub(crate) fn columns_of_several(self, table: u16, names: u16) -> Vec<Info> {
        let mut columns = self.columns(table);
        let before = |title: &str| columns.iter().position(|it| it.title == title);
        if let Some(at) = self.target_stands_before().and_then(before) {
            let width = Width::Usual(names);
            columns.insert(at, Info { title: TARGET, field: None, is_right: false, width });
        }
        columns
    }

    /// Before which column it is usually said whose a row is; a process is one target's.
    fn target_stands_before(self) -> Option<&'static str> {
        Some(match self {
            Self::Leaks | Self::Tasks | Self::Tree => "TASK",
            Self::Groups => "GROUP",
            Self::Sites => "SPAWNED AT",
            Self::Holdings => "KIND",
            Self::Pools => "POOL",
            Self::Events => "EVENT",
            Self::Process => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::name_of;

    #[test]
    fn each_column_has_a_title_and_a_name_of_its_own_and_one_names_the_rows() {
        for listing in Listing::ALL {
            assert_eq!(Listing::named(listing.name()), Some(listing));
            let columns = listing.columns(80);
            for (at, column) in columns.iter().enumerate() {
                let name = name_of(column.title);
                let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
                assert!(!name.is_empty() && name.chars().all(is_name), "{name}");
                assert!(columns[..at].iter().all(|it| name_of(it.title) != name), "{name} twice");
            }
            let rest = columns.iter().filter(|it| it.width == Width::Rest);
            assert_eq!(rest.count(), 1, "{listing:?}");
        }
        assert_eq!(Listing::named("leak"), None);
    }

    #[test]
    fn each_table_but_the_one_of_a_process_says_whose_a_row_is_where_there_are_several() {
        for listing in Listing::ALL {
            let is_target = |it: &Info| it.title == TARGET;
            assert!(!listing.columns(80).iter().any(is_target), "{listing:?}");
            let several = listing.columns_of_several(80, 11);
            let count = several.iter().filter(|it| is_target(it)).count();
            assert_eq!(count, usize::from(listing != Listing::Process), "{listing:?}");
            let others: Vec<Info> = several.into_iter().filter(|it| !is_target(it)).collect();
            assert_eq!(others, listing.columns(80), "{listing:?}");
        }
    }

    #[test]
    fn every_column_has_a_place_in_some_table() {
        for listing in Listing::ALL {
            for table in [60, 80, 120, 200] {
                for column in listing.columns(table) {
                    assert_ne!(column.width, Width::Usual(0), "{} of {listing:?}", column.title);
                }
            }
        }
    }
}
