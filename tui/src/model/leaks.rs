//! The Leaks screen's data: the groups, and which of them is selected. The selection
//! follows the group, not the line it stands on.

use holdover_proto::v1;

/// What makes a group the same one in the next update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupId {
    verdict: i32,
    cleared: bool,
    name: String,
    location: String,
    held: Option<(i32, String)>,
}

impl GroupId {
    fn of(group: &v1::LeakGroup) -> Self {
        let worst = group.worst.as_ref();
        let task = worst.and_then(|leak| leak.task.as_ref());
        let held = worst.and_then(|leak| leak.holdings.first());
        Self {
            verdict: group.verdict,
            cleared: group.cleared,
            name: task.map(|task| task.name.clone()).unwrap_or_default(),
            location: task.map(|task| task.location.clone()).unwrap_or_default(),
            held: held.map(|held| (held.kind, held.label.clone())),
        }
    }
}

/// See the module's header.
#[derive(Debug, Default)]
pub(crate) struct Leaks {
    groups: Vec<v1::LeakGroup>,
    selected: Option<GroupId>,
    /// Where the selected group stood when it was last seen.
    line: usize,
    pub(crate) matched: u64,
    pub(crate) all: u64,
    /// Why the target does not answer this view.
    pub(crate) refused: Option<String>,
}

impl Leaks {
    pub(crate) fn replace(&mut self, groups: Vec<v1::LeakGroup>, matched: u64, all: u64) {
        self.groups = groups;
        self.matched = matched;
        self.all = all;
        self.refused = None;
        match self.selected_index() {
            Some(line) => self.line = line,
            // It is gone: what stands in its place now, else the last.
            None => self.select(self.line),
        }
    }

    pub(crate) fn groups(&self) -> &[v1::LeakGroup] {
        &self.groups
    }

    pub(crate) fn selected_index(&self) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        self.groups.iter().position(|group| GroupId::of(group) == *selected)
    }

    pub(crate) fn selected(&self) -> Option<&v1::LeakGroup> {
        self.groups.get(self.selected_index()?)
    }

    /// Selects the group on this line, or the last.
    pub(crate) fn select(&mut self, line: usize) {
        self.line = line.min(self.groups.len().saturating_sub(1));
        self.selected = self.groups.get(self.line).map(GroupId::of);
    }

    pub(crate) fn move_by(&mut self, lines: isize) {
        self.select(self.line.saturating_add_signed(lines));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str) -> v1::LeakGroup {
        let task = v1::Task { name: name.into(), ..Default::default() };
        let worst = v1::Leak { task: Some(task), ..Default::default() };
        v1::LeakGroup { worst: Some(worst), count: 1, ..Default::default() }
    }

    fn names(leaks: &Leaks) -> Option<&str> {
        Some(&leaks.selected()?.worst.as_ref()?.task.as_ref()?.name)
    }

    #[test]
    fn the_selection_follows_the_group() {
        let mut leaks = Leaks::default();
        leaks.replace(vec![group("a"), group("b")], 2, 2);
        assert_eq!(names(&leaks), Some("a"));
        leaks.move_by(1);
        assert_eq!(names(&leaks), Some("b"));
        leaks.replace(vec![group("new"), group("a"), group("b")], 3, 3);
        assert_eq!((names(&leaks), leaks.selected_index()), (Some("b"), Some(2)));
        leaks.replace(vec![group("a")], 1, 1);
        assert_eq!(names(&leaks), Some("a"));
        leaks.replace(vec![], 0, 0);
        assert_eq!(names(&leaks), None);
        leaks.move_by(-1);
        leaks.replace(vec![group("z")], 1, 1);
        assert_eq!(names(&leaks), Some("z"));
    }
}
