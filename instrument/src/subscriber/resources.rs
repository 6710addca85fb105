//! What becomes of the spans and events of tokio's timers, locks, semaphores and channels.
//!
//! An event names no resource: it is about the one whose span is entered on the thread.
//! tokio enters none while it runs anybody else's code.

use std::cell::Cell;

use tracing_core::{Event, span::Attributes};

use super::{
    callsite::Ours,
    fields::{Change, Op, SpanFields, TimerState},
    recorder_of_the_default,
    spans::Front,
};
use crate::{
    recorder::{
        holding::{Acquired, HoldingFlag, HoldingSlot, Spanned},
        key::Key,
        owner,
        shares::How,
        table::{FileId, Origin, TextId},
    },
    words::Kind,
};

thread_local! {
    static THREAD: Thread = const { Thread::new() };
}

/// What this thread does with tokio's resources at the moment.
pub(super) struct Thread {
    /// The resource whose span is entered.
    resource: Cell<Option<Key>>,
    /// The same, if it is a semaphore.
    semaphore: Cell<Option<Key>>,
    /// An event told why the span was entered.
    is_told: Cell<bool>,
    /// The acquisition that is polled, and how often its span is entered.
    polled: Cell<Option<(Key, u32)>>,
    /// That acquisition had to queue.
    queues: Cell<bool>,
    /// The acquisition to which permits are handed.
    handed_to: Cell<Option<Key>>,
    /// The semaphore of which permits were released last, since an acquisition was polled.
    released: Cell<Option<Key>>,
}

impl Thread {
    const fn new() -> Self {
        Self {
            resource: Cell::new(None),
            semaphore: Cell::new(None),
            is_told: Cell::new(false),
            polled: Cell::new(None),
            queues: Cell::new(false),
            handed_to: Cell::new(None),
            released: Cell::new(None),
        }
    }

    /// The semaphore whose span is entered.
    #[inline]
    pub(super) fn semaphore() -> Option<Key> {
        THREAD.with(|thread| thread.semaphore.get())
    }

    #[inline]
    fn enters(&self, resource: Option<Key>, semaphore: Option<Key>) {
        self.resource.set(resource);
        self.semaphore.set(semaphore);
        self.is_told.set(false);
    }
}

/// Of which resources what a library makes of them is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Everybody,
    /// A library's permits and channels wander between its tasks.
    TheService,
}

impl Front {
    // === new ones ===

    #[inline]
    pub(super) fn new_resource(self, ours: Ours, attributes: &Attributes<'_>) -> Option<Key> {
        match ours {
            Ours::Lock => self.new_lock("Mutex", attributes),
            Ours::RwLock => self.new_lock("RwLock", attributes),
            Ours::Semaphore => self.new_semaphore(attributes),
            Ours::Channel => self.new_channel(attributes),
            Ours::Within => {
                // The same semaphore: what is told in its span is told of this one.
                let semaphore = Thread::semaphore()?;
                self.recorder.holding_slot(semaphore)?.span_refs().cloned();
                Some(semaphore)
            }
            Ours::Acquire => self.recorder.acquire_begins(Thread::semaphore()?),
            _ => None,
        }
    }

    /// `None` for what is within something else of tokio's.
    #[inline]
    fn described(kind: Kind, label: &'static str, by: Of, at: &Attributes<'_>) -> Option<Acquired> {
        let mut fields = SpanFields::default();
        at.values().record(&mut fields);
        if fields.file == FileId::default() {
            return None;
        }
        match fields.file.origin() {
            Origin::Tokio => None,
            Origin::Library if by == Of::TheService => None,
            Origin::Own | Origin::Library => {
                let flags = HoldingFlag::Inferred as u8 | HoldingFlag::Moves as u8;
                Some(Acquired::new(kind, TextId::fixed(label), fields.site(), flags))
            }
        }
    }

    /// A lock is no holding by being there: a mutex's slot is one while it is locked.
    fn new_lock(self, label: &'static str, attributes: &Attributes<'_>) -> Option<Key> {
        let lock = Self::described(Kind::Lock, label, Of::Everybody, attributes)?.with_a_span();
        self.recorder.lock_made(&lock)
    }

    fn new_semaphore(self, attributes: &Attributes<'_>) -> Option<Key> {
        let semaphore = Self::described(Kind::Permit, "Semaphore", Of::TheService, attributes)?;
        let semaphore = semaphore.with_a_span();
        self.recorder.lock_made(&semaphore)
    }

    fn new_channel(self, attributes: &Attributes<'_>) -> Option<Key> {
        let channel = Self::described(Kind::Channel, "oneshot", Of::TheService, attributes)?;
        self.recorder.channel_made(&channel)
    }

    // === entered and left ===

    #[inline]
    pub(super) fn enter_resource(self, key: Key, slot: &HoldingSlot) {
        THREAD.with(|thread| match slot.what_it_is() {
            Some(Spanned::Acquire(semaphore)) => enter_acquire(thread, key, semaphore),
            Some(Spanned::Semaphore) if owner::is_ours() => self.recorder.is_a_shims(key),
            Some(Spanned::Semaphore) => {
                self.hears_of(thread, key);
                thread.enters(Some(key), Some(key));
            }
            Some(Spanned::Timer) => {
                // Whoever polls a timer owns it; a thread that works for no task is nobody.
                self.recorder.used(key, owner::current_task(self.recorder));
                thread.enters(Some(key), None);
            }
            Some(Spanned::Lock) => {
                self.hears_of(thread, key);
                thread.enters(Some(key), None);
            }
            Some(Spanned::Channel) => thread.enters(Some(key), None),
            // Nothing that is told of it counts.
            None => thread.enters(None, None),
        });
    }

    /// What becomes of the lock or semaphore now is told to the thread's default: where that
    /// is somebody else's, nobody is known to hold any of it. It is the same one where the
    /// span, or the one around it, is entered already.
    #[inline]
    fn hears_of(self, thread: &Thread, of: Key) {
        if thread.resource.get() == Some(of) {
            return;
        }
        let told = recorder_of_the_default();
        if !told.is_some_and(|told| std::ptr::eq(told, self.recorder)) {
            self.recorder.holders_are_lost(of);
        }
    }

    #[inline]
    pub(super) fn exit_resource(self, key: Key, slot: &HoldingSlot) {
        THREAD.with(|thread| match slot.what_it_is() {
            Some(Spanned::Acquire(_)) => self.exit_acquire(thread, key),
            Some(Spanned::Channel) => {
                // Nothing was told: the sender waits for the receiver to be gone.
                if !thread.is_told.get() {
                    self.recorder.sender_used(key, owner::current_task(self.recorder));
                }
                thread.enters(None, None);
            }
            _ => thread.enters(None, None),
        });
    }

    #[inline]
    fn exit_acquire(self, thread: &Thread, acquire: Key) {
        match thread.polled.get() {
            Some((polled, depth)) if polled == acquire => {
                if depth > 1 {
                    thread.polled.set(Some((polled, depth - 1)));
                    return;
                }
                thread.polled.set(None);
                if thread.queues.take() {
                    let task = owner::current_task(self.recorder);
                    self.recorder.acquire_waits(acquire, task);
                }
            }
            _ => thread.handed_to.set(None),
        }
    }

    #[inline]
    pub(super) fn close_resource(self, key: Key, slot: &HoldingSlot) -> bool {
        if let Some(Spanned::Acquire(semaphore)) = slot.what_it_is() {
            // One that is given up first gives back what it has obtained.
            let given_back = THREAD.with(|thread| thread.released.get()) == Some(semaphore);
            let task = owner::current_task(self.recorder);
            if !given_back && self.recorder.acquire_succeeds(key, semaphore, task) {
                return true;
            }
        }
        self.recorder.holding_span_closed(key);
        true
    }

    // === what is told ===

    #[inline]
    pub(super) fn resource_event(self, ours: Ours, event: &Event<'_>) {
        THREAD.with(|thread| {
            thread.is_told.set(true);
            match ours {
                Ours::PermitsObtained => self.permits_obtained(thread, event),
                Ours::PermitsState => {
                    if let Some(semaphore) = thread.semaphore.get() {
                        self.permits_change(thread, semaphore, event);
                    }
                }
                _ => {
                    if let Some(key) = thread.resource.get() {
                        self.state_changes(ours, key, event);
                    }
                }
            }
        });
    }

    #[inline]
    fn state_changes(self, ours: Ours, key: Key, event: &Event<'_>) {
        if ours == Ours::ResourceState {
            let mut fields = TimerState::default();
            event.record(&mut fields);
            if let Some(ms) = fields.duration_ms {
                self.recorder.timer_set(key, ms);
            }
            return;
        }
        let mut change = Change::default();
        event.record(&mut change);
        let (recorder, task) = (self.recorder, owner::current_task(self.recorder));
        match (ours, change.is_so, change.op) {
            (Ours::LockState, Some(true), _) => recorder.lock_taken(key, task),
            (Ours::LockState, Some(false), _) => recorder.lock_given_back(key),
            (Ours::WriterState, Some(true), _) => self.is_locked(key, How::Alone, task),
            (Ours::WriterState, Some(false), _) => recorder.alone_released(key),
            (Ours::ReadersState, _, Op::Add) => self.is_locked(key, How::Shared, task),
            (Ours::ReadersState, _, Op::Sub) => recorder.share_released(key, 1),
            (Ours::ChannelState, Some(true), _) => recorder.channel_is_over(key),
            (Ours::ReceiverPolled, Some(is_ready), _) => {
                recorder.receiver_polled(key, task, !is_ready);
            }
            _ => {}
        }
    }

    fn is_locked(self, lock: Key, how: How, by: Option<Key>) {
        let label = match how {
            How::Shared => "RwLock, read",
            How::Alone => "RwLock, write",
        };
        self.recorder.share_acquired(lock, TextId::fixed(label), how, 1, by);
    }

    #[inline]
    fn permits_change(self, thread: &Thread, semaphore: Key, event: &Event<'_>) {
        let mut change = Change::default();
        event.record(&mut change);
        if change.op == Op::Add {
            thread.released.set(Some(semaphore));
            self.recorder.share_released(semaphore, permits(change.amount));
        }
    }

    #[inline]
    fn permits_obtained(self, thread: &Thread, event: &Event<'_>) {
        let handed_to = thread.handed_to.get();
        let polled = thread.polled.get().map(|(polled, _)| polled);
        let Some(acquire) = handed_to.or(polled) else { return };
        let mut change = Change::default();
        event.record(&mut change);
        if change.op != Op::Add || change.amount == 0 {
            return;
        }
        self.recorder.acquire_obtains(acquire, permits(change.amount));
        // What is handed over was released by whoever runs here, and nothing else tells it.
        if handed_to.is_some()
            && let Some(Spanned::Acquire(semaphore)) = self.recorder.what_is(acquire)
        {
            thread.released.set(Some(semaphore));
            self.recorder.share_released(semaphore, permits(change.amount));
        }
    }
}

/// An acquisition's span is entered to poll it, within its semaphore's; once more within
/// that, where it gets a part of what it asks for and queues for the rest; and by whoever
/// releases permits, to hand them to it.
#[inline]
fn enter_acquire(thread: &Thread, acquire: Key, semaphore: Key) {
    match thread.polled.get() {
        Some((polled, depth)) if polled == acquire => {
            thread.polled.set(Some((polled, depth + 1)));
            thread.queues.set(true);
        }
        None if thread.semaphore.get() == Some(semaphore) => {
            thread.polled.set(Some((acquire, 1)));
            thread.queues.set(false);
            thread.released.set(None);
        }
        _ => thread.handed_to.set(Some(acquire)),
    }
}

#[inline]
fn permits(amount: u64) -> u32 {
    u32::try_from(amount).unwrap_or(u32::MAX)
}
