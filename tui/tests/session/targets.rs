//! Several targets in one console.

use std::{collections::HashSet, process::Command};

use crate::{
    Service,
    pty::{Pty, holdover},
};

/// `:6669`, by which a target is told from another of the same service.
fn port(service: &Service) -> String {
    let (_, port) = service.address.rsplit_once(':').expect("an address");
    format!("demo :{port}")
}

/// One that leaks callbacks, and one that ignores a token.
fn two() -> (Service, Service) {
    (Service::start("127.0.0.1:0"), Service::stuck("127.0.0.1:0"))
}

#[test]
fn two_targets_are_listed_together_and_one_that_is_killed_does_not_disturb_the_other() {
    let (risky, stuck) = two();
    let (at, one, two) = (risky.address.clone(), port(&risky), port(&stuck));
    let mut ui = Pty::start(&[&risky.address, &stuck.address], (40, 160));
    ui.wait_for_all(&["2 targets", "TARGET", "A after-cancel", "S stuck", &one, &two], &[]);
    drop(risky);
    ui.wait_for_all(&[&format!("{one} lost"), "1 live", "A after-cancel", "S stuck"], &[]);
    // The other goes on, and answers what is asked from now on.
    ui.keys("4");
    ui.wait_for_all(&["[4 Events", &two, "spawned"], &[]);
    ui.keys("1T");
    ui.wait_for_all(&["ADDRESS", "lost, retrying", "live"], &[]);
    ui.keys("T");
    let _risky = Service::start(&at);
    ui.wait_for_all(
        &[&format!("{one} another process now"), "A after-cancel", "S stuck"],
        &["lost"],
    );
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
    ui.assert_the_terminal_is_clean();
}

#[test]
fn one_of_two_targets_is_shown_alone_by_the_list_and_by_a_filter() {
    let (risky, stuck) = two();
    let (one, two) = (port(&risky), port(&stuck));
    let mut ui = Pty::start(&[&risky.address, &stuck.address], (40, 120));
    ui.wait_for_all(&["A after-cancel", "S stuck"], &[]);
    // The list begins with the selected row's: the first of the two is above.
    ui.keys("T");
    ui.wait_for_all(&["ADDRESS", &one, &two], &[]);
    ui.keys("k\r");
    ui.wait_for_all(&["1 of 2 targets", "A after-cancel"], &["S stuck"]);
    ui.keys("T\r");
    ui.wait_for_all(&["2 targets", "A after-cancel", "S stuck"], &["1 of 2"]);
    ui.keys(&format!("/-target:\"{one}\"\r"));
    ui.wait_for_all(&["1 of 2 targets", "S stuck"], &["A after-cancel"]);
    ui.keys("/ or x");
    ui.wait_for("^ `target` cannot stand within `or`");
    ui.keys("\u{1b}");
    ui.wait_for_all(&["1 of 2 targets"], &["give up"]);
    ui.keys("\u{1b}");
    ui.wait_for_all(&["2 targets", "A after-cancel", "S stuck"], &["1 of 2"]);
    // A story is of the row's own target.
    ui.keys("g");
    ui.wait_for("one by one");
    ui.keys("/verdict:stuck\r");
    ui.wait_for_all(&["S stuck"], &["A after-cancel"]);
    ui.keys("\r");
    ui.wait_for_all(&["CANCEL REQUESTED", "1 of 2 targets", &stuck.address], &[]);
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
}

#[test]
fn one_that_is_not_there_does_not_keep_the_other_waiting() {
    let (risky, stuck) = two();
    let gone = stuck.address.clone();
    drop(stuck);
    let mut ui = Pty::start(&[&gone, &risky.address], (24, 80));
    ui.wait_for_all(&["A after-cancel", &format!("{gone} waiting"), "1 live"], &[]);
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
}

#[test]
fn all_that_are_set_are_attached_to_and_a_saved_filter_names_one() {
    let (risky, stuck) = two();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("set.toml");
    let (one, two) = (&risky.address, &stuck.address);
    let set = format!("address = [\"{one}\", \"{two}\"]\n[filters]\nmine = \"-target:{one}\"\n");
    std::fs::write(&path, set).expect("a file");
    let mut command = Pty::command(&[]);
    command.env("HOLDOVER_CONFIG", &path);
    let mut ui = Pty::of(command, (40, 120));
    ui.wait_for_all(&["2 targets", "A after-cancel", "S stuck"], &[]);
    ui.keys("/@mine\r");
    ui.wait_for_all(&["1 of 2 targets", "S stuck"], &["A after-cancel"]);
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
    for filter in ["@mine", "target:orders"] {
        let mut command = Command::new(holdover());
        let command = command.args(["leaks", one, "--filter", filter]);
        let output = command.env("HOLDOVER_CONFIG", &path).output().expect("it runs");
        let error = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{filter}: {error}");
        assert!(error.contains("what is printed is of one"), "{filter}: {error}");
    }
}

#[test]
fn a_bad_address_among_them_is_named() {
    let told = |args: &[&str]| {
        let output = Command::new(holdover()).args(args).output().expect("it runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    let (code, error) = told(&["127.0.0.1:6669", "host:port:x"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("'host:port:x'") && error.contains("expected host:port"), "{error}");
    let (code, error) = told(&["leaks", "127.0.0.1:1", "127.0.0.1:2"]);
    assert_eq!(code, Some(2), "what is printed is of one target");
    assert!(error.contains("127.0.0.1:2"), "{error}");
    // What is named twice is meant once: it is then a console of one, which needs a terminal.
    let (code, error) = told(&["6669", "127.0.0.1:6669"]);
    let lines: HashSet<&str> = error.lines().collect();
    assert_eq!((code, lines.len()), (Some(2), 1), "{error}");
}
