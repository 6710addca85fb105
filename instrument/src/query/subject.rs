//! What a filter sees of a row.

use std::borrow::Cow;

use super::{field::Field, filter::Subject, group::goes_at};
use crate::{
    query::{
        pools::PoolRow,
        rows::{HeldRow, TaskRow},
    },
    recorder::{clock::Nanos, task::TaskFacts},
    store::{CancelStory, Event, EventKind, Held, Person, Row},
    words::Kind,
};

/// A row at a moment: ages depend on it.
pub(super) struct At<'a, T>(pub(super) &'a T, pub(super) Nanos);

impl Subject for At<'_, Row> {
    fn texts(&self, field: Field) -> Vec<Cow<'_, str>> {
        of_row(self.0, &self.0.holdings, field)
    }

    fn number(&self, field: Field) -> Option<u64> {
        let row = self.0;
        match field {
            Field::Since => Some(row.lasted(self.1)),
            Field::Goes => goes_at(row).map(|at| at.saturating_sub(self.1)),
            Field::Holdings => Some(row.holdings.len() as u64),
            Field::Bytes => Some(row.bytes_kept()),
            _ => number_of_cancel(row.cancel.as_ref(), self.1, field)
                .or_else(|| number_of_task(&row.task, self.1, field)),
        }
    }
}

/// A row as if it were about only one of the things that it is about.
pub(crate) struct OneOf<'a>(pub(crate) &'a Row, pub(crate) Option<&'a Held>);

impl Subject for OneOf<'_> {
    fn texts(&self, field: Field) -> Vec<Cow<'_, str>> {
        of_row(self.0, self.1.map_or(&self.0.holdings, std::slice::from_ref), field)
    }

    fn number(&self, field: Field) -> Option<u64> {
        At(self.0, self.0.given_at).number(field)
    }
}

pub(super) fn of_task_row(row: &TaskRow, field: Field) -> Vec<Cow<'_, str>> {
    match field {
        Field::Accuracy => vec![row.facts.accuracy().name().into()],
        Field::State => vec![row.state.name().into()],
        _ => of_cancel(row.cancel.as_ref(), field)
            .unwrap_or_else(|| of_task(&row.facts, &row.person, field)),
    }
}

impl Subject for At<'_, TaskRow> {
    fn texts(&self, field: Field) -> Vec<Cow<'_, str>> {
        of_task_row(self.0, field)
    }

    fn number(&self, field: Field) -> Option<u64> {
        number_of_cancel(self.0.cancel.as_ref(), self.1, field)
            .or_else(|| number_of_task(&self.0.facts, self.1, field))
    }
}

pub(super) fn of_held_row(row: &HeldRow, field: Field) -> Vec<Cow<'_, str>> {
    match (field, &row.owner) {
        (Field::Name, Some(owner)) => vec![owner.shown().to_string().into()],
        (Field::Loc, Some(owner)) => vec![owner.location.as_ref().into()],
        (Field::Accuracy, _) => vec![row.held.accuracy.name().into()],
        _ => of_holdings(std::slice::from_ref(&row.held), field).unwrap_or_default(),
    }
}

impl Subject for At<'_, HeldRow> {
    fn texts(&self, field: Field) -> Vec<Cow<'_, str>> {
        of_held_row(self.0, field)
    }

    fn number(&self, field: Field) -> Option<u64> {
        match field {
            Field::Id => self.0.owner.as_ref().map(|owner| owner.id),
            Field::Age => Some(self.1.saturating_sub(self.0.held.acquired_at)),
            Field::Goes => self.0.held.due_at.map(|at| at.saturating_sub(self.1)),
            Field::Size | Field::Bytes => Some(self.0.held.bytes),
            _ => None,
        }
    }
}

impl Subject for At<'_, PoolRow> {
    fn texts(&self, field: Field) -> Vec<Cow<'_, str>> {
        let row = self.0;
        let owners = || row.out.iter().filter_map(|out| out.row.owner.as_ref());
        match field {
            Field::Label => vec![row.name.into()],
            Field::Name => owners().map(|owner| owner.shown().to_string().into()).collect(),
            Field::Loc => owners().map(|owner| owner.location.as_ref().into()).collect(),
            Field::Acquired => {
                row.out.iter().map(|out| out.row.held.site.as_ref().into()).collect()
            }
            Field::Holds => vec![Kind::Connection.name().into()],
            _ => Vec::new(),
        }
    }

    fn number(&self, field: Field) -> Option<u64> {
        (field == Field::Holdings).then_some(self.0.out.len() as u64)
    }
}

impl Subject for At<'_, Event> {
    fn texts(&self, field: Field) -> Vec<Cow<'_, str>> {
        let event = self.0;
        let text = |text: &'static str| vec![Cow::Borrowed(text)];
        match (field, event.kind) {
            (Field::Event, kind) => text(kind.name()),
            (Field::Cause, EventKind::Requested(cause)) => text(cause.name()),
            (Field::Outcome, EventKind::Ended(outcome)) => text(outcome.name()),
            (Field::Verdict, EventKind::Given(verdict) | EventKind::Cleared(verdict)) => {
                text(verdict.name())
            }
            (
                Field::Holds,
                EventKind::Acquired(kind) | EventKind::Released(kind) | EventKind::Fired(kind),
            ) => text(kind.name()),
            (Field::Name, _) => vec![event.task.shown().to_string().into()],
            (Field::Loc | Field::Site | Field::Acquired, _) => vec![event.site.as_ref().into()],
            (Field::Label, _) => vec![event.what.as_str().into()],
            _ => Vec::new(),
        }
    }

    fn number(&self, field: Field) -> Option<u64> {
        match field {
            Field::Id => Some(self.0.task.id),
            Field::Age => Some(self.1.saturating_sub(self.0.at)),
            Field::Since => self.0.lasted,
            _ => None,
        }
    }
}

fn of_row<'a>(row: &'a Row, holdings: &'a [Held], field: Field) -> Vec<Cow<'a, str>> {
    match field {
        Field::Verdict => vec![row.verdict.name().into()],
        Field::Accuracy => vec![row.accuracy.name().into()],
        _ => {
            let own = row.cancel.as_ref();
            let story = row.ancestor.as_ref().and_then(|(_, story)| story.as_ref()).or(own);
            of_holdings(holdings, field)
                .or_else(|| of_cancel(story, field))
                .unwrap_or_else(|| of_task(&row.task, &row.person, field))
        }
    }
}

fn of_task<'a>(facts: &TaskFacts, person: &'a Person, field: Field) -> Vec<Cow<'a, str>> {
    match field {
        Field::Name => {
            let both = [&person.name, &person.type_name];
            both.into_iter().filter(|it| !it.is_empty()).map(|it| it.as_ref().into()).collect()
        }
        Field::Loc => vec![person.location.as_ref().into()],
        Field::Kind => vec![facts.kind.name().into()],
        Field::State => vec![crate::store::state(facts).name().into()],
        Field::Outcome => facts.outcome.map(|it| it.name().into()).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// `None` for fields that are not a cancel story's.
fn of_cancel(story: Option<&CancelStory>, field: Field) -> Option<Vec<Cow<'_, str>>> {
    if !matches!(field, Field::Cause | Field::Canceller | Field::Site | Field::Reason | Field::Path)
    {
        return None;
    }
    let Some(story) = story else { return Some(Vec::new()) };
    let texts: Vec<Cow<'_, str>> = match field {
        Field::Cause => vec![story.cause.name().into()],
        Field::Canceller => {
            story.canceller.iter().map(|who| who.shown().to_string().into()).collect()
        }
        Field::Site => story.site.iter().map(|site| site.as_ref().into()).collect(),
        Field::Reason => story.reason.iter().map(|why| why.as_ref().into()).collect(),
        _ => story.path.iter().map(|hop| hop.as_ref().into()).collect(),
    };
    Some(texts)
}

/// `None` for fields that are not a holding's.
fn of_holdings(holdings: &[Held], field: Field) -> Option<Vec<Cow<'_, str>>> {
    let texts: Vec<Cow<'_, str>> = match field {
        Field::Holds => holdings.iter().map(|held| held.kind.name().into()).collect(),
        Field::Label => holdings.iter().map(|held| held.label.as_ref().into()).collect(),
        Field::Phase => holdings.iter().map(|held| held.phase.name().into()).collect(),
        Field::Acquired => holdings.iter().map(|held| held.site.as_ref().into()).collect(),
        _ => return None,
    };
    Some(texts)
}

fn number_of_cancel(story: Option<&CancelStory>, now: Nanos, field: Field) -> Option<u64> {
    let story = story?;
    match field {
        Field::Latency => story.ended_at.map(|ended| ended.saturating_sub(story.requested_at)),
        Field::Drop => {
            let until = story.ended_at.unwrap_or(now);
            story.drop_began.map(|began| until.saturating_sub(began))
        }
        Field::PollsSince => Some(story.polls_since),
        _ => None,
    }
}

pub(super) fn number_of_task(facts: &TaskFacts, now: Nanos, field: Field) -> Option<u64> {
    match field {
        Field::Id => Some(facts.id),
        Field::TokioId => facts.told_id(),
        Field::Age => Some(facts.ended_at.unwrap_or(now).saturating_sub(facts.spawned_at)),
        Field::Polls => Some(facts.polls),
        Field::Busy => Some(facts.busy),
        Field::Scheduled => Some(facts.scheduled),
        Field::Wakes => Some(facts.wakes),
        Field::Size => Some(facts.size.into()),
        Field::Holdings => Some(facts.holdings_listed().into()),
        Field::Bytes => facts.keeps_its_cell().then_some(facts.cell.into()),
        Field::Runtime => Some(facts.runtime.into()).filter(|runtime| *runtime != 0),
        Field::Children => Some(facts.children.into()),
        _ => None,
    }
}
