//! Rows as JSON, one object a line. Durations are integers with the unit in the name,
//! times RFC 3339. Fields may be added, never renamed.

mod process;
mod site;
mod token;

use std::time::Duration;

use holdover_proto::v1;
use jiff::Timestamp;
use serde::Serialize;

pub(crate) use self::process::process;
pub(super) use self::site::{Growth, growth};
pub(crate) use self::site::{group, held, holding_line, task_group};
pub(super) use self::token::token;
use crate::{asked, words};

const MS: u64 = 1_000_000;
const US: u64 = 1_000;

#[derive(Serialize)]
struct Leak<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    target: Target<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    verdict: &'static str,
    accuracy: &'static str,
    since_ms: u64,
    task: Option<Task<'a>>,
    cancel: Option<Cancel<'a>>,
    holdings: Vec<Holding<'a>>,
    /// What all cancelled tasks of the target keep at this moment.
    bytes_kept: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ancestor: Option<Person<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cleared_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lasted_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<String>,
}

#[derive(Serialize)]
struct Rule<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    target: Target<'a>,
    filter: &'a str,
    until: &'a str,
    why: &'a str,
    place: &'a str,
    expired: bool,
    now: u64,
    so_far: u64,
}

#[derive(Serialize)]
struct TaskLine<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    target: Target<'a>,
    task: Task<'a>,
    cancel: Option<Cancel<'a>>,
    polls: u64,
    busy_us: u64,
    scheduled_us: u64,
    wakes: u64,
    /// Absent where it is not known.
    holdings: Option<u32>,
    /// Not told where tokio-console's protocol is spoken.
    children: Option<u32>,
}

#[derive(Serialize)]
struct EventLine<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    target: Target<'a>,
    seq: u64,
    at: String,
    event: &'static str,
    task: Option<u64>,
    name: Option<&'a str>,
    what: &'a str,
    site: &'a str,
    verdict: Option<&'static str>,
    lasted_ms: Option<u64>,
}

#[derive(Serialize)]
struct Target<'a> {
    /// Neither is told where tokio-console's protocol is spoken.
    service: Option<&'a str>,
    pid: Option<u32>,
    run: &'a str,
}

#[derive(Serialize)]
struct Task<'a> {
    id: u64,
    tokio_id: Option<u64>,
    name: &'a str,
    kind: &'static str,
    state: &'static str,
    outcome: Option<&'static str>,
    location: &'a str,
    spawned_at: String,
    waits_for: Option<WaitsFor<'a>>,
}

#[derive(Serialize)]
struct WaitsFor<'a> {
    kind: &'static str,
    label: &'a str,
    site: &'a str,
    held_by: Vec<u64>,
}

#[derive(Serialize)]
struct Cancel<'a> {
    cause: &'static str,
    requested_at: String,
    delivered_at: Option<String>,
    ended_at: Option<String>,
    latency_us: Option<u64>,
    drop_us: Option<u64>,
    /// How long it has been in its drop, while it is.
    dropping_us: Option<u64>,
    canceller: Option<u64>,
    canceller_name: Option<&'a str>,
    site: Option<&'a str>,
    reason: Option<&'a str>,
    path: &'a [String],
    polls_since: u64,
}

#[derive(Serialize)]
struct Holding<'a> {
    kind: &'static str,
    label: &'a str,
    phase: &'static str,
    direct: bool,
    via: Option<u64>,
    site: Option<&'a str>,
    age_ms: Option<u64>,
    /// Where it was made, in place of where it was acquired.
    #[serde(skip_serializing_if = "Option::is_none")]
    made_at: Option<&'a str>,
    due_in_ms: Option<u64>,
    maybe_moved: bool,
    bytes: u64,
    amount: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capacity: Option<u64>,
    waiting: u32,
    fd: Option<Fd<'a>>,
}

#[derive(Serialize)]
struct Fd<'a> {
    number: u32,
    status: &'static str,
    #[serde(rename = "type")]
    kind: Option<&'static str>,
    state: Option<&'static str>,
    unknown: Option<&'a str>,
}

#[derive(Serialize)]
struct Pool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    target: Target<'a>,
    name: &'a str,
    open: bool,
    used: u64,
    idle: Option<u64>,
    size: Option<u64>,
    max: Option<u64>,
    waiting: Option<u64>,
    waiters: Vec<Person<'a>>,
    max_lifetime_ms: Option<u64>,
    for_cancelled: u64,
    unseen: u64,
    connections_total: u64,
    connections: Vec<Pooled<'a>>,
}

#[derive(Serialize)]
struct Pooled<'a> {
    holder: Option<Person<'a>>,
    holder_ended: bool,
    for_cancelled: bool,
    acquired_at: String,
    held_ms: u64,
    site: Option<&'a str>,
    age_ms: Option<u64>,
    past_lifetime: Option<bool>,
    returning_ms: Option<u64>,
}

#[derive(Serialize)]
struct Person<'a> {
    id: u64,
    name: &'a str,
    location: &'a str,
}

/// The target's wall clock at one moment of its monotonic one.
#[derive(Clone, Copy)]
struct Wall {
    anchor_ns: u64,
}

impl Wall {
    fn date(self, at: u64) -> String {
        let since_epoch = Duration::from_nanos(self.anchor_ns.saturating_add(at));
        let timestamp = i64::try_from(since_epoch.as_micros()).map(Timestamp::from_microsecond);
        timestamp.ok().and_then(Result::ok).map(|it| it.to_string()).unwrap_or_default()
    }
}

/// A leak as a JSON object.
pub(super) fn leak(
    leak: &v1::Leak,
    described: &v1::DescribeResponse,
    update: &v1::Update,
    event: Option<&'static str>,
) -> String {
    serde_json::to_string(&leak_row(leak, described, update, event)).unwrap_or_default()
}

fn leak_row<'a>(
    leak: &'a v1::Leak,
    described: &'a v1::DescribeResponse,
    update: &v1::Update,
    event: Option<&'static str>,
) -> Leak<'a> {
    let now = update.now_ns;
    let wall = Wall { anchor_ns: described.wall_anchor_ns };
    let task_of = leak.task.as_ref();
    let until = leak.cleared_ns.unwrap_or(now);
    Leak {
        kind: "leak",
        target: target(described),
        event,
        verdict: words::verdict(leak.verdict()),
        accuracy: words::accuracy(leak.accuracy()),
        since_ms: until.saturating_sub(leak.since_ns) / MS,
        task: task_of.map(|it| task(it, wall)),
        cancel: asked::of_leak(leak).map(|it| cancel(it, until, wall)),
        holdings: leak.holdings.iter().map(|it| holding(it, now)).collect(),
        bytes_kept: update.totals.map_or(0, |totals| totals.bytes_kept),
        ancestor: leak.ancestor.as_ref().map(person),
        cleared_at: leak.cleared_ns.map(|at| wall.date(at)),
        lasted_ms: leak.cleared_ns.map(|at| at.saturating_sub(leak.since_ns) / MS),
        ignored: match leak.ignored.as_slice() {
            [] => None,
            rules => Some(rules.iter().map(|it| it.why.as_str()).collect::<Vec<_>>().join("; ")),
        },
    }
}

/// A rule by which leaks are ignored as a JSON object.
pub(super) fn rule(rule: &v1::IgnoreRule, described: &v1::DescribeResponse) -> String {
    let row = Rule {
        kind: "rule",
        target: target(described),
        filter: &rule.filter,
        until: &rule.until,
        why: &rule.why,
        place: &rule.place,
        expired: rule.expired,
        now: rule.now,
        so_far: rule.so_far,
    };
    serde_json::to_string(&row).unwrap_or_default()
}

/// A task as a JSON object.
pub(crate) fn task_line(row: &v1::Task, described: &v1::DescribeResponse, now: u64) -> String {
    let wall = Wall { anchor_ns: described.wall_anchor_ns };
    let line = TaskLine {
        kind: "task",
        target: target(described),
        task: task(row, wall),
        cancel: row.cancel.as_ref().map(|it| cancel(it, now, wall)),
        polls: row.polls,
        busy_us: row.busy_ns / US,
        scheduled_us: row.scheduled_ns / US,
        wakes: row.wakes,
        holdings: (!row.holdings_unknown).then_some(row.holdings),
        children: (!is_tokio_console(described)).then_some(row.children),
    };
    serde_json::to_string(&line).unwrap_or_default()
}

/// An event as a JSON object.
pub(crate) fn event(event: &v1::Event, described: &v1::DescribeResponse) -> String {
    let wall = Wall { anchor_ns: described.wall_anchor_ns };
    let task = event.task.as_ref().filter(|task| task.id != 0);
    let line = EventLine {
        kind: "event",
        target: target(described),
        seq: event.seq,
        at: wall.date(event.at_ns),
        event: words::event(event.kind()),
        task: task.map(|task| task.id),
        name: task.map(|task| task.name.as_str()),
        what: &event.what,
        site: &event.site,
        verdict: match event.verdict() {
            v1::Verdict::Unspecified => None,
            verdict => Some(words::verdict(verdict)),
        },
        lasted_ms: event.lasted_ns.map(|it| it / MS),
    };
    serde_json::to_string(&line).unwrap_or_default()
}

/// A pool as a JSON object.
pub(crate) fn pool(row: &v1::Pool, described: &v1::DescribeResponse, now: u64) -> String {
    let wall = Wall { anchor_ns: described.wall_anchor_ns };
    let line = Pool {
        kind: "pool",
        target: target(described),
        name: &row.name,
        open: row.open,
        used: row.used,
        idle: row.idle,
        size: row.size,
        max: row.max,
        waiting: row.waiting,
        waiters: row.waiters.iter().map(person).collect(),
        max_lifetime_ms: row.max_lifetime_ns.map(|it| it / MS),
        for_cancelled: row.for_cancelled,
        unseen: row.unseen,
        connections_total: row.connections_total,
        connections: row.connections.iter().map(|it| pooled(it, wall, now)).collect(),
    };
    serde_json::to_string(&line).unwrap_or_default()
}

fn pooled(row: &v1::PooledConnection, wall: Wall, now: u64) -> Pooled<'_> {
    let held = row.held.as_ref();
    let holding = held.and_then(|held| held.holding.as_ref());
    let acquired = holding.map_or(0, |holding| holding.acquired_ns);
    let held_for = now.saturating_sub(acquired);
    Pooled {
        holder: held.and_then(|held| held.owner.as_ref()).map(person),
        holder_ended: held.is_some_and(|held| held.owner_ended),
        for_cancelled: row.for_cancelled,
        acquired_at: wall.date(acquired),
        held_ms: held_for / MS,
        site: holding.map(|holding| holding.site.as_str()).filter(|site| !site.is_empty()),
        age_ms: row.age_ns.map(|age| age.saturating_add(held_for) / MS),
        past_lifetime: row.past_lifetime,
        returning_ms: row.returning_ns.map(|since| now.saturating_sub(since) / MS),
    }
}

fn person(task: &v1::TaskRef) -> Person<'_> {
    Person { id: task.id, name: &task.name, location: &task.location }
}

fn target(described: &v1::DescribeResponse) -> Target<'_> {
    let is_told = !is_tokio_console(described);
    let (service, pid, run) = match &described.target {
        Some(target) => (target.service.as_str(), target.pid, target.run.as_str()),
        None => ("", 0, ""),
    };
    Target { service: is_told.then_some(service), pid: is_told.then_some(pid), run }
}

fn is_tokio_console(described: &v1::DescribeResponse) -> bool {
    described.coverage.as_ref().is_some_and(|coverage| coverage.tokio_console)
}

fn task(task: &v1::Task, wall: Wall) -> Task<'_> {
    Task {
        id: task.id,
        tokio_id: task.tokio_id,
        name: if task.name.is_empty() { &task.type_name } else { &task.name },
        kind: words::task_kind(task.kind()),
        state: words::state(task.state()),
        outcome: words::outcome(task.outcome()),
        location: &task.location,
        spawned_at: wall.date(task.spawned_ns),
        waits_for: task.waits_for.as_ref().map(|it| WaitsFor {
            kind: words::kind(it.kind()),
            label: &it.label,
            site: &it.site,
            held_by: task.held_by.iter().map(|holder| holder.id).collect(),
        }),
    }
}

fn cancel(cancel: &v1::Cancel, now: u64, wall: Wall) -> Cancel<'_> {
    Cancel {
        cause: words::cause(cancel.cause()),
        requested_at: wall.date(cancel.requested_ns),
        delivered_at: cancel.delivered_ns.map(|at| wall.date(at)),
        ended_at: cancel.ended_ns.map(|at| wall.date(at)),
        latency_us: cancel.latency_ns.map(|it| it / US),
        drop_us: cancel.drop_ns.map(|it| it / US),
        dropping_us: asked::dropping_since(cancel).map(|at| now.saturating_sub(at) / US),
        canceller: cancel.canceller.as_ref().map(|it| it.id).filter(|id| *id != 0),
        canceller_name: cancel.canceller.as_ref().map(|it| it.name.as_str()),
        site: cancel.site.as_deref(),
        reason: cancel.reason.as_deref(),
        path: &cancel.path,
        polls_since: cancel.polls_since,
    }
}

fn holding(held: &v1::Holding, now: u64) -> Holding<'_> {
    Holding {
        kind: words::kind(held.kind()),
        label: &held.label,
        phase: words::phase(held.phase()),
        direct: held.direct,
        via: held.via.as_ref().map(|it| it.id),
        site: (!held.made_only).then_some(held.site.as_str()),
        age_ms: (!held.made_only).then(|| now.saturating_sub(held.acquired_ns) / MS),
        made_at: held.made_only.then_some(held.site.as_str()),
        due_in_ms: held.due_ns.map(|due| due.saturating_sub(now) / MS),
        maybe_moved: held.maybe_moved,
        bytes: held.bytes,
        amount: held.amount,
        depth: held.depth,
        capacity: held.capacity,
        waiting: held.waiting,
        fd: held.fd.as_ref().map(fd),
    }
}

fn fd(fd: &v1::Fd) -> Fd<'_> {
    let kind = Some(fd.r#type()).filter(|kind| *kind != v1::FdType::Unspecified);
    Fd {
        number: fd.number,
        status: words::fd_status(fd.status()),
        kind: kind.map(words::fd_type),
        state: fd.socket.as_ref().map(|socket| words::socket_state(socket.state())),
        unknown: Some(fd.unknown.as_str()).filter(|why| !why.is_empty()),
    }
}
