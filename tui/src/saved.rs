//! Saved filters: `@name` stands for the filter of that name, in parentheses.

use std::{fmt::Write, ops::Range};

use crate::config::Named;

/// Whether a saved filter can be called so.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(is_in_a_name)
}

fn is_in_a_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_')
}

/// The `@name`s of a filter: where each stands, in bytes, and its name. One in quotes, or
/// after an operator, is text.
pub(crate) fn names(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut found = Vec::new();
    let (mut quoted, mut begins) = (false, true);
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if character == '@' && begins && !quoted {
            let rest = &text[at + 1..];
            let length = rest.find(|c: char| !is_in_a_name(c)).unwrap_or(rest.len());
            found.push((at..at + 1 + length, &rest[..length]));
        }
        match character {
            '\\' if quoted && characters.peek().is_some_and(|(_, next)| *next == '"') => {
                characters.next();
            }
            '"' => quoted = !quoted,
            _ => {}
        }
        begins = character.is_whitespace() || matches!(character, '(' | '-' | ')');
    }
    found.into_iter()
}

/// The first name that no saved filter has: where it stands, in bytes, and what is wrong.
pub(crate) fn unknown(text: &str, saved: &Named) -> Option<(usize, String)> {
    let (at, name) = names(text).find(|(_, name)| !saved.contains_key(*name))?;
    let known: Vec<String> = saved.keys().map(|name| format!("@{name}")).collect();
    let known = match known.as_slice() {
        [] => "none is saved".to_owned(),
        known => format!("there are {}", known.join(", ")),
    };
    Some((at.start, format!("there is no saved filter `@{name}`; {known}")))
}

/// The filter with each `@name` in full; one that is unknown stays.
pub(crate) fn expand(text: &str, saved: &Named) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut done = 0;
    for (at, name) in names(text) {
        let Some(filter) = saved.get(name) else { continue };
        whole.push_str(&text[done..at.start]);
        let _ = write!(whole, "({})", filter.value);
        done = at.end;
    }
    whole.push_str(&text[done..]);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{From, Setting};

    fn saved() -> Named {
        let set = |value: &str| Setting { value: value.into(), from: From::Default };
        [("mine".into(), set("loc:src/ or name:me")), ("old".into(), set("since>1m"))].into()
    }

    #[test]
    fn a_saved_filter_stands_for_itself_in_parentheses() {
        for (text, expected) in [
            ("@mine", "(loc:src/ or name:me)"),
            ("since>1s -@mine", "since>1s -(loc:src/ or name:me)"),
            ("(@old or @mine)", "((since>1m) or (loc:src/ or name:me))"),
            ("not @old", "not (since>1m)"),
            ("name:@mine \"@old\" a@old", "name:@mine \"@old\" a@old"),
            ("\"a \\\" @old\" @old", "\"a \\\" @old\" (since>1m)"),
            ("@other", "@other"),
        ] {
            assert_eq!(expand(text, &saved()), expected);
            holdover::Filter::parse(&expand(text, &saved())).expect(text);
        }
    }

    #[test]
    fn one_that_is_not_saved_is_said_where_it_stands() {
        assert_eq!(unknown("@mine @old", &saved()), None);
        let (at, why) = unknown("since>1s @nime", &saved()).expect("not saved");
        assert_eq!(
            (at, why.as_str()),
            (9, "there is no saved filter `@nime`; there are @mine, @old")
        );
        assert!(unknown("@x", &Named::new()).expect("not saved").1.ends_with("none is saved"));
    }
}
