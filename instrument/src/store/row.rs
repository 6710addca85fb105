//! A row: a verdict given to a task, with everything that is to be shown of it in
//! words. Made when the verdict is given and when what it rests on changes, and from
//! then on independent of the slots, which may be reused.

use std::sync::Arc;

use super::{alike::alike, ignore::Rule};
use crate::{
    recorder::{
        Recorder,
        clock::Nanos,
        fill::Fill,
        holding::OpenFd,
        key::Key,
        request::{Request, trim_type},
        table::SiteId,
        task::{Flag, TaskFacts},
    },
    verdict::{Finding, Listed, Thing},
    words::{Accuracy, Cause, Kind, Outcome, Phase, State, TaskKind, Verdict},
};

/// A task's name, id and place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) name: Arc<str>,
    pub(crate) type_name: Arc<str>,
    pub(crate) location: Arc<str>,
}

impl Person {
    /// What to call it: its name, else its future's type, else its place.
    pub(crate) fn shown(&self) -> Arc<str> {
        if !self.name.is_empty() {
            Arc::clone(&self.name)
        } else if self.type_name.is_empty() {
            Arc::clone(&self.location)
        } else {
            trim_type(&self.type_name).into()
        }
    }
}

/// How a task was asked to stop, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CancelStory {
    pub(crate) cause: Cause,
    pub(crate) requested_at: Nanos,
    pub(crate) delivered_at: Option<Nanos>,
    pub(crate) ended_at: Option<Nanos>,
    pub(crate) drop_began: Option<Nanos>,
    pub(crate) canceller: Option<Person>,
    pub(crate) site: Option<Arc<str>>,
    pub(crate) reason: Option<Arc<str>>,
    pub(crate) path: Vec<Arc<str>>,
    pub(crate) polls_since: u64,
    pub(crate) waiting: bool,
    /// The task's own; none when it goes by the one for all.
    pub(crate) grace: Option<Nanos>,
}

/// Of those who wait for a holding, so many are named.
pub(crate) const WAITERS: usize = 16;

/// A holding in words.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Held {
    pub(crate) id: u64,
    pub(crate) kind: Kind,
    pub(crate) label: Arc<str>,
    pub(crate) phase: Phase,
    pub(crate) via: Option<Person>,
    pub(crate) site: Arc<str>,
    pub(crate) acquired_at: Nanos,
    pub(crate) due_at: Option<Nanos>,
    pub(crate) accuracy: Accuracy,
    pub(crate) maybe_moved: bool,
    /// What wakers keep of the task itself.
    pub(crate) is_cell: bool,
    /// No reason for the verdict that it is listed with.
    pub(crate) silent: bool,
    pub(crate) bytes: u64,
    pub(crate) amount: u32,
    /// Of a bounded channel: how full it is, read when somebody looks.
    pub(crate) fill: Option<Arc<Fill>>,
    pub(crate) fd: Option<OpenFd>,
    /// The number of what it is a share of; 0 for none.
    pub(crate) resource: u64,
    /// Those who wait for it, and the first of them in words; of what a task waits for
    /// itself, those who hold it.
    pub(crate) waiting: Vec<Key>,
    pub(crate) waiters: Vec<Person>,
}

impl Held {
    /// The task holds it itself, and the verdict rests on it.
    pub(crate) fn is_certain(&self) -> bool {
        self.via.is_none() && !self.maybe_moved && !self.silent
    }

    /// The number of the pool that it is a connection of.
    pub(crate) fn resource_of_pool(&self) -> Option<u64> {
        (self.kind == Kind::Connection && self.resource != 0).then_some(self.resource)
    }
}

/// See the module's header.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) verdict: Verdict,
    pub(crate) accuracy: Accuracy,
    pub(crate) since: Nanos,
    pub(crate) given_at: Nanos,
    pub(crate) cleared_at: Option<Nanos>,
    pub(crate) task: TaskFacts,
    pub(crate) person: Person,
    pub(crate) ancestors: Vec<Person>,
    pub(crate) cancel: Option<CancelStory>,
    pub(crate) holdings: Vec<Held>,
    pub(crate) ancestor: Option<(Person, Option<CancelStory>)>,
    /// By which rules it is ignored; none when it is reported.
    pub(crate) ignored: Vec<Arc<Rule>>,
    /// What its task is called, and what it holds first, as those are that differ from it
    /// in a number only.
    pub(crate) alike: Alike,
}

/// See [`Row::alike`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Alike {
    pub(crate) name: Arc<str>,
    pub(crate) held: Option<(Kind, Arc<str>)>,
}

impl Row {
    pub(crate) fn new(recorder: &'static Recorder, finding: &Finding, given_at: Nanos) -> Self {
        let ancestor = finding.ancestor.and_then(|key| recorder.task(key));
        let ancestor = ancestor.map(|it| (person(&it), cancel_story(recorder, &it)));
        let person = person(&finding.task);
        let listed = finding.holdings.iter().map(|listed| held(recorder, listed));
        let holdings: Vec<Held> = listed.collect();
        let first = holdings.first().map(|held| (held.kind, alike(&held.label)));
        Self {
            verdict: finding.verdict,
            accuracy: finding.accuracy,
            since: finding.since,
            given_at,
            cleared_at: None,
            alike: Alike { name: alike(&person.name), held: first },
            person,
            ancestors: ancestors(recorder, &finding.task),
            cancel: cancel_story(recorder, &finding.task),
            holdings,
            ancestor,
            task: finding.task.clone(),
            ignored: Vec::new(),
        }
    }

    pub(crate) fn is_ignored(&self) -> bool {
        !self.ignored.is_empty()
    }

    /// The row need not be made anew.
    pub(super) fn still_says(&self, finding: &Finding) -> bool {
        let same_holdings = self.holdings.len() == finding.holdings.len()
            && self.holdings.iter().zip(&finding.holdings).all(|(row, listed)| {
                row.id == id_of(&listed.thing)
                    && row.due_at == due_at(&listed.thing)
                    && row.maybe_moved == listed.maybe_moved
                    && row.amount == amount(&listed.thing)
                    && row.bytes == listed.thing.bytes()
                    && row.silent == listed.thing.is_silent()
                    && row.fd == fd(&listed.thing)
                    && row.waiting == listed.waiting
            });
        same_holdings
            && self.accuracy == finding.accuracy
            && self.since == finding.since
            && self.task.polls_since == finding.task.polls_since
            && self.task.delivered_at == finding.task.delivered_at
            && self.task.drop_began == finding.task.drop_began
    }

    pub(super) fn cleared_at(&self, now: Nanos) -> Self {
        Self { cleared_at: Some(now), ..self.clone() }
    }

    /// What it takes: its texts are shared with the tables, but for what has a number.
    pub(super) fn bytes(&self) -> usize {
        let label = self.alike.held.as_ref().map_or(0, |(_, label)| label.len());
        let people = self.ancestors.len() * size_of::<Person>();
        let rules = self.ignored.len() * size_of::<Arc<Rule>>();
        let alike = self.alike.name.len() + label;
        size_of::<Self>() + alike + people + rules + self.holdings.len() * size_of::<Held>()
    }

    /// How much memory is kept by what the verdict rests on, and by wakers of the task.
    pub(crate) fn bytes_kept(&self) -> u64 {
        let kept = self.holdings.iter().filter(|held| held.is_certain() || held.is_cell);
        kept.map(|held| held.bytes).sum()
    }

    pub(crate) fn lasted(&self, now: Nanos) -> Nanos {
        self.cleared_at.unwrap_or(now).saturating_sub(self.since)
    }
}

fn id_of(thing: &Thing) -> u64 {
    match thing {
        Thing::Holding(holding) => holding.key.bits(),
        Thing::Child(child) => child.key.bits(),
        Thing::Cell { of, .. } => of.key.bits(),
    }
}

fn due_at(thing: &Thing) -> Option<Nanos> {
    match thing {
        Thing::Holding(holding) => holding.due_at,
        Thing::Child(_) | Thing::Cell { .. } => None,
    }
}

fn amount(thing: &Thing) -> u32 {
    match thing {
        Thing::Holding(holding) => holding.amount,
        Thing::Child(_) => 1,
        Thing::Cell { of, .. } => of.wakers,
    }
}

/// Of what belongs to a bounded channel.
fn fill(recorder: &Recorder, thing: &Thing) -> Option<Arc<Fill>> {
    match thing {
        Thing::Holding(it) if matches!(it.kind, Kind::Channel | Kind::Permit) => {
            recorder.fills.get(it.resource)
        }
        _ => None,
    }
}

fn fd(thing: &Thing) -> Option<OpenFd> {
    match thing {
        Thing::Holding(holding) => holding.fd,
        Thing::Child(_) | Thing::Cell { .. } => None,
    }
}

pub(crate) fn person(facts: &TaskFacts) -> Person {
    Person {
        id: facts.id,
        name: facts.name.text(),
        type_name: facts.type_name.text(),
        location: place(facts.site),
    }
}

pub(crate) fn place(site: SiteId) -> Arc<str> {
    site.place().map(|place| place.to_string().into()).unwrap_or_default()
}

/// The spawner, its spawner and so on, nearest first.
pub(crate) fn ancestors(recorder: &'static Recorder, facts: &TaskFacts) -> Vec<Person> {
    const SHOWN: usize = 8;
    let next = |key: Option<Key>| key.and_then(|key| recorder.task(key));
    let line = std::iter::successors(next(facts.spawner), |facts| next(facts.spawner));
    line.take(SHOWN).map(|facts| person(&facts)).collect()
}

pub(crate) fn cancel_story(recorder: &Recorder, facts: &TaskFacts) -> Option<CancelStory> {
    let requested_at = facts.requested_at?;
    let request = recorder.requests.get(facts.request);
    let request = request.as_deref();
    let canceller = request.and_then(|request| request.canceller.as_ref());
    Some(CancelStory {
        cause: request.map_or(Cause::Unknown, |request| request.cause),
        requested_at,
        delivered_at: facts.delivered_at,
        ended_at: facts.ended_at,
        drop_began: facts.drop_began.filter(|_| facts.outcome.is_none_or(is_cancelled)),
        canceller: canceller.map(|who| Person {
            id: who.id,
            name: Arc::clone(&who.name),
            type_name: Arc::default(),
            location: place(who.site),
        }),
        site: site_of(request),
        reason: request.and_then(|request| request.reason.clone()),
        path: request.map(|request| request.path.clone()).unwrap_or_default(),
        polls_since: facts.polls_since,
        waiting: facts.has(Flag::Waiting),
        grace: recorder.extras.get(facts.extra).and_then(|extra| extra.grace),
    })
}

fn is_cancelled(outcome: Outcome) -> bool {
    outcome == Outcome::Cancelled
}

fn site_of(request: Option<&Request>) -> Option<Arc<str>> {
    Some(place(request?.site)).filter(|site| !site.is_empty())
}

pub(crate) fn held(recorder: &Recorder, listed: &Listed) -> Held {
    let via = listed.via.and_then(|key| recorder.task(key)).map(|facts| person(&facts));
    let (label, site, resource) = match &listed.thing {
        Thing::Holding(it) => (it.label.text(), place(it.site), it.resource),
        Thing::Child(it) => (person(it).shown(), place(it.site), 0),
        // Where a waker is stored nobody knows.
        Thing::Cell { .. } => (Arc::default(), Arc::default(), 0),
    };
    let waiters = listed.waiting.iter().filter_map(|key| recorder.task(*key));
    Held {
        id: id_of(&listed.thing),
        kind: listed.thing.kind(),
        label,
        phase: listed.phase,
        via,
        site,
        acquired_at: listed.thing.acquired_at(),
        due_at: due_at(&listed.thing),
        accuracy: listed.thing.accuracy(),
        maybe_moved: listed.maybe_moved,
        is_cell: matches!(listed.thing, Thing::Cell { .. }),
        silent: listed.thing.is_silent(),
        bytes: listed.thing.bytes(),
        amount: amount(&listed.thing),
        fill: fill(recorder, &listed.thing),
        fd: fd(&listed.thing),
        resource,
        waiting: listed.waiting.clone(),
        waiters: waiters.take(WAITERS).map(|facts| person(&facts)).collect(),
    }
}

/// A holding outside any verdict.
pub(crate) fn held_alone(recorder: &Recorder, thing: Thing, phase: Phase) -> Held {
    let since = thing.acquired_at();
    let waiting = Vec::new();
    let listed = Listed { thing, phase, via: None, maybe_moved: false, waiting, since };
    held(recorder, &listed)
}

/// What a task is doing.
pub(crate) fn state(facts: &TaskFacts) -> State {
    if facts.ended_at.is_some() {
        State::Ended
    } else if facts.running_since.is_some() || facts.drop_began.is_some() {
        State::Running
    } else if facts.woken_at.is_some() && facts.kind != TaskKind::Scope {
        State::Scheduled
    } else {
        State::Idle
    }
}
