//! Acting on a service: on the command line, and from the console.

use std::process::Output;

use super::*;

/// A service that allows it, on a socket of its own.
fn controlled() -> (Service, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let bind = format!("unix:{}", folder.path().join("socket").display());
    (Service::stuck(&bind), folder)
}

pub(super) fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(holdover()).args(args).output();
    let Output { status, stdout, stderr } = output.expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

/// An object a line.
pub(super) fn json(lines: &str) -> Vec<serde_json::Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The number of the task that ignores its token.
fn deaf(address: &str) -> String {
    let end = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        let (_, rows, _) = run(&["leaks", address, "--json", "--filter", "verdict:stuck"]);
        if let Some(row) = rows.lines().next() {
            let row: serde_json::Value = serde_json::from_str(row).expect("JSON");
            return row["task"]["id"].to_string();
        }
        assert!(std::time::Instant::now() < end, "nothing is stuck");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_task_is_cancelled_and_the_level_set_from_the_command_line() {
    let (service, _folder) = controlled();
    let address = &service.address;
    assert_eq!(run(&["level", address]), (Some(0), "all\n".into(), String::new()));
    let (code, said, _) = run(&["level", address, "tasks"]);
    assert_eq!((code, said.as_str()), (Some(0), "the level is tasks; it was all\n"));
    assert_eq!(run(&["level", address, "tasks"]).1, "the level is tasks already\n");
    run(&["level", address, "all"]);

    let (code, _, said) = run(&["cancel", address, "999999999"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("no task of this number is known"), "{said}");
    assert_eq!(run(&["cancel", address, "worker"]).0, Some(2));
    let task = deaf(address);
    let (code, said, wrong) = run(&["cancel", address, &format!("#{task}"), "--reason", "a test"]);
    assert_eq!(code, Some(0), "{wrong}");
    assert!(said.starts_with(&format!("task #{task} is asked to stop\ningest #{task} ended ")));
    assert!(said.ends_with("after it was asked, and left nothing behind\n"), "{said}");
    let (code, _, said) = run(&["cancel", address, &task]);
    assert_eq!(code, Some(1));
    assert!(said.contains("it has ended already"), "{said}");
}

#[test]
fn a_task_is_cancelled_from_the_console_when_that_is_meant() {
    let (service, _folder) = controlled();
    let mut ui = Pty::start(&[&service.address], (40, 120));
    ui.wait_for("S stuck");
    ui.keys("K");
    ui.wait_for("It holds timer sleep.");
    ui.keys("n");
    ui.wait_for_all(&["ingest"], &["Cancel ingest"]);
    ui.keys("Ky");
    ui.wait_for("after it was asked, and left nothing behind");
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
}

/// The numbers of the tasks that leak.
fn leaking(address: &str) -> Vec<String> {
    let (_, rows, _) = run(&["leaks", address, "--json"]);
    let rows = rows.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    rows.map(|row: serde_json::Value| row["task"]["id"].to_string()).collect()
}

#[test]
fn what_leaked_since_a_mark_is_shown() {
    let service = Service::start("127.0.0.1:0");
    let mut ui = Pty::start(&[&service.address], (40, 120));
    ui.wait_for("A after-cancel");
    ui.keys("M");
    ui.wait_for("M shows what changes from now on");
    // The demo's leaks go after five seconds, and others come.
    let marked = leaking(&service.address);
    let end = std::time::Instant::now() + Duration::from_secs(20);
    while leaking(&service.address).iter().any(|task| marked.contains(task)) {
        assert!(std::time::Instant::now() < end, "they stay");
        std::thread::sleep(Duration::from_millis(50));
    }
    ui.keys("M");
    ui.wait_for_all(&["gone  A after-cancel  risky_task::risky"], &[]);
    ui.keys("[");
    ui.wait_for("this key does nothing on this page: Esc leads back");
    ui.keys("1[");
    ui.wait_for_all(&["[1 Leaks", "frozen, as it was "], &[]);
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
}

#[test]
fn over_tcp_nothing_can_be_done_and_what_to_set_is_said() {
    let mut command = Command::new(holdover());
    command.env("HOLDOVER_CONTROL", "1");
    let service = Service::started(command, "127.0.0.1:0");
    for args in [["cancel", &service.address, "1"], ["level", &service.address, "off"]] {
        let (code, _, said) = run(&args);
        assert_eq!(code, Some(2));
        assert!(said.contains("needs a Unix socket, HOLDOVER_BIND=unix:/path"), "{said}");
    }
}
