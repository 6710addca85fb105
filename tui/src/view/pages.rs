//! Pages of text: the keys, and what cannot be seen.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::Paragraph,
};

use holdover_proto::v1;

use super::{Scene, text};
use crate::{
    format::{count, counted, safe},
    keymap::{Action, BINDINGS, Binding},
    model::{Page, Target},
    theme::Theme,
};

/// The part of a page that has room, and that there is more.
fn scrolled(scene: Scene<'_>, lines: &[Line<'_>], frame: &mut Frame<'_>, area: Rect) -> Page {
    let room = usize::from(area.height);
    let fits = lines.len() <= room;
    let shown = if fits { room } else { room.saturating_sub(1) };
    let page = Page { lines: lines.len(), shown };
    let first = scene.model.page_line.min(page.lines.saturating_sub(shown));
    let last = (first + shown).min(page.lines);
    frame.render_widget(Paragraph::new(lines[first..last].to_vec()), area);
    if !fits && area.height > 0 {
        let keys = scene.theme.glyphs.updown;
        let where_it_is = format!("  lines {}-{last} of {}; {keys} move", first + 1, page.lines);
        let line = Rect { y: area.y + area.height - 1, height: 1, ..area };
        frame.render_widget(Paragraph::new(where_it_is).style(scene.theme.dim()), line);
    }
    page
}

/// Every key of the table, and what each verdict's letter says.
pub(super) fn help(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Page {
    let theme = scene.theme;
    let mut lines = Vec::new();
    // Of one target there is no list.
    let works = |it: &&Binding| it.action != Action::Targets || scene.model.has_several();
    for binding in BINDINGS.iter().filter(|it| !it.meaning.is_empty()).filter(works) {
        lines.push(Line::from(vec![
            Span::styled(format!("  {:<13}", theme.key(binding.shown)), theme.bold()),
            Span::raw(binding.meaning),
        ]));
    }
    // Where every row is needed, what matters less goes first.
    if usize::from(area.height) > lines.len() + 3 {
        lines.push(Line::default());
    }
    let verdicts = if scene.model.is_tokio_console() {
        "W lost-waker: nothing will wake it; a warning: D overdue"
    } else {
        "S stuck  L left-behind  A after-cancel; warnings: O orphaned  D overdue"
    };
    for text in [
        "the mouse: a tab, a row (twice opens it), a title (sorts); Shift selects text",
        verdicts,
        "filter: verdict:stuck holds:timer since>5s name~\"^worker\" -loc:vendor",
    ] {
        lines.push(Line::styled(format!("  {text}"), theme.dim()));
    }
    scrolled(scene, &lines, frame, area)
}

const ALL_SEEN: &str = "Every task and every timer of this service is seen, and whatever its code says that it \
                        holds. Whose locks, permits and channels are is exact where it uses holdover's.";

/// Each cause of blindness, with the lines to paste.
pub(super) fn blind(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Page {
    let (model, theme) = (scene.model, scene.theme);
    let mut lines = vec![Line::default()];
    let shown = model.told_of();
    for id in &shown {
        if shown.len() > 1 {
            lines.push(text::bar(&safe(&model.label(*id)), area.width, theme));
        }
        lines.extend(blind_in(&model.targets[*id], area.width, theme));
    }
    scrolled(scene, &lines, frame, area)
}

/// Of one target.
fn blind_in(target: &Target, columns: u16, theme: Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if target.described.is_none() {
        lines.extend(text::indented("It has not answered: nothing is known of it.", 2, columns));
    } else if target.blindness().is_empty() {
        lines.extend(text::indented(ALL_SEEN, 2, columns));
    }
    for blind in target.blindness() {
        let sentence = text::indented(&safe(&blind.sentence), 2, columns);
        lines.extend(sentence.into_iter().map(|line| line.style(theme.late())));
        lines.push(Line::default());
        lines.extend(blind.fix.lines().flat_map(|line| fix(&safe(line), columns)));
        lines.push(Line::default());
    }
    for runtime in target.runtimes() {
        let v1::RuntimeCoverage { runtime, alive, recorded } = runtime;
        let style = if recorded < alive { theme.late() } else { theme.dim() };
        let them = match (recorded, alive) {
            (_, 0) => "no task lives".to_owned(),
            (1, 1) => "its only live task is recorded".to_owned(),
            (0, 1) => "its only live task is not recorded".to_owned(),
            (recorded, alive) if recorded >= alive => {
                format!("all {} live tasks are recorded", count(*alive))
            }
            (recorded, alive) => {
                let are = if *recorded == 1 { "is" } else { "are" };
                format!("{} of {} live tasks {are} recorded", count(*recorded), count(*alive))
            }
        };
        let line = format!("  runtime {runtime}: {them}");
        lines.push(Line::styled(line, style));
    }
    if let Some(ignoring) = target.ignoring() {
        lines.extend(ignored(ignoring, columns, theme));
    }
    lines
}

/// What is not reported on purpose, and which rules do not do what they say.
fn ignored(ignoring: &v1::Ignoring, columns: u16, theme: Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut say = |text: &str, style: Style| {
        let said = text::indented(text, 2, columns).into_iter();
        lines.extend(said.map(|line| line.style(style)));
    };
    if !ignoring.rules.is_empty() {
        let (now, rules) = (ignoring.rules.iter().map(|it| it.now).sum(), ignoring.rules.len());
        let rules = counted(rules as u64, "rule");
        say(&format!("{rules} on what to ignore: {} ignored now (i)", count(now)), theme.dim());
    }
    for error in &ignoring.errors {
        say(&format!("not a rule: {}", safe(error)), theme.late());
    }
    for rule in &ignoring.rules {
        let v1::IgnoreRule { place, filter, until, expired, so_far, .. } = rule;
        let (place, filter) = (safe(place), safe(filter));
        if *expired {
            say(&format!("expired on {}, {place}: {filter}", safe(until)), theme.late());
        } else if *so_far == 0 {
            say(&format!("has never matched, {place}: {filter}"), theme.dim());
        }
    }
    if lines.is_empty() { lines } else { [vec![Line::default()], lines].concat() }
}

/// What leaked and what was let go since the moment that was marked, and where it grows.
pub(super) fn since(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Page {
    let changed = scene.model.since_the_mark();
    let mut lines = vec![Line::default()];
    for line in changed.iter().flat_map(|told| told.lines()) {
        let line = Line::from(format!("  {line}"));
        lines.push(text::fit_line(line, area.width, scene.theme));
    }
    if !changed.is_empty() {
        let again = "  M marks this moment in its place";
        lines.extend([Line::default(), Line::styled(again, scene.theme.dim())]);
    }
    scrolled(scene, &lines, frame, area)
}

/// A line to paste. Only a comment may be broken, and goes on as one.
fn fix(line: &str, columns: u16) -> Vec<Line<'static>> {
    const INDENT: usize = 6;
    match line.strip_prefix("# ") {
        Some(comment) => {
            let room = usize::from(columns).saturating_sub(INDENT + 3);
            let wrapped = crate::format::wrap(comment, room).into_iter();
            wrapped.map(|text| Line::from(format!("{:INDENT$}# {text}", ""))).collect()
        }
        None => vec![Line::from(format!("{:INDENT$}{line}", ""))],
    }
}
