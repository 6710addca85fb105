//! What the console does outside of itself: the clipboard, files, the editor.

use std::path::{Path, PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::*;

/// The folder to which places in the demos' source are relative.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A console on this service, in this folder, with this editor.
fn start(service: &Service, folder: &Path, editor: &str) -> Pty {
    let mut command = Pty::command(&[&service.address]);
    command.cwd(folder);
    command.env_remove("VISUAL");
    command.env("EDITOR", editor);
    let mut ui = Pty::of(command, (40, 120));
    ui.wait_for("A after-cancel");
    ui
}

#[test]
fn a_place_is_copied_through_the_terminal() {
    let service = Service::start("127.0.0.1:0");
    let mut ui = start(&service, &workspace(), "vi");
    ui.keys("Y");
    let encoded = ui.wait_for_sequence("\u{1b}]52;c;", '\u{1b}');
    let copied = BASE64_STANDARD.decode(encoded).expect("it is base64");
    let copied = String::from_utf8(copied).expect("text");
    assert!(copied.starts_with("examples/src/risky_task.rs:"), "{copied}");
    ui.wait_for(&format!("copied {copied}"));
    ui.keys("y");
    ui.wait_for("copied the selected row");
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
}

#[test]
fn the_rows_are_written_to_a_new_file_in_the_working_folder() {
    let service = Service::start("127.0.0.1:0");
    let folder = tempfile::tempdir().expect("a folder");
    let mut ui = start(&service, folder.path(), "vi");
    ui.keys("W");
    ui.wait_for("wrote 1 line to ");
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
    let written = std::fs::read_dir(folder.path()).expect("the folder").next();
    let path = written.expect("a file").expect("a file").path();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    assert!(name.starts_with("holdover-leaks-20"), "{name}");
    let text = std::fs::read_to_string(&path).expect("its text");
    let json: serde_json::Value = serde_json::from_str(text.trim()).expect("JSON");
    assert_eq!((&json["type"], &json["verdict"]), (&"group".into(), &"after-cancel".into()));
    assert_eq!(json["worst"]["holdings"][0]["phase"], "in-drop");
}

/// An editor that says what it was given, and ends when a line is typed.
fn editor(folder: &Path, status: u8) -> String {
    let path = folder.join("nano");
    let script = format!(
        "#!/bin/sh\nstty -a | grep -q ' icanon' || exit 9\necho editing \"$@\"\nread line\necho \"$line\" > {}\nexit {status}\n",
        folder.join("typed").display()
    );
    std::fs::write(&path, script).expect("a script");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, mode).expect("it can be run");
    path.display().to_string()
}

#[test]
fn the_editor_has_the_terminal_until_it_ends_and_the_source_is_shown() {
    let service = Service::start("127.0.0.1:0");
    let folder = tempfile::tempdir().expect("a folder");
    for (status, then) in [(0, "A after-cancel"), (3, "ended with exit status: 3")] {
        let mut ui = start(&service, &workspace(), &editor(folder.path(), status));
        // The line of the source under where it was acquired.
        ui.wait_for("│ ");
        ui.keys("e");
        ui.wait_for_all(&["editing +", " -- /", "examples/src/risky_task.rs"], &["A after-cancel"]);
        ui.keys("seven\r");
        ui.wait_for_all(&["A after-cancel", then], &["editing"]);
        assert_eq!(
            std::fs::read_to_string(folder.path().join("typed")).expect("a line"),
            "seven\n"
        );
        ui.keys("?");
        ui.wait_for("stand still, and go on");
        ui.keys("q");
        assert_eq!(ui.ends_with(), 0);
        ui.assert_the_terminal_is_clean();
    }
}

#[test]
fn a_console_that_is_ended_while_the_editor_runs_gives_the_terminal_back() {
    let service = Service::start("127.0.0.1:0");
    let folder = tempfile::tempdir().expect("a folder");
    let mut ui = start(&service, &workspace(), &editor(folder.path(), 0));
    ui.keys("e");
    ui.wait_for("editing +");
    ui.signal("TERM");
    assert_eq!(ui.ends_with(), 0);
    ui.assert_the_terminal_is_clean();
}

#[test]
fn a_file_that_is_not_here_is_not_opened() {
    let service = Service::start("127.0.0.1:0");
    let folder = tempfile::tempdir().expect("a folder");
    let mut ui = start(&service, folder.path(), &editor(folder.path(), 0));
    ui.keys("e");
    ui.wait_for("risky_task.rs is not under this folder; --source-root");
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
    let mut command = Pty::command(&[&service.address, "--source-root"]);
    command.arg(format!("={}", workspace().display()));
    command.cwd(folder.path());
    command.env("EDITOR", "/nowhere/at/all");
    command.env_remove("VISUAL");
    let mut ui = Pty::of(command, (40, 120));
    ui.wait_for_all(&["A after-cancel", "│ "], &[]);
    ui.keys("e");
    ui.wait_for("/nowhere/at/all cannot be started");
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);
    ui.assert_the_terminal_is_clean();
}
