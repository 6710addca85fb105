//! A tree of tasks: each beneath the one that spawned it, with lines that lead there.

use std::fmt::Write;

use holdover_proto::v1;
use ratatui::{Frame, layout::Rect, style::Style, text::Line, widgets::Paragraph};

use super::{
    Scene,
    table::{Cell, Table},
    tasks, text,
};
use crate::{
    columns::{TaskColumn, TreeColumn},
    format::count,
    model::Rows,
    names,
    theme::Theme,
    words,
};

/// Of what stands deeper the first lines are left out, so that its name has room.
const DEEPEST: u32 = 8;

const NONE: &str = "Nothing that a tree would show.";
const UNTOLD: &str = "tokio-console's protocol does not tell which task spawned which.";
/// The rows are there, and none is of a task.
const NOBODYS: &str =
    "What is listed here is of no task, and a tree is of tasks: t leads back to the list.";

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Option<Rows> {
    let Scene { model, theme, now } = scene;
    if model.branches.rows().is_empty() {
        if model.is_answered() && model.branches.matched > 0 {
            let lines = text::indented(NOBODYS, 6, area.width);
            frame.render_widget(Paragraph::new([vec![Line::default()], lines].concat()), area);
        } else {
            let is_told = !model.is_tokio_console();
            super::none(scene, if is_told { NONE } else { UNTOLD }, frame, area);
        }
        return None;
    }
    let table = Table { scene, list: &model.branches, placement: model.placement(area.width) };
    Some(table.render(
        frame.buffer_mut(),
        area,
        |column, branch| cell(column, branch, model.time_of(branch.target, now), theme),
        |branch| if branch.matched { Style::new() } else { theme.dim() },
    ))
}

pub(super) fn cell(column: TreeColumn, branch: &v1::Branch, now: u64, theme: Theme) -> Cell {
    let none = v1::Task::default();
    let task = branch.task.as_ref().unwrap_or(&none);
    let worst = branch.verdicts.first().and_then(|it| v1::Verdict::try_from(*it).ok());
    match column {
        TreeColumn::Verdict => {
            let Some(worst) = worst else { return String::new().into() };
            let word = words::verdict(worst);
            let text = match branch.verdicts.len() {
                1 => word.to_owned(),
                many => format!("{word} +{}", many - 1),
            };
            Cell::badged(words::letter(worst), theme.badge(worst, false), &text)
        }
        TreeColumn::Task => {
            let style = if branch.cancelled { theme.bad() } else { Style::new() };
            Cell::styled(named(branch, task, theme), style)
        }
        TreeColumn::State => state(branch, task, now, theme),
        TreeColumn::Location => tasks::cell(TaskColumn::Location, task, now, theme),
        TreeColumn::Holds => tasks::cell(TaskColumn::Holds, task, now, theme),
        TreeColumn::Age => tasks::cell(TaskColumn::Age, task, now, theme),
    }
}

/// `│ └─× [+12] create_order #7342`.
fn named(branch: &v1::Branch, task: &v1::Task, theme: Theme) -> String {
    let mut text = lines(branch, theme);
    if branch.cancelled {
        text.push_str(theme.glyphs.times);
        text.push(' ');
    }
    if branch.hidden > 0 {
        let _ = write!(text, "[+{}] ", count(branch.hidden));
    }
    text.push_str(&names::numbered(task));
    text
}

/// What leads to it from those above.
fn lines(branch: &v1::Branch, theme: Theme) -> String {
    let glyphs = theme.glyphs;
    if branch.depth == 0 {
        return String::new();
    }
    let first = branch.depth.saturating_sub(DEEPEST).max(1);
    let mut text = if first > 1 { format!("{} ", glyphs.more) } else { String::new() };
    for depth in first..branch.depth {
        let goes_on = branch.lines.checked_shr(depth).is_some_and(|lines| lines & 1 == 1);
        text.push_str(if goes_on { glyphs.margin } else { " " });
        text.push(' ');
    }
    text.push_str(if branch.goes_on { glyphs.branch } else { glyphs.last_branch });
    text
}

/// What a live task does below one that was cancelled is worth a look.
fn state(branch: &v1::Branch, task: &v1::Task, now: u64, theme: Theme) -> Cell {
    let cell = tasks::cell(TaskColumn::State, task, now, theme);
    if branch.below_cancelled && !branch.cancelled && task.ended_ns.is_none() {
        let text = format!("{}, below {}", cell.text, theme.glyphs.times);
        return Cell::styled(text, theme.late());
    }
    cell
}
