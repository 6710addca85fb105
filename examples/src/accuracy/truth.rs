//! What a console must say of a program when it is at rest: the rules anew, from their
//! text, over what the program's own witnesses have noted. Nothing of the recorder, the
//! store or the verdicts is used here.

mod replay;
mod rules;

use super::{
    facts::{Fates, HeldKind, Phase, Row, Verdict},
    ledger::What,
    program::{Escape, Names, Program, ThingKind},
};

/// A row that is expected.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The row.
    pub row: Row,
    /// Whether it must be there.
    pub knowable: Knowable,
    /// What it lists, for the table.
    pub cells: Vec<Cell>,
}

/// A cell of the table of what was covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// What was held.
    pub kind: HeldKind,
    /// As what it was acquired; `None` for a task and a callback on the end of one.
    pub thing: Option<ThingKind>,
    /// For which verdict.
    pub verdict: Verdict,
    /// When it was acquired.
    pub phase: Phase,
    /// How it has left its task.
    pub escape: Escape,
}

/// Whether somebody who sees what is to be seen can know of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Knowable {
    /// It must be there.
    Yes,
    /// What it rests on has moved to a living task without being used there: by the rule
    /// it is its acquirer's, and the acquirer does not have it.
    MovedSilently,
    /// In plain form: the task was aborted while it ran.
    AbortedWhileRunning,
    /// In plain form it rests on permits alone.
    NotTold,
}

/// Everything that is expected.
#[derive(Clone, Debug)]
pub struct Truth {
    /// The rows.
    pub rows: Vec<Expected>,
    /// What became of each task, as far as it can be known.
    pub fates: Fates,
    /// Whether anything is held for a cancelled task that does not have it.
    pub has_leak: bool,
    /// Whether anything was forgotten for good.
    pub forgets: bool,
}

/// See the module's header.
pub(super) fn truth(program: &Program, entries: &[What], names: &Names) -> Truth {
    let known = replay::replay(program, entries);
    rules::judge(program, &known, names)
}
