//! The store over a recorder of its own, with the time as an argument.

mod beyond;
mod ignore;
mod many;
mod sites;

use super::*;
use crate::{
    recorder::{
        Level,
        holding::{Acquired, HoldingFlag},
        request::Request,
        table::{SiteId, TextId},
        task::Birth,
    },
    words::{Cause, Kind, TaskKind},
};

const MS: Nanos = 1_000_000;
/// Later than anything that the recorder's own clock says within a test.
const LATER: Nanos = 3_600_000 * MS;

struct Bench {
    recorder: &'static Recorder,
    store: Store,
}

impl Bench {
    fn new(settings: Settings) -> Self {
        let recorder = Recorder::start(Level::All);
        Self { recorder, store: Store::new(recorder, settings, Ignore::default()) }
    }

    fn spawn(&self, spawner: Option<Key>) -> Key {
        let birth =
            Birth { flags: Flag::Shim as u32, ..Birth::new(TaskKind::Task, SiteId::default()) };
        self.recorder.spawned_by(&birth, spawner).expect("a slot")
    }

    fn acquire(&self, owner: Key) -> Key {
        let label = TextId::fixed("thing");
        let acquired = Acquired::new(Kind::Custom, label, SiteId::default(), 0);
        self.recorder.acquired_by(&acquired, Some(owner)).expect("a slot")
    }

    fn end(&self, task: Key, outcome: Outcome) {
        let now = self.recorder.clock.now();
        if outcome == Outcome::Cancelled {
            self.recorder.request(task, Request::new(Cause::Abort, now));
            self.recorder.delivered(task, now);
        }
        self.recorder.drop_begins(task, self.recorder.clock.now());
        self.recorder.ended(task, outcome);
        self.recorder.lets_go(task);
    }

    fn slots(&self) -> usize {
        self.recorder.tasks().count()
    }
}

fn nothing_kept() -> Settings {
    Settings { retention: std::time::Duration::ZERO, max_ended: 0, ..Settings::default() }
}

#[test]
fn ended_tasks_are_shown_for_their_retention_and_then_freed() {
    let mut bench = Bench::new(Settings::default());
    let task = bench.spawn(None);
    bench.end(task, Outcome::Completed);
    let now = bench.recorder.clock.now();
    bench.store.round(now);
    assert_eq!(bench.slots(), 1);
    bench.store.round(now + LATER);
    assert_eq!(bench.slots(), 0);
}

#[test]
fn a_leak_is_kept_while_it_lasts_and_cleared_when_it_is_released() {
    let mut bench = Bench::new(nothing_kept());
    let task = bench.spawn(None);
    let held = bench.acquire(task);
    bench.end(task, Outcome::Cancelled);
    assert!(bench.store.round(bench.recorder.clock.now()).is_empty(), "within grace");
    let given = bench.store.round(LATER);
    assert_eq!(given.len(), 1);
    assert_eq!((given[0].given, given[0].row.verdict), (true, Verdict::LeftBehind));
    assert_eq!(bench.store.totals().leaks, 1);
    bench.recorder.released(held);
    let cleared = bench.store.round(LATER + MS);
    assert_eq!((cleared.len(), cleared[0].given), (1, false));
    bench.store.round(LATER + 2 * MS);
    assert_eq!((bench.slots(), bench.store.totals().leaks), (0, 0));
}

#[test]
fn a_task_that_spawns_the_next_and_ends_does_not_keep_all_its_ancestors() {
    let mut bench = Bench::new(nothing_kept());
    let mut tip = bench.spawn(None);
    for hop in 0..2_000 {
        let next = bench.spawn(Some(tip));
        bench.end(tip, Outcome::Completed);
        bench.store.round(LATER + hop);
        tip = next;
    }
    bench.store.round(2 * LATER);
    bench.store.round(2 * LATER + 1);
    assert!(bench.slots() <= 12, "{} slots for one live task", bench.slots());
}

#[test]
fn the_nearest_cancelled_ancestor_stays_in_a_long_lineage() {
    let mut bench = Bench::new(nothing_kept());
    let root = bench.spawn(None);
    let mut tip = bench.spawn(Some(root));
    bench.end(root, Outcome::Cancelled);
    for hop in 0..100 {
        let next = bench.spawn(Some(tip));
        bench.end(tip, Outcome::Completed);
        bench.store.round(LATER + hop);
        tip = next;
    }
    let line: Vec<u64> = ancestors(bench.recorder, &bench.recorder.task(tip).expect("it lives"))
        .iter()
        .map(|person| person.id)
        .collect();
    assert!(bench.recorder.task(root).is_some(), "the cancelled one is kept: {line:?}");
}

#[test]
fn beyond_the_cap_leaks_are_counted_exactly() {
    let mut bench = Bench::new(Settings { max_leaks: 10, ..nothing_kept() });
    let held: Vec<Key> = (0..100)
        .map(|_| {
            let task = bench.spawn(None);
            let held = bench.acquire(task);
            bench.end(task, Outcome::Cancelled);
            held
        })
        .collect();
    bench.store.round(LATER);
    let totals = bench.store.totals();
    assert_eq!((bench.store.rows().count(), totals.leaks, totals.folded), (10, 100, 90));
    for (at, held) in held.into_iter().enumerate() {
        bench.recorder.released(held);
        bench.store.round(LATER + at as Nanos);
        assert_eq!(bench.store.totals().leaks, 99 - at as u64);
    }
    bench.store.round(2 * LATER);
    let totals = bench.store.totals();
    assert_eq!((totals.given, totals.cleared, totals.folded), (100, 100, 0));
    assert_eq!(totals.cleared_warnings, 0);
    assert_eq!(bench.slots(), 0);
}

fn overdue_rows(bench: &Bench) -> Vec<(String, usize)> {
    let of = bench.store.rows().filter(|row| row.verdict == Verdict::Overdue);
    of.map(|row| (row.person.name.to_string(), row.holdings.len())).collect()
}

#[test]
fn what_has_a_limit_of_its_own_is_overdue_when_that_is_over_whoever_holds_it() {
    let mut bench = Bench::new(nothing_kept());
    let (live, ended) = (bench.spawn(None), bench.spawn(None));
    let held = [bench.acquire(live), bench.acquire(live), bench.acquire(ended)];
    let nobodys = Acquired::new(Kind::Custom, TextId::EMPTY, SiteId::default(), 0);
    let nobodys = bench.recorder.acquired_by(&nobodys, None).expect("a slot");
    for key in [held[0], held[2], nobodys] {
        bench.recorder.set_limit(key, LATER);
    }
    bench.end(ended, Outcome::Completed);
    let now = bench.recorder.clock.now();
    bench.store.round(now + LATER / 2);
    assert_eq!(overdue_rows(&bench), [], "it is not over yet");
    bench.store.round(now + 2 * LATER);
    let mut rows = overdue_rows(&bench);
    rows.sort();
    let of = |name: &str| (name.to_owned(), 1);
    assert_eq!(rows, [of(""), of(""), of("nobody")], "one each, and none for what has no limit");
    assert_eq!(bench.store.totals().overdue, 3);
    assert_eq!(bench.store.totals().leaks, 0, "a warning is no leak");

    bench.recorder.set_limit(held[0], 9 * LATER);
    bench.recorder.released(held[2]);
    bench.recorder.owned_by(nobodys, Some(live));
    bench.store.round(now + 3 * LATER);
    assert_eq!(overdue_rows(&bench), [of("")], "raised, released, and in other hands");
    bench.store.round(now + 20 * LATER);
    assert_eq!(overdue_rows(&bench), [(String::new(), 2)], "the raised limit is over too");
    bench.recorder.released(held[0]);
    bench.recorder.released(nobodys);
    bench.store.round(now + 21 * LATER);
    let totals = bench.store.totals();
    assert_eq!((totals.overdue, totals.given, totals.cleared), (0, 3, 3));
    assert_eq!(totals.cleared_warnings, 3);
}

#[test]
fn with_a_limit_for_everything_all_that_is_held_so_long_is_overdue() {
    let overdue = Some(std::time::Duration::from_nanos(LATER));
    let mut bench = Bench::new(Settings { overdue, ..nothing_kept() });
    let task = bench.spawn(None);
    let (held, own) = (bench.acquire(task), bench.acquire(task));
    bench.recorder.set_limit(own, 100 * LATER);
    let now = bench.recorder.clock.now();
    bench.store.round(now + LATER / 2);
    assert_eq!(overdue_rows(&bench), []);
    bench.store.round(now + 2 * LATER);
    assert_eq!(overdue_rows(&bench), [(String::new(), 1)], "its own limit wins");
    bench.recorder.released(held);
    bench.store.round(now + 3 * LATER);
    assert_eq!(overdue_rows(&bench), []);
}

#[test]
fn history_and_leaks_stay_within_the_memory_they_are_given() {
    let memory = 64 << 10;
    let mut bench = Bench::new(Settings { memory, ..nothing_kept() });
    for _ in 0..1_000 {
        let task = bench.spawn(None);
        bench.acquire(task);
        bench.end(task, Outcome::Cancelled);
    }
    bench.store.round(LATER);
    let listed: usize = bench.store.rows().map(|row| row.bytes()).sum();
    assert!((1..=memory / 2).contains(&listed), "{listed} bytes of rows");
    assert_eq!(bench.store.totals().leaks, 1_000, "those that are not listed are counted");
    let events = bench.store.history().events().count();
    assert!((1..1_000).contains(&events), "{events} events of 4000");
    let newest = bench.store.history().events().last().expect("one").seq;
    assert_eq!(newest, 5_000, "the oldest go");
}

#[test]
fn an_idle_round_over_many_leaks_judges_none_of_them() {
    let mut bench = Bench::new(nothing_kept());
    for _ in 0..1_000 {
        let task = bench.spawn(None);
        bench.acquire(task);
        bench.end(task, Outcome::Cancelled);
    }
    bench.store.round(LATER);
    let version = bench.store.version();
    assert!(bench.store.round(LATER + MS).is_empty());
    assert_eq!(bench.store.version(), version);
    assert!(bench.store.watched.values().all(|task| task.look_again > LATER + MS));
}

#[test]
fn what_an_ended_task_acquires_later_is_found() {
    let mut bench = Bench::new(nothing_kept());
    let task = bench.spawn(None);
    let first = bench.acquire(task);
    bench.end(task, Outcome::Cancelled);
    bench.store.round(LATER);
    let second = bench.acquire(task);
    bench.recorder.released(first);
    let notes = bench.store.round(2 * LATER);
    let verdicts: Vec<_> = notes.iter().map(|note| (note.row.verdict, note.given)).collect();
    assert!(verdicts.contains(&(Verdict::AfterCancel, true)), "{verdicts:?}");
    assert!(verdicts.contains(&(Verdict::LeftBehind, false)), "{verdicts:?}");
    bench.recorder.released(second);
    bench.store.round(2 * LATER + MS);
    assert_eq!(bench.store.totals().leaks, 0);
}

#[test]
fn history_is_in_order_and_numbered() {
    let mut bench = Bench::new(nothing_kept());
    let task = bench.spawn(None);
    bench.acquire(task);
    bench.end(task, Outcome::Cancelled);
    bench.store.round(LATER);
    let kinds: Vec<_> = bench.store.history().events().map(|it| (it.seq, it.kind.name())).collect();
    let expected = ["spawned", "requested", "delivered", "ended", "given"];
    assert_eq!(kinds, (1..).zip(expected).collect::<Vec<_>>());
}

#[test]
fn a_survivor_knows_its_nearest_cancelled_ancestor_however_many_lie_between() {
    let mut bench = Bench::new(nothing_kept());
    let root = bench.spawn(None);
    let root_id = bench.recorder.task(root).expect("it lives").id;
    let mut tip = bench.spawn(Some(root));
    bench.end(root, Outcome::Cancelled);
    for hop in 0..100 {
        let next = bench.spawn(Some(tip));
        bench.end(tip, Outcome::Completed);
        bench.store.round(LATER + hop);
        tip = next;
    }
    bench.store.round(2 * LATER);
    let rows: Vec<_> = bench.store.rows().cloned().collect();
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!((rows[0].verdict, rows[0].task.key), (Verdict::Orphaned, tip));
    let (ancestor, cancel) = rows[0].ancestor.as_ref().expect("it has one");
    assert_eq!((ancestor.id, cancel.as_ref().map(|it| it.cause)), (root_id, Some(Cause::Abort)));
    let line: Vec<u64> = rows[0].ancestors.iter().map(|person| person.id).collect();
    assert!(line.len() <= 8 && line.contains(&root_id), "{root_id} in {line:?}");
}

/// What a cancelled task spawned afterwards is no orphan, nor is what comes of it.
#[test]
fn a_long_lineage_from_after_the_cancel_has_no_orphan() {
    let mut bench = Bench::new(nothing_kept());
    let root = bench.spawn(None);
    bench.end(root, Outcome::Cancelled);
    let mut tip = bench.spawn(Some(root));
    for hop in 0..100 {
        let next = bench.spawn(Some(tip));
        bench.end(tip, Outcome::Completed);
        bench.store.round(LATER + hop);
        tip = next;
    }
    bench.store.round(2 * LATER);
    assert_eq!(bench.store.rows().count(), 0);
}

#[test]
fn beyond_the_cap_the_oldest_are_counted_and_the_newest_listed() {
    let mut bench = Bench::new(Settings { max_leaks: 3, ..nothing_kept() });
    let mut newest = Vec::new();
    for _ in 0..10 {
        let task = bench.spawn(None);
        bench.acquire(task);
        bench.end(task, Outcome::Cancelled);
        newest.push(task);
    }
    bench.store.round(LATER);
    let listed: Vec<Key> = bench.store.rows().map(|row| row.task.key).collect();
    assert_eq!(listed, newest.split_off(7));
}

#[test]
fn a_row_is_named_by_its_task_and_its_verdict() {
    let mut bench = Bench::new(nothing_kept());
    let task = bench.spawn(None);
    let (first, _) = (bench.acquire(task), bench.acquire(task));
    bench.end(task, Outcome::Cancelled);
    let late = bench.acquire(task);
    let given = bench.store.round(LATER);
    assert_eq!(given.len(), 2, "a verdict, not a holding, is a row");
    bench.recorder.released(first);
    bench.recorder.released(late);
    let notes = bench.store.round(2 * LATER);
    assert_eq!(notes.len(), 1, "left behind is still so: {notes:#?}");
    assert_eq!((notes[0].given, notes[0].row.verdict), (false, Verdict::AfterCancel));
    let lasted = notes[0].row.lasted(3 * LATER);
    assert_eq!(lasted, 2 * LATER - notes[0].row.since, "up to when it cleared");
    let row = bench.store.rows().next().expect("the other");
    assert_eq!((row.given_at, row.holdings.len()), (LATER, 1));
}

/// Whoever is asked is told at once; what takes its time is the drop.
fn begin_drop(bench: &Bench, task: Key) -> Nanos {
    let now = bench.recorder.clock.now();
    bench.recorder.request(task, Request::new(Cause::Abort, now));
    bench.recorder.delivered(task, now);
    bench.recorder.drop_begins(task, now);
    now
}

#[test]
fn a_task_that_is_in_its_drop_for_longer_than_grace_is_stuck_and_says_so() {
    let mut bench = Bench::new(nothing_kept());
    let task = bench.spawn(None);
    let began = begin_drop(&bench, task);
    assert!(bench.store.round(began + 500 * MS).is_empty(), "within grace");
    let given = bench.store.round(began + 1_000 * MS);
    let cancel = given[0].row.cancel.as_ref().expect("it was asked");
    assert_eq!(given[0].row.verdict, Verdict::Stuck);
    assert_eq!((cancel.drop_began, cancel.ended_at), (Some(began), None));
    bench.recorder.ended(task, Outcome::Cancelled);
    bench.recorder.lets_go(task);
    let cleared = bench.store.round(began + 1_100 * MS);
    assert_eq!((cleared.len(), cleared[0].given), (1, false));
}

/// It was asked, and had not noticed: then it did.
#[test]
fn a_stuck_task_whose_drop_begins_is_told_anew() {
    let mut bench = Bench::new(nothing_kept());
    let task = bench.spawn(None);
    let now = bench.recorder.clock.now();
    bench.recorder.request(task, Request::new(Cause::Token, now));
    bench.recorder.delivered(task, now);
    assert_eq!(bench.store.round(now + LATER).len(), 1);
    let drop_began = |bench: &Bench| {
        let row = bench.store.rows().next().expect("it is stuck");
        row.cancel.as_ref().and_then(|cancel| cancel.drop_began)
    };
    assert_eq!(drop_began(&bench), None);
    bench.recorder.drop_begins(task, now + 7);
    bench.store.round(now + LATER + MS);
    assert_eq!(drop_began(&bench), Some(now + 7));
}

/// Where only tokio's spans are seen, a drop is known when it is over.
#[test]
fn a_task_without_a_shim_is_not_stuck_in_its_drop() {
    let mut bench = Bench::new(nothing_kept());
    let birth = Birth::new(TaskKind::Task, SiteId::default());
    let task = bench.recorder.spawned_by(&birth, None).expect("a slot");
    let began = begin_drop(&bench, task);
    assert!(bench.store.round(began + LATER).is_empty());
}

#[test]
fn bytes_are_kept_by_cancelled_tasks_only_and_counted_as_they_change() {
    let mut bench = Bench::new(nothing_kept());
    let tasks = [(); 3].map(|()| bench.spawn(None));
    let held = tasks.map(|task| bench.acquire(task));
    for held in held {
        bench.recorder.set_bytes(held, 1_000);
    }
    bench.end(tasks[0], Outcome::Cancelled);
    bench.end(tasks[1], Outcome::Completed);
    bench.store.round(bench.recorder.clock.now());
    assert_eq!(bench.store.totals().bytes_kept, 0, "within grace");
    bench.store.round(LATER);
    assert_eq!(bench.store.totals().bytes_kept, 1_000);
    let listed = |bench: &Bench| bench.store.rows().map(|row| row.bytes_kept()).sum::<u64>();
    assert_eq!(listed(&bench), 1_000);
    bench.recorder.set_bytes(held[0], 5_000);
    bench.store.round(LATER + MS);
    assert_eq!((bench.store.totals().bytes_kept, listed(&bench)), (5_000, 5_000));
    // What it may have handed to a child that lives is not certainly its own.
    let moves =
        Acquired::new(Kind::Custom, TextId::EMPTY, SiteId::default(), HoldingFlag::Moves as u8);
    let moves = bench.recorder.acquired_by(&moves, Some(tasks[2])).expect("a slot");
    bench.recorder.set_bytes(moves, 100);
    let child = bench.spawn(Some(tasks[2]));
    bench.end(tasks[2], Outcome::Cancelled);
    bench.store.round(LATER + 2 * MS);
    assert_eq!(bench.store.totals().bytes_kept, 6_000);
    bench.end(child, Outcome::Completed);
    bench.store.round(LATER + 3 * MS);
    assert_eq!(bench.store.totals().bytes_kept, 6_100);
    bench.recorder.released(moves);
    for held in held {
        bench.recorder.released(held);
    }
    bench.store.round(LATER + 4 * MS);
    assert_eq!(bench.store.totals().bytes_kept, 0);
}
