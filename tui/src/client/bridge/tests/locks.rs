//! Whose a lock is, when it is said to be open for too long, and when it is not.

use console_api::{
    Attribute, Field,
    async_ops::{self, AsyncOp, AsyncOpUpdate},
    field,
    resources::{self, PollOp, ResourceUpdate},
};

use super::*;

const LOCK: u64 = 9;
/// The permits within it.
const WITHIN: u64 = 10;

fn said(name: &str, value: field::Value) -> Attribute {
    let name = Some(field::Name::StrName(name.to_owned()));
    Attribute { field: Some(Field { name, value: Some(value), metadata_id: None }), unit: None }
}

/// A message with one lock, how it is, and who polls it with what result.
fn of_a_lock(now: i64, locked: bool, polls: &[(u64, bool)]) -> Update {
    let stats = |attribute| resources::Stats {
        created_at: Some(at(102)),
        dropped_at: None,
        attributes: vec![attribute],
    };
    let lock = stats(said("locked", field::Value::BoolVal(locked)));
    let within = stats(said("permits", field::Value::U64Val(u64::from(!locked))));
    let poll = |id: u64, task: u64, is_ready| PollOp {
        resource_id: Some(Id { id }),
        task_id: Some(Id { id: task }),
        is_ready,
        ..PollOp::default()
    };
    // First that the task may go on, then how the permits are, then how the lock is.
    let polls = polls.iter().flat_map(|(task, is_ready)| {
        let is_ready = *is_ready;
        [(WITHIN, true), (WITHIN, is_ready), (LOCK, is_ready)]
            .map(|(id, is_ready)| poll(id, *task, is_ready))
    });
    let resource_update = ResourceUpdate {
        stats_update: [(LOCK, lock), (WITHIN, within)].into(),
        new_poll_ops: polls.collect(),
        ..ResourceUpdate::default()
    };
    Update { now: Some(at(now)), resource_update: Some(resource_update), ..Update::default() }
}

fn made() -> Vec<resources::Resource> {
    let new = |id: u64, name: &str, parent: Option<u64>| resources::Resource {
        id: Some(Id { id }),
        concrete_type: name.to_owned(),
        parent_resource_id: parent.map(|id| Id { id }),
        is_internal: parent.is_some(),
        ..Default::default()
    };
    vec![new(LOCK, "Mutex", None), new(WITHIN, "Semaphore", Some(LOCK))]
}

/// Task 7 has got the lock, task 8 waits for it; the console was attached at `attached`.
fn locked(attached: i64) -> State {
    let mut state = State::default();
    let waker = tasks::Stats { waker_clones: 1, ..lost() };
    state.apply(of_tasks(attached, vec![(7, waker), (8, waker)]));
    let mut first = of_a_lock(103, true, &[(7, true), (8, false)]);
    first.resource_update.as_mut().expect("resources").new_resources = made();
    state.apply(first);
    state
}

fn owner(state: &State) -> Option<u64> {
    let rows = rows::Rows::of(&state.table).holdings();
    rows[0].owner.as_ref().map(|owner| state.table.numbered(owner.id).map_or(0, |(id, _)| id))
}

/// Both have ended, and it is long ago.
fn long_after(mut state: State) -> State {
    end(&mut state, 110, 7);
    end(&mut state, 155, 8);
    later(&mut state, 400);
    state
}

#[test]
fn a_lock_is_whose_who_got_it_and_nobodys_when_it_is_free() {
    let mut state = locked(101);
    assert_eq!(owner(&state), Some(7), "who waits for it does not have it");
    state.apply(of_a_lock(104, true, &[(8, true)]));
    assert_eq!(owner(&state), Some(8));
    state.apply(of_a_lock(105, false, &[]));
    assert_eq!(owner(&state), None);
    state.apply(of_a_lock(106, true, &[]));
    assert_eq!(owner(&state), Some(0), "somebody has it, and it was not seen who");
}

#[test]
fn a_lock_that_is_locked_long_after_all_who_used_it_have_ended_is_overdue() {
    let mut state = locked(101);
    end(&mut state, 110, 7);
    later(&mut state, 150);
    assert_eq!(leaks(&state, true), [], "another that used it lives");
    end(&mut state, 155, 8);
    later(&mut state, 184);
    assert_eq!(leaks(&state, true), [], "it is within its limit");
    later(&mut state, 400);
    let [(verdict, task)] = leaks(&state, false)[..] else { panic!("one") };
    assert_eq!(verdict, v1::Verdict::Overdue);
    let (id, _) = state.table.numbered(task).expect("kept, for what it has left");
    assert_eq!(id, 7);
    state.apply(of_a_lock(401, false, &[]));
    assert_eq!(leaks(&state, false), [], "it was released");
}

#[test]
fn nothing_is_overdue_of_which_not_all_users_are_known() {
    let mut state = locked(101);
    state.apply(of_a_lock(104, true, &[(77, false)]));
    assert_eq!(leaks(&long_after(state), true), [], "one was never told");
    let before = locked(102);
    assert_eq!(leaks(&long_after(before), true), [], "who used it before is not told");
    let mut state = locked(101);
    state.apply(somebody_waits(104));
    assert_eq!(leaks(&long_after(state), true), [], "one waits who is no task that is told");
}

/// Such as `main`, where the console was set up within it.
fn somebody_waits(now: i64) -> Update {
    let poll_stats = Some(console_api::PollStats { polls: 2, ..Default::default() });
    let stats = async_ops::Stats { poll_stats, ..Default::default() };
    let new = AsyncOp {
        id: Some(Id { id: 5 }),
        resource_id: Some(Id { id: LOCK }),
        ..Default::default()
    };
    let async_op_update = Some(AsyncOpUpdate {
        new_async_ops: vec![new],
        stats_update: [(5, stats)].into(),
        dropped_events: 0,
    });
    Update { now: Some(at(now)), async_op_update, ..Update::default() }
}

#[test]
fn a_lock_that_was_got_by_trying_is_not_overdue() {
    let mut state = locked(101);
    let mut tried = of_a_lock(105, true, &[]);
    let stats = &mut tried.resource_update.as_mut().expect("resources").stats_update;
    let within = stats.get_mut(&WITHIN).expect("it");
    within.attributes = vec![said("permits", field::Value::U64Val(1))];
    state.apply(tried);
    assert_eq!(leaks(&long_after(state), true), []);
}

#[test]
fn a_lock_whose_guard_may_be_with_a_task_that_lives_is_not_overdue() {
    let mut state = locked(101);
    let child = tasks::Stats { created_at: Some(at(104)), waker_clones: 1, ..lost() };
    state.apply(of_tasks(105, vec![(12, child)]));
    let mut state = long_after(state);
    assert_eq!(leaks(&state, true), []);
    end(&mut state, 401, 12);
    assert_eq!(leaks(&state, true), [(v1::Verdict::Overdue, 1)]);
}

#[test]
fn where_events_were_dropped_nothing_is_said_to_be_overdue() {
    let mut state = locked(101);
    let mut update = of_a_lock(105, true, &[]);
    update.resource_update.as_mut().expect("resources").dropped_events = 1;
    state.apply(update);
    assert_eq!(leaks(&long_after(state), true), []);
}
