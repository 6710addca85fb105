//! A demo whose service ends before it does.

use std::{fs, thread, time::Instant};

use super::*;

/// The process that this one has started, when it has.
fn child_of(parent: u32) -> u32 {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let processes = fs::read_dir("/proc").expect("processes").flatten();
        let ids = processes.filter_map(|it| it.file_name().to_str()?.parse().ok());
        let mut ids = ids.filter(|id| parent_of(*id) == Some(parent));
        if let Some(child) = ids.next() {
            return child;
        }
        assert!(Instant::now() < deadline, "it starts none");
        thread::sleep(Duration::from_millis(20));
    }
}

/// What stands after the name, which is in parentheses: a state, and who started it.
fn parent_of(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

fn kill(process: u32) {
    let id = process.to_string();
    let sent = Command::new("sh").args(["-c", "kill -KILL $0", &id]).status();
    assert!(sent.expect("a shell").success());
}

const ENDED: &str = "holdover: the demo's service has ended (signal: 9 (SIGKILL))";

#[test]
fn a_demo_on_the_screen_ends_with_its_service_and_says_how_that_ended() {
    let mut ui = Pty::start(&["demo"], (24, 80));
    ui.wait_for("a cancelled task's clean-up arms a callback 5 s later: after-cancel");
    ui.wait_for("A after-cancel");
    kill(child_of(ui.id()));
    ui.wait_for(ENDED);
    assert_eq!(ui.ends_with(), 1);
    ui.assert_the_terminal_is_clean();
}

#[test]
fn a_demo_that_is_told_ends_with_its_service_and_says_how_that_ended() {
    let mut command = Command::new(holdover());
    let command = command.args(["demo", "blocking_drop"]).env("HOLDOVER_GRACE", "200ms");
    let mut told =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    // It is connected to its service then.
    let mut first = String::new();
    let mut out = BufReader::new(told.stdout.take().expect("its output"));
    out.read_line(&mut first).expect("a line");
    assert!(first.starts_with("blocking_drop: "), "{first}");
    kill(child_of(told.id()));
    let output = told.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr).trim_end(), ENDED);
    assert_eq!(output.status.code(), Some(1));
}
