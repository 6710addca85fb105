use super::*;
use crate::{
    recorder::{
        key::Which,
        table::{SiteId, TextId},
    },
    words::Outcome,
};

const MS: Nanos = 1_000_000;
const LIMITS: Limits = Limits { grace: 1000 * MS, orphan_grace: 30_000 * MS, wakers: false };

fn key(number: u32) -> Key {
    Key::new(Which::Tasks, number, 1)
}

/// A task spawned at 1 ms, cancelled at 100 ms, dropped from 101 to 103 ms.
fn cancelled(number: u32) -> TaskFacts {
    TaskFacts {
        requested_at: Some(100 * MS),
        delivered_at: Some(101 * MS),
        drop_began: Some(101 * MS),
        ended_at: Some(103 * MS),
        outcome: Some(Outcome::Cancelled),
        ..running(number, 1)
    }
}

fn running(number: u32, spawned_ms: Nanos) -> TaskFacts {
    TaskFacts {
        id: number.into(),
        spawned_at: spawned_ms * MS,
        first_poll: Some(spawned_ms * MS),
        polls: 1,
        ..TaskFacts::nobody(key(number))
    }
}

fn held(owner: u32, acquired_ms: Nanos, flags: u8) -> HoldingFacts {
    HoldingFacts {
        lent: false,
        key: Key::new(Which::Holdings, 0, 1),
        owner: Some(key(owner)),
        kind: Kind::Custom,
        flags,
        label: TextId::EMPTY,
        site: SiteId::default(),
        acquired_at: acquired_ms * MS,
        due_at: None,
        bytes: 0,
        resource: 0,
        amount: 1,
        limit: None,
        fd: None,
    }
}

fn listing(holdings: Vec<HoldingFacts>, children: Vec<(u32, TaskFacts)>) -> Listing {
    let mut listing = Listing::default();
    for holding in holdings {
        listing.holdings.entry(holding.owner.expect("an owner")).or_default().push(holding);
    }
    for (spawner, child) in children {
        listing.children.entry(key(spawner)).or_default().push(child);
    }
    listing
}

fn verdicts(task: &TaskFacts, listing: &Listing, at_ms: Nanos) -> Vec<Verdict> {
    judge(task, LIMITS, listing, at_ms * MS).iter().map(|finding| finding.verdict).collect()
}

#[test]
fn the_phase_is_counted_from_the_request() {
    let task = cancelled(1);
    for (at, expected) in [
        (50, Phase::Before),
        (100, Phase::After),
        (101, Phase::InDrop),
        (103, Phase::InDrop),
        (104, Phase::After),
    ] {
        assert_eq!(phase(&task, at * MS), expected, "at {at} ms");
    }
    assert_eq!(phase(&running(1, 1), 50 * MS), Phase::Before);
}

#[test]
fn a_holding_from_before_is_left_behind_once_grace_is_over() {
    let (task, listing) = (cancelled(1), listing(vec![held(1, 50, 0)], vec![]));
    assert_eq!(verdicts(&task, &listing, 1102), []);
    assert_eq!(verdicts(&task, &listing, 1103), [Verdict::LeftBehind]);
    let findings = judge(&task, LIMITS, &listing, 1103 * MS);
    assert_eq!(findings[0].since, 103 * MS);
    assert_eq!(findings[0].accuracy, Accuracy::Exact);
}

#[test]
fn what_was_armed_in_the_drop_is_after_cancel_and_its_grace_counts_from_the_end() {
    let (task, listing) = (cancelled(1), listing(vec![held(1, 102, 0)], vec![]));
    assert_eq!(verdicts(&task, &listing, 1102), []);
    assert_eq!(verdicts(&task, &listing, 1103), [Verdict::AfterCancel]);
}

#[test]
fn a_row_lists_only_holdings_that_passed_grace() {
    let task = cancelled(1);
    let listing = listing(vec![held(1, 102, 0), held(1, 900, 0)], vec![]);
    let count = |at: Nanos| judge(&task, LIMITS, &listing, at * MS)[0].holdings.len();
    assert_eq!((count(1103), count(1899), count(1900)), (1, 1, 2));
}

#[test]
fn a_task_that_was_shut_down_or_completed_unasked_gives_no_verdict() {
    for outcome in [Outcome::Shutdown, Outcome::Completed] {
        let task = TaskFacts {
            outcome: Some(outcome),
            requested_at: None,
            delivered_at: None,
            ..cancelled(1)
        };
        assert_eq!(verdicts(&task, &listing(vec![held(1, 50, 0)], vec![]), 9000), []);
    }
    // It ended by itself, but only after it had noticed a token.
    let listing = listing(vec![held(1, 50, 0)], vec![]);
    for (outcome, expected) in [
        (Outcome::Completed, vec![Verdict::LeftBehind]),
        (Outcome::Panicked, vec![Verdict::LeftBehind]),
        (Outcome::Shutdown, vec![]),
    ] {
        let noticed = TaskFacts { outcome: Some(outcome), ..cancelled(1) };
        assert_eq!(verdicts(&noticed, &listing, 9000), expected, "{outcome:?}");
    }
    // It was asked and ended before it noticed.
    let completed =
        TaskFacts { outcome: Some(Outcome::Completed), delivered_at: None, ..cancelled(1) };
    assert_eq!(verdicts(&completed, &listing, 9000), []);
}

#[test]
fn only_what_has_not_ended_is_stuck_and_only_what_has_is_left_behind() {
    let asked = TaskFacts { ended_at: None, outcome: None, drop_began: None, ..cancelled(1) };
    let listing = listing(vec![held(1, 50, 0)], vec![(1, running(2, 50))]);
    assert_eq!(verdicts(&asked, &listing, 90_000), [Verdict::Stuck]);
    let ended = verdicts(&cancelled(1), &listing, 90_000);
    assert_eq!(ended, [Verdict::LeftBehind, Verdict::Orphaned]);
}

#[test]
fn a_timer_whose_time_has_come_holds_nothing() {
    let mut timer = held(1, 50, HoldingFlag::Expires as u8);
    timer.due_at = Some(2000 * MS);
    let (task, listing) = (cancelled(1), listing(vec![timer], vec![]));
    assert_eq!(verdicts(&task, &listing, 1999), [Verdict::LeftBehind]);
    assert_eq!(verdicts(&task, &listing, 2000), []);
}

#[test]
fn stuck_is_counted_from_the_request_and_waiting_tasks_are_excused_once_they_noticed() {
    let asked = TaskFacts { requested_at: Some(100 * MS), ..running(1, 1) };
    let nothing = Listing::default();
    assert_eq!(verdicts(&asked, &nothing, 1099), []);
    assert_eq!(verdicts(&asked, &nothing, 1100), [Verdict::Stuck]);
    let flags = asked.flags | Flag::Waiting as u32;
    let waiting = TaskFacts { flags, ..asked };
    assert_eq!(judge(&waiting, LIMITS, &nothing, 1100 * MS)[0].accuracy, Accuracy::Inferred);
    let noticed = TaskFacts { delivered_at: Some(105 * MS), ..waiting };
    assert_eq!(verdicts(&noticed, &nothing, 1100), []);
}

#[test]
fn what_may_have_moved_into_a_living_child_gives_no_verdict() {
    let guard = held(1, 50, HoldingFlag::Moves as u8);
    let task = cancelled(1);
    let after = listing(vec![guard.clone()], vec![(1, running(2, 60))]);
    assert_eq!(verdicts(&task, &after, 9000), []);
    let before = listing(vec![guard.clone()], vec![(1, running(2, 40))]);
    assert_eq!(verdicts(&task, &before, 9000), [Verdict::LeftBehind]);
    // Through a child that has ended into a grandchild that lives.
    let ended =
        TaskFacts { ended_at: Some(70 * MS), outcome: Some(Outcome::Completed), ..running(2, 60) };
    let deeper = listing(vec![guard], vec![(1, ended), (2, running(3, 65))]);
    assert_eq!(verdicts(&task, &deeper, 9000), []);
}

#[test]
fn a_child_spawned_in_the_drop_is_held_with_what_it_holds_through_it() {
    let task = cancelled(1);
    let listing = listing(vec![held(2, 500, 0)], vec![(1, running(2, 102))]);
    let findings = judge(&task, LIMITS, &listing, 1103 * MS);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].verdict, Verdict::AfterCancel);
    let via: Vec<_> = findings[0].holdings.iter().map(|listed| listed.via).collect();
    assert_eq!(via, [None, Some(key(2))]);
}

#[test]
fn a_child_from_before_is_orphaned_and_the_topmost_survivor_has_the_row() {
    let task = cancelled(1);
    let lineage = listing(vec![], vec![(1, running(2, 50)), (2, running(3, 60))]);
    assert_eq!(verdicts(&task, &lineage, 30_102), []);
    let findings = judge(&task, LIMITS, &lineage, 30_103 * MS);
    assert_eq!(findings.len(), 1);
    let orphan = &findings[0];
    assert_eq!((orphan.verdict, orphan.task.id), (Verdict::Orphaned, 2));
    assert_eq!(orphan.ancestor, Some(key(1)));
    assert_eq!(orphan.holdings.len(), 1, "the grandchild, held by the child");
    // Once the child has ended the grandchild is the topmost.
    let ended =
        TaskFacts { ended_at: Some(70 * MS), outcome: Some(Outcome::Completed), ..running(2, 50) };
    let lineage = listing(vec![], vec![(1, ended), (2, running(3, 60))]);
    assert_eq!(judge(&task, LIMITS, &lineage, 30_103 * MS)[0].task.id, 3);
}

#[test]
fn detached_library_blocking_and_waited_for_children_are_nobodys_orphans() {
    let task = cancelled(1);
    let child = running(2, 50);
    let excused = [
        TaskFacts { flags: child.flags | Flag::Detached as u32, ..child.clone() },
        TaskFacts { flags: child.flags | Flag::Library as u32, ..child.clone() },
        TaskFacts { kind: TaskKind::Blocking, first_poll: None, ..child.clone() },
        TaskFacts { handles: 1, ..child },
    ];
    for child in excused {
        let listing = listing(vec![], vec![(1, child.clone())]);
        assert_eq!(verdicts(&task, &listing, 90_000), [], "{child:?}");
    }
}

#[test]
fn a_running_blocking_closure_from_before_is_left_behind() {
    let blocking = TaskFacts { kind: TaskKind::Blocking, ..running(2, 50) };
    let listing = listing(vec![], vec![(1, blocking)]);
    assert_eq!(verdicts(&cancelled(1), &listing, 1103), [Verdict::LeftBehind]);
}

#[test]
fn what_a_child_holds_gives_its_spawner_no_verdict_by_itself() {
    let task = cancelled(1);
    let listing = listing(vec![held(2, 55, 0)], vec![(1, running(2, 50))]);
    assert_eq!(verdicts(&task, &listing, 9000), []);
    let library = TaskFacts { flags: Flag::Library as u32, ..running(3, 102) };
    let after = Listing {
        children: [(key(1), vec![library])].into(),
        holdings: [(key(3), vec![held(3, 500, 0)])].into(),
        ..Listing::default()
    };
    assert_eq!(verdicts(&task, &after, 9000), [], "a library's task, and what it holds");
}

#[test]
fn a_child_from_after_the_request_is_after_cancel_and_never_orphaned() {
    let task = cancelled(1);
    for spawned in [100, 102, 500] {
        let listing = listing(vec![], vec![(1, running(2, spawned))]);
        assert_eq!(verdicts(&task, &listing, 90_000), [Verdict::AfterCancel], "at {spawned} ms");
    }
}

#[test]
fn a_blocking_closure_counts_once_it_runs() {
    let waits = TaskFacts { kind: TaskKind::Blocking, first_poll: None, ..running(2, 50) };
    let listing = listing(vec![], vec![(1, waits)]);
    assert_eq!(verdicts(&cancelled(1), &listing, 90_000), []);
}

#[test]
fn an_orphan_is_looked_for_below_what_has_ended_but_not_below_what_answers_for_itself() {
    let task = cancelled(1);
    let survivor = (2, running(3, 60));
    let said = |between: TaskFacts| {
        verdicts(&task, &listing(vec![], vec![(1, between), survivor.clone()]), 90_000)
    };
    let ended = |outcome| TaskFacts { outcome: Some(outcome), ..cancelled(2) };
    let unasked = |outcome| TaskFacts { requested_at: None, delivered_at: None, ..ended(outcome) };
    assert_eq!(said(unasked(Outcome::Completed)), [Verdict::Orphaned]);
    assert_eq!(said(unasked(Outcome::Panicked)), [Verdict::Orphaned]);
    assert_eq!(said(ended(Outcome::Cancelled)), [], "it has a verdict of its own");
    let detached = TaskFacts { flags: Flag::Detached as u32, ..unasked(Outcome::Completed) };
    assert_eq!(said(detached), []);
}

#[test]
fn since_is_when_the_condition_began() {
    let task = cancelled(1);
    let since = |listing: &Listing| {
        let findings = judge(&task, LIMITS, listing, 90_000 * MS);
        findings.iter().map(|it| (it.verdict, it.since / MS)).collect::<Vec<_>>()
    };
    let holdings = listing(vec![held(1, 50, 0), held(1, 500, 0), held(1, 700, 0)], vec![]);
    let expected = [(Verdict::LeftBehind, 103), (Verdict::AfterCancel, 500)];
    assert_eq!(since(&holdings), expected, "its end, or the acquisition if that was later");
    let orphan = listing(vec![], vec![(1, running(2, 50))]);
    assert_eq!(since(&orphan), [(Verdict::Orphaned, 103)]);
    let asked = TaskFacts { requested_at: Some(100 * MS), ..running(1, 1) };
    assert_eq!(judge(&asked, LIMITS, &orphan, 9000 * MS)[0].since, 100 * MS);
}

/// Cancelled, and a waker of it is left.
fn kept_by_a_waker(number: u32) -> TaskFacts {
    let flags = Flag::Shim as u32 | Flag::Cell as u32;
    TaskFacts { flags, cell: 64, wakers: 1, ..cancelled(number) }
}

#[test]
fn a_waker_gives_a_verdict_only_where_that_was_asked_for_and_is_listed_beside_another() {
    let (task, nothing) = (kept_by_a_waker(1), Listing::default());
    let on = Limits { wakers: true, ..LIMITS };
    assert_eq!(verdicts(&task, &nothing, 60_000), []);
    assert!(judge(&task, on, &nothing, 1102 * MS).is_empty(), "within grace");
    let left = judge(&task, on, &nothing, 1103 * MS);
    assert_eq!((left.len(), left[0].verdict, left[0].since), (1, Verdict::LeftBehind, 103 * MS));
    assert_eq!(left[0].accuracy, Accuracy::Inferred, "tokio tells of it, and no shim");

    let in_drop = listing(vec![held(1, 102, 0)], vec![]);
    let findings = judge(&task, LIMITS, &in_drop, 1103 * MS);
    assert_eq!((findings.len(), findings[0].verdict), (1, Verdict::AfterCancel));
    assert_eq!(findings[0].accuracy, Accuracy::Exact, "of what the verdict rests on");
    let silent: Vec<bool> = findings[0].holdings.iter().map(|it| it.thing.is_silent()).collect();
    assert_eq!(silent, [false, true]);
    let verdicts: Vec<_> =
        judge(&task, on, &in_drop, 1103 * MS).iter().map(|it| it.verdict).collect();
    assert_eq!(verdicts, [Verdict::LeftBehind, Verdict::AfterCancel]);
}

#[test]
fn a_task_whose_wakers_are_gone_and_one_that_lives_keep_nothing() {
    let on = Limits { wakers: true, ..LIMITS };
    let gone = TaskFacts { flags: Flag::Shim as u32, ..kept_by_a_waker(1) };
    let lives = TaskFacts { wakers: 3, ..running(1, 1) };
    for task in [gone, lives] {
        assert!(judge(&task, on, &Listing::default(), 60_000 * MS).is_empty());
        assert!(held_by(&task, &Listing::default(), 60_000 * MS).is_empty());
    }
}
