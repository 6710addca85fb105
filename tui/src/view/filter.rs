//! The filter's line; while it is typed, under it what is wrong with it at its column, or
//! what can stand there.

use std::borrow::Cow;

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Paragraph,
};
use unicode_segmentation::UnicodeSegmentation;

use super::Scene;
use crate::{
    format::{count, fit, safe, width},
    model::{Edit, HoldingsBy, Model, Screen, WhichTasks},
    theme::Theme,
};

const PROMPT: &str = " / ";
/// What is said while there is nothing else to say.
const HINT: &str = "Tab completes fields, values and @saved filters; Up has earlier ones";

/// The lines that it takes: while it is typed two, so that nothing moves.
pub(super) fn height(model: &Model) -> u16 {
    match &model.edit {
        Some(_) => 2,
        None => u16::from(!model.filter().is_empty()),
    }
}

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let Scene { model, theme, .. } = scene;
    if area.height == 0 {
        return;
    }
    let matched = matched(model, area.width >= 100, theme);
    let taken = width(PROMPT) + width(&matched) + 1;
    let room = usize::from(area.width).saturating_sub(taken);
    let (text, cursor) = match &model.edit {
        Some(edit) => (edit.line.text.as_str(), edit.line.cursor),
        None => (model.filter(), 0),
    };
    let shown = Shown::new(text, cursor, room);
    let line = Line::from(vec![
        Span::styled(PROMPT, theme.bold()),
        Span::raw(shown.text(room, theme.glyphs.more)),
    ]);
    let first = Rect { height: 1, ..area };
    frame.render_widget(Paragraph::new(line), first);
    let right = Line::styled(matched, theme.dim()).right_aligned();
    frame.render_widget(Paragraph::new(right), first);
    let Some(edit) = &model.edit else { return };
    let below = beneath(edit, &shown, usize::from(area.width), theme);
    let second = Rect { y: area.y + 1, height: area.height - 1, ..area };
    frame.render_widget(Paragraph::new(below), second);
    let x = u16::try_from(width(PROMPT) + shown.column(cursor)).unwrap_or(u16::MAX);
    let last = area.width.saturating_sub(1);
    frame.set_cursor_position((area.x + x.min(last), area.y));
}

/// How many rows the filter leaves, of how many; nothing while the target has not said.
fn matched(model: &Model, is_wide: bool, theme: Theme) -> String {
    let (matched, all) = match model.screen() {
        Screen::Leaks => model.counted_leaks(),
        screen if screen.is_tab() && model.is_tree() => model.counted_branches(),
        Screen::Tasks if model.tasks_are() == WhichTasks::BySite => {
            (model.sites.matched, model.sites.all)
        }
        Screen::Tasks => (model.tasks.matched, model.tasks.all),
        Screen::Holdings => match model.holdings_by {
            HoldingsBy::One => (model.holdings.matched, model.holdings.all),
            HoldingsBy::Pool => (model.pool_lines.matched, model.pool_lines.all),
        },
        Screen::Events => (model.events.matched, model.events.all),
        Screen::Process => (model.seen.held.matched, model.seen.held.all),
        Screen::Story(..) | Screen::Targets | Screen::Since | Screen::Blind | Screen::Help => {
            return String::new();
        }
    };
    if model.edit.as_ref().is_some_and(|edit| edit.error().is_some()) || !model.is_answered() {
        return String::new();
    }
    let cleared = match model.cleared_since() {
        cleared @ 1.. if is_wide && model.screen() == Screen::Leaks => {
            format!("{} {} cleared since attach ", theme.glyphs.dot, count(cleared))
        }
        _ => String::new(),
    };
    format!(" {} of {} {cleared}", count(matched), count(all))
}

/// A text of which as much is shown as there is room for, the cursor always.
pub(super) struct Shown<'a> {
    graphemes: Vec<Cow<'a, str>>,
    /// The first that is shown.
    from: usize,
}

impl<'a> Shown<'a> {
    pub(super) fn new(text: &'a str, cursor: usize, room: usize) -> Self {
        let graphemes: Vec<Cow<'a, str>> = text.graphemes(true).map(safe).collect();
        let mut from = 0;
        // One column is the cursor's own, one says that something is before.
        while from < cursor && columns(&graphemes[from..cursor]) + 2 > room {
            from += 1;
        }
        Self { graphemes, from }
    }

    /// The column at which a grapheme stands.
    pub(super) fn column(&self, grapheme: usize) -> usize {
        let to = grapheme.clamp(self.from, self.graphemes.len());
        usize::from(self.from > 0) + columns(&self.graphemes[self.from..to])
    }

    pub(super) fn text(&self, room: usize, more: &str) -> String {
        let before = if self.from > 0 { more } else { "" };
        let rest = self.graphemes[self.from..].concat();
        let room = room.saturating_sub(width(before));
        format!("{before}{}", fit(&rest, room, more))
    }
}

fn columns(graphemes: &[Cow<'_, str>]) -> usize {
    graphemes.iter().map(|grapheme| width(grapheme)).sum()
}

fn beneath(edit: &Edit, shown: &Shown<'_>, columns: usize, theme: Theme) -> Line<'static> {
    if let Some(offered) = &edit.offered {
        return candidates(&offered.texts, offered.chosen, columns, theme);
    }
    let Some(error) = edit.error() else {
        return Line::styled(format!("   {}", fit(HINT, columns - 4, "")), theme.dim());
    };
    let before: String = edit.line.text.chars().take(error.column.saturating_sub(1)).collect();
    let at = width(PROMPT) + shown.column(before.graphemes(true).count());
    let message = format!("^ {}", error.message);
    // A message that has no room to the right of its column stands to the left of it.
    let right = columns.saturating_sub(at + 1);
    if width(&message) <= right || right >= columns / 2 {
        let message = fit(&message, right, theme.glyphs.more).into_owned();
        return Line::styled(format!("{}{message}", " ".repeat(at)), theme.bad());
    }
    let message = fit(&error.message, at.saturating_sub(2), theme.glyphs.more).into_owned();
    let indent = " ".repeat(at.saturating_sub(width(&message) + 1));
    Line::styled(format!("{indent}{message} ^"), theme.bad())
}

/// The candidates in a line, from one on that lets the chosen one be seen.
fn candidates(
    texts: &[String],
    chosen: Option<usize>,
    columns: usize,
    theme: Theme,
) -> Line<'static> {
    const GAP: usize = 2;
    let room = columns.saturating_sub(width(PROMPT) + 2);
    let taken = |from: usize, to: usize| -> usize {
        texts[from..=to].iter().map(|text| width(text) + GAP).sum()
    };
    let last = chosen.unwrap_or(0);
    let mut from = 0;
    while from < last && taken(from, last) > room {
        from += 1;
    }
    let mut spans = vec![Span::raw(if from > 0 { " < " } else { "   " })];
    let mut used = 0;
    for (at, text) in texts.iter().enumerate().skip(from) {
        used += width(text) + GAP;
        if used > room && at > from {
            spans.push(Span::styled(theme.glyphs.more, theme.dim()));
            break;
        }
        let style = if chosen == Some(at) { theme.selected() } else { Style::new() };
        spans.push(Span::styled(fit(text, room, theme.glyphs.more).into_owned(), style));
        spans.push(Span::raw(" ".repeat(GAP)));
    }
    super::text::fit_line(Line::from(spans), u16::try_from(columns).unwrap_or(u16::MAX), theme)
}
