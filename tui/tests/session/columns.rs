//! The columns of tables: set, chosen, and kept between runs.

use std::path::Path;

use super::*;

/// A console on this service, with what it keeps in this folder, and this set.
fn start(service: &Service, folder: &Path, set: &str) -> Pty {
    let path = folder.join("set.toml");
    std::fs::write(&path, set).expect("a file");
    let mut command = Pty::command(&[&service.address]);
    command.env("XDG_STATE_HOME", folder);
    command.env("HOLDOVER_CONFIG", &path);
    let mut ui = Pty::of(command, (24, 80));
    ui.wait_for("[1 Leaks");
    ui
}

fn quit(mut ui: Pty) {
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
    ui.assert_the_terminal_is_clean();
}

/// What `holdover config` prints of the columns of Tasks.
fn printed(folder: &Path) -> String {
    let printed = Command::new(holdover())
        .arg("config")
        .env("XDG_STATE_HOME", folder)
        .env("HOLDOVER_CONFIG", folder.join("set.toml"))
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&printed.stdout).into_owned();
    let line = text.lines().find(|line| line.starts_with("columns.tasks")).unwrap_or_default();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

const LEFT: &str = "\u{1b}[D";
const USUAL: &str = "HOLDS   POLLS    BUSY     AGE";

#[test]
fn columns_that_were_moved_and_hidden_are_so_in_the_next_run_until_they_are_reset() {
    let service = Service::start("127.0.0.1:0");
    let folder = tempfile::tempdir().expect("a folder");
    let mut ui = start(&service, folder.path(), "");
    ui.keys("2");
    ui.wait_for(USUAL);
    assert_eq!(printed(folder.path()), "", "nothing is set, and nothing chosen");
    // The last one to the left of its neighbour; and that one away, as the very last thing.
    ui.keys(&format!("{LEFT}<"));
    ui.wait_for("HOLDS   POLLS     AGE    BUSY");
    ui.keys("\u{1b}[C-q");
    assert_eq!(ui.ends_with(), 0);
    let mut ui = start(&service, folder.path(), "");
    ui.keys("2");
    ui.wait_for_all(&["STATE             HOLDS   POLLS     AGE"], &["BUSY"]);
    let said = printed(folder.path());
    let expected = "id task state spawned_at holds polls age chosen in the console; ";
    assert!(said.contains(expected) && said.ends_with("/holdover/columns"), "{said}");
    // One that a table so narrow does not have by itself.
    ui.keys("+\u{1b}[Hjjj ");
    ui.wait_for_all(&["Columns of tasks", "[x] SPAWNED AT", "[ ] BUSY", "SPAWNED AT ", ".rs"], &[]);
    ui.keys("r");
    ui.wait_for_all(&[USUAL, "[ ] SPAWNED AT", "[x] BUSY"], &[]);
    ui.keys("+");
    ui.wait_for_all(&[USUAL], &["Columns of"]);
    quit(ui);
    assert_eq!(printed(folder.path()), "", "it is given up");
}

#[test]
fn columns_and_order_start_as_they_are_set_and_what_is_said_last_counts() {
    let service = Service::start("127.0.0.1:0");
    let folder = tempfile::tempdir().expect("a folder");
    let set = |columns: &str| format!("columns.tasks = \"{columns}\"\nsort.tasks = \"-age\"\n");
    let mut ui = start(&service, folder.path(), &set("age id task"));
    ui.keys("2");
    ui.wait_for_all(&["AGE↓     ID  TASK"], &["STATE", "POLLS"]);
    assert!(printed(folder.path()).ends_with("set.toml:1"));
    ui.keys(&format!("{LEFT}{LEFT}<"));
    ui.wait_for("ID    AGE↓  TASK");
    quit(ui);
    assert!(printed(folder.path()).contains("id age task chosen in the console, over "));
    let mut ui = start(&service, folder.path(), &set("age id task"));
    ui.keys("2");
    ui.wait_for("ID    AGE↓  TASK");
    quit(ui);
    let mut ui = start(&service, folder.path(), &set("polls task"));
    ui.keys("2");
    ui.wait_for_all(&["POLLS  TASK"], &["AGE"]);
    quit(ui);
    assert!(printed(folder.path()).ends_with("set.toml:1"));
}

#[test]
fn of_a_broken_file_what_is_known_is_taken() {
    let service = Service::start("127.0.0.1:0");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("holdover/columns");
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("it is made");
    let broken = b"\xff\0\nlaeks\tx\ntasks\tage \x1b[2J flavour -busy task\tdefault\n\t\t";
    std::fs::write(&file, broken).expect("a file");
    let mut ui = start(&service, folder.path(), "");
    ui.keys("2");
    ui.wait_for_all(&["ID     AGE  TASK"], &["BUSY", "[2J"]);
    quit(ui);
    std::fs::remove_file(&file).expect("it is there");
    std::fs::create_dir(&file).expect("a folder in its place");
    let mut ui = start(&service, folder.path(), "");
    ui.keys("2");
    ui.wait_for(USUAL);
    // It cannot be kept: this run goes on all the same.
    ui.keys(&format!("{LEFT}<"));
    ui.wait_for("HOLDS   POLLS     AGE    BUSY");
    quit(ui);
}

#[test]
fn an_order_that_was_chosen_is_there_in_the_next_run_until_it_is_reset() {
    let service = Service::start("127.0.0.1:0");
    let folder = tempfile::tempdir().expect("a folder");
    let mut ui = start(&service, folder.path(), "");
    ui.keys("2");
    ui.wait_for(USUAL);
    // The very last thing.
    ui.keys("sSq");
    assert_eq!(ui.ends_with(), 0);
    let kept = folder.path().join("holdover/sort");
    assert_eq!(std::fs::read_to_string(&kept).expect("it is kept"), "tasks\tid\tdefault\n");
    let mut ui = start(&service, folder.path(), "");
    ui.keys("2");
    ui.wait_for("ID↑");
    ui.keys("+r");
    ui.wait_for_all(&["Columns of tasks", "ID  TASK"], &["ID↑"]);
    quit(ui);
    assert_eq!(std::fs::read_to_string(&kept).expect("it is there"), "");
}
