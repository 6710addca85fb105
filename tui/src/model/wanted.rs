//! The view that the screen needs.

use holdover_proto::v1;

use super::{HoldingsBy, LeaksBy, Model, Screen, Which, WhichTasks};
use crate::{client::TargetId, whose::Whose};

/// Rows that a screen asks for.
const ROWS: u32 = 300;
/// Rows that it asks for where more are looked at: no target tells more.
const DEEP: u32 = 500;

/// To look at the process costs the target more.
const PROCESS_INTERVAL_MS: u32 = 1000;

const LEAKS: &str = "(verdict:stuck or verdict:left-behind or verdict:after-cancel)";

/// How far the list of several targets goes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reach {
    /// As many rows are asked for as there can be.
    pub(super) deep: bool,
    /// There are rows after those that are listed.
    pub(super) more: bool,
}

impl Model {
    /// What a target is asked: the view that the screen needs, where its rows are shown.
    pub(crate) fn view_of(&self, target: TargetId) -> Option<v1::View> {
        // Help and the like stand over another screen.
        let over = |it: &Screen| {
            matches!(it, Screen::Targets | Screen::Since | Screen::Blind | Screen::Help)
        };
        match self.screens.iter().rev().find(|it| !over(it)) {
            Some(Screen::Story(of, task)) if *of == target => {
                let story = self.asked(v1::ViewKind::Story, String::new(), None);
                let (asks, requested_ns) = self.wants_of_tokens();
                Some(v1::View { task: *task, asks, requested_ns, ..story })
            }
            _ if self.shown().contains(&target) => {
                Some(if self.needs_one() { self.totals_view() } else { self.tab_view(target) })
            }
            // The list of targets has the totals of all.
            _ if self.screens.contains(&Screen::Targets) => Some(self.totals_view()),
            _ => None,
        }
    }

    /// The tab is about one process, and several are shown.
    pub(crate) fn needs_one(&self) -> bool {
        self.tab_screen() == Screen::Process && self.only().is_none()
    }

    /// Whoever is asked anything tells its totals; the row is not looked at.
    pub(super) fn totals_view(&self) -> v1::View {
        let view = self.asked(v1::ViewKind::Leaks, String::new(), None);
        v1::View { limit: 1, ..view }
    }

    /// Of the innermost tab, whatever stands over it.
    pub(super) fn tab_view(&self, target: TargetId) -> v1::View {
        let mut view = self.rows_view();
        if self.tab().tree {
            let folded = self.tab().folded.iter().filter(|(of, _)| *of == target);
            view.folded = folded.map(|(_, task)| *task).collect();
        }
        view
    }

    fn rows_view(&self) -> v1::View {
        match self.tab_screen() {
            Screen::Tasks if self.tasks_are() == WhichTasks::BySite => {
                self.of_tab(v1::ViewKind::TaskGroups)
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
            Screen::Leaks
            | Screen::Story(..)
            | Screen::Targets
            | Screen::Since
            | Screen::Blind
            | Screen::Help => self.leaks_view(),
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
        let filter = Whose::of(self.filter()).rest;
        if tab.tree {
            return v1::View { tree: true, ..self.asked(kind, filter, None) };
        }
        self.asked(kind, filter, tab.sort)
    }

    fn asked(&self, kind: v1::ViewKind, filter: String, sort: Option<super::Sort>) -> v1::View {
        v1::View {
            kind: kind.into(),
            filter,
            sort: sort.map(super::Sort::written).unwrap_or_default(),
            limit: if self.reach.deep { DEEP } else { ROWS },
            interval_ms: u32::try_from(self.interval.as_millis()).unwrap_or(u32::MAX),
            cleared: !self.leaks_only,
            ..v1::View::default()
        }
    }
}
