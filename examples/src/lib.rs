//! The scenarios: small programs that a user could have written. Some leave something
//! behind when they are cancelled, some only look as if they did.
//!
//! Each is a library function, an example with a ten-line `main`, and
//! `holdover demo NAME`.

#[cfg(feature = "accuracy")]
pub mod accuracy;
mod blocking_drop;
mod cancellable;
#[cfg(feature = "pools")]
mod connection_pool;
mod done_callbacks;
mod double_delete;
mod graceful_shutdown;
mod ignores_token;
mod nested_cancel;
mod resource_manager;
mod risky_task;
mod risky_task_plain;
mod stored_waker;
mod task_group;
mod worker_pool;

use std::{future::Future, pin::Pin};

pub use blocking_drop::blocking_drop;
pub use cancellable::cancellable_task;
#[cfg(feature = "pools")]
pub use connection_pool::connection_pool;
pub use done_callbacks::done_callbacks;
pub use double_delete::double_delete;
pub use graceful_shutdown::graceful_shutdown;
pub use ignores_token::ignores_token;
pub use nested_cancel::nested_cancel;
pub use resource_manager::resource_manager;
pub use risky_task::risky_task;
pub use risky_task_plain::risky_task_plain;
pub use stored_waker::stored_waker;
pub use task_group::task_group;
pub use worker_pool::worker_pool;

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
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "risky_task",
        about: "a cancelled task's clean-up arms a callback 5 s later: after-cancel",
        form: Form::Shim,
        leaks_a_round: 1,
        run: |rounds| Box::pin(risky_task(rounds)),
    },
    Scenario {
        name: "risky_task_plain",
        about: "the same with tokio alone: the clean-up spawns a task that sleeps",
        form: Form::Plain,
        leaks_a_round: 1,
        run: |rounds| Box::pin(risky_task_plain(rounds)),
    },
    Scenario {
        name: "ignores_token",
        about: "a task that is asked to stop and goes on: stuck",
        form: Form::Shim,
        leaks_a_round: 1,
        run: |rounds| Box::pin(ignores_token(rounds)),
    },
    Scenario {
        name: "task_group",
        about: "a dropped JoinSet, one member of which leaves a callback: left-behind",
        form: Form::Shim,
        leaks_a_round: 1,
        run: |rounds| Box::pin(task_group(rounds)),
    },
    Scenario {
        name: "double_delete",
        about: "requests cancelled at random, each with a delayed callback: a group of timers",
        form: Form::Shim,
        leaks_a_round: double_delete::HANG_UP,
        run: |rounds| Box::pin(double_delete(rounds)),
    },
    Scenario {
        name: "worker_pool",
        about: "a worker aborted in the middle of a job that nobody puts back: left-behind",
        form: Form::Shim,
        leaks_a_round: 1,
        run: |rounds| Box::pin(worker_pool(rounds)),
    },
    Scenario {
        name: "resource_manager",
        about: "a sweeper closes what has had its time, and cannot close one: overdue",
        form: Form::Shim,
        leaks_a_round: 1,
        run: |rounds| Box::pin(resource_manager(rounds)),
    },
    Scenario {
        name: "graceful_shutdown",
        about: "stop accepting, drain, release; one connection waits for a lock: stuck",
        form: Form::Shim,
        leaks_a_round: 1,
        run: |rounds| Box::pin(graceful_shutdown(rounds)),
    },
    Scenario {
        name: "blocking_drop",
        about: "an aborted task whose Drop blocks for 4 s: stuck, in its drop",
        form: Form::Shim,
        leaks_a_round: 1,
        run: |rounds| Box::pin(blocking_drop(rounds)),
    },
    Scenario {
        name: "stored_waker",
        about: "stored wakers keep the memory of cancelled tasks: listed, no verdict",
        form: Form::Plain,
        leaks_a_round: 0,
        run: |rounds| Box::pin(stored_waker(rounds)),
    },
    Scenario {
        name: "nested_cancel",
        about: "a tree of tokens reaches parent, child and grandchild: nothing is left",
        form: Form::Shim,
        leaks_a_round: 0,
        run: |rounds| Box::pin(nested_cancel(rounds)),
    },
    Scenario {
        name: "done_callbacks",
        about: "callbacks on a task's end, in order, also after a cancel: nothing is left",
        form: Form::Shim,
        leaks_a_round: 0,
        run: |rounds| Box::pin(done_callbacks(rounds)),
    },
    Scenario {
        name: "cancellable_task",
        about: "the template of a task that can be cancelled: nothing is left",
        form: Form::Shim,
        leaks_a_round: 0,
        run: |rounds| Box::pin(cancellable_task(rounds)),
    },
    #[cfg(feature = "pools")]
    Scenario {
        name: "connection_pool",
        about: "clients hang up; one handler's connection is kept: left-behind, and a pool",
        form: Form::Shim,
        leaks_a_round: 1,
        run: |rounds| Box::pin(connection_pool(rounds)),
    },
];

/// Scenarios that this build has not, and the feature that brings each.
pub const LEFT_OUT: &[(&str, &str)] = &[
    #[cfg(not(feature = "pools"))]
    ("connection_pool", "pools"),
];

/// The scenario of this name.
pub fn find(name: &str) -> Option<&'static Scenario> {
    SCENARIOS.iter().find(|scenario| scenario.name == name)
}
