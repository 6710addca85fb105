//! Rows to wire types. Nothing else in the library knows `holdover-proto`.

mod process;
mod tokens;

use std::{collections::HashMap, sync::Arc};

use holdover_proto::v1;

use super::Console;
use crate::{
    coverage::Blind,
    process::FdSeen,
    query::{
        Branch, Group, HeldRow, LISTED, Lifetime, OutRow, PoolRow, Rows, SiteRow, Sort, TaskRow,
        View, ViewKind, WaitFor, Window, filter::Filter, goes_at, parse_by,
    },
    recorder::{
        Level,
        clock::{Nanos, nanos},
        fill::Fill,
        task::TaskFacts,
    },
    runtimes,
    store::{Asked, CancelStory, Event, EventKind, Held, Person, Row, Rule, Store, Totals, state},
    words::{Accuracy, Cause, Kind, Outcome, Phase, State, TaskKind, Verdict},
};

/// What has become of file descriptors, by the id of the holding that names them.
type Seen = HashMap<u64, FdSeen>;

/// The view that a request asks for; an error says what is wrong with it.
pub(super) fn view(view: &v1::View) -> Result<View, String> {
    let kind = match view.kind() {
        v1::ViewKind::Leaks => ViewKind::Leaks,
        v1::ViewKind::LeakGroups => ViewKind::LeakGroups,
        v1::ViewKind::Tasks => ViewKind::Tasks,
        v1::ViewKind::TaskGroups => ViewKind::TaskGroups,
        v1::ViewKind::Holdings => ViewKind::Holdings,
        v1::ViewKind::Pools => ViewKind::Pools,
        v1::ViewKind::Tokens => ViewKind::Tokens,
        v1::ViewKind::Story => ViewKind::Story { task: view.task, asks: view.asks },
        v1::ViewKind::Events => ViewKind::Events(view.after_seq),
        v1::ViewKind::Process => ViewKind::Process,
        v1::ViewKind::Unspecified => {
            return Err(format!("the view's kind {} is not one that is known here", view.kind));
        }
    };
    let limit = if view.limit == 0 { 100 } else { view.limit as usize };
    Ok(View {
        kind,
        filter: Filter::parse(&view.filter).map_err(|error| error.to_string())?,
        sort: Sort::parse(&view.sort)?,
        offset: view.offset as usize,
        limit,
        cleared: view.cleared,
        ignored: view.ignored,
        cancelling: view.cancelling,
        by: parse_by(&view.by)?,
        tree: view.tree.then(|| view.folded.iter().copied().collect()),
        requested_at: view.requested_ns,
        age: 0,
    })
}

pub(super) fn describe(console: &Console) -> v1::DescribeResponse {
    let store = console.store();
    let settings = store.settings();
    v1::DescribeResponse {
        target: Some(v1::Target {
            service: console.target.service.clone(),
            pid: console.target.pid,
            run: console.target.run.clone(),
        }),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        wall_anchor_ns: nanos(console.recorder.clock.wall_anchor()),
        grace_ns: nanos(settings.grace),
        orphan_grace_ns: nanos(settings.orphan_grace),
        coverage: Some(coverage(console)),
        ignoring: Some(ignoring(console, &store)),
        control: Some(v1::Control {
            allowed: console.control.is_ok(),
            why_not: console.control.err().unwrap_or_default().to_owned(),
        }),
    }
}

fn ignoring(console: &Console, store: &Store) -> v1::Ignoring {
    let mut now: HashMap<*const Rule, u64> = HashMap::new();
    for rule in store.ignored().flat_map(|row| &row.ignored) {
        *now.entry(Arc::as_ptr(rule)).or_default() += 1;
    }
    let rule = |asked: &Asked| v1::IgnoreRule {
        filter: asked.rule.filter.clone(),
        until: asked.rule.until.clone(),
        why: text(&asked.rule.why),
        place: asked.rule.place.clone(),
        expired: asked.expired,
        now: now.get(&Arc::as_ptr(&asked.rule)).copied().unwrap_or_default(),
        so_far: asked.so_far,
    };
    v1::Ignoring {
        rules: store.rules().iter().map(rule).collect(),
        errors: console.ignore_errors.clone(),
    }
}

fn ignored_by(rule: &Arc<Rule>) -> v1::IgnoredBy {
    v1::IgnoredBy { why: text(&rule.why), until: rule.until.clone(), place: rule.place.clone() }
}

fn coverage(console: &Console) -> v1::Coverage {
    let recorder = console.recorder;
    let runtimes = runtimes::seen(recorder);
    let level = recorder.level();
    let blindness = |blind: Blind| v1::Blindness {
        cause: blind.name().to_owned(),
        sentence: blind.sentence().to_owned(),
        fix: blind.fix().to_owned(),
    };
    v1::Coverage {
        shims: level != Level::Off,
        spans: console.coverage.spans(level),
        tokio_unstable: cfg!(tokio_unstable),
        static_max_level: tracing::level_filters::STATIC_MAX_LEVEL.to_string().to_uppercase(),
        level: level.name().to_owned(),
        recording_since_ns: recorder.on_since(),
        runtimes: runtimes.iter().map(runtime).collect(),
        not_recorded: recorder.not_recorded(),
        blind: console.coverage.blind_now(recorder, &runtimes).into_iter().map(blindness).collect(),
        tokio_console: false,
    }
}

fn runtime(seen: &runtimes::Seen) -> v1::RuntimeCoverage {
    let &runtimes::Seen { number, alive, recorded } = seen;
    v1::RuntimeCoverage { runtime: number.into(), alive, recorded }
}

pub(super) fn update(window: Window) -> v1::Update {
    let mut update = v1::Update {
        now_ns: window.now,
        totals: Some(totals(&window.totals)),
        matched: window.matched as u64,
        all: window.all as u64,
        ..v1::Update::default()
    };
    let seen = &window.fds;
    update.pools = window.pools.iter().map(pool).collect();
    update.tokens = window.tokens.iter().map(tokens::token).collect();
    update.asked = window.asked.as_ref().map(tokens::asked);
    match window.rows {
        Rows::Pools | Rows::Tokens => {}
        Rows::Leaks(rows, waits) => {
            update.leaks = rows.iter().map(|row| leak(row, &waits, seen)).collect();
        }
        Rows::Groups(groups, waits) => {
            update.groups = groups.iter().map(|it| group(it, &waits, seen)).collect();
        }
        Rows::Tasks(rows) => update.tasks = rows.iter().map(task_row).collect(),
        Rows::Sites(rows) => update.task_groups = rows.iter().map(task_group).collect(),
        Rows::Tree(branches) => update.branches = branches.iter().map(branch).collect(),
        Rows::Holdings(rows) => update.holdings = held_rows(&rows, seen),
        Rows::Process(sample, rows) => {
            update.process = Some(process::process(&sample, held_rows(&rows, seen)));
        }
        Rows::Events { events, lost } => {
            update.events = events.iter().map(event).collect();
            update.events_lost = lost;
        }
        Rows::Story(story) => {
            update.story = story.map(|story| v1::Story {
                task: Some(task_row(&story.task)),
                holdings: story.holdings.iter().map(|it| holding(it, seen)).collect(),
                verdicts: story.verdicts.iter().map(|it| verdict(*it).into()).collect(),
                ignored: story.ignored.iter().map(ignored_by).collect(),
                children: story.children.iter().map(reference).collect(),
                events: story.events.iter().map(event).collect(),
                events_lost: story.events_lost,
                poll_times: None,
                scheduled_times: None,
            });
        }
    }
    update
}

fn totals(totals: &Totals) -> v1::Totals {
    v1::Totals {
        tasks_live: totals.tasks_live,
        tasks_spawned: totals.tasks_spawned,
        tasks_cancelled: totals.tasks_cancelled,
        cancelling: totals.cancelling,
        leaks: totals.leaks,
        orphaned: totals.orphaned,
        overdue: totals.overdue,
        holdings: totals.holdings,
        given: totals.given,
        cleared: totals.cleared,
        slowest_cancel_ns: totals.slowest_cancel,
        folded: totals.folded,
        folded_warnings: totals.folded_warnings,
        bytes_kept: totals.bytes_kept,
        ignored: totals.ignored,
        cleared_warnings: totals.cleared_warnings,
    }
}

fn leak(row: &Row, waits: &WaitFor, seen: &Seen) -> v1::Leak {
    let (ancestor, ancestor_cancel) = match &row.ancestor {
        Some((who, story)) => (Some(reference(who)), story.as_ref().map(cancel)),
        None => (None, None),
    };
    v1::Leak {
        verdict: verdict(row.verdict).into(),
        accuracy: accuracy(row.accuracy).into(),
        since_ns: row.since,
        task: Some(v1::Task {
            waits_for: waits.get(&row.task.id).map(waits_for),
            held_by: waits.get(&row.task.id).map(holders).unwrap_or_default(),
            ..task(&row.task, &row.person, state(&row.task), &row.ancestors, row.cancel.as_ref())
        }),
        holdings: row.holdings.iter().take(LISTED).map(|it| holding(it, seen)).collect(),
        holdings_total: row.holdings.len().try_into().unwrap_or(u32::MAX),
        ancestor,
        ancestor_cancel,
        given_ns: row.given_at,
        cleared_ns: row.cleared_at,
        goes_ns: goes_at(row),
        ignored: row.ignored.iter().map(ignored_by).collect(),
        alike_name: row.alike.name.to_string(),
        alike_label: row.alike.held.as_ref().map_or_else(String::new, |(_, it)| it.to_string()),
    }
}

fn group(group: &Group, waits: &WaitFor, seen: &Seen) -> v1::LeakGroup {
    v1::LeakGroup {
        verdict: verdict(group.verdict).into(),
        count: group.count.try_into().unwrap_or(u32::MAX),
        worst: Some(leak(&group.worst, waits, seen)),
        tasks: group.tasks.clone(),
        goes_ns: group.goes_at,
        cleared: group.cleared,
        cleared_last_ns: group.cleared_last,
        by: group.by.clone(),
        counts: group.counts.clone(),
        names: group.differ.names.try_into().unwrap_or(u32::MAX),
        labels: group.differ.labels.try_into().unwrap_or(u32::MAX),
    }
}

fn task_row(row: &TaskRow) -> v1::Task {
    v1::Task {
        detached: row.detached.as_deref().map(str::to_owned),
        waits_for: row.waits_for.as_ref().map(waits_for),
        held_by: row.waits_for.as_ref().map(holders).unwrap_or_default(),
        ..task(&row.facts, &row.person, row.state, &row.ancestors, row.cancel.as_ref())
    }
}

fn task_group(row: &SiteRow) -> v1::TaskGroup {
    let ended = &row.ended;
    v1::TaskGroup {
        location: row.location.to_string(),
        other: row.is_other,
        live: row.live,
        ended: Some(v1::EndedTasks {
            completed: ended.completed,
            cancelled: ended.cancelled,
            panicked: ended.panicked,
            shutdown: ended.shutdown,
        }),
    }
}

fn branch(branch: &Branch) -> v1::Branch {
    v1::Branch {
        task: Some(task_row(&branch.task)),
        depth: branch.place.depth.try_into().unwrap_or(u32::MAX),
        goes_on: branch.place.goes_on,
        lines: branch.place.lines,
        matched: branch.place.matched,
        hidden: branch.place.hidden,
        below_cancelled: branch.below_cancelled,
        cancelled: branch.cancelled,
        verdicts: branch.verdicts.iter().map(|it| verdict(*it).into()).collect(),
    }
}

fn task(
    facts: &TaskFacts,
    person: &Person,
    now: State,
    ancestors: &[Person],
    story: Option<&CancelStory>,
) -> v1::Task {
    v1::Task {
        id: facts.id,
        tokio_id: facts.told_id(),
        name: text(&person.name),
        type_name: text(&person.type_name),
        kind: task_kind(facts.kind).into(),
        state: task_state(now).into(),
        outcome: outcome(facts.outcome).into(),
        accuracy: accuracy(facts.accuracy()).into(),
        location: text(&person.location),
        spawned_ns: facts.spawned_at,
        first_poll_ns: facts.first_poll,
        ended_ns: facts.ended_at,
        polls: facts.polls,
        busy_ns: facts.busy,
        scheduled_ns: facts.scheduled,
        wakes: facts.wakes,
        last_poll_ns: facts.last_poll,
        size_bytes: facts.size.into(),
        ancestors: ancestors.iter().map(reference).collect(),
        cancel: story.map(cancel),
        holdings: facts.holdings_listed(),
        children: facts.children,
        detached: None,
        waits_for: None,
        grace_ns: story.and_then(|story| story.grace),
        held_by: Vec::new(),
        runtime: facts.runtime,
        holdings_unknown: false,
    }
}

fn cancel(story: &CancelStory) -> v1::Cancel {
    let since_request = |at: Nanos| at.saturating_sub(story.requested_at);
    let drop = story.ended_at.zip(story.drop_began);
    v1::Cancel {
        cause: cause(story.cause).into(),
        requested_ns: story.requested_at,
        delivered_ns: story.delivered_at,
        ended_ns: story.ended_at,
        latency_ns: story.ended_at.map(since_request),
        drop_ns: drop.map(|(ended, began)| ended.saturating_sub(began)),
        canceller: story.canceller.as_ref().map(reference),
        site: story.site.as_deref().map(str::to_owned),
        reason: story.reason.as_deref().map(str::to_owned),
        path: story.path.iter().map(text).collect(),
        polls_since: story.polls_since,
        waiting: story.waiting,
        drop_began_ns: story.drop_began,
    }
}

fn held_rows(rows: &[HeldRow], seen: &Seen) -> Vec<v1::HeldRow> {
    rows.iter().map(|row| held_row(row, seen)).collect()
}

fn held_row(row: &HeldRow, seen: &Seen) -> v1::HeldRow {
    v1::HeldRow {
        holding: Some(holding(&row.held, seen)),
        owner: row.owner.as_ref().map(reference),
        owner_ended: row.owner_ended,
    }
}

fn pool(row: &PoolRow) -> v1::Pool {
    v1::Pool {
        number: row.number,
        name: row.name.to_owned(),
        open: row.open,
        size: row.state.size,
        idle: row.state.idle,
        max: row.state.max,
        used: row.used,
        waiting: row.waiting,
        waiters: row.waiters.iter().map(reference).collect(),
        max_lifetime_ns: row.state.max_lifetime,
        connections: row.out.iter().map(connection).collect(),
        connections_total: row.connections,
        for_cancelled: row.for_cancelled,
        unseen: row.unseen,
    }
}

fn connection(out: &OutRow) -> v1::PooledConnection {
    v1::PooledConnection {
        // The fds of a pool's connections are the pool's own: none is named.
        held: Some(held_row(&out.row, &Seen::default())),
        for_cancelled: out.for_cancelled,
        age_ns: out.age,
        past_lifetime: match out.lifetime {
            Lifetime::Within => Some(false),
            Lifetime::Past => Some(true),
            Lifetime::Unknown => None,
        },
        returning_ns: out.returning_since,
    }
}

fn holders(held: &Held) -> Vec<v1::TaskRef> {
    held.waiters.iter().map(reference).collect()
}

fn waits_for(held: &Held) -> v1::WaitsFor {
    v1::WaitsFor {
        kind: holding_kind(held.kind).into(),
        label: text(&held.label),
        site: text(&held.site),
        since_ns: held.acquired_at,
        made_only: false,
    }
}

fn holding(held: &Held, seen: &Seen) -> v1::Holding {
    v1::Holding {
        id: held.id,
        kind: holding_kind(held.kind).into(),
        label: text(&held.label),
        phase: phase(held.phase).into(),
        direct: held.via.is_none(),
        via: held.via.as_ref().map(reference),
        site: text(&held.site),
        acquired_ns: held.acquired_at,
        due_ns: held.due_at,
        accuracy: accuracy(held.accuracy).into(),
        maybe_moved: held.maybe_moved,
        bytes: held.bytes,
        amount: held.amount,
        waiting: held.waiting.len().try_into().unwrap_or(u32::MAX),
        waiters: held.waiters.iter().map(reference).collect(),
        depth: held.fill.as_deref().and_then(Fill::depth),
        capacity: held.fill.as_deref().map(Fill::capacity),
        fd: held.fd.map(|fd| process::fd(fd, seen.get(&held.id))),
        pool: held.resource_of_pool(),
        made_only: false,
    }
}

fn event(event: &Event) -> v1::Event {
    let (mut given, mut held, mut ended) = (None, None, None);
    let kind = match event.kind {
        EventKind::Spawned => v1::EventKind::Spawned,
        EventKind::Requested(_) => v1::EventKind::CancelRequested,
        EventKind::Delivered => v1::EventKind::Delivered,
        EventKind::Ended(outcome) => {
            ended = Some(outcome);
            v1::EventKind::Ended
        }
        EventKind::Acquired(kind) => {
            held = Some(kind);
            v1::EventKind::Acquired
        }
        EventKind::Released(kind) => {
            held = Some(kind);
            v1::EventKind::Released
        }
        EventKind::Fired(kind) => {
            held = Some(kind);
            v1::EventKind::Fired
        }
        EventKind::Given(verdict) => {
            given = Some(verdict);
            v1::EventKind::Given
        }
        EventKind::Cleared(verdict) => {
            given = Some(verdict);
            v1::EventKind::Cleared
        }
    };
    v1::Event {
        seq: event.seq,
        at_ns: event.at,
        kind: kind.into(),
        task: Some(reference(&event.task)),
        what: event.what.clone(),
        site: text(&event.site),
        verdict: given.map_or(v1::Verdict::Unspecified, verdict).into(),
        holding: held.map_or(v1::HoldingKind::Unspecified, holding_kind).into(),
        outcome: outcome(ended).into(),
        lasted_ns: event.lasted,
    }
}

fn reference(person: &Person) -> v1::TaskRef {
    v1::TaskRef { id: person.id, name: text(&person.shown()), location: text(&person.location) }
}

fn text(text: &Arc<str>) -> String {
    text.as_ref().to_owned()
}

fn verdict(verdict: Verdict) -> v1::Verdict {
    match verdict {
        Verdict::Stuck => v1::Verdict::Stuck,
        Verdict::LeftBehind => v1::Verdict::LeftBehind,
        Verdict::AfterCancel => v1::Verdict::AfterCancel,
        Verdict::Orphaned => v1::Verdict::Orphaned,
        Verdict::Overdue => v1::Verdict::Overdue,
    }
}

fn accuracy(accuracy: Accuracy) -> v1::Accuracy {
    match accuracy {
        Accuracy::Exact => v1::Accuracy::Exact,
        Accuracy::Inferred => v1::Accuracy::Inferred,
    }
}

fn outcome(outcome: Option<Outcome>) -> v1::Outcome {
    match outcome {
        None => v1::Outcome::Unspecified,
        Some(Outcome::Completed) => v1::Outcome::Completed,
        Some(Outcome::Cancelled) => v1::Outcome::Cancelled,
        Some(Outcome::Panicked) => v1::Outcome::Panicked,
        Some(Outcome::Shutdown) => v1::Outcome::Shutdown,
    }
}

fn cause(cause: Cause) -> v1::Cause {
    match cause {
        Cause::Abort => v1::Cause::Abort,
        Cause::AbortAll => v1::Cause::AbortAll,
        Cause::SetDropped => v1::Cause::SetDropped,
        Cause::Token => v1::Cause::Token,
        Cause::Timeout => v1::Cause::Timeout,
        Cause::Dropped => v1::Cause::Dropped,
        Cause::Unknown => v1::Cause::Unknown,
    }
}

fn phase(phase: Phase) -> v1::Phase {
    match phase {
        Phase::Before => v1::Phase::Before,
        Phase::After => v1::Phase::After,
        Phase::InDrop => v1::Phase::InDrop,
    }
}

fn task_kind(kind: TaskKind) -> v1::TaskKind {
    match kind {
        TaskKind::Task => v1::TaskKind::Task,
        TaskKind::Local => v1::TaskKind::Local,
        TaskKind::Blocking => v1::TaskKind::Blocking,
        TaskKind::BlockOn => v1::TaskKind::BlockOn,
        TaskKind::Scope => v1::TaskKind::Scope,
    }
}

fn task_state(state: State) -> v1::TaskState {
    match state {
        State::Running => v1::TaskState::Running,
        State::Scheduled => v1::TaskState::Scheduled,
        State::Idle => v1::TaskState::Idle,
        State::Ended => v1::TaskState::Ended,
    }
}

fn holding_kind(kind: Kind) -> v1::HoldingKind {
    match kind {
        Kind::Timer => v1::HoldingKind::Timer,
        Kind::Callback => v1::HoldingKind::Callback,
        Kind::Lock => v1::HoldingKind::Lock,
        Kind::Permit => v1::HoldingKind::Permit,
        Kind::Channel => v1::HoldingKind::Channel,
        Kind::Waker => v1::HoldingKind::Waker,
        Kind::Connection => v1::HoldingKind::Connection,
        Kind::File => v1::HoldingKind::File,
        Kind::Socket => v1::HoldingKind::Socket,
        Kind::Memory => v1::HoldingKind::Memory,
        Kind::Blocking => v1::HoldingKind::Blocking,
        Kind::Child => v1::HoldingKind::Child,
        Kind::Custom => v1::HoldingKind::Custom,
    }
}
