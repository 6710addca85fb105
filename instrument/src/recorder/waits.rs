//! Tasks that wait: on a token, or to get what others hold.

use std::sync::Arc;

use super::{
    Level, Recorder, arena,
    holding::{Acquired, HoldingFlag, NOBODY},
    key::Key,
    request::Request,
    table::{SiteId, TextId},
    task::Flag,
};
use crate::{
    atomics::Ordering::{Relaxed, SeqCst},
    fault::{Fault, planted},
    words::Kind,
};

impl Recorder {
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
}
