//! Tokens, and whom they ask.

use holdover_proto::v1;

use super::{holding_kind, reference, text};
use crate::{
    query::TokenRow,
    store::{AskedTasks, HeldCount},
};

pub(super) fn token(row: &TokenRow) -> v1::Token {
    let facts = &row.facts;
    v1::Token {
        number: facts.number,
        name: facts.name.as_ref().map(text).unwrap_or_default(),
        site: facts.site.place().map(|place| place.to_string()).unwrap_or_default(),
        parent: row.parent,
        cancelled: facts.is_cancelled,
        asks: row.asks.as_ref().map(asked),
    }
}

pub(super) fn asked(asked: &AskedTasks) -> v1::Asked {
    let held = |held: &HeldCount| v1::HeldCount {
        kind: holding_kind(held.kind).into(),
        label: text(&held.label),
        count: held.count,
    };
    v1::Asked {
        tasks: asked.tasks,
        ended: asked.ended,
        slowest_ns: asked.slowest,
        first: asked.first.iter().map(reference).collect(),
        holds: asked.holds.iter().map(held).collect(),
        held: asked.held,
        children: asked.children,
    }
}
