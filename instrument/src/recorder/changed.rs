//! The hand-over to the console thread: a list of changed tasks, threaded through
//! the slots themselves, so that it is never full and nothing is ever lost.
//!
//! Any thread pushes; one thread takes all. A slot is on the list at most once: its
//! mark is set before it is pushed and cleared by the taker *before* it reads the
//! slot, so that a change which the taker did not see pushes the slot again.

use crate::atomics::{AtomicBool, AtomicU32, Ordering};

/// No slot.
const END: u32 = u32::MAX;

/// A slot's place in the list.
#[derive(Debug)]
pub(crate) struct Link {
    next: AtomicU32,
    queued: AtomicBool,
    /// It has been on the list since the slot was made: the console thread knows of it.
    told: AtomicBool,
}

impl Link {
    pub(crate) fn new() -> Self {
        Self {
            next: AtomicU32::new(END),
            queued: AtomicBool::new(false),
            told: AtomicBool::new(false),
        }
    }

    /// The slot is made anew.
    #[inline]
    pub(crate) fn begin(&self) {
        self.told.store(false, Ordering::Relaxed);
    }

    /// Whoever pushes a slot has it pinned: who gives back the last pin sees it.
    #[inline]
    pub(crate) fn is_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }
}

/// The list's head. Pushed to one at a time, taken whole: there is no ABA.
#[derive(Debug)]
pub(crate) struct Changed {
    head: AtomicU32,
}

impl Changed {
    pub(crate) fn new() -> Self {
        Self { head: AtomicU32::new(END) }
    }

    /// Puts slot `index`, whose link is `link`, on the list unless it is there.
    #[inline]
    pub(crate) fn push(&self, index: u32, link: &Link) {
        link.told.store(true, Ordering::Relaxed);
        if link.queued.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            link.next.store(head, Ordering::Relaxed);
            match self.head.compare_exchange_weak(head, index, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => return,
                Err(seen) => head = seen,
            }
        }
    }

    /// Takes the whole list and calls `each` for every slot, the newest first.
    pub(crate) fn take<'a>(
        &self,
        link: impl Fn(u32) -> Option<&'a Link>,
        mut each: impl FnMut(u32),
    ) -> usize {
        let mut at = self.head.swap(END, Ordering::AcqRel);
        let mut taken = 0;
        while at != END {
            let Some(here) = link(at) else { break };
            let next = here.next.load(Ordering::Relaxed);
            here.queued.swap(false, Ordering::AcqRel);
            each(at);
            taken += 1;
            at = next;
        }
        taken
    }
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use super::*;

    #[test]
    fn each_changed_slot_is_taken_once() {
        let links: Vec<Link> = (0..4).map(|_| Link::new()).collect();
        let changed = Changed::new();
        for index in [2, 0, 2, 3, 0] {
            changed.push(index, &links[index as usize]);
        }
        let mut seen = Vec::new();
        changed.take(|at| links.get(at as usize), |at| seen.push(at));
        assert_eq!(seen, [3, 0, 2]);
        changed.push(2, &links[2]);
        assert_eq!(changed.take(|at| links.get(at as usize), |_| ()), 1);
    }
}

#[cfg(all(test, holdover_loom))]
mod loom_tests {
    use loom::{sync::Arc, thread};

    use super::*;
    use crate::{atomics::AtomicU64, recorder::arena::Life};

    /// Who takes the last pin of a slot sees whether anybody has pushed it: each pusher has
    /// it pinned.
    #[test]
    fn the_last_pin_knows_whether_the_slot_was_told() {
        loom::model(|| {
            let shared = Arc::new((Changed::new(), Link::new(), Life::new(3)));
            let (changed, link, life) = &*shared;
            assert!(life.pin(3) && life.pin(3));
            let other = Arc::clone(&shared);
            let pushing = thread::spawn(move || {
                let (changed, link, life) = &*other;
                changed.push(0, link);
                life.unpin().then(|| link.is_told())
            });
            let here = life.unpin().then(|| link.is_told());
            let there = pushing.join().expect("no panic");
            assert_eq!(here.or(there), Some(true));
            assert_eq!(changed.take(|_| Some(link), |_| ()), 1);
        });
    }

    /// Whatever a pusher wrote before its push is read by some take: no change is
    /// missed, however push and take interleave.
    #[test]
    fn no_change_is_missed() {
        loom::model(|| {
            let shared = Arc::new((Changed::new(), [Link::new(), Link::new()], AtomicU64::new(0)));
            let writers: Vec<_> = (0..2u32)
                .map(|writer| {
                    let shared = Arc::clone(&shared);
                    thread::spawn(move || {
                        let (changed, links, value) = &*shared;
                        value.fetch_add(1 << (8 * writer), Ordering::Relaxed);
                        changed.push(0, &links[0]);
                    })
                })
                .collect();
            let (changed, links, value) = &*shared;
            let mut last_seen = 0;
            changed
                .take(|at| links.get(at as usize), |_| last_seen = value.load(Ordering::Relaxed));
            for writer in writers {
                writer.join().expect("a writer");
            }
            changed
                .take(|at| links.get(at as usize), |_| last_seen = value.load(Ordering::Relaxed));
            assert_eq!(last_seen, 0x101);
        });
    }
}
