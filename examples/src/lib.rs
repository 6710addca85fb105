//! The scenarios: small programs that a user could have written. Some leave something
//! behind when they are cancelled, some only look as if they did.
//!
//! Each is a library function, an example with a ten-line `main`, and
//! `holdover demo NAME`.

mod risky_task;

use std::{future::Future, pin::Pin};

pub use risky_task::risky_task;

/// How often a scenario repeats what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounds {
    /// Until the process ends.
    Endless,
    /// So often; then the scenario is at rest.
    Exactly(u32),
}

impl Rounds {
    /// True while another round is due; counts it.
    pub fn another(&mut self) -> bool {
        match self {
            Self::Endless => true,
            Self::Exactly(0) => false,
            Self::Exactly(left) => {
                *left -= 1;
                true
            }
        }
    }
}

/// What a scenario is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `holdover::…`: exact, in every build.
    Shim,
    /// `tokio::…` only: seen where tokio was built with `--cfg tokio_unstable`.
    Plain,
}

/// A scenario that can be run by its name.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// As `holdover demo` takes it.
    pub name: &'static str,
    /// What it shows, in a line.
    pub about: &'static str,
    /// What it is written with.
    pub form: Form,
    /// How many leaks a round makes.
    pub leaks_a_round: u32,
    /// Runs it.
    pub run: fn(Rounds) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Every scenario, the default one first.
pub const SCENARIOS: &[Scenario] = &[Scenario {
    name: "risky_task",
    about: "a cancelled task's clean-up arms a callback 5 s later: after-cancel",
    form: Form::Shim,
    leaks_a_round: 1,
    run: |rounds| Box::pin(risky_task(rounds)),
}];

/// The scenario of this name.
pub fn find(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}
