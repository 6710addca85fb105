//! Resources and the operations on them.

use std::collections::HashSet;

use console_api::{
    Attribute,
    async_ops::{self, AsyncOpUpdate},
    resources::{self, PollOp, ResourceUpdate, resource},
};
use holdover_proto::v1;

use super::{MOST, Op, Resource, Table, is_same, reference};
use crate::client::bridge::read;

/// A resource is within another, that in a third: no deeper than this.
const DEEPEST: usize = 8;
/// So many attributes of a resource are kept: tokio's have four at most.
const MOST_SAID: usize = 16;

impl Table {
    pub(super) fn take_resources(&mut self, update: ResourceUpdate) {
        self.dropped.resources = self.dropped.resources.saturating_add(update.dropped_events);
        for new in update.new_resources {
            let Some(id) = new.id.filter(|_| self.resources.len() < MOST) else { continue };
            let made = update.stats_update.get(&id.id).and_then(|stats| self.at(stats.created_at));
            let before = self.resources.get(&id.id);
            if before.is_some_and(|it| is_same(made, it.made, it.released)) {
                continue;
            }
            self.last_resource += 1;
            let mut resource = resource(self.last_resource, &new);
            // Who used it before the console was attached is not told.
            resource.has_more_users =
                resource.kind == v1::HoldingKind::Lock && made <= self.attached;
            self.resources.insert(id.id, resource);
        }
        let mut changed: Vec<(u64, resources::Stats)> = update.stats_update.into_iter().collect();
        changed.sort_unstable_by_key(|(id, _)| *id);
        for (id, stats) in changed {
            self.take_resource_stats(id, &stats);
        }
        for op in update.new_poll_ops {
            self.take_poll(&op);
        }
        self.look_within_locks();
    }

    fn look_within_locks(&mut self) {
        let parts = self.resources.values().filter(|it| it.is_internal);
        let left = parts.filter(|part| !part.says("permits=0")).filter_map(|part| part.parent);
        let left: HashSet<u64> = left.collect();
        for (id, resource) in &mut self.resources {
            resource.is_tried = left.contains(id) && resource.is_held() == Some(true);
        }
    }

    fn take_resource_stats(&mut self, id: u64, stats: &resources::Stats) {
        let (made, released) = (self.at(stats.created_at), self.at(stats.dropped_at));
        let attributes = self.attributes(&stats.attributes);
        let Some(resource) = self.resources.get_mut(&id) else { return };
        let is_new = resource.made.is_none();
        resource.made = made;
        resource.attributes = attributes;
        if resource.is_held() == Some(false) {
            resource.got_by = None;
        }
        let user = resource.users.last().copied();
        // What happens to the thing itself is not what happens to who has it.
        let is_told = !resource.is_internal && !resource.is_shared();
        if is_new && is_told {
            self.history.push_resource(resource, None);
        }
        resource.released = released;
        if released.is_some() && is_told {
            let id = user.and_then(|number| self.ids.get(&number));
            let task = id.and_then(|id| self.tasks.get(id));
            self.history.push_resource(resource, task.map(reference));
        }
    }

    fn attributes(&self, attributes: &[Attribute]) -> Vec<String> {
        let names = |it: &Attribute| self.names(it.field.as_ref()?.metadata_id);
        let said = attributes.iter().filter_map(|it| read::attribute(it, names(it)));
        let mut said: Vec<String> = said.take(MOST_SAID).collect();
        said.sort();
        said
    }

    /// What a poll tells: which task uses which resource.
    fn take_poll(&mut self, op: &PollOp) {
        let (Some(resource), Some(task)) = (op.resource_id, op.task_id) else { return };
        let task = self.number_of(task.id);
        self.used(resource.id, task);
        // Of what is within a lock it only tells that the task may go on to poll.
        if let Some(resource) = self.resources.get_mut(&resource.id).filter(|_| op.is_ready) {
            (resource.got_by, resource.got_after) = (task, Some(self.told_before));
        }
    }

    /// By a task, or by somebody who is not told. Also what the resource is a part of is used.
    fn used(&mut self, resource: u64, task: Option<u64>) {
        let mut next = Some(resource);
        for _ in 0..DEEPEST {
            let Some(resource) = next.and_then(|id| self.resources.get_mut(&id)) else { return };
            if let Some(task) = task {
                resource.used_by(task);
            } else {
                (resource.has_more_users, resource.got_by) = (true, None);
            }
            next = resource.parent;
        }
    }

    pub(super) fn take_ops(&mut self, update: AsyncOpUpdate) {
        self.dropped.ops = self.dropped.ops.saturating_add(update.dropped_events);
        for new in update.new_async_ops {
            let (Some(id), Some(resource)) = (new.id, new.resource_id) else { continue };
            if self.ops.len() < MOST {
                let source = read::cut(&new.source);
                self.ops.insert(id.id, Op { resource: resource.id, source, ..Op::default() });
            }
        }
        let mut changed: Vec<(u64, async_ops::Stats)> = update.stats_update.into_iter().collect();
        // They come in no order; who polled last is the last user.
        let polled = |stats: &async_ops::Stats| self.at(stats.poll_stats?.last_poll_started);
        changed.sort_by_key(|(id, stats)| (polled(stats), *id));
        for (id, stats) in changed {
            self.take_op_stats(id, &stats);
        }
    }

    fn take_op_stats(&mut self, id: u64, stats: &async_ops::Stats) {
        let made = self.at(stats.created_at);
        // 0 is nobody: the target has not seen a task poll it.
        let task = stats.task_id.map(|task| task.id).filter(|id| *id != 0);
        let task = task.and_then(|task| self.number_of(task));
        let Some(op) = self.ops.get_mut(&id) else { return };
        (op.made, op.task) = (made, task);
        op.polls = stats.poll_stats.map_or(0, |poll| poll.polls);
        let resource = op.resource;
        if op.is_polled() {
            self.used(resource, task);
        }
        if stats.dropped_at.is_some() {
            self.ops.remove(&id);
        }
    }

    /// What the program uses of which this resource is a part.
    pub(crate) fn outermost(&self, id: u64) -> Option<&Resource> {
        let mut resource = self.resources.get(&id)?;
        for _ in 0..DEEPEST {
            let parent = resource.parent.and_then(|id| self.resources.get(&id));
            match parent.filter(|_| resource.is_internal) {
                Some(parent) => resource = parent,
                None => break,
            }
        }
        Some(resource)
    }
}

fn resource(number: u64, new: &resources::Resource) -> Resource {
    Resource {
        number,
        concrete_type: read::cut(&new.concrete_type),
        kind: kind(new),
        location: read::place(new.location.as_ref()),
        parent: new.parent_resource_id.map(|id| id.id),
        is_internal: new.is_internal,
        ..Resource::default()
    }
}

/// tokio says of most only that they synchronize; their types say more.
fn kind(new: &resources::Resource) -> v1::HoldingKind {
    let known = resource::kind::Known::Timer.into();
    let told = new.kind.as_ref().and_then(|kind| kind.kind.as_ref());
    if told == Some(&resource::kind::Kind::Known(known)) {
        return v1::HoldingKind::Timer;
    }
    match new.concrete_type.as_str() {
        "Mutex" | "RwLock" => v1::HoldingKind::Lock,
        "Semaphore" => v1::HoldingKind::Permit,
        text if ["Sender", "Receiver", "Channel"].iter().any(|end| text.contains(end)) => {
            v1::HoldingKind::Channel
        }
        _ => v1::HoldingKind::Custom,
    }
}
