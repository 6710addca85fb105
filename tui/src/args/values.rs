//! The values of the command line that are more than a word.

use std::time::Duration;

use clap::CommandFactory;

use super::Args;
use crate::{client::Address, whose::Whose};

/// What is to be attached to. Whoever mistypes a command is told of the command.
pub(super) fn address(text: &str) -> Result<Address, String> {
    const FORMS: &str = "host:port, a port, or unix:/path";
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let is_word = text.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    let commands = Args::command();
    let names = commands.get_subcommands().map(clap::Command::get_name);
    Err(match nearest(text, names) {
        Some(name) if is_word => {
            format!("there is no such command; did you mean `{name}`? (an address is {FORMS})")
        }
        _ => format!("it is no command and no address: expected {FORMS}"),
    })
}

/// The name that was probably meant.
pub(crate) fn nearest<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let text = text.to_lowercase();
    let far = |name: &str| strsim::damerau_levenshtein(&text, name);
    let near = names.into_iter().min_by_key(|name| far(name))?;
    // Of a short name little may be wrong.
    (far(near) <= near.len().min(text.len()).div_ceil(3)).then_some(near)
}

/// A reason that can stand in quotes in a line.
pub(super) fn reason(text: &str) -> Result<String, &'static str> {
    let fits = !text.trim().is_empty() && !text.contains(|c: char| c.is_control() || c == '\\');
    if fits {
        Ok(text.to_owned())
    } else {
        Err("expected a reason in one line, without backslashes")
    }
}

/// The number of a task, as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaskId(pub(crate) u64);

/// `7` or `#7`.
pub(super) fn task(text: &str) -> Result<TaskId, &'static str> {
    let number = text.strip_prefix('#').unwrap_or(text).parse();
    number.map(TaskId).or(Err("expected the number of a task, such as 7"))
}

/// Which token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenId {
    Number(u64),
    Named(String),
}

/// `7`, `#7`, or a name.
pub(super) fn token(text: &str) -> Result<TokenId, &'static str> {
    let number = text.strip_prefix('#').unwrap_or(text).parse();
    match number {
        Ok(0) => Err("tokens are counted from 1"),
        Ok(number) => Ok(TokenId::Number(number)),
        Err(_) if text.trim().is_empty() => Err("expected a token's number or its name"),
        Err(_) => Ok(TokenId::Named(text.to_owned())),
    }
}

/// A filter that parses.
pub(super) fn filter(text: &str) -> Result<String, holdover::FilterError> {
    Whose::parse(text).map(|_| text.to_owned())
}

/// What groups of tasks count.
const COUNTED: [&str; 7] =
    ["live", "ended", "spawned", "completed", "cancelled", "panicked", "shutdown"];

/// Whether only groups of tasks are sorted by it.
pub(crate) fn is_of_groups(sort: &str) -> bool {
    COUNTED.contains(&sort.strip_prefix('-').unwrap_or(sort))
}

/// A field, to sort by; or what groups of tasks count.
pub(super) fn sort_of_rows(text: &str) -> Result<String, String> {
    if is_of_groups(text) { Ok(text.to_owned()) } else { sort(text) }
}

/// A field, to sort by.
pub(crate) fn sort(text: &str) -> Result<String, String> {
    let name = text.strip_prefix('-').unwrap_or(text);
    if name.is_empty() || holdover::FIELDS.iter().any(|field| field.name == name) {
        return Ok(text.to_owned());
    }
    let all: Vec<&str> = holdover::FIELDS.iter().map(|field| field.name).collect();
    Err(format!("there is no field `{name}`; there are {}", all.join(", ")))
}

/// The fields of filters, for the help.
pub(super) fn fields() -> String {
    let fields = holdover::FIELDS.iter();
    let lines: Vec<String> =
        fields.map(|field| format!("  {:<12} {}", field.name, field.meaning)).collect();
    format!("Fields to filter and to sort by:\n{}", lines.join("\n"))
}

/// A while, to wait for.
pub(super) fn while_of(text: &str) -> Result<Duration, &'static str> {
    let span = text.parse::<jiff::SignedDuration>().ok();
    let span = span.and_then(|span| Duration::try_from(span).ok());
    let sensible = Duration::from_millis(100)..=Duration::from_secs(24 * 60 * 60);
    span.filter(|it| sensible.contains(it)).ok_or("expected a duration up to a day, such as 60s")
}

/// How many.
pub(super) fn limit(text: &str) -> Result<usize, &'static str> {
    text.parse().or(Err("expected a whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_named_by_its_number_or_its_name() {
        let named = |name: &str| Ok(TokenId::Named(name.to_owned()));
        for (text, expected) in [
            ("7", Ok(TokenId::Number(7))),
            ("#7", Ok(TokenId::Number(7))),
            ("shutdown", named("shutdown")),
            ("7 of 9", named("7 of 9")),
            ("0", Err("tokens are counted from 1")),
            (" ", Err("expected a token's number or its name")),
        ] {
            assert_eq!(token(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_command_that_was_meant_is_named() {
        for (text, expected) in [
            ("laeks", "did you mean `leaks`?"),
            ("Leaks", "did you mean `leaks`?"),
            ("evnts", "did you mean `events`?"),
            ("explian", "did you mean `explain`?"),
            ("orders", "it is no command and no address: expected host:port"),
            ("host:port", "it is no command and no address: expected host:port"),
        ] {
            let error = address(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert!(address("orders:6669").is_ok());
    }
}
