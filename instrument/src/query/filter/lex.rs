//! The words of a filter, and where they stand.

use std::ops::Range;

use super::FilterError;

/// One word, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Where it begins, in characters from 1.
    pub column: usize,
    /// All of it, in bytes.
    pub at: Range<usize>,
    /// What it is.
    pub kind: TokenKind,
}

/// What a word of a filter is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// `(`
    Open,
    /// `)`
    Close,
    /// A `-` before a term.
    Minus,
    /// `and`
    And,
    /// `or`
    Or,
    /// `not`
    Not,
    /// `name`, or what is in quotes.
    Word(String),
    /// `:`, `~`, `=`, `>` and so on, directly after a word.
    Operator(&'static str),
}

const OPERATORS: [&str; 7] = [">=", "<=", ":", "~", "=", ">", "<"];

/// Fails where a quote is not closed.
pub fn lex(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens: Vec<Token> = Vec::new();
    let (mut at, mut column) = (0, 1);
    while let Some(first) = text[at..].chars().next() {
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else {
            let is_value =
                tokens.last().is_some_and(|token| matches!(token.kind, TokenKind::Operator(_)));
            let (kind, length) = token(&text[at..], first, is_value).ok_or_else(|| {
                FilterError { column, message: "this quote is not closed".to_owned() }
            })?;
            tokens.push(Token { column, at: at..at + length, kind });
            length
        };
        column += text[at..at + length].chars().count();
        at += length;
    }
    Ok(tokens)
}

/// With its length in bytes. `None` of a quote that is not closed.
fn token(rest: &str, first: char, is_value: bool) -> Option<(TokenKind, usize)> {
    if let Some(operator) = OPERATORS.into_iter().find(|operator| rest.starts_with(operator)) {
        return Some((TokenKind::Operator(operator), operator.len()));
    }
    Some(match first {
        '(' => (TokenKind::Open, 1),
        ')' => (TokenKind::Close, 1),
        '-' if !is_value => (TokenKind::Minus, 1),
        '"' => {
            let (word, length) = quoted(rest)?;
            (TokenKind::Word(word), length)
        }
        _ => {
            let word = bare(rest, is_value);
            (keyword(word, is_value), word.len())
        }
    })
}

fn keyword(word: &str, is_value: bool) -> TokenKind {
    match word {
        "and" if !is_value => TokenKind::And,
        "or" if !is_value => TokenKind::Or,
        "not" if !is_value => TokenKind::Not,
        _ => TokenKind::Word(word.to_owned()),
    }
}

/// Up to what cannot be part of a word. A `:` can in a value, and in a place such as
/// `main.rs:30`: those need no quotes.
fn bare(rest: &str, is_value: bool) -> &str {
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '~' | '=' | '<' | '>');
    let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
    match word.split_once(':') {
        Some((name, _))
            if !is_value && (super::Field::find(name).is_some() || !name.contains('.')) =>
        {
            name
        }
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
