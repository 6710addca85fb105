//! The proof finds faults: with each one that can be planted in the rules, some program
//! fails, and without one none does. Built with `--cfg holdover_faults`; see `.ci/run`.

#![cfg(holdover_faults)]

use std::process::Command;

/// As the library's module `fault` has them.
const FAULTS: [&str; 20] = [
    "Phase",
    "Use",
    "Grace",
    "ChildTwice",
    "StaleId",
    "Release",
    "ScopeOutward",
    "Shutdown",
    "TakeBack",
    "Detached",
    "Kept",
    "MaybeMoved",
    "Chain",
    "Lent",
    "UsedInScope",
    "Missed",
    "MissedAgain",
    "Limit",
    "Park",
    "Waits",
];

/// Whether any of some hundred programs fails, and what was said.
fn fails(fault: &str) -> (bool, String) {
    let accuracy = Command::new(env!("CARGO_BIN_EXE_accuracy"))
        .args(["--programs", "4096", "--form", "shim", "--first"])
        .env("HOLDOVER_FAULT", fault)
        .env("RUST_LOG", "off")
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&accuracy.stderr).into_owned();
    (accuracy.status.code() == Some(1), said)
}

#[test]
fn without_a_fault_no_program_fails() {
    let (failed, said) = fails("");
    assert!(!failed, "{said}");
}

#[test]
fn with_each_fault_some_program_fails() {
    let missed: Vec<&str> = FAULTS.into_iter().filter(|fault| !fails(fault).0).collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}
