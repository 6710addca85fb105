//! The version of [`super`] with recording compiled out: what the shims promise by
//! themselves (`on_done` and `call_later` do what they say) and nothing else.

use std::{cell::Cell, panic::Location, sync::Arc, task::Poll, thread, time::Duration};

mod channel;

pub(crate) use self::channel::{ChannelEnd, WeakEnd};
use super::{
    DroppedBy, NewHolding, NewTask, OnDrop, Pooled, Spawned, Traits,
    budget::{a_drop_cancels, thread_has_a_budget},
};
use crate::{
    ended::{Callback, Done},
    words::{Cause, Kind, Outcome},
};

thread_local! {
    /// A shim's call to a spawn function is in progress.
    static SPAWNING: Cell<bool> = const { Cell::new(false) };
}

/// A task with its callbacks.
#[derive(Clone, Debug)]
pub(crate) struct Task(Arc<Done>);

/// One poll in progress.
#[derive(Debug)]
#[must_use]
pub(crate) struct Polling;

/// A call to a spawn function in progress.
#[derive(Debug)]
#[must_use]
pub(crate) struct Adopting {
    handle: Handle,
    before: bool,
}

impl Adopting {
    #[inline]
    pub(crate) fn adopted(self, _: &impl Spawned) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Adopting {
    #[inline]
    fn drop(&mut self) {
        SPAWNING.set(self.before);
    }
}

impl Task {
    pub(crate) fn new(_: NewTask<'_>) -> Self {
        Self(Arc::default())
    }

    #[inline]
    pub(crate) fn adopting(&self) -> Adopting {
        Adopting { handle: Handle::new(self.clone()), before: SPAWNING.replace(true) }
    }

    #[inline]
    pub(crate) fn begin_poll(&self) -> Polling {
        Polling
    }

    /// Even when the drop panics the task has ended.
    pub(crate) fn completes(&self, _: Polling, drop_it: impl FnOnce()) {
        let was_panicking = thread::panicking();
        let _end = OnDrop(|| {
            let panicked = !was_panicking && thread::panicking();
            self.0.ends(if panicked { Outcome::Panicked } else { Outcome::Completed });
        });
        drop_it();
    }

    pub(crate) fn is_dropped(&self, drop_it: impl FnOnce()) {
        // A runtime that is dropped by an unwinding thread has no budget.
        let outcome = if thread::panicking() && thread_has_a_budget() {
            Outcome::Panicked
        } else if self.0.is_asked() || (!SPAWNING.get() && a_drop_cancels()) {
            Outcome::Cancelled
        } else {
            Outcome::Shutdown
        };
        let _end = OnDrop(|| self.0.ends(outcome));
        drop_it();
    }

    pub(crate) fn returns(&self, _: Polling) {
        let panicked = thread::panicking();
        self.0.ends(if panicked { Outcome::Panicked } else { Outcome::Completed });
    }

    #[inline]
    pub(crate) fn scope_completes(&self, _: Polling, drop_it: impl FnOnce()) {
        drop_it();
    }

    #[inline]
    pub(crate) fn scope_is_dropped(&self, _: DroppedBy, drop_it: impl FnOnce()) {
        drop_it();
    }

    #[inline]
    pub(crate) fn scope_is_disarmed(&self) {}

    #[inline]
    pub(crate) fn request(&self, _: Cause, _: &'static Location<'static>, _: Option<&str>) {
        self.0.ask();
    }

    #[inline]
    pub(crate) fn is_kept(&self) {}

    pub(crate) fn on_end(&self, callback: Callback, _: &'static Location<'static>) {
        self.0.on_end(callback);
    }
}

/// A handle's part of a task.
#[derive(Clone, Debug)]
pub(crate) struct Handle(Task);

impl Handle {
    pub(crate) fn new(task: Task) -> Self {
        Self(task)
    }

    pub(crate) fn task(&self) -> &Task {
        &self.0
    }
}

/// Nothing.
#[derive(Debug)]
pub(crate) struct Holding;

/// Nothing.
#[must_use]
pub(crate) struct AdoptingHolding;

impl Holding {
    pub(crate) const NONE: Self = Self;

    #[inline]
    pub(crate) fn new(_: &NewHolding<'_>) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn transfer(&self) {}

    #[inline]
    pub(crate) fn transfer_to(&self, _: &Task) {}

    #[inline]
    pub(crate) fn is_nobodys(&self) {}

    #[inline]
    pub(crate) fn set_limit(&self, _: Duration) {}

    #[inline]
    pub(crate) fn set_amount(&self, _: u32) {}

    #[inline]
    pub(crate) fn relabel(&self, _: &'static str) {}

    #[inline]
    pub(crate) fn transfer_to_id(&self, _: tokio::task::Id) {}

    #[inline]
    pub(crate) fn set_bytes(&self, _: u64) {}

    #[cfg(unix)]
    #[inline]
    pub(crate) fn set_fd(&self, _: std::os::fd::BorrowedFd<'_>) {}

    #[cfg(feature = "net")]
    #[inline]
    pub(crate) fn twin(&self) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn adopting(&self) -> AdoptingHolding {
        AdoptingHolding
    }

    #[inline]
    pub(crate) fn used_here(&self) {}

    #[inline]
    pub(crate) fn due_in(&self, _: Duration) {}

    #[inline]
    pub(crate) fn is_over(&self) {}

    #[inline]
    pub(crate) fn is_not_over(&self) {}

    #[inline]
    pub(crate) fn with_its_owner(&self, reset: impl FnOnce()) {
        reset();
    }
}

/// Nothing.
#[derive(Debug)]
pub(crate) struct Resource;

impl Resource {
    pub(crate) const fn new(_: Kind, _: &'static str) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn label(&self) -> &'static str {
        ""
    }

    #[inline]
    pub(crate) fn acquired(&self, _: u32, _: Traits, _: &'static Location<'static>) -> Holding {
        Holding
    }

    #[inline]
    pub(crate) fn acquired_as(
        &self,
        _: &'static str,
        _: u32,
        _: Traits,
        _: &'static Location<'static>,
    ) -> Holding {
        Holding
    }
}

/// Nothing.
#[derive(Debug, Default)]
pub(crate) struct Wait;

impl Wait {
    #[inline]
    pub(crate) fn goes_on_as(
        &mut self,
        _: &Resource,
        _: &'static str,
        _: u32,
        _: &'static Location<'static>,
    ) {
    }

    #[inline]
    pub(crate) fn after<T>(&mut self, _: &Poll<T>, _: &Resource, _: &'static Location<'static>) {}

    #[inline]
    pub(crate) fn ends(&mut self) {}
}

/// Nothing.
#[derive(Clone, Debug)]
pub(crate) struct Lender;

impl Lender {
    pub(crate) fn new(
        _: &'static str,
        _: impl Fn() -> Option<Pooled> + Send + Sync + 'static,
    ) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn lends(
        &self,
        _: Option<Duration>,
        _: Option<&'static Location<'static>>,
    ) -> Lease {
        Lease
    }

    #[inline]
    pub(crate) fn waits(&self, _: &mut Wait, _: Option<&'static Location<'static>>) {}

    #[inline]
    pub(crate) fn tells_who_waits(&self) {}
}

/// Nothing.
#[derive(Debug)]
pub(crate) struct Lease;

impl Lease {
    #[inline]
    pub(crate) fn holding(&self) -> &Holding {
        &Holding
    }

    /// Nobody has to be told when it is back.
    #[cfg(feature = "sqlx")]
    #[inline]
    pub(crate) fn is_recorded(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) fn returns(&self) {}
}

/// Nothing.
#[derive(Debug)]
pub(crate) struct End;

impl End {
    #[inline]
    pub(crate) fn pair(_: &'static str, _: &'static Location<'static>) -> (Self, Self) {
        (Self, Self)
    }

    #[inline]
    pub(crate) fn used_here(&self) {}

    #[inline]
    pub(crate) fn waits(&self, _: &mut Wait) {}
}

/// A callback's timer.
#[derive(Clone)]
pub(crate) struct Chain;

impl Chain {
    pub(crate) fn next(_: &NewHolding<'_>) -> Self {
        Self
    }

    pub(crate) fn owner_lives(&self) -> bool {
        true
    }

    pub(crate) fn running() -> Option<Self> {
        None
    }

    pub(crate) fn run(self, callback: impl FnOnce()) {
        callback();
    }
}

/// Nothing.
#[must_use]
pub(crate) struct Unrecorded;

#[inline]
pub(crate) fn unrecorded_here() -> Unrecorded {
    Unrecorded
}

/// Never.
#[cfg(feature = "tower")]
#[inline]
pub(crate) fn is_recorded() -> bool {
    false
}

#[inline]
pub(crate) fn unrecorded<R>(ours: impl FnOnce() -> R) -> R {
    ours()
}

/// Nothing.
#[derive(Clone, Debug)]
pub(crate) struct Asker;

/// Nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group;

impl Group {
    #[inline]
    pub(crate) fn of_handles() -> Self {
        Self
    }

    #[inline]
    pub(crate) fn asker(&self) -> Asker {
        Asker
    }

    #[inline]
    pub(crate) fn lets_go(&self) {}

    #[inline]
    pub(crate) fn ask(&self, _: Cause, _: Option<&'static Location<'static>>) {}
}

/// A token's name.
#[derive(Clone, Debug)]
pub(crate) struct Node(Option<Arc<str>>);

impl Node {
    pub(crate) fn new(name: Option<&str>, _: Option<&Self>) -> Self {
        Self(name.map(Arc::from))
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }

    #[inline]
    pub(crate) fn asker(&self) -> Asker {
        Asker
    }

    #[inline]
    pub(crate) fn ask(&self, _: &'static Location<'static>, _: Option<&str>) {}

    #[inline]
    pub(crate) fn told(&self) {}
}

/// Nothing.
#[derive(Clone, Debug)]
pub(crate) struct Reach;

impl Reach {
    #[inline]
    pub(crate) fn new(
        _: &Node,
        _: &tokio_util::sync::CancellationToken,
        _: &'static Location<'static>,
    ) -> Self {
        Self
    }
}

/// Nothing.
#[derive(Debug)]
pub(crate) struct Noticing;

impl Noticing {
    #[inline]
    pub(crate) fn new(_: Node) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn waits(&mut self) {}

    #[inline]
    pub(crate) fn notices(&mut self) {}
}
