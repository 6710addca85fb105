//! Tasks in tokio-console's words. Nothing but this and what is beside it knows them.

use std::{fmt::Write, sync::Arc, time::Duration};

use holdover_proto::tokio_console as wire;

use crate::{
    recorder::{
        Recorder,
        clock::Nanos,
        holding::{HoldingFacts, HoldingFlag},
        table::SiteId,
        task::TaskFacts,
    },
    store::{CancelStory, Held, Row, cancel_story},
    words::{Kind, Outcome, TaskKind},
};

/// Of what a cancelled task holds so many are named.
const NAMED: usize = 4;

/// Tells the time as people do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wall(Duration);

impl Wall {
    pub(super) fn new(recorder: &Recorder) -> Self {
        Self(recorder.clock.wall_anchor())
    }

    pub(super) fn at(self, at: Nanos) -> wire::Timestamp {
        let at = duration(self.0.saturating_add(Duration::from_nanos(at)));
        wire::Timestamp { seconds: at.seconds, nanos: at.nanos }
    }
}

pub(super) fn duration(duration: Duration) -> wire::Duration {
    wire::Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: duration.subsec_nanos().cast_signed(),
    }
}

/// What all tasks have in common, and all of anything else.
#[derive(Clone, Copy, Debug)]
pub(super) enum Common {
    Task = 1,
    Blocking,
    Resource,
    Operation,
    PollOp,
}

impl Common {
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::Task, "runtime.spawn", "tokio::task"),
        (Self::Blocking, "runtime.spawn", "tokio::task::blocking"),
        (Self::Resource, "runtime.resource", "holdover"),
        (Self::Operation, "runtime.resource.async_op", "holdover"),
        (Self::PollOp, "poll", "holdover"),
    ];

    fn kind(self) -> wire::metadata::Kind {
        match self {
            Self::PollOp => wire::metadata::Kind::Event,
            _ => wire::metadata::Kind::Span,
        }
    }

    pub(super) fn id(self) -> wire::Id {
        id(self as u64)
    }
}

pub(super) fn metadata() -> wire::RegisterMetadata {
    let one = |(common, name, target): (Common, &str, &str)| wire::NewMetadata {
        id: Some(common.id()),
        metadata: Some(wire::Metadata {
            name: name.to_owned(),
            target: target.to_owned(),
            kind: common.kind().into(),
            level: wire::metadata::Level::Trace.into(),
            ..wire::Metadata::default()
        }),
    };
    wire::RegisterMetadata { metadata: Common::ALL.map(one).into() }
}

pub(super) fn id(id: u64) -> wire::Id {
    wire::Id { id }
}

pub(super) fn location(site: SiteId) -> Option<wire::Location> {
    let place = site.place()?;
    Some(wire::Location {
        file: Some(escaped(&place.file)),
        module_path: None,
        line: Some(place.line),
        column: Some(place.column),
    })
}

/// Names come from the service: none of their characters is to command a terminal.
pub(super) fn escaped(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    let one = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(one).collect()
}

use wire::field::{Name, Value};

pub(super) fn text(name: &str, text: &str) -> wire::Field {
    field(name, Value::StrVal(escaped(text)))
}

pub(super) fn number(name: &str, number: u64) -> wire::Field {
    field(name, Value::U64Val(number))
}

/// A word, printed without quotation marks.
fn word(name: &str, word: &str) -> wire::Field {
    field(name, Value::DebugVal(word.to_owned()))
}

fn field(name: &str, value: Value) -> wire::Field {
    wire::Field {
        name: Some(Name::StrName(name.to_owned())),
        value: Some(value),
        metadata_id: None,
    }
}

pub(super) fn attribute(name: &str, value: u64, unit: Option<&str>) -> wire::Attribute {
    let unit = unit.map(str::to_owned);
    wire::Attribute { field: Some(number(name, value)), unit }
}

pub(super) fn mark(name: &str) -> wire::Attribute {
    wire::Attribute { field: Some(field(name, Value::BoolVal(true))), unit: None }
}

/// What is held, or waited for.
pub(super) fn resource(its_id: u64, facts: &HoldingFacts) -> wire::Resource {
    use wire::resource::kind::{Kind as Which, Known};

    let kind = match facts.kind {
        Kind::Timer => Which::Known(Known::Timer.into()),
        other => Which::Other(other.name().to_owned()),
    };
    wire::Resource {
        id: Some(id(its_id)),
        metadata: Some(Common::Resource.id()),
        concrete_type: shown_label(facts),
        kind: Some(wire::resource::Kind { kind: Some(kind) }),
        location: location(facts.site),
        parent_resource_id: None,
        is_internal: false,
    }
}

pub(super) fn operation(its_id: u64, resource: wire::Id, facts: &HoldingFacts) -> wire::AsyncOp {
    let what = if facts.has(HoldingFlag::Blocked) { "waits for" } else { "holds" };
    wire::AsyncOp {
        id: Some(id(its_id)),
        metadata: Some(Common::Operation.id()),
        source: format!("{what} {}", shown_label(facts)),
        parent_async_op_id: None,
        resource_id: Some(resource),
    }
}

fn shown_label(facts: &HoldingFacts) -> String {
    let label = facts.label.text();
    if label.is_empty() { facts.kind.name().to_owned() } else { escaped(&label) }
}

/// Of a timer, how long it takes.
pub(super) fn duration_attribute(duration: Nanos) -> wire::Attribute {
    attribute("duration", duration.saturating_add(500_000) / 1_000_000, Some("ms"))
}

/// A task and how it was cancelled, if it was. `spawner` is that one's id.
pub(super) fn task(
    recorder: &Recorder,
    facts: &TaskFacts,
    spawner: Option<u64>,
    rows: &[Arc<Row>],
) -> wire::Task {
    let is_blocking = facts.kind == TaskKind::Blocking;
    let (common, kind) = if is_blocking {
        (Common::Blocking, wire::task::Kind::Blocking)
    } else {
        (Common::Task, wire::task::Kind::Spawn)
    };
    wire::Task {
        id: Some(id(facts.id)),
        metadata: Some(common.id()),
        kind: kind.into(),
        fields: fields(recorder, facts, rows),
        parents: spawner.map(id).into_iter().collect(),
        location: location(facts.site),
    }
}

fn fields(recorder: &Recorder, facts: &TaskFacts, rows: &[Arc<Row>]) -> Vec<wire::Field> {
    let mut fields = vec![word("kind", facts.kind.name())];
    let name = facts.name.text();
    if !name.is_empty() {
        // Its own column prints what it is given.
        fields.push(field("task.name", Value::DebugVal(escaped(&name))));
    }
    fields.extend(facts.tokio_id.map(|id| number("task.id", id)));
    fields.extend(sizes(facts));
    if let Some(outcome) = facts.outcome.filter(|outcome| *outcome != Outcome::Completed) {
        fields.push(word("outcome", outcome.name()));
    }
    if facts.ended_by_cancellation() {
        fields.push(field("cancelled", Value::BoolVal(true)));
    }
    if let Some(story) = cancel_story(recorder, facts) {
        fields.extend(told_of_the_cancel(&story));
    }
    fields.extend(rows.iter().map(|row| word("verdict", row.verdict.name())));
    fields.extend(holdings(facts, rows).map(|holdings| word("holdings", &holdings)));
    fields
}

/// Of a future that tokio has put into a box, the box's, and what it was.
fn sizes(facts: &TaskFacts) -> Vec<wire::Field> {
    let whole = u64::from(facts.size);
    let boxed = Some(u64::from(facts.cell)).filter(|cell| (1..whole).contains(cell));
    let mut sizes = Vec::new();
    if whole > 0 {
        sizes.push(number("size.bytes", boxed.unwrap_or(whole)));
    }
    sizes.extend(boxed.map(|_| number("original_size.bytes", whole)));
    sizes
}

fn told_of_the_cancel(story: &CancelStory) -> Vec<wire::Field> {
    let mut fields = vec![word("cancel.cause", story.cause.name())];
    fields.extend(story.canceller.as_ref().map(|who| text("cancel.by", &who.shown())));
    fields.extend(story.site.as_ref().map(|site| text("cancel.site", site)));
    fields.extend(story.reason.as_ref().map(|reason| text("cancel.reason", reason)));
    fields
}

/// What a cancelled task still holds: in words once that is a verdict, before that counted.
fn holdings(facts: &TaskFacts, rows: &[Arc<Row>]) -> Option<String> {
    let held: Vec<&Held> = rows.iter().flat_map(|row| &row.holdings).collect();
    if held.is_empty() {
        let counted = facts.ended_by_cancellation() && facts.holdings > 0;
        return counted.then(|| facts.holdings.to_string());
    }
    let named: Vec<String> = held.iter().take(NAMED).map(|held| in_words(held)).collect();
    let mut text = named.join(", ");
    if let Some(more) = held.len().checked_sub(NAMED).filter(|more| *more > 0) {
        let _ = write!(text, " and {more} more");
    }
    Some(text)
}

fn in_words(held: &Held) -> String {
    let mut text = held.kind.name().to_owned();
    for part in [&held.label, &held.site] {
        if !part.is_empty() {
            let _ = write!(text, " {}", escaped(part));
        }
    }
    text
}
