//! The real tokio-console, unchanged, in a terminal of its own.
//!
//! It is installed from the registry into a folder of this test's, which takes minutes:
//! with `HOLDOVER_FULL=1`, once. Where that cannot be done the test says so and is skipped.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use crate::drop_in::{end, free_port, printed, start};

const VERSION: &str = "0.1.14";
/// Long enough for a machine that does much else.
const LOOKS: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

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

/// A terminal that ends with the test.
struct Terminal {
    socket: String,
}

impl Terminal {
    fn running(program: &Path, address: &str) -> Result<Self, String> {
        let terminal = Self { socket: format!("holdover-test-{}", std::process::id()) };
        let home = fs::canonicalize(env!("CARGO_TARGET_TMPDIR")).expect("the test's folder");
        let command = format!(
            "HOME={0} XDG_CONFIG_HOME={0} {1} --retain-for 1h http://{address} 2>{0}/tokio-console.log",
            home.display(),
            program.display()
        );
        let size = ["-x", "280", "-y", "40"];
        let started = terminal.tmux(&["-f", "/dev/null", "new-session", "-d"], &size, &command);
        started.map(|_| terminal)
    }

    fn tmux(&self, first: &[&str], more: &[&str], last: &str) -> Result<String, String> {
        let output = Command::new("tmux")
            .args(["-L", &self.socket])
            .args(first)
            .args(more)
            .arg(last)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("no tmux: {error}"))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    fn presses(&self, key: &str) {
        self.tmux(&["send-keys"], &[], key).expect("it runs");
    }

    /// The screen, once all of that is on it.
    fn shows(&self, wanted: &[&str]) -> String {
        let mut looks = 0;
        loop {
            let screen = self.tmux(&["capture-pane"], &[], "-p").expect("it runs");
            if wanted.iter().all(|text| screen.contains(text)) {
                return screen;
            }
            looks += 1;
            assert!(looks < LOOKS, "no {wanted:?} on:\n{screen}");
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(&[], &[], "kill-server");
    }
}

#[expect(clippy::print_stdout, reason = "why it is skipped is to be read")]
#[test]
fn the_real_one_shows_tasks_resources_and_times() {
    let program = match installed() {
        Ok(program) => program,
        Err(why) => return println!("skipped: tokio-console cannot be had: {why}"),
    };
    let address = free_port();
    let mut service = start("init", &[("TOKIO_CONSOLE_BIND", &address)]);
    printed(&mut service);
    match Terminal::running(&program, &address) {
        Ok(terminal) => looks(&terminal),
        Err(why) => println!("skipped: {why}"),
    }
    end(service);
}

fn looks(terminal: &Terminal) {
    // A task that is there, and one that was cancelled and left something.
    terminal.shows(&["CONNECTED", "of the service", "was cancelled", "cancelled=true"]);
    terminal.presses("r");
    terminal.shows(&["Resources", "Timer", "call_later", "holder.cancelled=true"]);
    terminal.presses("t");
    terminal.shows(&["of the service"]);
    terminal.presses("Down");
    terminal.presses("Enter");
    terminal.shows(&["Poll Times", "Scheduled Times"]);
    terminal.presses("q");
}
