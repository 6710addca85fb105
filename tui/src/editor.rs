//! The user's editor: how each is told the line, and how it is run.

use std::{ffi::OsString, path::Path};

use tokio::process::Command;

/// How an editor takes the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// `+30 -- src/main.rs`
    PlusAndDashes,
    /// `+30 src/main.rs`
    Plus,
    /// `-g src/main.rs:30`
    Goto,
    /// `src/main.rs:30`
    Colon,
    /// `src/main.rs`: it is not known how.
    FileOnly,
}

fn style(program: &str) -> Style {
    let name = Path::new(program).file_stem().unwrap_or_default().to_string_lossy();
    match &*name.to_lowercase() {
        "vi" | "vim" | "nvim" | "gvim" | "view" | "nvi" | "elvis" | "nano" => Style::PlusAndDashes,
        "emacs" | "emacsclient" | "kak" | "micro" | "joe" | "jed" | "mg" | "ne" | "pico" => {
            Style::Plus
        }
        "code" | "code-insiders" | "codium" | "vscodium" | "cursor" | "windsurf" => Style::Goto,
        "hx" | "helix" | "zed" | "subl" => Style::Colon,
        _ => Style::FileOnly,
    }
}

/// The words of the command that opens `path`, which is whole, at a line. No shell reads
/// them.
fn words(editor: &str, path: &Path, line: usize) -> Option<Vec<OsString>> {
    let words = shell_words::split(editor).ok()?;
    let style = style(words.first()?);
    let mut words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
    let with_line = || {
        let mut file = path.as_os_str().to_owned();
        file.push(format!(":{line}"));
        file
    };
    match style {
        Style::PlusAndDashes => words.extend([format!("+{line}").into(), "--".into(), path.into()]),
        Style::Plus => words.extend([format!("+{line}").into(), path.into()]),
        Style::Goto => words.extend(["-g".into(), with_line()]),
        Style::Colon => words.push(with_line()),
        Style::FileOnly => words.push(path.into()),
    }
    Some(words)
}

/// Opens a file at a line and waits for the editor's end; what went wrong is a sentence.
/// Whoever drops this ends the editor.
pub(crate) async fn open(editor: &str, path: &Path, line: usize) -> Result<(), String> {
    let shown = crate::format::safe(editor);
    let words = words(editor, path, line).ok_or(format!("{shown:?} is no command"))?;
    let (program, arguments) = words.split_first().ok_or("no editor is set")?;
    let status = Command::new(program).args(arguments).kill_on_drop(true).status().await;
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{shown} ended with {status}")),
        Err(error) => Err(format!("{shown} cannot be started: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_editor_is_told_the_line_as_it_takes_it() {
        for (editor, expected) in [
            ("vi", "vi|+30|--|/src/a b.rs"),
            ("/usr/bin/nvim -R", "/usr/bin/nvim|-R|+30|--|/src/a b.rs"),
            ("emacsclient -t", "emacsclient|-t|+30|/src/a b.rs"),
            ("code --wait", "code|--wait|-g|/src/a b.rs:30"),
            ("hx", "hx|/src/a b.rs:30"),
            ("'my editor' -x", "my editor|-x|/src/a b.rs"),
        ] {
            let words = words(editor, Path::new("/src/a b.rs"), 30).expect(editor);
            let words: Vec<String> =
                words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
            assert_eq!(words.join("|"), expected);
        }
        assert_eq!(words("", Path::new("/a"), 1), None);
        assert_eq!(words("vi 'x", Path::new("/a"), 1), None);
    }

    #[tokio::test]
    async fn an_editor_that_fails_says_so() {
        let open = async |editor| open(editor, Path::new("/nowhere"), 1).await;
        assert_eq!(open("true").await, Ok(()));
        assert!(open("false").await.expect_err("it fails").starts_with("false ended with exit"));
        let missing = open("/nowhere/at/all").await.expect_err("it is not there");
        assert!(missing.starts_with("/nowhere/at/all cannot be started: "), "{missing}");
    }
}
