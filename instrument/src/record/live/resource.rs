//! What holdings are shares of: a lock, a semaphore, a channel. It has a number, so
//! that those who hold it and those who wait for it are found together.

use std::{
    panic::Location,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::Poll,
};

use super::{Holding, Traits};
use crate::{
    recorder::{
        Level, Recorder,
        holding::Acquired,
        key::Key,
        owner,
        table::{SiteId, TextId},
    },
    words::Kind,
};

/// Numbers of the process's resources.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Two numbers that nothing else has.
pub(super) fn two_numbers() -> [u64; 2] {
    let first = NEXT.fetch_add(2, Relaxed);
    [first, first + 1]
}

/// See the module's header. It gets its number when it is first held or waited for,
/// since what is made by a `const fn` has none.
#[derive(Debug)]
pub(crate) struct Resource {
    number: AtomicU64,
    kind: Kind,
    label: &'static str,
}

impl Resource {
    pub(crate) const fn new(kind: Kind, label: &'static str) -> Self {
        Self { number: AtomicU64::new(0), kind, label }
    }

    pub(super) fn number(&self) -> u64 {
        let known = self.number.load(Relaxed);
        if known != 0 {
            return known;
        }
        let mine = NEXT.fetch_add(1, Relaxed);
        match self.number.compare_exchange(0, mine, Relaxed, Relaxed) {
            Ok(_) => mine,
            Err(faster) => faster,
        }
    }

    /// What it is called, where nothing else is said.
    pub(crate) fn label(&self) -> &'static str {
        self.label
    }

    fn share(
        &self,
        label: &'static str,
        amount: u32,
        flags: u8,
        location: &'static Location<'static>,
    ) -> Acquired {
        self.share_at(label, amount, flags, SiteId::of(location))
    }

    pub(super) fn share_at(
        &self,
        label: &'static str,
        amount: u32,
        flags: u8,
        site: SiteId,
    ) -> Acquired {
        let label = TextId::fixed(label);
        let what = Acquired::new(self.kind, label, site, flags);
        Acquired { resource: self.number(), amount, ..what }
    }

    /// So much of it was acquired by whoever runs on this thread.
    #[inline]
    pub(crate) fn acquired(
        &self,
        amount: u32,
        traits: Traits,
        location: &'static Location<'static>,
    ) -> Holding {
        self.acquired_as(self.label, amount, traits, location)
    }

    /// As [`Self::acquired`], where a share has a name of its own.
    #[inline]
    pub(crate) fn acquired_as(
        &self,
        label: &'static str,
        amount: u32,
        traits: Traits,
        location: &'static Location<'static>,
    ) -> Holding {
        let Some(recorder) = Recorder::current() else { return Holding::NONE };
        let share = self.share(label, amount, traits.flags(), location);
        Holding(recorder.acquired(&share).map(|key| (recorder, key)))
    }
}

/// A future that waits for a share: while it is not ready, the task that polls it is
/// one that waits.
#[derive(Debug, Default)]
pub(crate) struct Wait(Option<(&'static Recorder, Key)>);

impl Wait {
    /// Polled, and not ready.
    pub(crate) fn goes_on(
        &mut self,
        resource: &Resource,
        amount: u32,
        location: &'static Location<'static>,
    ) {
        self.goes_on_as(resource, resource.label, amount, location);
    }

    /// As [`Self::goes_on`], where what is waited for has a name of its own.
    pub(crate) fn goes_on_as(
        &mut self,
        resource: &Resource,
        label: &'static str,
        amount: u32,
        location: &'static Location<'static>,
    ) {
        self.goes_on_for(|| resource.share(label, amount, 0, location));
    }

    /// As [`Self::goes_on`], for what is not a whole resource.
    pub(super) fn goes_on_for(&mut self, share: impl FnOnce() -> Acquired) {
        if let Some((recorder, wait)) = self.0 {
            recorder.wait_moves(wait, owner::current_task(recorder));
        } else if let Some(recorder) = Recorder::current()
            && let Some(task) = owner::current_task(recorder)
        {
            self.0 = recorder.blocked(task, &share()).map(|wait| (recorder, wait));
        }
    }

    /// A future that waits was polled, and this came of it.
    pub(crate) fn after<T>(
        &mut self,
        polled: &Poll<T>,
        resource: &Resource,
        location: &'static Location<'static>,
    ) {
        if polled.is_ready() { self.ends() } else { self.goes_on(resource, 1, location) }
    }

    /// Ready, or given up.
    pub(crate) fn ends(&mut self) {
        if let Some((recorder, wait)) = self.0.take() {
            recorder.blocked_ends(wait);
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.ends();
    }
}

/// What both ends of a channel of two know: what holds each.
#[derive(Debug)]
struct Ends {
    resource: Resource,
    location: &'static Location<'static>,
    sender: Holding,
    receiver: Holding,
}

/// Which end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Sender,
    Receiver,
}

/// An end of a channel of two: held for as long as the other end lives too, since
/// nobody can miss what nobody waits for.
#[derive(Debug)]
pub(crate) struct End(Option<(Arc<Ends>, Side)>);

impl End {
    /// Both ends, the sender first. Allocates once a channel, where it is recorded.
    pub(crate) fn pair(label: &'static str, location: &'static Location<'static>) -> (Self, Self) {
        let Some(recorder) = Recorder::current().filter(|it| it.level() == Level::All) else {
            return (Self(None), Self(None));
        };
        let resource = Resource::new(Kind::Channel, label);
        // Whoever waits waits for the sender.
        let sender = resource.share(label, 1, Traits::Guard.flags(), location);
        let receiver = Acquired { resource: 0, ..sender };
        let held = |label, share: Acquired| {
            let share = Acquired { label: TextId::fixed(label), ..share };
            Holding(recorder.acquired(&share).map(|key| (recorder, key)))
        };
        let (sender, receiver) = (held("sender", sender), held("receiver", receiver));
        let ends = Arc::new(Ends { resource, location, sender, receiver });
        (Self(Some((Arc::clone(&ends), Side::Sender))), Self(Some((ends, Side::Receiver))))
    }

    /// Whoever runs on this thread has used it: it is theirs.
    #[inline]
    pub(crate) fn used_here(&self) {
        match &self.0 {
            Some((ends, Side::Sender)) => ends.sender.used_here(),
            Some((ends, Side::Receiver)) => ends.receiver.used_here(),
            None => {}
        }
    }

    /// Polled, and there is nothing yet: whoever polls it waits.
    pub(crate) fn waits(&self, wait: &mut Wait) {
        if let Some((ends, _)) = &self.0 {
            wait.goes_on(&ends.resource, 1, ends.location);
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if let Some((ends, _)) = &self.0 {
            ends.sender.is_over();
            ends.receiver.is_over();
        }
    }
}
