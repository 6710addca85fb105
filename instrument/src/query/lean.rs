//! Rows that are not made before they are shown. Of a million tasks a filter sees numbers
//! of the tables, and each text that they stand for once.

use std::{
    borrow::Cow,
    cell::{OnceCell, RefCell},
    collections::HashMap,
    hash::BuildHasherDefault,
};

use super::{
    field::Field,
    filter::Subject,
    rows::{HeldRow, TaskRow, Waits},
    subject::{At, number_of_task, of_held_row, of_task_row},
};
use crate::{
    hash::WordHasher,
    recorder::{clock::Nanos, task::TaskFacts},
    store::{Store, state},
    verdict::Thing,
};

type Map<K, V> = HashMap<K, V, BuildHasherDefault<WordHasher>>;

/// What is known of the texts that were met: which passed which test, and how they sort.
#[derive(Debug, Default)]
pub(super) struct Memo {
    passed: RefCell<Map<(usize, Interned), bool>>,
    texts: RefCell<Map<Interned, Option<String>>>,
}

/// Which texts a field of a row has, by their numbers: the same number, the same texts.
pub(super) type Interned = (u8, u64);

impl Memo {
    fn passes(&self, test: usize, texts: Interned, find: impl FnOnce() -> bool) -> bool {
        if let Some(known) = self.passed.borrow().get(&(test, texts)) {
            return *known;
        }
        let found = find();
        self.passed.borrow_mut().insert((test, texts), found);
        found
    }

    fn text(&self, texts: Interned, find: impl FnOnce() -> Option<String>) -> Option<String> {
        if let Some(known) = self.texts.borrow().get(&texts) {
            return known.clone();
        }
        let found = find();
        self.texts.borrow_mut().insert(texts, found.clone());
        found
    }
}

/// What rows are made of, and what is known of those before.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) store: &'a Store,
    pub(super) waits: &'a Waits,
    memo: Memo,
}

impl<'a> Source<'a> {
    pub(super) fn new(store: &'a Store, waits: &'a Waits) -> Self {
        Self { store, waits, memo: Memo::default() }
    }
}

/// By what a row is sorted: by its number, else by its text; rows without one come last.
pub(super) type SortKey = (bool, Option<u64>, Option<String>);

/// A row that is made when something is asked for that its facts do not say.
#[derive(Debug)]
pub(super) struct Lean<'a, F, R> {
    pub(super) facts: F,
    /// Boxed: nearly all of a million rows have none, and are moved about.
    row: OnceCell<Box<R>>,
    source: &'a Source<'a>,
}

impl<'a, F, R> Lean<'a, F, R> {
    pub(super) fn new(facts: F, source: &'a Source<'a>) -> Self {
        Self { facts, row: OnceCell::new(), source }
    }
}

impl<F, R> Lean<'_, F, R>
where
    Self: Made,
{
    /// By what it is sorted.
    pub(super) fn sort_key(&self, field: Field, now: Nanos) -> SortKey {
        let number = self.number_at(field, now);
        let find = || self.texts_of(field).first().map(ToString::to_string);
        let text = match self.texts_by_number(field) {
            _ if field.is_number() => None,
            Some(texts) => self.source.memo.text(texts, find),
            None => find(),
        };
        (number.is_none() && text.is_none(), number, text)
    }
}

/// What each kind of row says of itself.
pub(super) trait Made {
    fn texts_of(&self, field: Field) -> Vec<Cow<'_, str>>;
    fn number_at(&self, field: Field, now: Nanos) -> Option<u64>;
    /// Where its facts say which texts they are.
    fn texts_by_number(&self, field: Field) -> Option<Interned>;
}

impl<F, R> Subject for At<'_, Lean<'_, F, R>>
where
    for<'a> Lean<'a, F, R>: Made,
{
    fn texts(&self, field: Field) -> Vec<Cow<'_, str>> {
        self.0.texts_of(field)
    }

    fn number(&self, field: Field) -> Option<u64> {
        self.0.number_at(field, self.1)
    }

    fn passes(&self, test: usize, field: Field, find: impl FnOnce() -> bool) -> bool {
        match self.0.texts_by_number(field) {
            Some(texts) => self.0.source.memo.passes(test, texts, find),
            None => find(),
        }
    }
}

/// A task of a list.
pub(super) type LeanTask<'a> = Lean<'a, TaskFacts, TaskRow>;

impl LeanTask<'_> {
    fn made(&self) -> &TaskRow {
        let Source { store, waits, .. } = self.source;
        self.row.get_or_init(|| Box::new(TaskRow::new(store, self.facts.clone(), waits)))
    }
}

impl Made for LeanTask<'_> {
    fn texts_of(&self, field: Field) -> Vec<Cow<'_, str>> {
        of_task_row(self.made(), field)
    }

    fn number_at(&self, field: Field, now: Nanos) -> Option<u64> {
        let is_cancels = matches!(field, Field::Latency | Field::Drop | Field::PollsSince);
        match field {
            _ if is_cancels && self.facts.requested_at.is_none() => None,
            _ if is_cancels => At(self.made(), now).number(field),
            _ => number_of_task(&self.facts, now, field),
        }
    }

    fn texts_by_number(&self, field: Field) -> Option<Interned> {
        let facts = &self.facts;
        let number = match field {
            Field::Name => u64::from(facts.name.0) << 32 | u64::from(facts.type_name.0),
            Field::Loc => facts.site.0.into(),
            Field::Kind => facts.kind as u64,
            Field::State => state(facts) as u64,
            Field::Accuracy => facts.accuracy() as u64,
            Field::Outcome => facts.outcome.map_or(0, |outcome| outcome as u64 + 1),
            Field::Cause | Field::Canceller | Field::Site | Field::Reason | Field::Path
                if facts.requested_at.is_none() =>
            {
                0
            }
            _ => return None,
        };
        Some((field as u8, number))
    }
}

/// A holding of a list.
pub(super) type LeanHeld<'a> = Lean<'a, Thing, HeldRow>;

impl LeanHeld<'_> {
    fn made(&self) -> &HeldRow {
        let row = || HeldRow::new(self.source.store, self.facts.clone());
        self.row.get_or_init(|| Box::new(row()))
    }
}

impl Made for LeanHeld<'_> {
    fn texts_of(&self, field: Field) -> Vec<Cow<'_, str>> {
        of_held_row(self.made(), field)
    }

    fn number_at(&self, field: Field, now: Nanos) -> Option<u64> {
        match field {
            Field::Age => Some(now.saturating_sub(self.facts.acquired_at())),
            Field::Size | Field::Bytes => Some(self.facts.bytes()),
            Field::Goes => match &self.facts {
                Thing::Holding(it) => it.due_at.map(|at| at.saturating_sub(now)),
                Thing::Child(_) | Thing::Cell { .. } => None,
            },
            Field::Id => At(self.made(), now).number(field),
            _ => None,
        }
    }

    fn texts_by_number(&self, field: Field) -> Option<Interned> {
        let Thing::Holding(holding) = &self.facts else { return None };
        let owner = || holding.owner.and_then(|it| self.source.store.recorder().texts_of(it));
        let number = match field {
            Field::Holds => holding.kind as u64,
            Field::Label => holding.label.0.into(),
            Field::Acquired => holding.site.0.into(),
            Field::Accuracy => self.facts.accuracy() as u64,
            Field::Name => {
                let (site, name, type_name) = owner()?;
                // Without either name its place is shown as its name.
                let named = u64::from(name.0) << 32 | u64::from(type_name.0);
                if named == 0 { u64::MAX - u64::from(site.0) } else { named }
            }
            Field::Loc => owner()?.0.0.into(),
            _ => return None,
        };
        Some((field as u8, number))
    }
}
