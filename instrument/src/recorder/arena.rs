//! Slots that never move: made by the thread that needs one, found by index.
//!
//! A slot consists of atomics only, so reading one that is being reused is never
//! undefined, only stale, and staleness is detected: the generation is read before
//! and after. The arena does not know what a slot means.
//!
//! Beside the slots stands one *scan word* a slot, in an array of its own: whoever
//! wants "all holdings of this owner" reads 8 bytes a slot, not a whole one.

use std::{
    cell::Cell,
    fmt, iter, ptr,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    thread::LocalKey,
};

use super::key::{GENERATIONS, Key, Which};
use crate::{
    atomics::{AtomicU64, Ordering, fence},
    fault::{Fault, planted},
};

const CHUNK: usize = CHUNK_U32 as usize;
const CHUNK_U32: u32 = 1024;
const CHUNKS: usize = 16 * 1024;
/// Slots that a thread takes from the shared list at once, and gives back at once:
/// one lock for so many tasks.
const BATCH: usize = 32;

/// The scan word of a slot that is not in use.
pub(crate) const FREE: u64 = u64::MAX;

/// A slot's generation and how many things keep it from being reused, in one word,
/// so that neither can be changed without the other being right.
#[derive(Debug)]
pub(crate) struct Life(AtomicU64);

const PIN_BITS: u32 = 39;
const PIN_MASK: u64 = (1 << PIN_BITS) - 1;
/// What a task that has not ended is pinned by, beside what pins it: as it keeps what it
/// makes itself without a pin each, others may give back more than are counted.
const ALIVE: u64 = 1 << (PIN_BITS - 1);

impl Life {
    pub(crate) fn new(generation: u32) -> Self {
        Self(AtomicU64::new(u64::from(generation) << PIN_BITS))
    }

    #[inline]
    pub(crate) fn generation(&self) -> u32 {
        generation_of(self.0.load(Ordering::Acquire))
    }

    /// Keeps the slot, if it is still that generation.
    #[inline]
    pub(crate) fn pin(&self, generation: u32) -> bool {
        let mut now = self.0.load(Ordering::Relaxed);
        while generation_of(now) == generation {
            match self.0.compare_exchange_weak(now, now + 1, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(seen) => now = seen,
            }
        }
        false
    }

    /// The first pins of a slot that nobody knows yet but who makes it. None of its pins is
    /// the last until [`Self::settle`].
    #[inline]
    pub(crate) fn begin(&self, pins: u64) {
        let free = self.0.load(Ordering::Relaxed);
        debug_assert!(free & PIN_MASK == 0, "a slot in use was given out");
        self.0.store(free + ALIVE + pins, Ordering::Release);
    }

    /// So many pins were taken without being counted; less than none were given back.
    #[cold]
    pub(crate) fn count(&self, pins: i64) {
        self.0.fetch_add(pins.cast_unsigned(), Ordering::AcqRel);
    }

    /// Gives back these pins; from now on each pin counts, and so many others were taken
    /// without being counted. True when there is none.
    #[inline]
    pub(crate) fn settle(&self, given_back: u64, uncounted: i64) -> bool {
        let by = uncounted.cast_unsigned().wrapping_sub(ALIVE + given_back);
        let before = self.0.fetch_add(by, Ordering::AcqRel);
        let after = before.wrapping_add(by);
        debug_assert_eq!(generation_of(before), generation_of(after), "pins went amiss");
        after & PIN_MASK == 0
    }

    /// Gives a pin back; true when it was the last. Only for who holds one: that is
    /// what keeps the generation from changing under it.
    #[inline]
    pub(crate) fn unpin(&self) -> bool {
        self.unpin_all(1)
    }

    /// As [`Self::unpin`], of several at once.
    #[inline]
    pub(crate) fn unpin_all(&self, pins: u64) -> bool {
        let before = self.0.fetch_sub(pins, Ordering::AcqRel);
        debug_assert!(before & PIN_MASK >= pins, "a pin was given back twice");
        before & PIN_MASK == pins
    }

    #[inline]
    pub(crate) fn pins(&self) -> u64 {
        self.0.load(Ordering::Acquire) & PIN_MASK
    }

    /// Ends this generation if nothing pins it. From then on no pin succeeds.
    pub(crate) fn end(&self, generation: u32) -> bool {
        let pins = if planted(Fault::FreedWithPin) { self.pins() } else { 0 };
        let free = u64::from(generation) << PIN_BITS | pins;
        let next = u64::from(generation + 1) << PIN_BITS;
        self.0.compare_exchange(free, next, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

fn generation_of(word: u64) -> u32 {
    (word >> PIN_BITS) as u32
}

/// What the arena asks of a slot.
pub(crate) trait Slot: Send + Sync + Sized + 'static {
    const WHICH: Which;
    fn new(generation: u32) -> Self;
    fn life(&self) -> &Life;
    /// The calling thread's own free slots.
    fn cache() -> &'static LocalKey<Cache<Self>>;
}

/// Arrays, not slices: an index within one needs no check.
struct Chunk<T> {
    words: Box<[AtomicU64; CHUNK]>,
    slots: Box<[T; CHUNK]>,
}

/// See the module's header.
pub(crate) struct Arena<T> {
    chunks: Box<[OnceLock<Chunk<T>>; CHUNKS]>,
    shared: Mutex<Shared>,
    first_generation: u32,
}

struct Shared {
    free: Vec<u32>,
    /// Slots that exist.
    made: usize,
}

impl<T> fmt::Debug for Arena<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena").finish_non_exhaustive()
    }
}

impl<T: Slot> Arena<T> {
    /// Generations start at `first_generation`: at random, so that an id of one
    /// recorder is not live in another.
    pub(crate) fn new(first_generation: u32) -> Self {
        Self {
            chunks: boxed(OnceLock::new),
            shared: Mutex::new(Shared { free: Vec::new(), made: 0 }),
            first_generation: first_generation % (GENERATIONS / 2),
        }
    }

    /// How many slots exist: each has an index below that.
    #[cfg(feature = "tokio-console")]
    pub(crate) fn slots(&self) -> u32 {
        let chunks = self.chunks.iter().map_while(OnceLock::get).count();
        u32::try_from(chunks * CHUNK).unwrap_or(u32::MAX)
    }

    #[inline]
    pub(crate) fn slot(&self, index: u32) -> Option<&T> {
        let index = index as usize;
        Some(&self.chunks.get(index / CHUNK)?.get()?.slots[index % CHUNK])
    }

    /// The slot, if the key's generation is the one that lives in it.
    #[inline]
    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        debug_assert_eq!(key.which(), T::WHICH);
        let slot = self.slot(key.slot())?;
        (slot.life().generation() == key.generation()).then_some(slot)
    }

    #[inline]
    pub(crate) fn word(&self, index: u32) -> Option<&AtomicU64> {
        let index = index as usize;
        Some(&self.chunks.get(index / CHUNK)?.get()?.words[index % CHUNK])
    }

    /// A slot for a new entity; `None` when the table is full. Nobody else sees it
    /// until [`Arena::publish`].
    #[inline]
    pub(crate) fn alloc(&'static self) -> Option<(Key, &'static T)> {
        let cached = T::cache().try_with(|cache| cache.pop(self)).ok().flatten();
        let index = cached.or_else(|| self.refill())?;
        let slot = self.slot(index)?;
        // What is written into the slot from here on is seen by a reader only
        // together with the generation that `free` set.
        fence(Ordering::Release);
        Some((Key::new(T::WHICH, index, slot.life().generation()), slot))
    }

    /// Makes the slot part of the scans, under `word`.
    #[inline]
    pub(crate) fn publish(&self, key: Key, word: u64) {
        if let Some(cell) = self.word(key.slot()) {
            cell.store(word, Ordering::Release);
        }
    }

    /// Gives the slot back; false when something pins it or the key is stale.
    #[inline]
    pub(crate) fn free(&'static self, key: Key) -> bool {
        let Some(slot) = self.slot(key.slot()) else { return false };
        if !slot.life().end(key.generation()) {
            return false;
        }
        if let Some(cell) = self.word(key.slot()) {
            cell.store(FREE, Ordering::Release);
        }
        if key.generation() + 1 < GENERATIONS - 1 {
            self.give_back(key.slot());
        }
        true
    }

    /// Every slot in use with its scan word, in the order of the table.
    pub(crate) fn scan(&self) -> impl Iterator<Item = (u32, u64, &T)> {
        let chunks = self.chunks.iter().map_while(OnceLock::get);
        chunks.enumerate().flat_map(|(at, chunk)| {
            let first = u32::try_from(at * CHUNK).unwrap_or(u32::MAX);
            (first..).zip(chunk.words.iter().zip(&*chunk.slots)).filter_map(
                |(index, (word, slot))| {
                    let word = word.load(Ordering::Acquire);
                    (word != FREE).then_some((index, word, slot))
                },
            )
        })
    }

    #[cold]
    fn refill(&'static self) -> Option<u32> {
        let mut shared = self.lock();
        if shared.free.is_empty() {
            self.grow(&mut shared)?;
        }
        let mine = shared.free.pop();
        let from = shared.free.len().saturating_sub(BATCH - 1);
        // A thread that is ending, or that serves another recorder, keeps none.
        let _ = T::cache().try_with(|cache| {
            if cache.serve(self) {
                for index in shared.free.drain(from..) {
                    let kept = cache.push(self, index);
                    debug_assert!(kept, "an empty cache takes a batch");
                }
            }
        });
        mine
    }

    fn grow(&self, shared: &mut Shared) -> Option<()> {
        let cell = self.chunks.get(shared.made / CHUNK)?;
        let words = boxed(|| AtomicU64::new(FREE));
        let slots = boxed(|| T::new(self.first_generation));
        cell.set(Chunk { words, slots }).ok()?;
        let first = u32::try_from(shared.made).ok()?;
        shared.made += CHUNK;
        // In reverse: the lowest index is taken first, so that the table stays dense.
        shared.free.extend((0..CHUNK_U32).rev().map(|at| first + at));
        Some(())
    }

    #[inline]
    fn give_back(&'static self, index: u32) {
        let kept = T::cache().try_with(|cache| {
            cache.serve(self) && {
                if cache.is_full() {
                    let mut shared = self.lock();
                    shared.free.extend((0..BATCH).map_while(|_| cache.pop(self)));
                }
                cache.push(self, index)
            }
        });
        if kept != Ok(true) {
            self.lock().free.push(index);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Made where it stays: it is too large for a stack.
fn boxed<T, const N: usize>(each: impl FnMut() -> T) -> Box<[T; N]> {
    let all: Box<[T]> = iter::repeat_with(each).take(N).collect();
    all.try_into().unwrap_or_else(|_| unreachable!("{N} were made"))
}

/// The free slots that a thread keeps for itself: taking one needs no lock. They go
/// back when the thread ends.
pub(crate) struct Cache<T: Slot> {
    arena: Cell<Option<&'static Arena<T>>>,
    len: Cell<usize>,
    slots: [Cell<u32>; 2 * BATCH],
}

impl<T: Slot> Cache<T> {
    pub(crate) const fn new() -> Self {
        Self {
            arena: Cell::new(None),
            len: Cell::new(0),
            slots: [const { Cell::new(0) }; 2 * BATCH],
        }
    }

    /// True when the cache is this arena's: it takes the first that asks.
    fn serve(&self, arena: &'static Arena<T>) -> bool {
        if self.arena.get().is_none() {
            self.arena.set(Some(arena));
        }
        self.is_of(arena)
    }

    #[inline]
    fn is_of(&self, arena: &'static Arena<T>) -> bool {
        self.arena.get().is_some_and(|mine| ptr::eq(mine, arena))
    }

    fn is_full(&self) -> bool {
        self.len.get() == self.slots.len()
    }

    #[inline]
    fn pop(&self, arena: &'static Arena<T>) -> Option<u32> {
        if !self.is_of(arena) {
            return None;
        }
        let last = self.len.get().checked_sub(1)?;
        self.len.set(last);
        self.slots.get(last).map(Cell::get)
    }

    #[inline]
    fn push(&self, arena: &'static Arena<T>, index: u32) -> bool {
        let at = self.len.get();
        match self.slots.get(at) {
            Some(cell) if self.is_of(arena) => {
                cell.set(index);
                self.len.set(at + 1);
                true
            }
            _ => false,
        }
    }
}

impl<T: Slot> Drop for Cache<T> {
    fn drop(&mut self) {
        if let Some(arena) = self.arena.get() {
            let mut shared = arena.lock();
            shared.free.extend(iter::from_fn(|| self.pop(arena)));
        }
    }
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use std::{collections::HashSet, thread};

    use super::*;
    use crate::recorder::holding::HoldingSlot;

    fn arena() -> &'static Arena<HoldingSlot> {
        Box::leak(Box::new(Arena::new(7)))
    }

    #[test]
    fn a_key_that_was_freed_finds_nothing_and_the_slot_is_used_again() {
        let arena = arena();
        let (first, _) = arena.alloc().expect("a slot");
        arena.publish(first, 1);
        assert!(arena.get(first).is_some());
        assert!(arena.free(first));
        assert!(arena.get(first).is_none());
        assert!(!arena.free(first), "it is freed once");
        let (second, _) = arena.alloc().expect("a slot");
        assert_eq!(second.slot(), first.slot());
        assert_ne!(second, first);
    }

    /// Its next key would be one that it has had.
    #[test]
    fn a_slot_is_retired_before_its_generations_repeat() {
        let mut arena = Arena::<HoldingSlot>::new(0);
        arena.first_generation = GENERATIONS - 4;
        let arena: &'static Arena<HoldingSlot> = Box::leak(Box::new(arena));
        let (first, _) = arena.alloc().expect("a slot");
        let mut keys = HashSet::from([first]);
        assert!(arena.free(first));
        loop {
            let (key, _) = arena.alloc().expect("a slot");
            assert!(keys.insert(key) && keys.len() < 10, "{keys:?}");
            assert!(arena.free(key));
            if key.slot() != first.slot() {
                break;
            }
        }
        assert!(arena.get(first).is_none());
        assert!(!arena.lock().free.contains(&first.slot()));
    }

    #[test]
    fn a_pinned_slot_is_not_freed() {
        let (arena, life) = (arena(), Life::new(3));
        assert!(life.pin(3) && !life.pin(2));
        assert!(!life.end(3));
        assert!(life.unpin(), "it was the last");
        assert!(life.end(3) && !life.pin(3));
        assert_eq!(life.generation(), 4);
        let (key, slot) = arena.alloc().expect("a slot");
        assert!(slot.life().pin(key.generation()));
        assert!(!arena.free(key));
    }

    #[test]
    fn slots_of_threads_that_end_come_back() {
        let arena = arena();
        for _ in 0..200 {
            let worker = thread::spawn(move || {
                let taken: Vec<Key> = (0..50).map(|_| arena.alloc().expect("a slot").0).collect();
                taken.into_iter().all(|key| arena.free(key))
            });
            assert!(worker.join().expect("no panic"));
        }
        let made = arena.lock().made;
        assert!(made <= 2 * CHUNK, "{made} slots for 50 at a time");
    }

    #[test]
    fn no_slot_is_given_out_twice() {
        let arena = arena();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                thread::spawn(move || {
                    (0..5_000).map(|_| arena.alloc().expect("a slot").0).collect::<Vec<_>>()
                })
            })
            .collect();
        let keys = threads.into_iter().flat_map(|thread| thread.join().expect("no panic"));
        let mut seen = HashSet::new();
        assert!(keys.into_iter().all(|key| seen.insert(key.slot())));
        assert_eq!(seen.len(), 20_000);
    }

    #[test]
    fn a_scan_sees_what_is_published_and_nothing_else() {
        let arena = arena();
        let keys: Vec<Key> = (0..2_000).map(|_| arena.alloc().expect("a slot").0).collect();
        for (word, key) in (10..).zip(&keys) {
            arena.publish(*key, word);
        }
        for key in keys.iter().step_by(2) {
            assert!(arena.free(*key));
        }
        let words: HashSet<u64> = arena.scan().map(|(_, word, _)| word).collect();
        assert_eq!(words, (10..2_010).filter(|word| word % 2 == 1).collect());
    }
}

#[cfg(all(test, holdover_loom))]
mod loom_tests {
    use loom::{sync::Arc, thread};

    use super::*;

    /// A slot is ended or pinned, never both, however the two interleave.
    #[test]
    fn a_slot_that_was_ended_has_no_pin() {
        loom::model(|| {
            let life = Arc::new(Life::new(3));
            let other = Arc::clone(&life);
            let pinning = thread::spawn(move || other.pin(3));
            let ended = life.end(3);
            let pinned = pinning.join().expect("no panic");
            assert!(ended != pinned, "ended {ended}, pinned {pinned}");
            assert_eq!(life.pins(), u64::from(pinned));
        });
    }

    /// A task that runs keeps what it makes without a pin each; others give it back.
    #[test]
    fn pins_that_were_not_counted_are_settled_once() {
        loom::model(|| {
            let life = Arc::new(Life::new(3));
            life.begin(1);
            let child = || {
                let life = Arc::clone(&life);
                thread::spawn(move || life.unpin())
            };
            let children = [child(), child()];
            let last = life.settle(1, 2);
            let gone = children.map(|child| child.join().expect("no panic"));
            let lasts = gone.into_iter().filter(|last| *last).count() + usize::from(last);
            assert_eq!(lasts, 1, "the last one is told once");
            assert!(life.end(3));
        });
    }

    /// Pins are counted exactly, and only the last one's going lets the slot end.
    #[test]
    fn the_last_pin_is_told_once() {
        loom::model(|| {
            let life = Arc::new(Life::new(3));
            assert!(life.pin(3) && life.pin(3));
            let other = Arc::clone(&life);
            let going = thread::spawn(move || other.unpin());
            let last = life.unpin();
            let other_was_last = going.join().expect("no panic");
            assert!(last != other_was_last);
            assert!(life.end(3));
        });
    }
}
