//! What recording costs: `cargo bench -p holdover --bench overhead`.
//!
//! Each figure is of a process of its own, since a process has one recorder. Modes are
//! interleaved in random order and repeated, and compared within the run. What is
//! measured is CPU time: of the threads of the workload, and apart from it of the
//! console thread.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark reads the clock and prints"
)]
#![expect(unreachable_pub, reason = "nothing in a benchmark is public")]

mod args;
mod client;
mod cpu;
mod flags;
mod floor;
mod instructions;
mod job;
mod memory;
mod modes;
mod operations;
mod print;
mod process;
mod scale;
mod shuffle;
mod stats;
mod target;
mod workloads;

use std::process::ExitCode;

use args::{Args, Asked};
use job::Job;

fn main() -> ExitCode {
    if let Some(job) = Job::of_this_process() {
        job.run();
        return ExitCode::SUCCESS;
    }
    match args::parse(std::env::args().skip(1)) {
        Ok(Asked::Help) => print!("{}", args::HELP),
        Ok(Asked::List) => args::list(),
        Ok(Asked::Run(args)) => run(&args),
        Err(wrong) => {
            eprintln!("overhead: {wrong}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn run(args: &Args) {
    if args.trial {
        println!(
            "without --bench, which `cargo bench` gives, this is a trial: each thing once, at a \
             hundredth of its size; its figures mean nothing"
        );
    }
    if args.instructions {
        return instructions::run(args);
    }
    operations::run(args);
    memory::run(args);
    scale::run(args);
}
