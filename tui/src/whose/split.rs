//! What stands beside each other in a filter: of that each term about targets is taken out,
//! and the rest stays as it was written.

use std::ops::Range;

use holdover::{
    FilterError,
    filtering::{Token, TokenKind as Kind},
};

use super::FIELD;

/// A term that is about targets.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// All of it, in bytes.
    pub(super) at: Range<usize>,
    pub(super) operator: &'static str,
    pub(super) value: String,
    /// Of the value, in characters from 1.
    pub(super) column: usize,
}

/// A filter of which every part must be so.
#[derive(Debug, Default)]
pub(super) struct Split<'a> {
    /// With whether it must not be so.
    pub(super) terms: Vec<(&'a Place, bool)>,
    pub(super) rest: Vec<&'a str>,
}

fn is_field(token: &Token) -> bool {
    matches!(&token.kind, Kind::Word(word) if word == FIELD)
}

/// Where such terms stand.
pub(super) fn places(text: &str, tokens: &[Token]) -> Result<Vec<Place>, FilterError> {
    let mut places = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| is_field(token)) {
        let Some(Token { kind: Kind::Operator(operator), .. }) = tokens.get(at + 1) else {
            continue;
        };
        // What is compared with it is no field.
        if at > 0 && matches!(tokens[at - 1].kind, Kind::Operator(_)) {
            continue;
        }
        let value = tokens.get(at + 2);
        let column = value.map_or_else(|| text.chars().count() + 1, |value| value.column);
        let Some(Token { at: Range { end, .. }, kind: Kind::Word(word), .. }) = value else {
            return Err(FilterError { column, message: format!("expected a value for `{FIELD}`") });
        };
        let (at, value) = (token.at.start..*end, word.clone());
        places.push(Place { at, operator, value, column });
    }
    Ok(places)
}

/// Takes a filter apart that is one, but for these terms.
pub(super) fn split<'a>(
    text: &'a str,
    tokens: &'a [Token],
    places: &'a [Place],
) -> Result<Split<'a>, FilterError> {
    let node = Reader { text, tokens, places, at: 0 }.or();
    let mut out = Split::default();
    take(&node, false, text, &mut out)?;
    Ok(out)
}

/// A part of the filter.
struct Node<'a> {
    /// In bytes, with its parentheses.
    at: Range<usize>,
    /// The first term in it that is about targets.
    first: Option<&'a Place>,
    kind: Of<'a>,
}

enum Of<'a> {
    Term,
    Not(Box<Node<'a>>),
    And(Vec<Node<'a>>),
    Or,
}

fn take<'a>(
    node: &Node<'a>,
    negated: bool,
    text: &'a str,
    out: &mut Split<'a>,
) -> Result<(), FilterError> {
    let Some(first) = node.first else {
        out.rest.push(&text[node.at.clone()]);
        return Ok(());
    };
    match &node.kind {
        Of::Term => out.terms.push((first, negated)),
        Of::Not(inner) => take(inner, !negated, text, out)?,
        Of::And(parts) if !negated => {
            parts.iter().try_for_each(|part| take(part, false, text, out))?;
        }
        Of::And(_) | Of::Or => {
            let column = text[..first.at.start].chars().count() + 1;
            let within = if negated { "`not (…)`" } else { "`or`" };
            let message = format!(
                "`{FIELD}` cannot stand within {within}: beside it, as {FIELD}:a or -{FIELD}:a; of \
                 several {FIELD}~\"a|b\""
            );
            return Err(FilterError { column, message });
        }
    }
    Ok(())
}

struct Reader<'a> {
    text: &'a str,
    tokens: &'a [Token],
    places: &'a [Place],
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn or(&mut self) -> Node<'a> {
        let mut node = self.and();
        while self.peek() == Some(&Kind::Or) {
            self.at += 1;
            let next = self.and();
            let first = node.first.or(next.first);
            node = Node { at: node.at.start..next.at.end, first, kind: Of::Or };
        }
        node
    }

    fn and(&mut self) -> Node<'a> {
        let mut parts = vec![self.unary()];
        while let Some(kind) = self.peek() {
            match kind {
                Kind::Or | Kind::Close => break,
                Kind::And => self.at += 1,
                _ => {}
            }
            parts.push(self.unary());
        }
        let at = parts[0].at.start..parts.last().map_or(0, |last| last.at.end);
        let first = parts.iter().find_map(|part| part.first);
        if parts.len() == 1 { parts.remove(0) } else { Node { at, first, kind: Of::And(parts) } }
    }

    fn unary(&mut self) -> Node<'a> {
        let start = self.tokens.get(self.at).map_or(self.text.len(), |token| token.at.start);
        let kind = self.peek();
        self.at += 1;
        match kind {
            Some(Kind::Not | Kind::Minus) => {
                let inner = self.unary();
                let (at, first) = (start..inner.at.end, inner.first);
                Node { at, first, kind: Of::Not(Box::new(inner)) }
            }
            Some(Kind::Open) => {
                let inner = self.or();
                let end = self.tokens.get(self.at).map_or(self.text.len(), |it| it.at.end);
                self.at += 1;
                Node { at: start..end, ..inner }
            }
            _ => self.term(start),
        }
    }

    /// One word, or three.
    fn term(&mut self, start: usize) -> Node<'a> {
        if matches!(self.peek(), Some(Kind::Operator(_))) {
            self.at += 2;
        }
        let last = self.tokens.get(self.at.saturating_sub(1));
        let end = last.map_or(self.text.len(), |token| token.at.end);
        let first = self.places.iter().find(|place| place.at.start == start);
        Node { at: start..end.max(start), first, kind: Of::Term }
    }
}
