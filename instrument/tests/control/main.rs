//! Acting on a service over its Unix socket: each test is a process of its own, since a
//! process has one recorder.

#![cfg(all(unix, feature = "console"))]

mod cancel;
mod client;
mod level;
#[path = "../shared/look.rs"]
mod look;
mod token;

use std::process::Command;

/// Runs the named test again, alone, in a process where it finds itself so named.
fn alone(name: &str, run: fn()) {
    const ALONE: &str = "HOLDOVER_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return run();
    }
    let this = std::env::current_exe().expect("the test itself");
    let mut command = Command::new(this);
    command.args([name, "--exact", "--nocapture"]).env(ALONE, "1");
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
