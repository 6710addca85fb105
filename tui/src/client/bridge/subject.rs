//! What a filter sees of a row. The fields that the protocol does not tell have no value,
//! so nothing about them is found.

use std::borrow::Cow;

use holdover::filtering::{Field, Subject};
use holdover_proto::v1;

use crate::words;

/// A row at a moment: ages depend on it.
pub(super) struct At<'a, T>(pub(super) &'a T, pub(super) u64);

type Texts<'a> = Vec<Cow<'a, str>>;

fn one(text: &str) -> Texts<'_> {
    if text.is_empty() { Vec::new() } else { vec![text.into()] }
}

impl Subject for At<'_, v1::Task> {
    fn texts(&self, field: Field) -> Texts<'_> {
        let task = self.0;
        match field {
            Field::Name => [one(&task.name), one(&task.type_name)].concat(),
            Field::Loc => one(&task.location),
            Field::Kind => one(words::task_kind(task.kind())),
            Field::State => one(words::state(task.state())),
            Field::Accuracy => one(words::accuracy(task.accuracy())),
            _ => Vec::new(),
        }
    }

    fn number(&self, field: Field) -> Option<u64> {
        let At(task, now) = *self;
        match field {
            Field::Id => Some(task.id),
            Field::TokioId => task.tokio_id,
            Field::Age => Some(task.ended_ns.unwrap_or(now).saturating_sub(task.spawned_ns)),
            Field::Polls => Some(task.polls),
            Field::Busy => Some(task.busy_ns),
            Field::Scheduled => Some(task.scheduled_ns),
            Field::Wakes => Some(task.wakes),
            Field::Size => Some(task.size_bytes).filter(|size| *size > 0),
            Field::Holdings => Some(task.holdings.into()).filter(|_| !task.holdings_unknown),
            _ => None,
        }
    }
}

impl Subject for At<'_, v1::Holding> {
    fn texts(&self, field: Field) -> Texts<'_> {
        match field {
            Field::Holds => one(words::kind(self.0.kind())),
            Field::Label => one(&self.0.label),
            Field::Acquired => one(&self.0.site),
            Field::Accuracy => one(words::accuracy(self.0.accuracy())),
            _ => Vec::new(),
        }
    }

    fn number(&self, field: Field) -> Option<u64> {
        let is_known = field == Field::Age && !self.0.made_only;
        is_known.then(|| self.1.saturating_sub(self.0.acquired_ns))
    }
}

impl Subject for At<'_, v1::HeldRow> {
    fn texts(&self, field: Field) -> Texts<'_> {
        let (owner, held) = (self.0.owner.as_ref(), self.0.holding.as_ref());
        let owner = owner.filter(|owner| owner.id != 0);
        match field {
            Field::Name => owner.map(|owner| one(&owner.name)).unwrap_or_default(),
            Field::Loc => owner.map(|owner| one(&owner.location)).unwrap_or_default(),
            _ => held.map(|held| owned(&At(held, self.1), field)).unwrap_or_default(),
        }
    }

    fn number(&self, field: Field) -> Option<u64> {
        let owner = self.0.owner.as_ref().filter(|owner| owner.id != 0);
        match field {
            Field::Id => owner.map(|owner| owner.id),
            _ => At(self.0.holding.as_ref()?, self.1).number(field),
        }
    }
}

impl Subject for At<'_, v1::Leak> {
    fn texts(&self, field: Field) -> Texts<'_> {
        let At(leak, now) = *self;
        match field {
            Field::Verdict => one(words::verdict(leak.verdict())),
            Field::Accuracy => one(words::accuracy(leak.accuracy())),
            Field::Holds | Field::Label | Field::Acquired => {
                leak.holdings.iter().flat_map(|held| owned(&At(held, now), field)).collect()
            }
            _ => leak.task.as_ref().map(|task| owned(&At(task, now), field)).unwrap_or_default(),
        }
    }

    fn number(&self, field: Field) -> Option<u64> {
        let At(leak, now) = *self;
        match field {
            Field::Since => Some(leak.cleared_ns.unwrap_or(now).saturating_sub(leak.since_ns)),
            Field::Holdings => Some(leak.holdings.len() as u64),
            _ => At(leak.task.as_ref()?, now).number(field),
        }
    }
}

impl Subject for At<'_, v1::Event> {
    fn texts(&self, field: Field) -> Texts<'_> {
        let event = self.0;
        let is_verdict = event.verdict() != v1::Verdict::Unspecified;
        let is_held = event.holding() != v1::HoldingKind::Unspecified;
        match field {
            Field::Event => one(words::event(event.kind())),
            Field::Verdict if is_verdict => one(words::verdict(event.verdict())),
            Field::Holds if is_held => one(words::kind(event.holding())),
            Field::Name => event.task.as_ref().map(|task| one(&task.name)).unwrap_or_default(),
            Field::Loc | Field::Acquired => one(&event.site),
            Field::Label => one(&event.what),
            _ => Vec::new(),
        }
    }

    fn number(&self, field: Field) -> Option<u64> {
        match field {
            Field::Id => self.0.task.as_ref().map(|task| task.id),
            Field::Age => Some(self.1.saturating_sub(self.0.at_ns)),
            Field::Since => self.0.lasted_ns,
            _ => None,
        }
    }
}

/// The texts of what is within a row, which is not there for as long as the row.
fn owned(subject: &impl Subject, field: Field) -> Texts<'static> {
    subject.texts(field).into_iter().map(|text| Cow::Owned(text.into_owned())).collect()
}
