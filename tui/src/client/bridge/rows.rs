//! The table as rows of Holdover's own wire format, which the model reads.

use std::collections::HashMap;

use holdover_proto::v1;

use super::table::{Resource, Table, Task, reference};

/// Those who wait for a thing that are named.
const WAITERS: usize = 16;

/// The table, and who waits for what in it.
pub(super) struct Rows<'a> {
    table: &'a Table,
    /// What a task has, by its number.
    held: HashMap<u64, Vec<&'a Resource>>,
    waits_for: HashMap<u64, v1::WaitsFor>,
    /// The tasks that wait, by the number of what they wait for.
    waiters: HashMap<u64, Vec<u64>>,
}

impl<'a> Rows<'a> {
    pub(super) fn of(table: &'a Table) -> Self {
        let mut rows = Self {
            table,
            held: HashMap::new(),
            waits_for: HashMap::new(),
            waiters: HashMap::new(),
        };
        for resource in table.resources.values().filter(|it| !it.is_internal) {
            if let Some(owner) = resource.owner() {
                rows.held.entry(owner).or_default().push(resource);
            }
        }
        for op in table.ops.values().filter(|op| op.is_polled()) {
            let (Some(task), Some(resource)) = (op.task, table.outermost(op.resource)) else {
                continue;
            };
            let waits_for = v1::WaitsFor {
                kind: resource.kind.into(),
                label: op.source.clone(),
                site: resource.location.clone(),
                since_ns: op.made.unwrap_or_default(),
                made_only: true,
            };
            // Of several that are within each other the outermost is what it waits for.
            let outermost = rows.waits_for.entry(task).or_insert_with(|| waits_for.clone());
            if (waits_for.since_ns, &waits_for.label) < (outermost.since_ns, &outermost.label) {
                *outermost = waits_for;
            }
            rows.waiters.entry(resource.number).or_default().push(task);
        }
        for tasks in rows.waiters.values_mut() {
            tasks.sort_unstable();
            tasks.dedup();
        }
        rows
    }

    /// Those of which more is told than that they are there.
    pub(super) fn tasks(&self) -> Vec<v1::Task> {
        let mut tasks: Vec<v1::Task> =
            self.table.tasks.values().filter_map(|task| self.task(task)).collect();
        tasks.sort_by_key(|task| (task.ended_ns.is_some(), task.id));
        tasks
    }

    pub(super) fn task(&self, task: &Task) -> Option<v1::Task> {
        let stats = task.stats?;
        let holdings = self.held.get(&task.number).map(Vec::len);
        Some(v1::Task {
            id: task.number,
            tokio_id: task.tokio_id,
            name: task.name.clone(),
            type_name: task.type_name.clone(),
            kind: task.kind.into(),
            state: stats.state().into(),
            accuracy: v1::Accuracy::Inferred.into(),
            location: task.location.clone(),
            spawned_ns: stats.created.unwrap_or_default(),
            first_poll_ns: stats.first_poll,
            ended_ns: stats.ended,
            polls: stats.polls,
            busy_ns: stats.busy,
            scheduled_ns: stats.scheduled,
            wakes: stats.wakes,
            last_poll_ns: stats.last_poll,
            size_bytes: task.size,
            // Who has a permit, or got a lock before this was attached, is not told.
            holdings: holdings.map_or(0, |it| it.try_into().unwrap_or(u32::MAX)),
            holdings_unknown: holdings.is_none(),
            waits_for: self.waits_for.get(&task.number).cloned(),
            ..v1::Task::default()
        })
    }

    /// What is there, oldest first.
    pub(super) fn holdings(&self) -> Vec<v1::HeldRow> {
        let resources = self.table.resources.values().filter(|it| !it.is_internal);
        let mut rows: Vec<v1::HeldRow> = resources.map(|it| self.held_row(it)).collect();
        rows.sort_by_key(|row| row.holding.as_ref().map(|held| (held.acquired_ns, held.id)));
        rows
    }

    fn held_row(&self, resource: &Resource) -> v1::HeldRow {
        let owner = resource.owner().and_then(|number| self.table.numbered(number));
        let ended = |task: &Task| task.stats.is_some_and(|stats| stats.ended.is_some());
        v1::HeldRow {
            holding: Some(self.holding(resource)),
            owner_ended: owner.is_some_and(|(_, task)| ended(task)),
            owner: match (owner, resource.is_held()) {
                (Some((_, task)), _) => Some(reference(task)),
                (None, Some(false)) => None,
                // Somebody has it, and it is not told who.
                (None, _) => Some(v1::TaskRef { name: "?".to_owned(), ..v1::TaskRef::default() }),
            },
        }
    }

    pub(super) fn holding(&self, resource: &Resource) -> v1::Holding {
        let waiters = self.waiters.get(&resource.number).map_or(&[][..], Vec::as_slice);
        let named = waiters.iter().filter_map(|number| self.table.numbered(*number));
        v1::Holding {
            id: resource.number,
            kind: resource.kind.into(),
            label: resource.label(),
            direct: true,
            site: resource.location.clone(),
            acquired_ns: resource.made.unwrap_or_default(),
            accuracy: v1::Accuracy::Inferred.into(),
            made_only: resource.is_shared(),
            amount: 1,
            waiting: waiters.len().try_into().unwrap_or(u32::MAX),
            waiters: named.take(WAITERS).map(|(_, task)| reference(task)).collect(),
            ..v1::Holding::default()
        }
    }

    /// What a task has.
    pub(super) fn holdings_of(&self, number: u64) -> Vec<v1::Holding> {
        let its = self.held.get(&number).into_iter().flatten();
        let mut held: Vec<v1::Holding> = its.map(|resource| self.holding(resource)).collect();
        held.sort_by_key(|held| (held.acquired_ns, held.id));
        held
    }
}
