//! Blindness, end to end: each cause is made real in a service process of its own, and
//! what the console says of it is asserted to the letter, with the first line of what
//! mends it, the line in the service's log, and that what is said to be unseen is not
//! seen, and the rest is. What depends on the build is asserted for the build at hand;
//! `.ci/run` has the others.
//!
//! `cargo test -p holdover --test blind NAME` runs those whose name contains NAME.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test reads the clock and prints"
)]
#![expect(unreachable_pub, reason = "nothing in a test is public")]

#[path = "../../build.rs"]
#[expect(dead_code, reason = "cargo runs its main")]
mod build_script;
mod causes;
mod flag;
mod harness;
mod programs;

use std::process::ExitCode;

use causes::{DEFAULT_IS_SET, INIT_IN_RUNTIME, LEVEL_OFF, LEVEL_TASKS, REGISTRY_FILTERED};
use harness::{Case, Recorded};

/// What is recorded without tokio's spans.
const SHIMS: &[Recorded] = &[Recorded::Shims, Recorded::Holdings];
/// Everything there is, from when it was started.
const WHOLE: &[Recorded] =
    &[Recorded::Spans, Recorded::BlockOn, Recorded::Shims, Recorded::Holdings];
/// What is recorded from when a runtime runs already.
const LATE: &[Recorded] = &[Recorded::Spans, Recorded::Shims, Recorded::Holdings];
/// What is recorded of tasks.
const TASKS: &[Recorded] = &[Recorded::Spans, Recorded::BlockOn, Recorded::Shims];

/// What each program comes to, but for what the build is blind to.
const CASES: &[Case] = &[
    Case::new("whole::init", programs::init),
    Case::new("whole::wrap", programs::wrap),
    Case::new("whole::layer", programs::layer),
    Case::new("init_in_runtime::tokio_main", programs::tokio_main).blind(&[INIT_IN_RUNTIME], LATE),
    Case::new("init_in_runtime::current_thread", programs::in_current_thread)
        .blind(&[INIT_IN_RUNTIME], LATE),
    Case::new("init_in_runtime::layer", programs::layer_in_runtime).blind(&[INIT_IN_RUNTIME], LATE),
    Case::new("older_runtime", programs::after_a_runtime).blind(&[causes::OLDER_RUNTIME], WHOLE),
    Case::new("default_is_set::init", programs::init_after_a_default)
        .blind(&[DEFAULT_IS_SET], SHIMS)
        .error(DEFAULT_IS_SET.sentence),
    Case::new("default_is_set::wrap", programs::wrap_after_a_default)
        .blind(&[DEFAULT_IS_SET], SHIMS)
        .error(DEFAULT_IS_SET.sentence),
    Case::new("default_is_set::layer", programs::layer_after_a_default)
        .blind(&[DEFAULT_IS_SET], SHIMS),
    #[cfg(unix)]
    Case::new("layer_unused", programs::layer_unused)
        .blind(&[causes::LAYER_UNUSED], SHIMS)
        .without_a_log(),
    Case::new("registry_filtered::outside", programs::filter_over_the_layer)
        .blind(&[REGISTRY_FILTERED], SHIMS),
    Case::new("registry_filtered::inside", programs::filter_under_the_layer)
        .blind(&[REGISTRY_FILTERED], SHIMS),
    Case::new("level::tasks", programs::init)
        .environment(&[("HOLDOVER_LEVEL", "tasks")])
        .blind(&[LEVEL_TASKS], TASKS),
    Case::new("level::off", programs::init)
        .environment(&[("HOLDOVER_LEVEL", "off")])
        .blind(&[LEVEL_OFF], &[]),
];

fn main() -> ExitCode {
    harness::main(CASES, flag::CHECKS)
}
