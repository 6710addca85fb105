//! The view that the screen needs.

use holdover_proto::v1;

use super::{Model, Screen, Which};

/// Rows that a screen asks for.
const ROWS: u32 = 300;

impl Model {
    /// The view that the screen needs; help and the like stand over another one's.
    pub(crate) fn view(&self) -> v1::View {
        let shown =
            self.screens.iter().rev().find(|it| !matches!(it, Screen::Blind | Screen::Help));
        let (kind, task) = match shown.copied().unwrap_or(Screen::Leaks) {
            Screen::Tasks => (v1::ViewKind::Tasks, 0),
            Screen::Events => (v1::ViewKind::Events, 0),
            Screen::Process => (v1::ViewKind::Process, 0),
            Screen::Story(task) => (v1::ViewKind::Story, task),
            Screen::Leaks | Screen::Blind | Screen::Help => (v1::ViewKind::LeakGroups, 0),
        };
        let mut filter = self.filter().to_owned();
        if self.leaks_only && kind == v1::ViewKind::LeakGroups {
            const LEAKS: &str = "(verdict:stuck or verdict:left-behind or verdict:after-cancel)";
            filter =
                if filter.is_empty() { LEAKS.to_owned() } else { format!("{LEAKS} ({filter})") };
        }
        v1::View {
            kind: kind.into(),
            filter,
            task,
            limit: ROWS,
            interval_ms: u32::try_from(self.interval.as_millis()).unwrap_or(u32::MAX),
            cleared: !self.leaks_only,
            ignored: self.which == Which::Ignored && kind == v1::ViewKind::LeakGroups,
            ..v1::View::default()
        }
    }
}
