//! The words of a filter and where they stand, as the filter language has them.

use std::ops::Range;

use super::FIELD;

/// A word of a filter.
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// In bytes.
    pub(super) at: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Close,
    Minus,
    And,
    Or,
    Not,
    Word(String),
    Operator(&'static str),
}

const OPERATORS: [&str; 7] = [">=", "<=", ":", "~", "=", ">", "<"];

/// `None` of a quote that is not closed: the language itself says what is wrong with it.
pub(super) fn lex(text: &str) -> Option<Vec<Token>> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        if character.is_whitespace() {
            at += character.len_utf8();
            continue;
        }
        let (kind, length) = token(&text[at..], character, &tokens)?;
        tokens.push(Token { at: at..at + length, kind });
        at += length;
    }
    Some(tokens)
}

fn token(rest: &str, first: char, before: &[Token]) -> Option<(Kind, usize)> {
    let is_value = before.last().is_some_and(|it| matches!(it.kind, Kind::Operator(_)));
    if let Some(operator) = OPERATORS.into_iter().find(|it| rest.starts_with(it)) {
        return Some((Kind::Operator(operator), operator.len()));
    }
    Some(match first {
        '(' => (Kind::Open, 1),
        ')' => (Kind::Close, 1),
        '-' if !is_value => (Kind::Minus, 1),
        '"' => {
            let (word, length) = quoted(rest)?;
            (Kind::Word(word), length)
        }
        _ => {
            let is_target = is_value && before.len() > 1 && is_field(&before[before.len() - 2]);
            let word = bare(rest, is_target);
            (keyword(word, is_value), word.len())
        }
    })
}

pub(super) fn is_field(token: &Token) -> bool {
    matches!(&token.kind, Kind::Word(word) if word == FIELD)
}

fn keyword(word: &str, is_value: bool) -> Kind {
    match word {
        "and" if !is_value => Kind::And,
        "or" if !is_value => Kind::Or,
        "not" if !is_value => Kind::Not,
        _ => Kind::Word(word.to_owned()),
    }
}

/// An address of a target needs no quotes.
fn bare(rest: &str, is_target: bool) -> &str {
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '~' | '=' | '<' | '>');
    let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
    let is_known = |name: &str| holdover::FIELDS.iter().any(|field| field.name == name);
    match word.split_once(':') {
        Some((name, _)) if !is_target && (is_known(name) || !name.contains('.')) => name,
        _ => word,
    }
}

fn quoted(rest: &str) -> Option<(String, usize)> {
    let mut word = String::new();
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((word, at + 1)),
            '\\' if characters.peek().is_some_and(|(_, next)| *next == '"') => {
                characters.next();
                word.push('"');
            }
            _ => word.push(character),
        }
    }
    None
}
