//! Rows of tokens: those that live, and whom each asks.

use std::{cmp::Reverse, collections::HashMap};

use crate::{
    recorder::{
        clock::Nanos,
        control::{LiveToken, TokenFacts},
        task::TaskFacts,
    },
    store::{AskedTasks, Store, asks, tokens_of, whom},
};

/// A token in words.
#[derive(Clone, Debug)]
pub(crate) struct TokenRow {
    pub(crate) facts: TokenFacts,
    /// The nearest that it is a child of and that lives; 0 for none.
    pub(crate) parent: u64,
    /// Whom it asks, where that was looked for.
    pub(crate) asks: Option<AskedTasks>,
}

impl TokenRow {
    fn new(store: &Store, facts: TokenFacts) -> Self {
        let control = &store.recorder().control;
        let lives = |number: &&u64| control.token(**number).is_some();
        let parent = facts.above.iter().find(lives).copied().unwrap_or(0);
        Self { facts, parent, asks: None }
    }
}

/// Every token that lives, those that ask most first.
pub(super) fn tokens(
    store: &Store,
    from: usize,
    many: usize,
    now: Nanos,
) -> (usize, Vec<TokenRow>) {
    let recorder = store.recorder();
    let mut all: Vec<TokenFacts> =
        recorder.control.tokens().iter().map(|token| token.facts()).collect();
    let mut whom = whom(recorder, &all);
    all.sort_by_key(|it| (Reverse(whom.get(&it.number).map_or(0, HashMap::len)), it.number));
    let found = all.len();
    let shown = all.into_iter().skip(from).take(many);
    let row = |facts: TokenFacts| {
        let asked = whom.remove(&facts.number).unwrap_or_default();
        let asks = Some(asks(recorder, &asked, now));
        TokenRow { asks, ..TokenRow::new(store, facts) }
    };
    (found, shown.map(row).collect())
}

/// The tokens that ask this task; whom else they ask is looked for where that is wanted.
pub(super) fn of_task(
    store: &Store,
    task: &TaskFacts,
    with_whom: bool,
    now: Nanos,
) -> Vec<TokenRow> {
    let recorder = store.recorder();
    let live = tokens_of(recorder, task);
    let live = live.into_iter().filter_map(|number| recorder.control.token(number));
    let facts: Vec<TokenFacts> = live.map(|token| LiveToken::facts(&*token)).collect();
    let mut whom = (with_whom && !facts.is_empty()).then(|| whom(recorder, &facts));
    let rows = facts.into_iter().map(|facts| {
        let asked = whom.as_mut().map(|it| it.remove(&facts.number).unwrap_or_default());
        let asks = asked.map(|asked| asks(recorder, &asked, now));
        TokenRow { asks, ..TokenRow::new(store, facts) }
    });
    rows.collect()
}
