//! A real service under load: `cargo bench -p holdover-services --bench load`.
//!
//! An axum service, JSON in and memory or `SQLite` out, on one core; a load generator on another, over
//! loopback. Each run is a process of its own; modes are interleaved in random order. The
//! load is bounded by its count of requests. `--build` measures instead what Holdover does
//! to the building of such a service.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints")]
#![expect(unreachable_pub, reason = "nothing in a benchmark is public")]

mod args;
mod build;
#[expect(dead_code, reason = "shared with the benchmark of the library")]
#[path = "../../../instrument/benches/overhead/client.rs"]
mod client;
mod compare;
#[path = "../../../instrument/benches/overhead/cpu.rs"]
mod cpu;
#[path = "../../../instrument/benches/overhead/flags.rs"]
mod flags;
#[path = "../../../instrument/benches/overhead/floor.rs"]
mod floor;
mod generate;
mod job;
#[expect(dead_code, reason = "shared with the benchmark of the library")]
#[path = "../../../instrument/benches/overhead/modes.rs"]
mod modes;
#[path = "../../../instrument/benches/overhead/process.rs"]
mod process;
mod runs;
mod shop;
#[path = "../../../instrument/benches/overhead/shuffle.rs"]
mod shuffle;
#[expect(dead_code, reason = "shared with the benchmark of the library")]
#[path = "../../../instrument/benches/overhead/stats.rs"]
mod stats;

use std::process::ExitCode;

use args::Asked;
use job::Job;

fn main() -> ExitCode {
    if let Some(job) = Job::of_this_process() {
        job.run();
        return ExitCode::SUCCESS;
    }
    match args::parse(std::env::args().skip(1)) {
        Ok(Asked::Help) => print!("{}", args::HELP),
        Ok(Asked::Build { json }) => return build::run(json),
        Ok(Asked::Run(args)) => runs::run(&args),
        Err(wrong) => {
            eprintln!("load: {wrong}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
