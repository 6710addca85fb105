//! What is counted of each spawn site, while hardly any task is kept.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
};

use super::*;
use crate::recorder::by_site::Site;

/// More than there are lanes for.
const THREADS: usize = 40;

/// What a thread's task of this number does; of each twelve one that goes on.
const ENDS: [Option<Outcome>; 12] = {
    let mut ends = [Some(Outcome::Completed); 12];
    ends[3] = Some(Outcome::Cancelled);
    ends[5] = Some(Outcome::Panicked);
    ends[7] = Some(Outcome::Shutdown);
    ends[11] = None;
    ends
};

/// Ended tasks of a site by outcome, and those that go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tasks {
    ended: EndedOfSite,
    live: u64,
}

impl Tasks {
    fn count(&mut self, end: Option<Outcome>) {
        *match end {
            Some(Outcome::Completed) => &mut self.ended.completed,
            Some(Outcome::Cancelled) => &mut self.ended.cancelled,
            Some(Outcome::Panicked) => &mut self.ended.panicked,
            Some(Outcome::Shutdown) => &mut self.ended.shutdown,
            None => &mut self.live,
        } += 1;
    }
}

/// The sites in turn, `each` of them on each thread, while the console thread looks all
/// the time. Gives what happened, and what is told of it.
fn by_site(sites: &[u32], each: usize) -> (BTreeMap<Site, Tasks>, BTreeMap<Site, Tasks>, Bench) {
    let mut bench = Bench::new(nothing_kept());
    let recorder = bench.recorder;
    let goes_on = AtomicUsize::new(THREADS);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let goes_on = &goes_on;
            scope.spawn(move || {
                for at in 0..each * sites.len() {
                    let site = SiteId(sites[(at + thread) % sites.len()]);
                    let birth = Birth::new(TaskKind::Task, site);
                    let task = recorder.spawned_by(&birth, None).expect("a slot");
                    if let Some(outcome) = ENDS[at % ENDS.len()] {
                        recorder.ended(task, outcome);
                        recorder.lets_go(task);
                    }
                }
                goes_on.fetch_sub(1, SeqCst);
            });
        }
        while goes_on.load(SeqCst) > 0 {
            bench.store.round(recorder.clock.now());
        }
    });
    bench.store.round(recorder.clock.now());
    let mut happened: BTreeMap<Site, Tasks> = BTreeMap::new();
    for thread in 0..THREADS {
        for at in 0..each * sites.len() {
            let site = Site::of(SiteId(sites[(at + thread) % sites.len()]));
            happened.entry(site).or_default().count(ENDS[at % ENDS.len()]);
        }
    }
    let mut told: BTreeMap<Site, Tasks> = BTreeMap::new();
    for (site, ended) in bench.store.ended_by_site() {
        told.entry(site).or_default().ended = ended;
    }
    recorder.each_live_site(|site| told.entry(Site::of(site)).or_default().live += 1);
    (happened, told, bench)
}

#[test]
fn each_sites_tasks_are_counted_exactly_though_none_is_kept() {
    const SITES: u32 = 50;
    let sites: Vec<u32> = (1..=SITES).collect();
    let (happened, told, bench) = by_site(&sites, 50);
    assert_eq!(told, happened);
    let tasks = told.values().map(|tasks| tasks.live + tasks.ended.all());
    assert_eq!(tasks.sum::<u64>(), 100_000);
    let totals = bench.store.totals();
    let live: u64 = told.values().map(|tasks| tasks.live).sum();
    assert_eq!((totals.tasks_spawned, totals.tasks_live), (100_000, live));
    assert!(bench.recorder.ended_unseen() > 0, "most are looked at by nobody");
    let slots = u64::try_from(bench.slots()).expect("a number");
    assert!(slots <= live + THREADS as u64, "{slots} slots for {live} tasks");
}

#[test]
fn sites_for_which_there_is_no_room_are_counted_together() {
    let far = 1 << 20;
    let sites: Vec<u32> = (1..=20).chain(far..far + 30).collect();
    let (happened, told, _) = by_site(&sites, 4);
    assert_eq!(told, happened);
    assert_eq!(told.len(), 21, "twenty, and all others");
    let other = told[&Site::Other];
    assert_eq!(other.live + other.ended.all(), 30 * 4 * THREADS as u64);
}

/// A spawn that fails was none, and is in all of a site's tasks as it is in all tasks.
#[test]
fn all_sites_together_are_what_is_counted_of_all_tasks() {
    let mut bench = Bench::new(nothing_kept());
    let spawner = bench.spawn(None);
    let child = bench.spawn(Some(spawner));
    bench.recorder.never_was(bench.spawn(None));
    bench.end(spawner, Outcome::Cancelled);
    bench.end(child, Outcome::Completed);
    bench.store.round(bench.recorder.clock.now());
    let ended = bench.store.ended_by_site();
    let all: u64 = ended.values().map(|ended| ended.all()).sum();
    let totals = bench.store.totals();
    assert_eq!((all, totals.tasks_spawned, totals.tasks_live), (3, 3, 0));
    assert_eq!(ended[&Site::One(SiteId::default())].cancelled, totals.tasks_cancelled);
}
