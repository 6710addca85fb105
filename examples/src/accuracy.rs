//! The proof that the verdicts are right: random concurrent programs, which know of
//! themselves what they hold and for whom, and a console that is told the same.
//!
//! `cargo run --release -p holdover-examples --bin accuracy -- --programs 10000 --seed 1`

mod batch;
mod compare;
mod console;
mod facts;
mod generate;
mod ledger;
mod print;
mod program;
mod rng;
mod runtimes;
mod shrink;
mod tally;
mod truth;
#[expect(clippy::duplicate_mod, reason = "one source, over Holdover's shims and over tokio")]
mod with_holdover;
#[cfg(tokio_unstable)]
mod with_tokio;
mod world;

pub use self::{
    batch::{Checked, Error, Proof},
    compare::Wrong,
    facts::{Cancel, Fate, Fates, Held, HeldKind, Outcome, Phase, Row, Verdict},
    generate::generate,
    print::print,
    program::{
        Actor, ActorKind, Bond, ChannelKind, Escape, Flavor, Keep, Order, Plan, Program, ScopeEnd,
        Step, ThingId, ThingKind, Token, WaitFor,
    },
    shrink::shrink,
    tally::Tally,
    truth::{Cell, Expected, Knowable, Truth},
};
