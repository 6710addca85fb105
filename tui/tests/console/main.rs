//! The binary attached to a service with console-subscriber's real layer.

#![cfg(all(unix, tokio_unstable))]
#![expect(clippy::disallowed_methods, reason = "a test reads the clock")]
#![expect(unreachable_pub, reason = "nothing in a test is public")]

#[expect(dead_code, reason = "another test uses the rest")]
#[path = "../session/pty.rs"]
mod pty;
mod service;
mod tasks;

use std::{
    process::{Command, Output},
    thread,
    time::{Duration, Instant},
};

use pty::{Pty, holdover};
use service::{Kind, Service};

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
    let service = Service::start(Kind::Each);
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
fn that_nothing_leaks_is_not_said_of_what_tells_nothing_of_cancels() {
    let service = Service::start(Kind::Each);
    let output = printed(&["check", &service.address(), "--filter", "verdict:stuck"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(
        said.contains("holdover: too blind to say that nothing leaks: Which of them"),
        "{said}"
    );
}

#[test]
fn the_screens_show_what_is_told_and_what_is_not() {
    let service = Service::start(Kind::Each);
    let mut ui = Pty::start(&[&service.address()], (40, 120));
    ui.wait_for_all(
        &[
            "tokio-console protocol: cancellation is not available",
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
    let mut service = Service::start(Kind::Each);
    let mut ui = Pty::start(&[&service.address()], (24, 80));
    ui.keys("2");
    ui.wait_for_all(&["ticker", "live"], &[]);
    service.end();
    ui.wait_for("lost, retrying");
    service.restart();
    ui.wait_for_all(&["ticker", "attached anew"], &["lost, retrying"]);
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
}

#[test]
fn what_a_service_is_too_large_to_tell_is_said() {
    let service = Service::start(Kind::Crowd);
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
    let service = Service::start(Kind::Each);
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

#[test]
fn a_target_that_another_console_has_paused_is_shown_as_such() {
    let service = Service::start(Kind::Each);
    let mut ui = Pty::start(&[&service.address()], (40, 120));
    ui.wait_for_all(&["W lost-waker", "live   inferred"], &[]);
    service.pause(true);
    ui.wait_for_all(&["W lost-waker", "paused ", " ago   inferred"], &["live   inferred"]);
    let told = text(&printed(&["leaks", &service.address()]).stdout);
    assert!(told.contains("lost"), "what it is asked for anew it tells: {told}");
    service.pause(false);
    ui.wait_for_all(&["live   inferred"], &["paused "]);
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
}

/// A task that has ended is told as idle for as long as a span within its own is open.
#[test]
fn tasks_that_wait_or_have_ended_are_not_said_to_have_lost_their_wakers() {
    const THESE: [&str; 5] = ["waits", "joins", "of a thread", "of two", "has ended"];
    let service = Service::start(Kind::Fine);
    let address = service.address();
    let old = ["tasks", &address, "--filter", "state:idle age>4s"];
    wait_for(&old, &THESE);
    let told = wait_for(&["leaks", &address, "--json"], &["\"lost\""]);
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn a_lock_is_whose_who_has_it_and_overdue_only_when_it_was_left() {
    let service = Service::start(Kind::Locks);
    let mut ui = Pty::start(&[&service.address()], (40, 120));
    ui.keys("3");
    ui.wait_for_all(&["Mutex locked=true (2 waiting)"], &[]);
    ui.keys("/label:\"locked=true\" name~\"first|second|third\"\r");
    ui.wait_for_all(&[" 1 of ", "owner   ", "waiting 2 for it"], &[]);
    for _ in 0..5 {
        let (owner, waiting) = owner_and_waiting(&ui);
        assert!(!waiting.contains(&owner), "{owner} has it and waits for it: {waiting}");
    }
    ui.keys("\u{1b}\u{1b}1");
    let used = "which only tasks used that have ended";
    let shown = once_it_says(&ui, &["D overdue", "leaves", used]);
    for fine in ["gives #", "takes #", "lets go #"] {
        assert!(!shown.contains(fine), "{shown}");
    }
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
}

/// What is there once it says all of this, which takes longer than anything else does.
fn once_it_says(ui: &Pty, these: &[&str]) -> String {
    let end = Instant::now() + 3 * DEADLINE;
    loop {
        let shown = whole(ui);
        if these.iter().all(|it| shown.contains(it)) {
            return shown;
        }
        assert!(Instant::now() < end, "waited for {these:?}, and saw:\n{shown}");
    }
}

/// The screen as it is when nothing is drawn for a moment.
fn whole(ui: &Pty) -> String {
    let mut before = ui.text();
    loop {
        thread::sleep(Duration::from_millis(50));
        let shown = ui.text();
        if shown == before {
            return shown;
        }
        before = shown;
    }
}

/// As both are said on one screen, which is waited for.
fn owner_and_waiting(ui: &Pty) -> (String, String) {
    let end = Instant::now() + DEADLINE;
    loop {
        let shown = whole(ui);
        let line = |start: &str| shown.lines().find_map(|it| it.trim().strip_prefix(start));
        let owner = line("owner   ").and_then(|it| it.split_once(';')).map(|(owner, _)| owner);
        if let (Some(owner), Some(waiting)) = (owner, line("waiting 2 for it: ")) {
            return (owner.to_owned(), waiting.to_owned());
        }
        assert!(Instant::now() < end, "{shown}");
        thread::sleep(Duration::from_millis(100));
    }
}
