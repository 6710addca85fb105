//! Whom tokens ask, and what became of those whom a token of a console's has asked. Scans,
//! made only while somebody looks at that.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use super::{Person, Store, person};
use crate::{
    recorder::{
        Recorder,
        clock::Nanos,
        control::TokenFacts,
        holding::{HoldingFacts, HoldingFlag},
        key::Key,
        table::TextId,
        task::{Flag, TaskFacts},
    },
    words::{Kind, TaskKind},
};

/// Requests of consoles that are followed: whoever cancels more looks at the last ones.
const FOLLOWED: usize = 64;
/// Of tasks, and of what they hold, so many are told.
const TOLD: usize = 16;

/// Tasks and scopes that one request asks, or has asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) tasks: u64,
    pub(crate) ended: u64,
    pub(crate) slowest: Option<Nanos>,
    /// The first of those that have not ended.
    pub(crate) first: Vec<Person>,
    /// What they hold, or have left, most first.
    pub(crate) holds: Vec<HeldCount>,
    pub(crate) held: u64,
    /// Tasks that they have spawned and that are not asked.
    pub(crate) children: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct HeldCount {
    pub(crate) kind: Kind,
    pub(crate) label: Arc<str>,
    pub(crate) count: u64,
}

/// A console's requests, and what was counted of each.
#[derive(Debug, Default)]
pub(super) struct Followed(VecDeque<One>);

#[derive(Debug)]
struct One {
    at: Nanos,
    ended: u64,
    slowest: Option<Nanos>,
}

impl Followed {
    fn begin(&mut self, at: Nanos) {
        let kept = FOLLOWED - 1;
        self.0.drain(..self.0.len().saturating_sub(kept));
        self.0.push_back(One { at, ended: 0, slowest: None });
    }

    /// A task that was asked at `asked_at` has ended, so much later.
    pub(super) fn ended(&mut self, asked_at: Nanos, latency: Nanos) {
        if let Some(one) = self.0.iter_mut().find(|one| one.at == asked_at) {
            one.ended += 1;
            one.slowest = one.slowest.max(Some(latency));
        }
    }
}

impl Store {
    /// Those that are asked at this time are counted. Said before any can have ended.
    pub(crate) fn follow(&mut self, asked_at: Nanos) {
        self.followed.begin(asked_at);
    }

    /// What became of those that were asked at this time; `None` when it is not followed.
    pub(crate) fn asked_at(&mut self, at: Nanos, now: Nanos) -> Option<Asked> {
        self.take_changes();
        self.look_for_the_asked();
        let &One { ended, slowest, .. } = self.followed.0.iter().find(|one| one.at == at)?;
        let recorder = self.recorder;
        let facts = self.watched.keys().filter_map(|key| recorder.task(*key));
        let asked = facts.filter(|facts| facts.requested_at == Some(at));
        let (left, goes_on): (Vec<_>, Vec<_>) = asked.partition(|it| it.ended_at.is_some());
        // One that ended since the changes were taken is counted the next time.
        let uncounted = left.iter().filter(|it| !it.has(Flag::Counted));
        let uncounted = uncounted.count() as u64;
        let goes_on: HashMap<Key, u64> = goes_on.iter().map(|it| (it.key, it.id)).collect();
        let left: HashMap<Key, u64> = left.iter().map(|it| (it.key, it.id)).collect();
        let tasks = ended + uncounted + goes_on.len() as u64;
        let first = first(recorder, &goes_on);
        Some(Asked { tasks, ended, slowest, first, ..holds(recorder, &left, now) })
    }
}

/// Whom each of these tokens asks when it is cancelled now: tasks and scopes with their ids.
pub(crate) fn whom(recorder: &Recorder, tokens: &[TokenFacts]) -> HashMap<u64, HashMap<Key, u64>> {
    let made_by: HashMap<u64, u64> = tokens.iter().map(|it| (it.number, it.made_by)).collect();
    let mut whom: HashMap<u64, HashMap<Key, u64>> = HashMap::new();
    let can_be_asked = |facts: &TaskFacts| facts.ended_at.is_none() && facts.requested_at.is_none();
    for facts in recorder.tasks().filter(|facts| facts.extra != 0 && can_be_asked(facts)) {
        let Some(extra) = recorder.extras.get(facts.extra) else { continue };
        let bound_to = extra.bound_to.iter().flat_map(|asker| asker.0.tokens());
        for token in bound_to.filter(|token| made_by.contains_key(token)) {
            whom.entry(token).or_default().insert(facts.key, facts.id);
        }
    }
    for wait in recorder.all_holdings().filter(|it| it.has(HoldingFlag::Wait)) {
        let Some(task) = wait.owner.and_then(|owner| recorder.task(owner)) else { continue };
        let whole = recorder.whole_task(task.key);
        for token in waits_on(recorder, &wait) {
            // Its own business, where it has made it itself.
            let is_outside = made_by.get(&token).is_some_and(|by| whole != Some(*by));
            if is_outside && can_be_asked(&task) {
                whom.entry(token).or_default().insert(task.key, task.id);
            }
        }
    }
    whom
}

fn waits_on(recorder: &Recorder, wait: &HoldingFacts) -> Vec<u64> {
    let asker = u32::try_from(wait.bytes).ok().and_then(|at| recorder.waited_on.get(at));
    asker.map(|asker| asker.0.tokens()).unwrap_or_default()
}

/// Of those that a token asks: who they are, and what they hold.
pub(crate) fn asks(recorder: &Recorder, whom: &HashMap<Key, u64>, now: Nanos) -> Asked {
    let (tasks, first) = (whom.len() as u64, first(recorder, whom));
    Asked { tasks, first, ..holds(recorder, whom, now) }
}

fn first(recorder: &Recorder, tasks: &HashMap<Key, u64>) -> Vec<Person> {
    let mut tasks: Vec<(u64, Key)> = tasks.iter().map(|(key, id)| (*id, *key)).collect();
    if tasks.len() > TOLD {
        tasks.select_nth_unstable(TOLD);
        tasks.truncate(TOLD);
    }
    tasks.sort_unstable();
    tasks.iter().filter_map(|(_, key)| Some(person(&recorder.task(*key)?))).collect()
}

/// What these tasks hold, themselves and in the scopes within them.
fn holds(recorder: &Recorder, tasks: &HashMap<Key, u64>, now: Nanos) -> Asked {
    if tasks.is_empty() {
        return Asked::default();
    }
    let is_theirs = |owner: Key| recorder.around(owner).any(|key| tasks.contains_key(&key));
    let mut counts: HashMap<_, u64> = HashMap::new();
    let live = |it: &HoldingFacts| !it.has(HoldingFlag::Over) && !it.is_over(now);
    for held in recorder.holdings_of(is_theirs).filter(live) {
        *counts.entry((held.kind, held.label)).or_default() += 1;
    }
    let held = counts.values().sum();
    let mut holds: Vec<_> = counts.into_iter().collect();
    holds.sort_unstable_by_key(|((kind, label), count)| {
        (std::cmp::Reverse(*count), *kind as u8, label.0)
    });
    holds.truncate(TOLD);
    let said = |((kind, label), count): ((Kind, TextId), u64)| HeldCount {
        kind,
        label: label.text(),
        count,
    };
    let children = recorder.children(is_theirs).filter(|child| {
        child.kind != TaskKind::Scope && child.ended_at.is_none() && !tasks.contains_key(&child.key)
    });
    let children = children.count() as u64;
    Asked { holds: holds.into_iter().map(said).collect(), held, children, ..Asked::default() }
}

/// The numbers of the tokens that ask the task, or a scope within it: the nearest first,
/// then what those are children of.
pub(crate) fn tokens_of(recorder: &Recorder, task: &TaskFacts) -> Vec<u64> {
    if task.ended_at.is_some() || !recorder.control.is_allowed() {
        return Vec::new();
    }
    let mut within = HashSet::from([task.key]);
    let mut chains = bound_to(recorder, task);
    loop {
        let is_new = |it: &TaskFacts| {
            it.kind == TaskKind::Scope && it.ended_at.is_none() && !within.contains(&it.key)
        };
        let scopes = recorder.children(|spawner| within.contains(&spawner)).filter(is_new);
        let scopes: Vec<TaskFacts> = scopes.collect();
        if scopes.is_empty() {
            break;
        }
        for scope in &scopes {
            chains.extend(bound_to(recorder, scope));
            within.insert(scope.key);
        }
    }
    let waits = recorder.holdings_of(|owner| within.contains(&owner));
    let waits = waits.filter(|it| it.has(HoldingFlag::Wait));
    chains.extend(waits.map(|wait| waits_on(recorder, &wait)));
    let nearest = chains.iter().filter_map(|chain| chain.first());
    let above = chains.iter().filter_map(|chain| chain.get(1..)).flatten();
    let mut seen = HashSet::new();
    nearest.chain(above).copied().filter(|number| seen.insert(*number)).collect()
}

fn bound_to(recorder: &Recorder, task: &TaskFacts) -> Vec<Vec<u64>> {
    let extra = recorder.extras.get(task.extra);
    let bound_to = extra.iter().flat_map(|extra| &extra.bound_to);
    bound_to.map(|asker| asker.0.tokens()).collect()
}
