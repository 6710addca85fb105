//! When a task is said to have lost its wakers, and when it is not.

use super::*;

/// A target that tells of wakers, with this task.
fn with(task: tasks::Stats) -> State {
    let mut state = State::default();
    state.apply(of_tasks(101, vec![(7, task)]));
    let waker = tasks::Stats { waker_clones: 1, dropped_at: Some(at(101)), ..lost() };
    told(&mut state, 101, vec![(99, waker)]);
    state
}

/// As it is told when it has been polled so often and woken so often, the last time then.
fn idle(polls: u64, wakes: u64, seconds: i64) -> tasks::Stats {
    let (start, end) = (Some(at(seconds)), Some(at(seconds + 1)));
    let poll = lost().poll_stats.map(|poll| console_api::PollStats {
        polls,
        last_poll_started: start,
        last_poll_ended: end,
        ..poll
    });
    let last_wake = (wakes > 0).then_some(at(seconds));
    tasks::Stats { poll_stats: poll, wakes, last_wake, ..lost() }
}

/// Another task, which lives.
fn another(id: u64, created: i64) -> (u64, tasks::Stats) {
    (id, tasks::Stats { created_at: Some(at(created)), waker_clones: 1, ..lost() })
}

const LOST: [(v1::Verdict, u64); 1] = [(v1::Verdict::LostWaker, 1)];

#[test]
fn a_task_without_a_waker_is_lost_after_its_grace_and_no_longer_once_it_has_one() {
    let mut state = with(lost());
    assert_eq!(leaks(&state, true), [], "it is within its grace");
    later(&mut state, 102);
    assert_eq!(leaks(&state, false), LOST);
    told(&mut state, 103, vec![(7, tasks::Stats { waker_clones: 1, ..lost() })]);
    assert_eq!(leaks(&state, false), []);
    assert_eq!(leaks(&state, true), LOST, "it has cleared");
}

#[test]
fn a_task_that_waits_is_not_lost() {
    let polled = lost().poll_stats;
    let never_polled = tasks::Stats { poll_stats: None, ..lost() };
    let in_a_poll =
        console_api::PollStats { last_poll_started: Some(at(102)), ..polled.expect("it") };
    for (how, task) in [
        ("it has a waker", tasks::Stats { waker_clones: 3, waker_drops: 2, ..lost() }),
        ("its counts make no sense", tasks::Stats { waker_drops: 1, ..lost() }),
        (
            "it is woken, and about to be polled",
            tasks::Stats { last_wake: Some(at(102)), ..lost() },
        ),
        ("it is new, and about to be polled", never_polled),
        ("it is in a poll", tasks::Stats { poll_stats: Some(in_a_poll), ..lost() }),
        ("it has ended", tasks::Stats { dropped_at: Some(at(102)), ..lost() }),
    ] {
        let mut state = with(task);
        later(&mut state, 150);
        assert_eq!(leaks(&state, true), [], "{how}");
    }
}

#[test]
fn what_waits_on_a_thread_has_no_waker_and_is_not_lost() {
    for kind in ["block_on", "blocking", "fiber"] {
        let mut first = of_tasks(101, vec![(7, lost()), another(8, 50)]);
        let kind = console_api::Field {
            name: Some(console_api::field::Name::StrName("kind".to_owned())),
            value: Some(console_api::field::Value::DebugVal(kind.to_owned())),
            metadata_id: None,
        };
        let new = &mut first.task_update.as_mut().expect("tasks").new_tasks;
        for task in new {
            task.fields.push(kind.clone());
        }
        let mut state = State::default();
        state.apply(first);
        later(&mut state, 150);
        assert_eq!(leaks(&state, true), [], "{kind:?}");
    }
}

/// The target counts that a waker is used up before it counts the wake.
#[test]
fn a_message_that_was_put_together_while_a_task_was_woken_says_nothing() {
    let mut state = with(tasks::Stats { waker_clones: 1, ..lost() });
    told(&mut state, 150, vec![(7, tasks::Stats { waker_clones: 1, waker_drops: 1, ..lost() })]);
    assert_eq!(leaks(&state, true), []);
    assert!(state.suspects());
    told(
        &mut state,
        151,
        vec![(7, tasks::Stats { waker_clones: 2, waker_drops: 1, ..idle(2, 1, 150) })],
    );
    assert!(!state.suspects());
    later(&mut state, 160);
    assert_eq!(leaks(&state, true), []);
}

/// A span stays open while there is one within it: a closure's, or that of a task that was
/// spawned with the span around it.
#[test]
fn a_task_that_has_ended_and_whose_span_is_open_is_not_lost() {
    let mut once_more_than_woken = with(idle(2, 0, 101));
    later(&mut once_more_than_woken, 150);
    assert_eq!(leaks(&once_more_than_woken, true), []);
    let mut seen_to_end = with(idle(1, 0, 101));
    told(&mut seen_to_end, 110, vec![(7, idle(4, 6, 109))]);
    told(&mut seen_to_end, 120, vec![(7, idle(6, 7, 119))]);
    later(&mut seen_to_end, 150);
    assert_eq!(leaks(&seen_to_end, true), []);
}

#[test]
fn a_task_that_may_have_ended_is_not_lost_while_what_was_spawned_meanwhile_lives() {
    let mut state = State::default();
    state.apply(of_tasks(115, vec![(7, idle(3, 2, 110)), another(8, 105)]));
    later(&mut state, 150);
    assert_eq!(leaks(&state, true), [], "the other may keep its span open");
    end(&mut state, 151, 8);
    assert_eq!(leaks(&state, true), LOST);
    // One poll for one wake is no end.
    let mut state = State::default();
    state.apply(of_tasks(115, vec![(7, idle(3, 2, 110)), another(8, 105)]));
    told(&mut state, 120, vec![(7, idle(4, 3, 119))]);
    later(&mut state, 150);
    assert_eq!(leaks(&state, true), LOST);
}

#[test]
fn where_events_were_dropped_no_task_is_said_to_be_lost() {
    let mut state = with(lost());
    let mut update = of_tasks(200, Vec::new());
    update.task_update.as_mut().expect("tasks").dropped_events = 1;
    state.apply(update);
    assert_eq!(leaks(&state, true), []);
    let described = describe::describe(&state, "");
    let blind = &described.coverage.expect("coverage").blind;
    assert!(blind[0].sentence.contains("1 events of tasks"), "{blind:?}");
}

#[test]
fn where_no_waker_is_ever_told_of_no_task_is_said_to_be_lost() {
    let mut state = State::default();
    state.apply(of_tasks(101, vec![(7, lost())]));
    later(&mut state, 150);
    assert_eq!(leaks(&state, true), []);
    let described = describe::describe(&state, "");
    let blind = described.coverage.expect("coverage").blind;
    assert_eq!(blind[0].cause, "no-wakers");
    let none = crate::format::of_wakers(1, &blind);
    assert_eq!(none, "Whether one of 1 tasks has lost its wakers cannot be told.");
}
