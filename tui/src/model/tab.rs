//! What each tab has for itself: its filter, its order and the column under the cursor.

use std::collections::BTreeSet;

use super::Screen;
use crate::{
    client::TargetId,
    columns::{Field, Info, Listing},
};

/// By what the target sorts the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) field: Field,
    pub(crate) largest_first: bool,
}

impl Sort {
    fn by(field: Field) -> Self {
        Self { field, largest_first: field.largest_first }
    }

    /// As a file has it: a field, with a `-` before it for the largest first.
    fn of_text(text: &str, columns: &[Info]) -> Option<Self> {
        let (name, largest_first) =
            text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let field = columns.iter().filter_map(|it| it.field).find(|it| it.name == name);
        let no_columns = || {
            let field = holdover::FIELDS.iter().find(|it| it.name == name)?;
            Some(Field { name: field.name, largest_first })
        };
        let field = field.or_else(no_columns)?;
        Some(Self { field, largest_first })
    }

    /// As the wire has it.
    pub(super) fn written(self) -> String {
        format!("{}{}", if self.largest_first { "-" } else { "" }, self.field.name)
    }

    fn reversed(self) -> Self {
        Self { largest_first: !self.largest_first, ..self }
    }
}

/// A tab.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tab {
    pub(crate) filter: String,
    /// `None` for the order that rows of this kind have by themselves.
    pub(crate) sort: Option<Sort>,
    /// What it is until another is asked for.
    pub(super) start: Option<Sort>,
    /// The title of the column under the cursor.
    pub(crate) column: Option<&'static str>,
    /// Its rows are tasks, each beneath the one that spawned it.
    pub(crate) tree: bool,
    /// The tasks beneath which nothing is shown.
    pub(crate) folded: BTreeSet<(TargetId, u64)>,
}

impl Tab {
    /// As a file says it.
    pub(super) fn start_sorted(&mut self, text: &str, columns: &[Info]) {
        self.start = Sort::of_text(text, columns);
        self.sort = self.start;
    }

    /// As it was chosen in an earlier run; what is not known is as if nothing was.
    pub(super) fn choose_sorted(&mut self, text: &str, columns: &[Info]) {
        let sort = Sort::of_text(text, columns);
        if text.is_empty() || sort.is_some() {
            self.sort = sort;
        }
    }

    /// What is to be kept of its order: nothing, where it is as it starts.
    pub(super) fn chosen_sort(&self) -> Option<String> {
        let chosen = || self.sort.map(Sort::written).unwrap_or_default();
        (self.sort != self.start).then(chosen)
    }

    /// By the next column that rows can be sorted by; after the last, by themselves.
    pub(super) fn sort_by_next(&mut self, columns: &[Info]) {
        let fields: Vec<Field> = columns.iter().filter_map(|it| it.field).collect();
        let now = self.sort.and_then(|sort| fields.iter().position(|it| *it == sort.field));
        let next = now.map_or(0, |at| at + 1);
        self.sort = fields.get(next).copied().map(Sort::by);
    }

    /// By this column; the other way round where it is sorted so already.
    pub(super) fn sort_by(&mut self, column: Info) {
        let Some(field) = column.field else { return };
        let now = self.sort.filter(|sort| sort.field == field);
        self.sort = Some(now.map_or_else(|| Sort::by(field), Sort::reversed));
    }

    pub(super) fn reverse(&mut self) {
        self.sort = self.sort.map(Sort::reversed);
    }

    /// To the column on that side, of those that have a title.
    pub(super) fn move_column(&mut self, columns: &[Info], by: isize) {
        let titles: Vec<&str> = columns.iter().map(|it| it.title).collect();
        let now = self.column.and_then(|title| titles.iter().position(|it| *it == title));
        let next = match now {
            Some(at) => at.saturating_add_signed(by).min(titles.len().saturating_sub(1)),
            None if by > 0 => 0,
            None => titles.len().saturating_sub(1),
        };
        self.column = titles.get(next).copied();
    }
}

/// Every tab.
#[derive(Clone, Debug, Default)]
pub(super) struct Tabs {
    leaks: Tab,
    tasks: Tab,
    sites: Tab,
    holdings: Tab,
    pools: Tab,
    events: Tab,
    process: Tab,
}

impl Tabs {
    /// Those of another process are not these.
    pub(super) fn forget_ids(&mut self, of: TargetId) {
        for tab in [&mut self.leaks, &mut self.tasks, &mut self.holdings] {
            tab.folded.retain(|(target, _)| *target != of);
        }
    }

    pub(super) fn get(&self, kind: Kind) -> &Tab {
        match kind {
            Kind::Leaks => &self.leaks,
            Kind::Tasks => &self.tasks,
            Kind::Sites => &self.sites,
            Kind::Holdings => &self.holdings,
            Kind::Pools => &self.pools,
            Kind::Events => &self.events,
            Kind::Process => &self.process,
        }
    }

    pub(super) fn get_mut(&mut self, kind: Kind) -> &mut Tab {
        match kind {
            Kind::Leaks => &mut self.leaks,
            Kind::Tasks => &mut self.tasks,
            Kind::Sites => &mut self.sites,
            Kind::Holdings => &mut self.holdings,
            Kind::Pools => &mut self.pools,
            Kind::Events => &mut self.events,
            Kind::Process => &mut self.process,
        }
    }
}

/// What a tab lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Leaks,
    Tasks,
    Sites,
    Holdings,
    Pools,
    Events,
    Process,
}

impl Kind {
    /// The table that lists it, one by one.
    pub(super) fn listing(self) -> Listing {
        match self {
            Self::Leaks => Listing::Leaks,
            Self::Tasks => Listing::Tasks,
            Self::Sites => Listing::Sites,
            Self::Holdings => Listing::Holdings,
            Self::Pools => Listing::Pools,
            Self::Events => Listing::Events,
            Self::Process => Listing::Process,
        }
    }

    /// What the rows of such a table are of; a tree is of several.
    pub(super) fn of_listing(listing: Listing) -> Option<Self> {
        Some(match listing {
            Listing::Leaks | Listing::Groups => Self::Leaks,
            Listing::Tasks => Self::Tasks,
            Listing::Sites => Self::Sites,
            Listing::Holdings => Self::Holdings,
            Listing::Pools => Self::Pools,
            Listing::Events => Self::Events,
            Listing::Process => Self::Process,
            Listing::Tree => return None,
        })
    }

    /// Of a tab, as it is now.
    pub(super) fn of(
        screen: Screen,
        tasks: super::WhichTasks,
        holdings: super::HoldingsBy,
    ) -> Option<Self> {
        Some(match screen {
            Screen::Leaks => Self::Leaks,
            Screen::Tasks => match tasks {
                super::WhichTasks::BySite => Self::Sites,
                super::WhichTasks::All | super::WhichTasks::Cancelling => Self::Tasks,
            },
            Screen::Holdings => match holdings {
                super::HoldingsBy::One => Self::Holdings,
                super::HoldingsBy::Pool => Self::Pools,
            },
            Screen::Events => Self::Events,
            Screen::Process => Self::Process,
            Screen::Story(..) | Screen::Targets | Screen::Since | Screen::Blind | Screen::Help => {
                return None;
            }
        })
    }
}
