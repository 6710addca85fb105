//! Groups of leaks: fourteen rows of one bug are one row.

use std::{collections::HashMap, sync::Arc};

use crate::{
    recorder::clock::Nanos,
    store::Row,
    words::{Kind, Verdict},
};

/// Tasks of a group that are named.
const NAMED: usize = 16;

/// Rows of one spawn site, verdict and held kind.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) verdict: Verdict,
    pub(crate) count: usize,
    /// The member whose condition has held longest.
    pub(crate) worst: Arc<Row>,
    /// Longest first.
    pub(crate) tasks: Vec<u64>,
    /// The soonest that a member goes by itself.
    pub(crate) goes_at: Option<Nanos>,
    pub(crate) cleared: bool,
    /// When the last of its members cleared.
    pub(crate) cleared_last: Option<Nanos>,
}

/// Ranked by verdict, then count, then since; what has cleared comes last.
pub(super) fn groups(rows: Vec<Arc<Row>>, now: Nanos) -> Vec<Group> {
    let mut by_name: HashMap<_, Vec<Arc<Row>>> = HashMap::new();
    for row in rows {
        by_name.entry(name(&row)).or_default().push(row);
    }
    let mut groups: Vec<Group> =
        by_name.into_values().filter_map(|members| group(members, now)).collect();
    groups.sort_by(|a, b| {
        let rank = |group: &Group| (group.cleared, group.verdict, std::cmp::Reverse(group.count));
        let since = |group: &Group| (group.worst.since, group.worst.task.id);
        rank(a).cmp(&rank(b)).then_with(|| since(a).cmp(&since(b)))
    });
    groups
}

type Name = (bool, Verdict, u32, Arc<str>, Option<(Kind, Arc<str>)>);

fn name(row: &Row) -> Name {
    // What a stuck task holds is not what is wrong with it.
    let reason = row.holdings.first().filter(|_| row.verdict != Verdict::Stuck);
    let held = reason.map(|held| (held.kind, Arc::clone(&held.label)));
    (row.cleared_at.is_some(), row.verdict, row.task.site.0, Arc::clone(&row.person.name), held)
}

fn group(mut members: Vec<Arc<Row>>, now: Nanos) -> Option<Group> {
    members.sort_by_key(|row| (std::cmp::Reverse(row.lasted(now)), row.task.id));
    let worst = Arc::clone(members.first()?);
    Some(Group {
        verdict: worst.verdict,
        count: members.len(),
        cleared: worst.cleared_at.is_some(),
        cleared_last: members.iter().filter_map(|row| row.cleared_at).max(),
        goes_at: members.iter().filter_map(|row| goes_at(row)).min(),
        tasks: members.iter().take(NAMED).map(|row| row.task.id).collect(),
        worst,
    })
}

/// When the row goes by itself: when its last holding does. `None` when one of them
/// has no known end, and of a stuck task, whose holdings are not what keeps it.
pub(crate) fn goes_at(row: &Row) -> Option<Nanos> {
    if row.verdict == Verdict::Stuck {
        return None;
    }
    let direct = row.holdings.iter().filter(|held| held.is_certain());
    direct.map(|held| held.due_at).collect::<Option<Vec<_>>>()?.into_iter().max()
}
