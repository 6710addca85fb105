//! Pieces of text that several screens show.

use holdover_proto::v1;
use ratatui::{
    buffer::Buffer,
    style::Style,
    text::{Line, Span},
};

use crate::{
    asked,
    format::{fit, pad, safe, span, width, wrap},
    names,
    theme::Theme,
    words,
};

/// Writes `text` at `(x, y)` in exactly `columns`.
pub(super) fn cell(
    buffer: &mut Buffer,
    (x, y): (u16, u16),
    columns: u16,
    text: &str,
    style: Style,
    theme: Theme,
) {
    // A column's width between it and the next.
    let room = if columns > 2 { columns - 1 } else { columns };
    let fitted = fit(text, room.into(), theme.glyphs.more);
    let padded = pad(&fitted, columns.into(), theme.glyphs.more);
    buffer.set_stringn(x, y, padded, columns.into(), style);
}

/// As [`cell`], against the right.
pub(super) fn cell_right(
    buffer: &mut Buffer,
    (x, y): (u16, u16),
    columns: u16,
    text: &str,
    style: Style,
    theme: Theme,
) {
    let fitted = fit(text, columns.into(), theme.glyphs.more);
    let missing = usize::from(columns).saturating_sub(width(&fitted));
    let padded = format!("{}{fitted}", " ".repeat(missing));
    buffer.set_stringn(x, y, padded, columns.into(), style);
}

/// `timer call_later, in drop`, and how many more.
pub(super) fn holds(leak: &v1::Leak, now: u64, theme: Theme) -> String {
    let cancel = leak.task.as_ref().and_then(|task| task.cancel.as_ref());
    match leak.verdict() {
        v1::Verdict::Stuck => {
            let until = leak.cleared_ns.unwrap_or(now);
            let doing = cancel.map(|it| asked::doing(it, until, theme.glyphs.times));
            let is_dropping = cancel.and_then(asked::dropping_since).is_some();
            // What it waited for is not what a drop waits for.
            let waits = leak.task.as_ref().and_then(|task| task.waits_for.as_ref());
            let waits = waits.filter(|_| !is_dropping);
            let held_by = leak.task.as_ref().map(names::held_by).unwrap_or_default();
            let waits = waits.map(|it| format!("waits for {}{held_by}", names::waits_for(it)));
            let held = first_holding(leak).filter(|_| waits.is_none());
            [waits, doing, held].into_iter().flatten().collect::<Vec<_>>().join("; ")
        }
        v1::Verdict::Orphaned => match first_holding(leak) {
            Some(held) => format!("still running; {held}"),
            None => "still running".to_owned(),
        },
        v1::Verdict::LostWaker => match first_holding(leak) {
            Some(held) => format!("nothing will wake it; {held}"),
            None => "nothing will wake it".to_owned(),
        },
        _ => first_holding(leak).unwrap_or_else(|| "unknown".to_owned()),
    }
}

/// Where there is no room for [`holds`]: without when it was acquired, and without what is
/// said second.
pub(super) fn holds_short(leak: &v1::Leak) -> Option<String> {
    match leak.verdict() {
        v1::Verdict::Stuck | v1::Verdict::Orphaned | v1::Verdict::LostWaker => None,
        _ => leak.holdings.first().map(names::holding),
    }
}

fn first_holding(leak: &v1::Leak) -> Option<String> {
    let first = leak.holdings.first()?;
    let mut text = names::holding(first);
    // Beside a place there is no room for more.
    if first.phase() == v1::Phase::InDrop && first.label != first.site {
        text.push_str(", in drop");
    }
    let more = leak.holdings_total.saturating_sub(1);
    if more > 0 {
        text = format!("{text} +{more}");
    }
    Some(text)
}

/// `abort main.rs:30`.
pub(super) fn cancelled_by(cancel: Option<&v1::Cancel>) -> String {
    let Some(cancel) = cancel else { return String::new() };
    if !asked::is_known(cancel) {
        return "not known".to_owned();
    }
    let cause = words::cause(cancel.cause());
    // Where it was said that requests are scopes tells nothing of who hung up.
    if let Some(client) = cancel.canceller.as_ref().filter(|it| it.id == 0) {
        return names::canceller(client);
    }
    match &cancel.site {
        Some(site) => format!("{cause} {}", safe(&names::short_place(site))),
        None => cause.to_owned(),
    }
}

/// When a leak goes: when the last thing does. Where that is not known of all, not before
/// those of which it is.
pub(super) fn goes_of(group: &v1::LeakGroup, now: u64) -> String {
    let leak = group.worst.as_ref().filter(|leak| leak.verdict() != v1::Verdict::Stuck);
    let known = leak.into_iter().flat_map(|leak| &leak.holdings).filter_map(|held| held.due_ns);
    match (group.goes_ns, known.max().filter(|due| *due > now)) {
        (None, Some(due)) => format!(">{}", span(due - now)),
        (goes, _) => goes_in(goes, now),
    }
}

/// How long until then: a countdown, or `?` where that is not known.
pub(super) fn goes_in(at: Option<u64>, now: u64) -> String {
    match at {
        None => "?".to_owned(),
        Some(at) if at <= now => "due".to_owned(),
        Some(at) => span(at - now),
    }
}

/// `── title ─────────`: sections are bars and not boxes.
pub(super) fn bar(title: &str, columns: u16, theme: Theme) -> Line<'static> {
    let line = theme.glyphs.line;
    let used = width(title) + 4;
    let rest = usize::from(columns).saturating_sub(used);
    Line::from(vec![
        Span::styled(line.repeat(2), theme.dim()),
        Span::styled(format!(" {title} "), theme.bold()),
        Span::styled(line.repeat(rest), theme.dim()),
    ])
}

/// The columns that [`named`] puts before a text.
const NAMED: usize = 10;

/// `  fix     Keep it inside …`: a dim name, and a text that goes on beneath itself.
pub(super) fn named(name: &str, text: &str, columns: u16, theme: Theme) -> Vec<Line<'static>> {
    let room = usize::from(columns).saturating_sub(NAMED);
    let lines = wrap(text, room).into_iter().enumerate();
    let name = |at: usize| if at == 0 { name } else { "" };
    lines
        .map(|(at, text)| {
            let name = format!("  {:<width$}", name(at), width = NAMED - 2);
            Line::from(vec![Span::styled(name, theme.dim()), Span::raw(text)])
        })
        .collect()
}

/// As [`named`], in one line.
pub(super) fn named_short(name: &str, text: &str, columns: u16, theme: Theme) -> Line<'static> {
    let room = usize::from(columns).saturating_sub(NAMED);
    let name = format!("  {name:<width$}", width = NAMED - 2);
    let text = fit(text, room, theme.glyphs.more).into_owned();
    Line::from(vec![Span::styled(name, theme.dim()), Span::raw(text)])
}

/// The text in lines that begin at a column.
pub(super) fn indented(text: &str, indent: usize, columns: u16) -> Vec<Line<'static>> {
    let room = usize::from(columns).saturating_sub(indent + 1);
    let before = " ".repeat(indent);
    wrap(text, room).into_iter().map(|line| Line::from(format!("{before}{line}"))).collect()
}

/// The line in at most `columns`; that something is missing is shown.
pub(super) fn fit_line(line: Line<'static>, columns: u16, theme: Theme) -> Line<'static> {
    let mut room = usize::from(columns);
    if line.width() <= room {
        return line;
    }
    let mut spans = Vec::new();
    for span in line.spans {
        let all = width(&span.content);
        if all < room {
            room -= all;
            spans.push(span);
            continue;
        }
        // One column more than there is room for: it is cut, and says so.
        let text = format!("{} ", span.content);
        spans.push(Span::styled(fit(&text, room, theme.glyphs.more).into_owned(), span.style));
        break;
    }
    Line::from(spans).style(line.style)
}

/// When something was acquired, in a sentence.
pub(super) fn phase(phase: v1::Phase) -> &'static str {
    match phase {
        v1::Phase::Before => "before the cancel",
        v1::Phase::After => "after the cancel",
        v1::Phase::InDrop => "in the drop",
        v1::Phase::Unspecified => "at an unknown time",
    }
}

/// ` ↑↓ select  q quit`: keys bold, words dim.
pub(super) fn keys(keys: &[(&str, &str)], theme: Theme) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    for (key, word) in keys {
        spans.push(Span::styled((*key).to_owned(), theme.bold()));
        spans.push(Span::styled(format!(" {word}  "), theme.dim()));
    }
    Line::from(spans)
}
