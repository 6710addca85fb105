//! The terms of a filter that are about targets: `target:orders`, `-target:billing`. The
//! console knows which target is which, and the targets do not: such a term is evaluated
//! here and not sent.

mod split;

use std::borrow::Cow;

use holdover::{
    Filter, FilterError,
    filtering::{Field, Subject, lex},
};

use self::split::Place;

/// As it is written before a target's name.
pub(crate) const FIELD: &str = "target";

/// A filter, taken apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Whose {
    /// All of them must be so.
    terms: Vec<Term>,
    /// What the targets are asked.
    pub(crate) rest: String,
}

#[derive(Clone, Debug)]
struct Term {
    negated: bool,
    test: Test,
    /// In characters from 1, where its value stands.
    column: usize,
}

#[derive(Clone, Debug)]
enum Test {
    /// In lower case.
    Named(String),
    Matches(Filter),
}

/// What a target can be called by: its name here, its service, its address.
pub(crate) type Names = Vec<String>;

impl Whose {
    /// Takes a filter apart; what is wrong with it is said at its column.
    pub(crate) fn parse(text: &str) -> Result<Self, FilterError> {
        let tokens = if text.contains(FIELD) { lex(text)? } else { Vec::new() };
        let places = split::places(text, &tokens)?;
        // A word in place of each such term lets everything else stand where it is.
        Filter::parse(&masked(text, &places))?;
        if places.is_empty() {
            return Ok(Self { terms: Vec::new(), rest: text.to_owned() });
        }
        let split = split::split(text, &tokens, &places)?;
        let terms = split.terms.into_iter().map(|(place, negated)| term(place, negated));
        Ok(Self { terms: terms.collect::<Result<_, _>>()?, rest: split.rest.join(" ") })
    }

    /// Takes one apart that is in force, and so is known to be one.
    pub(crate) fn of(text: &str) -> Self {
        let whole = || Self { terms: Vec::new(), rest: text.to_owned() };
        if text.contains(FIELD) { Self::parse(text).unwrap_or_else(|_| whole()) } else { whole() }
    }

    /// No term is about targets: all are asked.
    pub(crate) fn is_everybodys(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether the rows of a target are asked for, of all that there are.
    pub(crate) fn includes(&self, target: &[String], all: &[Names]) -> bool {
        self.terms.iter().all(|term| term.test.finds(target, all) != term.negated)
    }

    /// The first term that finds none of them.
    pub(crate) fn unknown(&self, all: &[Names]) -> Option<FilterError> {
        let finds = |term: &&Term| all.iter().any(|target| term.test.finds(target, all));
        let term = self.terms.iter().find(|term| !finds(term))?;
        let known: Vec<&str> = all.iter().filter_map(|it| it.first()).map(String::as_str).collect();
        let message = format!("no target is called so; there are {}", known.join(", "));
        Some(FilterError { column: term.column, message })
    }
}

impl Test {
    /// The whole name goes before a part of it: `orders` is not `orders-eu`, where there
    /// are both.
    fn finds(&self, target: &[String], all: &[Names]) -> bool {
        match self {
            Self::Matches(filter) => filter.matches(&Called(target)),
            Self::Named(name) => {
                let is_whole = |names: &[String]| names.iter().any(|it| it.to_lowercase() == *name);
                if all.iter().any(|names| is_whole(names)) {
                    return is_whole(target);
                }
                target.iter().any(|it| it.to_lowercase().contains(name.as_str()))
            }
        }
    }
}

/// A target, as a row with a name: so that a regular expression is the language's own.
struct Called<'a>(&'a [String]);

impl Subject for Called<'_> {
    fn texts(&self, field: Field) -> Vec<Cow<'_, str>> {
        match field {
            Field::Name => self.0.iter().map(Into::into).collect(),
            _ => Vec::new(),
        }
    }

    fn number(&self, _: Field) -> Option<u64> {
        None
    }
}

fn term(place: &Place, negated: bool) -> Result<Term, FilterError> {
    let error = |message: String| FilterError { column: place.column, message };
    let test = match place.operator {
        ":" | "=" => Test::Named(place.value.to_lowercase()),
        "~" => {
            let value = place.value.replace('"', "\\\"");
            let filter = Filter::parse(&format!("name~\"{value}\""));
            Test::Matches(filter.map_err(|it| error(it.message))?)
        }
        _ => return Err(error(format!("`{FIELD}` is compared with `:` or `~`"))),
    };
    Ok(Term { negated, test, column: place.column })
}

/// The filter with a word as long in place of each term that is about targets.
fn masked(text: &str, places: &[Place]) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut done = 0;
    for place in places {
        whole.push_str(&text[done..place.at.start]);
        whole.extend(text[place.at.clone()].chars().map(|_| 'x'));
        done = place.at.end;
    }
    whole.push_str(&text[done..]);
    whole
}

#[cfg(test)]
mod tests;
