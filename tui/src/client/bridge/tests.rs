mod fake;
mod locks;
mod malformed;
mod untold;
mod wakers;

use console_api::{
    Id, MetaId, RegisterMetadata,
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
    let new_metadata = Some(RegisterMetadata::default());
    let task_update = Some(task_update);
    Update { now: Some(at(now)), task_update, new_metadata, ..Default::default() }
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

/// Nothing but that time has passed.
fn later(state: &mut State, now: i64) {
    state.apply(Update { now: Some(at(now)), ..Update::default() });
}

/// How these tasks are now.
fn told(state: &mut State, now: i64, tasks: Vec<(u64, tasks::Stats)>) {
    let task_update = Some(TaskUpdate {
        new_tasks: Vec::new(),
        ..of_tasks(now, tasks).task_update.expect("tasks")
    });
    state.apply(Update { now: Some(at(now)), task_update, ..Update::default() });
}

fn end(state: &mut State, now: i64, task: u64) {
    let ended = tasks::Stats { dropped_at: Some(at(now)), ..lost() };
    told(state, now, vec![(task, ended)]);
}

fn leaks(state: &State, cleared: bool) -> Vec<(v1::Verdict, u64)> {
    let leaks = state.verdicts.leaks(cleared).into_iter();
    leaks.map(|leak| (leak.verdict(), leak.task.map_or(0, |task| task.id))).collect()
}

#[test]
fn an_id_that_is_used_again_is_another_task() {
    let mut state = State::default();
    state.apply(of_tasks(102, vec![(7, lost())]));
    state.apply(of_tasks(102, vec![(7, lost())]));
    assert_eq!(state.table.spawned, 1, "it is told twice, and the same");
    let another = tasks::Stats { created_at: Some(at(101)), ..lost() };
    state.apply(of_tasks(103, vec![(7, another)]));
    assert!(state.table.numbered(1).is_none() && state.table.numbered(2).is_some());
    assert_eq!(state.table.spawned, 2);
}

#[test]
fn what_ended_long_before_the_console_was_attached_is_not_told_of() {
    let mut state = State::default();
    let long_over = tasks::Stats { dropped_at: Some(at(101)), ..lost() };
    state.apply(of_tasks(500, vec![(7, long_over), (8, lost())]));
    assert_eq!((state.table.spawned, state.table.history.events().count()), (1, 1));
}

/// The protocol does not tell how many have ended before somebody looked.
#[test]
fn groups_of_tasks_have_those_that_live_and_no_others() {
    let mut state = State::default();
    let over = tasks::Stats { dropped_at: Some(at(199)), ..lost() };
    state.apply(of_tasks(200, vec![(7, lost()), (8, lost()), (9, over)]));
    let groups = |filter: &str| {
        let kind = v1::ViewKind::TaskGroups.into();
        let wire = v1::View { kind, filter: filter.to_owned(), ..v1::View::default() };
        let view = view::View::new(wire).expect("a view");
        let update = view::evaluate(&state, &view);
        let groups = update.task_groups.iter().map(|group| (group.live, group.ended));
        (groups.collect::<Vec<_>>(), update.matched, update.all)
    };
    assert_eq!(groups(""), (vec![(2, None)], 1, 1));
    assert_eq!(groups("state:ended"), (vec![(2, None)], 1, 1), "what is counted is the site's");
    assert_eq!(groups("state:running"), (vec![], 0, 1));
}

#[test]
fn a_target_that_does_not_tell_at_first_what_there_is_is_said_to_be_too_large() {
    let causes = |state: &State| {
        let blind = describe::describe(state, "").coverage.expect("coverage").blind;
        blind.into_iter().map(|it| (it.cause, it.sentence)).collect::<Vec<_>>()
    };
    let mut state = State::default();
    state.apply(of_tasks(101, Vec::new()));
    later(&mut state, 102);
    assert_eq!(causes(&state).len(), 1, "it has told all that there was, which is nothing");
    let mut state = State::default();
    later(&mut state, 101);
    let (cause, sentence) = &causes(&state)[0];
    assert_eq!(cause, "not-told");
    assert!(!sentence.contains("still run"), "{sentence}");
    told(&mut state, 102, vec![(7, lost()), (8, lost())]);
    let (_, sentence) = &causes(&state)[0];
    assert!(sentence.contains("of which 2 or more still run"), "{sentence}");
}
