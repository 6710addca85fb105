//! Step 5, the query: a view request to rows. Evaluated at the target, so that a
//! service with a million tasks sends a window and not a million tasks.

mod group;
mod rows;

use std::sync::Arc;

pub(crate) use self::{
    group::{Group, goes_at},
    rows::{HeldRow, TaskRow},
};
use crate::{
    recorder::clock::Nanos,
    store::{Row, Store, Totals},
};

/// A view never has more rows.
pub(crate) const MAX_ROWS: usize = 500;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) kind: ViewKind,
    pub(crate) offset: usize,
    pub(crate) limit: usize,
    /// Also the leaks that have cleared.
    pub(crate) cleared: bool,
}

/// Of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ViewKind {
    Leaks,
    LeakGroups,
    Tasks,
    Holdings,
    /// One task, whole.
    Story(u64),
}

/// The answer: the whole window, and exact totals.
#[derive(Debug)]
pub(crate) struct Window {
    pub(crate) now: Nanos,
    pub(crate) totals: Totals,
    /// Rows that match, of which the window shows some.
    pub(crate) matched: usize,
    /// Rows before the filter.
    pub(crate) all: usize,
    pub(crate) rows: Rows,
}

/// The window's rows.
#[derive(Debug)]
pub(crate) enum Rows {
    Leaks(Vec<Arc<Row>>),
    Groups(Vec<Group>),
    Tasks(Vec<TaskRow>),
    Holdings(Vec<HeldRow>),
    Story(Option<Box<rows::Story>>),
}

/// Evaluates the view at `now`.
pub(crate) fn evaluate(store: &Store, view: &View, now: Nanos) -> Window {
    let (matched, all, rows) = match view.kind {
        ViewKind::Leaks => {
            let leaks = leaks(store, view);
            let all = leaks.len();
            (all, all, Rows::Leaks(page(leaks, view)))
        }
        ViewKind::LeakGroups => {
            let groups = group::groups(leaks(store, view), now);
            let all = groups.len();
            (all, all, Rows::Groups(page(groups, view)))
        }
        ViewKind::Tasks => {
            let tasks = rows::tasks(store);
            let all = tasks.len();
            let window = page(tasks, view);
            let described = window.into_iter().map(|facts| TaskRow::new(store, facts));
            (all, all, Rows::Tasks(described.collect()))
        }
        ViewKind::Holdings => {
            let holdings = rows::holdings(store);
            let all = holdings.len();
            let window = page(holdings, view);
            let described = window.into_iter().map(|facts| HeldRow::new(store, &facts));
            (all, all, Rows::Holdings(described.collect()))
        }
        ViewKind::Story(id) => {
            let story = rows::Story::of(store, id, now).map(Box::new);
            let found = usize::from(story.is_some());
            (found, found, Rows::Story(story))
        }
    };
    Window { now, totals: store.totals(), matched, all, rows }
}

fn leaks(store: &Store, view: &View) -> Vec<Arc<Row>> {
    let cleared = store.cleared().filter(|_| view.cleared);
    store.rows().chain(cleared).cloned().collect()
}

fn page<T>(rows: Vec<T>, view: &View) -> Vec<T> {
    let limit = view.limit.clamp(1, MAX_ROWS);
    rows.into_iter().skip(view.offset).take(limit).collect()
}
