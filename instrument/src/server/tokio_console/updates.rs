//! The updates of one client: rounds over everything, in parts, so that the console thread
//! is never kept from its other work for long.

use holdover_proto::tokio_console as wire;
use tokio::sync::{mpsc, watch};
use tonic::Status;

use super::{
    super::Console,
    convert::{self, Wall},
    resources::{News, Resources},
    tasks::Tasks,
};

/// An update is sent once it has so many bytes: a client takes 4 MiB.
const BYTES: usize = 1 << 20;
/// So many slots are read before others have their turn.
pub(super) const SLOTS: u32 = 4096;

/// What may still go into a part.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: usize,
    slots: u32,
}

impl Budget {
    fn new() -> Self {
        Self { bytes: BYTES, slots: SLOTS }
    }

    /// One more slot is read, where that may be.
    pub(super) fn takes_a_slot(&mut self) -> bool {
        let may = self.slots > 0 && self.bytes > 0;
        self.slots = self.slots.saturating_sub(1);
        may
    }

    pub(super) fn spends(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

/// What a client was told, and how far this round has come.
#[derive(Debug)]
struct Client {
    wall: Wall,
    is_new: bool,
    tasks: Tasks,
    resources: Resources,
}

impl Client {
    fn new(console: &Console) -> Self {
        let wall = Wall::new(console.recorder);
        Self {
            wall,
            is_new: true,
            tasks: Tasks::new(console, wall),
            resources: Resources::new(wall),
        }
    }

    fn begins_a_round(&mut self, console: &Console) {
        self.tasks.begins_a_round(&console.store());
        self.resources.begins_a_round();
    }

    /// The next part of the round, and whether it is the last.
    fn part(&mut self, console: &Console) -> (wire::Update, bool) {
        let now = console.recorder.clock.now();
        let mut budget = Budget::new();
        let (task_update, tasks_are_told) = self.tasks.part(console, now, &mut budget);
        let (News { resources, operations }, is_last) = if tasks_are_told {
            self.resources.part(console, now, &mut budget)
        } else {
            (News::default(), false)
        };
        let update = wire::Update {
            now: Some(self.wall.at(now)),
            new_metadata: std::mem::take(&mut self.is_new).then(convert::metadata),
            task_update: Some(task_update),
            resource_update: Some(resources),
            async_op_update: Some(operations),
        };
        (update, is_last)
    }
}

fn says_something(update: &wire::Update) -> bool {
    let tasks = update.task_update.as_ref();
    let resources = update.resource_update.as_ref();
    let operations = update.async_op_update.as_ref();
    update.new_metadata.is_some()
        || tasks.is_some_and(|it| !it.stats_update.is_empty() || it.dropped_events > 0)
        || resources.is_some_and(|it| !it.stats_update.is_empty())
        || operations.is_some_and(|it| !it.stats_update.is_empty())
}

/// Sends what there is and then what changes, until the client is gone.
pub(super) async fn send(
    console: &Console,
    mut paused: watch::Receiver<bool>,
    updates: &mpsc::Sender<Result<wire::Update, Status>>,
) {
    let mut client = Client::new(console);
    loop {
        if !round(console, &mut client, &mut paused, updates).await {
            return;
        }
        let interval = console.store().settings().publish_interval;
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            () = updates.closed() => return,
        }
    }
}

/// False when the client is gone.
async fn round(
    console: &Console,
    client: &mut Client,
    paused: &mut watch::Receiver<bool>,
    updates: &mpsc::Sender<Result<wire::Update, Status>>,
) -> bool {
    client.begins_a_round(console);
    loop {
        tokio::select! {
            live = paused.wait_for(|paused| !paused) => if live.is_err() { return false },
            () = updates.closed() => return false,
        }
        // Room first: what is told is what is so when it is sent.
        let Ok(room) = updates.reserve().await else { return false };
        let (update, is_last) = client.part(console);
        // The last one always goes: it says what time it is.
        if is_last || says_something(&update) {
            room.send(Ok(update));
        }
        if is_last {
            return true;
        }
        tokio::task::yield_now().await;
    }
}
