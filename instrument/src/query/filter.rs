//! The filter language: one for the UI, the command line and the wire.
//!
//! ```text
//! verdict:left-behind holds:timer since>5s name~"^worker" -loc:vendor
//! ```
//!
//! Terms beside each other must all be so; `or`, `not` (or `-`) and parentheses do what
//! they say. A bare word is looked for in name, label and location.

pub(crate) mod lex;
mod parse;

use std::{borrow::Cow, fmt, ptr};

use regex_lite::Regex;

pub(super) use super::field::Field;

/// A filter that was parsed.
#[derive(Clone, Debug, Default)]
pub struct Filter(pub(super) Option<Expr>);

/// What is wrong with a filter, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// Counted from 1, in characters.
    pub column: usize,
    /// One sentence.
    pub message: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filter, column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for FilterError {}

#[derive(Clone, Debug)]
pub(super) enum Expr {
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Term(Test),
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    /// An enumeration's value.
    Is(Field, String),
    /// Text somewhere in the field, in lower case.
    Contains(Field, String),
    Matches(Field, Regex),
    Compare(Field, Comparison, u64),
    /// A bare word, in lower case.
    Word(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What a filter looks at: a row of any kind.
pub trait Subject {
    /// The field's texts; none when the row has no such field.
    fn texts(&self, field: Field) -> Vec<Cow<'_, str>>;
    /// The field's number: nanoseconds for durations.
    fn number(&self, field: Field) -> Option<u64>;
    /// What `find` finds of the field's texts. Asked once for texts that many rows have,
    /// where the row knows which they are; `test` names the test.
    fn passes(&self, test: usize, field: Field, find: impl FnOnce() -> bool) -> bool {
        let _ = (test, field);
        find()
    }
}

impl Filter {
    /// Parses a filter; the empty one matches everything.
    ///
    /// # Errors
    ///
    /// With the column at which it is wrong and what was expected there.
    ///
    /// ```
    /// use holdover::Filter;
    ///
    /// assert!(Filter::parse("verdict:stuck or since>5s").is_ok());
    /// let error = Filter::parse("verdict:stack").unwrap_err();
    /// assert_eq!(error.column, 9);
    /// ```
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::parse(text).map(Self)
    }

    /// Whether a row passes. The console asks it too, of rows whose target has no filter.
    #[doc(hidden)]
    pub fn matches(&self, subject: &impl Subject) -> bool {
        self.0.as_ref().is_none_or(|expr| expr.matches(subject))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl Expr {
    fn matches(&self, subject: &impl Subject) -> bool {
        match self {
            Self::And(a, b) => a.matches(subject) && b.matches(subject),
            Self::Or(a, b) => a.matches(subject) || b.matches(subject),
            Self::Not(inner) => !inner.matches(subject),
            Self::Term(test) => test.matches(subject),
        }
    }
}

impl Test {
    fn matches(&self, subject: &impl Subject) -> bool {
        let number = ptr::from_ref(self).addr();
        let any = |field: Field, passes: &dyn Fn(&str) -> bool| {
            let find = || subject.texts(field).iter().any(|text| passes(text));
            subject.passes(number, field, find)
        };
        match self {
            Self::Is(field, wanted) => any(*field, &|text| text == wanted),
            Self::Contains(field, wanted) => any(*field, &|text| contains(text, wanted)),
            Self::Matches(field, regex) => any(*field, &|text| regex.is_match(text)),
            Self::Compare(field, comparison, wanted) => {
                subject.number(*field).is_some_and(|number| comparison.holds(number, *wanted))
            }
            Self::Word(word) => [Field::Name, Field::Label, Field::Loc]
                .into_iter()
                .any(|field| any(field, &|text| contains(text, word))),
        }
    }
}

fn contains(text: &str, wanted: &str) -> bool {
    text.to_lowercase().contains(wanted)
}

impl Comparison {
    fn holds(self, number: u64, wanted: u64) -> bool {
        match self {
            Self::Equal => number == wanted,
            Self::Less => number < wanted,
            Self::LessOrEqual => number <= wanted,
            Self::Greater => number > wanted,
            Self::GreaterOrEqual => number >= wanted,
        }
    }
}

#[cfg(test)]
mod tests;
