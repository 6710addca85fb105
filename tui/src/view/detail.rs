//! The detail of the selected group: what, who, where, until, which tasks.

use std::time::Instant;

use holdover_proto::v1;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::text;
use crate::{
    format::{safe, span, width},
    model::Model,
    theme::Theme,
    words,
};

pub(super) fn render(model: &Model, theme: Theme, now: Instant, frame: &mut Frame<'_>, area: Rect) {
    let Some(group) = model.leaks.selected() else { return };
    let Some(leak) = group.worst.as_ref() else { return };
    let now = model.clock.now(now);
    let mut lines = vec![bar(&title(group, leak), area.width, theme)];
    for (name, text) in story(group, leak, now, theme) {
        lines.push(Line::from(vec![
            Span::styled(format!("  {name:<8}"), theme.dim()),
            Span::raw(text),
        ]));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// `── title ─────────`: sections are bars and not boxes.
fn bar(title: &str, columns: u16, theme: Theme) -> Line<'static> {
    let line = theme.glyphs.line;
    let used = width(title) + 4;
    let rest = usize::from(columns).saturating_sub(used);
    Line::from(vec![
        Span::styled(line.repeat(2), theme.dim()),
        Span::styled(format!(" {title} "), theme.bold()),
        Span::styled(line.repeat(rest), theme.dim()),
    ])
}

fn title(group: &v1::LeakGroup, leak: &v1::Leak) -> String {
    let name = leak.task.as_ref().map(text::task_name).unwrap_or_default();
    let tasks =
        if group.count == 1 { "1 task".to_owned() } else { format!("{} tasks", group.count) };
    format!("{} · {tasks} · {name}", words::verdict(group.verdict()))
}

fn story(
    group: &v1::LeakGroup,
    leak: &v1::Leak,
    now: u64,
    theme: Theme,
) -> Vec<(&'static str, String)> {
    let cancel = leak.task.as_ref().and_then(|task| task.cancel.as_ref());
    let cancel = leak.ancestor_cancel.as_ref().or(cancel);
    let mut lines = vec![("what", what(leak, theme))];
    if let Some(cancel) = cancel {
        lines.push(("who", who(cancel)));
    }
    if let Some(held) = leak.holdings.first() {
        let phase = words::phase(held.phase());
        lines.push(("where", format!("acquired at {}, {phase} the cancel", safe(&held.site))));
    }
    lines.push(("until", until(group, leak, now)));
    let tasks: Vec<String> = group.tasks.iter().map(|id| format!("#{id}")).collect();
    lines.push(("tasks", tasks.join("  ")));
    lines
}

fn what(leak: &v1::Leak, theme: Theme) -> String {
    let accuracy = words::accuracy(leak.accuracy());
    format!("{}  ({accuracy})", text::holds(leak, theme))
}

fn who(cancel: &v1::Cancel) -> String {
    let mut who = words::cause(cancel.cause()).to_owned();
    if let Some(canceller) = &cancel.canceller {
        who = format!("{who}, by {} #{}", safe(&canceller.name), canceller.id);
    }
    if let Some(reason) = &cancel.reason {
        who = format!("{who}: \"{}\"", safe(reason));
    }
    if let Some(site) = &cancel.site {
        who = format!("{who}, {}", safe(site));
    }
    match cancel.latency_ns {
        Some(latency) => format!("{who}; took {} to end", span(latency)),
        None => who,
    }
}

fn until(group: &v1::LeakGroup, leak: &v1::Leak, now: u64) -> String {
    match leak.cleared_ns {
        Some(at) => format!("it cleared {} ago", span(now.saturating_sub(at))),
        None => match group.goes_ns {
            Some(at) => format!("the soonest goes by itself in {}", span(at.saturating_sub(now))),
            None => "nothing known will release it".to_owned(),
        },
    }
}
