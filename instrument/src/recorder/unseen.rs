//! Ends that the console thread is not told of. A service that ends a million tasks a
//! second keeps so many of them that nobody looks at any: beyond those that are kept, one
//! of which there is nothing to say is counted, and its slot freed by the thread that ends
//! it, which has it in its cache and uses it for the next task.

use std::cell::Cell;

use super::{
    Recorder,
    by_site::{BySite, Site},
    key::Key,
    lanes::Count,
    owner,
    task::{Flag, TaskSlot},
};
use crate::{
    atomics::{
        AtomicU64,
        Ordering::{Relaxed, SeqCst},
    },
    words::TaskKind,
};

/// Of ended tasks so many are taken in until the console thread says how many.
const AT_FIRST: u64 = 10_000;

/// See the module's header.
#[derive(Debug)]
pub(super) struct Unseen {
    /// The console thread takes in so many more ended tasks before it looks again.
    places: AtomicU64,
    ended: BySite,
    /// Of those, the scopes.
    scopes_ended: Count,
    /// Tasks that were seen to end, and whose retention is over.
    forgotten: Count,
}

impl Default for Unseen {
    fn default() -> Self {
        Self {
            places: AtomicU64::new(AT_FIRST),
            ended: BySite::default(),
            scopes_ended: Count::default(),
            forgotten: Count::default(),
        }
    }
}

/// The last task that this thread was to free. tokio counts a task for a moment after its
/// end, and would know of one more than is recorded.
struct Last(Cell<Option<(&'static Recorder, Key)>>);

impl Drop for Last {
    fn drop(&mut self) {
        free(self.0.take());
    }
}

thread_local! {
    static LAST: Last = const { Last(Cell::new(None)) };
}

fn free(task: Option<(&'static Recorder, Key)>) {
    if let Some((recorder, key)) = task {
        recorder.free(key);
    }
}

impl Recorder {
    /// So many more ended tasks are to be seen before the console thread looks again.
    pub(crate) fn takes_in(&self, places: usize) {
        self.unseen.places.store(places as u64, Relaxed);
    }

    /// Somebody looks at the task: its end is to be seen.
    pub(crate) fn is_shown(&self, key: Key) {
        if !self.has_flag(key, Flag::Shown) {
            self.set_flag(key, Flag::Shown);
        }
    }

    /// How many tasks have ended without being seen.
    pub(crate) fn ended_unseen(&self) -> u64 {
        self.unseen.ended.sum()
    }

    /// Calls `each` with how many have ended unseen of a site; more than once of each. All
    /// of them have completed.
    pub(crate) fn each_ended_unseen(&self, each: impl FnMut(Site, u64)) {
        self.unseen.ended.each(each);
    }

    /// How many tasks of the runtime are forgotten: those that ended unseen, and those that
    /// were kept for a while.
    #[cfg(feature = "tokio-console")]
    pub(crate) fn forgotten(&self) -> u64 {
        let tasks = self.unseen.ended.sum().saturating_sub(self.unseen.scopes_ended.sum());
        tasks + self.unseen.forgotten.sum()
    }

    /// Its retention is over.
    pub(crate) fn is_forgotten(&self, key: Key) {
        let Some(slot) = self.tasks.get(key) else { return };
        // Who was shown one that never was counts it as gone.
        let was_there = !slot.has(Flag::NeverWas) || slot.has(Flag::Shown);
        if was_there && slot.kind() != TaskKind::Scope {
            self.unseen.forgotten.add(1);
        }
    }

    /// Whether nobody is to be told that the task has ended; it is counted then. One whose
    /// spawner has ended too may have to have its lineage shortened.
    #[inline]
    pub(super) fn ends_unseen(&self, slot: &TaskSlot, spawner: Option<Key>) -> bool {
        let is_plain = slot.plain_end().is_some() && !slot.has(Flag::Shown);
        let descends_from_ended = || spawner.is_some_and(|spawner| self.has_ended(spawner));
        if !is_plain || descends_from_ended() || self.takes_a_place() {
            return false;
        }
        slot.ends_unseen();
        self.unseen.ended.count(slot.site());
        if slot.kind() == TaskKind::Scope {
            self.unseen.scopes_ended.add(1);
        }
        true
    }

    #[inline]
    fn takes_a_place(&self) -> bool {
        let places = &self.unseen.places;
        places.load(Relaxed) > 0
            && places.fetch_update(SeqCst, Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    /// Its last pin is gone, and nobody else knows of it.
    #[inline]
    pub(super) fn free_unseen(&'static self, key: Key) {
        // No task of the service's ends on one of ours: it ended before, elsewhere.
        if owner::is_our_thread() {
            return free(Some((self, key)));
        }
        match LAST.try_with(|last| last.0.replace(Some((self, key)))) {
            Ok(before) => free(before),
            // The thread is ending.
            Err(_) => free(Some((self, key))),
        }
    }
}

#[cfg(all(test, not(holdover_loom)))]
mod tests {
    use super::*;
    use crate::{
        recorder::{
            Level,
            holding::Acquired,
            read::Change,
            table::{SiteId, TextId},
            task::Birth,
        },
        words::{Kind, Outcome},
    };

    fn recorder() -> &'static Recorder {
        let recorder = Recorder::start(Level::All);
        recorder.takes_in(0);
        recorder
    }

    fn spawned(recorder: &'static Recorder, spawner: Option<Key>) -> Key {
        let birth = Birth::new(TaskKind::Task, SiteId::default());
        recorder.spawned_by(&birth, spawner).expect("a slot")
    }

    fn ends(recorder: &'static Recorder, task: Key, outcome: Outcome) {
        assert!(recorder.ended(task, outcome));
        recorder.lets_go(task);
    }

    /// How many changes the console thread is told of.
    fn told(recorder: &Recorder) -> usize {
        let mut told = 0;
        recorder.take_changes(|_: Change| told += 1);
        told
    }

    #[test]
    fn an_end_beyond_those_that_are_taken_in_is_counted_and_its_slot_used_again() {
        let recorder = recorder();
        recorder.takes_in(1);
        let tasks: Vec<Key> = (0..4).map(|_| spawned(recorder, None)).collect();
        ends(recorder, tasks[0], Outcome::Completed);
        assert_eq!((told(recorder), recorder.ended_unseen()), (1, 0));
        for task in &tasks[1..] {
            ends(recorder, *task, Outcome::Completed);
        }
        assert_eq!((told(recorder), recorder.ended_unseen()), (0, 3));
        // tokio may still count the last one of a thread.
        let live: Vec<bool> = tasks.iter().map(|task| recorder.is_live(*task)).collect();
        assert_eq!(live, [true, false, false, true]);
        let mut listed = Vec::new();
        recorder.each_task(|task, _, _| listed.push(task));
        assert_eq!(listed, [tasks[0]], "it is not shown for as long as the thread is idle");
    }

    #[test]
    fn what_there_is_something_to_say_of_is_told() {
        let recorder = recorder();
        for outcome in [Outcome::Cancelled, Outcome::Panicked, Outcome::Shutdown] {
            ends(recorder, spawned(recorder, None), outcome);
            assert!(told(recorder) > 0, "{outcome:?}");
        }
        let shown = spawned(recorder, None);
        recorder.is_shown(shown);
        ends(recorder, shown, Outcome::Completed);
        assert_eq!((told(recorder), recorder.ended_unseen()), (1, 0));
    }

    /// Else a task that spawns the next one and ends would keep all its ancestors.
    #[test]
    fn the_end_of_one_whose_spawner_has_ended_is_told() {
        let recorder = recorder();
        let first = spawned(recorder, None);
        let second = spawned(recorder, Some(first));
        ends(recorder, first, Outcome::Completed);
        assert_eq!((told(recorder), recorder.ended_unseen()), (0, 1));
        ends(recorder, second, Outcome::Completed);
        assert_eq!((told(recorder), recorder.ended_unseen()), (1, 1));
    }

    #[test]
    fn one_that_is_pinned_stays_until_its_last_pin_is_gone() {
        let recorder = recorder();
        let task = spawned(recorder, None);
        assert!(recorder.handle_made(task));
        ends(recorder, task, Outcome::Completed);
        assert!(recorder.is_live(task));
        recorder.handle_gone(task);
        ends(recorder, spawned(recorder, None), Outcome::Completed);
        assert!(!recorder.is_live(task));
        assert_eq!((told(recorder), recorder.ended_unseen()), (0, 2));
    }

    /// The console thread takes it over: it may be reading it when the last pin goes.
    #[test]
    fn one_that_acquires_something_after_its_end_is_told_and_not_freed_here() {
        let recorder = recorder();
        let task = spawned(recorder, None);
        assert!(recorder.handle_made(task));
        ends(recorder, task, Outcome::Completed);
        let what = Acquired::new(Kind::Custom, TextId::EMPTY, SiteId::default(), 0);
        let held = recorder.acquired_by(&what, Some(task)).expect("a slot");
        let mut flags = 0;
        recorder.take_changes(|change| {
            let Change::Other(facts) = change else { panic!("{change:?}") };
            flags = facts.flags;
        });
        let counted = Flag::Counted as u32 | Flag::Retired as u32;
        assert_eq!(flags & counted, counted, "it is not counted twice");
        recorder.released(held);
        recorder.handle_gone(task);
        ends(recorder, spawned(recorder, None), Outcome::Completed);
        assert!(recorder.is_live(task));
        assert_eq!(told(recorder), 1, "the console thread frees it");
    }
}
