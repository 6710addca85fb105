//! What the model asks for, done: the clipboard, files, the editor. Each gives the sentence
//! that is said of it.

use std::{
    fs::OpenOptions,
    io::{self, Write, stdout},
    path::{Path, PathBuf},
};

use crossterm::{clipboard::CopyToClipboard, execute};

use crate::format::counted;

/// Terminals take no more at once.
const LARGEST: usize = 64 << 10;
/// So many files of one second are told apart.
const SAME_NAME: u32 = 100;

/// Hands a text to the terminal for its clipboard: also where that is on another machine.
pub(crate) fn copy(what: &str, text: &str) -> String {
    if text.len() > LARGEST {
        return "that is too long to copy; W writes it to a file".to_owned();
    }
    match execute!(stdout(), CopyToClipboard::to_clipboard_from(text)) {
        Ok(()) => format!("copied {what}, if the terminal lets itself be told (OSC 52)"),
        Err(error) => format!("cannot copy: {error}"),
    }
}

/// Writes lines to a new file in the folder.
pub(crate) fn write(folder: &Path, name: &str, lines: &[String]) -> String {
    match write_new(folder, name, lines) {
        Ok(path) => {
            format!("wrote {} to {}", counted(lines.len() as u64, "line"), path.display())
        }
        Err(error) => format!("cannot write {name}: {error}"),
    }
}

fn write_new(folder: &Path, name: &str, lines: &[String]) -> io::Result<PathBuf> {
    let (stem, end) = name.rsplit_once('.').unwrap_or((name, "jsonl"));
    for number in 1..SAME_NAME {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("{stem}{number}.{end}"));
        // What is there already is somebody's.
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                for line in lines {
                    file.write_all(line.as_bytes())?;
                    file.write_all(b"\n")?;
                }
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_there_is_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let lines = ["{}".to_owned(), "{}".to_owned()];
        let said = write(folder.path(), "holdover-leaks.jsonl", &lines);
        assert!(said.starts_with("wrote 2 lines to ") && said.ends_with("leaks.jsonl"), "{said}");
        let said = write(folder.path(), "holdover-leaks.jsonl", &lines[..1]);
        assert!(said.starts_with("wrote 1 line to ") && said.ends_with("leaks-2.jsonl"), "{said}");
        let text = std::fs::read_to_string(folder.path().join("holdover-leaks.jsonl"));
        assert_eq!(text.expect("a file"), "{}\n{}\n");
        let said = write(&folder.path().join("none"), "a.jsonl", &lines);
        assert!(said.starts_with("cannot write a.jsonl: "), "{said}");
    }

    #[test]
    fn what_is_too_long_for_a_terminal_is_not_sent() {
        let said = copy("it", &"x".repeat(LARGEST + 1));
        assert!(said.starts_with("that is too long to copy"), "{said}");
    }
}
