//! Step 3, the recorder: counts in place, links owners, notes changes.
//!
//! The protocol:
//! - A task or a holding is *made in the arena by the thread that makes it*; there is
//!   no channel that could be full. Who may write which field when is in
//!   `recorder/task.rs`.
//! - A task's slot is pinned by its span, its handles, its holdings and its children.
//!   Only the console thread frees a task's slot, after the task ended and nothing
//!   pins it. A holding's slot is freed by whoever releases it.
//! - A task is put on the list of changes when it is asked to stop, when it ends, when
//!   an ended one acquires something and when its last pin goes. The console thread
//!   takes the whole list, and nothing else is told to it.
//! - A poll takes no lock, allocates nothing and cannot fail.
//!
//! It knows nothing of tokio and nothing of gRPC: a second front end will sit on it.

pub(crate) mod arena;
pub(crate) mod by_site;
pub(crate) mod changed;
pub(crate) mod clock;
pub(crate) mod control;
pub(crate) mod events;
pub(crate) mod fill;
mod here;
pub(crate) mod holding;
mod ids;
pub(crate) mod key;
mod lanes;
pub(crate) mod owner;
pub(crate) mod pools;
pub(crate) mod request;
pub(crate) mod shares;
pub(crate) mod slab;
pub(crate) mod span_refs;
pub(crate) mod table;
pub(crate) mod task;
pub(crate) mod wakers;

mod ends;
mod level;
pub(crate) mod read;
mod spanned;
mod unseen;
mod uses;

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    iter,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use self::{
    arena::{Arena, Slot},
    changed::Changed,
    clock::{Clock, Nanos},
    control::Control,
    events::{Entry, Events, What},
    fill::Fills,
    here::Own,
    holding::{Acquired, HoldingFacts, HoldingFlag, HoldingSlot, NOBODY, OpenFd, Spanned},
    ids::Ids,
    key::Key,
    lanes::Count,
    request::{Asker, Extra, Request, Who, shown_name},
    shares::Shares,
    slab::Slab,
    table::{SiteId, TextId},
    task::{Birth, Flag, TaskSlot},
    unseen::Unseen,
};
use crate::{
    atomics::{
        AtomicU8, AtomicU64,
        Ordering::{Relaxed, Release, SeqCst},
    },
    ended::{Callback, Ended},
    fault::{Fault, planted},
    words::{Kind, Outcome, TaskKind},
};

/// The scan word of a task without a spawner.
const NO_SPAWNER: u64 = 0;
/// Lists of changes: threads take slots in batches, so each mostly pushes to its own.
const LISTS: usize = 8;

/// How much is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// Nothing.
    Off,
    /// Tasks and cancellation; of what they hold, only child tasks.
    Tasks,
    /// Everything.
    #[default]
    All,
}

impl Level {
    const ALL: [Self; 3] = [Self::Off, Self::Tasks, Self::All];

    /// As it is set and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Tasks => "tasks",
            Self::All => "all",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// Lives as long as the process: a handle to it is a reference.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) clock: Clock,
    pub(crate) events: Events,
    pub(crate) requests: Slab<Request>,
    pub(crate) extras: Slab<Extra>,
    /// The askers that tasks wait on.
    pub(crate) waited_on: Slab<Asker>,
    /// How full the bounded channels are.
    pub(crate) fills: Fills,
    tasks: Arena<TaskSlot>,
    holdings: Arena<HoldingSlot>,
    changed: [Changed; LISTS],
    callbacks: Mutex<Callbacks>,
    shares: Shares,
    /// Holdings that were given a limit since the console thread last looked.
    limited: Mutex<Vec<Key>>,
    ids: Ids,
    spawned: Count,
    level: AtomicU8,
    not_recorded: AtomicU64,
    live_holdings: Count,
    unseen: Unseen,
    /// How often a set or a token was cancelled: a change makes the console thread
    /// look for the tasks that were asked by it.
    askers_cancelled: AtomicU64,
    /// How often a task began or ceased to wait for what others hold: while it stays,
    /// those who wait are those that were found.
    waits_changed: AtomicU64,
    /// When it was switched on last; 0 for the start.
    on_since: AtomicU64,
    pub(crate) control: Control,
}

#[derive(Default)]
struct Callbacks(HashMap<Key, Vec<Callback>>);

impl std::fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Callbacks").field(&self.0.len()).finish()
    }
}

static PROCESS: OnceLock<&'static Recorder> = OnceLock::new();

/// A task whose record stays for something that is about to be its own.
#[derive(Clone, Copy)]
struct Kept<'a> {
    key: Key,
    slot: &'a TaskSlot,
    /// It runs on this thread: that keeps it, and what is its own is counted by it alone.
    /// Else it was pinned.
    is_here: bool,
}

impl Recorder {
    pub(crate) fn start(level: Level) -> &'static Self {
        let random = RandomState::new();
        let generation = |salt: u8| u32::try_from(random.hash_one(salt) >> 40).unwrap_or(1);
        Box::leak(Box::new(Self {
            clock: Clock::start(),
            events: Events::default(),
            requests: Slab::new(),
            extras: Slab::new(),
            waited_on: Slab::new(),
            fills: Fills::default(),
            tasks: Arena::new(generation(0)),
            holdings: Arena::new(generation(1)),
            changed: std::array::from_fn(|_| Changed::new()),
            callbacks: Mutex::default(),
            shares: Shares::new(),
            limited: Mutex::default(),
            ids: Ids::default(),
            spawned: Count::default(),
            level: AtomicU8::new(level as u8),
            not_recorded: AtomicU64::new(0),
            live_holdings: Count::default(),
            unseen: Unseen::default(),
            askers_cancelled: AtomicU64::new(0),
            waits_changed: AtomicU64::new(0),
            on_since: AtomicU64::new(0),
            control: Control::default(),
        }))
    }

    /// Makes this the recorder that the process's tasks are recorded in.
    pub(crate) fn make_the_process_own(&'static self) -> bool {
        PROCESS.set(self).is_ok()
    }

    /// The recorder for what the calling code makes: that of the task being polled
    /// or dropped on this thread, else that of tracing's current default, else the
    /// process's own. `None` on Holdover's own threads, and while recording is off.
    #[inline]
    pub(crate) fn current() -> Option<&'static Self> {
        if owner::is_ours() {
            return None;
        }
        let found = match owner::current() {
            Some(frame) => Some(frame.recorder),
            None => crate::subscriber::recorder_of_the_default().or_else(|| PROCESS.get().copied()),
        };
        found.filter(|recorder| recorder.level() != Level::Off)
    }

    // === tasks ===

    /// A new task, spawned by the one this thread works for. `None` when the table
    /// is full: counted, and said in the coverage.
    pub(crate) fn spawned(&'static self, birth: &Birth) -> Option<Key> {
        self.spawned_by(birth, owner::current_task(self))
    }

    pub(crate) fn spawned_by(&'static self, birth: &Birth, spawner: Option<Key>) -> Option<Key> {
        self.spawned_in(birth, spawner).map(|(key, _)| key)
    }

    /// As [`Self::spawned_by`]; gives the slot too.
    #[inline]
    pub(crate) fn spawned_in(
        &'static self,
        birth: &Birth,
        spawner: Option<Key>,
    ) -> Option<(Key, &'static TaskSlot)> {
        let Some((key, slot)) = self.tasks.alloc() else {
            self.not_recorded.fetch_add(1, Relaxed);
            return None;
        };
        let now = self.clock.now();
        self.spawned.add(1);
        slot.begin(birth, self.ids.next(), now);
        // A task that has not ended pins itself; `lets_go` is its last step. Its span does
        // too, where that is what it is made for.
        slot.life().begin(1 + u64::from(birth.flags & Flag::Span as u32 != 0));
        let spawner = spawner.and_then(|spawner| self.keep(spawner));
        if spawner.is_some_and(|spawner| spawner.slot.has(Flag::Detached)) {
            slot.set(Flag::Detached);
        }
        self.tasks.publish(key, spawner.map_or(NO_SPAWNER, |spawner| spawner.key.bits()));
        if let Some(spawner) = spawner {
            self.count(spawner, Own::Children);
        }
        self.note(key, slot, What::Spawned, birth.kind as u8, now);
        Some((key, slot))
    }

    /// The record of a spawner, or of an owner, stays while that of its child or holding
    /// does. `None` when there is no such task any more.
    #[inline]
    fn keep(&self, key: Key) -> Option<Kept<'_>> {
        if let Some(slot) = self.runs_here(key) {
            return Some(Kept { key, slot, is_here: true });
        }
        self.pin(key).map(|slot| Kept { key, slot, is_here: false })
    }

    /// Keeps the task's record until [`Self::unpin`]; `None` when there is none any more.
    #[inline]
    fn pin(&self, key: Key) -> Option<&TaskSlot> {
        self.tasks.slot(key.slot()).filter(|slot| slot.life().pin(key.generation()))
    }

    /// The task's slot, where the task runs on this thread and has not ended: then nobody
    /// else changes what it counts here, and its record stays for as long as it runs.
    #[inline]
    fn runs_here(&self, key: Key) -> Option<&TaskSlot> {
        let is_it = |slot: &&TaskSlot| slot.life().generation() == key.generation();
        owner::runs(self, key).filter(is_it).filter(|slot| !slot.has_ended())
    }

    /// One more of its own, counted after that is published: whoever sees the count finds it.
    #[inline]
    fn count(&self, of: Kept<'_>, own: Own) {
        let Kept { key, slot, is_here } = of;
        if is_here {
            return slot.counts_here(own, 1);
        }
        slot.counted_by_others(own).fetch_add(1, SeqCst);
        if slot.has_ended() {
            self.push_changed(key, slot);
        }
    }

    /// The spawn failed after all: there was no such task.
    pub(crate) fn never_was(&'static self, key: Key) {
        if let Some(slot) = self.tasks.get(key) {
            slot.set(Flag::NeverWas);
            let ends = slot.ends(Outcome::Shutdown, self.clock.now());
            // Its end may have been taken for a task's, before the mark was there.
            self.push_changed(key, slot);
            if ends {
                self.child_is_gone(self.spawner(key));
                self.settle(key, slot, 1);
            }
        }
    }

    /// The task's slot itself, for front ends that do several things at once.
    #[inline]
    pub(crate) fn task_slot(&self, key: Key) -> Option<&TaskSlot> {
        self.tasks.get(key)
    }

    /// As [`Self::task_slot`], of a holding.
    #[inline]
    pub(crate) fn holding_slot(&self, key: Key) -> Option<&HoldingSlot> {
        self.holdings.get(key)
    }

    #[inline]
    pub(crate) fn poll_ends(&self, key: Key) {
        if let Some(slot) = self.tasks.get(key) {
            slot.poll_ends(self.clock.now());
        }
    }

    pub(crate) fn set_tokio_id(&self, key: Key, id: u64) {
        if let Some(slot) = self.tasks.get(key) {
            slot.set_tokio_id(id);
        }
    }

    /// What tokio allocates for the task's future within the task: of one that it boxes,
    /// the box.
    pub(crate) fn set_cell_size(&self, key: Key, bytes: usize) {
        if let Some(slot) = self.tasks.get(key) {
            slot.set_cell_size(bytes);
        }
    }

    pub(crate) fn set_flag(&self, key: Key, flag: Flag) {
        if let Some(slot) = self.tasks.get(key) {
            slot.set(flag);
        }
    }

    #[inline]
    pub(crate) fn has_flag(&self, key: Key, flag: Flag) -> bool {
        self.tasks.get(key).is_some_and(|slot| slot.has(flag))
    }

    pub(crate) fn who(&self, key: Key) -> Option<Who> {
        let slot = self.tasks.get(key)?;
        let (site, name, type_name) = slot.texts();
        Some(Who { id: slot.id(), name: shown_name(name, type_name), site })
    }

    /// The task this thread works for, as a canceller is named.
    pub(crate) fn current_who(&'static self) -> Option<Who> {
        owner::current_task(self).and_then(|key| self.who(key))
    }

    // === the request and the end ===

    /// Asks one task to stop. False when it has ended or was asked before.
    pub(crate) fn request(&self, key: Key, request: Request) -> bool {
        let Some(slot) = self.tasks.get(key) else { return false };
        let (at, cause, site) = (request.at, request.cause, request.site);
        let index = self.requests.insert(Arc::new(request));
        if !slot.request(index, at) {
            self.requests.remove(index);
            return false;
        }
        self.note_at(key, slot, What::Requested, cause as u8, (site, at));
        self.push_changed(key, slot);
        true
    }

    /// As [`Self::request`]; also where the task was asked since by somebody else. True when
    /// this one counts.
    fn request_found(&self, key: Key, request: Arc<Request>) -> bool {
        let at = request.at;
        match self.requested_at(key) {
            None => return self.request(key, Arc::unwrap_or_clone(request)),
            Some(known) if known <= at => return false,
            Some(_) => {}
        }
        let Some(slot) = self.tasks.get(key) else { return false };
        let (cause, site) = (request.cause, request.site);
        let index = self.requests.insert(request);
        let Some(other) = slot.was_requested_before(index, at) else {
            self.requests.remove(index);
            return false;
        };
        self.requests.remove(other);
        self.note_at(key, slot, What::Requested, cause as u8, (site, at));
        self.push_changed(key, slot);
        true
    }

    /// The task has been asked, by whomever.
    pub(crate) fn is_asked(&self, key: Key) -> bool {
        self.tasks.get(key).is_some_and(TaskSlot::is_asked)
    }

    pub(crate) fn requested_at(&self, key: Key) -> Option<Nanos> {
        self.tasks.get(key)?.requested_at()
    }

    /// The task became ready before the request could reach it.
    pub(crate) fn take_back_request(&self, key: Key) {
        if let Some(slot) = self.tasks.get(key).filter(|slot| slot.is_asked()) {
            self.requests.remove(slot.take_back_request());
        }
    }

    /// The task has noticed the request. True the first time.
    pub(crate) fn delivered(&self, key: Key, at: Nanos) -> bool {
        let Some(slot) = self.tasks.get(key) else { return false };
        let first = slot.delivered(at);
        if first {
            self.note(key, slot, What::Delivered, 0, at);
            self.push_changed(key, slot);
        }
        first
    }

    pub(crate) fn delivered_at(&self, key: Key) -> Option<Nanos> {
        self.tasks.get(key)?.delivered_at()
    }

    /// A token has told the task that it is cancelled, whether it asks the task or not.
    pub(crate) fn told(&self, key: Key, at: Nanos) {
        if let Some(slot) = self.tasks.get(key) {
            slot.told(at);
        }
    }

    pub(crate) fn told_at(&self, key: Key) -> Option<Nanos> {
        self.tasks.get(key)?.told_at()
    }

    pub(crate) fn drop_begins(&self, key: Key, at: Nanos) {
        if let Some(slot) = self.tasks.get(key) {
            slot.drop_begins(at);
        }
    }

    /// What tokio's span was entered for is the drop, and no poll.
    pub(crate) fn run_is_the_drop(&self, key: Key) {
        if let Some(slot) = self.tasks.get(key) {
            slot.run_is_the_drop();
        }
    }

    /// The task's future is gone. False when it has ended before: then whoever said so
    /// does what is to be done for it.
    pub(crate) fn ended(&'static self, key: Key, outcome: Outcome) -> bool {
        self.tasks.get(key).is_some_and(|slot| self.ended_at(key, slot, outcome, self.clock.now()))
    }

    /// As [`Self::ended`], of the task in this slot, and when that was.
    #[inline]
    pub(crate) fn ended_at(
        &'static self,
        key: Key,
        slot: &TaskSlot,
        outcome: Outcome,
        now: Nanos,
    ) -> bool {
        if !slot.ends(outcome, now) {
            return false;
        }
        let spawner = self.spawner(key);
        self.child_is_gone(spawner);
        if slot.ended_by_cancellation() {
            self.cell_stays(key, slot);
        }
        self.note(key, slot, What::Ended, outcome as u8, now);
        if !self.ends_unseen(slot, spawner) {
            self.push_changed(key, slot);
        }
        true
    }

    /// Everything that is to be done for a task that has ended was done: its slot may
    /// be freed.
    pub(crate) fn lets_go(&'static self, key: Key) {
        if let Some(slot) = self.tasks.get(key) {
            self.settle(key, slot, 1);
        }
    }

    pub(crate) fn has_ended(&self, key: Key) -> bool {
        self.tasks.get(key).is_none_or(TaskSlot::has_ended)
    }

    /// The spawner holds one child less. It stays pinned until this slot is freed.
    #[inline]
    fn child_is_gone(&self, spawner: Option<Key>) {
        if let Some(spawner) = spawner.and_then(|spawner| self.tasks.get(spawner)) {
            spawner.counted_by_others(Own::Children).fetch_sub(1, Release);
        }
    }

    #[inline]
    fn spawner(&self, key: Key) -> Option<Key> {
        Key::from_bits(self.tasks.word(key.slot())?.load(SeqCst))
    }

    // === pins of a task: its span, its handles ===

    /// Keeps the task's record for as long as a handle to it lives.
    pub(crate) fn handle_made(&self, key: Key) -> bool {
        let Some(slot) = self.pin(key) else { return false };
        slot.count_handles().fetch_add(1, Relaxed);
        true
    }

    pub(crate) fn handle_gone(&'static self, key: Key) {
        if let Some(slot) = self.tasks.get(key) {
            slot.count_handles().fetch_sub(1, Relaxed);
            self.unpin(key, slot);
        }
    }

    pub(crate) fn span_opened(&self, key: Key) -> bool {
        let Some(slot) = self.pin(key) else { return false };
        slot.set(Flag::Span);
        slot.span_refs().set(1);
        true
    }

    /// The span is closed; after this its id means nothing. `lets_go` where that is also the
    /// last that is done for the task.
    #[inline]
    pub(crate) fn span_closed(&'static self, key: Key, slot: &TaskSlot, lets_go: bool) {
        if lets_go {
            self.settle(key, slot, 2);
        } else {
            self.unpin(key, slot);
        }
    }

    /// The task gives back these pins of its own, which it had until it ended.
    #[inline]
    fn settle(&'static self, key: Key, slot: &TaskSlot, pins: u64) {
        if slot.settles(pins) {
            self.last_pin_gone(key, slot);
        }
    }

    pub(crate) fn is_live(&self, key: Key) -> bool {
        match key.which() {
            key::Which::Tasks => self.tasks.get(key).is_some(),
            key::Which::Holdings => self.holdings.get(key).is_some(),
        }
    }

    /// tokio's span for a holding is open: the slot goes when it closes.
    pub(crate) fn holding_span_opened(&self, key: Key) -> bool {
        let Some(slot) = self.holdings.get(key) else { return false };
        slot.set(HoldingFlag::Span);
        slot.span_refs().set(1);
        true
    }

    #[inline]
    pub(crate) fn holding_span_closed(&'static self, key: Key) {
        match self.what_is(key) {
            Some(Spanned::Lock | Spanned::Semaphore) => self.shares_are_gone(key),
            Some(Spanned::Channel) => self.channel_is_gone(key),
            Some(Spanned::Acquire(_)) => self.acquire_is_gone(key),
            Some(Spanned::Timer) | None => {}
        }
        if let Some(slot) = self.holdings.get(key) {
            slot.unset(HoldingFlag::Span);
            self.released(key);
        }
    }

    /// What a span that has a holding's slot is the span of.
    #[inline]
    pub(crate) fn what_is(&self, key: Key) -> Option<Spanned> {
        self.holdings.get(key)?.what_it_is()
    }

    /// tokio has set a timer: it goes off so many milliseconds from now.
    pub(crate) fn timer_set(&self, key: Key, milliseconds: u64) {
        self.set_due(key, self.clock.now().saturating_add(milliseconds.saturating_mul(1_000_000)));
    }

    #[inline]
    fn unpin(&'static self, key: Key, slot: &TaskSlot) {
        if slot.life().unpin() {
            self.last_pin_gone(key, slot);
        }
    }

    #[inline]
    fn last_pin_gone(&'static self, key: Key, slot: &TaskSlot) {
        if !slot.has_ended() {
            return;
        }
        if slot.is_unseen() {
            self.free_unseen(key);
        } else {
            self.push_changed(key, slot);
        }
    }

    // === holdings ===

    /// Something was acquired by the task this thread works for.
    #[inline]
    pub(crate) fn acquired(&'static self, acquired: &Acquired) -> Option<Key> {
        self.acquired_by(acquired, owner::current_task(self))
    }

    #[inline]
    pub(crate) fn acquired_by(&'static self, what: &Acquired, owner: Option<Key>) -> Option<Key> {
        if self.level() != Level::All {
            return None;
        }
        let Some((key, slot)) = self.holdings.alloc() else {
            self.not_recorded.fetch_add(1, Relaxed);
            return None;
        };
        slot.begin(what, self.clock.now());
        self.is_held_by(key, owner);
        if slot.has(HoldingFlag::Noted) {
            self.note_holding(key, What::Acquired);
        }
        Some(key)
    }

    /// What is in this slot is held from now on.
    #[inline]
    fn is_held_by(&self, key: Key, owner: Option<Key>) {
        let owner = owner.and_then(|owner| self.keep(owner));
        self.live_holdings.add(1);
        self.holdings.publish(key, owner.map_or(NOBODY, |owner| owner.key.bits()));
        if let Some(owner) = owner {
            self.count(owner, Own::Holdings);
        }
    }

    #[inline]
    fn uncount_holding(&'static self, owner: Key) {
        if let Some(slot) = self.runs_here(owner) {
            return slot.counts_here(Own::Holdings, -1);
        }
        if let Some(slot) = self.tasks.get(owner) {
            slot.counted_by_others(Own::Holdings).fetch_sub(1, Release);
            self.unpin(owner, slot);
        }
    }

    #[inline]
    pub(crate) fn released(&'static self, key: Key) {
        let (Some(slot), Some(word)) = (self.holdings.get(key), self.holdings.word(key.slot()))
        else {
            return;
        };
        if planted(Fault::Release) {
            return;
        }
        if slot.has(HoldingFlag::Noted) && !slot.has(HoldingFlag::Over) {
            self.note_holding(key, What::Released);
        }
        let label = slot.label();
        let owner = || Key::from_bits(word.load(SeqCst));
        let stays = planted(Fault::LateRelease) && owner().is_some_and(|it| self.has_ended(it));
        if slot.set(HoldingFlag::Over) && !stays {
            self.live_holdings.subtract(1);
        }
        let owner = word.swap(NOBODY, SeqCst);
        // With a span its id is this slot's: the slot goes when the span closes.
        if !slot.has(HoldingFlag::Span) && self.holdings.free(key) {
            label.release();
        }
        if let Some(owner) = Key::from_bits(owner) {
            self.uncount_holding(owner);
        }
    }

    /// It holds nothing any more, though its slot is still in use.
    pub(crate) fn is_over(&'static self, key: Key) {
        if let Some(slot) = self.holdings.get(key) {
            if slot.set(HoldingFlag::Over) {
                self.live_holdings.subtract(1);
            }
            self.owned_by(key, None);
        }
    }

    /// It holds something again.
    pub(crate) fn is_not_over(&'static self, key: Key, owner: Option<Key>) {
        if let Some(slot) = self.holdings.get(key)
            && slot.has(HoldingFlag::Over)
        {
            slot.unset(HoldingFlag::Over);
            self.live_holdings.add(1);
            self.owned_by(key, owner);
        }
    }

    /// The holding belongs to `owner` from now on; its age stays.
    #[inline]
    pub(crate) fn owned_by(&'static self, key: Key, owner: Option<Key>) {
        let (Some(_), Some(word)) = (self.holdings.get(key), self.holdings.word(key.slot())) else {
            return;
        };
        let before = word.load(SeqCst);
        let after = owner.map_or(NOBODY, Key::bits);
        if before == after || before == arena::FREE {
            return;
        }
        let owner = owner.and_then(|owner| self.keep(owner));
        let after = owner.map_or(NOBODY, |owner| owner.key.bits());
        if word.compare_exchange(before, after, SeqCst, SeqCst).is_ok() {
            if let Some(owner) = owner {
                self.count(owner, Own::Holdings);
            }
            if let Some(before) = Key::from_bits(before) {
                self.uncount_holding(before);
            }
        } else if let Some(Kept { key, slot, is_here: false }) = owner {
            // Released, or used by another thread at this very moment: theirs stands.
            self.unpin(key, slot);
        }
    }

    pub(crate) fn owner(&self, key: Key) -> Option<Key> {
        self.holdings.get(key)?;
        Key::from_bits(self.holdings.word(key.slot())?.load(SeqCst))
    }

    #[inline]
    pub(crate) fn set_due(&self, key: Key, at: Nanos) {
        if let Some(slot) = self.holdings.get(key) {
            slot.set_due(at);
        }
    }

    /// It may be held for so long, from its acquisition. Takes a lock: it is said of few.
    pub(crate) fn set_limit(&self, key: Key, limit: Nanos) {
        if let Some(slot) = self.holdings.get(key) {
            slot.set_limit(limit.max(1));
            self.limited.lock().unwrap_or_else(PoisonError::into_inner).push(key);
        }
    }

    /// It cannot move any more: who has it is known.
    pub(crate) fn stays(&self, key: Key) {
        if let Some(slot) = self.holdings.get(key) {
            slot.unset(HoldingFlag::Moves);
        }
    }

    pub(crate) fn take_limited(&self) -> Vec<Key> {
        std::mem::take(&mut *self.limited.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_amount(&self, key: Key, amount: u32) {
        if let Some(slot) = self.holdings.get(key) {
            slot.set_amount(amount);
        }
    }

    /// The label is a text of the program's own.
    pub(crate) fn relabel(&self, key: Key, label: TextId) {
        if let Some(slot) = self.holdings.get(key) {
            slot.relabel(label);
        }
    }

    pub(crate) fn set_bytes(&self, key: Key, bytes: u64) {
        if let Some(slot) = self.holdings.get(key) {
            slot.set_bytes(bytes);
        }
    }

    pub(crate) fn set_fd(&self, key: Key, fd: OpenFd) {
        if let Some(slot) = self.holdings.get(key) {
            slot.set_fd(fd);
        }
    }

    /// Another holding of the same, as old and for as long, with the same owner.
    pub(crate) fn twin(&'static self, key: Key) -> Option<Key> {
        let first = self.holding(key)?;
        let HoldingFacts { kind, label, site, flags, .. } = first;
        let what = Acquired::new(kind, label.shared(), site, flags);
        let Some(twin) = self.acquired_by(&what, first.owner) else {
            label.release();
            return None;
        };
        if let (Some(slot), Some(of)) = (self.holdings.get(twin), self.holdings.get(key)) {
            slot.acquired_at(first.acquired_at);
            slot.has_the_acquirer_of(of);
        }
        if let Some(fd) = first.fd {
            self.set_fd(twin, fd);
        }
        if let Some(limit) = first.limit {
            self.set_limit(twin, limit);
        }
        Some(twin)
    }

    // === locks as tokio's spans show them ===

    /// A lock: a slot that is no holding until it is locked.
    #[inline]
    pub(crate) fn lock_made(&'static self, lock: &Acquired) -> Option<Key> {
        if self.level() != Level::All {
            return None;
        }
        let (key, slot) = self.holdings.alloc()?;
        let flags = lock.flags | HoldingFlag::Over as u8;
        // Nobody is told when it was made: the time is that of what becomes of it.
        slot.begin(&Acquired { flags, amount: 0, ..*lock }, 0);
        self.holdings.publish(key, NOBODY);
        Some(key)
    }

    /// tokio tells of the new holder before it tells that the old one has let go, or
    /// after: they are counted.
    #[inline]
    pub(crate) fn lock_taken(&'static self, lock: Key, holder: Option<Key>) {
        if let Some(slot) = self.holdings.get(lock) {
            slot.count_amount().fetch_add(1, SeqCst);
            slot.acquired_at(self.clock.now());
            self.owned_by(lock, holder);
            if slot.unset(HoldingFlag::Over) {
                self.live_holdings.add(1);
            }
        }
    }

    #[inline]
    pub(crate) fn lock_given_back(&'static self, lock: Key) {
        let Some(slot) = self.holdings.get(lock) else { return };
        let holder = self.owner(lock);
        let one_less = |held: u32| held.checked_sub(1);
        // A new lock says that it is not locked.
        let is_free = slot.count_amount().fetch_update(SeqCst, SeqCst, one_less) == Ok(1);
        // Whoever takes it meanwhile is its holder.
        if !is_free || !self.disown(lock, holder) {
            return;
        }
        if slot.set(HoldingFlag::Over) {
            self.live_holdings.subtract(1);
        }
        if slot.count_amount().load(SeqCst) > 0 && slot.unset(HoldingFlag::Over) {
            self.live_holdings.add(1);
        }
    }

    /// Nobody owns it from now on. False when it is not `owner`'s any more.
    fn disown(&'static self, key: Key, owner: Option<Key>) -> bool {
        let before = owner.map_or(NOBODY, Key::bits);
        let Some(word) = self.holdings.word(key.slot()) else { return false };
        let is_gone = word.compare_exchange(before, NOBODY, SeqCst, SeqCst).is_ok();
        if let Some(owner) = owner.filter(|_| is_gone) {
            self.uncount_holding(owner);
        }
        is_gone
    }

    // === tasks that wait on a token ===

    /// The task waits on the asker of this number. A slot like a holding's, and none:
    /// it is not counted, and pins nothing.
    pub(crate) fn wait_begins(&'static self, task: Key, asker: u32) -> Option<Key> {
        let (key, slot) = self.holdings.alloc()?;
        let flags = HoldingFlag::Wait as u8 | HoldingFlag::Over as u8;
        let what = Acquired::new(Kind::Custom, TextId::EMPTY, SiteId::default(), flags);
        slot.begin(&what, self.clock.now());
        slot.set_bytes(asker.into());
        self.holdings.publish(key, task.bits());
        Some(key)
    }

    /// Another task polls it now.
    #[inline]
    pub(crate) fn wait_moves(&self, wait: Key, task: Option<Key>) {
        let Some(word) = self.holdings.word(wait.slot()) else { return };
        let before = word.load(SeqCst);
        // Read before it is looked whose slot it is: another's owner is not written over.
        if self.holdings.get(wait).is_some() && before != arena::FREE {
            let after = task.map_or(NOBODY, Key::bits);
            let _ = word.compare_exchange(before, after, SeqCst, Relaxed);
        }
    }

    pub(crate) fn wait_ends(&'static self, wait: Key) {
        self.holdings.free(wait);
    }

    // === tasks that wait to get what others hold ===

    /// The task waits for what `what` describes. A slot like a holding's, and none.
    pub(crate) fn blocked(&'static self, task: Key, what: &Acquired) -> Option<Key> {
        if self.level() != Level::All || planted(Fault::Waits) {
            return None;
        }
        let (key, slot) = self.holdings.alloc()?;
        let flags = HoldingFlag::Blocked as u8 | HoldingFlag::Over as u8;
        slot.begin(&Acquired { flags, ..*what }, self.clock.now());
        self.holdings.publish(key, task.bits());
        self.waits_changed.fetch_add(1, Relaxed);
        Some(key)
    }

    pub(crate) fn blocked_ends(&'static self, wait: Key) {
        self.holdings.free(wait);
        self.waits_changed.fetch_add(1, Relaxed);
    }

    /// Asks the task of this wait by what it waits on, if it waited when that was
    /// cancelled, from outside, and nobody has asked it before. Somebody may have since.
    pub(crate) fn ask_who_waits(&self, wait: Key, request: Arc<Request>) {
        let Some(wait) = self.holding(wait) else { return };
        let Some(task) = wait.owner else { return };
        let outside = self.whole_task(task).is_some_and(|id| request.comes_from_outside(id));
        // One that began to wait later knows.
        if !outside || wait.acquired_at > request.at {
            return;
        }
        let asked_at = request.at;
        if !self.request_found(task, request) {
            return;
        }
        self.set_flag(task, Flag::Waiting);
        // It was told before it was asked here. By another token, perhaps: then it is not
        // certain that it was not by this one.
        if let Some(told_at) = self.told_at(task).filter(|at| *at >= asked_at) {
            self.delivered(task, told_at);
        }
    }

    /// What a scope stands in: the task or scope that it was polled by. `None` for a
    /// task.
    pub(crate) fn surroundings(&self, key: Key) -> Option<Key> {
        let slot = self.tasks.get(key)?;
        if slot.kind() != TaskKind::Scope {
            return None;
        }
        Key::from_bits(self.tasks.word(key.slot())?.load(SeqCst))
    }

    /// The task or scope, and when it is a scope those around it, the innermost first.
    pub(crate) fn around(&self, key: Key) -> impl Iterator<Item = Key> {
        iter::successors(Some(key), |key| self.surroundings(*key))
    }

    /// The id of the task that a scope is a part of, or of the task itself.
    pub(crate) fn whole_task(&self, key: Key) -> Option<u64> {
        Some(self.tasks.get(self.around(key).last()?)?.id())
    }

    /// The id of the task that this thread works for, whatever scope it is in; 0 when it
    /// works for none.
    pub(crate) fn current_whole_task(&'static self) -> u64 {
        owner::current_task(self).and_then(|key| self.whole_task(key)).unwrap_or(0)
    }

    // === callbacks on a task's end ===

    /// Keeps the callback until the task has ended; gives it back when it has.
    pub(crate) fn on_end(&self, key: Key, callback: Callback) -> Result<(), Callback> {
        let mut waiting = self.callbacks.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = self.tasks.get(key) else { return Err(callback) };
        slot.set(Flag::Callbacks);
        if slot.has(Flag::CallbacksRun) {
            return Err(callback);
        }
        waiting.0.entry(key).or_default().push(callback);
        Ok(())
    }

    /// The callbacks that wait for this task's end; later ones are not kept.
    pub(crate) fn take_callbacks(&self, key: Key) -> Vec<Callback> {
        let Some(slot) = self.tasks.get(key) else { return Vec::new() };
        slot.set(Flag::CallbacksRun);
        if !slot.has(Flag::Callbacks) {
            return Vec::new();
        }
        let mut waiting = self.callbacks.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.0.remove(&key).unwrap_or_default()
    }

    /// What a callback is told. `None` while the task has not ended.
    pub(crate) fn end_of(&self, key: Key) -> Option<Ended> {
        let slot = self.tasks.get(key)?;
        let (_, name, type_name) = slot.texts();
        let request = self.requests.get(slot.request_index());
        Some(Ended {
            id: Some(slot.id()),
            name: shown_name(name, type_name),
            outcome: slot.outcome()?,
            cause: request.as_ref().map(|request| request.cause),
            reason: request.and_then(|request| request.reason.clone()),
        })
    }

    pub(crate) fn extra(&self, key: Key) -> Option<Arc<Extra>> {
        self.extras.get(self.tasks.get(key)?.extra())
    }

    /// A set or a token was cancelled: its members are looked for on the next round.
    pub(crate) fn asker_cancelled(&self) {
        self.askers_cancelled.fetch_add(1, SeqCst);
    }

    // === changes and history ===

    fn push_changed(&self, key: Key, slot: &TaskSlot) {
        let list = (key.slot() / 32) as usize % LISTS;
        self.changed[list].push(key.slot(), slot.link());
    }

    #[inline]
    fn note(&self, key: Key, slot: &TaskSlot, what: What, detail: u8, at: Nanos) {
        let (site, ..) = slot.texts();
        self.note_at(key, slot, what, detail, (site, at));
    }

    #[inline]
    fn note_at(
        &self,
        key: Key,
        slot: &TaskSlot,
        what: What,
        detail: u8,
        (site, at): (SiteId, Nanos),
    ) {
        let (task, task_id) = (Some(key), slot.id());
        self.events.note(&Entry {
            at,
            what,
            task,
            task_id,
            detail,
            label: 0,
            site: site.0,
            since: 0,
        });
    }

    /// Notes in the history what became of a holding.
    pub(crate) fn note_holding(&self, key: Key, what: What) {
        let Some(holding) = self.holdings.get(key) else { return };
        let facts = holding.facts(key, self.owner(key));
        let slot = facts.owner.and_then(|owner| self.tasks.get(owner));
        let entry = Entry {
            at: self.clock.now(),
            what,
            task: facts.owner,
            task_id: slot.map_or(0, TaskSlot::id),
            detail: facts.kind as u8,
            label: facts.label.0,
            site: facts.site.0,
            since: facts.acquired_at,
        };
        self.events.note(&entry);
    }
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use super::*;

    /// An id of one recorder is not live in another.
    #[test]
    fn each_recorder_begins_with_generations_of_its_own() {
        let first = || {
            let recorder = Recorder::start(Level::All);
            let birth = Birth::new(TaskKind::Task, SiteId::default());
            recorder.spawned_by(&birth, None).expect("a slot").generation()
        };
        let mut generations: Vec<u32> = std::iter::repeat_with(first).take(8).collect();
        generations.sort_unstable();
        generations.dedup();
        // By chance two of them may be the same, once in a million times.
        assert!(generations.len() >= 7, "{generations:?}");
    }
}
