//! Evaluates a view over the table, as a Holdover does over its store: the same filter
//! language, the whole window, exact totals.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use holdover::{
    Filter,
    filtering::{MAX_ROWS, Sort, Subject},
};
use holdover_proto::v1;

use super::{State, judge::Verdicts, rows::Rows, subject::Told, table::Table};

/// Tasks of a group that are named.
const NAMED: usize = 16;
/// Rows when the view does not say how many.
const USUAL: usize = 100;

/// A view that makes sense.
#[derive(Debug)]
pub(super) struct View {
    pub(super) wire: v1::View,
    filter: Filter,
    sort: Option<Sort>,
}

impl View {
    /// An error says what is wrong with it.
    pub(super) fn new(wire: v1::View) -> Result<Self, String> {
        if wire.kind() == v1::ViewKind::Unspecified {
            return Err(format!("the view's kind {} is not one that is known here", wire.kind));
        }
        let filter = Filter::parse(&wire.filter).map_err(|error| error.to_string())?;
        Ok(Self { filter, sort: Sort::parse(&wire.sort)?, wire })
    }

    fn limit(&self) -> usize {
        match self.wire.limit as usize {
            0 => USUAL,
            limit => limit.min(MAX_ROWS),
        }
    }
}

pub(super) fn evaluate(state: &State, view: &View) -> v1::Update {
    let State { table, verdicts, paused } = state;
    let mut update = v1::Update {
        paused: *paused,
        now_ns: table.now,
        totals: Some(totals(table, verdicts)),
        ..v1::Update::default()
    };
    let now = table.now;
    match view.wire.kind() {
        // Who spawned whom is not told, nor what is being cancelled.
        _ if view.wire.tree || view.wire.cancelling => {}
        // Nothing is ignored here: no rules are told.
        v1::ViewKind::Leaks | v1::ViewKind::LeakGroups if view.wire.ignored => {}
        v1::ViewKind::Leaks => {
            update.leaks = window(verdicts.leaks(view.wire.cleared), view, &mut update, now);
        }
        v1::ViewKind::LeakGroups => groups(verdicts, view, &mut update),
        v1::ViewKind::Tasks => {
            update.tasks = window(Rows::of(table).tasks(), view, &mut update, now);
        }
        v1::ViewKind::TaskGroups => task_groups(table, view, &mut update),
        v1::ViewKind::Holdings => {
            update.holdings = window(Rows::of(table).holdings(), view, &mut update, now);
        }
        v1::ViewKind::Events => events(table, view, &mut update),
        v1::ViewKind::Story => {
            update.story = story(table, verdicts, view.wire.task);
            update.matched = u64::from(update.story.is_some());
            update.all = update.matched;
        }
        // Of the process, of pools and of tokens the protocol tells nothing.
        v1::ViewKind::Process => update.process = Some(unknown_process()),
        v1::ViewKind::Pools | v1::ViewKind::Tokens | v1::ViewKind::Unspecified => {}
    }
    update
}

fn totals(table: &Table, verdicts: &Verdicts) -> v1::Totals {
    let live = |ended: Option<u64>| ended.is_none();
    let tasks = table.tasks.values().filter_map(|task| task.stats);
    let holdings = table.resources.values().filter(|it| !it.is_internal);
    v1::Totals {
        tasks_live: tasks.filter(|stats| live(stats.ended)).count() as u64,
        tasks_spawned: table.spawned,
        leaks: verdicts.count(v1::Verdict::LostWaker),
        overdue: verdicts.count(v1::Verdict::Overdue),
        holdings: holdings.count() as u64,
        given: verdicts.given,
        cleared: verdicts.has_cleared,
        ..v1::Totals::default()
    }
}

/// Those that match, in order, as many as the view asks for.
fn window<T>(rows: Vec<T>, view: &View, update: &mut v1::Update, now: u64) -> Vec<T>
where
    for<'a> Told<'a, T>: Subject,
{
    update.all = rows.len() as u64;
    let mut rows = filtered(rows, view, now);
    if let Some(sort) = view.sort {
        rows.sort_by_cached_key(|row| sort.key(&Told::at(row, now)));
    }
    update.matched = rows.len() as u64;
    rows.into_iter().skip(view.wire.offset as usize).take(view.limit()).collect()
}

fn filtered<T>(mut rows: Vec<T>, view: &View, now: u64) -> Vec<T>
where
    for<'a> Told<'a, T>: Subject,
{
    rows.retain(|row| view.filter.matches(&Told::at(row, now)));
    rows
}

/// The last of those after the number that is known: a history is read from its end.
fn events(table: &Table, view: &View, update: &mut v1::Update) {
    let history = &table.history;
    let new = history.events().filter(|event| event.seq > view.wire.after_seq);
    let new: Vec<v1::Event> = filtered(new.cloned().collect(), view, table.now);
    update.events_lost = history.lost();
    update.all = history.events().count() as u64;
    update.matched = new.len() as u64;
    let skipped = new.len().saturating_sub(view.limit());
    update.events = new.into_iter().skip(skipped).collect();
}

/// Rows of one place, verdict and thing are one.
fn groups(verdicts: &Verdicts, view: &View, update: &mut v1::Update) {
    let leaks = verdicts.leaks(view.wire.cleared);
    update.all = leaks.len() as u64;
    let leaks = filtered(leaks, view, update.now_ns);
    update.matched = leaks.len() as u64;
    let mut by_name: HashMap<_, Vec<v1::Leak>> = HashMap::new();
    for leak in leaks {
        by_name.entry(name(&leak)).or_default().push(leak);
    }
    let mut groups: Vec<v1::LeakGroup> = by_name.into_values().filter_map(group).collect();
    groups.sort_by_key(|group| {
        let worst = group.worst.as_ref().map(|leak| (leak.since_ns, id(leak)));
        (rank(group.verdict()), Reverse(group.count), worst)
    });
    let now = update.now_ns;
    if let Some(sort) = view.sort {
        groups.sort_by_cached_key(|group| {
            group.worst.as_ref().map(|it| sort.key(&Told::at(it, now)))
        });
    }
    groups.sort_by_key(|group| group.cleared);
    let shown = groups.into_iter().skip(view.wire.offset as usize);
    update.groups = shown.take(view.limit()).collect();
}

/// What is lost before what is late.
fn rank(verdict: v1::Verdict) -> u8 {
    u8::from(verdict != v1::Verdict::LostWaker)
}

fn id(leak: &v1::Leak) -> u64 {
    leak.task.as_ref().map_or(0, |task| task.id)
}

type Name = (bool, i32, String, String, Option<(i32, String)>);

fn name(leak: &v1::Leak) -> Name {
    let task = leak.task.as_ref();
    let (name, location) =
        task.map(|task| (task.name.clone(), task.location.clone())).unwrap_or_default();
    // What nothing wakes is not what its holdings are about.
    let held = leak.holdings.first().filter(|_| leak.verdict() != v1::Verdict::LostWaker);
    let held = held.map(|held| (held.kind, held.label.clone()));
    (leak.cleared_ns.is_some(), leak.verdict, name, location, held)
}

fn group(mut members: Vec<v1::Leak>) -> Option<v1::LeakGroup> {
    members.sort_by_key(|leak| (leak.since_ns, id(leak)));
    let worst = members.first()?.clone();
    Some(v1::LeakGroup {
        verdict: worst.verdict,
        count: members.len().try_into().unwrap_or(u32::MAX),
        tasks: members.iter().take(NAMED).map(id).collect(),
        goes_ns: None,
        cleared: worst.cleared_ns.is_some(),
        cleared_last_ns: members.iter().filter_map(|leak| leak.cleared_ns).max(),
        worst: Some(worst),
        // How many there were is not kept here.
        ..v1::LeakGroup::default()
    })
}

fn story(table: &Table, verdicts: &Verdicts, number: u64) -> Option<v1::Story> {
    let (_, task) = table.numbered(number)?;
    let rows = Rows::of(table);
    let is_its = |event: &&v1::Event| event.task.as_ref().is_some_and(|task| task.id == number);
    let leaks = verdicts.leaks(false).into_iter();
    Some(v1::Story {
        task: rows.task(task),
        holdings: rows.holdings_of(number),
        verdicts: leaks.filter(|leak| id(leak) == number).map(|leak| leak.verdict).collect(),
        events: table.history.events().filter(is_its).cloned().collect(),
        ..v1::Story::default()
    })
}

fn unknown_process() -> v1::Process {
    let why = "tokio-console's protocol does not tell it".to_owned();
    let unknown = |what: &str| v1::Unknown { what: what.to_owned(), why: why.clone() };
    let all = ["rss", "peak rss", "virtual size", "threads", "cpu", "uptime", "fd limit", "fds"];
    v1::Process { unknown: all.map(unknown).to_vec(), ..v1::Process::default() }
}

/// A row for each place. Only those are counted that are there: how many have ended before
/// the console was attached is not told.
fn task_groups(table: &Table, view: &View, update: &mut v1::Update) {
    let tasks = Rows::of(table).tasks();
    let places: HashSet<&str> = tasks.iter().map(|task| task.location.as_str()).collect();
    update.all = places.len() as u64;
    let matches = |task: &&v1::Task| view.filter.matches(&Told::at(*task, table.now));
    let matching = tasks.iter().filter(matches).map(|task| task.location.as_str());
    let mut groups: HashMap<&str, u64> = matching.map(|place| (place, 0)).collect();
    for task in tasks.iter().filter(|task| task.ended_ns.is_none()) {
        if let Some(live) = groups.get_mut(task.location.as_str()) {
            *live += 1;
        }
    }
    update.matched = groups.len() as u64;
    let group = |(location, live): (&str, u64)| v1::TaskGroup {
        location: location.to_owned(),
        live,
        ..v1::TaskGroup::default()
    };
    let mut groups: Vec<v1::TaskGroup> = groups.into_iter().map(group).collect();
    groups.sort_by_cached_key(|group| (Reverse(group.live), group.location.clone()));
    match view.wire.sort.as_str() {
        "live" => groups.sort_by_key(|group| group.live),
        "loc" => groups.sort_by(|a, b| a.location.cmp(&b.location)),
        "-loc" => groups.sort_by(|a, b| b.location.cmp(&a.location)),
        // That is their order, and nothing else is known.
        _ => {}
    }
    let shown = groups.into_iter().skip(view.wire.offset as usize);
    update.task_groups = shown.take(view.limit()).collect();
}
