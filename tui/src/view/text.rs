//! Pieces of text that several screens show.

use holdover_proto::v1;
use ratatui::{
    buffer::Buffer,
    style::Style,
    text::{Line, Span},
};

use crate::{
    format::{fit, pad, place, safe, span, width},
    theme::Theme,
    words,
};

/// Writes `text` at `(x, y)` in exactly `columns`, and gives the column after it.
pub(super) fn cell(
    buffer: &mut Buffer,
    (x, y): (u16, u16),
    columns: u16,
    text: &str,
    style: Style,
    theme: Theme,
) -> u16 {
    // A column's width between it and the next.
    let room = if columns > 2 { columns - 1 } else { columns };
    let fitted = fit(text, room.into(), theme.glyphs.more);
    let padded = pad(&fitted, columns.into(), theme.glyphs.more);
    buffer.set_stringn(x, y, padded, columns.into(), style);
    x + columns
}

/// As [`cell`], against the right.
pub(super) fn cell_right(
    buffer: &mut Buffer,
    (x, y): (u16, u16),
    columns: u16,
    text: &str,
    style: Style,
    theme: Theme,
) -> u16 {
    let fitted = fit(text, columns.into(), theme.glyphs.more);
    let missing = usize::from(columns).saturating_sub(width(&fitted));
    let padded = format!("{}{fitted}", " ".repeat(missing));
    buffer.set_stringn(x, y, padded, columns.into(), style);
    x + columns
}

/// What to call a task: its name, else its future's type, else its place.
pub(super) fn task_name(task: &v1::Task) -> String {
    let shown = if !task.name.is_empty() {
        task.name.clone()
    } else if task.type_name.is_empty() {
        place(&task.location)
    } else {
        trim_type(&task.type_name)
    };
    safe(&shown).into_owned()
}

/// `orders::http::create_order::{{closure}}` becomes `http::create_order`.
fn trim_type(full: &str) -> String {
    let no_generics = full.split('<').next().unwrap_or(full);
    let named = |part: &&str| !part.starts_with("{{") && !part.is_empty();
    let parts: Vec<&str> = no_generics.split("::").filter(named).collect();
    parts[parts.len().saturating_sub(2)..].join("::")
}

/// `timer call_later, in drop`, and how many more.
pub(super) fn holds(leak: &v1::Leak, theme: Theme) -> String {
    let polls = leak.task.as_ref().and_then(|task| task.cancel.as_ref());
    match leak.verdict() {
        v1::Verdict::Stuck => {
            let polls = polls.map_or(0, |cancel| cancel.polls_since);
            let polled = polled_since(polls, theme);
            first_holding(leak).map_or(polled.clone(), |held| format!("{polled}; {held}"))
        }
        v1::Verdict::Orphaned => match first_holding(leak) {
            Some(held) => format!("still running; {held}"),
            None => "still running".to_owned(),
        },
        _ => first_holding(leak).unwrap_or_else(|| "unknown".to_owned()),
    }
}

pub(super) fn polled_since(polls: u64, theme: Theme) -> String {
    match polls {
        0 => "not polled since".to_owned(),
        polls => format!("polled {polls}{} since", theme.glyphs.times),
    }
}

fn first_holding(leak: &v1::Leak) -> Option<String> {
    let first = leak.holdings.first()?;
    let mut text = words::held(first);
    if first.phase() == v1::Phase::InDrop {
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
    let cause = words::cause(cancel.cause());
    match &cancel.site {
        Some(site) => format!("{cause} {}", safe(&short_place(site))),
        None => cause.to_owned(),
    }
}

/// `main.rs:30` of `src/main.rs:30:10`.
pub(super) fn short_place(site: &str) -> String {
    let file = site.rsplit_once('/').map_or(site, |(_, file)| file);
    let line_only = file.rsplit_once(':').map_or(file, |(before, _)| before);
    line_only.to_owned()
}

/// How long until then: a countdown, or `?` where that is not known.
pub(super) fn goes(at: Option<u64>, now: u64) -> String {
    at.map_or_else(|| "?".to_owned(), |at| span(at.saturating_sub(now)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_shortened_to_file_and_line() {
        for (site, short) in
            [("src/main.rs:30:10", "main.rs:30"), ("main.rs:3:1", "main.rs:3"), ("", "")]
        {
            assert_eq!(short_place(site), short);
        }
    }

    #[test]
    fn a_task_is_called_by_its_name_else_by_its_type_else_by_its_place() {
        let mut task = v1::Task { location: "src/main.rs:30:10".into(), ..Default::default() };
        assert_eq!(task_name(&task), "src/main.rs:30:10");
        task.type_name = "orders::http::create_order::{{closure}}".into();
        assert_eq!(task_name(&task), "http::create_order");
        task.name = "worker\u{1b}[31m".into();
        assert_eq!(task_name(&task), "worker\\e[31m");
    }
}
