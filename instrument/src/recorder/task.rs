//! A task's slot: who writes which field when.
//!
//! | field | writer |
//! |---|---|
//! | identity (`id` … `size`) | the spawning thread, before the slot is published |
//! | `runtime` | the thread that polls it first |
//! | `tokio_id` | the spawning thread, once tokio has told it |
//! | `polls`, `busy`, `first_poll`, `running_since`, `last_poll` | the thread that polls: tokio polls a task on one thread at a time |
//! | `woken_at` | any thread; a poll marks it as answered |
//! | `requested_at`, `request`, `delivered_at` | any thread; the first wins, also where it is found later |
//! | `told_at` | the thread that polls |
//! | `cell` | the spawning thread, once tokio has told it |
//! | `wakers`, with the wakes | any thread: see `recorder/wakers.rs` |
//! | `drop_began`, `ended_at`, `outcome` | the thread that drops the future |
//! | `holdings`, `children`, the pins | any thread: what the task itself adds while it runs is `holdings_here`, `children_here` |

mod facts;
mod polls;

use std::thread::LocalKey;

pub(crate) use self::facts::TaskFacts;
use super::{
    arena::{Cache, Life, Slot},
    changed::Link,
    clock::Nanos,
    here::{Here, Own},
    key::Which,
    span_refs::SpanRefs,
    table::{SiteId, TextId},
    wakers::Wakers,
};
use crate::{
    atomics::{
        AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicU64,
        Ordering::{Acquire, Relaxed, Release, SeqCst},
    },
    fault::{Fault, planted},
    words::{Outcome, TaskKind, at},
};

/// The console thread has seen the end, and is done with it.
const DONE_WITH: u32 = Flag::Counted as u32 | Flag::Retired as u32;
/// With the time of a wake: a poll has begun since.
const ANSWERED: u64 = 1 << 63;

/// Facts about a task that are either so or not.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub(crate) enum Flag {
    /// A shim or wrapper sees it: what it says is exact.
    Shim = 1,
    /// tokio's own span exists for it.
    Span = 1 << 1,
    /// Callbacks wait for its end.
    Callbacks = 1 << 2,
    /// Its callbacks have been run: a later one runs at once.
    CallbacksRun = 1 << 3,
    /// It was spawned from a library's source.
    Library = 1 << 4,
    /// `Builder::detached`, or descends from one such.
    Detached = 1 << 5,
    /// It waits on a cancelled token without being bound to it.
    Waiting = 1 << 6,
    /// Somebody outside its spawner holds its handle.
    Kept = 1 << 7,
    /// Its spawn failed: there was no such task.
    NeverWas = 1 << 8,
    /// A poll of it panicked.
    Panicked = 1 << 9,
    /// The console thread has counted its end.
    Counted = 1 << 10,
    /// Its retention is over; it is freed when nothing pins it.
    Retired = 1 << 11,
    /// Its leaks are beyond the cap: counted, not listed.
    Folded = 1 << 12,
    /// It stands in its lineage for a branch that was spawned before the cancelled task
    /// above it was asked.
    FromBefore = 1 << 13,
    /// It ended by cancellation, and wakers of it are left: its memory stays allocated.
    Cell = 1 << 14,
    /// Somebody looks at it: it is to be seen for a while after its end.
    Shown = 1 << 15,
    /// It lived while recording was off: what happened to it then is not known, so that no
    /// verdict on it is certain.
    Missed = 1 << 16,
}

#[derive(Debug)]
pub(crate) struct TaskSlot {
    life: Life,
    link: Link,
    flags: AtomicU32,
    kind: AtomicU8,
    outcome: AtomicU8,
    /// In plain form: the last run was one with the run before.
    same_run: AtomicBool,
    /// The console thread is not told of its end: it counts as having seen it, and being
    /// done with it.
    unseen: AtomicBool,

    id: AtomicU64,
    tokio_id: AtomicU64,
    site: AtomicU32,
    name: AtomicU32,
    type_name: AtomicU32,
    size: AtomicU32,
    /// What tokio's task has room for: its future, or the box of it, since it puts none of
    /// more than 16 KiB there. 0: not known.
    cell: AtomicU16,
    spawned_at: AtomicU64,
    /// The runtime that polls it, counted from 1; 0 until it is known, and for those of
    /// which so many were made before that nobody tells them apart.
    runtime: AtomicU16,
    /// Index into the side table of what few tasks have; 0 is none.
    extra: AtomicU32,
    /// Index into the table of requests; 0 is none.
    request: AtomicU32,

    polls: AtomicU64,
    busy: AtomicU64,
    scheduled: AtomicU64,
    first_poll: AtomicU64,
    running_since: AtomicU64,
    last_poll: AtomicU64,
    last_run: AtomicU64,

    /// In plain form, of the last run: what its thread had done when it was over, and how
    /// often its worker had parked.
    run_activity: AtomicU64,
    run_parks: AtomicU32,

    woken_at: AtomicU64,
    wakers: Wakers,

    requested_at: AtomicU64,
    /// The lower half.
    polls_at_request: AtomicU32,
    delivered_at: AtomicU64,
    /// When a token last told it that it is cancelled, whether or not that one asks it:
    /// who waits is asked by the console thread, which may come later.
    told_at: AtomicU64,
    drop_began: AtomicU64,
    ended_at: AtomicU64,

    holdings: AtomicU32,
    children: AtomicU32,
    holdings_here: Here,
    children_here: Here,
    handles: AtomicU32,
    span_refs: SpanRefs,
}

thread_local! {
    static CACHE: Cache<TaskSlot> = const { Cache::new() };
}

impl Slot for TaskSlot {
    const WHICH: Which = Which::Tasks;

    fn new(generation: u32) -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            life: Life::new(generation),
            link: Link::new(),
            flags: AtomicU32::new(0),
            kind: AtomicU8::new(0),
            outcome: AtomicU8::new(0),
            same_run: AtomicBool::new(false),
            unseen: AtomicBool::new(false),
            id: zero(),
            tokio_id: zero(),
            site: AtomicU32::new(0),
            name: AtomicU32::new(0),
            type_name: AtomicU32::new(0),
            size: AtomicU32::new(0),
            cell: AtomicU16::new(0),
            spawned_at: zero(),
            runtime: AtomicU16::new(0),
            extra: AtomicU32::new(0),
            request: AtomicU32::new(0),
            polls: zero(),
            busy: zero(),
            scheduled: zero(),
            first_poll: zero(),
            running_since: zero(),
            last_poll: zero(),
            last_run: zero(),
            run_activity: zero(),
            run_parks: AtomicU32::new(0),
            woken_at: zero(),
            wakers: Wakers::default(),
            requested_at: zero(),
            polls_at_request: AtomicU32::new(0),
            delivered_at: zero(),
            told_at: zero(),
            drop_began: zero(),
            ended_at: zero(),
            holdings: AtomicU32::new(0),
            children: AtomicU32::new(0),
            holdings_here: Here::default(),
            children_here: Here::default(),
            handles: AtomicU32::new(0),
            span_refs: SpanRefs::new(),
        }
    }

    #[inline]
    fn life(&self) -> &Life {
        &self.life
    }

    fn cache() -> &'static LocalKey<Cache<Self>> {
        &CACHE
    }
}

/// What is known of a task when it is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Birth {
    pub(crate) kind: TaskKind,
    pub(crate) site: SiteId,
    pub(crate) name: TextId,
    pub(crate) type_name: TextId,
    pub(crate) size: usize,
    pub(crate) flags: u32,
    /// tokio's id; 0 when it has none or is not known yet.
    pub(crate) tokio_id: u64,
    pub(crate) extra: u32,
}

impl Birth {
    pub(crate) fn new(kind: TaskKind, site: SiteId) -> Self {
        Self {
            kind,
            site,
            name: TextId::EMPTY,
            type_name: TextId::EMPTY,
            size: 0,
            flags: 0,
            tokio_id: 0,
            extra: 0,
        }
    }
}

impl TaskSlot {
    #[inline]
    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// Everything anew, by the thread that makes the task, before it is published.
    #[inline]
    pub(super) fn begin(&self, birth: &Birth, id: u64, now: Nanos) {
        self.link.begin();
        self.id.store(id, Relaxed);
        self.tokio_id.store(birth.tokio_id, Relaxed);
        self.kind.store(birth.kind as u8, Relaxed);
        self.outcome.store(0, Relaxed);
        self.same_run.store(false, Relaxed);
        self.unseen.store(false, Relaxed);
        self.flags.store(birth.flags, Relaxed);
        self.site.store(birth.site.0, Relaxed);
        self.name.store(birth.name.0, Relaxed);
        self.type_name.store(birth.type_name.0, Relaxed);
        self.size.store(u32::try_from(birth.size).unwrap_or(u32::MAX), Relaxed);
        self.cell.store(0, Relaxed);
        self.wakers.begin();
        self.extra.store(birth.extra, Relaxed);
        self.runtime.store(0, Relaxed);
        self.request.store(0, Relaxed);
        self.spawned_at.store(now, Relaxed);
        // A spawn is the first wake.
        self.woken_at.store(now, Relaxed);
        for cell in [
            &self.polls,
            &self.busy,
            &self.scheduled,
            &self.first_poll,
            &self.running_since,
            &self.last_poll,
            &self.last_run,
            &self.run_activity,
            &self.requested_at,
            &self.delivered_at,
            &self.told_at,
            &self.drop_began,
            &self.ended_at,
        ] {
            cell.store(0, Relaxed);
        }
        for cell in
            [&self.run_parks, &self.polls_at_request, &self.holdings, &self.children, &self.handles]
        {
            cell.store(0, Relaxed);
        }
        self.holdings_here.begin();
        self.children_here.begin();
        self.span_refs.set(u32::from(birth.flags & Flag::Span as u32 != 0));
    }

    // === the request and the end ===

    /// Writes the request unless there is one. `index` names it in the table. The
    /// index is what decides: whoever has set it has asked.
    pub(super) fn request(&self, index: u32, at: Nanos) -> bool {
        if self.ended_at.load(SeqCst) != 0 {
            return false;
        }
        self.request.compare_exchange(0, index, SeqCst, SeqCst).is_ok()
            && self.is_requested(index, at)
    }

    /// It was asked earlier than it is known to have been: writes that request in place of
    /// the other, and gives that one's index.
    pub(super) fn was_requested_before(&self, index: u32, at: Nanos) -> Option<u32> {
        let known = self.request.load(SeqCst);
        let is_earlier = known != 0 && self.requested_at.load(SeqCst) > at;
        let is_written = is_earlier
            && self.ended_at.load(SeqCst) == 0
            && self.request.compare_exchange(known, index, SeqCst, SeqCst).is_ok();
        if is_written {
            self.is_requested(index, at);
        }
        is_written.then_some(known)
    }

    fn is_requested(&self, index: u32, at: Nanos) -> bool {
        let running = some(self.running_since.load(Relaxed));
        let begun = self.polls.load(Relaxed) + u64::from(running.is_some());
        // A token's request may be written here a while after it was made. Of the polls
        // in between only the last one is known; one or many, it was polled.
        let last_began = running.unwrap_or_else(|| self.last_poll.load(Relaxed));
        let before = begun.saturating_sub(u64::from(last_began > at));
        self.polls_at_request.store(low(before), Relaxed);
        self.requested_at.store(at, SeqCst);
        if self.request.load(SeqCst) != index {
            // Taken back in between.
            self.requested_at.store(0, SeqCst);
            return false;
        }
        true
    }

    pub(super) fn is_asked(&self) -> bool {
        self.request.load(SeqCst) != 0
    }

    /// The task became ready before the request reached it: there was none.
    pub(super) fn take_back_request(&self) -> u32 {
        let index = self.request.swap(0, SeqCst);
        self.requested_at.store(0, SeqCst);
        index
    }

    pub(super) fn requested_at(&self) -> Option<Nanos> {
        some(self.requested_at.load(SeqCst))
    }

    #[inline]
    pub(super) fn request_index(&self) -> u32 {
        self.request.load(SeqCst)
    }

    pub(super) fn delivered(&self, at: Nanos) -> bool {
        self.delivered_at.compare_exchange(0, at, SeqCst, SeqCst).is_ok()
    }

    pub(super) fn delivered_at(&self) -> Option<Nanos> {
        some(self.delivered_at.load(SeqCst))
    }

    pub(super) fn told(&self, at: Nanos) {
        self.told_at.store(at, SeqCst);
    }

    pub(super) fn told_at(&self) -> Option<Nanos> {
        some(self.told_at.load(SeqCst))
    }

    pub(crate) fn drop_begins(&self, at: Nanos) {
        self.drop_began.store(at, Relaxed);
    }

    /// Its future is dropped unfinished, or was, or that cannot be told: tokio enters the
    /// task's span to poll it and to drop it. A library's task is aborted by nobody else.
    pub(super) fn may_be_dropped(&self) -> bool {
        match self.outcome() {
            Some(outcome) => outcome != Outcome::Completed,
            None if self.has(Flag::Shim) => self.drop_began.load(Relaxed) != 0,
            None => !self.has(Flag::Library) && self.running_since.load(Relaxed) != 0,
        }
    }

    /// The thread that drops the future is the one that would poll it.
    pub(super) fn run_is_the_drop(&self) {
        self.running_since.store(0, Relaxed);
    }

    /// True the first time.
    #[inline]
    pub(super) fn ends(&self, outcome: Outcome, at: Nanos) -> bool {
        if self.ended_at.load(Relaxed) != 0 {
            return false;
        }
        if self.polls.load(Relaxed) == 0 {
            // What tokio's span was entered for was the drop.
            self.first_poll.store(0, Relaxed);
        }
        // Whoever sees the end sees the outcome.
        self.outcome.store(outcome as u8 + 1, Relaxed);
        self.ended_at.store(at, SeqCst);
        true
    }

    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        self.ended_at.load(SeqCst) != 0
    }

    #[inline]
    pub(super) fn ended_by_cancellation(&self) -> bool {
        is_by_cancellation(self.outcome(), self.delivered_at())
    }

    #[inline]
    pub(super) fn outcome(&self) -> Option<Outcome> {
        at(Outcome::ALL, self.outcome.load(SeqCst).wrapping_sub(1))
    }

    // === marks and counts ===

    #[inline]
    pub(crate) fn has(&self, flag: Flag) -> bool {
        self.flags() & flag as u32 != 0
    }

    #[inline]
    fn flags(&self) -> u32 {
        let flags = self.flags.load(SeqCst);
        let unseen = self.unseen.load(Acquire) && !planted(Fault::EndTwice);
        if unseen { flags | DONE_WITH } else { flags }
    }

    /// Sets the flag; true when it was not set.
    #[inline]
    pub(crate) fn set(&self, flag: Flag) -> bool {
        self.flags.fetch_or(flag as u32, SeqCst) & flag as u32 == 0
    }

    /// Takes the flag away; true when it was set.
    pub(super) fn unset(&self, flag: Flag) -> bool {
        self.flags.fetch_and(!(flag as u32), SeqCst) & flag as u32 != 0
    }

    #[inline]
    pub(super) fn id(&self) -> u64 {
        self.id.load(Relaxed)
    }

    pub(super) fn set_tokio_id(&self, id: u64) {
        self.tokio_id.store(id, Relaxed);
    }

    pub(crate) fn set_cell_size(&self, bytes: usize) {
        self.cell.store(u16::try_from(bytes).unwrap_or(0), Relaxed);
    }

    #[inline]
    pub(super) fn texts(&self) -> (SiteId, TextId, TextId) {
        let load = |cell: &AtomicU32| cell.load(Relaxed);
        (SiteId(load(&self.site)), TextId(load(&self.name)), TextId(load(&self.type_name)))
    }

    #[inline]
    pub(super) fn site(&self) -> SiteId {
        SiteId(self.site.load(Relaxed))
    }

    #[inline]
    pub(super) fn extra(&self) -> u32 {
        self.extra.load(Relaxed)
    }

    #[inline]
    pub(crate) fn kind(&self) -> TaskKind {
        at(TaskKind::ALL, self.kind.load(Relaxed)).unwrap_or(TaskKind::Task)
    }

    #[inline]
    pub(crate) fn runtime(&self) -> u32 {
        self.runtime.load(Relaxed).into()
    }

    pub(crate) fn set_runtime(&self, number: u32) {
        self.runtime.store(u16::try_from(number).unwrap_or(0), Relaxed);
    }

    /// When it ended, if it did without having been asked to, and was not counted yet.
    #[inline]
    pub(super) fn plain_end(&self) -> Option<Nanos> {
        const MARKS: u32 = Flag::NeverWas as u32
            | Flag::Counted as u32
            | Flag::Retired as u32
            | Flag::Folded as u32;
        let ended_at = self.ended_at()?;
        let is_plain = self.outcome() == Some(Outcome::Completed)
            && self.flags() & MARKS == 0
            && self.request.load(SeqCst) == 0
            && self.delivered_at().is_none();
        is_plain.then_some(ended_at)
    }

    /// The console thread need not be told of the end. Seen by whoever takes the last pin,
    /// since the task's own are there still.
    #[inline]
    pub(super) fn ends_unseen(&self) {
        self.unseen.store(true, Release);
    }

    /// Nobody is to see it any more, and nothing pins it: its slot is about to be freed.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.has(Flag::Retired) && self.life.pins() == 0
    }

    /// It has ended, and the console thread knows nothing of it.
    #[inline]
    pub(super) fn is_unseen(&self) -> bool {
        self.unseen.load(Acquire) && !self.link.is_told()
    }

    #[inline]
    pub(super) fn ended_at(&self) -> Option<Nanos> {
        some(self.ended_at.load(SeqCst))
    }

    #[inline]
    pub(super) fn counted_by_others(&self, own: Own) -> &AtomicU32 {
        match own {
            Own::Children => &self.children,
            Own::Holdings => &self.holdings,
        }
    }

    /// So many more of its own, or less, by what the task itself does: those keep its record.
    #[inline]
    pub(super) fn counts_here(&self, own: Own, more: i16) {
        let here = match own {
            Own::Children => &self.children_here,
            Own::Holdings => &self.holdings_here,
        };
        if let Some(full) = here.add(more) {
            self.counted_by_others(own).fetch_add(i32::from(full).cast_unsigned(), SeqCst);
            self.life.count(full.into());
            here.begin();
        }
    }

    /// The task does nothing any more; it gives back these pins of its own. True when
    /// nothing pins it.
    #[inline]
    pub(super) fn settles(&self, pins: u64) -> bool {
        let here = i64::from(self.holdings_here.get()) + i64::from(self.children_here.get());
        self.life.settle(pins, here)
    }

    #[inline]
    pub(super) fn count_handles(&self) -> &AtomicU32 {
        &self.handles
    }

    #[inline]
    pub(super) fn wakers(&self) -> &Wakers {
        &self.wakers
    }

    /// The references to tokio's span for it.
    #[inline]
    pub(crate) fn span_refs(&self) -> &SpanRefs {
        &self.span_refs
    }
}

/// Cancelled, or ended any way but shutdown after a delivered token request.
fn is_by_cancellation(outcome: Option<Outcome>, delivered_at: Option<Nanos>) -> bool {
    match outcome {
        Some(Outcome::Cancelled) => true,
        Some(Outcome::Completed | Outcome::Panicked) => delivered_at.is_some(),
        Some(Outcome::Shutdown) | None => false,
    }
}

/// A wake at that time is one that no poll has answered.
#[inline]
fn awaits_a_poll(woken: u64) -> bool {
    woken != 0 && woken & ANSWERED == 0
}

/// The lower half.
#[inline]
pub(super) fn low(word: u64) -> u32 {
    (word & 0xffff_ffff) as u32
}

/// 0 means that it did not happen.
#[inline]
pub(super) fn some(at: Nanos) -> Option<Nanos> {
    (at != 0).then_some(at)
}
