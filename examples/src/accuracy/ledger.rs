//! What happened, noted by the program itself: by witnesses that are dropped with what
//! they stand for, and by whoever does something. The order of the entries is the order
//! in which it happened; what a program does at the same time is not told apart.

use std::sync::{Arc, Mutex, PoisonError};

use super::program::{Actor, Escape, ThingId, ThingKind, Token, WaitFor};

/// Why a task was asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    Abort,
    AbortAll,
    SetDropped,
    Token,
    Timeout,
    Dropped,
}

/// How a future came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Completed,
    Dropped,
    Panicked,
    /// Dropped by its runtime's end. No witness can tell; the replay does.
    ShutDown,
}

/// Something that happened. `by` is the task or scope that did it.
#[derive(Clone, Debug)]
pub(super) enum What {
    Spawned(Actor, Option<Actor>),
    /// It is asked while it runs, by somebody else.
    Asked {
        actor: Actor,
        why: Why,
        by: Option<Actor>,
        running: bool,
    },
    Cancelled {
        token: Token,
        by: Option<Actor>,
    },
    /// It was told that its token is cancelled.
    Told(Actor),
    /// The program's runtime is about to be dropped.
    ShutDown,
    /// It is polled by the program's `LocalSet`.
    OnSet(Actor),
    /// The program's `LocalSet` is about to be dropped.
    LocalSetDropped,
    DropBegan(Actor),
    Ended(Actor, How),
    Acquired {
        thing: ThingId,
        kind: ThingKind,
        by: Option<Actor>,
        amount: u32,
    },
    /// A callback on the end of a task.
    Registered {
        thing: ThingId,
        on: Actor,
    },
    Used(ThingId, Actor),
    Transferred(ThingId, Option<Actor>),
    /// It is in the hands of that actor, which has not used it.
    Fetched(ThingId, Actor),
    Escaped(ThingId, Escape),
    /// It was polled, and is not ready.
    Waits {
        wait: ThingId,
        by: Actor,
        on: WaitFor,
    },
    /// An end of a channel was made of another end, which is used by that.
    Joined {
        end: ThingId,
        of: ThingId,
        /// It is a receiver, whatever the other is.
        receives: bool,
        by: Actor,
    },
    /// A place was reserved with this sender, which it owns.
    Reserved {
        place: ThingId,
        with: ThingId,
        by: Actor,
    },
    /// Nobody can send into the channel of this end any more.
    Closed(ThingId),
    /// It reads from now on: the guard of that actor.
    Downgraded(ThingId, Actor),
    /// Of a permit, how much it is from now on.
    Amount(ThingId, u32),
    PermitsAdded(usize),
    Gone(ThingId),
}

/// See the module's header.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(Arc<Mutex<Vec<What>>>);

impl Ledger {
    pub(super) fn note(&self, what: What) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    pub(super) fn entries(&self) -> Vec<What> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Is dropped with something that was acquired.
#[derive(Debug)]
pub(super) struct Witness {
    pub(super) thing: ThingId,
    ledger: Ledger,
}

impl Witness {
    pub(super) fn new(thing: ThingId, ledger: &Ledger) -> Self {
        Self { thing, ledger: ledger.clone() }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.ledger.note(What::Gone(self.thing));
    }
}
