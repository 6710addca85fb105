//! Words for what is expected of a console and what it says: compared as they are.

use std::collections::BTreeMap;

/// Why a task is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// Asked to stop, not ended.
    Stuck,
    /// Something acquired before the request is live.
    LeftBehind,
    /// Something acquired from then on is live.
    AfterCancel,
    /// It outlives the cancelled task that spawned it.
    Orphaned,
    /// Something is held for longer than it may be.
    Overdue,
}

/// When something was acquired, seen from its owner's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Before it.
    Before,
    /// After it.
    After,
    /// While the future was dropped.
    InDrop,
}

/// What kind of thing is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HeldKind {
    /// A sleep, an interval, a `call_later`.
    Timer,
    /// An `on_done`.
    Callback,
    /// A guard.
    Lock,
    /// Permits.
    Permit,
    /// An end of a channel.
    Channel,
    /// A `Held`.
    Connection,
    /// A `Hold`.
    Custom,
    /// A task.
    Child,
    /// A blocking closure.
    Blocking,
    /// Nothing that a generated program has.
    Other,
}

/// How a task ended, and by what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// It has not.
    Lives,
    /// Its future was ready.
    Completed,
    /// Its future was dropped.
    Cancelled,
    /// It panicked.
    Panicked,
    /// Its runtime was shut down.
    Shutdown,
}

/// Something that a row lists.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Held {
    /// Of which kind.
    pub kind: HeldKind,
    /// Which one.
    pub label: String,
    /// When it was acquired.
    pub phase: Phase,
    /// The child that holds it.
    pub via: Option<String>,
    /// It may have moved.
    pub maybe_moved: bool,
    /// How many permits.
    pub amount: u32,
    /// Who waits for it, sorted.
    pub waiting: Vec<String>,
}

/// A row: a task and a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Whose it is.
    pub task: String,
    /// Which.
    pub verdict: Verdict,
    /// Everything of it was seen by a shim.
    pub exact: bool,
    /// What is listed, sorted.
    pub held: Vec<Held>,
    /// Orphaned: the cancelled task above.
    pub ancestor: Option<String>,
}

/// A request to stop: its cause, as a console words it, and who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancel {
    /// `abort`, `abort-all`, ….
    pub cause: &'static str,
    /// The task that asked.
    pub canceller: Option<String>,
}

/// What became of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// How it ended.
    pub outcome: Outcome,
    /// How it was asked to stop.
    pub cancel: Option<Cancel>,
    /// What it waits for.
    pub waits_for: Option<(HeldKind, String)>,
}

/// Tasks by name.
pub type Fates = BTreeMap<String, Fate>;
