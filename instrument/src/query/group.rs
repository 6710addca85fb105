//! Groups of leaks: fourteen rows of one bug are one row.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{Sort, SortBy, field::Field, filter::Subject, subject::At};
use crate::{
    recorder::clock::Nanos,
    store::{Alike, Row},
    words::Verdict,
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
    /// The values of the fields that it is made by; none where it is made as usual.
    pub(crate) by: Vec<String>,
    /// How many there were ten minutes ago, nine, and so on, and now.
    pub(crate) counts: Vec<u32>,
    /// How many names and labels there are.
    pub(crate) differ: Differ,
}

/// How many names and labels the members of a group have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Differ {
    pub(crate) names: usize,
    pub(crate) labels: usize,
}

impl Group {
    /// How many more there are than a minute ago.
    fn growth(&self) -> i64 {
        match self.counts.as_slice() {
            [.., before, now] => i64::from(*now) - i64::from(*before),
            _ => 0,
        }
    }
}

/// Ranked by verdict, then count, then since; what has cleared comes last.
pub(super) fn groups(rows: Vec<Arc<Row>>, by: &[Field], now: Nanos) -> Vec<Group> {
    let mut by_name: HashMap<_, Vec<Arc<Row>>> = HashMap::new();
    for row in rows {
        let is_cleared = row.cleared_at.is_some();
        by_name.entry((is_cleared, name(&row, by))).or_default().push(row);
    }
    let named = by_name.into_iter();
    let mut groups: Vec<Group> =
        named.filter_map(|((_, name), members)| group(members, name.values(), now)).collect();
    groups.sort_by(|a, b| {
        let rank = |group: &Group| (group.cleared, group.verdict, std::cmp::Reverse(group.count));
        let since = |group: &Group| (group.worst.since, group.worst.task.id);
        rank(a).cmp(&rank(b)).then_with(|| since(a).cmp(&since(b)))
    });
    groups
}

/// What the members of a group share.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Name {
    /// The spawn site, the name and what is held, but for numbers in them.
    Usual(Verdict, u32, Alike),
    /// The values of some fields.
    Values(Verdict, Vec<String>),
}

impl Name {
    fn values(self) -> Vec<String> {
        match self {
            Self::Usual(..) => Vec::new(),
            Self::Values(_, values) => values,
        }
    }
}

fn name(row: &Row, by: &[Field]) -> Name {
    if !by.is_empty() {
        let value = |field: &Field| value(row, *field);
        return Name::Values(row.verdict, by.iter().map(value).collect());
    }
    Name::Usual(row.verdict, row.task.site.0, usual(row))
}

fn usual(row: &Row) -> Alike {
    let mut alike = row.alike.clone();
    // What a stuck task holds is not what is wrong with it.
    alike.held = alike.held.filter(|_| row.verdict != Verdict::Stuck);
    alike
}

/// In words; a number does not change while the row lives, or is none to group by.
fn value(row: &Row, field: Field) -> String {
    let at = At(row, row.given_at);
    if field == Field::Name {
        return row.person.shown().to_string();
    }
    let text = at.texts(field).first().map(ToString::to_string);
    text.or_else(|| at.number(field).map(|number| number.to_string())).unwrap_or_default()
}

const MINUTE: Nanos = 60_000_000_000;
/// So many minutes a group is counted back.
const MINUTES: u64 = 10;

/// Counts how many there were of each group that is live, minute by minute, among all that
/// were given.
pub(super) fn count_back<'a>(
    groups: &mut [Group],
    given: impl Iterator<Item = &'a Arc<Row>>,
    by: &[Field],
    now: Nanos,
) {
    let ago = (0..=MINUTES).rev().filter_map(|minutes| now.checked_sub(minutes * MINUTE));
    let moments: Vec<Nanos> = ago.collect();
    let live = groups.iter_mut().filter(|group| !group.cleared);
    let mut counts: HashMap<Name, &mut Vec<u32>> = live
        .map(|group| {
            group.counts = vec![0; moments.len()];
            (name(&group.worst, by), &mut group.counts)
        })
        .collect();
    for row in given {
        let Some(counts) = counts.get_mut(&name(row, by)) else { continue };
        for (count, at) in counts.iter_mut().zip(&moments) {
            let was_there = row.given_at <= *at && row.cleared_at.is_none_or(|gone| gone > *at);
            *count += u32::from(was_there);
        }
    }
}

/// By what only a group has.
pub(super) fn sort(groups: &mut [Group], sort: Option<Sort>) {
    let Some(sort) = sort else { return };
    let number = |group: &Group| match sort.by {
        SortBy::Field(_) | SortBy::Tasks(_) => None,
        SortBy::Count => i64::try_from(group.count).ok(),
        SortBy::Growth => Some(group.growth()),
    };
    if sort.reversed {
        groups.sort_by_key(|group| std::cmp::Reverse(number(group)));
    } else {
        groups.sort_by_key(number);
    }
}

fn group(mut members: Vec<Arc<Row>>, by: Vec<String>, now: Nanos) -> Option<Group> {
    members.sort_by_key(|row| (std::cmp::Reverse(row.lasted(now)), row.task.id));
    let worst = Arc::clone(members.first()?);
    let names: HashSet<&str> = members.iter().map(|row| &*row.person.name).collect();
    let labels = members.iter().filter_map(|row| row.holdings.first()).map(|held| &*held.label);
    let labels: HashSet<&str> = labels.collect();
    Some(Group {
        differ: Differ { names: names.len(), labels: labels.len() },
        verdict: worst.verdict,
        count: members.len(),
        cleared: worst.cleared_at.is_some(),
        cleared_last: members.iter().filter_map(|row| row.cleared_at).max(),
        goes_at: members.iter().filter_map(|row| goes_at(row)).min(),
        tasks: members.iter().take(NAMED).map(|row| row.task.id).collect(),
        by,
        counts: Vec::new(),
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
