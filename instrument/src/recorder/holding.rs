//! A holding's slot: something acquired and not yet released. Its owner is the
//! slot's scan word, so that all holdings of a task are found by reading 8 bytes each.

use std::thread::LocalKey;

use super::{
    arena::{Cache, Life, Slot},
    clock::Nanos,
    key::{Key, Which},
    span_refs::SpanRefs,
    table::{SiteId, TextId},
    task::some,
};
use crate::{
    atomics::{
        AtomicU8, AtomicU32, AtomicU64,
        Ordering::{Acquire, Relaxed, Release, SeqCst},
    },
    words::{Kind, at},
};

/// The scan word of a holding that nobody owns.
pub(crate) const NOBODY: u64 = 0;
/// In place of the id of who acquired something, when no task did.
const NO_TASK: u64 = u64::MAX;
/// The same, while it is parked: whoever uses it next has taken it.
const PARKED: u64 = u64::MAX - 1;

/// Facts about a holding that are either so or not.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum HoldingFlag {
    /// Deduced from tokio's spans, not seen by a shim.
    Inferred = 1,
    /// Gone by itself once its time has come, polled or not.
    Expires = 1 << 1,
    /// A value that can move into another task without being seen to.
    Moves = 1 << 2,
    /// tokio's span for it is open: the slot goes when that closes.
    Span = 1 << 3,
    /// Not a holding any more, though its slot is still in use.
    Over = 1 << 4,
    /// Its acquisition and release are noted in the history.
    Noted = 1 << 5,
    /// No holding at all: a task waits on a token.
    Wait = 1 << 6,
    /// No holding at all: a task waits to get what others hold.
    Blocked = 1 << 7,
}

/// What a span of tokio's stands for that has a holding's slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spanned {
    Timer,
    /// A mutex or a read-write lock.
    Lock,
    /// A channel of two; the slot is its sender's.
    Channel,
    Semaphore,
    /// Permits of this semaphore are being acquired.
    Acquire(Key),
}

#[derive(Debug)]
pub(crate) struct HoldingSlot {
    life: Life,
    kind: AtomicU8,
    flags: AtomicU8,
    span_refs: SpanRefs,
    label: AtomicU32,
    site: AtomicU32,
    acquired_at: AtomicU64,
    due_at: AtomicU64,
    bytes: AtomicU64,
    resource: AtomicU64,
    amount: AtomicU32,
    limit: AtomicU64,
    /// Of a channel's sender, its receiver; of a receiver, its wait. 0 is none.
    link: AtomicU64,
    /// The id of the task that acquired it: of an end, and of what others have used since.
    /// 0 where its owner is who acquired it.
    acquirer: AtomicU64,
    /// Of an end that nobody can miss: whose it would be.
    would_be: AtomicU64,
    /// The file descriptor's number and one more; 0 for none.
    fd: AtomicU32,
    fd_identity: AtomicU64,
}

thread_local! {
    static CACHE: Cache<HoldingSlot> = const { Cache::new() };
}

impl Slot for HoldingSlot {
    const WHICH: Which = Which::Holdings;

    fn new(generation: u32) -> Self {
        Self {
            life: Life::new(generation),
            kind: AtomicU8::new(0),
            flags: AtomicU8::new(0),
            span_refs: SpanRefs::new(),
            label: AtomicU32::new(0),
            site: AtomicU32::new(0),
            acquired_at: AtomicU64::new(0),
            due_at: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            resource: AtomicU64::new(0),
            amount: AtomicU32::new(0),
            limit: AtomicU64::new(0),
            link: AtomicU64::new(0),
            acquirer: AtomicU64::new(0),
            would_be: AtomicU64::new(NOBODY),
            fd: AtomicU32::new(0),
            fd_identity: AtomicU64::new(0),
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

/// What is known of a holding when it is acquired.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acquired {
    pub(crate) kind: Kind,
    pub(crate) label: TextId,
    pub(crate) site: SiteId,
    pub(crate) flags: u8,
    /// When it goes by itself; 0 when that is not known.
    pub(crate) due_at: Nanos,
    /// The number of what it is a share of; 0 for none.
    pub(crate) resource: u64,
    /// How large a share: of a semaphore, how many permits.
    pub(crate) amount: u32,
}

impl Acquired {
    /// Something by itself, whose end is not known.
    pub(crate) fn new(kind: Kind, label: TextId, site: SiteId, flags: u8) -> Self {
        Self { kind, label, site, flags, due_at: 0, resource: 0, amount: 1 }
    }

    /// The same, where tokio's span for it is what it is made for.
    pub(crate) fn with_a_span(self) -> Self {
        Self { flags: self.flags | HoldingFlag::Span as u8, ..self }
    }
}

/// A holding as it was at one moment: plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HoldingFacts {
    pub(crate) key: Key,
    pub(crate) owner: Option<Key>,
    pub(crate) kind: Kind,
    pub(crate) flags: u8,
    pub(crate) label: TextId,
    pub(crate) site: SiteId,
    pub(crate) acquired_at: Nanos,
    pub(crate) due_at: Option<Nanos>,
    pub(crate) bytes: u64,
    pub(crate) resource: u64,
    pub(crate) amount: u32,
    /// How long it may be held; `None` when nothing was said of that.
    pub(crate) limit: Option<Nanos>,
    /// Its owner has used it, and another has acquired it and may have it still.
    pub(crate) lent: bool,
    pub(crate) fd: Option<OpenFd>,
}

/// An open file descriptor that a holding names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenFd {
    pub(crate) number: u32,
    /// A number that is another's as soon as the descriptor's number is; 0 when not known.
    pub(crate) identity: u64,
}

impl HoldingFacts {
    pub(crate) fn has(&self, flag: HoldingFlag) -> bool {
        self.flags & flag as u8 != 0
    }

    /// A timer whose time has come holds nothing, even where nobody polls it.
    pub(crate) fn is_over(&self, now: Nanos) -> bool {
        self.has(HoldingFlag::Expires) && self.due_at.is_some_and(|due| due <= now)
    }
}

impl HoldingSlot {
    #[inline]
    pub(super) fn begin(&self, acquired: &Acquired, now: Nanos) {
        self.kind.store(acquired.kind as u8, Relaxed);
        self.flags.store(acquired.flags, Relaxed);
        self.label.store(acquired.label.0, Relaxed);
        self.site.store(acquired.site.0, Relaxed);
        self.acquired_at.store(now, Relaxed);
        self.due_at.store(acquired.due_at, Relaxed);
        self.bytes.store(0, Relaxed);
        self.resource.store(acquired.resource, Relaxed);
        self.amount.store(acquired.amount, Relaxed);
        self.limit.store(0, Relaxed);
        self.link.store(0, Relaxed);
        self.acquirer.store(0, Relaxed);
        self.would_be.store(NOBODY, Relaxed);
        self.fd.store(0, Relaxed);
        self.span_refs.set(u32::from(acquired.flags & HoldingFlag::Span as u8 != 0));
    }

    /// Its kind, its label and where it was acquired.
    #[inline]
    pub(super) fn what(&self) -> (Kind, TextId, SiteId) {
        let kind = at(Kind::ALL, self.kind.load(Relaxed)).unwrap_or(Kind::Custom);
        (kind, self.label(), SiteId(self.site.load(Relaxed)))
    }

    #[inline]
    pub(super) fn label(&self) -> TextId {
        TextId(self.label.load(Relaxed))
    }

    #[inline]
    pub(super) fn has(&self, flag: HoldingFlag) -> bool {
        self.flags.load(Relaxed) & flag as u8 != 0
    }

    /// Sets the flag; true when it was not set.
    #[inline]
    pub(super) fn set(&self, flag: HoldingFlag) -> bool {
        self.flags.fetch_or(flag as u8, Relaxed) & flag as u8 == 0
    }

    /// Takes the flag away; true when it was set.
    #[inline]
    pub(super) fn unset(&self, flag: HoldingFlag) -> bool {
        self.flags.fetch_and(!(flag as u8), Relaxed) & flag as u8 != 0
    }

    #[inline]
    pub(crate) fn what_it_is(&self) -> Option<Spanned> {
        match at(Kind::ALL, self.kind.load(Relaxed))? {
            Kind::Timer => Some(Spanned::Timer),
            Kind::Lock => Some(Spanned::Lock),
            Kind::Channel => Some(Spanned::Channel),
            Kind::Permit => match Key::from_bits(self.resource.load(Relaxed)) {
                Some(semaphore) => Some(Spanned::Acquire(semaphore)),
                None => Some(Spanned::Semaphore),
            },
            _ => None,
        }
    }

    /// Its span stands for nothing that is recorded.
    pub(super) fn means_nothing(&self) {
        self.kind.store(Kind::Custom as u8, Relaxed);
    }

    pub(super) fn set_resource(&self, number: u64) {
        self.resource.store(number, Relaxed);
    }

    pub(super) fn link(&self) -> Option<Key> {
        Key::from_bits(self.link.load(Relaxed))
    }

    /// Gives what it was linked to before.
    pub(super) fn set_link(&self, to: Option<Key>) -> Option<Key> {
        Key::from_bits(self.link.swap(to.map_or(0, Key::bits), SeqCst))
    }

    pub(super) fn is_share_of(&self, resource: u64) -> bool {
        self.resource.load(Relaxed) == resource
    }

    /// The task of this id has acquired it; 0 for none.
    pub(super) fn is_acquired_by(&self, id: u64) {
        self.acquirer.store(if id == 0 { NO_TASK } else { id }, Relaxed);
    }

    /// As [`Self::is_acquired_by`], unless that was said before.
    pub(super) fn is_first_acquired_by(&self, id: Option<u64>) {
        let id = id.unwrap_or(NO_TASK);
        let _ = self.acquirer.compare_exchange(0, id, Relaxed, Relaxed);
    }

    pub(super) fn has_the_acquirer_of(&self, other: &Self) {
        self.acquirer.store(other.acquirer.load(Relaxed), Relaxed);
    }

    /// Whoever uses it next has taken it.
    pub(super) fn is_parked(&self) {
        self.acquirer.store(PARKED, Relaxed);
    }

    /// It was parked, and is no more.
    pub(super) fn is_taken_from_where_it_was_parked(&self) -> bool {
        self.acquirer.compare_exchange(PARKED, 0, Relaxed, Relaxed).is_ok()
    }

    /// Who acquired it is noted.
    pub(super) fn has_an_acquirer(&self) -> bool {
        self.acquirer.load(Relaxed) != 0
    }

    /// The task of this id may have been lent it: it is not who acquired it.
    pub(super) fn is_lent_to(&self, id: u64) -> bool {
        let acquirer = self.acquirer.load(Relaxed);
        acquirer != 0 && acquirer != id
    }

    pub(super) fn would_be(&self, owner: Option<Key>) {
        self.would_be.store(owner.map_or(NOBODY, Key::bits), Relaxed);
    }

    pub(super) fn would_be_owned_by(&self) -> Option<Key> {
        Key::from_bits(self.would_be.load(Relaxed))
    }

    /// Nobody else changes a flag of it at the moment.
    #[inline]
    pub(super) fn set_flags(&self, flags: u8) {
        self.flags.store(flags, Relaxed);
    }

    #[inline]
    pub(super) fn acquired_at(&self, now: Nanos) {
        self.acquired_at.store(now, Relaxed);
    }

    #[inline]
    pub(super) fn count_amount(&self) -> &AtomicU32 {
        &self.amount
    }

    #[inline]
    pub(super) fn set_due(&self, at: Nanos) {
        self.due_at.store(at, Relaxed);
    }

    pub(super) fn relabel(&self, label: TextId) {
        self.label.store(label.0, Relaxed);
    }

    pub(super) fn set_bytes(&self, bytes: u64) {
        self.bytes.store(bytes, Relaxed);
    }

    pub(super) fn set_limit(&self, limit: Nanos) {
        self.limit.store(limit, Relaxed);
    }

    pub(super) fn set_fd(&self, fd: OpenFd) {
        self.fd_identity.store(fd.identity, Relaxed);
        // Whoever sees the number sees what it stands for.
        self.fd.store(fd.number.saturating_add(1), Release);
    }

    fn fd(&self) -> Option<OpenFd> {
        let number = self.fd.load(Acquire).checked_sub(1)?;
        Some(OpenFd { number, identity: self.fd_identity.load(Relaxed) })
    }

    pub(super) fn set_amount(&self, amount: u32) {
        self.amount.store(amount, Relaxed);
    }

    /// The references to tokio's span for it.
    #[inline]
    pub(crate) fn span_refs(&self) -> &SpanRefs {
        &self.span_refs
    }

    /// Reads everything. The caller checks the generation again afterwards.
    #[inline]
    pub(super) fn facts(&self, key: Key, owner: Option<Key>) -> HoldingFacts {
        HoldingFacts {
            key,
            owner,
            kind: at(Kind::ALL, self.kind.load(Relaxed)).unwrap_or(Kind::Custom),
            flags: self.flags.load(Relaxed),
            label: self.label(),
            site: SiteId(self.site.load(Relaxed)),
            acquired_at: self.acquired_at.load(Relaxed),
            due_at: some(self.due_at.load(Relaxed)),
            bytes: self.bytes.load(Relaxed),
            resource: self.resource.load(Relaxed),
            amount: self.amount.load(Relaxed),
            limit: some(self.limit.load(Relaxed)),
            lent: false,
            fd: self.fd(),
        }
    }
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use super::*;
    use crate::recorder::task::TaskSlot;

    /// What is promised: 256 bytes a live task, 640 with a timer and its pending operation.
    #[test]
    fn a_live_task_and_its_timer_take_what_is_promised() {
        let word = size_of::<AtomicU64>();
        let (task, holding) = (size_of::<TaskSlot>() + word, size_of::<HoldingSlot>() + word);
        assert!(task <= 248, "{task} bytes a task, beside what there is once");
        assert!(task + holding <= 640, "{} bytes with a timer", task + holding);
    }
}
