//! What is shown of what the protocol does not tell.

use console_api::resources::{self, ResourceUpdate};

use super::*;

fn resource(id: u64, name: &str, is_timer: bool, location: &str) -> resources::Resource {
    let known = resources::resource::kind::Known::Timer.into();
    let kind =
        resources::resource::Kind { kind: Some(resources::resource::kind::Kind::Known(known)) };
    resources::Resource {
        id: Some(Id { id }),
        concrete_type: name.to_owned(),
        kind: is_timer.then_some(kind),
        location: Some(console_api::Location {
            file: Some(location.to_owned()),
            line: Some(3),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// A task, and resources that it has polled.
fn with(new: Vec<resources::Resource>) -> State {
    let mut state = State::default();
    state.apply(of_tasks(101, vec![(7, tasks::Stats { waker_clones: 1, ..lost() })]));
    let made = resources::Stats { created_at: Some(at(102)), ..Default::default() };
    let ids: Vec<u64> = new.iter().filter_map(|new| Some(new.id?.id)).collect();
    let poll = |id: &u64| resources::PollOp {
        resource_id: Some(Id { id: *id }),
        task_id: Some(Id { id: 7 }),
        ..Default::default()
    };
    let resource_update = Some(ResourceUpdate {
        new_poll_ops: ids.iter().map(poll).collect(),
        stats_update: ids.iter().map(|id| (*id, made.clone())).collect(),
        new_resources: new,
        dropped_events: 0,
    });
    state.apply(Update { now: Some(at(103)), resource_update, ..Update::default() });
    state
}

fn view(state: &State, view: v1::View) -> v1::Update {
    view::evaluate(state, &view::View::new(view).expect("a view"))
}

#[test]
fn a_timer_is_acquired_when_it_is_made_and_a_lock_is_not() {
    let state = with(vec![resource(1, "Sleep", true, "a.rs"), resource(2, "Mutex", false, "b.rs")]);
    let of = |filter: &str| {
        let kind = v1::ViewKind::Holdings.into();
        view(&state, v1::View { kind, filter: filter.to_owned(), ..Default::default() })
    };
    let made_only =
        |row: &v1::HeldRow| row.holding.as_ref().map(|it| (it.site.clone(), it.made_only));
    let rows: Vec<_> = of("").holdings.iter().filter_map(made_only).collect();
    assert_eq!(rows, [("a.rs:3".to_owned(), false), ("b.rs:3".to_owned(), true)]);
    assert_eq!(of("age>0s").matched, 1, "since when a lock is held is not known");
    let kind = v1::ViewKind::Events.into();
    let events = view(&state, v1::View { kind, ..Default::default() }).events;
    let whats: Vec<&str> = events.iter().map(|event| event.what.as_str()).collect();
    assert_eq!(whats, ["", "timer Sleep"], "that a lock was made is not that it was acquired");
}

#[test]
fn a_timer_of_its_only_user_that_ended_is_overdue_and_a_librarys_is_not() {
    let library =
        "/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/tower-0.5.2/src/a.rs";
    for (location, given) in [("src/a.rs", true), (library, false), ("vendor/tower/a.rs", false)] {
        let mut state = with(vec![resource(1, "Sleep", true, location)]);
        end(&mut state, 110, 7);
        later(&mut state, 400);
        assert_eq!(!leaks(&state, true).is_empty(), given, "{location}");
    }
    let mut state = with(vec![
        resource(2, "Semaphore", false, "a.rs"),
        resource(3, "Sender|Receiver", false, "a.rs"),
    ]);
    end(&mut state, 110, 7);
    later(&mut state, 400);
    assert_eq!(leaks(&state, true), [], "who shares these may live");
}

#[test]
fn of_trees_pools_tokens_and_cancels_there_are_no_rows() {
    let state = with(vec![resource(1, "Sleep", true, "a.rs")]);
    let tasks = v1::ViewKind::Tasks.into();
    for (view_of, what) in [
        (v1::View { kind: tasks, tree: true, ..Default::default() }, "a tree"),
        (v1::View { kind: tasks, cancelling: true, ..Default::default() }, "cancelling"),
        (v1::View { kind: v1::ViewKind::Pools.into(), ..Default::default() }, "pools"),
        (v1::View { kind: v1::ViewKind::Tokens.into(), ..Default::default() }, "tokens"),
    ] {
        let update = view(&state, view_of);
        assert_eq!((update.matched, update.all, update.tasks.len()), (0, 0, 0), "{what}");
        assert_eq!(update.totals.expect("totals").tasks_live, 1, "{what}");
    }
}
