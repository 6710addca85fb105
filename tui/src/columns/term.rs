//! Terms of the filter language, made from what a row shows.

/// `name:worker`, `label:"call later"`: quoted where the language needs it.
pub(crate) fn says(field: &str, value: &str) -> Option<String> {
    // In quotes a backslash may mean something: what stands before it is enough to find it.
    let value = value.split('\\').next().unwrap_or(value);
    if value.is_empty() {
        return None;
    }
    let is_bare = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    if value.chars().all(is_bare) && !value.starts_with('-') {
        return Some(format!("{field}:{value}"));
    }
    Some(format!("{field}:\"{}\"", value.replace('"', "\\\"")))
}

/// Both, where there are two.
pub(super) fn both(first: Option<String>, second: Option<String>) -> Option<String> {
    match (first, second) {
        (Some(first), Some(second)) => Some(format!("{first} {second}")),
        (one, other) => one.or(other),
    }
}

/// The filter, and the term beside it, in place of its opposite.
pub(crate) fn narrow(filter: &str, term: &str) -> String {
    beside(filter, term, &none_of(term))
}

/// The filter, and beside it that the term must not be so.
pub(crate) fn exclude(filter: &str, term: &str) -> String {
    beside(filter, &none_of(term), term)
}

fn none_of(term: &str) -> String {
    if parts(term).len() == 1 { format!("-{term}") } else { format!("-({term})") }
}

fn beside(filter: &str, term: &str, opposite: &str) -> String {
    let mut have = parts(filter);
    // Only then is each of them asked for; else all of it is one that is.
    if !have.iter().all(|part| crate::whose::Whose::parse(part).is_ok()) {
        return format!("({}) {term}", filter.trim());
    }
    let opposite = parts(opposite);
    while let Some(at) = place_of(&opposite, &have) {
        have.drain(at..at + opposite.len());
    }
    let term = parts(term);
    if place_of(&term, &have).is_none() {
        have.extend(term);
    }
    have.join(" ")
}

fn place_of(some: &[&str], all: &[&str]) -> Option<usize> {
    all.windows(some.len().max(1)).position(|window| window == some)
}

/// What spaces divide that are neither in quotes nor in parentheses.
fn parts(text: &str) -> Vec<&str> {
    let (mut depth, mut in_quotes, mut before) = (0_usize, false, ' ');
    let is_between = |character: char| {
        match character {
            '"' if !in_quotes || before != '\\' => in_quotes = !in_quotes,
            '(' if !in_quotes => depth += 1,
            ')' if !in_quotes => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = character;
        character.is_whitespace() && !in_quotes && depth == 0
    };
    text.split(is_between).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_term_is_quoted_where_the_language_needs_it() {
        for (value, expected) in [
            ("worker", "label:worker"),
            ("src/db.rs", "label:src/db.rs"),
            ("call later", "label:\"call later\""),
            ("src/db.rs:41:22", "label:\"src/db.rs:41:22\""),
            ("-x", "label:\"-x\""),
            ("a \"b\"", "label:\"a \\\"b\\\"\""),
            ("订单", "label:订单"),
        ] {
            assert_eq!(says("label", value).as_deref(), Some(expected));
        }
        assert_eq!((says("label", ""), says("label", "\\x")), (None, None));
    }

    #[test]
    fn terms_are_added_and_excluded() {
        assert_eq!(narrow("", "name:a"), "name:a");
        assert_eq!(narrow("since>1s", "name:a"), "since>1s name:a");
        assert_eq!(narrow("since>1s name:a", "name:a"), "since>1s name:a");
        assert_eq!(narrow("a or b", "name:a"), "(a or b) name:a");
        assert_eq!(exclude("a or b", "name:a"), "(a or b) -name:a");
        assert_eq!(exclude("", "holds:timer label:x"), "-(holds:timer label:x)");
        assert_eq!(exclude("", "name:\"a \\\" b\""), "-name:\"a \\\" b\"");
    }

    #[test]
    fn a_term_takes_the_place_of_its_opposite() {
        assert_eq!(exclude("since>1s name:a", "name:a"), "since>1s -name:a");
        assert_eq!(narrow("-name:a since>1s", "name:a"), "since>1s name:a");
        assert_eq!(
            exclude("x holds:timer label:y z", "holds:timer label:y"),
            "x z -(holds:timer label:y)"
        );
        assert_eq!(narrow("-(holds:timer label:y)", "holds:timer label:y"), "holds:timer label:y");
        assert_eq!(
            narrow("name:\"-b c\" -name:\"b c\"", "name:\"b c\""),
            "name:\"-b c\" name:\"b c\""
        );
    }

    #[test]
    fn what_only_stands_in_a_filter_is_not_what_it_asks_for() {
        assert_eq!(narrow("a or name:b", "name:b"), "(a or name:b) name:b");
        assert_eq!(narrow("-(x name:b y)", "name:b"), "-(x name:b y) name:b");
        assert_eq!(narrow("\"x name:b y\"", "name:b"), "\"x name:b y\" name:b");
        assert_eq!(exclude("not name:b", "name:b"), "(not name:b) -name:b");
        assert_eq!(narrow("(a or b) name:c", "name:d"), "(a or b) name:c name:d");
    }

    proptest! {
        #[test]
        fn whatever_a_target_calls_things_is_a_filter(a in ".*", b in "\\PC*") {
            let both = both(says("name", &a), says("label", &b));
            for term in [says("name", &a), both].into_iter().flatten() {
                prop_assert!(holdover::Filter::parse(&term).is_ok(), "{}", term);
                for filter in ["", "x or y", "since > 1s", "z -name:a"] {
                    let narrowed = narrow(filter, &term);
                    prop_assert_eq!(&narrow(&narrowed, &term), &narrowed);
                    let filter = exclude(&narrowed, &term);
                    prop_assert!(holdover::Filter::parse(&filter).is_ok(), "{}", filter);
                }
            }
        }
    }
}
