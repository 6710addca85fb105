//! What the word before the cursor can become: a field, one of its values, a saved filter.

use holdover::{FIELDS, FieldInfo, FieldType};

use super::Known;
use crate::{config::Named, whose};

/// What can stand in place of `text[from..cursor]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidates {
    /// In bytes.
    pub(crate) from: usize,
    pub(crate) texts: Vec<String>,
}

/// What fits what was begun before `cursor`, a byte; no text when nothing does.
pub(crate) fn candidates(text: &str, cursor: usize, known: &Known) -> Candidates {
    let before = &text[..cursor];
    if is_quoted(before) {
        return Candidates { from: cursor, texts: Vec::new() };
    }
    let from = before.rfind(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"'));
    let mut from = from.map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    from += before[from..].chars().take_while(|c| *c == '-').count();
    let word = &before[from..];
    if let Some(begun) = word.strip_prefix('@') {
        return Candidates { from, texts: named(begun, &known.saved) };
    }
    match word.find([':', '=', '~', '<', '>']) {
        None => {
            let own = format!("{}:", whose::FIELD);
            let own = Some(own).filter(|own| !known.targets.is_empty() && own.starts_with(word));
            Candidates { from, texts: fields(word).into_iter().chain(own).collect() }
        }
        Some(at) if word[..at] == *whose::FIELD => {
            let begun = word[at..].trim_start_matches([':', '=']);
            Candidates { from: cursor - begun.len(), texts: targets(begun, known) }
        }
        Some(at) => {
            let field = FIELDS.iter().find(|field| field.name == &word[..at]);
            let begun = word[at..].trim_start_matches([':', '=']);
            let from = cursor - begun.len();
            Candidates { from, texts: field.map_or_else(Vec::new, |field| values(field, begun)) }
        }
    }
}

/// Whether a quote is open at the end.
fn is_quoted(text: &str) -> bool {
    text.replace("\\\"", "").matches('"').count() % 2 == 1
}

/// A name that is whole becomes what it stands for.
fn named(begun: &str, saved: &Named) -> Vec<String> {
    if let Some(filter) = saved.get(begun) {
        return vec![format!("({})", filter.value)];
    }
    saved.keys().filter(|name| name.starts_with(begun)).map(|name| format!("@{name}")).collect()
}

fn targets(begun: &str, known: &Known) -> Vec<String> {
    let begun = begun.to_lowercase();
    let labels = known.targets.iter().filter_map(|names| names.first());
    let fitting = labels.filter(|label| label.to_lowercase().starts_with(&begun));
    let written = fitting.filter_map(|label| crate::columns::says(whose::FIELD, label));
    written.filter_map(|term| Some(term.split_once(':')?.1.to_owned())).collect()
}

fn fields(begun: &str) -> Vec<String> {
    let begun = begun.to_lowercase();
    let fields = FIELDS.iter().filter(|field| field.name.starts_with(&begun));
    fields.map(|field| format!("{}{}", field.name, operator(field))).collect()
}

/// The operator that is most often meant.
fn operator(field: &FieldInfo) -> char {
    match field.kind {
        FieldType::Duration => '>',
        _ => ':',
    }
}

fn values(field: &FieldInfo, begun: &str) -> Vec<String> {
    let FieldType::Enum(values) = field.kind else { return Vec::new() };
    let begun = begun.to_lowercase();
    let values = values.iter().filter(|value| value.starts_with(&begun));
    values.map(|value| (*value).to_owned()).collect()
}

/// What all of them begin with.
pub(crate) fn common(texts: &[String]) -> &str {
    let Some((first, rest)) = texts.split_first() else { return "" };
    let same = |(at, character): (usize, char)| {
        rest.iter().all(|text| text[..].get(at..).is_some_and(|rest| rest.starts_with(character)))
    };
    let end = first.char_indices().find(|it| !same(*it)).map_or(first.len(), |(at, _)| at);
    &first[..end]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::{From, Setting};

    fn known() -> Known {
        let value = "loc:src/".to_owned();
        let saved: Named = [("mine".to_owned(), Setting { value, from: From::Default })].into();
        Known { saved: Arc::new(saved), ..Known::default() }
    }

    #[test]
    fn of_several_targets_the_names_are_completed() {
        let names = |label: &str| vec![label.to_owned(), "10.0.0.1:6669".to_owned()];
        let targets = Arc::new(vec![names("orders"), names("billing :6670")]);
        let known = Known { targets, ..known() };
        let of = |text: &str| candidates(text, text.len(), &known);
        assert_eq!(of("ta").texts, ["target:"]);
        assert_eq!((of("-target:").from, of("-target:").texts.len()), (8, 2));
        assert_eq!(of("x target:B").texts, ["\"billing :6670\""]);
    }

    #[test]
    fn fields_values_and_saved_filters_are_completed() {
        for (text, from, expected) in [
            ("ver", 0, &["verdict:"][..]),
            ("since>1s -verd", 10, &["verdict:"]),
            ("(si", 1, &["since>", "site:", "size:"]),
            ("verdict:le", 8, &["left-behind"]),
            ("holds:C", 6, &["callback", "channel", "connection", "child", "custom"]),
            ("name:w", 5, &[]),
            ("nothing:w", 8, &[]),
            ("name:\"ver", 9, &[]),
            ("@m", 0, &["@mine"]),
            ("-@mine", 1, &["(loc:src/)"]),
            ("订单 out", 7, &["outcome:"]),
        ] {
            let found = candidates(text, text.len(), &known());
            assert_eq!(
                (found.from, found.texts),
                (from, expected.iter().map(|it| (*it).to_owned()).collect()),
                "{text}"
            );
        }
        let all = candidates("", 0, &known()).texts;
        assert_eq!(all.len(), FIELDS.len());
    }

    #[test]
    fn as_much_is_completed_as_all_have_in_common() {
        let common_of = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|it| (*it).to_owned()).collect();
            common(&texts).to_owned()
        };
        assert_eq!(common_of(&["since>", "site:", "size:"]), "si");
        assert_eq!(common_of(&["polls", "polls_since"]), "polls");
        assert_eq!(common_of(&["abc"]), "abc");
        assert_eq!(common_of(&["é", "e"]), "");
        assert_eq!(common_of(&[]), "");
    }
}
