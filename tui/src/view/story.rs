//! A task's story: its life line, what happened, what it holds.

mod window;

use holdover_proto::v1;
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Paragraph,
};

use self::window::{Told, window};
use super::{Scene, detail, events, histogram, life, source, text};
use crate::{
    asked,
    explain::{explain_held, explain_inferred},
    format::{count, counted, fit, fit_place, pad, place, safe, span, wrap},
    model::{HELD, Model, StoryRow},
    names,
    theme::Theme,
    words,
};

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let Scene { model, theme, now } = scene;
    let now = model.target_now(now);
    let Some(story) = &model.story else {
        const GONE: &str = "This task is not recorded any more.";
        let text = if model.is_answered() { Some(GONE.to_owned()) } else { super::untold(model) };
        let text = text.map(|text| format!("\n      {text}")).unwrap_or_default();
        frame.render_widget(Paragraph::new(text), area);
        return;
    };
    let Some(task) = &story.task else { return };
    let (called, life) =
        (name(task, area.width, theme), life::lines(story, now, area.width, theme));
    let held = holdings(story, now, area.width, scene);
    let remedy = remedy(model, story, task, area.width, theme);
    let happened = happened(story, task, now, area.width, scene);
    let needed = happened.len().min(ENOUGH);
    // Where there is little room, lines that say something stand in place of empty ones.
    let taken = called.len() + life.len() + held.len() + remedy.len() + TITLES + EMPTY;
    let has_room = taken + needed <= usize::from(area.height);
    let empty = || has_room.then(Line::default);
    let mut lines = called;
    lines.push(lineage(story, theme));
    lines.extend(empty());
    lines.extend(life);
    lines.extend(empty());
    lines.push(text::bar("Story", area.width, theme));
    let mut tail: Vec<Line<'static>> = empty().into_iter().collect();
    tail.extend(held);
    let mut room = usize::from(area.height).saturating_sub(lines.len() + tail.len());
    let mut fits = |more: Vec<Line<'static>>| {
        let fits = room.saturating_sub(more.len()) >= needed;
        room -= if fits { more.len() } else { 0 };
        more.into_iter().filter(move |_| fits)
    };
    let (remedy, source) = (fits(remedy), fits(source::lines(model, area, theme)));
    let histograms = fits(histogram::lines(story, theme));
    tail.extend(histograms.chain(source).chain(remedy));
    lines.extend(window(happened, selected_line(model, story), room.max(LEAST), theme));
    lines.extend(tail);
    let lines: Vec<Line<'_>> =
        lines.into_iter().map(|line| text::fit_line(line, area.width, theme)).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

/// So many lines of what happened are shown before there is room for anything else, and so
/// many whatever else there is.
const ENOUGH: usize = 8;
const LEAST: usize = 5;
/// The lineage and the bar over what happened; and the empty lines between.
const TITLES: usize = 2;
const EMPTY: usize = 3;

/// By which rules its leaks are ignored, else what can be done about the worst of them.
fn remedy(
    model: &Model,
    story: &v1::Story,
    task: &v1::Task,
    columns: u16,
    theme: Theme,
) -> Vec<Line<'static>> {
    let ignored = story.ignored.iter();
    let mut lines: Vec<Line<'static>> = ignored
        .flat_map(|rule| text::named("ignored", &names::ignored(rule), columns, theme))
        .collect();
    if let Some(verdict) = story.verdicts.first().filter(|_| story.ignored.is_empty()) {
        let verdict = v1::Verdict::try_from(*verdict).unwrap_or_default();
        // Children stand by themselves; a task that has nothing else has those.
        let child = v1::Holding { kind: v1::HoldingKind::Child.into(), ..Default::default() };
        let child = (!story.children.is_empty()).then_some(&child);
        let first = story.holdings.first().or(child);
        let is_told = !model.lead().is_tokio_console();
        let explanation = explain_held(verdict, Some(task), first).filter(|_| is_told);
        if let Some(explanation) = explanation.or_else(|| explain_inferred(verdict)) {
            lines.extend(text::named("fix", explanation.fix, columns, theme));
        }
    }
    lines
}

/// On which line of what happened the selected row is.
fn selected_line(model: &Model, story: &v1::Story) -> Option<usize> {
    let before = usize::from(story.events_lost > 0);
    match model.story_row()? {
        StoryRow::Event(seq) => {
            Some(before + story.events.iter().position(|event| event.seq == seq)?)
        }
        // What is held is beneath all of it.
        StoryRow::Held(_) => None,
    }
}

/// The row that is selected is as those of tables are.
fn marked(line: Line<'static>, is_selected: bool, theme: Theme) -> Line<'static> {
    if !is_selected {
        return line;
    }
    let text: String = line.spans.iter().map(|span| span.content.as_ref()).collect();
    let text = text.strip_prefix("  ").unwrap_or(&text);
    Line::styled(format!("{} {text}", theme.glyphs.selected), theme.selected())
}

/// What it is called and how it is; where there is no room for all, where it was spawned
/// has a line of its own.
fn name(task: &v1::Task, columns: u16, theme: Theme) -> Vec<Line<'static>> {
    let outcome = words::outcome(task.outcome());
    let state = outcome.map_or_else(
        || words::state(task.state()).to_owned(),
        |outcome| format!("ended, {outcome}"),
    );
    let how = vec![
        Span::raw(format!("   {state}")),
        Span::styled(format!("   {}", words::accuracy(task.accuracy())), theme.dim()),
    ];
    let spawned = format!("   spawned at {}", names::spawn_place(&task.location));
    let spawned = Span::styled(spawned, theme.dim());
    let called = Span::styled(format!(" {}", names::task(task)), theme.bold());
    let taken = called.width() + spawned.width() + how.iter().map(Span::width).sum::<usize>();
    if taken <= usize::from(columns) {
        let spans = [vec![called, spawned], how].concat();
        return vec![Line::from(spans)];
    }
    // How it is matters more than the end of a long name.
    let room = usize::from(columns).saturating_sub(how.iter().map(Span::width).sum());
    let called =
        Span::styled(fit(&called.content, room, theme.glyphs.more).into_owned(), called.style);
    let room = usize::from(columns).saturating_sub(1);
    let spawned = fit_place(spawned.content.trim_start(), room, theme.glyphs.more).into_owned();
    vec![Line::from([vec![called], how].concat()), Line::styled(format!(" {spawned}"), theme.dim())]
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
        let by = format!("{} spawned by {}   ", theme.glyphs.from, names::someone(spawner));
        spans.push(Span::styled(by, theme.dim()));
    }
    if !story.children.is_empty() {
        let children: Vec<String> = story.children.iter().take(4).map(names::someone).collect();
        let living = match story.children.len() {
            1 => "1 living child".to_owned(),
            number => format!("{number} living children"),
        };
        let text = format!("{living}: {}", children.join(", "));
        spans.push(Span::styled(text, theme.dim()));
    }
    Line::from(spans)
}

/// What happened, in words; the end says how long the drop took, and marks a slow one.
fn told(event: &v1::Event, task: &v1::Task, theme: Theme) -> (String, Style) {
    let (what, style) = (events::what(event), events::style(event, theme));
    if is_unseen(event, task) {
        return ("when it was asked and by whom is not known".to_owned(), style);
    }
    let drop = task.cancel.as_ref().and_then(|cancel| cancel.drop_ns);
    match drop.filter(|_| event.kind() == v1::EventKind::Ended) {
        Some(drop) if drop >= asked::SLOW_DROP => {
            (format!("{what}; {} in its drop, which blocked", span(drop)), theme.bad())
        }
        Some(drop) => (format!("{what}; {} in its drop", span(drop)), style),
        None => (what, style),
    }
}

/// The request that tokio's spans do not show: it is deduced from the end.
fn is_unseen(event: &v1::Event, task: &v1::Task) -> bool {
    let unknown = task.cancel.as_ref().is_some_and(|cancel| !asked::is_known(cancel));
    unknown && event.kind() == v1::EventKind::CancelRequested
}

fn happened(
    story: &v1::Story,
    task: &v1::Task,
    now: u64,
    columns: u16,
    scene: Scene<'_>,
) -> Vec<Told> {
    let theme = scene.theme;
    let mut lines = Vec::new();
    if story.events_lost > 0 {
        let more = theme.glyphs.more;
        let lost = count(story.events_lost);
        let gap = format!("  {more} {lost} events of this target not kept {more}");
        lines.push(Told::of(Line::styled(gap, theme.dim())));
    }
    lines.extend(story.events.iter().map(|event| one_event(event, task, columns, scene)));
    let mut beneath = |text: String| {
        let room = usize::from(columns).saturating_sub(BENEATH.len() + 1);
        let wrapped = wrap(&text, room).into_iter();
        let line = |text| Line::styled(format!("{BENEATH}{text}"), theme.dim());
        lines.extend(wrapped.map(|text| Told::of(line(text))));
    };
    if let Some(cancel) = &task.cancel {
        let doing = asked::doing(cancel, now, theme.glyphs.times);
        beneath(match (asked::is_known(cancel), cancel.ended_ns) {
            (false, Some(_)) => detail::who(cancel),
            _ => format!("{}; {doing}", detail::who(cancel)),
        });
    }
    for token in scene.model.tokens.iter().take(TOKENS) {
        let asks = if token.cancelled { "was cancelled" } else { "asks it when cancelled" };
        let made_at = safe(&place(&token.site)).into_owned();
        beneath(format!("token {} {asks}; made at {made_at}", names::token(token)));
    }
    if let Some(waits) = task.waits_for.as_ref().filter(|_| task.ended_ns.is_none()) {
        let since = span(now.saturating_sub(waits.since_ns));
        let held_by = names::held_by(task);
        beneath(format!("waits for {}{held_by}, since {since}", names::waits_for(waits)));
    }
    beneath(format!(
        "{}, {} busy, {} scheduled, {}",
        counted(task.polls, "poll"),
        span(task.busy_ns),
        span(task.scheduled_ns),
        counted(task.wakes, "wake"),
    ));
    lines
}

fn one_event(event: &v1::Event, task: &v1::Task, columns: u16, scene: Scene<'_>) -> Told {
    let theme = scene.theme;
    let place_width = if columns >= 100 { 34 } else { 0 };
    let what_width = usize::from(columns).saturating_sub(12 + 19 + place_width);
    let at = span(event.at_ns.saturating_sub(task.spawned_ns));
    let site =
        if place_width == 0 { String::new() } else { safe(&place(&event.site)).into_owned() };
    let (what, style) = told(event, task, theme);
    let word = if is_unseen(event, task) { "cancelled" } else { events::word(event) };
    // A column's width between it and the place.
    let what = fit(&what, what_width.saturating_sub(1), theme.glyphs.more);
    let line = Line::from(vec![
        Span::styled(format!("  {at:>8}  "), theme.dim()),
        Span::styled(pad(word, 19, ""), style),
        Span::raw(pad(&what, what_width, "")),
        Span::styled(fit_place(&site, place_width, theme.glyphs.more).into_owned(), theme.dim()),
    ]);
    let is_selected = scene.model.story_row() == Some(StoryRow::Event(event.seq));
    let matters = matches!(event.kind(), v1::EventKind::CancelRequested | v1::EventKind::Ended);
    Told { line: marked(line, is_selected, theme), matters }
}

/// Of the tokens that ask a task, so many are named: the nearest.
const TOKENS: usize = 3;

/// What stands before the lines that sum the events up.
const BENEATH: &str = "            ";

const NONE: &str = "Holds nothing now";
/// Who holds what is told only in part.
const NONE_TOLD: &str = "Holds nothing that is known";

fn holdings(story: &v1::Story, now: u64, columns: u16, scene: Scene<'_>) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let none = if scene.model.lead().is_tokio_console() { NONE_TOLD } else { NONE };
    let children = match story.children.len() {
        0 => String::new(),
        1 => ", and 1 child, which is above".to_owned(),
        number => format!(", and {number} children, which are above"),
    };
    let title = match story.holdings.len() {
        0 if children.is_empty() => none.to_owned(),
        number => format!("Holds now {number}{children}"),
    };
    let mut lines = vec![text::bar(&title, columns, theme)];
    for held in story.holdings.iter().take(HELD) {
        // Without a cancel there is nothing to be before or after.
        let is_cancelled = story.task.as_ref().is_some_and(|task| task.cancel.is_some());
        let line = Line::from(holding(held, is_cancelled, now, columns, theme));
        let is_selected = scene.model.story_row() == Some(StoryRow::Held(held.id));
        lines.push(marked(line, is_selected, theme));
    }
    lines
}

const CELL: &str = "its memory stays allocated";

/// What, when and where it was acquired, and when it goes; where there is little room,
/// the last is what matters.
fn holding(held: &v1::Holding, is_cancelled: bool, now: u64, columns: u16, theme: Theme) -> String {
    let more = theme.glyphs.more;
    let wide = columns >= 100;
    let (phase, what) = if wide { (text::phase(held.phase()), 28) } else { ("", 24) };
    let phase = if names::is_cell(held) || !is_cancelled { "" } else { phase };
    let phase = if wide { pad(phase, 19, "") } else { String::new() };
    let age = span(now.saturating_sub(held.acquired_ns));
    let goes = match held.due_ns {
        None => "no known end".to_owned(),
        Some(due) if due <= now => "due now".to_owned(),
        Some(due) => format!("goes in {}", span(due - now)),
    };
    let moved = if held.maybe_moved { ", may have moved" } else { "" };
    let left = format!("  {}  {phase}", pad(&names::holding_and_fd(held), what, more));
    let since = if held.made_only { format!("made {age} ago") } else { format!("held {age}") };
    let right = format!("  {since}, {goes}{moved}");
    let taken = crate::format::width(&left) + crate::format::width(&right);
    let room = usize::from(columns).saturating_sub(taken);
    let site = if names::is_cell(held) { CELL.to_owned() } else { place(&held.site) };
    format!("{left}{}{right}", pad(&fit_place(&safe(&site), room.min(40), more), room.min(40), ""))
}
