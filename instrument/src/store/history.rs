//! The history that is shown: what the recorder noted and what the store gave and
//! cleared, in one order, numbered. Bounded; what was lost is counted. It is put
//! together when somebody asks for it, and not before.

use std::{collections::VecDeque, sync::Arc};

use super::{Note, Person, person, row::place};
use crate::{
    recorder::{
        Recorder,
        clock::Nanos,
        events::{Cursor, Entry, What},
        request::Request,
        table::{SiteId, TextId},
    },
    words::{Cause, Kind, Outcome, Verdict, at},
};

/// Events that are kept for whoever asks next.
const EVENTS: usize = 20_000;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventKind {
    Spawned,
    Requested(Cause),
    Delivered,
    Ended(Outcome),
    Acquired(Kind),
    Released(Kind),
    Fired(Kind),
    Given(Verdict),
    Cleared(Verdict),
}

impl EventKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Spawned => "spawned",
            Self::Requested(_) => "requested",
            Self::Delivered => "delivered",
            Self::Ended(_) => "ended",
            Self::Acquired(_) => "acquired",
            Self::Released(_) => "released",
            Self::Fired(_) => "fired",
            Self::Given(_) => "given",
            Self::Cleared(_) => "cleared",
        }
    }
}

/// One event in words.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// Counted from 1, without gaps.
    pub(crate) seq: u64,
    pub(crate) at: Nanos,
    pub(crate) kind: EventKind,
    pub(crate) task: Person,
    pub(crate) what: String,
    pub(crate) site: Arc<str>,
    pub(crate) lasted: Option<Nanos>,
}

impl Event {
    /// Its texts are the tables' own, but for what happened.
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.what.len()
    }
}

/// See the module's header.
#[derive(Debug, Default)]
pub(crate) struct History {
    cursor: Cursor,
    notes_seen: u64,
    events: VecDeque<Event>,
    /// What the events take.
    bytes: usize,
    last_seq: u64,
}

impl History {
    /// Takes in what has happened since the last time, and keeps at most so many bytes.
    pub(super) fn collect(
        &mut self,
        recorder: &Recorder,
        notes: &VecDeque<Note>,
        notes_so_far: u64,
        most: usize,
    ) {
        let entries = recorder.events.read(&mut self.cursor);
        let mut new: Vec<Event> = entries.iter().filter_map(|it| noted(recorder, it)).collect();
        let unseen = usize::try_from(notes_so_far - self.notes_seen).unwrap_or(usize::MAX);
        let skipped = notes.len().saturating_sub(unseen);
        new.extend(notes.iter().skip(skipped).map(given));
        self.notes_seen = notes_so_far;
        new.sort_by_key(|event| event.at);
        for mut event in new {
            self.last_seq += 1;
            event.seq = self.last_seq;
            self.bytes += event.bytes();
            self.events.push_back(event);
        }
        while self.events.len() > EVENTS || self.bytes > most {
            let Some(oldest) = self.events.pop_front() else { return };
            self.bytes -= oldest.bytes();
        }
    }

    /// Oldest first.
    pub(crate) fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.events.iter()
    }

    /// Events that were gone before they could be taken in.
    pub(crate) fn lost(&self) -> u64 {
        self.cursor.lost
    }
}

fn noted(recorder: &Recorder, entry: &Entry) -> Option<Event> {
    let facts = entry.task.and_then(|key| recorder.task(key));
    let facts = facts.filter(|facts| facts.id == entry.task_id);
    // Of one that is not kept there is its place, where the entry names that.
    let is_its_own = matches!(entry.what, What::Spawned | What::Ended);
    let location = || if is_its_own { place(SiteId(entry.site)) } else { Arc::default() };
    let unnamed = || Person { id: entry.task_id, location: location(), ..Person::default() };
    let task = facts.as_ref().map_or_else(unnamed, person);
    let kind = match entry.what {
        What::Spawned => EventKind::Spawned,
        What::Requested => EventKind::Requested(at(Cause::ALL, entry.detail)?),
        What::Delivered => EventKind::Delivered,
        What::Ended => EventKind::Ended(at(Outcome::ALL, entry.detail)?),
        What::Acquired => EventKind::Acquired(at(Kind::ALL, entry.detail)?),
        What::Released => EventKind::Released(at(Kind::ALL, entry.detail)?),
        What::Fired => EventKind::Fired(at(Kind::ALL, entry.detail)?),
    };
    let request = facts.and_then(|facts| recorder.requests.get(facts.request));
    Some(Event {
        seq: 0,
        at: entry.at,
        what: what(kind, entry, request.as_deref()),
        site: place(SiteId(entry.site)),
        lasted: (entry.since != 0 && entry.what != What::Acquired)
            .then(|| entry.at.saturating_sub(entry.since)),
        kind,
        task,
    })
}

fn what(kind: EventKind, entry: &Entry, request: Option<&Request>) -> String {
    let label = TextId(entry.label).text();
    match kind {
        EventKind::Requested(cause) => {
            let by = request.and_then(|request| request.canceller.as_ref());
            let by = by.map(|who| format!(", by {who}")).unwrap_or_default();
            let why = request.and_then(|request| request.reason.as_ref());
            let why = why.map(|why| format!(": {why:?}")).unwrap_or_default();
            format!("{}{by}{why}", cause.name())
        }
        EventKind::Ended(outcome) => outcome.name().to_owned(),
        EventKind::Acquired(kind) | EventKind::Released(kind) | EventKind::Fired(kind) => {
            format!("{} {label}", kind.name()).trim_end().to_owned()
        }
        _ => String::new(),
    }
}

fn given(note: &Note) -> Event {
    let row = &note.row;
    let holds = row.holdings.first();
    let holds =
        holds.map(|held| format!("{} {}", held.kind.name(), held.label).trim_end().to_owned());
    let ignored = row.ignored.first().map(|rule| format!("ignored: {}", rule.why));
    Event {
        seq: 0,
        at: note.at,
        kind: if note.given {
            EventKind::Given(row.verdict)
        } else {
            EventKind::Cleared(row.verdict)
        },
        task: row.person.clone(),
        what: holds.into_iter().chain(ignored).collect::<Vec<_>>().join(", "),
        site: Arc::clone(&row.person.location),
        lasted: row.cleared_at.map(|cleared| cleared.saturating_sub(row.since)),
    }
}
