//! A task's story: its life line, what happened, what it holds.

use holdover_proto::v1;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{Scene, detail, events, life, text};
use crate::{
    explain::explain,
    format::{count, pad, place, safe, span},
    theme::Theme,
    words,
};

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let Scene { model, theme, now } = scene;
    let now = model.target_now(now);
    let Some(story) = &model.story else {
        let text = "\n      This task is not recorded any more.";
        frame.render_widget(Paragraph::new(text), area);
        return;
    };
    let Some(task) = &story.task else { return };
    let mut lines = vec![name(task, theme), lineage(story, theme), Line::default()];
    lines.extend(life::lines(story, now, area.width, theme));
    lines.push(Line::default());
    let holds = holdings(story, now, area.width, theme);
    let tail = holds.len() + 2;
    let room = usize::from(area.height).saturating_sub(lines.len() + tail + 1);
    lines.push(text::bar("Story", area.width, theme));
    let happened = happened(story, task, area.width, theme);
    let skipped = happened.len().saturating_sub(room.max(3));
    if skipped > 0 {
        let gap = format!("  … {skipped} earlier events");
        lines.push(Line::styled(gap, theme.dim()));
        lines.extend(happened.into_iter().skip(skipped + 1));
    } else {
        lines.extend(happened);
    }
    lines.extend(holds);
    if let Some(verdict) = story.verdicts.first() {
        let verdict = v1::Verdict::try_from(*verdict).unwrap_or_default();
        let kind = story.holdings.first().map(v1::Holding::kind);
        if let Some(explanation) = explain(verdict, kind) {
            lines.push(Line::from(vec![
                Span::styled("  fix  ", theme.dim()),
                Span::raw(explanation.fix),
            ]));
        }
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn name(task: &v1::Task, theme: Theme) -> Line<'static> {
    let outcome = words::outcome(task.outcome());
    let state = outcome.map_or_else(
        || words::state(task.state()).to_owned(),
        |outcome| format!("ended, {outcome}"),
    );
    Line::from(vec![
        Span::styled(format!(" {}", text::task_name(task)), theme.bold()),
        Span::styled(format!("   spawned at {}", safe(&place(&task.location))), theme.dim()),
        Span::raw(format!("   {state}")),
        Span::styled(format!("   {}", words::accuracy(task.accuracy())), theme.dim()),
    ])
}

fn lineage(story: &v1::Story, theme: Theme) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    for verdict in &story.verdicts {
        let verdict = v1::Verdict::try_from(*verdict).unwrap_or_default();
        spans.push(Span::styled(words::letter(verdict), theme.badge(verdict, false)));
        spans.push(Span::raw(format!(" {}   ", words::verdict(verdict))));
    }
    let task = story.task.as_ref();
    if let Some(spawner) = task.and_then(|task| task.ancestors.first()) {
        let by =
            format!("{} spawned by {} #{}   ", theme.glyphs.from, safe(&spawner.name), spawner.id);
        spans.push(Span::styled(by, theme.dim()));
    }
    if !story.children.is_empty() {
        let children: Vec<String> = story
            .children
            .iter()
            .take(4)
            .map(|child| format!("{} #{}", safe(&child.name), child.id))
            .collect();
        let text = format!("{} living children: {}", story.children.len(), children.join(", "));
        spans.push(Span::styled(text, theme.dim()));
    }
    Line::from(spans)
}

fn happened(story: &v1::Story, task: &v1::Task, columns: u16, theme: Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if story.events_lost > 0 {
        let gap = format!("  … {} events of this target not kept …", count(story.events_lost));
        lines.push(Line::styled(gap, theme.dim()));
    }
    let place_width = if columns >= 100 { 34 } else { 0 };
    let what_width = usize::from(columns).saturating_sub(12 + 19 + place_width);
    for event in &story.events {
        let at = span(event.at_ns.saturating_sub(task.spawned_ns));
        let site =
            if place_width == 0 { String::new() } else { safe(&place(&event.site)).into_owned() };
        lines.push(Line::from(vec![
            Span::styled(format!("  {at:>8}  "), theme.dim()),
            Span::styled(pad(events::word(event.kind()), 19, ""), events::style(event, theme)),
            Span::raw(pad(&events::what(event), what_width, theme.glyphs.more)),
            Span::styled(pad(&site, place_width, theme.glyphs.more), theme.dim()),
        ]));
    }
    if let Some(cancel) = &task.cancel {
        let polls = text::polled_since(cancel.polls_since, theme);
        lines.push(Line::styled(
            format!("            {}; {polls}", detail::who(cancel)),
            theme.dim(),
        ));
    }
    let polls = format!(
        "            {} polls, {} busy, {} scheduled, {} wakes",
        count(task.polls),
        span(task.busy_ns),
        span(task.scheduled_ns),
        count(task.wakes)
    );
    lines.push(Line::styled(polls, theme.dim()));
    lines
}

fn holdings(story: &v1::Story, now: u64, columns: u16, theme: Theme) -> Vec<Line<'static>> {
    let title = format!("Holds now {}", story.holdings.len());
    let mut lines = vec![Line::default(), text::bar(&title, columns, theme)];
    for held in story.holdings.iter().take(6) {
        let age = span(now.saturating_sub(held.acquired_ns));
        let goes = held.due_ns.map_or("?".to_owned(), |due| span(due.saturating_sub(now)));
        let moved = if held.maybe_moved { ", may have moved" } else { "" };
        lines.push(Line::from(format!(
            "  {}  {}{moved}  {}  held {age}, goes in {goes}",
            pad(&words::held(held), 28, theme.glyphs.more),
            pad(text::phase(held.phase()), 18, ""),
            safe(&place(&held.site)),
        )));
    }
    lines
}
