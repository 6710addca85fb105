//! Tasks in groups by where they were spawned: how many live, and how many have ended,
//! most of which are in no list any more.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use super::{
    Sort, SortBy, View,
    field::Field,
    filter::{Filter, Subject},
    lean::{LeanTask, Source},
    rows::Waits,
    subject::At,
};
use crate::{
    recorder::{by_site::Site, clock::Nanos},
    store::{EndedOfSite, Store, place},
};

/// A spawn site and its tasks.
#[derive(Clone, Debug)]
pub(crate) struct SiteRow {
    /// Empty where it is not known, and of all together for which there is no room.
    pub(crate) location: Arc<str>,
    pub(crate) is_other: bool,
    pub(crate) live: u64,
    pub(crate) ended: EndedOfSite,
}

impl SiteRow {
    fn spawned(&self) -> u64 {
        self.live + self.ended.all()
    }
}

/// What of a group is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    Live,
    Ended,
    Spawned,
    Completed,
    Cancelled,
    Panicked,
    Shutdown,
}

impl Counted {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "live" => Self::Live,
            "ended" => Self::Ended,
            "spawned" => Self::Spawned,
            "completed" => Self::Completed,
            "cancelled" => Self::Cancelled,
            "panicked" => Self::Panicked,
            "shutdown" => Self::Shutdown,
            _ => return None,
        })
    }

    fn of(self, row: &SiteRow) -> u64 {
        match self {
            Self::Live => row.live,
            Self::Ended => row.ended.all(),
            Self::Spawned => row.spawned(),
            Self::Completed => row.ended.completed,
            Self::Cancelled => row.ended.cancelled,
            Self::Panicked => row.ended.panicked,
            Self::Shutdown => row.ended.shutdown,
        }
    }
}

impl Subject for At<'_, SiteRow> {
    fn texts(&self, field: Field) -> Vec<std::borrow::Cow<'_, str>> {
        if field == Field::Loc { vec![self.0.location.as_ref().into()] } else { Vec::new() }
    }

    fn number(&self, _: Field) -> Option<u64> {
        None
    }
}

/// How many match, how many there are, and the window. One scan of what lives; where there
/// is a filter, of what is listed.
pub(super) fn sites(store: &Store, view: &View, now: Nanos) -> (usize, usize, Vec<SiteRow>) {
    // What ends unseen between the two looks is in neither, and in the next message.
    let ended = store.ended_by_site();
    let mut live: HashMap<Site, u64> = HashMap::new();
    store.recorder().each_live_site(|site| *live.entry(Site::of(site)).or_default() += 1);
    let mut rows: BTreeMap<Site, SiteRow> = BTreeMap::new();
    let sites: HashSet<Site> = ended.keys().chain(live.keys()).copied().collect();
    for site in sites {
        let live = live.get(&site).copied().unwrap_or_default();
        rows.insert(site, row(site, live, ended.get(&site).copied().unwrap_or_default()));
    }
    let all = rows.len();
    if !view.filter.is_empty() {
        let listed = matches_of_listed(store, &view.filter, now);
        rows.retain(|site, row| match listed.get(site) {
            Some(matches) => *matches,
            None => view.filter.matches(&At(&*row, now)),
        });
    }
    let mut rows: Vec<SiteRow> = rows.into_values().collect();
    sort(&mut rows, view.sort);
    (rows.len(), all, super::page(rows, view))
}

fn row(site: Site, live: u64, ended: EndedOfSite) -> SiteRow {
    let location = match site {
        Site::One(site) => place(site),
        Site::Other => Arc::default(),
    };
    SiteRow { location, is_other: site == Site::Other, live, ended }
}

/// Of each site that a listed task is of, whether one of them matches.
fn matches_of_listed(store: &Store, filter: &Filter, now: Nanos) -> HashMap<Site, bool> {
    let waits = Waits::of(store);
    let source = Source::new(store, &waits);
    let mut sites: HashMap<Site, bool> = HashMap::new();
    for facts in store.recorder().tasks().filter(|facts| !facts.is_over()) {
        let matches = sites.entry(Site::of(facts.site)).or_default();
        if !*matches {
            *matches = filter.matches(&At(&LeanTask::new(facts, &source), now));
        }
    }
    sites
}

/// By itself: those of which most live come first, then those of which most were spawned.
fn sort(rows: &mut [SiteRow], sort: Option<Sort>) {
    rows.sort_by_cached_key(|row| {
        (Reverse(row.live), Reverse(row.spawned()), Arc::clone(&row.location))
    });
    let Some(Sort { by, reversed }) = sort else { return };
    match by {
        SortBy::Tasks(counted) if reversed => rows.sort_by_key(|row| Reverse(counted.of(row))),
        SortBy::Tasks(counted) => rows.sort_by_key(|row| counted.of(row)),
        SortBy::Field(Field::Loc) if reversed => {
            rows.sort_by_cached_key(|row| Reverse(Arc::clone(&row.location)));
        }
        SortBy::Field(Field::Loc) => rows.sort_by_cached_key(|row| Arc::clone(&row.location)),
        // No group has it.
        SortBy::Field(_) | SortBy::Count | SortBy::Growth => {}
    }
}
