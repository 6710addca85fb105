//! The Leaks screen: groups, worst first, and the detail of the selected one.

use holdover_proto::v1;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::Line,
    widgets::Paragraph,
};

use super::{
    Scene, detail,
    table::{Cell, Column, Table},
    text,
};
use crate::{
    format::{count, span},
    model::Model,
    theme::Theme,
    words,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LeakColumn {
    Badge,
    Verdict,
    Count,
    Gap,
    Task,
    Holds,
    CancelledBy,
    Since,
    Goes,
}

impl Column<v1::LeakGroup> for LeakColumn {
    const ALL: &'static [Self] = &[
        Self::Badge,
        Self::Verdict,
        Self::Count,
        Self::Gap,
        Self::Task,
        Self::Holds,
        Self::CancelledBy,
        Self::Since,
        Self::Goes,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Badge => "V",
            Self::Verdict => "ERDICT",
            Self::Count => "N",
            Self::Gap => "",
            Self::Task => "TASK",
            Self::Holds => "HOLDS",
            Self::CancelledBy => "CANCELLED BY",
            Self::Since => "SINCE",
            Self::Goes => "GOES",
        }
    }

    fn width(self, table: u16) -> Option<u16> {
        let wide = table >= 120;
        let medium = table >= 80;
        Some(match self {
            Self::Badge => 1,
            Self::Verdict => 14,
            Self::Count => {
                if wide {
                    5
                } else {
                    4
                }
            }
            Self::Gap => 2,
            Self::Task => return None,
            Self::Holds => {
                if wide {
                    29
                } else if medium {
                    20
                } else {
                    0
                }
            }
            Self::CancelledBy => {
                if wide {
                    19
                } else {
                    0
                }
            }
            Self::Since => {
                if wide {
                    7
                } else {
                    6
                }
            }
            Self::Goes => 7,
        })
    }

    fn is_right(self) -> bool {
        matches!(self, Self::Count | Self::Since | Self::Goes)
    }
}

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let Scene { model, theme, now } = scene;
    let detail_height = match frame.area().height {
        0..20 => 0,
        20..32 => 6,
        _ => 15,
    };
    let rows = [Constraint::Fill(1), Constraint::Length(detail_height)];
    let [top, bottom] = Layout::vertical(rows).areas(area);
    if let Some(refused) = &model.refused {
        let line = format!("      {}", crate::format::safe(refused));
        frame.render_widget(Paragraph::new(line), top);
    } else if model.leaks.rows().is_empty() {
        no_leaks(model, theme, frame, top);
    } else {
        let target_now = model.target_now(now);
        let rows = model.leaks.rows();
        let table = Table { rows, selected: model.leaks.selected_index(), theme };
        table.render(
            frame.buffer_mut(),
            top,
            |column, group| cell(column, group, target_now, theme),
            |group| if group.cleared { theme.dim() } else { Style::new() },
        );
        detail::render(scene, frame, bottom);
    }
}

/// Never alone: it says what it speaks for.
fn no_leaks(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let totals = &model.totals;
    let mut lines = vec![Line::default()];
    if model.filter().is_empty() && totals.leaks + totals.orphaned == 0 {
        lines.push(Line::styled("      No leaks.", theme.good()));
    } else {
        let leaks = count(totals.leaks + totals.orphaned);
        lines.push(Line::from(format!("      None that match; there are {leaks} in all.")));
    }
    lines.push(Line::default());
    lines.push(Line::from(format!(
        "      {} of {} tasks were cancelled since the recording began.",
        count(totals.tasks_cancelled),
        count(totals.tasks_spawned),
    )));
    lines.push(Line::from(format!(
        "      {} are being cancelled now; {} leaks have cleared: c shows them.",
        count(totals.cancelling),
        count(totals.cleared),
    )));
    if totals.slowest_cancel_ns > 0 {
        lines.push(Line::from(format!(
            "      The slowest took {} from request to end.",
            span(totals.slowest_cancel_ns)
        )));
    }
    if let Some(blind) = model.blindness().first() {
        lines.push(Line::default());
        let sentence = crate::format::safe(&blind.sentence);
        lines.push(Line::styled(format!("      ! {sentence}"), theme.late()));
        lines.push(Line::from("      \"No leaks\" speaks only for what is seen.   ! says more"));
    }
    frame.render_widget(Paragraph::new(lines).wrap(ratatui::widgets::Wrap { trim: false }), area);
}

fn cell(column: LeakColumn, group: &v1::LeakGroup, now: u64, theme: Theme) -> Cell {
    let fallback = v1::Leak::default();
    let leak = group.worst.as_ref().unwrap_or(&fallback);
    let task = leak.task.as_ref();
    let styled = |text: String, style: Style| Cell { text, style };
    match column {
        LeakColumn::Badge => {
            let letter = if group.cleared { "." } else { words::letter(group.verdict()) };
            styled(letter.to_owned(), theme.badge(group.verdict(), group.cleared))
        }
        LeakColumn::Verdict if group.cleared => " cleared".to_owned().into(),
        LeakColumn::Verdict => format!(" {}", words::verdict(group.verdict())).into(),
        LeakColumn::Count => count(group.count.into()).into(),
        LeakColumn::Gap => String::new().into(),
        LeakColumn::Task => {
            let name = task.map(text::task_name).unwrap_or_default();
            match (group.count, task, &leak.ancestor) {
                (1, Some(task), Some(above)) => {
                    let above = crate::format::safe(&above.name);
                    format!("{name} #{} {} {above}", task.id, theme.glyphs.from).into()
                }
                (1, Some(task), None) => format!("{name} #{}", task.id).into(),
                _ => name.into(),
            }
        }
        LeakColumn::Holds => text::holds(leak, theme).into(),
        LeakColumn::CancelledBy => {
            let own = task.and_then(|task| task.cancel.as_ref());
            let by = text::cancelled_by(leak.ancestor_cancel.as_ref().or(own));
            styled(by, theme.canceller())
        }
        LeakColumn::Since => {
            let since = leak.cleared_ns.unwrap_or(now).saturating_sub(leak.since_ns);
            let old = since > 60_000_000_000;
            styled(span(since), if old { theme.bold() } else { Style::new() })
        }
        LeakColumn::Goes if group.cleared => "gone".to_owned().into(),
        LeakColumn::Goes => {
            let style = if group.goes_ns.is_some() { theme.good() } else { theme.dim() };
            styled(text::goes(group.goes_ns, now), style)
        }
    }
}
