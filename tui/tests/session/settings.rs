//! What is set for the console, and what the program writes about itself.

use std::{path::Path, process::Output};

use super::*;

/// Runs it with this configuration file.
fn run_with(config: &Path, args: &[&str]) -> Output {
    Command::new(holdover())
        .args(args)
        .env("HOLDOVER_CONFIG", config)
        .env_remove("NO_COLOR")
        .env_remove("XDG_RUNTIME_DIR")
        .output()
        .expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_is_set_is_printed_with_what_set_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("set.toml");
    std::fs::write(&path, "theme = \"none\"\n[filters]\nlocks = \"holds:lock\"\n").expect("a file");
    let shown = text(&run_with(&path, &["config", "--interval", "1s"]).stdout);
    let row = |name: &str| {
        let row = shown.lines().find(|line| line.starts_with(name));
        row.unwrap_or_else(|| panic!("no {name} in {shown}")).to_owned()
    };
    assert!(row("theme").contains(" none ") && row("theme").ends_with("set.toml:1"), "{shown}");
    assert!(row("filters.locks").ends_with("set.toml:3"), "{shown}");
    assert!(row("interval").contains("1.0s") && row("interval").ends_with("flag --interval"));
    assert!(row("address").ends_with("default"), "{shown}");
}

#[test]
fn a_wrong_file_is_an_error_with_its_place_and_only_where_it_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("set.toml");
    std::fs::write(&path, "theme = \"none\"\nthem = 1\n").expect("a file");
    for args in [&["config"][..], &["leaks", "127.0.0.1:1"], &[]] {
        let output = run_with(&path, args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = text(&output.stderr);
        assert!(said.contains("set.toml:2:1: unknown field `them`, expected one of"), "{said}");
    }
    assert_eq!(run_with(&path, &["explain", "stuck"]).status.code(), Some(0));
}

#[test]
fn the_address_and_the_saved_filters_are_those_that_are_set() {
    let service = Service::start("127.0.0.1:0");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("set.toml");
    let address = &service.address;
    let set = format!("address = \"{address}\"\n[filters]\nmain = \"name:main\"\n");
    std::fs::write(&path, set).expect("a file");
    let printed = run_with(&path, &["tasks", "--filter", "@main -kind:SCOPE"]);
    let rows = text(&printed.stdout);
    assert_eq!(printed.status.code(), Some(0), "{}", text(&printed.stderr));
    assert!(rows.lines().count() == 1 && rows.starts_with("main #"), "{rows}");
    let unknown = run_with(&path, &["tasks", "--filter", "@mian"]);
    assert_eq!(unknown.status.code(), Some(2));
    let said = text(&unknown.stderr);
    assert!(said.contains("there is no saved filter `@mian`; there are @main"), "{said}");
}

#[test]
fn every_shell_has_completions_of_commands_and_of_values() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (status, script, _) = run(&["completions", shell]);
        assert_eq!(status, 0, "{shell}");
        for word in ["baseline", "left-behind", "high-contrast"] {
            assert!(script.contains(word), "{shell} without {word}");
        }
    }
    let (status, _, said) = run(&["completions", "cmd"]);
    assert!(status == 2 && said.contains("[possible values: bash"), "{said}");
}

#[test]
fn the_manual_page_has_the_commands_the_files_and_the_exit_codes() {
    let (status, page, _) = run(&["man"]);
    assert_eq!(status, 0);
    for part in [".TH holdover 1", "holdover\\-baseline", ".SH \"EXIT STATUS\"", "HOLDOVER_CONFIG"]
    {
        assert!(page.contains(part), "no {part} in {page}");
    }
    let (status, page, _) = run(&["man", "leaks"]);
    assert!(status == 0 && page.contains("holdover\\-leaks") && page.contains("ignored"), "{page}");
    let (status, _, said) = run(&["man", "laeks"]);
    assert!(status == 2 && said.contains("did you mean `leaks`?"), "{said}");
}

#[test]
fn what_was_typed_is_known_in_the_next_run_and_saved_filters_are_completed() {
    let service = Service::start("127.0.0.1:0");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("set.toml");
    std::fs::write(&path, "[filters]\nrisky = \"name:risky\"\n").expect("a file");
    let start = || {
        let mut command = Pty::command(&[&service.address]);
        command.env("XDG_STATE_HOME", folder.path());
        command.env("HOLDOVER_CONFIG", &path);
        let mut ui = Pty::of(command, (24, 80));
        ui.wait_for("A after-cancel");
        ui
    };
    let mut ui = start();
    ui.keys("/@ri\t");
    ui.wait_for_all(&["/ @risky", " of "], &["^"]);
    ui.keys(" verd\tSTUCK\r");
    ui.wait_for_all(&["/ (name:risky) verdict:STUCK", "None that match"], &["Tab completes"]);
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
    let mut ui = start();
    ui.keys("/\u{1b}[A");
    ui.wait_for("/ @risky verdict:STUCK");
    ui.keys("\u{3}");
    assert_eq!(ui.ends_with(), 0);
}
