//! Instructions an operation, counted by valgrind: a figure that no other process moves.

use std::{
    env::current_exe,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::json;

use crate::{
    args::Args,
    cpu::Cores,
    job::{Job, Operation},
    modes::Mode,
    process::{command, setting},
    workloads::{Flavor, Workload},
};

/// Enough that what happens once does not matter.
const OPERATIONS: u32 = 10_000;
const MODES: [Mode; 4] = [Mode::Bare, Mode::Floor, Mode::Holdover, Mode::Shims];

pub fn run(args: &Args) {
    let valgrind = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    if !valgrind.is_ok_and(|status| status.success()) {
        println!("instructions cannot be counted: there is no valgrind on the path");
        return;
    }
    let wanted = args.modes();
    let modes: Vec<Mode> = MODES.into_iter().filter(|mode| wanted.contains(mode)).collect();
    if !args.json {
        println!("\ninstructions an operation over bare, current-thread (bare: as it is)\n");
        print!("{:<32}", "");
        for mode in &modes {
            print!("{:>12}", mode.name());
        }
        println!();
    }
    for workload in args.workloads() {
        row(args, workload, &modes);
    }
}

fn row(args: &Args, workload: Workload, modes: &[Mode]) {
    let counts: Vec<f64> = modes.iter().map(|mode| count(args, workload, *mode)).collect();
    let bare = counts[0];
    if args.json {
        for (mode, count) in modes.iter().zip(counts) {
            let object = json!({
                "type": "instructions", "workload": workload.name(), "mode": mode.name(),
                "instructions": count, "over_bare": count - bare,
            });
            println!("{object}");
        }
        return;
    }
    print!("{:<32}{bare:>12.0}", workload.name());
    for count in &counts[1..] {
        print!("{:>12.0}", count - bare);
    }
    println!();
}

/// Of the measured part alone, and of the thread that runs it.
fn count(args: &Args, workload: Workload, mode: Mode) -> f64 {
    let operations = args.scaled(OPERATIONS, OPERATIONS);
    let this = current_exe().expect("this executable");
    let job = Job::Operation(Operation {
        setting: setting(mode, &Cores::allowed()),
        workload,
        operations,
        flavors: vec![Flavor::Current],
        settle: false,
    });
    let output = command(&job, Path::new("valgrind"))
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg("--toggle-collect=*the_measured_part*")
        .arg(this)
        .output()
        .expect("it runs");
    // Whoever is killed leaves its socket.
    let _ = std::fs::remove_file(&job.setting().socket);
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected :"));
    let counted = collected.and_then(|(_, count)| count.trim().parse::<f64>().ok());
    let counted = counted.unwrap_or_else(|| panic!("valgrind counted nothing: {said}"));
    // With the warm-up, which is measured as well.
    counted / f64::from(operations + operations / 5)
}
