//! Faults that can be planted in the rules and in what is counted, each a line at the place
//! that it is about: so that it can be shown that the proof of the verdicts
//! (`holdover-examples`, module `accuracy`) finds those, and `tests/stress` these. Only a
//! build with `--cfg holdover_faults` has any, and then `HOLDOVER_FAULT` names the one that
//! is planted.

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
    /// Who has used something is taken for who has it.
    Lent,
    /// What a scope uses is the scope's, whoever has it.
    UsedInScope,
    /// An end is missed though nobody is on the other side.
    Missed,
    /// An end is not missed when the other side is there again.
    MissedAgain,
    /// What has a limit of its own may be held for ever.
    Limit,
    /// What is parked stays its owner's.
    Park,
    /// Who waits for what others hold is not seen.
    Waits,
    /// What a thread has counted is lost when it ends.
    LaneLost,
    /// The last id that a thread took is also the first of the next one's.
    IdTwice,
    /// A slot is freed though something pins it.
    FreedWithPin,
    /// What is released after its owner's end stays counted.
    LateRelease,
    /// The end of a task is counted when it ends unseen, and again when it is told of after
    /// all.
    EndTwice,
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
