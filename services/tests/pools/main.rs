//! Connection pools on a real `SQLite` file: each scenario runs as a service process of its
//! own, on both runtimes; the test attaches to it over gRPC, as a console does.
//!
//! `cargo test -p holdover-services --test pools NAME` runs those whose name contains NAME.

#![expect(
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "a test prints; a list of scenarios is long"
)]
#![expect(unreachable_pub, reason = "nothing in a test is public")]

mod bb8;
#[path = "../../../instrument/tests/scenarios/client.rs"]
#[expect(dead_code, reason = "shared with tests that ask for more")]
mod client;
mod deadpool;
#[path = "../../../instrument/tests/scenarios/harness.rs"]
mod harness;
mod sqlite;
mod sqlx;

use std::process::ExitCode;

use harness::Scenario;

fn scenarios() -> Vec<Scenario> {
    let mut all = sqlx::scenarios();
    all.extend(deadpool::scenarios());
    all.extend(bb8::scenarios());
    all
}

fn main() -> ExitCode {
    let code = harness::main(&scenarios(), harness::AT_ONCE);
    // The services were killed: what they left goes with whoever started them.
    let _ = std::fs::remove_dir_all(sqlite::folder_of(std::process::id()));
    code
}
