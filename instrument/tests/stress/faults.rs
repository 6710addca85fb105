//! The test finds miscounts: with each one that can be planted it fails, and without one
//! it does not. Built with `--cfg holdover_faults`; see `.ci/run`.

use std::process::Command;

use crate::{DEADLINE, TIME};

/// As the library's module `fault` has them.
const FAULTS: [&str; 5] = ["LaneLost", "IdTwice", "FreedWithPin", "LateRelease", "EndTwice"];

/// What is wrong goes on being so: it is not waited for as long as what is right.
const BRIEFLY: &str = "4000";

/// Whether the test fails, briefly, and what it says.
fn fails(fault: Option<&str>) -> (bool, String) {
    let mut stress = Command::new(std::env::current_exe().expect("this executable"));
    stress.args(["every_count_is_exact", "--exact"]).env(TIME, "500");
    if let Some(fault) = fault {
        stress.env("HOLDOVER_FAULT", fault).env(DEADLINE, BRIEFLY);
    }
    let ended = stress.output().expect("it runs");
    (!ended.status.success(), String::from_utf8_lossy(&ended.stdout).into_owned())
}

#[test]
fn without_a_fault_every_count_is_exact() {
    let (failed, said) = fails(None);
    assert!(!failed, "{said}");
}

#[test]
fn with_each_fault_some_count_is_not() {
    let missed: Vec<&str> = FAULTS.into_iter().filter(|fault| !fails(Some(fault)).0).collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}
