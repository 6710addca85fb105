//! History: what happened, in order, bounded. It can have gaps, and counts them;
//! nothing that a verdict needs is only here.
//!
//! A thread writes into one of a few rings without waiting; the console thread reads
//! them while somebody looks. An entry carries its number: one that was overwritten
//! while it was read is counted as lost.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

use super::{
    clock::Nanos,
    key::Key,
    lanes::{LANES as RINGS, Lane},
};

const ENTRIES: usize = 4096;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum What {
    Spawned,
    Requested,
    Delivered,
    Ended,
    Acquired,
    Released,
    Fired,
}

impl What {
    const ALL: [Self; 7] = [
        Self::Spawned,
        Self::Requested,
        Self::Delivered,
        Self::Ended,
        Self::Acquired,
        Self::Released,
        Self::Fired,
    ];
}

/// One entry. `detail` is an outcome, a cause or a holding's kind; `label` and
/// `site` are numbers of the process's tables.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) at: Nanos,
    pub(crate) what: What,
    pub(crate) task: Option<Key>,
    pub(crate) task_id: u64,
    pub(crate) detail: u8,
    pub(crate) label: u32,
    pub(crate) site: u32,
    /// When what ends here began; 0 where nothing does.
    pub(crate) since: Nanos,
}

#[derive(Debug, Default)]
struct Cells {
    /// The entry's number plus one; 0 while it is being written.
    stamp: AtomicU64,
    at: AtomicU64,
    task: AtomicU64,
    task_id: AtomicU64,
    kind: AtomicU64,
    place: AtomicU64,
    since: AtomicU64,
}

#[derive(Debug, Default)]
struct Ring {
    next: AtomicU64,
    entries: OnceLock<Box<[Cells]>>,
}

/// All rings.
#[derive(Debug, Default)]
pub(crate) struct Events {
    rings: [Ring; RINGS],
}

/// Where a reader stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cursor {
    next: [u64; RINGS],
    /// Entries that were gone when they were asked for.
    pub(crate) lost: u64,
}

impl Events {
    #[inline]
    pub(crate) fn note(&self, entry: &Entry) {
        let lane = Lane::of_this_thread();
        let ring = &self.rings[lane.index()];
        let entries = ring.entries.get_or_init(|| (0..ENTRIES).map(|_| Cells::default()).collect());
        let number = lane.add(&ring.next, 1);
        let cells = &entries[index(number)];
        cells.stamp.store(0, Ordering::Relaxed);
        std::sync::atomic::fence(Ordering::Release);
        cells.at.store(entry.at, Ordering::Relaxed);
        cells.task.store(entry.task.map_or(0, Key::bits), Ordering::Relaxed);
        cells.task_id.store(entry.task_id, Ordering::Relaxed);
        let kind = (entry.what as u64) << 8 | u64::from(entry.detail);
        cells.kind.store(kind, Ordering::Relaxed);
        let place = u64::from(entry.label) << 32 | u64::from(entry.site);
        cells.place.store(place, Ordering::Relaxed);
        cells.since.store(entry.since, Ordering::Relaxed);
        cells.stamp.store(number + 1, Ordering::Release);
    }

    /// Everything since the cursor's place, oldest first within a ring.
    pub(crate) fn read(&self, cursor: &mut Cursor) -> Vec<Entry> {
        let mut read = Vec::new();
        for (ring, from) in self.rings.iter().zip(&mut cursor.next) {
            let Some(entries) = ring.entries.get() else { continue };
            let to = ring.next.load(Ordering::Acquire);
            let oldest = to.saturating_sub(ENTRIES as u64);
            cursor.lost += oldest.saturating_sub(*from);
            for number in oldest.max(*from)..to {
                match entries[index(number)].read(number) {
                    Read::Entry(entry) => read.push(entry),
                    Read::Overwritten => cursor.lost += 1,
                    // Its writer is between the number and the stamp: next time.
                    Read::NotYet => break,
                }
                *from = number + 1;
            }
        }
        read.sort_by_key(|entry| entry.at);
        read
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number % ENTRIES as u64).unwrap_or(0)
}

enum Read {
    Entry(Entry),
    Overwritten,
    NotYet,
}

impl Cells {
    fn read(&self, number: u64) -> Read {
        match self.stamp.load(Ordering::Acquire) {
            stamp if stamp == number + 1 => {}
            stamp if stamp > number + 1 => return Read::Overwritten,
            _ => return Read::NotYet,
        }
        let load = |cell: &AtomicU64| cell.load(Ordering::Relaxed);
        let (kind, place) = (load(&self.kind), load(&self.place));
        let entry = Entry {
            at: load(&self.at),
            what: What::ALL
                .get((kind >> 8) as usize % What::ALL.len())
                .copied()
                .unwrap_or(What::Ended),
            task: Key::from_bits(load(&self.task)),
            task_id: load(&self.task_id),
            detail: kind.to_le_bytes()[0],
            label: u32::try_from(place >> 32).unwrap_or(0),
            site: u32::try_from(place & u64::from(u32::MAX)).unwrap_or(0),
            since: load(&self.since),
        };
        std::sync::atomic::fence(Ordering::Acquire);
        if load(&self.stamp) == number + 1 { Read::Entry(entry) } else { Read::Overwritten }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(at: Nanos) -> Entry {
        let what = What::Released;
        Entry { at, what, task: None, task_id: 7, detail: 3, label: 4, site: 5, since: 6 }
    }

    #[test]
    fn what_was_noted_is_read_once_and_in_order() {
        let (events, mut cursor) = (Events::default(), Cursor::default());
        (1..=3).for_each(|at| events.note(&entry(at)));
        let read = events.read(&mut cursor);
        assert_eq!(read.iter().map(|entry| entry.at).collect::<Vec<_>>(), [1, 2, 3]);
        let first = read.first().expect("three entries");
        assert_eq!((first.task_id, first.detail, first.label), (7, 3, 4));
        assert_eq!((first.site, first.since, first.what), (5, 6, What::Released));
        assert!(events.read(&mut cursor).is_empty());
    }

    #[test]
    fn what_was_overwritten_is_counted() {
        let (events, mut cursor) = (Events::default(), Cursor::default());
        (0..ENTRIES as u64 + 10).for_each(|at| events.note(&entry(at)));
        assert_eq!(events.read(&mut cursor).len(), ENTRIES);
        assert_eq!(cursor.lost, 10);
    }
}
