//! The view that the screen needs.

use holdover_proto::v1;

use super::{HoldingsBy, LeaksBy, Model, Screen, Which};

/// Rows that a screen asks for.
const ROWS: u32 = 300;

/// To look at the process costs the target more.
const PROCESS_INTERVAL_MS: u32 = 1000;

const LEAKS: &str = "(verdict:stuck or verdict:left-behind or verdict:after-cancel)";

impl Model {
    /// The view that the screen needs; help and the like stand over another one's.
    pub(crate) fn view(&self) -> v1::View {
        let shown = self
            .screens
            .iter()
            .rev()
            .find(|it| !matches!(it, Screen::Since | Screen::Blind | Screen::Help));
        match shown.copied().unwrap_or(Screen::Leaks) {
            Screen::Story(task) => {
                v1::View { task, ..self.asked(v1::ViewKind::Story, String::new(), None) }
            }
            Screen::Tasks => {
                let view = self.of_tab(v1::ViewKind::Tasks);
                v1::View { cancelling: self.is_cancelling(), ..view }
            }
            Screen::Holdings => match self.holdings_by {
                HoldingsBy::One => self.of_tab(v1::ViewKind::Holdings),
                HoldingsBy::Pool => self.of_tab(v1::ViewKind::Pools),
            },
            Screen::Events => self.of_tab(v1::ViewKind::Events),
            Screen::Process => {
                let view = self.of_tab(v1::ViewKind::Process);
                v1::View { interval_ms: view.interval_ms.max(PROCESS_INTERVAL_MS), ..view }
            }
            Screen::Leaks | Screen::Since | Screen::Blind | Screen::Help => self.leaks_view(),
        }
    }

    fn leaks_view(&self) -> v1::View {
        let mut view = self.of_tab(match self.leaks_by {
            LeaksBy::One => v1::ViewKind::Leaks,
            LeaksBy::Site | LeaksBy::Cause | LeaksBy::Field(_) => v1::ViewKind::LeakGroups,
        });
        view.by = self.leaks_by.fields().join(",");
        if self.leaks_only {
            view.filter = match view.filter.as_str() {
                "" => LEAKS.to_owned(),
                filter => format!("{LEAKS} ({filter})"),
            };
        }
        view.ignored = self.which == Which::Ignored;
        view
    }

    fn of_tab(&self, kind: v1::ViewKind) -> v1::View {
        let tab = self.tab();
        if tab.tree {
            let folded = tab.folded.iter().copied().collect();
            let view = self.asked(kind, self.filter().to_owned(), None);
            return v1::View { tree: true, folded, ..view };
        }
        self.asked(kind, self.filter().to_owned(), tab.sort)
    }

    fn asked(&self, kind: v1::ViewKind, filter: String, sort: Option<super::Sort>) -> v1::View {
        v1::View {
            kind: kind.into(),
            filter,
            sort: sort.map(super::Sort::written).unwrap_or_default(),
            limit: ROWS,
            interval_ms: u32::try_from(self.interval.as_millis()).unwrap_or(u32::MAX),
            cleared: !self.leaks_only,
            ..v1::View::default()
        }
    }
}
