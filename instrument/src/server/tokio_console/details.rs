//! The histograms of one task. The recorder keeps none: only of a task that a client looks
//! at, its figures are read often. One poll between two looks is known exactly; several
//! are counted as if each took the same, but for the last one. So are those before the
//! first look.

use std::time::Duration;

use holdover_proto::tokio_console as wire;
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tonic::Status;

use super::{
    super::Console,
    convert::{self, Wall},
    histogram::Histogram,
    updates::SLOTS,
};
use crate::recorder::{key::Key, task::TaskFacts};

/// The time between two looks.
const LOOK: Duration = Duration::from_millis(5);

/// See the module's header.
#[derive(Debug)]
struct Watched {
    id: u64,
    polls: u64,
    begun: u64,
    busy: u64,
    scheduled: u64,
    poll_times: Histogram,
    scheduled_times: Histogram,
}

impl Watched {
    fn new(id: u64) -> Self {
        let (poll_times, scheduled_times) = (Histogram::default(), Histogram::default());
        Self { id, polls: 0, begun: 0, busy: 0, scheduled: 0, poll_times, scheduled_times }
    }

    fn look(&mut self, facts: &TaskFacts) {
        let over = facts.polls - u64::from(facts.running_since.is_some());
        let polls = over.saturating_sub(self.polls);
        if polls > 0 {
            let busy = facts.busy.saturating_sub(self.busy);
            let last = facts.last_run.min(busy);
            self.poll_times.count(last, 1);
            self.poll_times.count_at_the_mean(busy - last, polls - 1);
            (self.polls, self.busy) = (over, facts.busy);
        }
        let waited = facts.polls.saturating_sub(self.begun);
        if waited > 0 {
            let scheduled = facts.scheduled.saturating_sub(self.scheduled);
            self.scheduled_times.count_at_the_mean(scheduled, waited);
            (self.begun, self.scheduled) = (facts.polls, facts.scheduled);
        }
    }

    fn to_wire(&self, console: &Console) -> wire::TaskDetails {
        let poll_times =
            wire::task_details::PollTimesHistogram::Histogram(self.poll_times.to_wire());
        wire::TaskDetails {
            task_id: Some(convert::id(self.id)),
            now: Some(Wall::new(console.recorder).at(console.recorder.clock.now())),
            poll_times_histogram: Some(poll_times),
            scheduled_times_histogram: Some(self.scheduled_times.to_wire()),
        }
    }
}

/// The task with this id. Reads every task, with pauses.
pub(super) async fn find(console: &Console, id: u64) -> Option<Key> {
    let recorder = console.recorder;
    for slot in 0..recorder.task_slots() {
        if slot % SLOTS == 0 {
            tokio::task::yield_now().await;
        }
        if let Some(facts) = recorder.task_at(slot).filter(|facts| facts.id == id) {
            return Some(facts.key);
        }
    }
    None
}

/// Sends the histograms at once and then at each interval in which they changed, until the
/// task is forgotten or the client is gone.
pub(super) async fn send(
    console: &Console,
    (id, key): (u64, Key),
    paused: watch::Receiver<bool>,
    details: &mpsc::Sender<Result<wire::TaskDetails, Status>>,
) {
    let interval = console.store().settings().publish_interval;
    let mut watched = Watched::new(id);
    let (mut next, mut told) = (Instant::now(), None);
    while let Some(facts) = console.recorder.task(key) {
        watched.look(&facts);
        let counted = (watched.polls, watched.begun);
        if Instant::now() >= next && told != Some(counted) && !*paused.borrow() {
            // One under way: a client that reads slowly gets fewer.
            if let Ok(room) = details.try_reserve() {
                room.send(Ok(watched.to_wire(console)));
                (next, told) = (Instant::now() + interval, Some(counted));
            }
        }
        let pause = if facts.ended_at.is_some() { interval } else { LOOK };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = details.closed() => return,
        }
    }
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use super::*;
    use crate::{
        recorder::{Level, Recorder, table::SiteId, task::Birth},
        words::TaskKind,
    };

    fn facts(polls: u64, busy: u64, last_run: u64, scheduled: u64) -> TaskFacts {
        let recorder = Recorder::start(Level::All);
        let birth = Birth::new(TaskKind::Task, SiteId::default());
        let key = recorder.spawned(&birth).expect("a slot");
        let facts = recorder.task(key).expect("it is there");
        TaskFacts { last_run, polls, busy, scheduled, ..facts }
    }

    #[test]
    fn each_poll_is_counted_once_and_the_last_of_several_exactly() {
        let first = facts(1, 100, 100, 7);
        let mut watched = Watched::new(1);
        watched.look(&first);
        let mut expected = Histogram::default();
        expected.count(100, 1);
        assert_eq!(watched.poll_times, expected);
        watched.look(&first);
        assert_eq!(watched.poll_times, expected, "nothing has happened");
        // Three polls: 50 the last, 40 for the other two.
        watched.look(&facts(4, 190, 50, 37));
        expected.count(50, 1);
        expected.count(20, 2);
        assert_eq!(watched.poll_times, expected);
        let mut waited = Histogram::default();
        waited.count(7, 1);
        waited.count(10, 3);
        assert_eq!(watched.scheduled_times, waited);
    }
}
