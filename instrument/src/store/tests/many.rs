//! Very many at once.

use super::*;

const CAP: usize = 100;

fn leaks(many: usize) -> (Bench, Vec<Key>) {
    let bench = Bench::new(Settings { max_leaks: CAP, ..nothing_kept() });
    let held = (0..many).map(|_| {
        let task = bench.spawn(None);
        let held = bench.acquire(task);
        bench.end(task, Outcome::Cancelled);
        held
    });
    let held = held.collect();
    (bench, held)
}

#[test]
fn what_is_said_of_very_many_at_once_is_bounded_and_their_number_exact() {
    let many = 3 * JUDGED_AT_ONCE + 7;
    let (mut bench, held) = leaks(many);
    let mut notes = bench.store.round(LATER).len();
    assert_eq!(notes, JUDGED_AT_ONCE, "no more rows than that are made before some are folded");
    let mut rounds = 1;
    while bench.store.is_behind() {
        assert_eq!(bench.store.rows().count(), CAP);
        notes += bench.store.short_round(LATER).len();
        rounds += 1;
    }
    assert_eq!((notes, rounds), (many, 4));
    let totals = bench.store.totals();
    assert_eq!((totals.leaks, totals.folded, totals.given), (3007, 2907, 3007));
    for held in held {
        bench.recorder.released(held);
    }
    for now in 1..=5 {
        bench.store.round(LATER + now);
    }
    let totals = bench.store.totals();
    assert_eq!((totals.leaks, totals.folded, totals.cleared), (0, 0, 3007));
    assert_eq!(bench.slots(), 0);
}

#[test]
fn one_that_lets_go_before_its_turn_gets_no_verdict() {
    let many = 2 * JUDGED_AT_ONCE;
    let (mut bench, held) = leaks(many);
    let first = bench.store.round(LATER).len();
    for held in held {
        bench.recorder.released(held);
    }
    let given = |notes: Vec<Note>| notes.iter().filter(|note| note.given).count();
    let mut later = 0;
    while bench.store.is_behind() {
        later += given(bench.store.short_round(LATER + 1));
    }
    later += given(bench.store.round(LATER + 2));
    assert_eq!((first, later), (JUDGED_AT_ONCE, 0));
    assert_eq!(bench.store.totals().given, JUDGED_AT_ONCE as u64);
}

#[test]
fn of_a_cancelled_task_that_has_ended_every_change_is_read() {
    let bench = Bench::new(nothing_kept());
    let task = bench.spawn(None);
    let held = bench.acquire(task);
    bench.end(task, Outcome::Cancelled);
    let mut facts = bench.recorder.task(task).expect("it is pinned");
    assert_eq!(bench.recorder.reread(&mut facts), Some(false));
    let other = bench.acquire(task);
    assert_eq!((bench.recorder.reread(&mut facts), facts.holdings), (Some(true), 2));
    let child = bench.spawn(Some(task));
    assert_eq!((bench.recorder.reread(&mut facts), facts.children), (Some(true), 1));
    bench.recorder.set_flag(task, Flag::Missed);
    assert_eq!((bench.recorder.reread(&mut facts), facts.has(Flag::Missed)), (Some(true), true));
    assert_eq!(bench.recorder.reread(&mut facts), Some(false));
    bench.end(child, Outcome::Completed);
    bench.recorder.released(held);
    bench.recorder.released(other);
    assert_eq!(bench.recorder.reread(&mut facts), Some(true));
    assert_eq!((facts.holdings, facts.children), (0, 0));
}

#[test]
fn tasks_that_are_stuck_are_folded_too_and_what_they_leave_is_listed_when_they_end() {
    let mut bench = Bench::new(Settings { max_leaks: CAP, ..nothing_kept() });
    let tasks: Vec<Key> = (0..3 * CAP).map(|_| bench.spawn(None)).collect();
    let asked = |task: &Key| {
        Request::new(Cause::Token, bench.recorder.task(*task).map_or(0, |it| it.spawned_at))
    };
    for task in &tasks {
        bench.recorder.request(*task, asked(task));
    }
    bench.store.round(LATER);
    let totals = bench.store.totals();
    assert_eq!((bench.store.rows().count(), totals.leaks, totals.folded), (100, 300, 200));
    assert_eq!(totals.cancelling, 0);
    bench.store.round(LATER + 1);
    assert_eq!(bench.store.totals().leaks, 300, "each is given once");
    // The oldest were folded: one of these leaves something, and one nothing.
    bench.acquire(tasks[0]);
    for task in &tasks[..2] {
        bench.recorder.delivered(*task, bench.recorder.clock.now());
        bench.recorder.ended(*task, Outcome::Cancelled);
        bench.recorder.lets_go(*task);
    }
    bench.store.round(LATER + 2);
    let totals = bench.store.totals();
    assert_eq!((totals.leaks, totals.cleared), (299, 2), "and one is given for what it left");
    assert_eq!(totals.leaks, totals.given - totals.cleared);
    for task in &tasks[2..] {
        bench.recorder.delivered(*task, bench.recorder.clock.now());
        bench.recorder.ended(*task, Outcome::Cancelled);
        bench.recorder.lets_go(*task);
    }
    bench.store.round(LATER + 3);
    let totals = bench.store.totals();
    assert_eq!((totals.leaks, totals.folded, totals.cleared), (1, 0, 300));
}
