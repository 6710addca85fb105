//! What differs in a number only is called alike: `job-17` and `job-18` are `job-*`. Tasks
//! and connections are often named so, and a leak of each is one bug.

use std::sync::Arc;

/// In place of a number.
const NUMBER: char = '*';
/// A word of so many hexadecimal digits is a number, or a part of one: of a UUID, a hash.
const HEXADECIMAL: usize = 4;

/// What it shares with those that it is alike. The text itself where it has no number, and
/// where it is a place, as what nobody named is called by: another line is another thing.
pub(super) fn alike(text: &Arc<str>) -> Arc<str> {
    if !has_digit(text) || text.contains(".rs:") {
        return Arc::clone(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = &**text;
    while !rest.is_empty() {
        let is_word = |it: char| it.is_ascii_alphanumeric();
        let (word, after) = rest.split_at(rest.find(|it| !is_word(it)).unwrap_or(rest.len()));
        put_word(word, &mut out);
        let (between, next) = after.split_at(after.find(is_word).unwrap_or(after.len()));
        out.push_str(between);
        rest = next;
    }
    out.into()
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|it| it.is_ascii_digit())
}

fn put_word(word: &str, out: &mut String) {
    if !has_digit(word) {
        return out.push_str(word);
    }
    if word.len() >= HEXADECIMAL && word.bytes().all(|it| it.is_ascii_hexdigit()) {
        return out.push(NUMBER);
    }
    let mut in_number = false;
    for letter in word.chars() {
        let is_digit = letter.is_ascii_digit();
        match (is_digit, in_number) {
            (false, _) => out.push(letter),
            (true, false) => out.push(NUMBER),
            (true, true) => {}
        }
        in_number = is_digit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        alike(&text.into()).to_string()
    }

    #[test]
    fn numbers_are_left_out_and_nothing_else() {
        for (text, expected) in [
            ("", ""),
            ("accept", "accept"),
            ("job-473413", "job-*"),
            ("worker7 of 12", "worker* of *"),
            ("GET /orders/{id}", "GET /orders/{id}"),
            ("10.0.0.1:5432", "*.*.*.*:*"),
            ("req 9f3a61c0", "req *"),
            ("67e55044-10b1-426f-9247-bb680e5fe0c8", "*-*-*-*-*"),
            ("h2 stream 5", "h* stream *"),
            ("订单17-a", "订单*-a"),
            ("7", "*"),
            ("src/state.rs:41:9", "src/state.rs:41:9"),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn what_has_no_number_is_not_copied() {
        let text: Arc<str> = "accept loop".into();
        assert!(Arc::ptr_eq(&alike(&text), &text));
    }
}
