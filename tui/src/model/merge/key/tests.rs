use std::cmp::Ordering;

use super::*;
use crate::model::LeaksBy;

const S: u64 = 1_000_000_000;
/// The time of the first row's target, and of the second's, which was started earlier.
const FIRST: u64 = 100 * S;
const SECOND: u64 = 900 * S;

/// That the first row comes before the second, and not the other way round.
fn check(what: &str, first: &Key, second: &Key) {
    assert_eq!(first.cmp(second), Ordering::Less, "{what}: {first:?}, {second:?}");
}

fn row(group: v1::LeakGroup) -> LeakRow {
    LeakRow::of(group, LeaksBy::Site)
}

/// Of a task that was asked to stop so long ago, with a cause.
fn leak(now: u64, ago: u64, cause: v1::Cause) -> v1::LeakGroup {
    let cancel = v1::Cancel { cause: cause.into(), latency_ns: Some(ago), ..Default::default() };
    let task = v1::Task { id: 7, cancel: Some(cancel), ..Default::default() };
    let verdict = v1::Verdict::LeftBehind.into();
    let since_ns = now - ago;
    let worst = v1::Leak { verdict, since_ns, task: Some(task), ..Default::default() };
    v1::LeakGroup { verdict, count: 1, worst: Some(worst), ..Default::default() }
}

#[test]
fn leaks_come_by_verdict_then_count_then_since_and_what_has_cleared_last() {
    let usual = Sorter::new("");
    let key = |group: v1::LeakGroup, now| usual.of_leak(&row(group), now);
    let short = || leak(FIRST, S, v1::Cause::Abort);
    let long = || leak(SECOND, 2 * S, v1::Cause::Abort);
    check("since longer", &key(long(), SECOND), &key(short(), FIRST));
    let many = v1::LeakGroup { count: 2, ..short() };
    check("more of them", &key(many.clone(), FIRST), &key(long(), SECOND));
    let stuck = v1::LeakGroup { verdict: v1::Verdict::Stuck.into(), ..long() };
    check("a worse verdict", &key(stuck, SECOND), &key(many, FIRST));
    let cleared = v1::LeakGroup { verdict: v1::Verdict::Stuck.into(), cleared: true, ..long() };
    check("it is gone", &key(short(), FIRST), &key(cleared, SECOND));
}

#[test]
fn leaks_are_sorted_as_is_asked() {
    let short = || leak(FIRST, S, v1::Cause::Token);
    let long = || leak(SECOND, 2 * S, v1::Cause::Abort);
    let key = |sort: &str, group: v1::LeakGroup, now| Sorter::new(sort).of_leak(&row(group), now);
    for (sort, long_is_first) in [
        ("since", false),
        ("-since", true),
        ("latency", false),
        ("-latency", true),
        ("cause", true),
        ("-cause", false),
    ] {
        let (short, long) = (key(sort, short(), FIRST), key(sort, long(), SECOND));
        let (first, second) = if long_is_first { (long, short) } else { (short, long) };
        check(sort, &first, &second);
    }
    let of = |count, counts: [u32; 2]| v1::LeakGroup { count, counts: counts.into(), ..short() };
    let (few, many) = (|| of(2, [1, 2]), || of(14, [14, 14]));
    check("count", &key("count", few(), FIRST), &key("count", many(), SECOND));
    check("-count", &key("-count", many(), FIRST), &key("-count", few(), SECOND));
    check("-growth", &key("-growth", few(), FIRST), &key("-growth", many(), SECOND));
    let cleared = || v1::LeakGroup { cleared: true, ..many() };
    check("-count, gone", &key("-count", few(), FIRST), &key("-count", cleared(), SECOND));
    // What never goes is last, whichever way.
    let mut goes = short();
    goes.worst.as_mut().expect("a leak").goes_ns = Some(FIRST + S);
    for sort in ["goes", "-goes"] {
        check(sort, &key(sort, goes.clone(), FIRST), &key(sort, long(), SECOND));
    }
}

#[test]
fn tasks_that_live_come_first_the_oldest_before_the_others_and_then_the_latest_to_end() {
    let task =
        |spawned_ns, ended_ns| v1::Task { id: 7, spawned_ns, ended_ns, ..Default::default() };
    let usual = Sorter::new("");
    let old = usual.of_task(&task(SECOND - 9 * S, None), SECOND);
    let new = usual.of_task(&task(FIRST - S, None), FIRST);
    let just = usual.of_task(&task(0, Some(FIRST - S)), FIRST);
    let long_ago = usual.of_task(&task(0, Some(SECOND - 5 * S)), SECOND);
    check("older", &old, &new);
    check("it lives", &new, &just);
    check("ended later", &just, &long_ago);
    let named = |name: &str| v1::Task { name: name.into(), ..task(FIRST, None) };
    let by_name = Sorter::new("name");
    check("name", &by_name.of_task(&named("a"), FIRST), &by_name.of_task(&named("b"), SECOND));
    let age = Sorter::new("-age");
    let of = |ago, now: u64| age.of_task(&task(now - ago, None), now);
    check("-age", &of(9 * S, SECOND), &of(S, FIRST));
}

#[test]
fn sites_come_with_the_most_that_live_first_or_as_is_asked() {
    let site = |location: &str, live, completed| v1::TaskGroup {
        location: location.into(),
        live,
        ended: Some(v1::EndedTasks { completed, panicked: live, ..Default::default() }),
        ..Default::default()
    };
    let (few, many) = (site("a", 2, 9), site("b", 5, 1));
    let usual = Sorter::new("");
    check("more live", &usual.of_site(&many), &usual.of_site(&few));
    let (first, second) = (site("a", 2, 9), site("a", 2, 3));
    check("more were spawned", &usual.of_site(&first), &usual.of_site(&second));
    for (order, is_few_first) in [
        ("live", true),
        ("-live", false),
        ("completed", false),
        ("-completed", true),
        ("ended", false),
        ("panicked", true),
        ("-spawned", true),
        ("loc", true),
        ("-loc", false),
    ] {
        let sorter = Sorter::new(order);
        let (first, second) = if is_few_first { (&few, &many) } else { (&many, &few) };
        check(order, &sorter.of_site(first), &sorter.of_site(second));
    }
}

#[test]
fn holdings_come_oldest_first_and_events_newest_first() {
    let held = |acquired_ns, label: &str| v1::HeldRow {
        holding: Some(v1::Holding { acquired_ns, label: label.into(), ..Default::default() }),
        ..Default::default()
    };
    let usual = Sorter::new("");
    let of = |ago, now: u64| usual.of_held(&held(now - ago, "x"), now);
    check("older", &of(9 * S, SECOND), &of(S, FIRST));
    let by = Sorter::new("-label");
    let of = |label: &str, now: u64| by.of_held(&held(now, label), now);
    check("-label", &of("pg", FIRST), &of("db", SECOND));
    let event = |ago, now: u64| {
        Sorter::of_event(&v1::Event { at_ns: now - ago, ..Default::default() }, now)
    };
    check("newer", &event(S, SECOND), &event(2 * S, FIRST));
}

#[test]
fn pools_are_sorted_whole_and_stay_with_their_target_otherwise() {
    let pool = |name: &str, out| {
        PoolLine::of(&v1::Pool { name: name.into(), connections_total: out, ..Default::default() })
    };
    let (db, pg) = (pool("db", 9), pool("pg", 2));
    let key = |sort: &str, pool: &[PoolLine]| Sorter::new(sort).of_pool(pool);
    check("label", &key("label", &db), &key("label", &pg));
    check("holdings", &key("holdings", &pg), &key("holdings", &db));
    assert_eq!(key("", &db), key("", &pg));
}

#[test]
fn whose_owner_is_not_told_is_last_by_name() {
    let row = |id: u64, name: &str| v1::HeldRow {
        holding: Some(v1::Holding::default()),
        owner: Some(v1::TaskRef { id, name: name.to_owned(), ..Default::default() }),
        ..Default::default()
    };
    for sort in ["name", "-name", "id", "-id"] {
        let key = |row: v1::HeldRow| Sorter::new(sort).of_held(&row, FIRST);
        check(sort, &key(row(7, "worker")), &key(row(0, "?")));
    }
}
