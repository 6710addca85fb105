//! Step 5, the query: a view request to rows. Evaluated at the target, so that a
//! service with a million tasks sends a window and not a million tasks.

mod best;
pub(crate) mod field;
pub(crate) mod filter;
mod group;
mod lean;
mod named;
mod pools;
mod rows;
mod sites;
mod subject;
mod tokens;
mod tree;

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
};

pub use self::field::{FIELDS, FieldInfo, FieldType};
pub(crate) use self::subject::OneOf;
use self::{
    best::Best,
    field::Field,
    filter::{Filter, Subject},
    lean::{Lean, LeanHeld, LeanTask, Made, Source},
    subject::At,
};
pub(crate) use self::{
    group::{Group, goes_at},
    pools::{Lifetime, OutRow, PoolRow},
    rows::{HeldRow, TaskRow},
    sites::SiteRow,
    tokens::TokenRow,
    tree::Branch,
};
use crate::{
    process::{FdSeen, Sample, Sampler},
    recorder::{clock::Nanos, task::TaskFacts},
    store::{AskedTasks, Event, Held, Row, Store, Totals},
    verdict::Thing,
    words::Verdict,
};

/// The fields that groups are made by, with commas between them.
pub(crate) fn parse_by(text: &str) -> Result<Vec<Field>, String> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| {
            Field::find(name).ok_or_else(|| format!("there is no field `{name}` to group by"))
        })
        .collect()
}

/// A view never has more rows.
pub const MAX_ROWS: usize = 500;

/// Holdings that a row of a list carries; the story has more.
pub(crate) const LISTED: usize = 16;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) kind: ViewKind,
    pub(crate) filter: Filter,
    pub(crate) sort: Option<Sort>,
    pub(crate) offset: usize,
    pub(crate) limit: usize,
    /// Also the leaks that have cleared.
    pub(crate) cleared: bool,
    /// The leaks that a rule ignores, in place of those that are reported.
    pub(crate) ignored: bool,
    /// The tasks of the rows that match, and everything above them, in place of the rows;
    /// with the tasks, by id, beneath which nothing is listed.
    pub(crate) tree: Option<HashSet<u64>>,
    /// Only tasks that were asked to stop, have not ended and are not stuck.
    pub(crate) cancelling: bool,
    /// What the members of a group share, beside the verdict; empty for the spawn site, the
    /// name and what is held.
    pub(crate) by: Vec<Field>,
    /// What became of those that a console asked at this time; 0 for nothing.
    pub(crate) requested_at: Nanos,
    /// How old what is read of the process may be.
    pub(crate) age: Nanos,
}

impl View {
    /// It shows what is known only where a console may act on the service.
    pub(crate) fn is_of_control(&self) -> bool {
        self.kind == ViewKind::Tokens || self.requested_at != 0
    }
}

/// Of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ViewKind {
    Leaks,
    LeakGroups,
    Tasks,
    /// Tasks, a row for each spawn site.
    TaskGroups,
    Holdings,
    /// The pools, with each connection that is out.
    Pools,
    /// The tokens that live.
    Tokens,
    /// Those after this number.
    Events(u64),
    /// One task, whole; with whom else each of its tokens asks, where that is wanted.
    Story {
        task: u64,
        asks: bool,
    },
    Process,
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
    /// What has become of the file descriptors that the rows' holdings name, by the
    /// holding's id.
    pub(crate) fds: HashMap<u64, FdSeen>,
    /// The pools that were asked for, or of which a row lists a connection.
    pub(crate) pools: Vec<PoolRow>,
    /// The tokens that were asked for, or that ask the task of the story.
    pub(crate) tokens: Vec<TokenRow>,
    pub(crate) asked: Option<AskedTasks>,
}

/// The window's rows.
#[derive(Debug)]
pub(crate) enum Rows {
    Leaks(Vec<Arc<Row>>, WaitFor),
    Groups(Vec<Group>, WaitFor),
    Tasks(Vec<TaskRow>),
    Sites(Vec<SiteRow>),
    Tree(Vec<Branch>),
    Holdings(Vec<HeldRow>),
    Pools,
    Tokens,
    Events {
        events: Vec<Event>,
        lost: u64,
    },
    Story(Option<Box<rows::Story>>),
    /// The process, and the holdings that name a file descriptor.
    Process(Arc<Sample>, Vec<HeldRow>),
}

/// What stuck tasks, by id, wait to get, as if they held it.
pub(crate) type WaitFor = HashMap<u64, Held>;

/// By which field, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    pub(crate) by: SortBy,
    pub(crate) reversed: bool,
}

/// What rows are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SortBy {
    Field(Field),
    /// How many members a group has; other rows have none.
    Count,
    /// How many more there are than a minute ago.
    Growth,
    /// How many tasks a group of tasks has.
    Tasks(sites::Counted),
}

impl Sort {
    /// A field's name, with a `-` before it for the other way round.
    ///
    /// # Errors
    ///
    /// Says which field there is not.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let (name, reversed) = match text.strip_prefix('-') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let by = match name {
            "count" => SortBy::Count,
            "growth" => SortBy::Growth,
            _ => {
                let field = Field::find(name).map(SortBy::Field);
                let counted = || sites::Counted::named(name).map(SortBy::Tasks);
                let by = field.or_else(counted);
                by.ok_or_else(|| format!("there is no field `{name}` to sort by"))?
            }
        };
        Ok(Some(Self { by, reversed }))
    }

    fn field(self) -> Option<Field> {
        match self.by {
            SortBy::Field(field) => Some(field),
            SortBy::Count | SortBy::Growth | SortBy::Tasks(_) => None,
        }
    }

    /// Where a row stands among the others.
    pub fn key(self, subject: &impl Subject) -> SortKey {
        let first = |field| subject.texts(field).first().map(ToString::to_string);
        let field = self.field();
        let value = (field.and_then(|it| subject.number(it)), field.and_then(first));
        let has_none = value == (None, None);
        if self.reversed {
            SortKey::Down(has_none, Reverse(value))
        } else {
            SortKey::Up(has_none, value)
        }
    }
}

/// By the field's number, else by its text; rows without one come last, whichever way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortKey {
    /// The smallest first.
    Up(bool, (Option<u64>, Option<String>)),
    /// The largest first.
    Down(bool, Reverse<(Option<u64>, Option<String>)>),
}

/// Evaluates the view at `now`. The process is looked at only for a view that shows it.
pub(crate) fn evaluate(
    store: &mut Store,
    sampler: &mut Sampler,
    view: &View,
    now: Nanos,
) -> Window {
    let (mut pools, mut tokens) = (Vec::new(), Vec::new());
    let (matched, all, rows) = match view.kind {
        ViewKind::Leaks | ViewKind::LeakGroups | ViewKind::Tasks | ViewKind::Holdings
            if view.tree.is_some() =>
        {
            let (matched, all, branches) = tree::tree(store, view, now);
            (matched, all, Rows::Tree(branches))
        }
        ViewKind::Leaks => leaks(store, view, now),
        ViewKind::LeakGroups => leak_groups(store, view, now),
        ViewKind::Tasks => tasks(store, view, now),
        ViewKind::TaskGroups => {
            let (matched, all, rows) = sites::sites(store, view, now);
            (matched, all, Rows::Sites(rows))
        }
        ViewKind::Holdings => {
            let (matched, all, rows) = held_rows(store, rows::holdings(store, now), view, now);
            (matched, all, Rows::Holdings(rows))
        }
        ViewKind::Process => {
            let sample = sampler.sample(view.age, now);
            let named = rows::holdings(store, now).filter(Thing::names_an_fd);
            let (matched, all, rows) = held_rows(store, named, view, now);
            (matched, all, Rows::Process(sample, rows))
        }
        ViewKind::Pools => {
            let (matched, all, window) = pool_rows(store, view, now);
            pools = window;
            (matched, all, Rows::Pools)
        }
        ViewKind::Tokens => {
            let limit = view.limit.clamp(1, MAX_ROWS);
            let (all, window) = tokens::tokens(store, view.offset, limit, now);
            tokens = window;
            (all, all, Rows::Tokens)
        }
        ViewKind::Events(after) => events(store, view, after, now),
        ViewKind::Story { task, asks } => {
            let story = rows::Story::of(store, task, now).map(Box::new);
            let found = usize::from(story.is_some());
            if let Some(story) = &story {
                tokens = tokens::of_task(store, &story.task.facts, asks, now);
            }
            (found, found, Rows::Story(story))
        }
    };
    let fds = named::look(store.recorder(), sampler, &rows, view.age, now);
    if view.kind != ViewKind::Pools {
        pools = pools::of_listed(store, &rows);
    }
    let is_asked = view.requested_at != 0;
    let asked = is_asked.then(|| store.asked_at(view.requested_at, now)).flatten();
    Window { now, totals: store.totals(), matched, all, rows, fds, pools, tokens, asked }
}

/// How many match, how many there are, and the window.
type Found = (usize, usize, Rows);

fn leaks(store: &Store, view: &View, now: Nanos) -> Found {
    let leaks = given(store, view);
    let all = leaks.len();
    let mut leaks = filtered(leaks, view, now);
    sort_by(&mut leaks, view, now, |row| row.as_ref());
    leaks.sort_by_key(|row| row.cleared_at.is_some());
    let (matched, window) = (leaks.len(), page(leaks, view));
    let wait_for = wait_for(store, window.iter());
    (matched, all, Rows::Leaks(window, wait_for))
}

fn leak_groups(store: &Store, view: &View, now: Nanos) -> Found {
    let leaks = given(store, view);
    let all = leaks.len();
    let leaks = filtered(leaks, view, now);
    let matched = leaks.len();
    let mut groups = group::groups(leaks, &view.by, now);
    if !view.ignored {
        let given = store.rows().chain(store.cleared());
        let given = given.filter(|row| view.filter.matches(&At(row.as_ref(), now)));
        group::count_back(&mut groups, given, &view.by, now);
    }
    // By the member that has been so for longest; what has cleared stays last.
    sort_by(&mut groups, view, now, |group| group.worst.as_ref());
    group::sort(&mut groups, view.sort);
    groups.sort_by_key(|group| group.cleared);
    let window = page(groups, view);
    let wait_for = wait_for(store, window.iter().map(|group| &group.worst));
    (matched, all, Rows::Groups(window, wait_for))
}

fn pool_rows(store: &Store, view: &View, now: Nanos) -> (usize, usize, Vec<PoolRow>) {
    let mut found = pools::pools(store, now);
    let all = found.len();
    found.retain(|row| view.filter.matches(&At(row, now)));
    sort_by(&mut found, view, now, |row| row);
    (found.len(), all, page(found, view))
}

fn events(store: &mut Store, view: &View, after: u64, now: Nanos) -> Found {
    let history = store.history();
    let new = history.events().filter(|event| event.seq > after);
    let new: Vec<Event> =
        new.filter(|event| view.filter.matches(&At(*event, now))).cloned().collect();
    let (matched, all, lost) = (new.len(), history.events().count(), history.lost());
    (matched, all, Rows::Events { events: latest(new, view), lost })
}

/// The rows that the view is about: those that are ignored, or the others.
fn given(store: &Store, view: &View) -> Vec<Arc<Row>> {
    if view.ignored {
        return store.ignored().cloned().collect();
    }
    let cleared = store.cleared().filter(|_| view.cleared);
    store.rows().chain(cleared).cloned().collect()
}

/// A scan, where a row is of a task that is stuck.
fn wait_for<'a>(store: &Store, rows: impl Iterator<Item = &'a Arc<Row>>) -> WaitFor {
    let is_stuck = |row: &&Arc<Row>| row.verdict == Verdict::Stuck && row.cleared_at.is_none();
    let mut stuck = rows.filter(is_stuck).peekable();
    if stuck.peek().is_none() {
        return WaitFor::default();
    }
    let waits = rows::Waits::of(store);
    stuck.filter_map(|row| Some((row.task.id, waits.held(store, row.task.key)?))).collect()
}

fn filtered(rows: Vec<Arc<Row>>, view: &View, now: Nanos) -> Vec<Arc<Row>> {
    rows.into_iter().filter(|row| view.filter.matches(&At(row.as_ref(), now))).collect()
}

/// Rows are made for the window's tasks only, and of the others no more is looked at than
/// the filter and the sort ask for.
fn tasks(store: &Store, view: &View, now: Nanos) -> Found {
    let waits = rows::Waits::of(store);
    let source = Source::new(store, &waits);
    let (matched, all, window) = if is_everything(view) && view.sort.is_none() {
        let (all, window) = rows::first_tasks(store, reach(view), view.offset);
        (all, all, window)
    } else {
        let facts = candidates(store, view);
        let order = |facts: &TaskFacts| rows::order(facts.ended_at, facts.id);
        picked(facts.map(|facts| LeanTask::new(facts, &source)), view, now, order)
    };
    let row = |facts| TaskRow::new(store, facts, &waits);
    let window: Vec<TaskRow> = window.into_iter().map(row).collect();
    for row in &window {
        store.recorder().is_shown(row.facts.key);
    }
    (matched, all, Rows::Tasks(window))
}

/// Every task that has a slot is a row.
fn is_everything(view: &View) -> bool {
    view.filter.is_empty() && !view.cancelling
}

/// The tasks that the filter is about.
fn candidates<'a>(store: &'a Store, view: &View) -> Box<dyn Iterator<Item = TaskFacts> + 'a> {
    let recorder = store.recorder();
    if view.cancelling {
        return Box::new(store.cancelling().filter_map(|key| recorder.task(key)));
    }
    Box::new(recorder.tasks().filter(|facts| !facts.is_over()))
}

fn held_rows(
    store: &Store,
    things: impl Iterator<Item = Thing>,
    view: &View,
    now: Nanos,
) -> (usize, usize, Vec<HeldRow>) {
    let waits = rows::Waits::default();
    let source = Source::new(store, &waits);
    let lean = things.map(|thing| LeanHeld::new(thing, &source));
    let (matched, all, window) = picked(lean, view, now, Thing::acquired_at);
    (matched, all, window.into_iter().map(|thing| HeldRow::new(store, thing)).collect())
}

/// How many rows there are, counted from the first, as far as the window reaches.
fn reach(view: &View) -> usize {
    view.offset.saturating_add(view.limit.clamp(1, MAX_ROWS))
}

/// Those that match, all, and the window of what its rows are made of. `order` is that of
/// rows between which the sort says nothing.
fn picked<'a, F, R, O: Ord>(
    rows: impl Iterator<Item = Lean<'a, F, R>>,
    view: &View,
    now: Nanos,
    order: impl Fn(&F) -> O,
) -> (usize, usize, Vec<F>)
where
    for<'b> Lean<'b, F, R>: Made,
{
    let (mut matched, mut all) = (0, 0);
    let mut best = Best::new(reach(view), view.sort.is_some_and(|sort| sort.reversed));
    for row in rows {
        all += 1;
        if view.filter.matches(&At(&row, now)) {
            matched += 1;
            let by = view.sort.and_then(|sort| Some((sort, sort.field()?)));
            let key = by.map(|(sort, field)| {
                let (has_none, number, text) = row.sort_key(field, now);
                // Whichever way, what has no value is last.
                (has_none != sort.reversed, number, text)
            });
            best.offer((key, order(&row.facts)), || row.facts);
        }
    }
    (matched, all, best.into_window(view.offset))
}

/// What compares equal stays in its order.
fn sort_by<T, R>(rows: &mut [T], view: &View, now: Nanos, row: impl Fn(&T) -> &R)
where
    for<'a> At<'a, R>: Subject,
{
    let Some(sort) = view.sort else { return };
    rows.sort_by_cached_key(|it| sort.key(&At(row(it), now)));
}

/// The last of them: a history is read from its end.
fn latest<T>(mut rows: Vec<T>, view: &View) -> Vec<T> {
    let limit = view.limit.clamp(1, MAX_ROWS);
    rows.drain(..rows.len().saturating_sub(limit));
    rows
}

fn page<T>(rows: Vec<T>, view: &View) -> Vec<T> {
    let limit = view.limit.clamp(1, MAX_ROWS);
    rows.into_iter().skip(view.offset).take(limit).collect()
}
