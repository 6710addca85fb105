//! The words of a filter, with their columns.

use super::FilterError;

/// One word, and where it begins (in characters, from 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) column: usize,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Open,
    Close,
    /// A `-` before a term.
    Minus,
    And,
    Or,
    Not,
    /// `name`, or what is in quotes.
    Word(String),
    /// `:`, `~`, `=`, `>` and so on, directly after a word.
    Operator(&'static str),
}

const OPERATORS: [&str; 7] = [">=", "<=", ":", "~", "=", ">", "<"];

pub(crate) fn lex(text: &str) -> Result<Vec<Token>, FilterError> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(character) = characters.get(at).copied() {
        let column = at + 1;
        let after_operator =
            tokens.last().is_some_and(|token| matches!(token.kind, Kind::Operator(_)));
        if character.is_whitespace() {
            at += 1;
            continue;
        }
        let kind = if let Some(operator) = operator_at(&characters[at..]) {
            at += operator.chars().count();
            Kind::Operator(operator)
        } else {
            match character {
                '(' => {
                    at += 1;
                    Kind::Open
                }
                ')' => {
                    at += 1;
                    Kind::Close
                }
                '-' if !after_operator => {
                    at += 1;
                    Kind::Minus
                }
                '"' => {
                    let (word, next) = quoted(&characters, at)?;
                    at = next;
                    Kind::Word(word)
                }
                _ => {
                    let word = bare(&characters[at..]);
                    at += word.chars().count();
                    keyword(word, after_operator)
                }
            }
        };
        tokens.push(Token { column, kind });
    }
    Ok(tokens)
}

fn operator_at(rest: &[char]) -> Option<&'static str> {
    OPERATORS.into_iter().find(|operator| {
        operator.chars().enumerate().all(|(at, wanted)| rest.get(at) == Some(&wanted))
    })
}

fn keyword(word: String, after_operator: bool) -> Kind {
    match word.as_str() {
        "and" if !after_operator => Kind::And,
        "or" if !after_operator => Kind::Or,
        "not" if !after_operator => Kind::Not,
        _ => Kind::Word(word),
    }
}

/// Up to what cannot be part of a word. A `:` can, after the first, so that places
/// such as `main.rs:30` need no quotes.
fn bare(rest: &[char]) -> String {
    let end =
        |c: &&char| !c.is_whitespace() && !matches!(c, '(' | ')' | '"' | '~' | '=' | '<' | '>');
    let word: String = rest.iter().take_while(end).collect();
    match word.split_once(':') {
        Some((name, _)) if super::Field::find(name).is_some() || !name.contains('.') => {
            name.to_owned()
        }
        _ => word,
    }
}

fn quoted(characters: &[char], from: usize) -> Result<(String, usize), FilterError> {
    let mut word = String::new();
    let mut at = from + 1;
    while let Some(character) = characters.get(at).copied() {
        match character {
            '"' => return Ok((word, at + 1)),
            '\\' if characters.get(at + 1) == Some(&'"') => {
                word.push('"');
                at += 2;
            }
            _ => {
                word.push(character);
                at += 1;
            }
        }
    }
    Err(FilterError { column: from + 1, message: "this quote is not closed".to_owned() })
}
