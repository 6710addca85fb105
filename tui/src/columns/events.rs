//! The columns of Events. They come in the order in which they happened, and in no other.

use holdover_proto::v1;

use super::{
    Column, Field,
    term::{both, says},
};
use crate::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventColumn {
    Ago,
    Event,
    Task,
    What,
    Place,
}

impl Column<v1::Event> for EventColumn {
    const ALL: &'static [Self] = &[Self::Ago, Self::Event, Self::Task, Self::What, Self::Place];

    fn title(self) -> &'static str {
        match self {
            Self::Ago => "AGO",
            Self::Event => "EVENT",
            Self::Task => "TASK",
            Self::What => "WHAT",
            Self::Place => "WHERE",
        }
    }

    fn width(self, table: u16) -> Option<u16> {
        let extra = table.saturating_sub(120) / 3;
        Some(match self {
            Self::Ago => 7,
            Self::Event => 17,
            Self::Task if table < 100 => 22,
            Self::Place if table < 100 => 0,
            Self::Task | Self::Place => 30 + extra,
            Self::What => return None,
        })
    }

    fn is_right(self) -> bool {
        self == Self::Ago
    }

    fn field(self) -> Option<Field> {
        None
    }

    fn term(self, event: &v1::Event) -> Option<String> {
        match self {
            Self::Event => says("event", words::event(event.kind())),
            Self::Task => {
                let task = event.task.as_ref()?;
                says("name", &task.name).or_else(|| says("id", &task.id.to_string()))
            }
            Self::What => {
                let verdict = match event.verdict() {
                    v1::Verdict::Unspecified => None,
                    verdict => says("verdict", words::verdict(verdict)),
                };
                both(verdict, says("label", &event.what))
            }
            Self::Place => says("loc", &event.site),
            Self::Ago => None,
        }
    }
}
