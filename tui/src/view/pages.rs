//! Pages of text: the keys, and what cannot be seen.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

use holdover_proto::v1;

use super::{Scene, text};
use crate::{format::safe, keymap::BINDINGS};

/// Every key of the table, and what each verdict's letter says.
pub(super) fn help(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let theme = scene.theme;
    let mut lines = Vec::new();
    for binding in BINDINGS.iter().filter(|binding| !binding.meaning.is_empty()) {
        lines.push(Line::from(vec![
            Span::styled(format!("  {:<13}", theme.key(binding.shown)), theme.bold()),
            Span::raw(binding.meaning),
        ]));
    }
    lines.push(Line::default());
    for text in [
        "S stuck  L left-behind  A after-cancel; warnings: O orphaned  D overdue",
        "filter: verdict:stuck holds:timer since>5s name~\"^worker\" -loc:vendor",
    ] {
        lines.push(Line::styled(format!("  {text}"), theme.dim()));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

const ALL_SEEN: &str = "Every task and every timer of this service is seen, and whatever its code says that it \
                        holds. Locks, permits and channels are not recorded yet.";

/// Each cause of blindness, with the lines to paste.
pub(super) fn blind(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let (model, theme) = (scene.model, scene.theme);
    let mut lines = vec![Line::default()];
    if model.blindness().is_empty() {
        lines.extend(text::indented(ALL_SEEN, 2, area.width));
    }
    for blind in model.blindness() {
        let sentence = text::indented(&safe(&blind.sentence), 2, area.width);
        lines.extend(sentence.into_iter().map(|line| line.style(theme.late())));
        lines.push(Line::default());
        lines.extend(blind.fix.lines().flat_map(|line| fix(&safe(line), area.width)));
        lines.push(Line::default());
    }
    for runtime in model.runtimes() {
        let v1::RuntimeCoverage { runtime, alive, recorded } = runtime;
        let style = if recorded < alive { theme.late() } else { theme.dim() };
        let line =
            format!("  runtime {runtime}: {recorded} of its {alive} live tasks are recorded");
        lines.push(Line::styled(line, style));
    }
    frame.render_widget(Paragraph::new(lines), area);
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
