//! The Leaks screen: groups, worst first, and the detail of the selected one.

use holdover_proto::v1;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::Line,
    widgets::Paragraph,
};

use super::{
    Scene, detail,
    table::{Cell, Column, Table},
    text,
};
use crate::{
    format::{count, counted, span},
    model::{Model, Which},
    names,
    theme::Theme,
    words,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LeakColumn {
    Badge,
    Verdict,
    Count,
    Gap,
    Task,
    Holds,
    CancelledBy,
    Since,
    Goes,
}

impl Column<v1::LeakGroup> for LeakColumn {
    const ALL: &'static [Self] = &[
        Self::Badge,
        Self::Verdict,
        Self::Count,
        Self::Gap,
        Self::Task,
        Self::Holds,
        Self::CancelledBy,
        Self::Since,
        Self::Goes,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Badge => "V",
            Self::Verdict => "ERDICT",
            Self::Count => "N",
            Self::Gap => "",
            Self::Task => "TASK",
            Self::Holds => "HOLDS",
            Self::CancelledBy => "CANCELLED BY",
            Self::Since => "SINCE",
            Self::Goes => "GOES",
        }
    }

    fn width(self, table: u16) -> Option<u16> {
        let wide = table >= 120;
        let medium = table >= 80;
        Some(match self {
            Self::Badge => 1,
            Self::Verdict => 14,
            Self::Count => {
                if wide {
                    5
                } else {
                    4
                }
            }
            Self::Gap => 2,
            Self::Task => return None,
            Self::Holds => {
                if wide {
                    29
                } else if medium {
                    20
                } else {
                    0
                }
            }
            Self::CancelledBy => {
                if wide {
                    23
                } else {
                    0
                }
            }
            Self::Since => {
                if wide {
                    7
                } else {
                    6
                }
            }
            Self::Goes => 7,
        })
    }

    fn is_right(self) -> bool {
        matches!(self, Self::Count | Self::Since | Self::Goes)
    }
}

pub(super) fn render(scene: Scene<'_>, frame: &mut Frame<'_>, area: Rect) {
    let Scene { model, theme, now } = scene;
    let detail_height = match frame.area().height {
        0..20 => 0,
        20..32 => 6,
        _ => 15,
    };
    let rows = [Constraint::Fill(1), Constraint::Length(detail_height)];
    let [top, bottom] = Layout::vertical(rows).areas(area);
    if let Some(refused) = &model.refused {
        let line = format!("      {}", crate::format::safe(refused));
        frame.render_widget(Paragraph::new(line), top);
    } else if model.leaks.rows().is_empty() {
        no_leaks(model, theme, frame, top);
    } else {
        let target_now = model.target_now(now);
        let rows = model.leaks.rows();
        let table = Table { rows, selected: model.leaks.selected_index(), theme };
        table.render(
            frame.buffer_mut(),
            top,
            |column, group| cell(column, group, target_now, theme),
            |group| if group.cleared { theme.dim() } else { Style::new() },
        );
        detail::render(scene, frame, bottom);
    }
}

/// Never alone: it says what it speaks for.
fn no_leaks(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    if !model.is_answered() {
        return;
    }
    let totals = &model.totals;
    let mut lines = vec![Line::default()];
    let mut say = |text: &str, style: Style| {
        let said = text::indented(text, 6, area.width).into_iter();
        lines.extend(said.map(|line| line.style(style)));
        if text.is_empty() {
            lines.push(Line::default());
        }
    };
    let plain = Style::new();
    if model.which == Which::Ignored {
        let ignored = match totals.ignored {
            0 => "Nothing is ignored at the moment.".to_owned(),
            ignored => format!("None that match; {} are ignored in all.", count(ignored)),
        };
        say(&ignored, plain);
        say("", plain);
        let rules = model.ignoring().map_or(0, |it| it.rules.len());
        say(&format!("{}; `!` says what became of them.", counted(rules as u64, "rule")), plain);
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    let in_all = totals.leaks + totals.orphaned + totals.overdue;
    if model.filter().is_empty() && in_all == 0 {
        say("No leaks.", theme.good());
    } else {
        let text = if totals.folded > 0 && totals.folded == in_all {
            "They are beyond HOLDOVER_MAX_LEAKS or HOLDOVER_MEMORY: counted, and not listed.".into()
        } else {
            format!("None that match; there are {} in all.", count(in_all))
        };
        say(&text, plain);
    }
    say("", plain);
    let (cancelled, spawned) = (count(totals.tasks_cancelled), count(totals.tasks_spawned));
    say(
        &format!("{cancelled} of {spawned} tasks ended cancelled since the recording began."),
        plain,
    );
    if totals.slowest_cancel_ns > 0 {
        let slowest = span(totals.slowest_cancel_ns);
        say(&format!("The slowest to end took {slowest} from the request to stop."), plain);
    }
    let cancelling = count(totals.cancelling);
    say(&format!("{cancelling} are being cancelled now, within their grace."), plain);
    if totals.bytes_kept > 0 {
        say(&crate::format::kept_by_wakers(totals.bytes_kept), plain);
    }
    let cleared = match totals.cleared {
        0 => "No leak has cleared: there was none.".to_owned(),
        cleared => format!("{} cleared since then: c shows what.", counted(cleared, "leak")),
    };
    say(&cleared, plain);
    if totals.ignored > 0 {
        say(&format!("{} ignored, as a rule says: i shows them.", count(totals.ignored)), plain);
    }
    if let Some(blind) = model.blindness().first() {
        say("", plain);
        say(&format!("! {}", crate::format::safe(&blind.sentence)), theme.late());
        say("\"No leaks\" speaks only for what is seen; ! says more.", plain);
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn cell(column: LeakColumn, group: &v1::LeakGroup, now: u64, theme: Theme) -> Cell {
    let fallback = v1::Leak::default();
    let leak = group.worst.as_ref().unwrap_or(&fallback);
    let task = leak.task.as_ref();
    match column {
        LeakColumn::Badge => {
            let letter = if group.cleared { "." } else { words::letter(group.verdict()) };
            Cell::styled(letter.to_owned(), theme.badge(group.verdict(), group.cleared))
        }
        LeakColumn::Verdict if group.cleared => " cleared".to_owned().into(),
        LeakColumn::Verdict => format!(" {}", words::verdict(group.verdict())).into(),
        LeakColumn::Count => count(group.count.into()).into(),
        LeakColumn::Gap => String::new().into(),
        LeakColumn::Task => {
            let name = task.map(names::task).unwrap_or_default();
            match (group.count, task, &leak.ancestor) {
                (1, Some(task), Some(above)) => {
                    let above = crate::format::safe(&above.name);
                    format!("{name} #{} {} {above}", task.id, theme.glyphs.from).into()
                }
                // The number tells it from another.
                (1, Some(task), None) => Cell::place(names::numbered(task)),
                (_, Some(task), _) if names::is_a_place(task) => Cell::place(name),
                _ => name.into(),
            }
        }
        LeakColumn::Holds => {
            let text = text::holds(leak, now, theme);
            let is_place = leak.holdings.first().is_some_and(|held| held.label == held.site);
            if is_place { Cell::place(text) } else { text.into() }
        }
        LeakColumn::CancelledBy => {
            let own = task.and_then(|task| task.cancel.as_ref());
            let by = text::cancelled_by(leak.ancestor_cancel.as_ref().or(own));
            Cell { style: theme.canceller(), ..Cell::place(by) }
        }
        LeakColumn::Since => {
            let since = leak.cleared_ns.unwrap_or(now).saturating_sub(leak.since_ns);
            let old = since > 60_000_000_000;
            Cell::styled(span(since), if old { theme.bold() } else { Style::new() })
        }
        LeakColumn::Goes if group.cleared => "gone".to_owned().into(),
        LeakColumn::Goes => {
            let style = if group.goes_ns.is_some() { theme.good() } else { theme.dim() };
            Cell::styled(text::goes(group.goes_ns, now), style)
        }
    }
}
