//! What a filter and a sort see of a row of the wire, field by field, as its target does.

use std::borrow::Cow;

use holdover::filtering::{Field, Subject};
use holdover_proto::v1;

use crate::{asked, words};

/// A row at a moment of its target's time: ages depend on it.
pub(crate) struct At<'a, T>(pub(crate) &'a T, pub(crate) u64);

pub(crate) type Texts<'a> = Vec<Cow<'a, str>>;

pub(crate) fn one(text: &str) -> Texts<'_> {
    if text.is_empty() { Vec::new() } else { vec![text.into()] }
}

impl Subject for At<'_, v1::Leak> {
    fn texts(&self, field: Field) -> Texts<'_> {
        let leak = self.0;
        let of_holdings = |text: fn(&v1::Holding) -> &str| {
            leak.holdings.iter().map(|held| text(held).into()).collect()
        };
        match field {
            Field::Verdict => one(words::verdict(leak.verdict())),
            Field::Accuracy => one(words::accuracy(leak.accuracy())),
            Field::Holds => of_holdings(|held| words::kind(held.kind())),
            Field::Label => of_holdings(|held| &held.label),
            Field::Acquired => of_holdings(|held| &held.site),
            _ => match (of_cancel(asked::of_leak(leak), field), leak.task.as_ref()) {
                (Some(texts), _) => texts,
                (None, Some(task)) => of_task(task, field),
                (None, None) => Vec::new(),
            },
        }
    }

    fn number(&self, field: Field) -> Option<u64> {
        let At(leak, now) = *self;
        match field {
            Field::Since => Some(leak.cleared_ns.unwrap_or(now).saturating_sub(leak.since_ns)),
            Field::Goes => leak.goes_ns.map(|at| at.saturating_sub(now)),
            Field::Holdings => Some(leak.holdings_total.into()),
            _ => At(leak.task.as_ref()?, now).number(field),
        }
    }
}

impl Subject for At<'_, v1::TaskGroup> {
    fn texts(&self, field: Field) -> Texts<'_> {
        if field == Field::Loc { vec![self.0.location.as_str().into()] } else { Vec::new() }
    }

    fn number(&self, _: Field) -> Option<u64> {
        None
    }
}

impl Subject for At<'_, v1::Task> {
    fn texts(&self, field: Field) -> Texts<'_> {
        let task = self.0;
        of_cancel(task.cancel.as_ref(), field).unwrap_or_else(|| of_task(task, field))
    }

    fn number(&self, field: Field) -> Option<u64> {
        let At(task, now) = *self;
        let cancel = task.cancel.as_ref();
        match field {
            Field::Latency => cancel?.latency_ns,
            Field::Drop => cancel?.drop_ns,
            Field::PollsSince => Some(cancel?.polls_since),
            Field::Id => Some(task.id),
            Field::TokioId => task.tokio_id,
            Field::Age => Some(task.ended_ns.unwrap_or(now).saturating_sub(task.spawned_ns)),
            Field::Polls => Some(task.polls),
            Field::Busy => Some(task.busy_ns),
            Field::Scheduled => Some(task.scheduled_ns),
            Field::Wakes => Some(task.wakes),
            Field::Size => Some(task.size_bytes),
            Field::Holdings => Some(task.holdings.into()).filter(|_| !task.holdings_unknown),
            Field::Children => Some(task.children.into()),
            Field::Runtime => Some(task.runtime.into()).filter(|runtime| *runtime != 0),
            _ => None,
        }
    }
}

fn of_task(task: &v1::Task, field: Field) -> Texts<'_> {
    match field {
        Field::Name => [one(&task.name), one(&task.type_name)].concat(),
        Field::Loc => one(&task.location),
        Field::Kind => one(words::task_kind(task.kind())),
        Field::State => one(words::state(task.state())),
        Field::Accuracy => one(words::accuracy(task.accuracy())),
        Field::Outcome => words::outcome(task.outcome()).map(one).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// `None` for fields that are not a cancel's.
fn of_cancel(cancel: Option<&v1::Cancel>, field: Field) -> Option<Texts<'_>> {
    let text: fn(&v1::Cancel) -> Option<&str> = match field {
        Field::Cause => |it| Some(words::cause(it.cause())),
        Field::Canceller => |it| it.canceller.as_ref().map(|who| who.name.as_str()),
        Field::Site => |it| it.site.as_deref(),
        Field::Reason => |it| it.reason.as_deref(),
        Field::Path => |it| it.path.first().map(String::as_str),
        _ => return None,
    };
    Some(cancel.and_then(text).map(one).unwrap_or_default())
}

impl Subject for At<'_, v1::HeldRow> {
    fn texts(&self, field: Field) -> Texts<'_> {
        let (owner, held) = (owner(self.0), self.0.holding.as_ref());
        match field {
            Field::Name => owner.map(|it| one(&it.name)).unwrap_or_default(),
            Field::Loc => owner.map(|it| one(&it.location)).unwrap_or_default(),
            Field::Holds => held.map(|it| one(words::kind(it.kind()))).unwrap_or_default(),
            Field::Label => held.map(|it| one(&it.label)).unwrap_or_default(),
            Field::Acquired => held.map(|it| one(&it.site)).unwrap_or_default(),
            Field::Accuracy => {
                held.map(|it| one(words::accuracy(it.accuracy()))).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    fn number(&self, field: Field) -> Option<u64> {
        let At(row, now) = *self;
        let held = row.holding.as_ref()?;
        match field {
            Field::Id => owner(row).map(|owner| owner.id),
            Field::Age if held.made_only => None,
            Field::Age => Some(now.saturating_sub(held.acquired_ns)),
            Field::Goes => held.due_ns.map(|at| at.saturating_sub(now)),
            Field::Size | Field::Bytes => Some(held.bytes),
            _ => None,
        }
    }
}

/// `None` where somebody has it of whom nothing is told.
fn owner(row: &v1::HeldRow) -> Option<&v1::TaskRef> {
    row.owner.as_ref().filter(|owner| owner.id != 0)
}

impl Subject for At<'_, v1::Pool> {
    fn texts(&self, field: Field) -> Texts<'_> {
        if field == Field::Label { one(&self.0.name) } else { Vec::new() }
    }

    fn number(&self, field: Field) -> Option<u64> {
        (field == Field::Holdings).then_some(self.0.connections_total)
    }
}
