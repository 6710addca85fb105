//! Pages of text: the keys, and what cannot be seen.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::{Paragraph, Wrap},
};

use holdover_proto::v1;

use super::Scene;
use crate::{format::safe, keymap::BINDINGS};

/// Every key of the table, and what each verdict's letter says.
pub(super) fn help(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let theme = scene.theme;
    let mut lines = vec![Line::default()];
    for binding in BINDINGS {
        lines.push(Line::from(vec![
            Span::styled(format!("  {:<8}", theme.key(binding.shown)), theme.bold()),
            Span::raw(binding.meaning),
        ]));
    }
    lines.push(Line::default());
    lines.push(Line::styled(
        "  S stuck   L left-behind   A after-cancel   O orphaned, a warning   D overdue, a warning",
        theme.dim(),
    ));
    lines.push(Line::styled(
        "  filter: verdict:stuck holds:timer since>5s name~\"^worker\" -loc:vendor   and or not ( )",
        theme.dim(),
    ));
    frame.render_widget(Paragraph::new(lines), area);
}

/// Each cause of blindness, with the lines to paste.
pub(super) fn blind(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let (model, theme) = (scene.model, scene.theme);
    let mut lines = vec![Line::default()];
    if model.blindness().is_empty() {
        lines.push(Line::from("  Every task, timer and hold of this service is seen."));
    }
    for blind in model.blindness() {
        lines.push(Line::styled(format!("  {}", safe(&blind.sentence)), theme.late()));
        lines.push(Line::default());
        for line in blind.fix.lines() {
            lines.push(Line::from(format!("      {}", safe(line))));
        }
        lines.push(Line::default());
    }
    for runtime in model.runtimes() {
        let v1::RuntimeCoverage { runtime, alive, recorded } = runtime;
        let style = if recorded < alive { theme.late() } else { theme.dim() };
        let line =
            format!("  runtime {runtime}: {recorded} of its {alive} live tasks are recorded");
        lines.push(Line::styled(line, style));
    }
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
}
