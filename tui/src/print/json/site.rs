//! What is said of a site, and of a thing that is held, as JSON.

use holdover_proto::v1;
use serde::Serialize;

use super::{Holding, Leak, Target, holding, leak_row, target};
use crate::{names, words};

#[derive(Serialize)]
struct Group<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    target: Target<'a>,
    verdict: &'static str,
    count: u32,
    cleared: bool,
    tasks: &'a [u64],
    worst: Option<Leak<'a>>,
}

/// What became of a site's leaks from one look to the next.
#[derive(Debug, Serialize)]
pub(in crate::print) struct Growth<'a> {
    pub(in crate::print) verdict: &'static str,
    pub(in crate::print) site: &'a str,
    pub(in crate::print) holds: Option<&'static str>,
    pub(in crate::print) label: Option<&'a str>,
    pub(in crate::print) before: u64,
    pub(in crate::print) after: u64,
    pub(in crate::print) for_ms: u64,
}

#[derive(Serialize)]
struct GrowthLine<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    target: Target<'a>,
    #[serde(flatten)]
    growth: &'a Growth<'a>,
}

/// The tasks of one spawn site.
#[derive(Serialize)]
struct TaskGroup<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    target: Target<'a>,
    /// Null where it is not known, and of all for which there is no room.
    location: Option<&'a str>,
    other: bool,
    live: u64,
    /// Live and ended. These and what follows are null where the ends are not told.
    spawned: Option<u64>,
    ended: Option<u64>,
    completed: Option<u64>,
    cancelled: Option<u64>,
    panicked: Option<u64>,
    shutdown: Option<u64>,
}

/// The tasks of one spawn site as a JSON object.
pub(crate) fn task_group(group: &v1::TaskGroup, described: &v1::DescribeResponse) -> String {
    let ended = group.ended.as_ref();
    let all = ended.map(names::ended);
    let line = TaskGroup {
        kind: "task-group",
        target: target(described),
        location: Some(group.location.as_str()).filter(|location| !location.is_empty()),
        other: group.other,
        live: group.live,
        spawned: all.map(|all| group.live.saturating_add(all)),
        ended: all,
        completed: ended.map(|ended| ended.completed),
        cancelled: ended.map(|ended| ended.cancelled),
        panicked: ended.map(|ended| ended.panicked),
        shutdown: ended.map(|ended| ended.shutdown),
    };
    serde_json::to_string(&line).unwrap_or_default()
}

#[derive(Serialize)]
struct HoldingLine<'a> {
    #[serde(rename = "type")]
    row: &'static str,
    target: Target<'a>,
    /// 0 when nobody has it.
    task: u64,
    #[serde(flatten)]
    owner: Option<Owner<'a>>,
    holding: Holding<'a>,
}

/// Of whom a list tells what the rows of a task tell above it.
#[derive(Serialize)]
struct Owner<'a> {
    name: &'a str,
    ended: bool,
}

/// A group of leaks of one site as a JSON object.
pub(crate) fn group(
    group: &v1::LeakGroup,
    described: &v1::DescribeResponse,
    update: &v1::Update,
) -> String {
    let row = Group {
        kind: "group",
        target: target(described),
        verdict: words::verdict(group.verdict()),
        count: group.count,
        cleared: group.cleared,
        tasks: &group.tasks,
        worst: group.worst.as_ref().map(|it| leak_row(it, described, update, None)),
    };
    serde_json::to_string(&row).unwrap_or_default()
}

/// How many leaks a site has more or fewer as a JSON object.
pub(in crate::print) fn growth(growth: &Growth<'_>, described: &v1::DescribeResponse) -> String {
    let row = GrowthLine { kind: "growth", target: target(described), growth };
    serde_json::to_string(&row).unwrap_or_default()
}

/// Something that a task holds as a JSON object.
pub(crate) fn holding_line(
    held: &v1::Holding,
    task: u64,
    described: &v1::DescribeResponse,
    now: u64,
) -> String {
    let target = target(described);
    let holding = holding(held, now);
    let line = HoldingLine { row: "holding", target, task, owner: None, holding };
    serde_json::to_string(&line).unwrap_or_default()
}

/// Something that is held, with who has it, as a JSON object.
pub(crate) fn held(
    row: &v1::HeldRow,
    described: &v1::DescribeResponse,
    now: u64,
) -> Option<String> {
    let task = crate::print::owner(row);
    let owner = row.owner.as_ref().map(|it| Owner { name: &it.name, ended: row.owner_ended });
    let (target, holding) = (target(described), holding(row.holding.as_ref()?, now));
    let line = HoldingLine { row: "holding", target, task, owner, holding };
    serde_json::to_string(&line).ok()
}
