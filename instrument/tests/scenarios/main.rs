//! The scenarios, end to end: each runs as a service process of its own, on both
//! runtimes and in both forms where both exist; the test attaches to it over gRPC, as
//! a console does, and asserts on what it is told.
//!
//! `cargo test -p holdover --test scenarios NAME` runs those whose name contains NAME.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "a test reads the clock and prints; a list of scenarios is long"
)]
#![expect(unreachable_pub, reason = "nothing in a test is public")]

mod callbacks;
mod channels;
mod client;
mod coverage;
mod drops;
mod edges;
#[cfg(unix)]
mod files;
mod harness;
mod innocent;
mod lent;
mod libraries;
mod lifecycle;
mod pools;
mod propagation;
mod resources;
mod rwlocks;
mod services;
mod shares;
mod spans;
#[cfg(unix)]
mod still;
mod wakers;

use std::process::ExitCode;

use harness::Scenario;

fn scenarios() -> Vec<Scenario> {
    let mut all = lifecycle::scenarios();
    all.extend(coverage::scenarios());
    all.extend(callbacks::scenarios());
    all.extend(propagation::scenarios());
    all.extend(resources::scenarios());
    #[cfg(unix)]
    all.extend(files::scenarios());
    all.extend(shares::scenarios());
    all.extend(rwlocks::scenarios());
    all.extend(spans::scenarios());
    all.extend(services::scenarios());
    all.extend(wakers::scenarios());
    all.extend(drops::scenarios());
    all.extend(channels::scenarios());
    all.extend(pools::scenarios());
    all.extend(innocent::scenarios());
    all.extend(lent::scenarios());
    all.extend(edges::scenarios());
    all.extend(libraries::scenarios());
    #[cfg(unix)]
    all.extend(still::scenarios());
    all
}

fn main() -> ExitCode {
    harness::main(&scenarios(), harness::AT_ONCE)
}
