//! A token, and whom it asks.

use holdover_proto::v1;
use serde::Serialize;

use super::{Person, Target, target};
use crate::words;

#[derive(Serialize)]
struct Token<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    target: Target<'a>,
    number: u64,
    name: Option<&'a str>,
    site: &'a str,
    parent: Option<u64>,
    cancelled: bool,
    asks: Option<Asks<'a>>,
}

/// The first of them, and of what they hold what there is most of.
#[derive(Serialize)]
struct Asks<'a> {
    tasks: u64,
    first: Vec<Person<'a>>,
    holds: Vec<Held<'a>>,
    held: u64,
    children: u64,
}

#[derive(Serialize)]
struct Held<'a> {
    kind: &'static str,
    label: &'a str,
    count: u64,
}

/// A token as a JSON object.
pub(in crate::print) fn token(row: &v1::Token, described: &v1::DescribeResponse) -> String {
    let line = Token {
        kind: "token",
        target: target(described),
        number: row.number,
        name: Some(row.name.as_str()).filter(|name| !name.is_empty()),
        site: &row.site,
        parent: Some(row.parent).filter(|parent| *parent != 0),
        cancelled: row.cancelled,
        asks: row.asks.as_ref().map(asks),
    };
    serde_json::to_string(&line).unwrap_or_default()
}

fn asks(asked: &v1::Asked) -> Asks<'_> {
    let first = asked.first.iter();
    let first = first.map(|it| Person { id: it.id, name: &it.name, location: &it.location });
    let holds = asked.holds.iter().map(|held| Held {
        kind: words::kind(held.kind()),
        label: &held.label,
        count: held.count,
    });
    Asks {
        tasks: asked.tasks,
        first: first.collect(),
        holds: holds.collect(),
        held: asked.held,
        children: asked.children,
    }
}
