//! The rows of the lists, and what makes one the same in the next update.

use std::ops::Deref;

use holdover_proto::v1;

use super::{LeaksBy, list::Entity};
use crate::names;

/// A row of Leaks: those of one site, or one of them.
#[derive(Clone, Debug)]
pub(crate) struct LeakRow {
    group: v1::LeakGroup,
    by: LeaksBy,
    /// The worst of those whose names or labels are not the same, called as all are.
    called: Option<Box<v1::Leak>>,
}

impl Deref for LeakRow {
    type Target = v1::LeakGroup;

    fn deref(&self) -> &v1::LeakGroup {
        &self.group
    }
}

impl LeakRow {
    pub(super) fn of(group: v1::LeakGroup, by: LeaksBy) -> Self {
        let called = called(&group).map(Box::new);
        Self { group, by, called }
    }

    /// The worst as it speaks for all: where their names, or the labels of what they hold,
    /// differ in numbers, with `*` for each of these.
    pub(crate) fn speaks_for_all(&self) -> Option<&v1::Leak> {
        self.called.as_deref().or(self.group.worst.as_ref())
    }

    /// The fields that the group was made by, and what its members have in them.
    pub(crate) fn shared(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let values = self.group.by.iter().map(String::as_str);
        self.by.fields().iter().copied().zip(values)
    }

    /// How many more there are than a minute ago; `None` before that can be told.
    pub(crate) fn growth(&self) -> Option<i64> {
        match self.counts.as_slice() {
            [.., before, now] => Some(i64::from(*now) - i64::from(*before)),
            _ => None,
        }
    }
}

/// A group of one.
impl From<v1::Leak> for LeakRow {
    fn from(leak: v1::Leak) -> Self {
        let group = v1::LeakGroup {
            verdict: leak.verdict,
            count: 1,
            tasks: leak.task.iter().map(|task| task.id).collect(),
            goes_ns: leak.goes_ns,
            cleared: leak.cleared_ns.is_some(),
            cleared_last_ns: leak.cleared_ns,
            worst: Some(leak),
            ..v1::LeakGroup::default()
        };
        Self { group, by: LeaksBy::One, called: None }
    }
}

fn called(group: &v1::LeakGroup) -> Option<v1::Leak> {
    let (names, labels) = (group.names > 1, group.labels > 1);
    let mut leak = group.worst.clone().filter(|_| names || labels)?;
    if let Some(task) = leak.task.as_mut().filter(|_| names) {
        task.name.clone_from(&leak.alike_name);
    }
    if let Some(held) = leak.holdings.first_mut().filter(|_| labels) {
        held.label.clone_from(&leak.alike_label);
    }
    Some(leak)
}

/// What a row is told from others by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LeakId {
    Site {
        verdict: i32,
        cleared: bool,
        name: String,
        location: String,
        held: Option<(i32, String)>,
    },
    Values {
        verdict: i32,
        cleared: bool,
        by: LeaksBy,
        values: Vec<String>,
    },
    One {
        verdict: i32,
        task: u64,
        given: u64,
        /// Of what nobody owns.
        holding: Option<u64>,
    },
}

impl Entity for LeakRow {
    type Id = LeakId;

    fn comes_last(&self) -> bool {
        self.cleared
    }

    fn id(&self) -> LeakId {
        let worst = self.worst.as_ref();
        let task = worst.and_then(|leak| leak.task.as_ref());
        let held = worst.and_then(|leak| leak.holdings.first());
        let id = task.map_or(0, |task| task.id);
        match self.by {
            LeaksBy::Site => LeakId::Site {
                verdict: self.verdict,
                cleared: self.cleared,
                name: worst.map_or_else(String::new, |leak| names::alike(leak).to_owned()),
                location: task.map(|task| task.location.clone()).unwrap_or_default(),
                // Those that are stuck are one row, whatever they hold.
                held: held
                    .filter(|_| {
                        !matches!(self.verdict(), v1::Verdict::Stuck | v1::Verdict::LostWaker)
                    })
                    .zip(worst)
                    .map(|(held, leak)| (held.kind, names::alike_label(leak).to_owned())),
            },
            LeaksBy::Cause | LeaksBy::Field(_) => LeakId::Values {
                verdict: self.verdict,
                cleared: self.cleared,
                by: self.by,
                values: self.group.by.clone(),
            },
            LeaksBy::One => LeakId::One {
                verdict: self.verdict,
                task: id,
                given: worst.map_or(0, |leak| leak.given_ns),
                holding: held.filter(|_| id == 0).map(|held| held.id),
            },
        }
    }
}

impl Entity for v1::Task {
    type Id = u64;

    fn is_over(&self) -> bool {
        self.ended_ns.is_some()
    }

    fn id(&self) -> u64 {
        self.id
    }
}

impl Entity for v1::TaskGroup {
    /// Where; and whether it is all places together for which there is no room.
    type Id = (String, bool);

    fn id(&self) -> Self::Id {
        (self.location.clone(), self.other)
    }
}

impl Entity for v1::Event {
    type Id = u64;

    fn id(&self) -> u64 {
        self.seq
    }
}

impl Entity for v1::HeldRow {
    type Id = u64;

    fn id(&self) -> u64 {
        self.holding.as_ref().map_or(0, |held| held.id)
    }
}

/// A line of the pools: a pool, or one of its connections that is out.
#[derive(Clone, Debug)]
pub(crate) enum PoolLine {
    Pool(Box<v1::Pool>),
    Out { pool: u64, row: Box<v1::PooledConnection> },
}

impl PoolLine {
    /// A pool, and beneath it its connections.
    pub(super) fn of(pool: &v1::Pool) -> Vec<Self> {
        let alone = v1::Pool { connections: Vec::new(), ..pool.clone() };
        let mut lines = vec![Self::Pool(Box::new(alone))];
        let out = pool.connections.iter().cloned().map(Box::new);
        lines.extend(out.map(|row| Self::Out { pool: pool.number, row }));
        lines
    }

    /// Where the connection was acquired.
    pub(super) fn site(&self) -> Option<&str> {
        match self {
            Self::Pool(_) => None,
            Self::Out { row, .. } => Some(&row.held.as_ref()?.holding.as_ref()?.site),
        }
    }

    pub(super) fn owner(&self) -> Option<u64> {
        match self {
            Self::Pool(_) => None,
            Self::Out { row, .. } => Some(row.held.as_ref()?.owner.as_ref()?.id),
        }
    }
}

impl Entity for PoolLine {
    /// The pool's number, and that of the holding.
    type Id = (u64, Option<u64>);

    fn id(&self) -> Self::Id {
        match self {
            Self::Pool(pool) => (pool.number, None),
            Self::Out { pool, row } => {
                let held = row.held.as_ref().and_then(|it| it.holding.as_ref());
                (*pool, Some(held.map_or(0, |held| held.id)))
            }
        }
    }
}
