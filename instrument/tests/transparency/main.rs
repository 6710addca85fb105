//! Transparency: under Holdover a subscriber sees exactly what it would see in the same
//! program with tokio's tracing compiled out. One fixed program runs under many stacks,
//! each in a process of its own; what comes out with Holdover is compared with what
//! comes out without it, line by line.
//!
//! `cargo test -p holdover --test transparency NAME` runs those whose name contains NAME.

#![expect(clippy::print_stdout, reason = "it prints as libtest does, and its children are read")]

mod harness;
mod hostile;
mod program;
mod recording;
mod stacks;
mod start;
mod telemetry;
mod without_tokio;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut tests = stacks::tests();
    tests.extend(recording::tests());
    tests.extend(telemetry::tests());
    tests.extend(start::tests());
    tests.extend(hostile::tests());
    harness::main(&tests)
}
