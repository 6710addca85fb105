//! Words to an expression. `or` binds weakest, then `and` (or nothing), then `not`.

use regex_lite::Regex;

use super::{
    Comparison, Expr, FilterError, Test,
    lex::{Token, TokenKind as Kind, lex},
};
use crate::{
    query::field::{FIELDS, Field, FieldType},
    recorder::clock::nanos,
    settings::parse_duration,
};

/// Deeper ones are refused: a filter comes from the wire too.
const DEPTH: usize = 50;

pub(super) fn parse(text: &str) -> Result<Option<Expr>, FilterError> {
    let tokens = lex(text)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser { tokens: &tokens, at: 0, end: text.chars().count() + 1 };
    let expr = parser.or(0)?;
    match parser.peek() {
        None => Ok(Some(expr)),
        Some(token) => Err(error(token.column, "there is no parenthesis to close here")),
    }
}

fn error(column: usize, message: impl Into<String>) -> FilterError {
    FilterError { column, message: message.into() }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    /// The column after the last.
    end: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn next_is(&self, kind: &Kind) -> bool {
        self.peek().is_some_and(|token| token.kind == *kind)
    }

    fn or(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let mut expr = self.and(depth)?;
        while self.next_is(&Kind::Or) {
            self.at += 1;
            expr = Expr::Or(Box::new(expr), Box::new(self.and(depth)?));
        }
        Ok(expr)
    }

    fn and(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let mut expr = self.unary(depth)?;
        loop {
            if self.next_is(&Kind::And) {
                self.at += 1;
            } else if self.peek().is_none() || self.next_is(&Kind::Or) || self.next_is(&Kind::Close)
            {
                return Ok(expr);
            }
            expr = Expr::And(Box::new(expr), Box::new(self.unary(depth)?));
        }
    }

    fn unary(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let end = self.end;
        let Some(token) = self.next() else {
            return Err(error(end, "expected a term, such as verdict:stuck"));
        };
        if depth > DEPTH {
            return Err(error(token.column, "this is nested too deeply"));
        }
        match &token.kind {
            Kind::Not | Kind::Minus => Ok(Expr::Not(Box::new(self.unary(depth + 1)?))),
            Kind::Open => {
                let inner = self.or(depth + 1)?;
                match self.next() {
                    Some(Token { kind: Kind::Close, .. }) => Ok(inner),
                    _ => Err(error(token.column, "this parenthesis is not closed")),
                }
            }
            Kind::Word(word) => self.term(word, token.column).map(Expr::Term),
            Kind::Operator(operator) => {
                Err(error(token.column, format!("expected a field's name before `{operator}`")))
            }
            Kind::Close | Kind::And | Kind::Or => {
                Err(error(token.column, "expected a term, such as verdict:stuck"))
            }
        }
    }

    fn term(&mut self, word: &str, column: usize) -> Result<Test, FilterError> {
        let Some(Token { kind: Kind::Operator(operator), .. }) = self.peek() else {
            return Ok(Test::Word(word.to_lowercase()));
        };
        self.at += 1;
        let field = Field::find(word).ok_or_else(|| {
            error(column, format!("there is no field `{word}`; there are {}", names()))
        })?;
        let end = self.end;
        match self.next() {
            Some(Token { kind: Kind::Word(value), column, .. }) => {
                test(field, operator, value, *column)
            }
            other => {
                let column = other.map_or(end, |token| token.column);
                Err(error(column, format!("expected a value for `{word}`")))
            }
        }
    }
}

fn names() -> String {
    let names: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
    names.join(", ")
}

fn test(field: Field, operator: &str, value: &str, column: usize) -> Result<Test, FilterError> {
    let info = field.info();
    match (info.kind, operator) {
        (FieldType::Enum(values), ":" | "=") => {
            let named = values.iter().find(|name| name.eq_ignore_ascii_case(value));
            named.map(|name| Test::Is(field, (*name).to_owned())).ok_or_else(|| {
                error(column, format!("`{}` is one of {}", info.name, values.join(", ")))
            })
        }
        (FieldType::Text, ":" | "=") => Ok(Test::Contains(field, value.to_lowercase())),
        (FieldType::Text | FieldType::Enum(_), "~") => Regex::new(value)
            .map(|regex| Test::Matches(field, regex))
            .map_err(|why| error(column, format!("not a regular expression: {why}"))),
        (FieldType::Number, _) => {
            let number = value.parse().or(Err(error(column, "expected a whole number")))?;
            comparison(field, operator, number, column)
        }
        (FieldType::Duration, _) => {
            let duration = parse_duration(value)
                .ok_or_else(|| error(column, "expected a duration such as 500ms, 5s or 2m"))?;
            comparison(field, operator, nanos(duration), column)
        }
        (FieldType::Text | FieldType::Enum(_), _) => {
            Err(error(column, format!("`{}` is compared with `:` or `~`", info.name)))
        }
    }
}

fn comparison(
    field: Field,
    operator: &str,
    number: u64,
    column: usize,
) -> Result<Test, FilterError> {
    let comparison = match operator {
        ":" | "=" => Comparison::Equal,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        _ => {
            let name = field.info().name;
            return Err(error(column, format!("`{name}` is compared with `:`, `<` or `>`")));
        }
    };
    Ok(Test::Compare(field, comparison, number))
}
