//! The real tokio-console, unchanged, in a terminal of its own: what it draws is what our
//! own view says of the same service.
//!
//! It is installed from the registry into a folder of this test's, which takes minutes:
//! with `HOLDOVER_FULL=1`, once. Where that cannot be done the test says so and is skipped.

mod resources;
mod screen;
mod tasks;
mod terminal;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use self::terminal::Terminal;
use crate::drop_in::{end, free_port, printed, start};

const VERSION: &str = "0.1.14";

fn installed() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tokio-console");
    let program = folder.join("bin/tokio-console");
    if program.exists() {
        return Ok(program);
    }
    if std::env::var_os("HOLDOVER_FULL").is_none() {
        return Err("it is not installed, and HOLDOVER_FULL=1 is not set to install it".to_owned());
    }
    let install = Command::new(env!("CARGO"))
        .args(["install", "tokio-console", "--version", VERSION, "--locked", "--debug"])
        .arg("--root")
        .arg(&folder)
        .current_dir(std::env::temp_dir())
        .output()
        .map_err(|error| error.to_string())?;
    if install.status.success() {
        Ok(program)
    } else {
        Err(String::from_utf8_lossy(&install.stderr).into_owned())
    }
}

#[expect(clippy::print_stdout, reason = "why it is skipped is to be read")]
#[test]
fn the_real_one_draws_what_our_own_view_says() {
    let program = match installed() {
        Ok(program) => program,
        Err(why) => return println!("skipped: tokio-console cannot be had: {why}"),
    };
    let address = free_port();
    let variables = [
        ("TOKIO_CONSOLE_BIND", address.as_str()),
        ("TOKIO_CONSOLE_RETENTION", "1h"),
        ("HOLDOVER_GRACE", "100ms"),
    ];
    let mut service = start("still", &variables);
    printed(&mut service);
    let home = fs::canonicalize(env!("CARGO_TARGET_TMPDIR")).expect("the test's folder");
    match Terminal::running(&program, &home, &address) {
        Ok(terminal) => {
            tasks::are_as_in_our_own_view(&terminal, &address);
            tasks::pages_are_as_in_our_own_view(&terminal, &address);
            resources::are_as_in_our_own_view(&terminal, &address);
            resources::who_has_the_lock_and_who_waits(&terminal);
            terminal.presses("q");
        }
        Err(why) => println!("skipped: {why}"),
    }
    end(service);
}
