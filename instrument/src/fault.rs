//! Faults that can be planted in the rules, each a line at the place that it is about: so
//! that it can be shown that the proof of the verdicts (`holdover-examples`, module
//! `accuracy`) finds them. Only a build with `--cfg holdover_faults` has any, and then
//! `HOLDOVER_FAULT` names the one that is planted.

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// What was acquired in the drop counts as acquired before the request.
    Phase,
    /// Whoever uses a thing does not become its owner.
    Use,
    /// A verdict is given a grace too early.
    Grace,
    /// A child is counted twice.
    ChildTwice,
    /// The id of a task that has ended is followed.
    StaleId,
    /// What was released stays.
    Release,
    /// What a completed scope owns does not pass outward.
    ScopeOutward,
    /// A shutdown is taken for a cancel.
    Shutdown,
    /// A request stays though the task was ready first.
    TakeBack,
    /// A detached task is an orphan like any other.
    Detached,
    /// So is one whose handle somebody keeps.
    Kept,
    /// What may have moved gives a verdict all the same.
    MaybeMoved,
    /// Each firing of a chain of callbacks is a holding of its own.
    Chain,
}

#[cfg(not(holdover_faults))]
pub(crate) const fn planted(_: Fault) -> bool {
    false
}

#[cfg(holdover_faults)]
pub(crate) fn planted(fault: Fault) -> bool {
    static NAME: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    let name = NAME.get_or_init(|| std::env::var("HOLDOVER_FAULT").ok());
    name.as_deref().is_some_and(|name| name == format!("{fault:?}"))
}
