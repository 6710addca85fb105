mod fake;
mod malformed;

use console_api::{
    Attribute, Field, Id, MetaId, field,
    resources::{self, PollOp, ResourceUpdate},
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
    state.apply(of_tasks(102, vec![(7, lost())]));
    assert_eq!(state.table.spawned, 1, "it is told twice, and the same");
    let another = tasks::Stats { created_at: Some(at(101)), ..lost() };
    state.apply(of_tasks(103, vec![(7, another)]));
    assert_eq!(leaks(&state, false), [(v1::Verdict::LostWaker, 2)]);
    assert!(state.table.numbered(1).is_none());
    assert_eq!(state.table.spawned, 2);
}

/// A message with one lock, how it is, and who polls it with what result.
fn of_a_lock(now: i64, locked: bool, polls: &[(u64, bool)]) -> Update {
    let field = Field {
        name: Some(field::Name::StrName("locked".to_owned())),
        value: Some(field::Value::BoolVal(locked)),
        metadata_id: None,
    };
    let stats = resources::Stats {
        created_at: Some(at(100)),
        dropped_at: None,
        attributes: vec![Attribute { field: Some(field), unit: None }],
    };
    let poll = |(task, is_ready): &(u64, bool)| PollOp {
        resource_id: Some(Id { id: 9 }),
        task_id: Some(Id { id: *task }),
        is_ready: *is_ready,
        ..PollOp::default()
    };
    let resource_update = ResourceUpdate {
        stats_update: [(9, stats)].into(),
        new_poll_ops: polls.iter().map(poll).collect(),
        ..ResourceUpdate::default()
    };
    Update { now: Some(at(now)), resource_update: Some(resource_update), ..Update::default() }
}

fn mutex() -> resources::Resource {
    let concrete_type = "Mutex".to_owned();
    resources::Resource { id: Some(Id { id: 9 }), concrete_type, ..Default::default() }
}

/// Task 7 has got the lock, task 8 waits for it.
fn locked() -> State {
    let mut state = State::default();
    let mut first = of_a_lock(101, true, &[(7, true), (8, false)]);
    first.resource_update.as_mut().expect("resources").new_resources.push(mutex());
    let waker = tasks::Stats { waker_clones: 1, ..lost() };
    let both = of_tasks(101, vec![(7, waker), (8, waker)]);
    state.apply(Update { task_update: both.task_update, ..first });
    state
}

fn end(state: &mut State, now: i64, task: u64) {
    let ended = tasks::Stats { dropped_at: Some(at(now)), ..lost() };
    let task_update = TaskUpdate { stats_update: [(task, ended)].into(), ..Default::default() };
    state.apply(Update { now: Some(at(now)), task_update: Some(task_update), ..Update::default() });
}

fn owner(state: &State) -> Option<u64> {
    let rows = rows::Rows::of(&state.table).holdings();
    rows[0].owner.as_ref().map(|owner| state.table.numbered(owner.id).map_or(0, |(id, _)| id))
}

#[test]
fn a_lock_is_whose_who_got_it_and_nobodys_when_it_is_free() {
    let mut state = locked();
    assert_eq!(owner(&state), Some(7), "who waits for it does not have it");
    state.apply(of_a_lock(102, true, &[(8, true)]));
    assert_eq!(owner(&state), Some(8));
    state.apply(of_a_lock(103, false, &[]));
    assert_eq!(owner(&state), None);
    state.apply(of_a_lock(104, true, &[]));
    assert_eq!(owner(&state), Some(0), "somebody has it, and it was not seen who");
}

#[test]
fn a_lock_that_is_locked_long_after_all_who_used_it_have_ended_is_overdue() {
    let mut state = locked();
    end(&mut state, 110, 7);
    state.apply(Update { now: Some(at(150)), ..Update::default() });
    assert_eq!(leaks(&state, true), [], "another that used it lives");
    end(&mut state, 155, 8);
    state.apply(Update { now: Some(at(184)), ..Update::default() });
    assert_eq!(leaks(&state, true), [], "it is within its limit");
    state.apply(Update { now: Some(at(400)), ..Update::default() });
    let [(verdict, task)] = leaks(&state, false)[..] else { panic!("one") };
    assert_eq!(verdict, v1::Verdict::Overdue);
    let (id, _) = state.table.numbered(task).expect("kept, for what it has left");
    assert_eq!(id, 7);
    state.apply(of_a_lock(401, false, &[]));
    assert_eq!(leaks(&state, false), [], "it was released");
}

#[test]
fn nothing_is_overdue_of_which_not_all_users_are_known() {
    let mut state = locked();
    state.apply(of_a_lock(102, true, &[(77, false)]));
    end(&mut state, 110, 7);
    end(&mut state, 110, 8);
    state.apply(Update { now: Some(at(400)), ..Update::default() });
    assert_eq!(leaks(&state, true), []);
}

#[test]
fn what_ended_long_before_the_console_was_attached_is_not_told_of() {
    let mut state = State::default();
    let long_over = tasks::Stats { dropped_at: Some(at(101)), ..lost() };
    state.apply(of_tasks(500, vec![(7, long_over), (8, lost())]));
    assert_eq!((state.table.spawned, state.table.history.events().count()), (1, 2));
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
        let update = view::evaluate(&state.table, &state.verdicts, &view);
        let groups = update.task_groups.iter().map(|group| (group.live, group.ended));
        (groups.collect::<Vec<_>>(), update.matched, update.all)
    };
    assert_eq!(groups(""), (vec![(2, None)], 1, 1));
    assert_eq!(groups("state:ended"), (vec![(2, None)], 1, 1), "what is counted is the site's");
    assert_eq!(groups("state:running"), (vec![], 0, 1));
}
