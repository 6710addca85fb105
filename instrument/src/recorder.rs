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

mod asked;
mod callbacks;
mod ends;
mod held;
mod level;
mod locks;
mod pins;
pub(crate) mod read;
mod spanned;
mod unseen;
mod uses;
mod waits;

use std::{
    hash::{BuildHasher, RandomState},
    iter,
    sync::{Arc, Mutex, OnceLock},
};

pub use self::level::Level;
use self::{
    arena::{Arena, Slot},
    callbacks::Callbacks,
    changed::Changed,
    clock::{Clock, Nanos},
    control::Control,
    events::{Entry, Events, What},
    fill::Fills,
    here::Own,
    holding::HoldingSlot,
    ids::Ids,
    key::Key,
    lanes::Count,
    request::{Asker, Extra, Request, Who, shown_name},
    shares::Shares,
    slab::Slab,
    table::SiteId,
    task::{Birth, Flag, TaskSlot},
    unseen::Unseen,
};
use crate::{
    atomics::{
        AtomicU8, AtomicU64,
        Ordering::{Relaxed, SeqCst},
    },
    words::TaskKind,
};

/// The scan word of a task without a spawner.
const NO_SPAWNER: u64 = 0;
/// Lists of changes: threads take slots in batches, so each mostly pushes to its own.
const LISTS: usize = 8;

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

static PROCESS: OnceLock<&'static Recorder> = OnceLock::new();

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

    pub(crate) fn unset_flag(&self, key: Key, flag: Flag) {
        if let Some(slot) = self.tasks.get(key) {
            slot.unset(flag);
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

    pub(crate) fn is_live(&self, key: Key) -> bool {
        match key.which() {
            key::Which::Tasks => self.tasks.get(key).is_some(),
            key::Which::Holdings => self.holdings.get(key).is_some(),
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

    /// Of a request in a task of its own: that task's spawner has the connection.
    pub(crate) fn connection_may_be_dropped(&self, request: Key) -> bool {
        let stream = self.around(request).last();
        let connection = stream.and_then(|stream| self.tasks.get(self.spawner(stream)?));
        connection.is_none_or(TaskSlot::may_be_dropped)
    }

    /// The id of the task that a scope is a part of, or of the task itself.
    pub(crate) fn whole_task(&self, key: Key) -> Option<u64> {
        Some(self.whole_task_slot(key)?.id())
    }

    /// Of the task that this is, or that this scope is in.
    fn whole_task_slot(&self, key: Key) -> Option<&TaskSlot> {
        self.tasks.get(self.around(key).last()?)
    }

    /// Of the task that this thread works for, whatever scope it is in.
    pub(crate) fn current_whole_task_slot(&'static self) -> Option<&'static TaskSlot> {
        self.whole_task_slot(owner::current_task(self)?)
    }

    /// The id of the task that this thread works for, whatever scope it is in; 0 when it
    /// works for none.
    pub(crate) fn current_whole_task(&'static self) -> u64 {
        self.current_whole_task_slot().map_or(0, TaskSlot::id)
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
