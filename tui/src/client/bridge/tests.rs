mod fake;
mod malformed;

use console_api::{
    Id, MetaId,
    tasks::{self, TaskUpdate},
};
use prost_types::Timestamp;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp { seconds, nanos: 0 }
}

/// A message with tasks, each with its stats.
fn of_tasks(now: i64, tasks: Vec<(u64, tasks::Stats)>) -> Update {
    let new = |id: u64| tasks::Task {
        id: Some(Id { id }),
        metadata: Some(MetaId { id: 1 }),
        ..Default::default()
    };
    let task_update = TaskUpdate {
        new_tasks: tasks.iter().map(|(id, _)| new(*id)).collect(),
        stats_update: tasks.into_iter().collect(),
        dropped_events: 0,
    };
    Update { now: Some(at(now)), task_update: Some(task_update), ..Default::default() }
}

/// Idle, and without a waker.
fn lost() -> tasks::Stats {
    let poll_stats = console_api::PollStats {
        polls: 1,
        first_poll: Some(at(100)),
        last_poll_started: Some(at(100)),
        last_poll_ended: Some(at(101)),
        ..Default::default()
    };
    tasks::Stats { created_at: Some(at(100)), poll_stats: Some(poll_stats), ..Default::default() }
}

fn leaks(state: &State, cleared: bool) -> Vec<(v1::Verdict, u64)> {
    let leaks = state.verdicts.leaks(cleared).into_iter();
    leaks.map(|leak| (leak.verdict(), leak.task.map_or(0, |task| task.id))).collect()
}

#[test]
fn a_task_without_a_waker_is_lost_after_its_grace_and_no_longer_once_it_is_polled() {
    let mut state = State::default();
    state.apply(of_tasks(101, vec![(7, lost())]));
    assert_eq!(leaks(&state, true), [], "it is within its grace");
    let later = Update { now: Some(at(102)), ..Default::default() };
    state.apply(later);
    assert_eq!(leaks(&state, false), [(v1::Verdict::LostWaker, 1)]);
    let mut woken = lost();
    woken.waker_clones = 1;
    let task_update = TaskUpdate { stats_update: [(7, woken)].into(), ..Default::default() };
    state.apply(Update {
        now: Some(at(103)),
        task_update: Some(task_update),
        ..Default::default()
    });
    assert_eq!(leaks(&state, false), []);
    assert_eq!(leaks(&state, true), [(v1::Verdict::LostWaker, 1)], "it has cleared");
}

#[test]
fn where_events_were_dropped_no_task_is_said_to_be_lost() {
    let mut state = State::default();
    let mut update = of_tasks(200, vec![(7, lost())]);
    update.task_update.as_mut().expect("tasks").dropped_events = 1;
    state.apply(update);
    assert_eq!(leaks(&state, true), []);
    let described = describe::describe(&state.table, "");
    let blind = &described.coverage.expect("coverage").blind;
    assert!(blind[0].sentence.contains("1 events of tasks"), "{blind:?}");
}

#[test]
fn an_id_that_is_used_again_is_another_task() {
    let mut state = State::default();
    state.apply(of_tasks(102, vec![(7, lost())]));
    state.apply(of_tasks(103, vec![(7, lost())]));
    assert_eq!(leaks(&state, false), [(v1::Verdict::LostWaker, 2)]);
    assert!(state.table.numbered(1).is_none());
    assert_eq!(state.table.spawned, 2);
}
