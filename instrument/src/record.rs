//! What the shims tell the recorder. Two versions with the same names: `live` records,
//! `inert` is what is left with recording compiled out: nothing.

use std::{panic::Location, sync::Arc, time::Duration};

use crate::words::Kind;

mod budget;
mod channel;
#[cfg(not(feature = "console"))]
mod inert;
#[cfg(feature = "console")]
mod live;

#[cfg(not(feature = "console"))]
pub(crate) use inert::*;
#[cfg(feature = "console")]
pub(crate) use live::*;

pub(crate) use budget::cancel_by_dropping;
#[cfg(feature = "console")]
pub(crate) use budget::thread_has_a_budget;
pub(crate) use channel::{ChannelKind, ChannelName, Side};

/// Runs when dropped, also by a panic.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// What a shim knows of a task that it is about to spawn.
#[derive(Debug)]
#[cfg_attr(not(feature = "console"), expect(dead_code, reason = "only the recorder reads it"))]
pub(crate) struct NewTask<'a> {
    pub(crate) kind: NewKind,
    /// `None` where whose code has asked for it is not known.
    pub(crate) location: Option<&'static Location<'static>>,
    pub(crate) type_name: &'static str,
    pub(crate) size: usize,
    pub(crate) name: Option<&'a str>,
    pub(crate) options: Options,
}

/// What tokio gives for a task that was spawned: its handle, or that of a set's member.
#[cfg_attr(not(feature = "console"), expect(dead_code, reason = "only the recorder asks"))]
pub(crate) trait Spawned {
    fn task_id(&self) -> tokio::task::Id;
    fn aborter(&self) -> tokio::task::AbortHandle;
}

impl<T> Spawned for tokio::task::JoinHandle<T> {
    #[inline]
    fn task_id(&self) -> tokio::task::Id {
        self.id()
    }

    fn aborter(&self) -> tokio::task::AbortHandle {
        self.abort_handle()
    }
}

impl Spawned for tokio::task::AbortHandle {
    #[inline]
    fn task_id(&self) -> tokio::task::Id {
        self.id()
    }

    fn aborter(&self) -> tokio::task::AbortHandle {
        self.clone()
    }
}

/// The kinds of task that a shim makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewKind {
    Task,
    Local,
    Blocking,
    Scope,
}

/// Who drops a scope's future before it is ready.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(all(feature = "console", feature = "tower")),
    expect(dead_code, reason = "only the recorder reads it, and only requests have clients")
)]
pub(crate) enum DroppedBy {
    /// Whoever this thread works for.
    Owner,
    /// The connection of a request, since its client is gone.
    Client(Client),
}

/// The client of a request, and who else may drop that.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "console"), expect(dead_code, reason = "only the recorder reads it"))]
pub(crate) struct Client {
    /// Where it was said that requests are scopes.
    pub(crate) site: &'static Location<'static>,
    /// Whoever keeps the request's deadline.
    pub(crate) or_deadline: bool,
    /// Whoever drops the connection, which is the task that spawned the one around the
    /// request: that has several at once.
    pub(crate) is_stream: bool,
}

/// What few tasks are given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) grace: Option<Duration>,
    pub(crate) detached: Option<Arc<str>>,
    /// Whoever cancels one of these asks the task.
    pub(crate) bound_to: Vec<Asker>,
}

/// What a shim knows of a holding that was just acquired.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "console"), expect(dead_code, reason = "only the recorder reads it"))]
pub(crate) struct NewHolding<'a> {
    pub(crate) kind: Kind,
    pub(crate) label: Label<'a>,
    pub(crate) location: &'static Location<'static>,
    pub(crate) due_in: Option<Duration>,
    pub(crate) traits: Traits,
}

/// A label that is there for ever, or one made at run time.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "console"), expect(dead_code, reason = "only the recorder reads it"))]
pub(crate) enum Label<'a> {
    Fixed(&'static str),
    Made(&'a str),
}

/// How a holding behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Traits {
    /// A `Sleep`: a value that may move, and is gone once its time has come.
    Sleep,
    /// An `Interval`: a value that may move.
    Periodic,
    /// A value that may move into another task unseen; noted in the history.
    Value,
    /// As a value, taken and given back too often for the history.
    Guard,
    /// Nothing that could move: a callback; noted in the history.
    Fixed,
}

/// How a pool says that it is. `None` where it does not say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pooled {
    pub(crate) size: Option<usize>,
    pub(crate) idle: Option<usize>,
    pub(crate) max: Option<usize>,
    pub(crate) waiting: Option<usize>,
    pub(crate) max_lifetime: Option<Duration>,
}
