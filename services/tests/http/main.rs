//! HTTP: requests as scopes, and pools of connections, with real servers and real clients
//! over loopback. Each scenario's service is a process of its own; the test is its client,
//! and the console that is attached to it.
//!
//! `cargo test -p holdover-services --test http NAME` runs those whose name contains NAME;
//! with `HOLDOVER_FULL=1` at their full size: minutes, and ten thousand connections.

#![expect(clippy::print_stdout, reason = "a test prints")]
#![expect(unreachable_pub, reason = "nothing in a test is public")]

#[expect(dead_code, reason = "shared with the scenarios of the library")]
#[path = "../../../instrument/tests/scenarios/client.rs"]
mod client;
mod hang_up;
#[path = "../../../instrument/tests/scenarios/harness.rs"]
mod harness;
mod keep_alive;
mod load;
mod pooled;
mod wire;

use std::process::ExitCode;

use harness::Scenario;

/// Whether the scenarios are to be run at their full size.
fn full() -> bool {
    std::env::var_os("HOLDOVER_FULL").is_some_and(|set| set == "1")
}

fn scenarios() -> Vec<Scenario> {
    let mut all = hang_up::scenarios();
    all.extend(keep_alive::scenarios());
    all.extend(pooled::scenarios());
    all.extend(load::scenarios());
    all
}

fn main() -> ExitCode {
    // Two at full size need more sockets at once than a process may have.
    harness::main(&scenarios(), if full() { 1 } else { harness::AT_ONCE })
}
