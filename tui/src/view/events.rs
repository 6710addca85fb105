//! The Events screen: what happens, newest first; gaps are said.

use holdover_proto::v1;
use ratatui::{Frame, layout::Rect, style::Style, widgets::Paragraph};

use super::{
    Scene,
    table::{Cell, Column, Table},
};
use crate::{
    format::{place, safe, span},
    theme::Theme,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EventColumn {
    Ago,
    Gap,
    Event,
    Task,
    What,
    Place,
}

impl Column<v1::Event> for EventColumn {
    const ALL: &'static [Self] =
        &[Self::Ago, Self::Gap, Self::Event, Self::Task, Self::What, Self::Place];

    fn title(self) -> &'static str {
        match self {
            Self::Ago => "AGO",
            Self::Gap => "",
            Self::Event => "EVENT",
            Self::Task => "TASK",
            Self::What => "WHAT",
            Self::Place => "WHERE",
        }
    }

    fn width(self, table: u16) -> Option<u16> {
        let wide = table >= 100;
        Some(match self {
            Self::Ago => 7,
            Self::Gap => 2,
            Self::Event => 17,
            Self::Task => {
                if wide {
                    30
                } else {
                    22
                }
            }
            Self::What => return None,
            Self::Place => {
                if wide {
                    30
                } else {
                    0
                }
            }
        })
    }

    fn is_right(self) -> bool {
        self == Self::Ago
    }
}

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let Scene { model, theme, now } = scene;
    if model.events.rows().is_empty() {
        let text = match (model.is_answered(), model.filter()) {
            (false, _) => "",
            (true, "") => "Nothing has happened yet.",
            (true, _) => "None that match.",
        };
        frame.render_widget(Paragraph::new(format!("\n      {text}")), area);
        return;
    }
    let target_now = model.target_now(now);
    let table = Table { rows: model.events.rows(), selected: model.events.selected_index(), theme };
    table.render(
        frame.buffer_mut(),
        area,
        |column, event| cell(column, event, target_now, theme),
        |_| Style::new(),
    );
}

fn cell(column: EventColumn, event: &v1::Event, now: u64, theme: Theme) -> Cell {
    match column {
        EventColumn::Ago => span(now.saturating_sub(event.at_ns)).into(),
        EventColumn::Gap => String::new().into(),
        EventColumn::Event => Cell::styled(word(event.kind()).to_owned(), style(event, theme)),
        EventColumn::Task => {
            let task = event.task.as_ref();
            let text = task.map(|task| format!("{} #{}", safe(&task.name), task.id));
            // The number tells it from another.
            Cell::place(text.unwrap_or_default())
        }
        EventColumn::What => what(event).into(),
        EventColumn::Place => Cell::place(safe(&place(&event.site)).into_owned()),
    }
}

/// What happened, in a word or two.
pub(super) fn word(kind: v1::EventKind) -> &'static str {
    match kind {
        v1::EventKind::Spawned => "spawned",
        v1::EventKind::CancelRequested => "CANCEL REQUESTED",
        v1::EventKind::Delivered => "delivered",
        v1::EventKind::Ended => "ended",
        v1::EventKind::Acquired => "acquired",
        v1::EventKind::Released => "released",
        v1::EventKind::Given => "GIVEN",
        v1::EventKind::Cleared => "cleared",
        v1::EventKind::Fired => "fired",
        v1::EventKind::Unspecified => "?",
    }
}

pub(super) fn what(event: &v1::Event) -> String {
    let what = safe(&event.what);
    let verdict = match event.verdict() {
        v1::Verdict::Unspecified => String::new(),
        verdict => format!("{} ", crate::words::verdict(verdict)),
    };
    let told = format!("{verdict}{what}");
    let told = told.trim_end();
    match event.lasted_ns {
        Some(lasted) => format!("{told}, after {}", span(lasted)),
        None => told.to_owned(),
    }
}

pub(super) fn style(event: &v1::Event, theme: Theme) -> Style {
    match event.kind() {
        v1::EventKind::CancelRequested | v1::EventKind::Given => theme.bad(),
        v1::EventKind::Cleared => theme.good(),
        _ => Style::new(),
    }
}
