//! When a verdict is given: pure functions of what was told. What could also be so is held
//! in favour of the task: a verdict that is not certain is not given.

use std::cell::OnceCell;

use holdover_proto::v1;

use super::super::table::{Resource, Table, Task};

/// How long a task must have been without a waker.
pub(crate) const GRACE: u64 = 1_000_000_000;
/// How long something may stay open after the tasks that used it.
pub(crate) const OPEN: u64 = 30_000_000_000;
/// A message may be put together while somebody wakes the task: it is said to have no
/// waker any more, and not to be woken yet. The next messages say more.
const SETTLED: u64 = 500_000_000;

/// Files under these are not the service's own.
const LIBRARIES: [&str; 5] =
    ["/registry/src/", "/git/checkouts/", "/rustc/", "/rustlib/", "/vendor/"];

/// What else there is; looked up only when somebody asks.
pub(crate) struct Around<'a> {
    table: &'a Table,
    /// When the tasks were spawned that live, in that order.
    spawned: OnceCell<Vec<u64>>,
}

impl<'a> Around<'a> {
    pub(crate) fn of(table: &'a Table) -> Self {
        Self { table, spawned: OnceCell::new() }
    }

    /// Whether one lives that was spawned after one moment and before another: what a task had may be with it.
    fn was_one_spawned(&self, from: u64, until: u64) -> bool {
        let spawned = self.spawned.get_or_init(|| self.sorted());
        let first = spawned.partition_point(|at| *at <= from);
        spawned.get(first).is_some_and(|at| *at <= until)
    }

    fn sorted(&self) -> Vec<u64> {
        let stats = self.table.tasks.values().filter_map(|task| task.stats);
        let living = stats.filter(|stats| stats.ended.is_none());
        let mut spawned: Vec<u64> = living.filter_map(|stats| stats.created).collect();
        spawned.sort_unstable();
        spawned
    }
}

/// Since when a task is idle of which no waker is left. Where the target has dropped events
/// its counts of wakers say nothing, nor where it tells of no wakers at all; who waits on a
/// thread has no such waker. A task that has ended is told as one that goes on while its span
/// is open: so may be one from which another was spawned that lives.
pub(crate) fn lost_waker(task: &Task, table: &Table, around: &Around<'_>) -> Option<u64> {
    let stats = task.stats.filter(|_| may_be_lost(task) && table.counts_wakers())?;
    let settled = task.watched.without_waker()?.saturating_add(SETTLED);
    let since = stats.last_poll_ended.filter(|_| settled <= table.now)?;
    if since.saturating_add(GRACE) > table.now {
        return None;
    }
    let first = stats.first_poll.unwrap_or_default();
    let is_certain = task.watched.was_polled() || !around.was_one_spawned(first, since);
    is_certain.then_some(since)
}

/// One of which the next messages say whether it is lost.
pub(crate) fn is_suspect(task: &Task, table: &Table) -> bool {
    let seen = task.watched.without_waker().filter(|_| may_be_lost(task));
    table.counts_wakers() && seen.is_some_and(|at| at.saturating_add(SETTLED) > table.now)
}

/// It is told to be idle without a waker, and is of a kind that needs one.
fn may_be_lost(task: &Task) -> bool {
    let is_counted = matches!(task.kind, v1::TaskKind::Task | v1::TaskKind::Local);
    let is_idle = task.stats.is_some_and(|stats| stats.state() == v1::TaskState::Idle);
    let watched = task.watched;
    is_counted && is_idle && watched.without_waker().is_some() && !watched.was_dropped()
}

/// Since when a timer is open, or a lock locked, that only tasks have used that ended. What
/// many use may be meant to outlive them, and so may a lock that is free, a semaphore or a
/// channel; where the target has dropped events it may not know of all who use it.
pub(crate) fn open(resource: &Resource, table: &Table, around: &Around<'_>) -> Option<u64> {
    let is_one = match resource.kind {
        // A timer that is handed on, or a library's, is meant to stay.
        v1::HoldingKind::Timer => resource.users.len() == 1 && !is_a_librarys(&resource.location),
        v1::HoldingKind::Lock => resource.got_by.is_some() && !resource.is_tried,
        _ => false,
    };
    let is_somebodys = resource.is_held() == Some(true) && !resource.is_internal;
    if !is_one || !is_somebodys || resource.has_more_users || table.dropped.any() {
        return None;
    }
    let ended = |number: &u64| table.numbered(*number)?.1.stats?.ended;
    let ends: Option<Vec<u64>> = resource.users.iter().map(ended).collect();
    let since = ends?.into_iter().max()?;
    if since.saturating_add(OPEN) > table.now {
        return None;
    }
    let owner = resource.owner().and_then(|number| table.numbered(number)?.1.stats);
    let from = owner.and_then(|stats| stats.first_poll).max(resource.got_after);
    // It may have moved into what was spawned meanwhile.
    let may_have_moved = around.was_one_spawned(from.unwrap_or_default(), since);
    (!may_have_moved).then_some(since)
}

fn is_a_librarys(location: &str) -> bool {
    let file = location.replace('\\', "/");
    LIBRARIES.iter().any(|mark| file.contains(mark)) || file.starts_with("vendor/")
}
