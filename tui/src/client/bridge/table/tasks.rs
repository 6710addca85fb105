//! Tasks, and how they are.

use std::collections::HashMap;

use console_api::tasks::{self, TaskUpdate, task};
use holdover_proto::v1;

use super::{MOST, Table, Task, TaskStats, What, is_over, is_same};
use crate::client::bridge::read;

impl Table {
    pub(super) fn take_tasks(&mut self, update: TaskUpdate) {
        self.dropped.tasks = self.dropped.tasks.saturating_add(update.dropped_events);
        let changed = update.stats_update;
        self.tells_wakers |= changed.values().any(|stats| stats.waker_clones > 0);
        let mut changed: Vec<(u64, TaskStats)> =
            changed.iter().map(|(id, stats)| (*id, self.task_stats(stats))).collect();
        // They come in no order.
        changed.sort_unstable_by_key(|(id, stats)| (stats.created, *id));
        self.take_new_tasks(update.new_tasks, &changed);
        for (id, stats) in changed {
            let Some(task) = self.tasks.get_mut(&id) else {
                self.note_untold(id, &stats);
                continue;
            };
            let before = task.stats.replace(stats);
            task.watched.note(&stats, self.now);
            if before.is_none()
                && let Some(at) = stats.created
            {
                self.history.push(at, What::Spawned, task);
            }
            let had_ended = before.is_some_and(|before| before.ended.is_some());
            if let Some(at) = stats.ended.filter(|_| !had_ended) {
                self.history.push(at, What::Ended, task);
            }
        }
    }

    fn take_new_tasks(&mut self, new: Vec<tasks::Task>, stats: &[(u64, TaskStats)]) {
        let stats: HashMap<u64, TaskStats> = stats.iter().copied().collect();
        let made = |id: u64| stats.get(&id)?.created;
        let ended = |id: u64| stats.get(&id)?.ended;
        let mut new: Vec<(u64, tasks::Task)> =
            new.into_iter().filter_map(|task| Some((task.id?.id, task))).collect();
        new.sort_by_key(|(id, _)| (made(*id), *id));
        for (id, new) in new {
            let before = self.tasks.get(&id).and_then(|task| task.stats);
            let is_known = before.is_some_and(|it| is_same(made(id), it.created, it.ended));
            if is_known || is_over(ended(id), self.now) || self.tasks.len() >= MOST {
                continue;
            }
            self.spawned += 1;
            self.untold.remove(&id);
            // The target uses an id again for another task.
            let task = self.task(self.spawned, &new);
            self.ids.insert(self.spawned, id);
            if let Some(before) = self.tasks.insert(id, task) {
                self.ids.remove(&before.number);
            }
        }
    }

    fn task(&self, number: u64, new: &tasks::Task) -> Task {
        let names = self.names(new.metadata);
        let mut task = Task {
            number,
            location: read::place(new.location.as_ref()),
            kind: match new.kind() {
                task::Kind::Spawn => v1::TaskKind::Task,
                task::Kind::Blocking => v1::TaskKind::Blocking,
            },
            ..Task::default()
        };
        for field in &new.fields {
            let names = self.names(field.metadata_id).or(names);
            let (Some(name), Some(value)) = (read::name(field, names), read::value(field)) else {
                continue;
            };
            match name {
                "task.name" => task.name = value,
                "fn" => task.type_name = value,
                "task.id" => task.tokio_id = value.parse().ok(),
                "size.bytes" => task.size = value.parse().unwrap_or_default(),
                "kind" => task.kind = kind(&value),
                _ => {}
            }
        }
        task
    }

    fn task_stats(&self, stats: &tasks::Stats) -> TaskStats {
        let poll = stats.poll_stats.unwrap_or_default();
        TaskStats {
            created: self.at(stats.created_at),
            ended: self.at(stats.dropped_at),
            polls: poll.polls,
            first_poll: self.at(poll.first_poll),
            last_poll: self.at(poll.last_poll_started),
            last_poll_ended: self.at(poll.last_poll_ended),
            busy: poll.busy_time.and_then(read::span).unwrap_or_default(),
            scheduled: stats.scheduled_time.and_then(read::span).unwrap_or_default(),
            wakes: stats.wakes,
            last_wake: self.at(stats.last_wake),
            wakers: stats.waker_clones.checked_sub(stats.waker_drops),
        }
    }
}

/// One that is not known is no task like the others: of what it needs nothing is known.
fn kind(name: &str) -> v1::TaskKind {
    match name {
        "task" => v1::TaskKind::Task,
        "local" => v1::TaskKind::Local,
        "blocking" => v1::TaskKind::Blocking,
        "block_on" => v1::TaskKind::BlockOn,
        _ => v1::TaskKind::Unspecified,
    }
}
