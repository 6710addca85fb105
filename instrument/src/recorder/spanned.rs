//! What tokio's spans show of timers, of channels of two and of acquisitions of permits, and
//! what becomes of a holding's slot with its span.

use super::{
    Recorder,
    holding::{Acquired, HoldingFlag, Spanned},
    key::Key,
    shares::How,
    table::TextId,
};
use crate::atomics::{Ordering::SeqCst, fence};

impl Recorder {
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

    // === channels ===

    /// A channel of two, made by the task this thread works for: both ends are its until
    /// others use them. Gives the sender's slot, which is the channel's.
    #[inline]
    pub(crate) fn channel_made(&'static self, channel: &Acquired) -> Option<Key> {
        let sender = Acquired { label: TextId::fixed("sender"), ..*channel }.with_a_span();
        let sender = self.acquired(&sender)?;
        let receiver = self.acquired(&Acquired { label: TextId::fixed("receiver"), ..*channel });
        if let Some(slot) = self.holdings.get(sender) {
            // Whoever waits waits for the sender.
            slot.set_resource(sender.bits());
            slot.set_link(receiver);
        }
        Some(sender)
    }

    /// That task has used the sender.
    pub(crate) fn sender_used(&'static self, channel: Key, task: Option<Key>) {
        self.end_of_two_used(channel, task);
    }

    /// That task has polled the receiver; it waits when there is nothing yet.
    #[inline]
    pub(crate) fn receiver_polled(&'static self, channel: Key, task: Option<Key>, waits: bool) {
        let Some(receiver) = self.receiver(channel) else { return };
        self.end_of_two_used(receiver, task);
        let Some(slot) = self.holdings.get(receiver) else { return };
        let (true, Some(task)) = (waits, task) else {
            return self.receiver_waits_no_more(receiver);
        };
        // Taken out while it is written to: whoever ends the channel frees the wait, and
        // its slot may be another's at once.
        let wait = match slot.set_link(None) {
            Some(wait) => {
                self.wait_moves(wait, Some(task));
                Some(wait)
            }
            None if slot.has(HoldingFlag::Over) => None,
            None => self.receiver_waits(channel, task),
        };
        slot.set_link(wait);
        fence(SeqCst);
        if slot.has(HoldingFlag::Over) {
            self.receiver_waits_no_more(receiver);
        }
    }

    fn receiver_waits(&'static self, channel: Key, task: Key) -> Option<Key> {
        let facts = self.holding(channel)?;
        let what = Acquired {
            resource: channel.bits(),
            ..Acquired::new(facts.kind, TextId::fixed("oneshot"), facts.site, 0)
        };
        self.blocked(task, &what)
    }

    /// One end is gone, or the value was sent: nobody can miss the other end.
    #[inline]
    pub(crate) fn channel_is_over(&'static self, channel: Key) {
        if let Some(receiver) = self.receiver(channel) {
            self.is_over(receiver);
            // Who polls the receiver meanwhile looks again.
            fence(SeqCst);
            self.receiver_waits_no_more(receiver);
        }
        self.is_over(channel);
    }

    pub(super) fn channel_is_gone(&'static self, channel: Key) {
        if let Some(receiver) = self.receiver(channel) {
            self.receiver_waits_no_more(receiver);
            self.released(receiver);
        }
    }

    #[inline]
    fn receiver(&self, channel: Key) -> Option<Key> {
        self.holdings.get(channel)?.link()
    }

    fn receiver_waits_no_more(&'static self, receiver: Key) {
        let wait = self.holdings.get(receiver).and_then(|slot| slot.set_link(None));
        if let Some(wait) = wait {
            self.blocked_ends(wait);
        }
    }

    #[inline]
    fn end_of_two_used(&'static self, end: Key, task: Option<Key>) {
        let lives = self.holdings.get(end).is_some_and(|slot| !slot.has(HoldingFlag::Over));
        if lives && task.is_some() {
            self.used(end, task);
        }
    }

    // === permits ===

    /// A shim has got the semaphore, and tells of it from now on.
    pub(crate) fn is_a_shims(&'static self, semaphore: Key) {
        self.shares_are_gone(semaphore);
        if let Some(slot) = self.holdings.get(semaphore) {
            slot.means_nothing();
        }
    }

    /// Somebody begins to acquire permits of the semaphore. A slot, and no holding.
    #[inline]
    pub(crate) fn acquire_begins(&'static self, semaphore: Key) -> Option<Key> {
        let slot = self.holdings.get(semaphore)?;
        let (kind, label, site) = slot.what();
        let what = Acquired {
            resource: semaphore.bits(),
            ..Acquired::new(kind, label, site, HoldingFlag::Inferred as u8)
        };
        self.lock_made(&what.with_a_span())
    }

    /// So many of the permits that it asks for are its now. Told by who polls it before it
    /// queues, and then by who has the semaphore's lock: one at a time.
    #[inline]
    pub(crate) fn acquire_obtains(&self, acquire: Key, permits: u32) {
        if let Some(slot) = self.holdings.get(acquire) {
            let before = slot.count_amount().load(SeqCst);
            slot.set_amount(before.saturating_add(permits));
        }
    }

    pub(crate) fn acquire_waits(&'static self, acquire: Key, task: Option<Key>) {
        if let Some(slot) = self.holdings.get(acquire) {
            self.wait_moves(acquire, task);
            if !slot.has(HoldingFlag::Blocked) {
                slot.acquired_at(self.clock.now());
            }
            if slot.set(HoldingFlag::Blocked) {
                self.waits_changed.fetch_add(1, super::Relaxed);
            }
        }
    }

    /// It is over, and what it has obtained is held by that task: its slot is that holding's
    /// from now on. False when it has obtained nothing.
    #[inline]
    pub(crate) fn acquire_succeeds(
        &'static self,
        acquire: Key,
        semaphore: Key,
        task: Option<Key>,
    ) -> bool {
        let Some(slot) = self.holdings.get(acquire) else { return false };
        let amount = slot.count_amount().load(SeqCst);
        if amount == 0 {
            return false;
        }
        if slot.has(HoldingFlag::Blocked) {
            self.acquire_is_gone(acquire);
        }
        slot.acquired_at(self.clock.now());
        slot.set_flags(HoldingFlag::Inferred as u8 | HoldingFlag::Moves as u8);
        self.is_held_by(acquire, task);
        self.share_is_held(semaphore, acquire, How::Shared, amount, task);
        true
    }

    /// Its owner, where it waited, is pinned by nothing.
    pub(super) fn acquire_is_gone(&'static self, acquire: Key) {
        self.wait_moves(acquire, None);
        if self.holdings.get(acquire).is_some_and(|slot| slot.has(HoldingFlag::Blocked)) {
            self.waits_changed.fetch_add(1, super::Relaxed);
        }
    }
}
