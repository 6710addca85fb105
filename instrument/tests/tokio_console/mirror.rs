//! What an unchanged client makes of the updates: as tokio-console does, it takes a task
//! that comes with its figures, and figures of tasks that it knows.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use console_api::{
    async_ops::{self, AsyncOp, AsyncOpUpdate},
    field::{Name, Value},
    instrument::{InstrumentRequest, Update, instrument_client::InstrumentClient},
    resources::{self, PollOp, Resource, ResourceUpdate},
    tasks::{Stats, Task, TaskUpdate},
};
use tonic::{
    Streaming,
    transport::{Channel, Endpoint},
};

/// Long enough for a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn attach(address: &str) -> InstrumentClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    InstrumentClient::new(endpoint.connect().await.expect("it listens"))
}

/// See the module's header.
pub(crate) struct Mirror {
    updates: Streaming<Update>,
    metadata: HashSet<u64>,
    names: HashMap<String, u64>,
    live: usize,
    pub(crate) resources: HashMap<u64, (Resource, resources::Stats)>,
    pub(crate) operations: HashMap<u64, (AsyncOp, async_ops::Stats)>,
    pub(crate) poll_ops: Vec<PollOp>,
    pub(crate) tasks: HashMap<u64, (Task, Stats)>,
    pub(crate) dropped: u64,
    pub(crate) seen: usize,
    /// When the last update was.
    pub(crate) now: Option<prost_types::Timestamp>,
}

impl Mirror {
    pub(crate) async fn of(client: &mut InstrumentClient<Channel>) -> Self {
        let updates = client.watch_updates(InstrumentRequest {}).await.expect("updates");
        Self {
            updates: updates.into_inner(),
            metadata: HashSet::new(),
            names: HashMap::new(),
            live: 0,
            resources: HashMap::new(),
            operations: HashMap::new(),
            poll_ops: Vec::new(),
            tasks: HashMap::new(),
            dropped: 0,
            seen: 0,
            now: None,
        }
    }

    /// A message of more than 4 MiB would be an error.
    pub(crate) async fn next(&mut self) {
        let update = tokio::time::timeout(PATIENCE, self.updates.message()).await;
        let update = update.expect("in time").expect("no error").expect("it goes on");
        self.apply(update);
    }

    /// What this task has to do with resources at the moment: what is done with it, what
    /// it is of, and its number.
    pub(crate) fn operations_of(&self, name: &str) -> Vec<(&str, &str, u64)> {
        let Some(task) = self.names.get(name) else { return Vec::new() };
        let is_its = |stats: &async_ops::Stats| {
            stats.dropped_at.is_none() && stats.task_id.is_some_and(|id| id.id == *task)
        };
        let its = self.operations.values().filter(|(_, stats)| is_its(stats));
        let mut its: Vec<_> = its
            .map(|(operation, _)| {
                let id = operation.resource_id.expect("what it is of").id;
                let resource = &self.resources[&id].0;
                (operation.source.as_str(), resource.concrete_type.as_str(), id)
            })
            .collect();
        its.sort_unstable();
        its
    }

    /// Whether another update comes within that time.
    pub(crate) async fn hears_something(&mut self, within: Duration) -> bool {
        match tokio::time::timeout(within, self.updates.message()).await {
            Ok(update) => {
                self.apply(update.expect("no error").expect("it goes on"));
                true
            }
            Err(_) => false,
        }
    }

    /// Reads on until that is so.
    pub(crate) async fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let reads = async {
            while !is_so(self) {
                self.next().await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, reads).await.is_ok(), "not in time: {what}");
    }

    fn apply(&mut self, update: Update) {
        self.seen += 1;
        assert!(update.now.is_some(), "it says what time it is");
        self.now = update.now;
        for metadata in update.new_metadata.into_iter().flat_map(|it| it.metadata) {
            self.metadata.insert(counted(metadata.id.expect("an id").id));
        }
        self.apply_tasks(update.task_update.unwrap_or_default());
        self.apply_resources(update.resource_update.unwrap_or_default());
        self.apply_operations(update.async_op_update.unwrap_or_default());
    }

    fn apply_tasks(&mut self, mut update: TaskUpdate) {
        self.dropped += update.dropped_events;
        for task in update.new_tasks {
            let id = counted(task.id.expect("an id").id);
            assert!(self.metadata.contains(&task.metadata.expect("some").id));
            let stats = update.stats_update.remove(&id).expect("it comes with its figures");
            is_whole(&stats);
            if let Some(name) = field(&task, "task.name") {
                self.names.insert(name, id);
            }
            let has_ended = stats.dropped_at.is_some();
            self.live += usize::from(!has_ended);
            if let Some((_, before)) = self.tasks.insert(id, (task, stats)) {
                // An open page goes on showing the task as it was told of before.
                assert!(before.dropped_at.is_some() || !has_ended, "its end is told first");
                self.live -= usize::from(before.dropped_at.is_none());
            }
        }
        for (id, stats) in update.stats_update {
            is_whole(&stats);
            let (_, before) = self.tasks.get_mut(&id).expect("a task that was told of");
            assert!(before.dropped_at.is_none() || stats.dropped_at.is_some(), "it stays ended");
            let ends = before.dropped_at.is_none() && stats.dropped_at.is_some();
            self.live -= usize::from(ends);
            *before = stats;
        }
    }

    fn apply_resources(&mut self, mut update: ResourceUpdate) {
        for resource in update.new_resources {
            let id = counted(resource.id.expect("an id").id);
            assert!(self.metadata.contains(&resource.metadata.expect("some").id));
            assert!(resource.kind.as_ref().is_some_and(|it| it.kind.is_some()));
            let stats = update.stats_update.remove(&id).expect("it comes with its figures");
            assert!(stats.created_at.is_some());
            let before = self.resources.insert(id, (resource, stats));
            assert!(before.is_none(), "an id is used once");
        }
        for (id, stats) in update.stats_update {
            assert!(stats.created_at.is_some());
            self.resources.get_mut(&id).expect("a resource that was told of").1 = stats;
        }
        self.poll_ops.extend(update.new_poll_ops);
    }

    fn apply_operations(&mut self, mut update: AsyncOpUpdate) {
        for operation in update.new_async_ops {
            let id = counted(operation.id.expect("an id").id);
            assert!(self.metadata.contains(&operation.metadata.expect("some").id));
            let resource = operation.resource_id.expect("what it is an operation of");
            assert!(self.resources.contains_key(&resource.id), "{resource:?} was not told of");
            let stats = update.stats_update.remove(&id).expect("it comes with its figures");
            assert!(stats.created_at.is_some() && stats.poll_stats.is_some());
            let before = self.operations.insert(id, (operation, stats));
            assert!(before.is_none(), "an id is used once");
        }
        for (id, stats) in update.stats_update {
            assert!(stats.created_at.is_some() && stats.poll_stats.is_some());
            self.operations.get_mut(&id).expect("an operation that was told of").1 = stats;
        }
    }

    pub(crate) fn named(&self, name: &str) -> Option<&(Task, Stats)> {
        self.tasks.get(self.names.get(name)?)
    }

    pub(crate) fn live(&self) -> usize {
        self.live
    }
}

/// A field of a task, as it is printed.
pub(crate) fn field(task: &Task, name: &str) -> Option<String> {
    let is_it = |it: &&console_api::Field| matches!(&it.name, Some(Name::StrName(found)) if found.as_str() == name);
    task.fields.iter().find(is_it)?.value.as_ref().map(Value::to_string)
}

/// What tokio-console shows of the task, by its own rules.
pub(crate) fn state(stats: &Stats) -> &'static str {
    let polls = stats.poll_stats.as_ref().expect("poll statistics");
    let order = |at: &Option<prost_types::Timestamp>| at.as_ref().map(|at| (at.seconds, at.nanos));
    if stats.dropped_at.is_some() {
        "ended"
    } else if order(&polls.last_poll_started) > order(&polls.last_poll_ended) {
        "running"
    } else if order(&stats.last_wake) > order(&polls.last_poll_started) {
        "scheduled"
    } else {
        "idle"
    }
}

/// It was counted, and is no address.
fn counted(id: u64) -> u64 {
    assert!((1..1 << 32).contains(&id), "{id:#x} may be an address");
    id
}

/// Without these tokio-console would panic.
fn is_whole(stats: &Stats) {
    assert!(stats.created_at.is_some() && stats.poll_stats.is_some());
}
