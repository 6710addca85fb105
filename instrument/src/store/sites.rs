//! How many tasks have ended of each spawn site, and how: since the recording began, and
//! whether or not they are listed any more.

use std::collections::BTreeMap;

use super::Store;
use crate::{
    recorder::{by_site::Site, table::SiteId},
    words::Outcome,
};

/// Ended tasks by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) completed: u64,
    pub(crate) cancelled: u64,
    pub(crate) panicked: u64,
    pub(crate) shutdown: u64,
}

impl Ended {
    pub(crate) fn all(self) -> u64 {
        self.completed + self.cancelled + self.panicked + self.shutdown
    }

    fn of(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Completed => &mut self.completed,
            Outcome::Cancelled => &mut self.cancelled,
            Outcome::Panicked => &mut self.panicked,
            Outcome::Shutdown => &mut self.shutdown,
        }
    }
}

/// Those that the console thread was told of, counted when it is told: so that all sites
/// together are always what is counted of all tasks.
#[derive(Debug, Default)]
pub(super) struct Sites {
    /// By the number of the site; as long as the greatest one that was met, which is bounded.
    sites: Vec<Ended>,
    other: Ended,
}

impl Sites {
    pub(super) fn count(&mut self, site: SiteId, outcome: Outcome) {
        let ended = match Site::of(site) {
            Site::One(SiteId(number)) => {
                let at = number as usize;
                if self.sites.len() <= at {
                    self.sites.resize(at + 1, Ended::default());
                }
                &mut self.sites[at]
            }
            Site::Other => &mut self.other,
        };
        *ended.of(outcome) += 1;
    }
}

impl Store {
    /// How many have ended of each site of which any has, in the order in which the sites
    /// were met.
    pub(crate) fn ended_by_site(&self) -> BTreeMap<Site, Ended> {
        let told = (0..).map(|number| Site::One(SiteId(number))).zip(self.sites.sites.iter());
        let told = told.chain([(Site::Other, &self.sites.other)]);
        let told = told.filter(|(_, ended)| ended.all() > 0);
        let mut all: BTreeMap<Site, Ended> = told.map(|(site, ended)| (site, *ended)).collect();
        self.recorder
            .each_ended_unseen(|site, count| all.entry(site).or_default().completed += count);
        all
    }
}
