//! The detail of the selected group: what, who, where, until, why, how to mend it.

use holdover_proto::v1;
use ratatui::{Frame, layout::Rect, text::Line, widgets::Paragraph};

use super::{Scene, source, text, trend};
use crate::{
    asked,
    explain::{Explanation, explain_held, explain_inferred},
    format::{counted, place, safe, span},
    model::{LeakRow, Model, Of, Target},
    names,
    theme::Theme,
    words,
};

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let Scene { model, theme, now } = scene;
    let Some(row) = model.leaks.selected() else { return };
    let group: &v1::LeakGroup = row;
    let Some(leak) = group.worst.as_ref() else { return };
    if area.height == 0 {
        return;
    }
    let now = model.time_of(row.target, now);
    let of_all = row.speaks_for_all().unwrap_or(leak);
    let bar = text::bar(&title(group, of_all, theme), area.width, theme);
    frame.render_widget(Paragraph::new(bar), Rect { height: 1, ..area });
    let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let tall = area.height > 6;
    let said = story(model, row, now, theme, tall);
    let lines = if tall {
        let said = said.iter();
        said.flat_map(|(name, text)| text::named(name, text, area.width, theme)).collect()
    } else {
        in_short(&said, below, theme)
    };
    frame.render_widget(Paragraph::new(lines), below);
}

/// Where there is little room each has its line; those that are left go to how to mend it,
/// and then to who cancelled it.
fn in_short(said: &[(&'static str, String)], area: Rect, theme: Theme) -> Vec<Line<'static>> {
    let mut lines: Vec<Vec<Line<'static>>> = said
        .iter()
        .map(|(name, text)| vec![text::named_short(name, text, area.width, theme)])
        .collect();
    let mut left = usize::from(area.height).saturating_sub(said.len());
    for wanted in ["fix", "who"] {
        let Some(at) = said.iter().position(|(name, _)| *name == wanted) else { continue };
        let whole = text::named(wanted, &said[at].1, area.width, theme);
        if whole.len() <= left + 1 {
            left -= whole.len().saturating_sub(1);
            lines[at] = whole;
        }
    }
    lines.concat()
}

fn title(group: &v1::LeakGroup, leak: &v1::Leak, theme: Theme) -> String {
    let name = leak.task.as_ref().map(names::task).unwrap_or_default();
    let dot = theme.glyphs.dot;
    let them = match group.count {
        count if !names::is_nobodys(leak) => format!("{} {dot} ", counted(count.into(), "task")),
        // What nobody owns is no task: one row has all that is held at one place.
        1 => format!("{} {dot} ", counted(leak.holdings_total.max(1).into(), "holding")),
        _ => String::new(),
    };
    let cleared = if leak.cleared_ns.is_some() { ", cleared" } else { "" };
    format!("{}{cleared} {dot} {them}{name}", words::verdict(group.verdict()))
}

fn story(
    model: &Model,
    group: &Of<LeakRow>,
    now: u64,
    theme: Theme,
    tall: bool,
) -> Vec<(&'static str, String)> {
    let Some(leak) = &group.worst else { return Vec::new() };
    let cancel = asked::of_leak(leak);
    let target = &model.targets[group.target];
    let mut lines = vec![("what", what(leak, target, now, theme))];
    if let Some(cancel) = cancel {
        let who = who(cancel);
        lines.push(("who", format!("{who}{}", own_grace(target, leak))));
    }
    if let Some(held) = leak.holdings.first() {
        lines.push(("where", acquired(held, cancel.is_some())));
    }
    if let Some(code) = source::line(model, leak, theme).filter(|_| tall) {
        lines.push(("", code));
    }
    if tall && leak.cleared_ns.is_none() {
        let more = leak.holdings.iter().skip(1).take(MORE);
        lines.extend(more.map(|held| ("also", also(held, now))));
    }
    if tall || leak.holdings.is_empty() {
        lines.push(("until", until(group, leak, now)));
    }
    if let Some(trend) = trend::said(&group.counts, theme).filter(|_| tall) {
        lines.push(("trend", trend));
    }
    if !leak.ignored.is_empty() {
        // Nobody is to mend it now.
        let rules = leak.ignored.iter().map(|rule| ("ignored", names::ignored(rule)));
        lines.extend(rules);
    } else if let Some(explanation) = explained(leak, target) {
        if tall {
            lines.push(("why", explanation.why.to_owned()));
        }
        lines.push(("fix", explanation.fix.to_owned()));
    }
    if tall && group.count > 1 {
        let tasks: Vec<String> = group.tasks.iter().map(|id| of_task(*id)).collect();
        lines.push(("tasks", tasks.join("  ")));
    }
    lines
}

/// Why it is so, and how to mend it.
fn explained(leak: &v1::Leak, target: &Target) -> Option<&'static Explanation> {
    if target.is_tokio_console() {
        return explain_inferred(leak.verdict());
    }
    explain_held(leak.verdict(), leak.task.as_ref(), leak.holdings.first())
}

/// `#7342`; what is held by nobody has no number.
fn of_task(id: u64) -> String {
    if id == 0 { "nobody".to_owned() } else { format!("#{id}") }
}

fn what(leak: &v1::Leak, target: &Target, now: u64, theme: Theme) -> String {
    let first = leak.holdings.first();
    let of_pool = first.and_then(|held| names::of_pool(held, &target.pools));
    let holds = match (of_pool, leak.holdings_total) {
        (Some(connection), more @ 2..) => format!("{connection} +{}", more - 1),
        (Some(connection), _) => connection,
        (None, _) => text::holds(leak, now, theme),
    };
    let limit = if target.is_tokio_console() { used_by(leak) } else { own_limit(leak) };
    format!("{holds}{limit}  ({})", words::accuracy(leak.accuracy()))
}

/// A grace that is not the one of all.
fn own_grace(target: &Target, leak: &v1::Leak) -> String {
    let of_all = target.described.as_ref().map_or(0, |it| it.grace_ns);
    let own = leak.task.as_ref().and_then(|task| task.grace_ns);
    match own.filter(|own| *own != of_all && leak.verdict() != v1::Verdict::Orphaned) {
        Some(own) => format!("; its own grace is {}", span(own)),
        None => String::new(),
    }
}

/// What is open for too long, where no limit is told.
fn used_by(leak: &v1::Leak) -> String {
    let is_open = leak.verdict() == v1::Verdict::Overdue;
    if is_open { ", which only tasks used that have ended".to_owned() } else { String::new() }
}

/// What is overdue is so since its limit was over.
fn own_limit(leak: &v1::Leak) -> String {
    match (leak.verdict(), leak.holdings.as_slice()) {
        (v1::Verdict::Overdue, [held]) => {
            format!(", its limit is {}", span(leak.since_ns.saturating_sub(held.acquired_ns)))
        }
        _ => String::new(),
    }
}

/// Holdings after the first that have a line each.
const MORE: usize = 3;

/// Another thing that is held, and when it goes.
fn also(held: &v1::Holding, now: u64) -> String {
    let what = names::holding_and_fd(held);
    let site = match held.site.as_str() {
        "" => String::new(),
        site => format!(", {}", safe(&place(site))),
    };
    match held.due_ns {
        None => format!("{what}{site}"),
        Some(due) if due <= now => format!("{what}{site}; due now"),
        Some(due) => format!("{what}{site}; goes in {}", span(due - now)),
    }
}

/// When and where it was acquired.
fn acquired(held: &v1::Holding, cancelled: bool) -> String {
    if names::is_cell(held) {
        return WAKER.to_owned();
    }
    // What is overdue may be so without any cancel.
    let when = if cancelled { format!("{} ", text::phase(held.phase())) } else { String::new() };
    match held.site.as_str() {
        "" => format!("acquired {when}where cannot be seen"),
        site if held.made_only => {
            format!("made at {}; acquired where is not told", safe(&place(site)))
        }
        site => format!("acquired {when}at {}", safe(&place(site))),
    }
}

const WAKER: &str = "a waker is stored by whatever the task waited for: where is not known";

/// Who asked, where, why, and how long it took.
pub(super) fn who(cancel: &v1::Cancel) -> String {
    if !asked::is_known(cancel) {
        return UNKNOWN.to_owned();
    }
    let mut who = words::cause(cancel.cause()).to_owned();
    if let Some(site) = &cancel.site {
        who = format!("{who} at {}", safe(&place(site)));
    }
    if let Some(canceller) = &cancel.canceller {
        who = format!("{who}, by {}", names::canceller(canceller));
    }
    if let Some(reason) = &cancel.reason {
        who = format!("{who}: \"{}\"", safe(reason));
    }
    if !cancel.path.is_empty() {
        let path: Vec<_> = cancel.path.iter().map(|hop| safe(hop)).collect();
        who = format!("{who}, through {}", path.join(" > "));
    }
    match cancel.latency_ns {
        Some(latency) => format!("{who}; took {} to end", span(latency)),
        None => who,
    }
}

fn is_in_its_drop(leak: &v1::Leak) -> bool {
    let cancel = leak.task.as_ref().and_then(|task| task.cancel.as_ref());
    leak.verdict() == v1::Verdict::Stuck && cancel.and_then(asked::dropping_since).is_some()
}

const UNKNOWN: &str = "cancelled, when it was asked and by whom is not known: tokio does not say, holdover::task would";

/// What goes by itself does not end a row of which something else is not known to go.
fn beside(leak: &v1::Leak, now: u64) -> String {
    let stays = leak.holdings.iter().find(|held| held.due_ns.is_none());
    let goes = leak.holdings.iter().find_map(|held| Some((held, held.due_ns?)));
    match (stays, goes) {
        (Some(stays), Some((held, due))) if due > now => {
            let (stays, goes) = (names::holding(stays), names::holding(held));
            let left = span(due - now);
            format!("{goes} goes in {left}; nothing known will release {stays}")
        }
        _ => "nothing known will release it".to_owned(),
    }
}

/// Of several each cleared when it did.
fn cleared(group: &v1::LeakGroup, worst_at: u64, now: u64) -> String {
    let (them, at) = match (group.count, group.cleared_last_ns) {
        (0 | 1, _) => ("it", worst_at),
        (_, Some(last)) => ("the last of them", last),
        // A target of before tells only when the worst cleared.
        (_, None) => ("one of them", worst_at),
    };
    format!("{them} cleared {} ago", span(now.saturating_sub(at)))
}

fn until(group: &v1::LeakGroup, leak: &v1::Leak, now: u64) -> String {
    let them = if group.count > 1 { "the first of them" } else { "it" };
    let waits = leak.task.as_ref().and_then(|task| task.waits_for.as_ref());
    if let Some(waits) = waits.filter(|_| leak.cleared_ns.is_none()) {
        let site = place(&waits.site);
        let held_by = leak.task.as_ref().map(names::held_by).unwrap_or_default();
        let at = if waits.made_only { "made at" } else { "at" };
        return format!("it waits for {}{held_by}, {at} {}", names::waits_for(waits), safe(&site));
    }
    match (leak.cleared_ns, group.goes_ns) {
        (Some(at), _) => cleared(group, at, now),
        (None, Some(at)) if at <= now => format!("{them} is due now"),
        (None, Some(at)) => format!("{them} goes by itself in {}", span(at - now)),
        (None, None) if is_in_its_drop(leak) => "it ends when its Drop returns".to_owned(),
        (None, None) if group.verdict() == v1::Verdict::Stuck => {
            "nothing known will end it".to_owned()
        }
        (None, None) => beside(leak, now),
    }
}
