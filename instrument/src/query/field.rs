//! The fields of the filter language: one table, from which parsing, completion, help
//! and the docs are made.

use crate::words::{Accuracy, Cause, Kind, Outcome, Phase, State, TaskKind, Verdict};

/// How a field's values are written and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldType {
    /// One of a few names, in any case; `:` compares exactly.
    Enum(&'static [&'static str]),
    /// Text; `:` finds it anywhere, in any case, `~` is a regular expression.
    Text,
    /// A whole number.
    Number,
    /// A duration with its unit: `500ms`, `5s`, `2m`.
    Duration,
}

/// A field of the filter language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldInfo {
    /// As it is written.
    pub name: &'static str,
    /// How its values are written and compared.
    pub kind: FieldType,
    /// What it is, in a few words.
    pub meaning: &'static str,
}

macro_rules! fields {
    ($($variant:ident $name:literal $kind:expr, $meaning:literal;)+) => {
        /// A field, by number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Field {
            $(#[doc = $meaning] $variant,)+
        }

        /// Every field of the filter language, in the order in which they are listed.
        pub const FIELDS: &[FieldInfo] = &[
            $(FieldInfo { name: $name, kind: $kind, meaning: $meaning },)+
        ];

        impl Field {
            const ALL: &[Self] = &[$(Self::$variant,)+];
        }
    };
}

/// Those that are given here, and what the console gives where a target cannot judge.
const VERDICTS: FieldType = FieldType::Enum(&{
    let [a, b, c, d, e] = *Verdict::NAMES else { panic!("a verdict has no name here") };
    [a, b, c, d, e, "lost-waker"]
});
const ACCURACIES: FieldType = FieldType::Enum(Accuracy::NAMES);
const KINDS: FieldType = FieldType::Enum(TaskKind::NAMES);
const STATES: FieldType = FieldType::Enum(State::NAMES);
const OUTCOMES: FieldType = FieldType::Enum(Outcome::NAMES);
const CAUSES: FieldType = FieldType::Enum(Cause::NAMES);
const HELD: FieldType = FieldType::Enum(Kind::NAMES);
const PHASES: FieldType = FieldType::Enum(Phase::NAMES);
const EVENTS: FieldType = FieldType::Enum(&[
    "spawned",
    "requested",
    "delivered",
    "ended",
    "acquired",
    "released",
    "fired",
    "given",
    "cleared",
]);

fields! {
    Verdict "verdict" VERDICTS, "why the task is reported";
    Accuracy "accuracy" ACCURACIES, "seen by a shim, or deduced from tokio's spans";
    Since "since" FieldType::Duration, "how long the verdict's condition has held";
    Name "name" FieldType::Text, "the task's name, else its future's type";
    Id "id" FieldType::Number, "the task's id";
    TokioId "tokio_id" FieldType::Number, "tokio's id of the task";
    Kind "kind" KINDS, "what kind of task";
    State "state" STATES, "what the task is doing";
    Outcome "outcome" OUTCOMES, "how the task ended";
    Loc "loc" FieldType::Text, "where the task was spawned";
    Cause "cause" CAUSES, "what asked the task to stop";
    Canceller "canceller" FieldType::Text, "the task that asked";
    Site "site" FieldType::Text, "where it asked";
    Reason "reason" FieldType::Text, "the reason it gave";
    Path "path" FieldType::Text, "the token's hops";
    Latency "latency" FieldType::Duration, "from request to end";
    Drop "drop" FieldType::Duration, "how long dropping the future took";
    PollsSince "polls_since" FieldType::Number, "polls begun after the request";
    Holds "holds" HELD, "what kind of thing is held";
    Label "label" FieldType::Text, "which one is held";
    Phase "phase" PHASES, "when it was acquired, seen from the request";
    Acquired "acquired_at" FieldType::Text, "where it was acquired";
    Age "age" FieldType::Duration, "since the task was spawned, or the thing acquired";
    Polls "polls" FieldType::Number, "how often it was polled";
    Busy "busy" FieldType::Duration, "time spent in polls";
    Scheduled "scheduled" FieldType::Duration, "time between wakes and polls";
    Wakes "wakes" FieldType::Number, "how often it was woken";
    Size "size" FieldType::Number, "its future's bytes";
    Holdings "holdings" FieldType::Number, "how many things it holds";
    Bytes "bytes" FieldType::Number, "how many bytes are kept";
    Children "children" FieldType::Number, "how many tasks it spawned that live";
    Runtime "runtime" FieldType::Number, "the runtime that polls it, from 1";
    Goes "goes" FieldType::Duration, "until it goes by itself, where that is known";
    Event "event" EVENTS, "what happened";
}

impl Field {
    pub(crate) fn find(name: &str) -> Option<Self> {
        let at = FIELDS.iter().position(|field| field.name == name)?;
        Self::ALL.get(at).copied()
    }

    /// It has no text.
    pub(super) fn is_number(self) -> bool {
        matches!(self.info().kind, FieldType::Number | FieldType::Duration)
    }

    pub(crate) fn info(self) -> &'static FieldInfo {
        &FIELDS[self as usize]
    }
}
