//! Tasks beneath those that spawned them: those of the rows that match, and everything
//! above them.

use std::{
    collections::{HashMap, HashSet},
    hash::BuildHasherDefault,
    ops::Range,
};

use super::{
    View, ViewKind, candidates, filtered, given, is_everything,
    lean::{LeanHeld, LeanTask, Source},
    rows::{self, TaskRow, Waits},
    subject::At,
};
use crate::{
    hash::WordHasher,
    recorder::{Recorder, clock::Nanos, key::Key, task::TaskFacts},
    store::Store,
    verdict::Thing,
    words::Verdict,
};

/// A task in a tree.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub(crate) task: TaskRow,
    pub(crate) place: Place,
    /// A task above it was asked to stop and has not ended, or ended by cancellation.
    pub(crate) below_cancelled: bool,
    /// It was itself.
    pub(crate) cancelled: bool,
    /// Worst first.
    pub(crate) verdicts: Vec<Verdict>,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) depth: usize,
    /// It has siblings below.
    pub(crate) goes_on: bool,
    /// Bit n: what is at depth n on the way down to it has siblings below.
    pub(crate) lines: u64,
    pub(crate) matched: bool,
    /// Rows beneath it that are not listed.
    pub(crate) hidden: u64,
}

/// Of the tasks that match, of all, and the window of the tree.
pub(super) fn tree(store: &Store, view: &View, now: Nanos) -> (usize, usize, Vec<Branch>) {
    let recorder = store.recorder();
    let mut nodes = Vec::new();
    let (matched, all) = match view.kind {
        ViewKind::Tasks => of_tasks(store, view, now, &mut nodes),
        ViewKind::Holdings => of_holdings(store, view, now, &mut nodes),
        _ => of_leaks(store, view, now, &mut nodes),
    };
    let forest = Forest::of(recorder, nodes);
    let window = forest.window(recorder, view);
    let verdicts = verdicts_of(store, view, &window);
    let waits = Waits::of(store);
    let branch = |row: Seen| Branch {
        verdicts: verdicts.get(&row.facts.id).cloned().unwrap_or_default(),
        place: row.place,
        below_cancelled: row.below_cancelled,
        cancelled: is_cancelled(&row.facts),
        task: TaskRow::new(store, row.facts, &waits),
    };
    let branches: Vec<Branch> = window.into_iter().map(branch).collect();
    for branch in &branches {
        recorder.is_shown(branch.task.facts.key);
    }
    (matched, all, branches)
}

fn of_tasks(store: &Store, view: &View, now: Nanos, nodes: &mut Vec<Node>) -> (usize, usize) {
    let recorder = store.recorder();
    let mut all = 0;
    if is_everything(view) {
        recorder.each_spawned(|key, above, id| nodes.push(Node { above, id, key, matched: true }));
        return (nodes.len(), nodes.len());
    }
    let waits = Waits::of(store);
    let source = Source::new(store, &waits);
    for facts in candidates(store, view) {
        all += 1;
        let task = LeanTask::new(facts, &source);
        if view.filter.matches(&At(&task, now)) {
            nodes.push(Node::of(&task.facts, true));
        }
    }
    (nodes.len(), all)
}

/// The owners of what matches.
fn of_holdings(store: &Store, view: &View, now: Nanos, nodes: &mut Vec<Node>) -> (usize, usize) {
    let (waits, recorder) = (Waits::default(), store.recorder());
    let source = Source::new(store, &waits);
    let (mut matched, mut all) = (0, 0);
    for thing in rows::holdings(store, now) {
        all += 1;
        let held = LeanHeld::new(thing, &source);
        if view.filter.matches(&At(&held, now)) {
            matched += 1;
            let owner = match &held.facts {
                Thing::Holding(it) => it.owner,
                Thing::Child(task) | Thing::Cell { of: task, .. } => Some(task.key),
            };
            let owner = owner.and_then(|key| recorder.task(key));
            nodes.extend(owner.map(|facts| Node::of(&facts, true)));
        }
    }
    (matched, all)
}

/// The tasks of the rows, as they are now.
fn of_leaks(store: &Store, view: &View, now: Nanos, nodes: &mut Vec<Node>) -> (usize, usize) {
    let mut live = given(store, view);
    live.retain(|row| row.cleared_at.is_none());
    let all = live.len();
    let live = filtered(live, view, now);
    let facts = live.iter().filter_map(|row| store.recorder().task(row.task.key));
    nodes.extend(facts.map(|facts| Node::of(&facts, true)));
    (live.len(), all)
}

fn is_cancelled(facts: &TaskFacts) -> bool {
    let is_asked = facts.requested_at.is_some() && facts.ended_at.is_none();
    is_asked || facts.ended_by_cancellation()
}

/// Of the tasks in the window, why each is reported.
fn verdicts_of(store: &Store, view: &View, window: &[Seen]) -> HashMap<u64, Vec<Verdict>> {
    let mut verdicts: HashMap<u64, Vec<Verdict>> =
        window.iter().map(|row| (row.facts.id, Vec::new())).collect();
    let mut add = |task: u64, verdict: Verdict| {
        if let Some(verdicts) = verdicts.get_mut(&task) {
            verdicts.push(verdict);
            verdicts.sort_unstable();
        }
    };
    if view.ignored {
        for row in store.ignored() {
            add(row.task.id, row.verdict);
        }
    } else {
        for row in store.rows() {
            add(row.task.id, row.verdict);
        }
    }
    verdicts
}

/// A task before it is looked at.
#[derive(Clone, Copy, Debug)]
struct Node {
    above: Option<Key>,
    id: u64,
    key: Key,
    matched: bool,
}

impl Node {
    fn of(facts: &TaskFacts, matched: bool) -> Self {
        Self { above: facts.spawner, id: facts.id, key: facts.key, matched }
    }
}

/// A task that the window shows.
#[derive(Debug)]
struct Seen {
    facts: TaskFacts,
    place: Place,
    below_cancelled: bool,
}

/// Tasks, those beneath the same one side by side in the order of their ids; first those
/// that are beneath none.
#[derive(Debug)]
struct Forest {
    nodes: Vec<Node>,
}

impl Forest {
    /// These, each once, and everything above them.
    fn of(recorder: &Recorder, mut nodes: Vec<Node>) -> Self {
        let mut known: HashSet<Key, BuildHasherDefault<WordHasher>> = HashSet::default();
        nodes.retain(|node| known.insert(node.key));
        let mut at = 0;
        while let Some(node) = nodes.get(at).copied() {
            if let Some(above) = node.above.filter(|above| !known.contains(above)) {
                match recorder.task(above) {
                    Some(facts) => {
                        known.insert(above);
                        nodes.push(Node::of(&facts, false));
                    }
                    None => nodes[at].above = None,
                }
            }
            at += 1;
        }
        nodes.sort_unstable_by_key(|node| (node.above, node.id));
        Self { nodes }
    }

    /// Those beneath it.
    fn beneath(&self, above: Option<Key>) -> Range<usize> {
        let from = self.nodes.partition_point(|node| node.above < above);
        let these = self.nodes[from..].partition_point(|node| node.above == above);
        from..from + these
    }

    /// How many are beneath it, and beneath those.
    fn under(&self, key: Key) -> u64 {
        let (mut under, mut open) = (0, vec![self.beneath(Some(key))]);
        while let Some(range) = open.pop() {
            under += range.len() as u64;
            open.extend(range.map(|at| self.beneath(Some(self.nodes[at].key))));
        }
        under
    }

    /// Goes down to the first of each before it goes on to the next, as far as the window
    /// reaches.
    fn window(&self, recorder: &Recorder, view: &View) -> Vec<Seen> {
        let reach = super::reach(view);
        let (mut listed, mut window) = (0, Vec::new());
        // At each depth the siblings that are still to come, and whether the way down to
        // them leads past one that was cancelled.
        let mut open = vec![(self.beneath(None), false)];
        while let Some((siblings, below_cancelled)) = open.last_mut() {
            let below_cancelled = *below_cancelled;
            let next = siblings.next();
            let Some(at) = next.filter(|_| listed < reach) else {
                open.pop();
                continue;
            };
            let node = self.nodes[at];
            let Some(facts) = recorder.task(node.key) else { continue };
            let is_folded = view.tree.as_ref().is_some_and(|folded| folded.contains(&node.id));
            if listed >= view.offset {
                let place = Place {
                    depth: open.len() - 1,
                    goes_on: open.last().is_some_and(|(siblings, _)| !siblings.is_empty()),
                    lines: lines(&open),
                    matched: node.matched,
                    hidden: if is_folded { self.under(node.key) } else { 0 },
                };
                window.push(Seen { facts: facts.clone(), place, below_cancelled });
            }
            listed += 1;
            let beneath = if is_folded { 0..0 } else { self.beneath(Some(node.key)) };
            open.push((beneath, below_cancelled || is_cancelled(&facts)));
        }
        window
    }
}

/// At which depths something is still to come.
fn lines(open: &[(Range<usize>, bool)]) -> u64 {
    let bits = open.iter().take(64).enumerate();
    bits.filter(|(_, (siblings, _))| !siblings.is_empty()).fold(0, |all, (bit, _)| all | 1 << bit)
}
