//! The Leaks screen: groups, worst first, and the detail of the selected one.

use std::time::Instant;

use holdover_proto::v1;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
    widgets::Paragraph,
};

use super::{detail, text};
use crate::{
    format::{count, span},
    model::Model,
    theme::Theme,
    words,
};

/// One a column, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Verdict,
    Count,
    Gap,
    Task,
    Holds,
    CancelledBy,
    Since,
    Goes,
}

const COLUMNS: [Column; 8] = [
    Column::Verdict,
    Column::Count,
    Column::Gap,
    Column::Task,
    Column::Holds,
    Column::CancelledBy,
    Column::Since,
    Column::Goes,
];

/// The mark of the selected row.
const MARK: u16 = 2;

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Verdict => "VERDICT",
            Self::Count => "N",
            Self::Gap => "",
            Self::Task => "TASK",
            Self::Holds => "HOLDS",
            Self::CancelledBy => "CANCELLED BY",
            Self::Since => "SINCE",
            Self::Goes => "GOES",
        }
    }

    fn is_right(self) -> bool {
        matches!(self, Self::Count | Self::Since | Self::Goes)
    }

    /// The columns it takes in a table so wide; TASK takes what is left.
    fn width(self, table: u16) -> u16 {
        let wide = table >= 120;
        let medium = table >= 80;
        match self {
            Self::Verdict => 14,
            Self::Count => {
                if wide {
                    5
                } else {
                    4
                }
            }
            Self::Gap => 2,
            Self::Holds if wide => 29,
            Self::Holds => {
                if medium {
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
            Self::Task => {
                let others = COLUMNS.iter().filter(|column| **column != Self::Task);
                let taken: u16 = others.map(|column| column.width(table)).sum();
                table.saturating_sub(taken + MARK)
            }
        }
    }
}

pub(super) fn render(model: &Model, theme: Theme, now: Instant, frame: &mut Frame<'_>, area: Rect) {
    let detail_height = match frame.area().height {
        0..20 => 0,
        20..32 => 6,
        _ => 15,
    };
    let rows = [Constraint::Length(1), Constraint::Fill(1), Constraint::Length(detail_height)];
    let [tabs, table, bottom] = Layout::vertical(rows).areas(area);
    render_tabs(model, theme, frame, tabs);
    if model.leaks.groups().is_empty() {
        no_leaks(model, theme, frame, table);
    } else {
        render_table(model, theme, now, frame, table);
        detail::render(model, theme, now, frame, bottom);
    }
}

fn render_tabs(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let line = Line::styled(format!(" [1 Leaks {}]", count(model.totals.leaks)), theme.bold());
    frame.render_widget(Paragraph::new(line), area);
    let right = Line::styled("by spawn site, worst first ", theme.dim()).right_aligned();
    frame.render_widget(Paragraph::new(right), area);
}

fn no_leaks(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let totals = &model.totals;
    let lines = vec![
        Line::default(),
        Line::styled("      No leaks.", theme.good()),
        Line::default(),
        Line::from(format!(
            "      {} of {} tasks were cancelled since the recording began; all of them ended and let go.",
            count(totals.tasks_cancelled),
            count(totals.tasks_spawned),
        )),
        Line::from(format!(
            "      {} are being cancelled now; {} leaks have cleared.",
            count(totals.cancelling),
            count(totals.cleared),
        )),
    ];
    frame.render_widget(Paragraph::new(lines), area);
}

fn render_table(model: &Model, theme: Theme, now: Instant, frame: &mut Frame<'_>, area: Rect) {
    let buffer = frame.buffer_mut();
    let mut x = area.x + MARK;
    for column in COLUMNS {
        let (at, columns) = ((x, area.y), column.width(area.width));
        x = if column.is_right() {
            text::cell_right(buffer, at, columns, column.title(), theme.dim(), theme)
        } else {
            text::cell(buffer, at, columns, column.title(), theme.dim(), theme)
        };
    }
    let selected = model.leaks.selected_index().unwrap_or(0);
    let shown = usize::from(area.height.saturating_sub(1));
    let first = (selected + 1).saturating_sub(shown);
    let target_now = model.clock.now(now);
    for (line, group) in model.leaks.groups().iter().enumerate().skip(first).take(shown) {
        let y = area.y + 1 + u16::try_from(line - first).unwrap_or(0);
        let row = Rect { y, height: 1, ..area };
        render_row(group, line == selected, target_now, theme, frame, row);
    }
}

fn render_row(
    group: &v1::LeakGroup,
    selected: bool,
    now: u64,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let buffer = frame.buffer_mut();
    let base = match (selected, group.cleared) {
        (true, _) => theme.selected(),
        (false, true) => theme.dim(),
        (false, false) => ratatui::style::Style::new(),
    };
    let mark = if selected { theme.glyphs.selected } else { "" };
    let mut x = text::cell(buffer, (area.x, area.y), MARK, mark, base, theme);
    let fallback = v1::Leak::default();
    let leak = group.worst.as_ref().unwrap_or(&fallback);
    for column in COLUMNS {
        let shown = cell_text(column, group, leak, now, theme);
        let columns = column.width(area.width);
        let style = match column {
            Column::CancelledBy if !selected => base.patch(theme.canceller()),
            Column::Goes if !selected && leak.goes_ns.is_some() => base.patch(theme.good()),
            _ => base,
        };
        let at = (x, area.y);
        x = if column.is_right() {
            text::cell_right(buffer, at, columns, &shown, style, theme)
        } else {
            text::cell(buffer, at, columns, &shown, style, theme)
        };
        if column == Column::Verdict {
            let badge = theme.badge(group.verdict(), group.cleared);
            let letter = if group.cleared { "." } else { words::letter(group.verdict()) };
            buffer.set_stringn(at.0, at.1, letter, 1, badge);
        }
    }
}

fn cell_text(
    column: Column,
    group: &v1::LeakGroup,
    leak: &v1::Leak,
    now: u64,
    theme: Theme,
) -> String {
    let task = leak.task.as_ref();
    match column {
        Column::Verdict if group.cleared => "  cleared".to_owned(),
        Column::Verdict => format!("  {}", words::verdict(group.verdict())),
        Column::Count => count(group.count.into()),
        Column::Gap => String::new(),
        Column::Task => {
            let name = task.map(text::task_name).unwrap_or_default();
            match (group.count, task) {
                (1, Some(task)) => format!("{name} #{}", task.id),
                _ => name,
            }
        }
        Column::Holds => text::holds(leak, theme),
        Column::CancelledBy => {
            let own = task.and_then(|task| task.cancel.as_ref());
            text::cancelled_by(leak.ancestor_cancel.as_ref().or(own))
        }
        Column::Since => {
            let until = leak.cleared_ns.unwrap_or(now);
            span(until.saturating_sub(leak.since_ns))
        }
        Column::Goes if group.cleared => "gone".to_owned(),
        Column::Goes => text::goes(group.goes_ns, now),
    }
}
