//! The ignore files: which leaks are not to be reported, until when and why. A line that
//! is wrong ignores nothing, and is said; the others are in force.

mod date;
mod rule;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use self::rule::Line;
use crate::{
    query::OneOf,
    recorder::clock::nanos,
    store::{Held, Ignore, Row, Rule},
};

/// What the files say.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) rules: Ignore,
    /// What is wrong with them, each with file, line and column.
    pub(crate) errors: Vec<String>,
}

/// Reads the files, in this order. `wall_anchor` is the Unix time at which the
/// recorder's clock began.
pub(crate) fn read(paths: &[PathBuf], wall_anchor: Duration) -> Read {
    let (mut rules, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        match fs::read_to_string(path) {
            Ok(text) => parse(path, &text, wall_anchor, &mut rules, &mut errors),
            Err(why) => {
                errors.push(format!("{}: cannot be read: {why}; {EXPECTED}", path.display()));
            }
        }
    }
    Read { rules: Ignore::new(rules), errors }
}

const EXPECTED: &str = "expected a file of rules such as `holdover baseline` writes";

fn parse(
    path: &Path,
    text: &str,
    wall_anchor: Duration,
    rules: &mut Vec<Rule>,
    errors: &mut Vec<String>,
) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, number) in text.lines().zip(1_u32..) {
        let place = format!("{}:{number}", path.display());
        match rule::parse(line) {
            Ok(Some(line)) => rules.push(made(line, place, wall_anchor)),
            Ok(None) => {}
            Err(error) => errors.push(format!("{place}:{}: {}", error.column, error.message)),
        }
    }
}

fn made(line: Line, place: String, wall_anchor: Duration) -> Rule {
    let Line { filter, text, until, why } = line;
    let matches = move |row: &Row, held: Option<&Held>| filter.matches(&OneOf(row, held));
    Rule {
        filter: text,
        until: until.to_string(),
        over_at: nanos(until.end().saturating_sub(wall_anchor)),
        why: Arc::from(why),
        place,
        matches: Box::new(matches),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_800_000_000); // 2027-01-15

    fn parsed(text: &str) -> (Vec<Rule>, Vec<String>) {
        let (mut rules, mut errors) = (Vec::new(), Vec::new());
        parse(Path::new("a.txt"), text, NOW, &mut rules, &mut errors);
        (rules, errors)
    }

    #[test]
    fn a_line_that_is_wrong_leaves_the_others_in_force() {
        let (rules, errors) = parsed(
            "\u{feff}# known\r\n\r\n  verdict:stuck until 2027-01-31 why \"slow\"\r\n\
             verdict:stack until 2027-01-31 why \"typo\"\n\
             name:b until 2027-01-10 why \"over\"\n",
        );
        let told: Vec<String> = rules.iter().map(|rule| format!("{rule:?}")).collect();
        assert_eq!(
            told,
            [
                "a.txt:3: verdict:stuck until 2027-01-31 why \"slow\"",
                "a.txt:5: name:b until 2027-01-10 why \"over\""
            ]
        );
        assert_eq!(errors.len(), 1);
        assert!(errors[0].starts_with("a.txt:4:9: `verdict` is one of stuck, "), "{errors:?}");
        assert!(rules[1].has_expired(1), "before the service began");
        // From 8 o'clock on the 15th to the end of the 31st.
        let left = Duration::from_secs(16 * 24 * 3600 + 16 * 3600);
        assert!(!rules[0].has_expired(nanos(left) - 1) && rules[0].has_expired(nanos(left)));
    }

    #[test]
    fn a_file_that_is_not_there_is_said() {
        let read = read(&[PathBuf::from("/nowhere/at/all")], NOW);
        assert!(read.rules.rules().is_empty());
        let error = &read.errors[0];
        assert!(error.starts_with("/nowhere/at/all: cannot be read: No such file"), "{error}");
        assert!(error.ends_with("expected a file of rules such as `holdover baseline` writes"));
    }
}
