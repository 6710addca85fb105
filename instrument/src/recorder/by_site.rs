//! How many tasks have ended unseen of each spawn site. A slot that nobody looks at is used
//! for the next task at once, so that what is to be known of its end is counted there and
//! then, by the thread that ends it: in words of its lane, by a load and a store, where
//! the count of all sites together would stand. That one is a sum of these.

use std::{
    array,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use super::{
    lanes::{LANES, Lane, is_lost},
    table::SiteId,
};

/// Words that a lane gets at once, when the first of them is needed.
const CHUNK: usize = 256;
const CHUNKS: usize = 64;
/// So many places are told apart. A program has a few hundred; what generates code may have
/// more, and would make this grow in each lane.
const SITES: usize = CHUNK * CHUNKS;

/// What tasks are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Site {
    One(SiteId),
    /// All for which there is no room, together.
    Other,
}

impl Site {
    pub(crate) fn of(site: SiteId) -> Self {
        if (site.0 as usize) < SITES { Self::One(site) } else { Self::Other }
    }
}

/// See the module's header.
#[derive(Debug)]
pub(super) struct BySite(Box<[OfLane; LANES]>);

#[derive(Debug)]
struct OfLane {
    chunks: [OnceLock<Box<Chunk>>; CHUNKS],
    other: AtomicU64,
}

/// No two lanes share a cache line.
#[derive(Debug)]
#[repr(align(128))]
struct Chunk([AtomicU64; CHUNK]);

impl Default for BySite {
    fn default() -> Self {
        let lane =
            |_| OfLane { chunks: [const { OnceLock::new() }; CHUNKS], other: AtomicU64::new(0) };
        Self(Box::new(array::from_fn(lane)))
    }
}

impl BySite {
    /// One more, of this site.
    #[inline]
    pub(super) fn count(&self, site: SiteId) {
        let lane = Lane::of_this_thread();
        let (chunk, at) = (site.0 as usize / CHUNK, site.0 as usize % CHUNK);
        let mine = &self.0[lane.index()];
        match mine.chunks.get(chunk).and_then(OnceLock::get) {
            Some(chunk) => {
                lane.add(&chunk.0[at], 1);
            }
            None => mine.count_first(lane, chunk, at),
        }
    }

    pub(super) fn sum(&self) -> u64 {
        let mut sum = 0;
        self.each(|_, count| sum += count);
        sum
    }

    /// Calls `each` with what the lanes have of each site.
    pub(super) fn each(&self, mut each: impl FnMut(Site, u64)) {
        let lanes = self.0.iter().enumerate().filter(|(lane, _)| !is_lost(*lane));
        for (_, lane) in lanes {
            let chunks = (0_u32..).step_by(CHUNK).zip(&lane.chunks);
            for (first, chunk) in chunks.filter_map(|(first, it)| Some((first, it.get()?))) {
                for (site, count) in (first..).zip(&chunk.0) {
                    match count.load(Relaxed) {
                        0 => {}
                        count => each(Site::One(SiteId(site)), count),
                    }
                }
            }
            match lane.other.load(Relaxed) {
                0 => {}
                other => each(Site::Other, other),
            }
        }
    }
}

impl OfLane {
    #[cold]
    fn count_first(&self, lane: Lane, chunk: usize, at: usize) {
        let empty = || Box::new(Chunk(array::from_fn(|_| AtomicU64::new(0))));
        let word = match self.chunks.get(chunk) {
            Some(chunk) => &chunk.get_or_init(empty).0[at],
            None => &self.other,
        };
        lane.add(word, 1);
    }
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use std::{collections::BTreeMap, thread};

    use super::*;

    fn counts(of: &BySite) -> BTreeMap<Site, u64> {
        let mut counts = BTreeMap::new();
        of.each(|site, count| *counts.entry(site).or_default() += count);
        counts
    }

    /// More threads than there are lanes for, each in its own order.
    #[test]
    fn each_site_is_counted_exactly_by_all_threads_together() {
        const THREADS: usize = 2 * LANES;
        const SOME: u32 = 600;
        let of = BySite::default();
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let of = &of;
                scope.spawn(move || {
                    for at in 0..10 * SOME {
                        of.count(SiteId((at + u32::try_from(thread).unwrap_or(0) * 7) % SOME));
                    }
                });
            }
        });
        let expected = (0..SOME).map(|site| (Site::One(SiteId(site)), 10 * THREADS as u64));
        assert_eq!(counts(&of), expected.collect());
        assert_eq!(of.sum(), 10 * u64::from(SOME) * THREADS as u64);
    }

    #[test]
    fn those_for_which_there_is_no_room_are_counted_together() {
        let of = BySite::default();
        let last = u32::try_from(SITES).expect("a number") - 1;
        for site in [last, last + 1, last + 2, u32::MAX, 0, last] {
            of.count(SiteId(site));
        }
        let one = |site| Site::One(SiteId(site));
        assert_eq!(counts(&of), BTreeMap::from([(one(0), 1), (one(last), 2), (Site::Other, 3)]));
        assert_eq!(of.sum(), 6);
        for (site, expected) in [(last, one(last)), (last + 1, Site::Other)] {
            assert_eq!(Site::of(SiteId(site)), expected);
        }
    }
}
