//! The tree: tasks beneath those that spawned them.

use std::time::Instant;

use holdover_proto::v1;

use super::{Model, Screen, list::Entity};
use crate::client::TargetId;

impl Entity for v1::Branch {
    type Id = u64;

    fn id(&self) -> u64 {
        self.task.as_ref().map_or(0, |task| task.id)
    }
}

impl Model {
    /// The rows of the innermost tab are a tree.
    pub(crate) fn is_tree(&self) -> bool {
        self.tab().tree
    }

    /// They are what is shown.
    pub(super) fn shows_tree(&self) -> bool {
        self.is_tree() && self.screen().is_tab()
    }

    /// Of how many rows so many are of a task, and have a place in the tree: of what nobody
    /// owns there is none.
    pub(crate) fn counted_branches(&self) -> (u64, u64) {
        let is_empty = self.branches.rows().is_empty();
        (if is_empty { 0 } else { self.branches.matched }, self.branches.all)
    }

    pub(super) fn turn_tree(&mut self, now: Instant) {
        match self.screen() {
            Screen::Leaks => {}
            Screen::Tasks if self.kind() == super::Kind::Tasks => {}
            Screen::Holdings if self.kind() == super::Kind::Holdings => {}
            screen if screen.is_tab() => {
                return self.say("a tree is of leaks, tasks or holdings", now);
            }
            _ => return,
        }
        let tab = self.tab_mut();
        tab.tree = !tab.tree;
    }

    /// The task of the selected row of the tree, whether its branch is folded, and how deep
    /// it stands.
    fn branch(&self) -> Option<((TargetId, u64), bool, u32)> {
        let branch = self.branches.selected()?;
        let id = Entity::id(branch);
        Some((id, self.tab().folded.contains(&id), branch.depth))
    }

    /// Hides what is beneath the selected row; where nothing is, goes to what is above it.
    pub(super) fn fold(&mut self) {
        let Some((id, is_folded, depth)) = self.branch() else { return };
        if !is_folded && self.has_beneath() {
            self.tab_mut().folded.insert(id);
            self.branches.choose();
        } else if let Some(line) = self.above(depth) {
            self.branches.select(line);
        }
    }

    /// Shows what is beneath the selected row; where it is shown, goes there.
    pub(super) fn unfold(&mut self) {
        let Some((id, is_folded, _)) = self.branch() else { return };
        if is_folded {
            self.tab_mut().folded.remove(&id);
            self.branches.choose();
        } else if self.has_beneath() {
            self.branches.move_by(1);
        }
    }

    fn has_beneath(&self) -> bool {
        let rows = self.branches.rows();
        let depth = |line: usize| rows.get(line).map(|branch| branch.depth);
        self.branches.selected_index().is_some_and(|line| depth(line + 1) > depth(line))
    }

    fn above(&self, depth: u32) -> Option<usize> {
        let before = &self.branches.rows()[..self.branches.selected_index()?];
        before.iter().rposition(|branch| branch.depth < depth)
    }
}
