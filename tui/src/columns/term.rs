//! Terms of the filter language, made from what a row shows.

/// `name:worker`, `label:"call later"`: quoted where the language needs it.
pub(super) fn says(field: &str, value: &str) -> Option<String> {
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

/// The filter, and the term beside it.
pub(crate) fn narrow(filter: &str, term: &str) -> String {
    let filter = filter.trim();
    let has = |wanted: &str| format!(" {filter} ").contains(&format!(" {wanted} "));
    match filter {
        "" => term.to_owned(),
        _ if has(term) => filter.to_owned(),
        // What stands beside each other binds closer.
        _ if has("or") => format!("({filter}) {term}"),
        _ => format!("{filter} {term}"),
    }
}

/// The filter, and beside it that the term must not be so.
pub(crate) fn exclude(filter: &str, term: &str) -> String {
    let terms = holdover::Filter::parse(term).is_ok() && is_one(term);
    let none = if terms { format!("-{term}") } else { format!("-({term})") };
    narrow(filter, &none)
}

/// Whether nothing but what is quoted has a space in it.
fn is_one(term: &str) -> bool {
    let mut in_quotes = false;
    let mut before = ' ';
    for character in term.chars() {
        match character {
            '"' if before != '\\' => in_quotes = !in_quotes,
            ' ' if !in_quotes => return false,
            _ => {}
        }
        before = character;
    }
    true
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

    proptest! {
        #[test]
        fn whatever_a_target_calls_things_is_a_filter(a in ".*", b in "\\PC*") {
            let both = both(says("name", &a), says("label", &b));
            for term in [says("name", &a), both].into_iter().flatten() {
                let filter = exclude(&narrow("x or y", &term), &term);
                prop_assert!(holdover::Filter::parse(&term).is_ok(), "{}", term);
                prop_assert!(holdover::Filter::parse(&filter).is_ok(), "{}", filter);
            }
        }
    }
}
