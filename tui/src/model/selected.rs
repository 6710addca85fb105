//! What the selected row is about, and whose it is: keys that do something act on that.

use holdover_proto::v1::HeldRow;

use super::{Kind, List, Model, Of, PoolLine, list::Entity};
use crate::client::TargetId;

impl Model {
    /// With whose it is.
    pub(super) fn selected_task(&self) -> Option<(TargetId, u64)> {
        fn of<T>(row: Option<&Of<T>>, task: fn(&T) -> Option<u64>) -> Option<(TargetId, u64)> {
            let row = row?;
            Some((row.target, task(row)?))
        }
        fn owner(row: &HeldRow) -> Option<u64> {
            row.owner.as_ref().map(|owner| owner.id)
        }
        if self.is_tree() {
            return of(self.branches.selected(), |branch| Some(branch.id()));
        }
        match self.kind() {
            Kind::Leaks => of(self.leaks.selected(), |row| row.tasks.first().copied()),
            Kind::Tasks => of(self.tasks.selected(), |task| Some(task.id)),
            Kind::Sites => None,
            Kind::Holdings => of(self.holdings.selected(), owner),
            Kind::Pools => of(self.pool_lines.selected(), PoolLine::owner),
            Kind::Events => of(self.events.selected(), |event| Some(event.task.as_ref()?.id)),
            Kind::Process => of(self.seen.held.selected(), owner),
        }
    }

    /// Whose the selected row is, of those of a tab.
    pub(crate) fn selected_target(&self) -> Option<TargetId> {
        fn of<T: Entity>(list: &List<Of<T>>) -> Option<TargetId> {
            list.selected().map(|row| row.target)
        }
        if self.is_tree() {
            return of(&self.branches);
        }
        match self.kind() {
            Kind::Leaks => of(&self.leaks),
            Kind::Tasks => of(&self.tasks),
            Kind::Sites => of(&self.sites),
            Kind::Holdings => of(&self.holdings),
            Kind::Pools => of(&self.pool_lines),
            Kind::Events => of(&self.events),
            Kind::Process => of(&self.seen.held),
        }
    }

    /// The target that a key about a task is meant for.
    pub(crate) fn acts_on(&self) -> TargetId {
        let row = self.screen().is_tab().then(|| self.selected_target()).flatten();
        row.or_else(|| self.about()).unwrap_or_default()
    }
}
