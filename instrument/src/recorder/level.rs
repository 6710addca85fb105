//! The level, and what becomes of what is recorded when it changes.
//!
//! While it is off, tokio's events are not asked for. What was there when it was switched
//! off goes on to be followed by its spans and its shims, so that its end is seen; but
//! what happened to it meanwhile is not known. So a task that lived then gets no verdict
//! any more, and what only events tell of, locks and permits and wakers in plain form, is
//! forgotten.

use super::{
    Recorder,
    arena::Slot,
    clock::Nanos,
    holding::{HoldingFlag, Spanned},
    key::{Key, Which},
    task::Flag,
};
use crate::atomics::Ordering::Relaxed;

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

impl Recorder {
    #[inline]
    pub(crate) fn level(&self) -> Level {
        match self.level.load(Relaxed) {
            0 => Level::Off,
            1 => Level::Tasks,
            _ => Level::All,
        }
    }

    /// Gives the level before. `ask_again` has the front ends' callsites
    /// asked for by the level that is set then.
    pub(crate) fn set_level(&'static self, level: Level, ask_again: impl FnOnce()) -> Level {
        let before = self.level();
        if before == level {
            return before;
        }
        // Also what a thread was about to tell when it was switched off.
        if before == Level::Off {
            self.forget_what_was_missed();
            self.on_since.store(self.clock.now(), Relaxed);
        }
        self.level.store(level as u8, Relaxed);
        ask_again();
        if level == Level::Off {
            self.forget_what_was_missed();
        }
        before
    }

    /// Records nothing more. For when nobody is left to take the changes.
    pub(crate) fn switch_off(&self) {
        self.level.store(Level::Off as u8, Relaxed);
    }

    /// When it was switched on last; 0 for the start.
    pub(crate) fn on_since(&self) -> Nanos {
        self.on_since.load(Relaxed)
    }

    fn forget_what_was_missed(&'static self) {
        for (index, _, slot) in self.tasks.scan() {
            let key = Key::new(Which::Tasks, index, slot.life().generation());
            if !slot.has_ended() && slot.set(Flag::Missed) && slot.is_asked() {
                // Where it is reported, that is taken back.
                self.push_changed(key, slot);
            }
            self.wakers_are_lost(key);
        }
        for (index, _, slot) in self.holdings.scan() {
            if slot.has(HoldingFlag::Span) {
                let key = Key::new(Which::Holdings, index, slot.life().generation());
                self.forget_resource(key);
            }
        }
    }

    /// Nothing that tokio tells of it later counts: it may have been taken before, and
    /// given back meanwhile.
    fn forget_resource(&'static self, key: Key) {
        match self.what_is(key) {
            Some(Spanned::Lock | Spanned::Semaphore) => {
                self.shares_are_gone(key);
                self.is_over(key);
            }
            Some(Spanned::Channel) => return self.channel_is_over(key),
            Some(Spanned::Acquire(_)) => self.acquire_is_gone(key),
            Some(Spanned::Timer) | None => return,
        }
        if let Some(slot) = self.holdings.get(key) {
            slot.means_nothing();
        }
    }
}
