//! The tabs, and beside them what the rows are.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::Scene;
use crate::{
    format::{count, fit, width},
    model::{HoldingsBy, LeaksBy, Model, Screen, TABS, Which, WhichTasks},
};

/// The tabs, and on the right what the rows are. Gives where each tab is.
pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) -> Vec<(Rect, Screen)> {
    let Scene { model, theme, .. } = scene;
    let mut spans = vec![Span::raw(" ")];
    let mut places = Vec::new();
    let mut x = area.x + 1;
    // Where there is little room the numbers are those of the totals above.
    let numbered = area.width >= 100 && model.is_attached();
    for (number, screen) in (1..).zip(TABS) {
        let (name, total) = titled(screen, model);
        let total = total.filter(|_| numbered || screen == Screen::Leaks && area.width >= 80);
        let total = total.filter(|_| model.is_attached());
        let total = total.map(|it| format!(" {}", count(it))).unwrap_or_default();
        let text = format!("{number} {name}{total}");
        let span = if model.screen() == screen {
            Span::styled(format!("[{text}]"), theme.bold())
        } else {
            Span::styled(format!(" {text} "), theme.dim())
        };
        let width = u16::try_from(span.width()).unwrap_or(0);
        places.push((Rect { x, width, ..area }.intersection(area), screen));
        x = x.saturating_add(width);
        spans.push(span);
    }
    let tabs = Line::from(spans);
    let room = usize::from(area.width).saturating_sub(tabs.width() + 1);
    frame.render_widget(Paragraph::new(tabs), area);
    let rows = RowsAre { model, is_narrow: area.width < 100, more: theme.glyphs.more };
    let right = as_fits(&left_out(model, area.width), &rows.said(), room, theme.glyphs.more);
    frame.render_widget(Paragraph::new(Line::styled(right, theme.dim()).right_aligned()), area);
    places
}

/// What is left out and what the rows are. Where there is little room it is the latter, and
/// then without the way back, so that no number is cut in two.
fn as_fits(left_out: &str, rows: &str, room: usize, more: &str) -> String {
    let whole = format!("{left_out}{rows}");
    let short = rows.split("   ").next().unwrap_or_default().trim_end();
    let shortest = short.strip_prefix("task ").unwrap_or(short);
    let shortest = shortest.strip_prefix("by ").unwrap_or(shortest);
    let shortest = shortest.strip_suffix(" back").unwrap_or(shortest);
    let shown = [&whole, rows, short, shortest].into_iter().find(|it| width(it) <= room);
    shown.map_or_else(|| fit(short, room, more).into_owned(), str::to_owned)
}

fn titled(screen: Screen, model: &Model) -> (&'static str, Option<u64>) {
    match screen {
        Screen::Leaks => ("Leaks", Some(model.totals().leaks)),
        Screen::Tasks => ("Tasks", Some(model.totals().tasks_live)),
        Screen::Holdings => ("Holdings", Some(model.totals().holdings)),
        Screen::Events => ("Events", None),
        Screen::Process
        | Screen::Story(..)
        | Screen::Targets
        | Screen::Since
        | Screen::Blind
        | Screen::Help => ("Process", None),
    }
}

/// `+2 columns  `: so many more would be there if there were room.
fn left_out(model: &Model, columns: u16) -> String {
    if !model.screen().is_tab() || !model.is_attached() {
        return String::new();
    }
    match model.placement(columns).left_out.len() {
        0 => String::new(),
        1 => "+1 column  ".to_owned(),
        more => format!("+{more} columns  "),
    }
}

/// What the rows are, in which order; of what is listed, how many match.
struct RowsAre<'a> {
    model: &'a Model,
    is_narrow: bool,
    more: &'a str,
}

impl RowsAre<'_> {
    fn said(&self) -> String {
        let model = self.model;
        let said = match model.screen() {
            screen if screen.is_tab() && !model.is_attached() => return String::new(),
            screen if screen.is_tab() && model.is_tree() => {
                let (matched, all) = model.counted_branches();
                format!("tree {}; t all", self.of(matched, all))
            }
            Screen::Leaks => self.leaks(),
            Screen::Tasks => self.tasks(),
            Screen::Holdings => self.holdings(),
            Screen::Events => "newest first".to_owned(),
            Screen::Process => self.sorted("oldest first"),
            Screen::Story(_, task) => format!("task #{task}   Esc back"),
            Screen::Targets => "targets   Esc back".to_owned(),
            Screen::Since => "since mark   Esc back".to_owned(),
            Screen::Blind | Screen::Help => "Esc back".to_owned(),
        };
        format!("{said} ")
    }

    fn leaks(&self) -> String {
        let (model, is_narrow) = (self.model, self.is_narrow);
        let by = match model.leaks_by {
            LeaksBy::Site if is_narrow => "by site",
            LeaksBy::Site => "by spawn site",
            LeaksBy::Cause if is_narrow => "by cause",
            LeaksBy::Cause => "by site, cause and kind",
            LeaksBy::Field(field) => &format!("by {field}"),
            LeaksBy::One => "one by one",
        };
        match model.which {
            Which::Ignored if is_narrow => format!("ignored {by}; i back"),
            Which::Ignored => format!("ignored, {by}; i back"),
            Which::Reported if model.leaks_only => format!("leaks only, {by}"),
            Which::Reported if is_narrow && model.tab().sort.is_none() => by.to_owned(),
            Which::Reported if is_narrow => self.sorted(""),
            Which::Reported => format!("{by}, {}", self.sorted("worst first")),
        }
    }

    fn tasks(&self) -> String {
        let (model, is_narrow) = (self.model, self.is_narrow);
        let is_by_site = !model.is_cancelling() && model.tasks_are() == WhichTasks::BySite;
        let of = if is_by_site {
            self.of(model.sites.matched, model.sites.all)
        } else {
            self.of(model.tasks.matched, model.tasks.all)
        };
        match is_narrow {
            true if model.is_cancelling() => format!("{of} cancelling"),
            false if model.is_cancelling() => format!("{of} being cancelled; m all"),
            true if is_by_site => format!("{of} sites"),
            false if is_by_site => {
                format!("{of} spawn sites, {}; g tasks", self.sorted("most live first"))
            }
            true => of,
            false => format!("{of}  {}", self.sorted("live first")),
        }
    }

    fn holdings(&self) -> String {
        let Model { holdings, pool_lines, holdings_by, .. } = self.model;
        let of = match holdings_by {
            HoldingsBy::One => self.of(holdings.matched, holdings.all),
            HoldingsBy::Pool => self.of(pool_lines.matched, pool_lines.all),
        };
        match holdings_by {
            HoldingsBy::One if self.is_narrow => of,
            HoldingsBy::One => format!("{of}  {}", self.sorted("oldest first")),
            HoldingsBy::Pool => format!("pools {of}; g all"),
        }
    }

    fn of(&self, matched: u64, all: u64) -> String {
        match (self.model.is_answered(), all) {
            // Before the first answer nothing is not "none".
            (false, 0) => self.more.to_owned(),
            _ => format!("{} of {}", count(matched), count(all)),
        }
    }

    fn sorted(&self, by_itself: &str) -> String {
        match self.model.tab().sort {
            Some(sort) if sort.largest_first => format!("by {}, down", sort.field.name),
            Some(sort) => format!("by {}, up", sort.field.name),
            None => by_itself.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::as_fits;

    #[test]
    fn what_the_rows_are_is_shortened_before_it_is_cut() {
        let fits = |left_out, rows, room| as_fits(left_out, rows, room, "~");
        assert_eq!(fits("+2 columns  ", "6 of 6 ", 20), "+2 columns  6 of 6 ");
        assert_eq!(fits("+2 columns  ", "6 of 6 ", 8), "6 of 6 ");
        assert_eq!(fits("", "by site ", 7), "by site");
        assert_eq!(fits("", "by cause ", 7), "cause");
        assert_eq!(fits("", "task #7342   Esc back ", 22), "task #7342   Esc back ");
        assert_eq!(fits("", "task #7342   Esc back ", 10), "task #7342");
        assert_eq!(fits("", "task #7342   Esc back ", 7), "#7342");
        assert_eq!(fits("", "Esc back ", 7), "Esc");
        assert_eq!(fits("", "0 of 0 cancelling ", 8), "0 of 0 ~");
    }
}
