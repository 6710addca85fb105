//! The binary attached to a service with console-subscriber's real layer.

#![cfg(all(unix, tokio_unstable))]
#![expect(clippy::disallowed_methods, reason = "a test reads the clock")]
#![expect(unreachable_pub, reason = "nothing in a test is public")]

#[expect(dead_code, reason = "another test uses the rest")]
#[path = "../session/pty.rs"]
mod pty;
mod service;

use std::{
    process::{Command, Output},
    thread,
    time::{Duration, Instant},
};

use pty::{Pty, holdover};
use service::Service;

/// Long enough for a machine with everything else going on.
const DEADLINE: Duration = Duration::from_secs(30);

fn printed(args: &[&str]) -> Output {
    let mut command = Command::new(holdover());
    command.args(args).env_remove("XDG_RUNTIME_DIR").env("XDG_CONFIG_HOME", "/nowhere");
    command.output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// What is printed, once it says all of this.
fn wait_for(args: &[&str], these: &[&str]) -> String {
    let end = Instant::now() + DEADLINE;
    loop {
        let output = printed(args);
        let told = text(&output.stdout);
        if these.iter().all(|it| told.contains(it)) {
            return told;
        }
        let error = text(&output.stderr);
        assert!(Instant::now() < end, "waited for {these:?}, and saw:\n{told}\n{error}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn tasks_are_printed_with_their_states_and_what_they_wait_for() {
    let service = Service::start();
    let address = service.address();
    let told = wait_for(&["tasks", &address, "--json"], &["\"ledger\"", "\"ticker\"", "\"short\""]);
    assert!(told.contains("tui/tests/console/service.rs:"), "{told}");
    let of = |filter: &str| text(&printed(&["tasks", &address, "--filter", filter]).stdout);
    let idle = of("state:idle name:report");
    assert!(idle.contains("report"), "{idle}");
    assert_eq!(of("state:ended name:report"), "");
    assert!(of("state:ended").contains("short"));
    assert_eq!(of("outcome:completed"), "", "how a task ended is not told");
}

#[test]
fn the_screens_show_what_is_told_and_what_is_not() {
    let service = Service::start();
    let mut ui = Pty::start(&[&service.address()], (40, 120));
    ui.wait_for_all(
        &[
            "tokio-console protocol",
            "live   inferred",
            "cancelling ?",
            "orphaned ?",
            "PARTLY BLIND",
        ],
        &["pid 0", " up "],
    );
    ui.wait_for_all(&["W lost-waker", "lost #", "nothing will wake it"], &[]);
    ui.keys("3");
    ui.wait_for_all(&["lock", "Mutex locked=true (1 waiting)", "Semaphore permits=0"], &["? #0"]);
    ui.keys("2");
    ui.wait_for_all(&["ledger", "report", "ticker"], &[]);
    ui.keys("/name:report\r");
    ui.wait_for_all(&["1 of ", "report"], &["ticker"]);
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
    ui.assert_the_terminal_is_clean();
}

#[test]
fn another_process_takes_the_place_of_the_one_that_is_gone() {
    let mut service = Service::start();
    let mut ui = Pty::start(&[&service.address()], (24, 80));
    ui.keys("2");
    ui.wait_for_all(&["ticker", "live"], &[]);
    service.end();
    ui.wait_for("lost, retrying");
    service.restart();
    ui.wait_for_all(&["ticker", "another process now"], &["lost, retrying"]);
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
}

#[test]
fn what_a_service_is_too_large_to_tell_is_said() {
    const CROWD: usize = 5_000;
    let service = Service::crowded(CROWD);
    let end = Instant::now() + DEADLINE;
    loop {
        let output = printed(&["tasks", &service.address(), "--limit", "1"]);
        let error = text(&output.stderr);
        if error.contains("tells nothing of the tasks that it had") {
            return;
        }
        assert!(Instant::now() < end, "{error}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_task_has_a_story_with_how_long_its_polls_took() {
    let service = Service::start();
    let mut ui = Pty::start(&[&service.address()], (40, 120));
    ui.keys("2");
    ui.wait_for_all(&["ticker", "live"], &[]);
    ui.keys("/name:ticker\r");
    ui.wait_for_all(&["1 of ", "ticker"], &["ledger"]);
    ui.keys("\r");
    ui.wait_for_all(&["waits for timer Interval::tick", "poll time", "scheduled  ", "  50% "], &[]);
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
}
