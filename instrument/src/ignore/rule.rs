//! One line of an ignore file: a filter, `until` when and `why`.
//!
//! ```text
//! verdict:left-behind acquired_at:cache.rs until 2027-01-31 why "goes with the new cache"
//! ```

use super::date::Date;
use crate::query::filter::{
    Filter, FilterError,
    lex::{Token, TokenKind as Kind, lex},
};

/// A rule as it stands in a line.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) filter: Filter,
    /// The filter as it was written.
    pub(super) text: String,
    pub(super) until: Date,
    pub(super) why: String,
}

const UNTIL: &str = "expected `until` and a day after the filter, such as until 2027-01-31";
const A_DAY: &str = "expected a day such as 2027-01-31";
const WHY: &str = "expected `why` and a reason in quotes at the end, such as why \"known, #12\"";
const A_REASON: &str = "expected a reason in quotes, such as \"known, #12\"";
const A_FILTER: &str =
    "expected a filter before `until`: a rule without one would ignore everything";
const THE_END: &str = "expected nothing more after the reason";
const CHANGES: &str = "a rule cannot go by `since` or `age`, which change by themselves";

/// What changes by itself: by that a leak would be reported now and then.
const CHANGING: [&str; 2] = ["since", "age"];

/// `None` for an empty line and for a comment.
pub(super) fn parse(line: &str) -> Result<Option<Line>, FilterError> {
    let trimmed = line.trim();
    if trimmed.is_empty() || trimmed.starts_with('#') {
        return Ok(None);
    }
    let tokens = lex(line)?;
    let clauses = (0..tokens.len()).find(|at| is_keyword(line, &tokens, *at));
    let (filter, clauses) = tokens.split_at(clauses.unwrap_or(tokens.len()));
    if let Some(column) = changing(filter) {
        return Err(error(column, CHANGES));
    }
    let end = line.trim_end().chars().count() + 1;
    let text: String = line.chars().take(column(clauses.first(), end) - 1).collect();
    let filter = Filter::parse(&text)?;
    let (until, why) = parse_clauses(line, clauses, end)?;
    if filter.is_empty() {
        return Err(error(column(clauses.first(), end), A_FILTER));
    }
    Ok(Some(Line { filter, text: text.trim().to_owned(), until, why }))
}

/// What follows the filter, up to the `end` of the line.
fn parse_clauses(line: &str, clauses: &[Token], end: usize) -> Result<(Date, String), FilterError> {
    let mut clauses = clauses.iter();
    let mut next = || clauses.next();
    let wrong = |token, expected| error(column(token, end), expected);
    let until = next();
    if word(until) != Some("until") {
        return Err(wrong(until, UNTIL));
    }
    let day = next();
    let date = word(day).and_then(Date::parse).ok_or_else(|| wrong(day, A_DAY))?;
    let why = next();
    if word(why) != Some("why") {
        return Err(wrong(why, WHY));
    }
    let quoted = next();
    let reason = word(quoted).filter(|why| !why.trim().is_empty());
    let reason = reason.filter(|_| is_quoted(line, column(quoted, end)));
    let reason = reason.ok_or_else(|| wrong(quoted, A_REASON))?.to_owned();
    match next() {
        Some(more) => Err(wrong(Some(more), THE_END)),
        None => Ok((date, reason)),
    }
}

fn column(token: Option<&Token>, end: usize) -> usize {
    token.map_or(end, |token| token.column)
}

fn error(column: usize, message: &str) -> FilterError {
    FilterError { column, message: message.to_owned() }
}

fn word(token: Option<&Token>) -> Option<&str> {
    match &token?.kind {
        Kind::Word(word) => Some(word),
        _ => None,
    }
}

fn is_quoted(line: &str, column: usize) -> bool {
    line.chars().nth(column - 1) == Some('"')
}

/// `until` or `why`, unless it is a value, in quotes, or a field's name.
fn is_keyword(line: &str, tokens: &[Token], at: usize) -> bool {
    let is_operator =
        |token: Option<&Token>| token.is_some_and(|token| matches!(token.kind, Kind::Operator(_)));
    let is_value = at > 0 && is_operator(tokens.get(at - 1));
    matches!(word(tokens.get(at)), Some("until" | "why"))
        && !is_value
        && !is_operator(tokens.get(at + 1))
        && !is_quoted(line, tokens[at].column)
}

/// Where the filter goes by something that changes by itself.
fn changing(filter: &[Token]) -> Option<usize> {
    let named = filter.windows(2).find(|pair| {
        let is_compared = matches!(pair[1].kind, Kind::Operator(_));
        is_compared && word(pair.first()).is_some_and(|word| CHANGING.contains(&word))
    });
    named.map(|pair| pair[0].column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_a_filter_a_day_and_a_reason() {
        for (line, filter, until, why) in [
            (
                "verdict:left-behind acquired_at:cache.rs until 2027-01-31 why \"known, #12\"",
                "verdict:left-behind acquired_at:cache.rs",
                "2027-01-31",
                "known, #12",
            ),
            (
                "  (holds:timer or \"until\") -name:why until 2027-02-28 why \"a \\\"b\\\"\"  ",
                "(holds:timer or \"until\") -name:why",
                "2027-02-28",
                "a \"b\"",
            ),
            ("订单 until 2027-01-31 why \"订单\"", "订单", "2027-01-31", "订单"),
        ] {
            let rule = parse(line).expect(line).expect("a rule");
            let told = (rule.text.as_str(), rule.until.to_string(), rule.why.as_str());
            assert_eq!(told, (filter, until.to_owned(), why));
        }
        for nothing in ["", "   ", "# verdict:stuck", "  # a comment"] {
            assert!(parse(nothing).expect(nothing).is_none());
        }
    }

    #[test]
    fn what_is_wrong_and_where() {
        for (line, column, message) in [
            ("verdict:stack until 2027-01-31 why \"x\"", 9, "`verdict` is one of stuck"),
            ("verdict:stuck", 14, UNTIL),
            ("verdict:stuck why \"x\" until 2027-01-31", 15, UNTIL),
            ("verdict:stuck until", 20, A_DAY),
            ("verdict:stuck until soon why \"x\"", 21, A_DAY),
            ("verdict:stuck until 2027-02-30 why \"x\"", 21, A_DAY),
            ("verdict:stuck until 2027-01-31", 31, WHY),
            ("verdict:stuck until 2027-01-31 because \"x\"", 32, WHY),
            ("verdict:stuck until 2027-01-31 why", 35, A_REASON),
            ("verdict:stuck until 2027-01-31 why known", 36, A_REASON),
            ("verdict:stuck until 2027-01-31 why \" \"", 36, A_REASON),
            ("verdict:stuck until 2027-01-31 why \"x\" y", 40, THE_END),
            ("verdict:stuck until 2027-01-31 why \"x", 36, "this quote is not closed"),
            ("until 2027-01-31 why \"x\"", 1, A_FILTER),
            ("name:a since>5s until 2027-01-31 why \"x\"", 8, "a rule cannot go by `since`"),
            ("not (age > 5s) until 2027-01-31 why \"x\"", 6, "a rule cannot go by `since`"),
            ("订单 until soon", 10, A_DAY),
        ] {
            let error = parse(line).expect_err(line);
            assert_eq!(error.column, column, "{line}: {error}");
            assert!(error.message.starts_with(message), "{line}: {error}");
        }
    }
}
