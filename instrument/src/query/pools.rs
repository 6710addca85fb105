//! Rows of pools: how each is, and who has its connections.

use std::collections::HashSet;

use super::{Rows, rows::HeldRow};
use crate::{
    recorder::{
        clock::Nanos,
        holding::{HoldingFacts, HoldingFlag},
        pools::{Lent, PoolState, Watched, watched},
    },
    store::{Held, Person, Store, effective_owner, person},
    verdict::Thing,
};

/// Of those who wait, so many are named.
const WAITERS: usize = 16;

/// A pool in words.
#[derive(Clone, Debug)]
pub(crate) struct PoolRow {
    pub(crate) number: u64,
    pub(crate) name: &'static str,
    pub(crate) open: bool,
    pub(crate) state: PoolState,
    pub(crate) used: u64,
    pub(crate) unseen: u64,
    pub(crate) waiting: Option<u64>,
    pub(crate) waiters: Vec<Person>,
    /// How many are out, and how many of them for cancelled tasks.
    pub(crate) connections: u64,
    pub(crate) for_cancelled: u64,
    pub(crate) out: Vec<OutRow>,
}

/// A connection that is out.
#[derive(Clone, Debug)]
pub(crate) struct OutRow {
    pub(crate) row: HeldRow,
    pub(crate) for_cancelled: bool,
    /// How old it was when it was taken.
    pub(crate) age: Option<Nanos>,
    pub(crate) lifetime: Lifetime,
    pub(crate) returning_since: Option<Nanos>,
}

/// Whether a connection is older than its pool lets it become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    Within,
    Past,
    Unknown,
}

impl Lifetime {
    /// Of a connection that was so old when it was taken, so long ago. What was held
    /// for longer than it may live is past that, however old it was.
    fn of(age: Option<Nanos>, held_for: Nanos, most: Option<Nanos>) -> Self {
        let Some(most) = most else { return Self::Within };
        match age {
            _ if held_for > most => Self::Past,
            Some(age) if age.saturating_add(held_for) > most => Self::Past,
            Some(_) => Self::Within,
            None => Self::Unknown,
        }
    }
}

/// Every pool, with what is out of each. One scan, where any pool is watched.
pub(super) fn pools(store: &Store, now: Nanos) -> Vec<PoolRow> {
    let pools = watched();
    if pools.is_empty() {
        return Vec::new();
    }
    let recorder = store.recorder();
    let numbers: HashSet<u64> = pools.iter().map(|pool| pool.number).collect();
    let of_pool = |it: &HoldingFacts| numbers.contains(&it.resource);
    let mut out: Vec<HoldingFacts> =
        recorder.all_holdings().filter(|it| of_pool(it) && !it.has(HoldingFlag::Over)).collect();
    out.sort_by_key(|holding| holding.acquired_at);
    let waits: Vec<HoldingFacts> = recorder.blocked_tasks().filter(of_pool).collect();
    pools.iter().map(|pool| row(store, pool, &out, &waits, now)).collect()
}

fn row(
    store: &Store,
    pool: &Watched,
    out: &[HoldingFacts],
    waits: &[HoldingFacts],
    now: Nanos,
) -> PoolRow {
    let of_pool = |it: &&HoldingFacts| it.resource == pool.number;
    let said = pool.state();
    let state = said.unwrap_or_default();
    let out: Vec<&HoldingFacts> = out.iter().filter(of_pool).collect();
    let waiting = waits.iter().filter(of_pool).filter_map(|wait| wait.owner);
    let waiting: Vec<_> = waiting.collect();
    let connections = out.len() as u64;
    let out: Vec<OutRow> =
        out.into_iter().map(|holding| self::out(store, pool, state, holding, now)).collect();
    PoolRow {
        waiters: waiting
            .iter()
            .filter_map(|key| store.recorder().task(*key))
            .take(WAITERS)
            .map(|facts| person(&facts))
            .collect(),
        connections,
        for_cancelled: out.iter().filter(|it| it.for_cancelled).count() as u64,
        out: out.into_iter().take(super::MAX_ROWS).collect(),
        ..in_short(pool, said, connections, waiting.len() as u64)
    }
}

/// The pool in numbers.
fn in_short(pool: &Watched, said: Option<PoolState>, seen: u64, waiting: u64) -> PoolRow {
    let state = said.unwrap_or_default();
    let by_its_own = state.size.zip(state.idle).map(|(size, idle)| size.saturating_sub(idle));
    let used = by_its_own.unwrap_or(seen);
    PoolRow {
        number: pool.number,
        name: pool.name,
        open: said.is_some(),
        state,
        used,
        unseen: used.saturating_sub(seen),
        waiting: state.waiting.or((waiting > 0 || pool.tells_who_waits()).then_some(waiting)),
        waiters: Vec::new(),
        connections: seen,
        for_cancelled: 0,
        out: Vec::new(),
    }
}

fn out(
    store: &Store,
    pool: &Watched,
    state: PoolState,
    holding: &HoldingFacts,
    now: Nanos,
) -> OutRow {
    let Lent { age, returning_since } = pool.lent(holding.key).unwrap_or_default();
    let recorder = store.recorder();
    let owner = holding.owner.and_then(|owner| recorder.task(owner));
    let owner = owner.map(|owner| effective_owner(recorder, owner));
    let owned = HoldingFacts { owner: owner.as_ref().map(|it| it.key), ..holding.clone() };
    let held_for = now.saturating_sub(holding.acquired_at);
    OutRow {
        for_cancelled: owner.is_some_and(|owner| owner.ended_by_cancellation()),
        row: HeldRow::new(store, Thing::Holding(owned)),
        age,
        lifetime: Lifetime::of(age, held_for, state.max_lifetime),
        returning_since,
    }
}

/// Those pools of which one of the rows lists a connection, in numbers.
pub(super) fn of_listed(store: &Store, rows: &Rows) -> Vec<PoolRow> {
    let mut numbers = HashSet::new();
    let mut list = |held: &[Held]| numbers.extend(held.iter().filter_map(Held::resource_of_pool));
    match rows {
        Rows::Leaks(rows, _) => rows.iter().for_each(|row| list(&row.holdings)),
        Rows::Groups(groups, _) => groups.iter().for_each(|group| list(&group.worst.holdings)),
        Rows::Holdings(rows) => rows.iter().for_each(|row| list(std::slice::from_ref(&row.held))),
        Rows::Story(Some(story)) => list(&story.holdings),
        _ => {}
    }
    if numbers.is_empty() {
        return Vec::new();
    }
    let recorder = store.recorder();
    let waits: Vec<u64> = recorder.blocked_tasks().map(|wait| wait.resource).collect();
    let of_these = watched().into_iter().filter(|pool| numbers.contains(&pool.number));
    let in_short = |pool: &std::sync::Arc<Watched>| {
        let waiting = waits.iter().filter(|number| **number == pool.number).count();
        in_short(pool, pool.state(), pool.out(), waiting as u64)
    };
    of_these.map(|pool| in_short(&pool)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_past_its_lifetime_only_when_that_is_certain() {
        let of = |age, held_for| Lifetime::of(age, held_for, Some(30));
        assert_eq!(of(Some(10), 20), Lifetime::Within);
        assert_eq!(of(Some(10), 21), Lifetime::Past);
        assert_eq!(of(None, 30), Lifetime::Unknown);
        assert_eq!(of(None, 31), Lifetime::Past, "it was not younger than new");
        assert_eq!(Lifetime::of(Some(10), 1_000, None), Lifetime::Within);
    }
}
