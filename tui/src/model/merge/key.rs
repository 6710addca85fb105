//! Where a row stands among those of other targets: by what is asked, else as a target puts
//! its own.

use std::cmp::Reverse;

use holdover::filtering::{Sort, SortKey, Subject};
use holdover_proto::v1;

use crate::{
    model::{LeakRow, PoolLine},
    names,
    subject::At,
};

/// Rows of one kind all have the same of these.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::model) enum Rank {
    Sorted(SortKey),
    /// Of a group only.
    Number(i64),
    NumberDown(Reverse<i64>),
    Count(u64),
    CountDown(Reverse<u64>),
    /// As they come, the smallest first.
    Usual([u64; 4]),
}

/// What has cleared stands last, whatever is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::model) struct Key {
    last: bool,
    rank: Rank,
}

/// By what rows are sorted, as the wire has it.
#[derive(Clone, Debug)]
pub(in crate::model) struct Sorter(String);

/// The oldest first.
fn oldest(age: u64) -> u64 {
    u64::MAX - age
}

impl Sorter {
    pub(in crate::model) fn new(written: &str) -> Self {
        Self(written.to_owned())
    }

    fn key(&self, subject: &impl Subject, last: bool, usual: impl FnOnce() -> [u64; 4]) -> Key {
        let sort = Sort::parse(&self.0).ok().flatten();
        let rank = sort.map_or_else(|| Rank::Usual(usual()), |it| Rank::Sorted(it.key(subject)));
        Key { last, rank }
    }

    /// `now` is the time of the row's target, here and below.
    pub(in crate::model) fn of_leak(&self, row: &LeakRow, now: u64) -> Key {
        let none = v1::Leak::default();
        let leak = row.worst.as_ref().unwrap_or(&none);
        let number = match self.0.trim_start_matches('-') {
            "count" => Some(i64::from(row.count)),
            "growth" => Some(row.growth().unwrap_or(0)),
            _ => None,
        };
        match number {
            Some(number) if self.0.starts_with('-') => {
                Key { last: row.cleared, rank: Rank::NumberDown(Reverse(number)) }
            }
            Some(number) => Key { last: row.cleared, rank: Rank::Number(number) },
            None => self.key(&At(leak, now), row.cleared, || {
                let verdict = u64::try_from(row.verdict).unwrap_or(u64::MAX);
                let since = leak.cleared_ns.unwrap_or(now).saturating_sub(leak.since_ns);
                [verdict, u64::MAX - u64::from(row.count), oldest(since), 0]
            }),
        }
    }

    pub(in crate::model) fn of_task(&self, task: &v1::Task, now: u64) -> Key {
        self.key(&At(task, now), false, || {
            let ended = task.ended_ns.map_or(0, |at| now.saturating_sub(at).saturating_add(1));
            [ended, oldest(now.saturating_sub(task.spawned_ns)), task.id, 0]
        })
    }

    /// Of all tasks that were spawned at one place.
    pub(in crate::model) fn of_site(&self, site: &v1::TaskGroup) -> Key {
        let ended = site.ended.unwrap_or_default();
        let all = names::ended(&ended);
        let spawned = site.live.saturating_add(all);
        let count = match self.0.trim_start_matches('-') {
            "live" => site.live,
            "ended" => all,
            "spawned" => spawned,
            "completed" => ended.completed,
            "cancelled" => ended.cancelled,
            "panicked" => ended.panicked,
            "shutdown" => ended.shutdown,
            // The most that live first, then the most that were spawned.
            _ => {
                let usual = || [u64::MAX - site.live, u64::MAX - spawned, 0, 0];
                return self.key(&At(site, 0), false, usual);
            }
        };
        let is_down = self.0.starts_with('-');
        let rank = if is_down { Rank::CountDown(Reverse(count)) } else { Rank::Count(count) };
        Key { last: false, rank }
    }

    pub(in crate::model) fn of_held(&self, row: &v1::HeldRow, now: u64) -> Key {
        self.key(&At(row, now), false, || {
            let since = row.holding.as_ref().map_or(now, |held| held.acquired_ns);
            [oldest(now.saturating_sub(since)), 0, 0, 0]
        })
    }

    /// The newest first, always.
    pub(in crate::model) fn of_event(event: &v1::Event, now: u64) -> Key {
        Key { last: false, rank: Rank::Usual([now.saturating_sub(event.at_ns), 0, 0, 0]) }
    }

    /// Of a pool with its connections; as they come, a target's stay together.
    pub(in crate::model) fn of_pool(&self, lines: &[PoolLine]) -> Key {
        match lines.first() {
            Some(PoolLine::Pool(pool)) => self.key(&At(pool.as_ref(), 0), false, || [0; 4]),
            _ => Key { last: true, rank: Rank::Usual([0; 4]) },
        }
    }
}

#[cfg(test)]
mod tests;
