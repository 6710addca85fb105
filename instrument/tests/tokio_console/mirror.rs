//! What an unchanged client makes of the updates: as tokio-console does, it takes a task
//! that comes with its figures, and figures of tasks that it knows.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use console_api::{
    field::{Name, Value},
    instrument::{InstrumentRequest, Update, instrument_client::InstrumentClient},
    tasks::{Stats, Task},
};
use tonic::{
    Streaming,
    transport::{Channel, Endpoint},
};

/// Long enough for a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn attach(address: &str) -> InstrumentClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    InstrumentClient::new(endpoint.connect().await.expect("it listens"))
}

/// See the module's header.
pub(crate) struct Mirror {
    updates: Streaming<Update>,
    metadata: HashSet<u64>,
    pub(crate) tasks: HashMap<u64, (Task, Stats)>,
    pub(crate) dropped: u64,
    pub(crate) seen: usize,
}

impl Mirror {
    pub(crate) async fn of(client: &mut InstrumentClient<Channel>) -> Self {
        let updates = client.watch_updates(InstrumentRequest {}).await.expect("updates");
        Self {
            updates: updates.into_inner(),
            metadata: HashSet::new(),
            tasks: HashMap::new(),
            dropped: 0,
            seen: 0,
        }
    }

    /// A message of more than 4 MiB would be an error.
    pub(crate) async fn next(&mut self) {
        let update = tokio::time::timeout(PATIENCE, self.updates.message()).await;
        let update = update.expect("in time").expect("no error").expect("it goes on");
        self.apply(update);
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
        for metadata in update.new_metadata.into_iter().flat_map(|it| it.metadata) {
            self.metadata.insert(metadata.id.expect("an id").id);
        }
        let Some(mut update) = update.task_update else { return };
        self.dropped += update.dropped_events;
        for task in update.new_tasks {
            let id = task.id.expect("an id").id;
            assert!(self.metadata.contains(&task.metadata.expect("some").id));
            let stats = update.stats_update.remove(&id).expect("it comes with its figures");
            is_whole(&stats);
            self.tasks.insert(id, (task, stats));
        }
        for (id, stats) in update.stats_update {
            is_whole(&stats);
            let (_, before) = self.tasks.get_mut(&id).expect("a task that was told of");
            assert!(before.dropped_at.is_none() || stats.dropped_at.is_some(), "it stays ended");
            *before = stats;
        }
    }

    pub(crate) fn named(&self, name: &str) -> Option<&(Task, Stats)> {
        self.tasks.values().find(|(task, _)| field(task, "task.name").as_deref() == Some(name))
    }

    pub(crate) fn live(&self) -> usize {
        self.tasks.values().filter(|(_, stats)| stats.dropped_at.is_none()).count()
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

/// Without these tokio-console would panic.
fn is_whole(stats: &Stats) {
    assert!(stats.created_at.is_some() && stats.poll_stats.is_some());
}
