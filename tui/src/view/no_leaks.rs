//! What stands in place of leaks where none is listed. "No leaks" is never alone: what it
//! speaks for is said with it.

use holdover_proto::v1;
use ratatui::{Frame, layout::Rect, style::Style, text::Line, widgets::Paragraph};

use super::{targets, text};
use crate::{
    format::{self, count, counted, leaks_or_warnings, safe, span},
    model::{Model, Target, Which},
    theme::Theme,
};

const NO_RULES: &str = "There is no rule: a file that HOLDOVER_IGNORE names has one a line; `holdover baseline` \
                        writes rules for all that is reported now.";

pub(super) fn render(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let mut said = Said { lines: vec![Line::default()], columns: area.width };
    if model.which == Which::Ignored {
        nothing_ignored(model, &mut said);
    } else {
        nothing_reported(model, theme, &mut said);
    }
    frame.render_widget(Paragraph::new(said.lines), area);
}

/// Sentences, one beneath the other.
struct Said {
    lines: Vec<Line<'static>>,
    columns: u16,
}

impl Said {
    fn say(&mut self, text: &str) {
        self.styled(text, Style::new());
    }

    fn styled(&mut self, text: &str, style: Style) {
        let said = text::indented(text, 6, self.columns).into_iter();
        self.lines.extend(said.map(|line| line.style(style)));
    }

    fn gap(&mut self) {
        self.lines.push(Line::default());
    }
}

fn nothing_ignored(model: &Model, said: &mut Said) {
    match model.totals().ignored {
        0 => said.say("Nothing is ignored at the moment."),
        ignored => said.say(&format!("None that match; {} are ignored in all.", count(ignored))),
    }
    said.gap();
    match model.rules() {
        0 => said.say(NO_RULES),
        rules => {
            let rules = counted(rules as u64, "rule");
            said.say(&format!("{rules}; `!` says what became of them."));
        }
    }
    said.say("i or Esc leads back to the leaks that are reported.");
}

fn nothing_reported(model: &Model, theme: Theme, said: &mut Said) {
    let totals = &model.totals();
    let in_all = totals.leaks + totals.orphaned + totals.overdue;
    if model.filter().is_empty() && in_all == 0 {
        said.styled("No leaks.", theme.good());
    } else if totals.folded > 0 && totals.folded == in_all {
        said.say("They are beyond HOLDOVER_MAX_LEAKS or HOLDOVER_MEMORY: counted, and not listed.");
    } else {
        let are = if in_all == 1 { "is" } else { "are" };
        said.say(&format!("None that match; there {are} {} in all.", count(in_all)));
    }
    said.gap();
    if let Some(silent) = targets::silent(model) {
        let speaks = "this does not speak for what happens in it now.";
        said.styled(&format!("! {silent} not there: {speaks}"), theme.late());
    }
    if model.is_tokio_console() {
        let blind: Vec<_> = model.shown_targets().flat_map(Target::blindness).cloned().collect();
        said.say(&format::of_wakers(totals.tasks_spawned, &blind));
        said.say(format::NO_CANCELS);
        return;
    }
    cancels(totals, said);
    if let Some(blind) = model.first_blindness() {
        said.gap();
        said.styled(&format!("! {}", safe(&blind)), theme.late());
        said.say("\"No leaks\" speaks only for what is seen; ! says more.");
    }
}

/// How cancels went, and what became of what they left.
fn cancels(totals: &v1::Totals, said: &mut Said) {
    let (cancelled, spawned) = (count(totals.tasks_cancelled), count(totals.tasks_spawned));
    said.say(&format!("{cancelled} of {spawned} tasks ended cancelled since the recording began."));
    if totals.slowest_cancel_ns > 0 {
        let slowest = span(totals.slowest_cancel_ns);
        said.say(&format!("Of those asked to stop the slowest took {slowest} to end."));
    }
    let cancelling = count(totals.cancelling);
    let shown = if totals.cancelling > 0 { ": m shows them" } else { "" };
    said.say(&format!("{cancelling} are being cancelled now, within their grace{shown}."));
    if totals.bytes_kept > 0 {
        said.say(&format::kept_by_wakers(totals.bytes_kept));
    }
    let warnings = totals.cleared_warnings;
    let cleared = match (totals.cleared.saturating_sub(warnings), warnings) {
        (0, 0) => "No leak has cleared: there was none.".to_owned(),
        (leaks, warnings) => {
            let them = leaks_or_warnings(leaks, warnings);
            format!("{them} cleared since then: c shows what.")
        }
    };
    said.say(&cleared);
    if totals.ignored > 0 {
        said.say(&format!("{} ignored, as a rule says: i shows them.", count(totals.ignored)));
    }
}
