//! Warnings beyond the cap: counted exactly, and not listed.

use super::*;

const CAP: usize = 100;

impl Bench {
    fn capped() -> Self {
        Self::new(Settings { max_leaks: CAP, ..nothing_kept() })
    }

    /// A cancelled task and what it has left running.
    fn cancelled_over(&self, many: usize) -> (Key, Vec<Key>) {
        let root = self.spawn(None);
        let children = (0..many).map(|_| self.spawn(Some(root))).collect();
        self.end(root, Outcome::Cancelled);
        (root, children)
    }

    fn complete(&self, tasks: &[Key]) {
        for task in tasks {
            self.end(*task, Outcome::Completed);
        }
    }

    /// Listed, leaks, orphaned, and beyond the cap, of which warnings.
    fn said(&self) -> (usize, u64, u64, u64, u64) {
        let totals = self.store.totals();
        let beyond = (totals.folded, totals.folded_warnings);
        (self.store.rows().count(), totals.leaks, totals.orphaned, beyond.0, beyond.1)
    }

    fn clears_all(&mut self) {
        for now in 0..5 {
            self.store.round(2 * LATER + now);
        }
        assert_eq!(self.said(), (0, 0, 0, 0, 0));
        let totals = self.store.totals();
        assert_eq!(totals.given, totals.cleared);
        assert_eq!(self.slots(), 0);
    }
}

#[test]
fn the_orphans_of_one_task_are_counted_beyond_the_cap() {
    let mut bench = Bench::capped();
    let (_, children) = bench.cancelled_over(1_000);
    let notes = bench.store.round(LATER).len();
    assert_eq!(notes, CAP, "no row is made to be thrown away");
    assert_eq!(bench.said(), (CAP, 0, 1_000, 900, 900));
    assert_eq!(bench.store.totals().given, 1_000);
    for (at, some) in (1..).zip(children.chunks(250)) {
        bench.complete(some);
        bench.store.round(LATER + at);
        assert_eq!(bench.store.totals().orphaned, 1_000 - 250 * at);
    }
    assert_eq!(bench.store.totals().cleared_warnings, 1_000);
    bench.clears_all();
}

#[test]
fn of_many_tasks_the_oldest_orphans_are_counted_and_the_newest_listed() {
    let mut bench = Bench::capped();
    let families: Vec<_> = (0..3 * CAP).map(|_| bench.cancelled_over(1)).collect();
    bench.store.round(LATER);
    assert_eq!(bench.said(), (CAP, 0, 300, 200, 200));
    let listed: HashSet<Key> = bench.store.rows().map(|row| row.task.key).collect();
    let newest = families[2 * CAP..].iter().map(|(_, children)| children[0]);
    assert_eq!(listed, newest.collect());
    let version = bench.store.version();
    assert!(bench.store.round(LATER + 1).is_empty(), "each is given once");
    assert_eq!((bench.said(), bench.store.version()), ((CAP, 0, 300, 200, 200), version));
    // One that is listed, and one that is not.
    bench.complete(&[families[0].1[0], families[299].1[0]]);
    bench.store.round(LATER + 2);
    assert_eq!(bench.said(), (99, 0, 298, 199, 199));
    for (_, children) in &families[1..299] {
        bench.complete(children);
    }
    bench.clears_all();
}

/// What it has left running is an orphan later than what it holds is a leak.
#[test]
fn a_leak_beyond_the_cap_does_not_hide_an_orphan() {
    let mut bench = Bench::capped();
    let families: Vec<_> = (0..2 * CAP)
        .map(|_| {
            let root = bench.spawn(None);
            let held = bench.acquire(root);
            let child = bench.spawn(Some(root));
            bench.end(root, Outcome::Cancelled);
            (held, child)
        })
        .collect();
    let soon = bench.recorder.clock.now() + 2_000 * MS;
    bench.store.round(soon);
    assert_eq!(bench.said(), (CAP, 200, 0, 100, 0));
    bench.store.round(LATER);
    assert_eq!(bench.said(), (CAP, 200, 200, 300, 200), "warnings go first");
    for (held, _) in &families[..50] {
        bench.recorder.released(*held);
    }
    bench.store.round(LATER + 1);
    assert_eq!(bench.store.totals().leaks, 150, "of one that is not listed, each by itself");
    for (held, child) in &families {
        bench.recorder.released(*held);
        bench.complete(&[*child]);
    }
    bench.clears_all();
}

/// First it may leave an orphan, and then it may not.
#[test]
fn one_that_goes_on_being_judged_can_be_folded_later() {
    let mut bench = Bench::new(Settings { max_leaks: 2, ..nothing_kept() });
    let leak = |bench: &Bench| {
        let task = bench.spawn(None);
        let held = bench.acquire(task);
        bench.end(task, Outcome::Cancelled);
        held
    };
    let root = bench.spawn(None);
    let (first, child) = (bench.acquire(root), bench.spawn(Some(root)));
    bench.end(root, Outcome::Cancelled);
    let mut held = vec![first, leak(&bench), leak(&bench)];
    let soon = bench.recorder.clock.now() + 2_000 * MS;
    bench.store.round(soon);
    assert_eq!(bench.said(), (2, 3, 0, 1, 0), "what the first has left is not listed");
    bench.complete(&[child]);
    bench.store.round(soon + MS);
    held.push(leak(&bench));
    bench.store.round(LATER);
    assert_eq!(bench.said(), (2, 4, 0, 2, 0));
    held.push(bench.acquire(root));
    held.extend([leak(&bench), leak(&bench)]);
    bench.store.round(2 * LATER);
    let listed = bench.said();
    assert_eq!((listed.0, listed.1 - listed.3), (2, 2), "{listed:?}");
    for held in held {
        bench.recorder.released(held);
    }
    bench.clears_all();
}

#[test]
fn what_is_overdue_is_counted_beyond_the_cap() {
    let mut bench = Bench::capped();
    let held: Vec<Key> = (0..3 * CAP)
        .map(|_| {
            let held = bench.acquire(bench.spawn(None));
            bench.recorder.set_limit(held, 1);
            held
        })
        .collect();
    bench.store.round(LATER);
    let totals = bench.store.totals();
    assert_eq!((bench.store.rows().count(), totals.overdue), (CAP, 300));
    assert_eq!((totals.folded, totals.folded_warnings), (200, 200));
    for held in &held[1..] {
        bench.recorder.released(*held);
    }
    bench.store.round(LATER + 1);
    let totals = bench.store.totals();
    assert_eq!((totals.overdue, totals.folded, totals.cleared_warnings), (1, 1, 299));
}

#[test]
fn an_orphan_beyond_the_cap_is_ignored_by_its_rule_until_that_expires() {
    let over_at = LATER + 10 * MS;
    let rule = Rule {
        filter: "verdict:orphaned".to_owned(),
        until: "2027-01-31".to_owned(),
        over_at,
        why: "known".into(),
        place: "ignore.txt:1".to_owned(),
        matches: Box::new(|row, _| row.verdict == Verdict::Orphaned),
    };
    let mut bench = Bench::capped();
    let settings = Settings { max_leaks: CAP, ..nothing_kept() };
    bench.store = Store::new(bench.recorder, settings, Ignore::new(vec![rule]));
    let (_, children) = bench.cancelled_over(300);
    bench.store.round(LATER);
    assert_eq!(bench.said(), (0, 0, 0, 0, 0));
    let totals = bench.store.totals();
    assert_eq!((totals.ignored, totals.given), (300, 0));
    bench.complete(&children[..50]);
    bench.store.round(LATER + 1);
    let totals = bench.store.totals();
    assert_eq!((totals.ignored, totals.cleared), (250, 0), "nobody was told of them");
    bench.store.round(over_at);
    let totals = bench.store.totals();
    assert_eq!((totals.ignored, totals.orphaned, totals.given), (0, 250, 250));
    bench.complete(&children[50..]);
    bench.clears_all();
}
