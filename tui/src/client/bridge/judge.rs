//! The verdicts that tokio-console's protocol supports. Of a cancel it tells nothing, so
//! there are two: a task that nothing will wake, and what is open long after the tasks
//! that used it have ended. Both are inferred.

use std::collections::{BTreeMap, VecDeque};

use holdover_proto::v1;

use super::{
    rows::Rows,
    table::{Resource, Table, Task},
};

/// How long a task must have been without a waker: an update is not of one moment.
pub(super) const GRACE: u64 = 1_000_000_000;
/// How long something may stay open after the tasks that used it.
pub(super) const OPEN: u64 = 30_000_000_000;
/// So many that have cleared are kept.
const CLEARED: usize = 1_000;

/// A verdict, and the number of what it is about.
type Key = (i32, u64);

#[derive(Debug, Default)]
pub(super) struct Verdicts {
    live: BTreeMap<Key, v1::Leak>,
    cleared: VecDeque<v1::Leak>,
    pub(super) given: u64,
    pub(super) has_cleared: u64,
}

impl Verdicts {
    /// Those that are given now, and after them those that have cleared.
    pub(super) fn leaks(&self, cleared: bool) -> Vec<v1::Leak> {
        let cleared = self.cleared.iter().filter(|_| cleared);
        self.live.values().chain(cleared).cloned().collect()
    }

    pub(super) fn count(&self, verdict: v1::Verdict) -> u64 {
        let verdict = i32::from(verdict);
        self.live.range((verdict, 0)..=(verdict, u64::MAX)).count() as u64
    }

    /// Looks at everything once more.
    pub(super) fn judge(&mut self, table: &mut Table) {
        let now = given(table);
        let before = std::mem::take(&mut self.live);
        for (key, leak) in &now {
            if !before.contains_key(key) {
                self.given += 1;
                table.history.push_verdict(leak);
            }
        }
        for (key, leak) in before {
            if !now.contains_key(&key) {
                let leak = v1::Leak { cleared_ns: Some(table.now), ..leak };
                table.history.push_verdict(&leak);
                self.has_cleared += 1;
                self.cleared.push_back(leak);
            }
        }
        while self.cleared.len() > CLEARED {
            self.cleared.pop_front();
        }
        self.live = now;
    }
}

fn given(table: &Table) -> BTreeMap<Key, v1::Leak> {
    let rows = Rows::of(table);
    let lost = table.tasks.values().filter_map(|task| {
        let since = lost_waker(task, table)?;
        let holdings = rows.holdings_of(task.number);
        let verdict = v1::Verdict::LostWaker;
        Some((
            (verdict.into(), task.number),
            leak(verdict, since, GRACE, rows.task(task), holdings),
        ))
    });
    let open = table.resources.values().filter_map(|resource| {
        let since = open(resource, table)?;
        let task = last_user(resource).and_then(|number| table.numbered(number));
        let task = task.and_then(|(_, task)| rows.task(task));
        let held = vec![rows.holding(resource)];
        let verdict = v1::Verdict::Overdue;
        Some(((verdict.into(), resource.number), leak(verdict, since, OPEN, task, held)))
    });
    lost.chain(open).collect()
}

/// Who had it, of those that may have had it.
fn last_user(resource: &Resource) -> Option<u64> {
    resource.owner().or(resource.users.last().copied())
}

fn leak(
    verdict: v1::Verdict,
    since: u64,
    grace: u64,
    task: Option<v1::Task>,
    holdings: Vec<v1::Holding>,
) -> v1::Leak {
    v1::Leak {
        verdict: verdict.into(),
        accuracy: v1::Accuracy::Inferred.into(),
        since_ns: since,
        given_ns: since.saturating_add(grace),
        task,
        holdings_total: holdings.len().try_into().unwrap_or(u32::MAX),
        holdings,
        ..v1::Leak::default()
    }
}

/// Since when a task is idle of which no waker is left. Where the target has dropped events
/// its counts of wakers say nothing; who waits on a thread has no such waker.
pub(super) fn lost_waker(task: &Task, table: &Table) -> Option<u64> {
    let stats = task.stats?;
    let is_counted = matches!(task.kind, v1::TaskKind::Task | v1::TaskKind::Local);
    let is_lost = is_counted
        && table.dropped.tasks == 0
        && stats.state() == v1::TaskState::Idle
        && stats.wakers == Some(0);
    let since = stats.last_poll_ended.filter(|_| is_lost)?;
    (since.saturating_add(GRACE) <= table.now).then_some(since)
}

/// Since when a timer is open, or a lock locked, that only tasks have used that ended. What
/// many use may be meant to outlive them, and so may a lock that is free, a semaphore or a
/// channel; where the target has dropped events it may not know of all who use it.
pub(super) fn open(resource: &Resource, table: &Table) -> Option<u64> {
    let is_one = matches!(resource.kind, v1::HoldingKind::Timer | v1::HoldingKind::Lock);
    let is_somebodys = resource.is_held() == Some(true) && !resource.is_internal;
    if !is_one || !is_somebodys || resource.has_more_users || table.dropped.any() {
        return None;
    }
    let ended = |number: &u64| table.numbered(*number)?.1.stats?.ended;
    let ends: Option<Vec<u64>> = resource.users.iter().map(ended).collect();
    let since = ends?.into_iter().max()?;
    (since.saturating_add(OPEN) <= table.now).then_some(since)
}
