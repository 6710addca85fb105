//! The verdicts that tokio-console's protocol supports. Of a cancel it tells nothing, so
//! there are two: a task that nothing will wake, and what is open long after the tasks
//! that used it have ended. Both are inferred.

mod rules;

use std::collections::{BTreeMap, VecDeque};

use holdover_proto::v1;

use self::rules::{Around, lost_waker, open};
pub(super) use self::rules::{GRACE, OPEN, is_suspect};
use super::{
    rows::Rows,
    table::{Resource, Table, Task},
};

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
    let around = Around::of(table);
    let lost = |task| Some((task, lost_waker(task, table, &around)?));
    let lost: Vec<(&Task, u64)> = table.tasks.values().filter_map(lost).collect();
    let open = |resource| Some((resource, open(resource, table, &around)?));
    let open: Vec<(&Resource, u64)> = table.resources.values().filter_map(open).collect();
    if lost.is_empty() && open.is_empty() {
        return BTreeMap::new();
    }
    let rows = Rows::of(table);
    let lost = lost.into_iter().map(|(task, since)| {
        let holdings = rows.holdings_of(task.number);
        let verdict = v1::Verdict::LostWaker;
        let leak = leak(verdict, since, GRACE, rows.task(task), holdings);
        ((verdict.into(), task.number), leak)
    });
    let open = open.into_iter().map(|(resource, since)| {
        let task = last_user(resource).and_then(|number| table.numbered(number));
        let task = task.and_then(|(_, task)| rows.task(task));
        let held = vec![rows.holding(resource)];
        let verdict = v1::Verdict::Overdue;
        ((verdict.into(), resource.number), leak(verdict, since, OPEN, task, held))
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
