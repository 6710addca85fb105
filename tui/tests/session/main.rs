//! The real binary in a pseudo-terminal, with keys: what a user sees, and what is left
//! of the terminal afterwards.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "a test reads the clock")]
#![expect(unreachable_pub, reason = "nothing in a test is public")]

mod check;
mod columns;
mod control;
#[cfg(target_os = "linux")]
mod demo;
mod hangup;
mod outside;
mod pty;
mod settings;
mod stuck;
mod targets;
mod tokens;

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use portable_pty::CommandBuilder;
use pty::{Pty, holdover};

/// A service process that leaks, on an address of its own.
struct Service {
    child: Child,
    address: String,
}

impl Service {
    fn start(bind: &str) -> Self {
        Self::started(Command::new(holdover()), bind)
    }

    fn started(command: Command, bind: &str) -> Self {
        Self::of("risky_task", command, bind)
    }

    fn of(scenario: &str, mut command: Command, bind: &str) -> Self {
        command.args(["demo", scenario, "--serve", "0"]);
        let mut child = Self::process(command, bind);
        let mut line = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("its address");
        Self { child, address: line.trim().to_owned() }
    }

    /// It says its address, and ends when nobody has the other end of its input.
    fn process(mut command: Command, bind: &str) -> Child {
        command.env("HOLDOVER_BIND", bind).env("HOLDOVER_GRACE", "200ms").env("RUST_LOG", "off");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a service process")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_leak_is_seen_filtered_opened_frozen_and_left() {
    let mut ui = Pty::start(&["demo"], (40, 120));
    ui.wait_for("No leaks.");
    ui.wait_for("A after-cancel");
    ui.wait_for("timer call_later, in drop");
    ui.keys("/verdict:stack");
    ui.wait_for("^ `verdict` is one of stuck, left-behind");
    // A filter is in force while it is typed: what is waited for is that it is kept.
    ui.keys("\u{15}verdict:stuck\r");
    ui.wait_for_all(&["/ verdict:stuck", "None that match"], &["give up"]);
    ui.keys("/\u{15}\r");
    ui.wait_for_all(&["A after-cancel"], &["/ verdict:stuck", "give up"]);
    ui.keys("\r");
    ui.wait_for("CANCEL REQUESTED");
    ui.wait_for("the client went away");
    ui.keys("\u{1b}");
    ui.wait_for("by spawn site");
    ui.keys(" ");
    ui.wait_for("frozen");
    ui.keys(" ");
    ui.wait_for("live");
    ui.keys("?");
    ui.wait_for("stand still, and go on");
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
    ui.assert_the_terminal_is_clean();
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_is_shown_over_time() {
    let mut ui = Pty::start(&["demo"], (24, 80));
    ui.wait_for("No leaks.");
    ui.keys("5");
    ui.wait_for_all(
        &[
            "[5 Process]",
            " open; the limit is ",
            " of a core, ",
            "; parks a second ",
            "The last 1m00s",
        ],
        &["unknown"],
    );
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
}

#[test]
fn a_click_on_a_tab_leads_there_and_what_is_held_is_listed_with_who_has_it() {
    let mut ui = Pty::start(&["demo"], (24, 80));
    ui.wait_for_all(&["A after-cancel", "[1 Leaks 1]"], &[]);
    // The third line, on "2 Tasks": a press and a release.
    ui.keys("\u{1b}[<0;17;3M\u{1b}[<0;17;3m");
    ui.wait_for_all(&["[2 Tasks]", "POLLS"], &[]);
    ui.keys("3");
    ui.wait_for_all(&["[3 Holdings]", "KIND", "OWNER", "call_later", "ended: "], &[]);
    ui.keys("g");
    ui.wait_for("No pools.");
    ui.keys("1g");
    ui.wait_for_all(&["one by one", "A after-cancel"], &[]);
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
    ui.assert_the_terminal_is_clean();
}

#[test]
fn a_target_that_is_killed_and_restarted() {
    let service = Service::start("127.0.0.1:0");
    let address = service.address.clone();
    let mut ui = Pty::start(&[&address], (24, 80));
    ui.wait_for("A after-cancel");
    drop(service);
    ui.wait_for("lost, retrying in");
    let _service = Service::start(&address);
    ui.wait_for("another process now");
    ui.wait_for("A after-cancel");
    ui.keys("\u{3}");
    assert_eq!(ui.ends_with(), 0);
    ui.assert_the_terminal_is_clean();
}

#[test]
fn a_target_that_is_not_there_yet() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("an address").to_string();
    drop(free);
    let mut ui = Pty::start(&[&address], (24, 80));
    ui.wait_for("Waiting for a target at");
    ui.wait_for("Connection refused");
    let _service = Service::start(&address);
    ui.wait_for("A after-cancel");
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
}

#[test]
fn a_window_that_becomes_too_small_and_large_again() {
    let service = Service::start("127.0.0.1:0");
    let mut ui = Pty::start(&[&service.address], (24, 80));
    ui.wait_for("A after-cancel");
    ui.resize((12, 50));
    ui.wait_for("the console needs");
    ui.resize((24, 80));
    ui.wait_for("A after-cancel");
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
    ui.assert_the_terminal_is_clean();
}

#[test]
fn a_panic_gives_the_terminal_back() {
    let service = Service::start("127.0.0.1:0");
    let mut ui = Pty::start(&["--panic-at", "x", &service.address], (24, 80));
    ui.wait_for("live");
    ui.keys("x");
    assert_ne!(ui.ends_with(), 0);
    ui.wait_for("a panic was asked for");
    ui.assert_the_terminal_is_clean();
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let service = Service::start("127.0.0.1:0");
    for signal in ["TERM", "HUP", "INT", "QUIT"] {
        let mut ui = Pty::start(&[&service.address], (24, 80));
        ui.wait_for("live");
        ui.signal(signal);
        assert_eq!(ui.ends_with(), 0, "{signal}");
        ui.assert_the_terminal_is_clean();
    }
}

#[test]
fn control_c_at_any_moment() {
    let service = Service::start("127.0.0.1:0");
    for keys in ["", "/since", "\r", "?", " ", "2", "!"] {
        let mut ui = Pty::start(&[&service.address], (24, 80));
        ui.wait_for("LEAKS");
        ui.keys(keys);
        ui.keys("\u{3}");
        assert_eq!(ui.ends_with(), 0, "after {keys:?}");
        ui.assert_the_terminal_is_clean();
    }
}

/// Runs to its end, without a terminal.
fn run(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(holdover())
        .args(args)
        .env_remove("XDG_RUNTIME_DIR")
        .env("XDG_CONFIG_HOME", "/nowhere")
        .env_remove("HOLDOVER_CONFIG")
        .output()
        .expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[test]
fn what_is_wrong_is_said_in_one_sentence_with_its_exit_code() {
    for (args, code, expected) in [
        (vec!["leaks", "nowhere"], 2, "is no address: expected host:port, a port, or unix:/path"),
        (vec!["leaks", "--filter", "verdict:stack"], 2, "filter, column 9: `verdict` is one of"),
        (vec!["leaks", "--nonsense"], 2, "unexpected argument '--nonsense'"),
        (vec!["leaks", "--sort", "-age_ms"], 2, "there is no field `age_ms`; there are verdict,"),
        (vec!["tasks", "--sort", "-live"], 2, "`holdover tasks --group loc` has them"),
        (vec!["tasks", "--group", "name"], 2, "[possible values: loc]"),
        (vec!["leaks", "--limit", "few"], 2, "expected a whole number"),
        (vec!["leaks", "127.0.0.1:1"], 3, "cannot connect to 127.0.0.1:1: Connection refused"),
        (vec!["tasks", "unix:/nowhere/at/all"], 3, "cannot connect to unix:/nowhere/at/all"),
        (vec!["baseline", "--until", "soon"], 2, "invalid value 'soon' for '--until <YYYY-MM-DD>'"),
        (vec!["baseline", "--why", "a\nb"], 2, "expected a reason in one line"),
        (vec!["ignored", "127.0.0.1:1"], 3, "cannot connect to 127.0.0.1:1: Connection refused"),
        (vec!["demo", "nonsense"], 2, "there is no scenario \"nonsense\""),
        (vec!["demo", "risky_tsak"], 2, "did you mean `risky_task`?"),
        (vec!["explain", "stack"], 2, "tip: a similar value exists: 'stuck'"),
        (vec!["explain", "stuck", "x"], 2, "[possible values: timer, callback, lock,"),
        (vec!["laeks"], 2, "there is no such command; did you mean `leaks`?"),
        (vec!["127.0.0.1:1", "leaks"], 2, "the address comes after the command, as in `leaks"),
        (vec!["127.0.0.1:1"], 2, "standard output is no terminal"),
    ] {
        let (status, out, err) = run(&args);
        assert_eq!(status, code, "{args:?}: {err}");
        assert!(err.contains(expected), "{args:?}: {err}");
        assert!(out.is_empty(), "{args:?}: {out}");
    }
}

#[test]
fn tasks_are_printed_by_where_they_were_spawned() {
    let service = Service::start("127.0.0.1:0");
    let mut ui = Pty::start(&[&service.address], (24, 80));
    ui.wait_for("A after-cancel");
    let print = |more: &[&str]| {
        let args = [&["tasks", &service.address, "--group", "location"], more].concat();
        let (status, out, err) = run(&args);
        assert_eq!(status, 0, "{err}");
        out
    };
    let lines = print(&["--filter", "loc:risky_task.rs"]);
    assert_eq!(lines.lines().count(), 1, "{lines}");
    for expected in ["examples/src/risky_task.rs:", " live, ", " ended, ", " cancelled"] {
        assert!(lines.contains(expected), "{lines}");
    }
    let json = print(&["--json", "--sort=-cancelled", "--limit", "1"]);
    assert!(json.starts_with("{\"type\":\"task-group\",\"target\":{"), "{json}");
    assert!(json.contains("/risky_task.rs:") && json.contains("\"spawned\":"), "{json}");
}

#[test]
fn what_is_held_is_printed_with_who_has_it() {
    let service = Service::start("127.0.0.1:0");
    let mut ui = Pty::start(&[&service.address], (24, 80));
    ui.wait_for("A after-cancel");
    let print = |more: &[&str]| {
        let (status, out, err) = run(&[&["holdings", &service.address], more].concat());
        assert_eq!(status, 0, "{err}");
        (out, err)
    };
    // There is one for five seconds, and the next one after three.
    let (text, _) = print(&["--filter", "label:call_later"]);
    let (what, whose) = text.split_once("; ").expect("who has it");
    assert_eq!(what, "timer call_later");
    assert!(whose.starts_with("risky_task::risky #") && whose.contains(", ended; for "), "{text}");
    assert!(text.contains(", from examples/src/risky_task.rs:"), "{text}");
    assert!(text.contains(", goes in ") || text.contains(", due now"), "{text}");
    let (json, _) = print(&["--filter", "label:call_later", "--json", "--limit", "1"]);
    assert!(json.starts_with("{\"type\":\"holding\",\"target\":{"), "{json}");
    for expected in ["\"name\":\"risky_task::risky\",\"ended\":true,", "\"phase\":\"in-drop\""] {
        assert!(json.contains(expected), "{json}");
    }
    let (none, said) = print(&["--filter", "holds:lock"]);
    assert_eq!(none, "");
    assert!(said.contains("None that match; there are "), "{said}");
}

#[test]
fn a_demo_whose_setting_is_wrong_says_which() {
    let output = Command::new(holdover())
        .arg("demo")
        .env("HOLDOVER_GRACE", "soon")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("holdover: HOLDOVER_GRACE is \"soon\": expected a"), "{said}");
    for variable in ["HOLDOVER", "HOLDOVER_LEVEL"] {
        let output =
            Command::new(holdover()).arg("demo").env(variable, "off").output().expect("it runs");
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr);
        let expected = format!("holdover: {variable} switches recording off here");
        assert!(said.starts_with(&expected), "{said}");
    }
}

#[test]
fn rows_are_printed_for_people_and_for_programs() {
    let service = Service::start("127.0.0.1:0");
    let address = service.address.as_str();
    let end = std::time::Instant::now() + Duration::from_secs(20);
    let line = loop {
        let (status, out, _) = run(&["leaks", address, "--json"]);
        assert_eq!(status, 0);
        if let Some(line) = out.lines().next() {
            break line.to_owned();
        }
        assert!(std::time::Instant::now() < end, "no leak");
    };
    let json: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let keys = |value: &serde_json::Value| -> Vec<String> {
        let object = value.as_object().expect("an object");
        let mut keys: Vec<String> = object.keys().cloned().collect();
        keys.sort();
        keys
    };
    let sorted = |names: &str| -> Vec<String> {
        let mut names: Vec<String> = names.split(' ').map(str::to_owned).collect();
        names.sort();
        names
    };
    assert_eq!(
        keys(&json),
        sorted("type target verdict accuracy since_ms task cancel holdings bytes_kept")
    );
    assert_eq!(keys(&json["target"]), sorted("service pid run"));
    assert_eq!(
        keys(&json["task"]),
        sorted("id tokio_id name kind state outcome location spawned_at waits_for")
    );
    assert_eq!(
        keys(&json["cancel"]),
        sorted(
            "cause requested_at delivered_at ended_at latency_us drop_us dropping_us canceller \
             canceller_name site reason path polls_since"
        )
    );
    assert_eq!(
        keys(&json["holdings"][0]),
        sorted(
            "kind label phase direct via site age_ms due_in_ms maybe_moved bytes amount waiting fd"
        )
    );
    assert_eq!((&json["type"], &json["verdict"]), (&"leak".into(), &"after-cancel".into()));
    assert_eq!(json["cancel"]["reason"], "the client went away");
    assert_eq!(json["holdings"][0]["phase"], "in-drop");
    let (_, out, _) = run(&["tasks", address, "--filter", "name:main", "--json"]);
    assert_eq!(out.lines().count(), 1, "{out}");
    let (_, out, _) = run(&["events", address, "--limit", "1", "--json"]);
    assert!(out.lines().count() == 1 && !out.contains("\"seq\":1,"), "not the last: {out}");
    let (_, out, _) = run(&["events", address, "--filter", "event:given"]);
    assert!(out.contains("after-cancel"), "{out}");
    let (status, out, _) = run(&["leaks", address, "--filter", "verdict:stuck"]);
    assert!(status == 0 && out.starts_with("No"), "{out}");
}

#[test]
fn a_verdict_is_explained_by_what_is_held_in_any_case() {
    let (status, out, _) = run(&["explain", "LEFT-BEHIND", "Lock"]);
    assert_eq!(status, 0);
    assert!(out.starts_with("left-behind, of a lock\n\nwhy   A guard of the lock"), "{out}");
    assert!(out.contains("lock_owned") && out.contains("does not:"), "{out}");
    let prose = out.lines().take_while(|line| *line != "leaks:");
    assert!(prose.clone().count() > 4 && prose.clone().all(|line| line.len() <= 100), "{out}");
    let (_, general, _) = run(&["explain", "left-behind", "custom"]);
    assert!(general.starts_with("left-behind\n\nwhy   What it acquired"), "{general}");
}

#[test]
fn that_nothing_matches_is_said_beside_the_rows() {
    let service = Service::start("127.0.0.1:0");
    let mut ui = Pty::start(&[&service.address], (24, 80));
    // Until then there may be none at all.
    ui.wait_for("A after-cancel");
    for rows in ["tasks", "events"] {
        let none = ["--filter", "state:ENDED name:nobody"];
        let (status, out, err) = run(&[rows, &service.address, none[0], none[1]]);
        assert_eq!((status, out.as_str()), (0, ""), "{rows}");
        assert!(err.contains("None that match; there are "), "{rows}: {err}");
    }
}

#[test]
fn a_flag_of_the_screen_stands_before_or_after_the_command() {
    for args in [["--ascii", "demo"], ["demo", "--ascii"]] {
        let mut ui = Pty::start(&args, (24, 80));
        ui.wait_for_all(&["> A after-cancel"], &["▸"]);
        ui.keys("q");
        assert_eq!(ui.ends_with(), 0);
    }
}

#[test]
fn a_terminal_that_cannot_draw_is_told_what_to_use() {
    let mut command = CommandBuilder::new(holdover());
    command.args(["127.0.0.1:1"]);
    command.env("TERM", "dumb");
    let mut ui = Pty::of(command, (24, 80));
    ui.wait_for("TERM is dumb");
    ui.wait_for("`holdover leaks` prints the same");
    assert_eq!(ui.ends_with(), 2);
}

#[test]
fn what_leaked_in_a_while_is_printed() {
    let service = Service::start("127.0.0.1:0");
    printed(&["leaks", &service.address], |out| out.contains("after-cancel"));
    // A leak lasts 5 s: whatever the first look sees, the second does not.
    let args = ["diff", &service.address, "--for", "6s"];
    let (out, err) = printed(&args, |out| out.contains("gone  A after-cancel  risky_task"));
    let took = out.strip_prefix("in ").and_then(|out| out.split_once('s'));
    let took: f64 = took.expect("how long").0.parse().expect("seconds");
    assert!(took >= 6.0 && err.contains("looking again in 6.0s"), "{out}{err}");
    let (status, _, said) = run(&["diff", &service.address, "--for", "2d"]);
    assert!(status == 2 && said.contains("expected a duration up to a day"), "{said}");
}

/// A service that goes by this ignore file.
fn ignoring(rules: &std::path::Path) -> Service {
    let mut command = Command::new(holdover());
    command.env("HOLDOVER_IGNORE", rules);
    Service::started(command, "127.0.0.1:0")
}

/// Runs it until it prints something on standard output that is so.
fn printed(args: &[&str], is_so: impl Fn(&str) -> bool) -> (String, String) {
    let end = std::time::Instant::now() + Duration::from_secs(30);
    loop {
        let (status, out, err) = run(args);
        assert_eq!(status, 0, "{args:?}: {err}");
        if is_so(&out) {
            return (out, err);
        }
        assert!(std::time::Instant::now() < end, "{args:?} printed {out}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// How a leaking service is taken on: its leaks of today are written down as rules, and the
/// next run reports none of them.
#[test]
fn a_baseline_ignores_what_was_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = folder.path().join("baseline.txt");
    let leaking = Service::start("127.0.0.1:0");
    let has_leak = |out: &str| out.contains("after-cancel");
    printed(&["leaks", &leaking.address], has_leak);
    let past = ["baseline", &leaking.address, "--until", "2001-01-01"];
    let (status, out, err) = run(&past);
    assert_eq!((status, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("--until 2001-01-01 is over, it is 2"), "{err}");
    let baseline = ["baseline", &leaking.address, "--until", "2999-12-31", "--why", "known \"1\""];
    let (written, _) = printed(&baseline, has_leak);
    drop(leaking);
    std::fs::write(&rules, format!("{written}verdict:stack until 2999-12-31 why \"typo\"\n"))
        .expect("a file");
    let service = ignoring(&rules);
    let address = service.address.as_str();
    let (ignored, _) = printed(&["leaks", address, "--ignored"], has_leak);
    assert!(ignored.contains("ignored: until 2999-12-31, \"known \"1\"\" ("), "{ignored}");
    let (json, _) = printed(&["leaks", address, "--ignored", "--json"], has_leak);
    let line = json.lines().next().expect("a line");
    let json: serde_json::Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(json["ignored"], "known \"1\"");
    printed(&["leaks", address], |out| out.starts_with("No leaks but those that are ignored."));
    let (told, wrong) = printed(&["ignored", address], |_| true);
    assert!(told.contains("holds:timer acquired_at:") && told.contains("ignores "), "{told}");
    assert!(wrong.contains("not a rule: ") && wrong.contains("baseline.txt:"), "{wrong}");
    let (told, _) = printed(&["ignored", address, "--json"], |_| true);
    let rule: serde_json::Value = serde_json::from_str(told.trim()).expect("one rule");
    assert_eq!((&rule["type"], &rule["expired"]), (&"rule".into(), &false.into()));
    assert_eq!((&rule["why"], &rule["until"]), (&"known \"1\"".into(), &"2999-12-31".into()));
    let mut ui = Pty::start(&[address], (24, 80));
    ui.wait_for_all(&["No leaks.", " ignored"], &["A after-cancel"]);
    ui.keys("i");
    ui.wait_for_all(&["A after-cancel", "ignored by site; i back"], &[]);
    ui.keys("!");
    ui.wait_for("not a rule: ");
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
}

#[test]
fn the_process_is_printed_for_people_and_for_programs() {
    let service = Service::start("127.0.0.1:0");
    let address = service.address.as_str();
    let (status, out, _) = run(&["process", address, "--json"]);
    assert_eq!((status, out.lines().count()), (0, 1), "{out}");
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let pid = u64::from(service.child.id());
    assert_eq!((&json["type"], &json["target"]["pid"]), (&"process".into(), &pid.into()));
    let (status, text, _) = run(&["process", address]);
    assert!(status == 0 && text.starts_with(&format!("process    demo, pid {pid}, up ")), "{text}");
    assert!(text.contains("runtime 1  "), "{text}");
    if cfg!(target_os = "linux") {
        assert_eq!(json["unknown"], serde_json::json!([]));
        assert!(json["rss_bytes"].as_u64() > Some(1 << 20) && json["threads"].as_u64() > Some(1));
        // The console listens, and this client is connected.
        let sockets = json["fds"]["sockets"].as_array().expect("sockets");
        let has =
            |state: &str| sockets.iter().any(|it| it["state"] == state && it["type"] == "tcp");
        assert!(has("LISTEN") && has("ESTABLISHED"), "{out}");
        assert!(
            text.contains("tcp ipv4 LISTEN") && text.contains(" open; the limit is "),
            "{text}"
        );
    } else {
        assert!(json["rss_bytes"].is_null() && text.contains("has no /proc"), "{out}{text}");
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let service = Service::start("127.0.0.1:0");
    let mut child = Command::new(holdover())
        .args(["events", &service.address, "--follow"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut out = BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    assert!(line.contains("spawned"), "{line}");
    drop(out);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("pipe"), "{said}");
}

#[test]
fn a_service_is_found_by_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(holdover())
        .args(["demo", "risky_task", "--serve", "0"])
        .env("XDG_RUNTIME_DIR", folder.path())
        .env("HOLDOVER_BIND", "127.0.0.1:0")
        .env("RUST_LOG", "off")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a service process");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
    let mut tasks = Command::new(holdover());
    tasks.args(["tasks", "--json"]).env("XDG_RUNTIME_DIR", folder.path());
    let end = std::time::Instant::now() + Duration::from_secs(20);
    // It says where it listens before it spawns anything.
    let found = loop {
        let found = tasks.output().expect("it runs");
        let has_no_task = found.stdout.is_empty() && found.status.success();
        if !has_no_task || std::time::Instant::now() > end {
            break found;
        }
    };
    let _ = child.kill();
    let _ = child.wait();
    assert_eq!(found.status.code(), Some(0), "{}", String::from_utf8_lossy(&found.stderr));
    assert!(String::from_utf8_lossy(&found.stdout).contains("\"service\":\"demo\""));
}
