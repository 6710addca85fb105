//! Step 9, the view: draws the model. It cannot change it, by type.

mod choosing;
mod control;
mod detail;
mod events;
mod filter;
mod groups;
mod header;
mod histogram;
mod holdings;
mod leaks;
mod life;
mod no_leaks;
mod pages;
mod process;
mod sites;
mod source;
mod story;
mod table;
mod tabs;
mod targets;
mod tasks;
mod text;
mod tree;
mod trend;
mod whole;

use std::time::Instant;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
    widgets::Paragraph,
};

use crate::{
    format::safe,
    keymap::BINDINGS,
    model::{Connection, Drawn, Model, Rows, Screen, WhichTasks},
    theme::Theme,
};

/// Below this nothing useful fits.
const SMALLEST: (u16, u16) = (60, 15);

/// What every drawing is given.
#[derive(Clone, Copy)]
struct Scene<'a> {
    model: &'a Model,
    theme: Theme,
    now: Instant,
}

/// Draws everything, and gives where things stand.
///
/// ```text
/// header   who and how, totals, what cannot be seen
/// tabs     and on the right what the rows are
/// filter   while there is one
/// body     the screen, and beneath it its columns, while they are chosen
/// cell     the whole text of the marked one, while that is asked for
/// question whether a task is to be cancelled, when that is asked
/// footer   keys
/// ```
pub(crate) fn render(model: &Model, theme: Theme, now: Instant, frame: &mut Frame<'_>) -> Drawn {
    let scene = Scene { model, theme, now };
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        too_small(scene, frame, area);
        return Drawn::default();
    }
    let heights = [
        Constraint::Length(header::height(model, area)),
        Constraint::Length(1),
        Constraint::Length(filter::height(model)),
        Constraint::Fill(1),
        Constraint::Length(whole::height(scene, area.width)),
        Constraint::Length(control::height(scene, area.width)),
        Constraint::Length(1),
    ];
    let [top, tabs, line, body, cell, question, bottom] = Layout::vertical(heights).areas(area);
    header::render(scene, frame, top);
    let tabs = tabs::render(scene, frame, tabs);
    let mut drawn = Drawn { tabs, width: area.width, ..Drawn::default() };
    filter::render(scene, frame, line);
    let is_waited_for = !model.is_attached();
    match (&model.lead().connection, model.screen()) {
        (_, Screen::Help) => drawn.page = Some(pages::help(scene, frame, body)),
        (_, Screen::Targets) => drawn.rows = Some(targets::render(scene, frame, body)),
        (Connection::Waiting { why, retry_at }, _) if model.about().is_some() => {
            waiting(scene, why.as_deref(), *retry_at, frame, body);
        }
        (_, screen) if screen.is_tab() && is_waited_for => targets::none(scene, frame, body),
        (_, Screen::Since) => drawn.page = Some(pages::since(scene, frame, body)),
        (_, Screen::Blind) => drawn.page = Some(pages::blind(scene, frame, body)),
        (_, screen) => {
            let [table, columns] = choosing::areas(scene, body);
            drawn.rows = rows(scene, screen, frame, table);
            choosing::render(scene, frame, columns);
        }
    }
    whole::render(scene, frame, cell);
    control::render(scene, frame, question);
    footer(scene, frame, bottom);
    drawn
}

fn rows(scene: Scene<'_>, screen: Screen, frame: &mut Frame<'_>, area: Rect) -> Option<Rows> {
    if scene.model.is_tree() && screen.is_tab() {
        return tree::render(scene, frame, area);
    }
    match screen {
        Screen::Leaks => leaks::render(scene, frame, area),
        Screen::Tasks if scene.model.tasks_are() == WhichTasks::BySite => {
            sites::render(scene, frame, area)
        }
        Screen::Tasks => tasks::render(scene, frame, area),
        Screen::Holdings => holdings::render(scene, frame, area),
        Screen::Events => events::render(scene, frame, area),
        Screen::Process => process::render(scene, frame, area),
        Screen::Story(..) | Screen::Targets | Screen::Since | Screen::Blind | Screen::Help => {
            story::render(scene, frame, area);
            None
        }
    }
}

/// Why there is nothing to see, and what can be done about it.
fn too_small(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let (columns, rows) = SMALLEST;
    let mut said = vec![format!(
        "This terminal is {}x{}: the console needs {columns}x{rows}.",
        area.width, area.height
    )];
    if scene.model.is_attached() {
        said.push(format!("LEAKS {}", crate::format::count(scene.model.totals().leaks)));
    }
    said.push("Make it larger, or q and `holdover leaks`.".to_owned());
    let lines: Vec<Line<'_>> =
        said.iter().flat_map(|text| text::indented(text, 0, area.width)).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

/// In place of rows: that there are none, once that is known, or why they are not told.
fn none(scene: Scene<'_>, none: &str, frame: &mut Frame<'_>, area: Rect) {
    let model = scene.model;
    let said = match (model.refused(), model.is_answered(), model.filter()) {
        (Some(why), _, _) => safe(why).into_owned(),
        (None, false, _) => match untold(model) {
            Some(why) => why,
            None => return,
        },
        (None, true, "") => none.to_owned(),
        (None, true, _) => "None that match; Esc lists all.".to_owned(),
    };
    let mut lines = vec![Line::default()];
    lines.extend(text::indented(&said, 6, area.width));
    frame.render_widget(Paragraph::new(lines), area);
}

/// Why there is no answer yet, where none is to be waited for.
fn untold(model: &Model) -> Option<String> {
    match (model.untold().as_slice(), model.shown().len()) {
        ([_], 1) => Some("The target was lost before it told this.".to_owned()),
        (untold, _) => header::lost_before(model, untold),
    }
}

fn waiting(
    scene: Scene<'_>,
    why: Option<&str>,
    retry_at: Option<Instant>,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let indented = |text: &str| text::indented(text, 6, area.width);
    let mut lines = vec![Line::default()];
    lines.extend(indented(&format!(
        "Waiting for a target at {}.",
        safe(&scene.model.lead().address)
    )));
    if let Some(why) = why {
        lines.push(Line::default());
        lines.extend(indented(&safe(why)));
    }
    if let Some(retry_at) = retry_at {
        let left = retry_at.saturating_duration_since(scene.now).as_secs_f64().ceil();
        let next =
            if left > 0.0 { format!("Next try in {left:.0} s.") } else { "Trying now.".to_owned() };
        lines.extend(indented(&next));
    }
    lines.push(Line::default());
    for hint in [
        "      In your service:     cargo add holdover",
        "                           holdover::init();   first thing in main",
        "      To see a leak now:   holdover demo",
    ] {
        lines.push(Line::from(hint));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// The keys with a word, as many as fit; those of the help page and to quit always.
fn footer(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let theme = scene.theme;
    if scene.model.edit.is_some() {
        let keys = [(theme.glyphs.enter, "keep"), ("Esc", "give up"), ("Ctrl-U", "empty")];
        frame.render_widget(Paragraph::new(text::keys(&keys, theme)), area);
        return;
    }
    if let Some(keys) = control::keys(scene) {
        frame.render_widget(Paragraph::new(text::keys(&keys, theme)), area);
        return;
    }
    if let Some(said) = scene.model.said(scene.now) {
        let said = crate::format::fit(said, area.width.saturating_sub(2).into(), theme.glyphs.more);
        frame.render_widget(Paragraph::new(Line::styled(format!(" {said}"), theme.bold())), area);
        return;
    }
    if scene.model.choosing().is_some() {
        let mut keys: Vec<_> = choosing::keys(theme).collect();
        while text::keys(&keys, theme).width() > usize::from(area.width) + 2 {
            keys.pop();
        }
        frame.render_widget(Paragraph::new(text::keys(&keys, theme)), area);
        return;
    }
    let shown = |binding: &'static crate::keymap::Binding| match binding.shown {
        "↑↓ k j" => theme.glyphs.updown,
        shown => theme.key(shown),
    };
    let is_offered =
        |it: &&crate::keymap::Binding| !it.word.is_empty() && scene.model.offers(it.action);
    let with_words = BINDINGS.iter().filter(is_offered);
    let keys: Vec<(&str, &str)> =
        with_words.map(|binding| (shown(binding), binding.word)).collect();
    let (mut first, last) = keys.split_at(keys.len().saturating_sub(2));
    let right = text::keys(last, theme).right_aligned();
    let room = usize::from(area.width).saturating_sub(right.width());
    // Of the two columns after the last one, and of the one before those on the right, two
    // are between them.
    while text::keys(first, theme).width() > room + 1 && !first.is_empty() {
        first = &first[..first.len() - 1];
    }
    frame.render_widget(Paragraph::new(text::keys(first, theme)), area);
    frame.render_widget(Paragraph::new(right), area);
}

#[cfg(test)]
mod tests;
