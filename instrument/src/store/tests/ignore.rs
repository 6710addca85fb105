//! Rows that are ignored: what is counted, what is told, and what happens when a rule's
//! last day is over.

use super::*;
use crate::store::ignore::Rule;

/// Ignores what is held by this label, until then.
fn rule(label: &'static str, over_at: Nanos) -> Rule {
    Rule {
        filter: format!("label:{label}"),
        until: "2027-01-31".to_owned(),
        over_at,
        why: "known".into(),
        place: "ignore.txt:1".to_owned(),
        matches: Box::new(move |_, held| held.is_some_and(|held| &*held.label == label)),
    }
}

fn bench(rules: Vec<Rule>, settings: Settings) -> Bench {
    let bench = Bench::new(nothing_kept());
    let store = Store::new(bench.recorder, settings, Ignore::new(rules));
    Bench { store, ..bench }
}

impl Bench {
    fn acquire_called(&self, owner: Key, label: &'static str) -> Key {
        let label = TextId::fixed(label);
        let acquired = Acquired::new(Kind::Custom, label, SiteId::default(), 0);
        self.recorder.acquired_by(&acquired, Some(owner)).expect("a slot")
    }

    /// What is said of it, in a round so much later.
    fn told(&mut self, later: Nanos) -> Vec<&'static str> {
        let notes = self.store.round(LATER + later);
        let told = notes.iter().filter(|note| !note.row.is_ignored());
        told.map(|note| if note.given { "given" } else { "cleared" }).collect()
    }

    /// Reported, ignored, given so far and cleared so far.
    fn counts(&self) -> (u64, u64, u64, u64) {
        let totals = self.store.totals();
        (totals.leaks, totals.ignored, totals.given, totals.cleared)
    }

    fn so_far(&self) -> Vec<u64> {
        self.store.rules().iter().map(|asked| asked.so_far).collect()
    }
}

#[test]
fn what_is_ignored_is_in_no_count_but_its_own() {
    let rules = vec![rule("other", Nanos::MAX), rule("known", Nanos::MAX)];
    let mut bench = bench(rules, nothing_kept());
    let (a, b) = (bench.spawn(None), bench.spawn(None));
    let known = bench.acquire_called(a, "known");
    bench.acquire_called(b, "new");
    for task in [a, b] {
        bench.end(task, Outcome::Cancelled);
    }
    assert_eq!(bench.told(0), ["given"]);
    assert_eq!(bench.counts(), (1, 1, 1, 0));
    assert_eq!((bench.store.rows().count(), bench.store.ignored().count()), (1, 1));
    assert_eq!(bench.so_far(), [0, 1], "a row is counted once, and a rule that never matched");
    let happened: Vec<_> = bench.store.history().events().map(|it| it.what.clone()).collect();
    assert!(happened.contains(&"custom known, ignored: known".to_owned()), "{happened:?}");
    bench.recorder.released(known);
    assert!(bench.told(MS).is_empty());
    assert_eq!((bench.counts(), bench.store.cleared().count()), ((1, 0, 1, 0), 0));
}

#[test]
fn what_is_known_does_not_hide_what_is_new() {
    let mut bench =
        bench(vec![rule("known", Nanos::MAX), rule("also", Nanos::MAX)], nothing_kept());
    let task = bench.spawn(None);
    bench.acquire_called(task, "known");
    let new = bench.acquire_called(task, "new");
    let also = bench.acquire_called(task, "also");
    bench.end(task, Outcome::Cancelled);
    assert_eq!(bench.told(0), ["given"]);
    assert_eq!((bench.counts(), bench.so_far()), ((1, 0, 1, 0), vec![0, 0]));
    // What is left is known.
    bench.recorder.released(new);
    assert_eq!(bench.told(MS), ["cleared"]);
    assert_eq!((bench.counts(), bench.so_far()), ((0, 1, 1, 1), vec![1, 1]));
    bench.recorder.released(also);
    assert!(bench.told(2 * MS).is_empty());
    assert_eq!((bench.counts(), bench.so_far()), ((0, 1, 1, 1), vec![1, 1]));
    // A callback of an ended task may acquire something still.
    bench.acquire_called(task, "new");
    assert_eq!(bench.told(LATER), ["given"]);
}

#[test]
fn a_rule_whose_last_day_is_over_ignores_nothing() {
    let over_at = LATER + 10 * MS;
    let rules = vec![rule("known", over_at), rule("also", Nanos::MAX), rule("late", 0)];
    let mut bench = bench(rules, nothing_kept());
    let tasks = [bench.spawn(None), bench.spawn(None)];
    for (task, label) in tasks.into_iter().zip(["known", "also"]) {
        bench.acquire_called(task, label);
        bench.end(task, Outcome::Cancelled);
    }
    assert!(bench.told(0).is_empty());
    assert_eq!(bench.counts(), (0, 2, 0, 0));
    let expired = bench.store.take_expired();
    assert_eq!(expired.len(), 1, "one was over before: {expired:?}");
    assert!(bench.told(9 * MS).is_empty());
    let before = bench.store.version();
    assert_eq!(bench.told(10 * MS), ["given"]);
    assert_eq!(bench.counts(), (1, 1, 1, 0));
    assert!(bench.store.version() > before, "whoever is attached is told");
    let expired = bench.store.take_expired();
    assert_eq!((expired.len(), expired[0].filter.as_str()), (1, "label:known"));
    assert!(bench.told(11 * MS).is_empty() && bench.store.take_expired().is_empty());
}

#[test]
fn beyond_the_cap_what_is_ignored_is_counted_apart() {
    let over_at = LATER + 10 * MS;
    let settings = Settings { max_leaks: 4, ..nothing_kept() };
    let mut bench = bench(vec![rule("known", over_at), rule("also", Nanos::MAX)], settings);
    let labels = ["known", "also", "new"];
    let held: Vec<Key> = (0..60)
        .map(|number: usize| {
            let task = bench.spawn(None);
            let held = bench.acquire_called(task, labels[number % 3]);
            bench.end(task, Outcome::Cancelled);
            held
        })
        .collect();
    bench.store.round(LATER);
    assert_eq!(bench.counts(), (20, 40, 20, 0));
    bench.store.round(LATER + 10 * MS);
    let (leaks, ignored, ..) = bench.counts();
    assert_eq!((leaks, ignored), (40, 20));
    for held in held {
        bench.recorder.released(held);
    }
    bench.store.round(LATER + 11 * MS);
    let totals = bench.store.totals();
    assert_eq!((totals.leaks, totals.ignored, totals.folded), (0, 0, 0));
    assert_eq!((totals.given, totals.cleared), (40, 40));
}
