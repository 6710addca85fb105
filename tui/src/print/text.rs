//! Rows as lines for people.

use std::fmt::Write;

use holdover_proto::v1;

use crate::{
    asked,
    format::{count, counted, leaks_or_warnings, place, safe, span},
    names, words,
};

/// So many of those who wait are named in a line.
const WAITERS: usize = 4;

/// One leak in two or three lines.
pub(crate) fn leak(leak: &v1::Leak, now: u64) -> String {
    told(leak, now, ("", "holds"))
}

/// One that was there at the start of a while and is gone: how long it lasted in all was
/// not seen.
pub(crate) fn gone(leak: &v1::Leak, start: u64) -> String {
    told(leak, start, (" at the start", "held"))
}

fn told(leak: &v1::Leak, now: u64, (when, holds): (&str, &str)) -> String {
    let verdict = words::verdict(leak.verdict());
    let task = leak.task.as_ref();
    let name = task.map(names::numbered).unwrap_or_default();
    let since = span(leak.cleared_ns.unwrap_or(now).saturating_sub(leak.since_ns));
    let letter = words::letter(leak.verdict());
    let mut text = format!("{letter} {verdict}  {name}, for {since}{when}");
    let cancel = asked::of_leak(leak);
    if let Some(cancel) = cancel {
        let _ = write!(text, "\n    cancelled: {}", cancelled(cancel));
    }
    if let Some(task) = task
        && let Some(waits) = &task.waits_for
    {
        let (site, held_by) = (place(&waits.site), names::held_by(task));
        let what = names::waits_for(waits);
        let at = if waits.made_only { "made at" } else { "at" };
        let _ = write!(text, "\n    waits for: {what}{held_by}, {at} {}", safe(&site));
    }
    if leak.verdict() == v1::Verdict::Stuck
        && let Some(cancel) = task.and_then(|task| task.cancel.as_ref())
        && leak.cleared_ns.is_none()
    {
        let _ = write!(text, "\n    {}", asked::doing(cancel, now, "x"));
    }
    // Of what has cleared nothing is held any more.
    for held in leak.holdings.iter().filter(|_| leak.cleared_ns.is_none()) {
        let _ = write!(text, "\n    {holds}: {}", holding(held, cancel.is_some(), now));
    }
    for rule in &leak.ignored {
        let _ = write!(text, "\n    ignored: {}", names::ignored(rule));
    }
    text
}

/// A rule by which leaks are ignored in two lines.
pub(super) fn rule(rule: &v1::IgnoreRule) -> String {
    let became = match rule {
        v1::IgnoreRule { expired: true, .. } => "has EXPIRED and ignores nothing".to_owned(),
        v1::IgnoreRule { so_far: 0, .. } => "has never matched".to_owned(),
        v1::IgnoreRule { now, so_far, .. } => {
            format!("ignores {} now, {} so far", count(*now), count(*so_far))
        }
    };
    let v1::IgnoreRule { filter, until, why, place, .. } = rule;
    format!(
        "{}  {}\n    {became}; until {}, \"{}\"",
        safe(place),
        safe(filter),
        safe(until),
        safe(why)
    )
}

/// One task in a line.
pub(crate) fn task(task: &v1::Task, now: u64) -> String {
    let state = match words::outcome(task.outcome()) {
        Some(outcome) => format!("ended, {outcome}"),
        None => words::state(task.state()).to_owned(),
    };
    let age = span(task.ended_ns.unwrap_or(now).saturating_sub(task.spawned_ns));
    let holds = if task.holdings_unknown { "?".to_owned() } else { task.holdings.to_string() };
    format!(
        "{:<40} {state:<18} {age:>7}  {}, holds {holds}, spawned at {}",
        names::numbered(task),
        counted(task.polls, "poll"),
        names::spawn_place(&task.location)
    )
}

/// The tasks of one spawn site in a line.
pub(crate) fn task_group(group: &v1::TaskGroup) -> String {
    let site = names::site(group);
    let ended = group.ended.as_ref().map_or_else(
        || "how many have ended is not told".to_owned(),
        |ended| {
            let mut said = format!("{} ended", count(names::ended(ended)));
            for (many, how) in [
                (ended.cancelled, "cancelled"),
                (ended.panicked, "panicked"),
                (ended.shutdown, "by shutdown"),
            ] {
                if many > 0 {
                    let _ = write!(said, ", {} {how}", count(many));
                }
            }
            said
        },
    );
    let site = if group.location.is_empty() { site } else { safe(&place(&site)).into_owned() };
    format!("{site:<40} {:>9} live, {ended}", count(group.live))
}

/// One event in a line.
pub(crate) fn event(event: &v1::Event, now: u64) -> String {
    let who = event.task.as_ref().filter(|task| task.id != 0);
    let who = who.map(names::someone).unwrap_or_default();
    let verdict = match event.verdict() {
        v1::Verdict::Unspecified => "",
        verdict => words::verdict(verdict),
    };
    let ago = span(now.saturating_sub(event.at_ns));
    let what = safe(&event.what);
    let site = place(&event.site);
    let line = format!(
        "{ago:>7} ago  {:<10} {who}  {verdict} {what}  {}",
        words::event(event.kind()),
        safe(&site)
    );
    line.trim_end().to_owned()
}

/// Something that is held in a line: what it is, whose, since when and from where.
pub(crate) fn held(row: &v1::HeldRow, now: u64) -> Option<String> {
    let held = row.holding.as_ref()?;
    let (what, whose) = (names::holding_and_fd(held), names::owner_and_end(row));
    let age = span(now.saturating_sub(held.acquired_ns));
    let since = if held.made_only { format!("made {age} ago") } else { format!("for {age}") };
    let mut text = format!("{what}; {whose}; {since}");
    // Of what was handed out unasked no place is known.
    if !held.site.is_empty() {
        let at = if held.made_only { " at" } else { ", from" };
        let _ = write!(text, "{at} {}", safe(&place(&held.site)));
    }
    text.push_str(&goes_and_waiting(held, now));
    Some(text)
}

/// When it goes by itself, and who waits for it.
fn goes_and_waiting(held: &v1::Holding, now: u64) -> String {
    let mut text = match held.due_ns {
        Some(due) if due <= now => ", due now".to_owned(),
        Some(due) => format!(", goes in {}", span(due - now)),
        None => String::new(),
    };
    if !held.waiters.is_empty() {
        let _ = write!(text, "; waiting: {}", waiters(&held.waiters));
    }
    text
}

/// A pool in a line, and one for each connection that is out.
pub(crate) fn pool(pool: &v1::Pool, now: u64) -> String {
    let mut text = format!("pool {}  {}", safe(&pool.name), names::usage(pool));
    if let Some(idle) = pool.idle {
        let _ = write!(text, ", {} idle", count(idle));
    }
    if !pool.waiters.is_empty() {
        let _ = write!(text, ": {}", waiters(&pool.waiters));
    }
    if pool.for_cancelled > 0 {
        let _ = write!(text, "; {} held for cancelled tasks", count(pool.for_cancelled));
    }
    if pool.unseen > 0 {
        let _ = write!(text, "; {} in nobody's hands that are seen", count(pool.unseen));
    }
    if !pool.open {
        text.push_str("; the pool is gone");
    }
    for connection in &pool.connections {
        let _ = write!(text, "\n    {}", pooled(connection, now));
    }
    text
}

fn pooled(connection: &v1::PooledConnection, now: u64) -> String {
    let row = connection.held.clone().unwrap_or_default();
    let held = row.holding.unwrap_or_default();
    let held_for = now.saturating_sub(held.acquired_ns);
    let owner = match &row.owner {
        Some(owner) => names::someone(owner),
        None => "nobody".to_owned(),
    };
    let state = match (connection.for_cancelled, row.owner_ended) {
        (true, _) => ", cancelled",
        (false, true) => ", ended",
        (false, false) => "",
    };
    let mut text = format!("{owner}{state}  for {}", span(held_for));
    match (held.site.as_str(), &row.owner) {
        ("", Some(owner)) => {
            let _ =
                write!(text, ", in the task spawned at {}", names::spawn_place(&owner.location));
        }
        ("", None) => {}
        (site, _) => {
            let _ = write!(text, ", acquired at {}", safe(&place(site)));
        }
    }
    if let Some(since) = connection.returning_ns {
        let _ = write!(text, ", on its way back for {}", span(now.saturating_sub(since)));
    }
    if let Some(age) = connection.age_ns {
        let _ = write!(text, ", {} old", span(age.saturating_add(held_for)));
    }
    if connection.past_lifetime == Some(true) {
        text.push_str(", past its lifetime");
    }
    text
}

fn waiters(waiters: &[v1::TaskRef]) -> String {
    let named = waiters.iter().map(names::someone);
    let named: Vec<String> = named.take(WAITERS).collect();
    named.join(", ")
}

/// Pools are seen where the service says that it has one.
pub(crate) fn no_pools(update: &v1::Update, described: &v1::DescribeResponse) -> String {
    match update.all {
        0 if is_tokio_console(described) => {
            "tokio-console's protocol tells nothing of pools.".to_owned()
        }
        0 => "No pools. A pool is seen once it is given to holdover::pool.".to_owned(),
        all => format!("None that match; there are {} in all.", count(all)),
    }
}

/// Of tasks and events.
pub(super) fn none(update: &v1::Update) -> String {
    match update.all {
        0 => "None.".to_owned(),
        all => format!("None that match; there are {} in all.", count(all)),
    }
}

/// Leaks and warnings of which there is no row.
pub(crate) fn folded(totals: &v1::Totals) -> Option<String> {
    let warnings = totals.folded_warnings.min(totals.folded);
    let many = leaks_or_warnings(totals.folded - warnings, warnings);
    let beyond = "beyond HOLDOVER_MAX_LEAKS or HOLDOVER_MEMORY: counted, and not listed";
    (totals.folded > 0).then(|| format!("{many} {beyond}"))
}

/// Never alone: it says what it speaks for, which with a filter is little.
pub(crate) fn no_leaks(update: &v1::Update, described: &v1::DescribeResponse) -> String {
    let totals = update.totals.unwrap_or_default();
    let in_all = totals.leaks + totals.orphaned + totals.overdue;
    let ignored = match totals.ignored {
        0 => String::new(),
        ignored => format!(" {} ignored: --ignored lists them.", count(ignored)),
    };
    if let Some(folded) = folded(&totals).filter(|_| totals.folded == in_all) {
        return format!("{folded}.{ignored}");
    }
    if in_all > 0 {
        return format!("None that match; there are {} in all.{ignored}", count(in_all));
    }
    if is_tokio_console(described) {
        let not_told = crate::format::NO_CANCELS;
        let blind = described.coverage.as_ref().map_or(&[][..], |coverage| &coverage.blind);
        let wakers = crate::format::of_wakers(totals.tasks_spawned, blind);
        return format!("No leaks. {wakers} {not_told}");
    }
    let cancelled = count(totals.tasks_cancelled);
    let spawned = count(totals.tasks_spawned);
    if totals.ignored > 0 {
        return format!(
            "No leaks but those that are ignored. {cancelled} of {spawned} tasks ended cancelled \
             since the recording began.{ignored}"
        );
    }
    let kept = match totals.bytes_kept {
        0 => String::new(),
        kept => format!("\n{}", crate::format::kept_by_wakers(kept)),
    };
    format!(
        "No leaks. {cancelled} of {spawned} tasks ended cancelled since the recording began; none \
         of them holds anything for longer than its grace.{kept}"
    )
}

fn is_tokio_console(described: &v1::DescribeResponse) -> bool {
    described.coverage.as_ref().is_some_and(|coverage| coverage.tokio_console)
}

/// Never alone either.
pub(super) fn none_ignored(update: &v1::Update) -> String {
    match update.totals.unwrap_or_default().ignored {
        0 => "Nothing is ignored at the moment.".to_owned(),
        ignored => format!("None that match; {} are ignored in all.", count(ignored)),
    }
}

/// What asked it to stop, and how.
pub(crate) fn cancelled(cancel: &v1::Cancel) -> String {
    if !asked::is_known(cancel) {
        return "when it was asked and by whom is not known".to_owned();
    }
    let mut text = words::cause(cancel.cause()).to_owned();
    if let Some(canceller) = &cancel.canceller {
        let _ = write!(text, " by {}", names::canceller(canceller));
    }
    if let Some(site) = &cancel.site {
        let _ = write!(text, " at {}", safe(&place(site)));
    }
    if let Some(reason) = &cancel.reason {
        let _ = write!(text, ", \"{}\"", safe(reason));
    }
    text
}

pub(crate) fn holding(held: &v1::Holding, cancelled: bool, now: u64) -> String {
    let what = names::holding_and_fd(held);
    let phase = words::phase(held.phase());
    let site = place(&held.site);
    if names::is_cell(held) {
        return format!("{what} of the task stay allocated: a waker of it is stored somewhere");
    }
    let when = match held.phase() {
        v1::Phase::InDrop => "in the drop ".to_owned(),
        _ if cancelled => format!("{phase} the cancel "),
        _ => String::new(),
    };
    let acquired = if held.made_only { "made" } else { "acquired" };
    let mut text = format!("{what}, {acquired} {when}");
    // Of a connection that a pool lends unasked no place is known.
    match held.site.as_str() {
        "" => text.truncate(text.trim_end().len()),
        _ => {
            let _ = write!(text, "at {}", safe(&site));
        }
    }
    text.push_str(&goes_and_waiting(held, now));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_filter_leaves_out_is_not_said_to_be_nothing() {
        let mut totals =
            v1::Totals { tasks_spawned: 9, tasks_cancelled: 4, leaks: 2, ..Default::default() };
        let of = |totals| {
            let update = v1::Update { totals: Some(totals), ..Default::default() };
            no_leaks(&update, &v1::DescribeResponse::default())
        };
        assert_eq!(of(totals), "None that match; there are 2 in all.");
        totals.leaks = 0;
        assert!(of(totals).starts_with("No leaks. 4 of 9 tasks ended cancelled"));
        totals.ignored = 3;
        assert!(of(totals).starts_with("No leaks but those that are ignored. 4 of 9 tasks"));
        assert!(of(totals).ends_with("began. 3 ignored: --ignored lists them."));
    }

    #[test]
    fn what_became_of_a_rule() {
        let mut it = v1::IgnoreRule {
            filter: "holds:timer".into(),
            until: "2027-01-31".into(),
            why: "known \u{1b}[31m".into(),
            place: "a.txt:3".into(),
            ..Default::default()
        };
        let first = "a.txt:3  holds:timer\n    ";
        let rest = "; until 2027-01-31, \"known \\e[31m\"";
        assert_eq!(rule(&it), format!("{first}has never matched{rest}"));
        (it.now, it.so_far) = (2, 1_200);
        assert_eq!(rule(&it), format!("{first}ignores 2 now, 1 200 so far{rest}"));
        it.expired = true;
        assert_eq!(rule(&it), format!("{first}has EXPIRED and ignores nothing{rest}"));
    }

    #[test]
    fn a_pool_says_who_has_its_connections_and_for_whom_they_are_missing() {
        const S: u64 = 1_000_000_000;
        let holding = v1::Holding { acquired_ns: 10 * S, ..Default::default() };
        let owner =
            v1::TaskRef { id: 7, name: "GET /orders".into(), location: "a/src/main.rs:3:1".into() };
        let mut row = v1::PooledConnection {
            held: Some(v1::HeldRow {
                holding: Some(holding),
                owner: Some(owner),
                owner_ended: true,
            }),
            for_cancelled: true,
            age_ns: Some(30 * S),
            past_lifetime: Some(true),
            returning_ns: Some(11 * S),
        };
        let said = pooled(&row, 14 * S);
        assert_eq!(
            said,
            "GET /orders #7, cancelled  for 4.0s, in the task spawned at a/src/main.rs:3:1, on its \
             way back for 3.0s, 34s old, past its lifetime"
        );
        if let Some(holding) = row.held.as_mut().and_then(|held| held.holding.as_mut()) {
            holding.site = "a/src/db.rs:41:22".into();
        }
        (row.age_ns, row.past_lifetime, row.returning_ns) = (None, None, None);
        let pool = v1::Pool {
            name: "pg".into(),
            open: true,
            used: 3,
            max: Some(5),
            idle: Some(2),
            waiting: Some(1),
            waiters: vec![v1::TaskRef { id: 9, name: "report".into(), ..Default::default() }],
            connections: vec![row],
            for_cancelled: 1,
            unseen: 2,
            ..Default::default()
        };
        let said = super::pool(&pool, 14 * S);
        assert_eq!(
            said,
            "pool pg  3/5 used, 1 waiting, 2 idle: report #9; 1 held for cancelled tasks; 2 in \
             nobody's hands that are seen\n    GET /orders #7, cancelled  for 4.0s, acquired at \
             a/src/db.rs:41:22"
        );
    }

    #[test]
    fn what_has_cleared_lasted_so_long_and_holds_nothing() {
        const S: u64 = 1_000_000_000;
        let task = v1::Task { id: 7, location: "a/src/main.rs:3:1".into(), ..Default::default() };
        let mut row = v1::Leak {
            verdict: v1::Verdict::AfterCancel.into(),
            since_ns: 10 * S,
            task: Some(task),
            holdings: vec![v1::Holding { due_ns: Some(15 * S), ..Default::default() }],
            ..Default::default()
        };
        let live = leak(&row, 12 * S);
        assert!(live.starts_with("A after-cancel  src/main.rs:3 #7, for 2.0s"), "{live}");
        assert!(live.ends_with("goes in 3.0s"), "{live}");
        row.cleared_ns = Some(15 * S);
        assert_eq!(leak(&row, 20 * S), "A after-cancel  src/main.rs:3 #7, for 5.0s");
    }

    #[test]
    fn a_stuck_task_says_whether_it_was_polled_or_is_in_its_drop() {
        const MS: u64 = 1_000_000;
        let cancel = v1::Cancel { requested_ns: MS, polls_since: 4, ..Default::default() };
        let task =
            v1::Task { id: 7, name: "upload".into(), cancel: Some(cancel), ..Default::default() };
        let mut row = v1::Leak {
            verdict: v1::Verdict::Stuck.into(),
            since_ns: MS,
            task: Some(task),
            ..Default::default()
        };
        assert!(leak(&row, 401 * MS).ends_with("\n    polled 4x since"));
        if let Some(cancel) = row.task.as_mut().and_then(|task| task.cancel.as_mut()) {
            cancel.drop_began_ns = Some(101 * MS);
        }
        assert!(leak(&row, 401 * MS).ends_with("\n    in drop for 300ms"));
        row.cleared_ns = Some(401 * MS);
        assert!(!leak(&row, 901 * MS).contains("drop"), "it is over");
    }

    #[test]
    fn what_wakers_keep_was_acquired_nowhere() {
        let kind = v1::HoldingKind::Waker.into();
        let held = v1::Holding { kind, bytes: 65_536, amount: 1, ..Default::default() };
        let text = holding(&held, true, 0);
        assert_eq!(
            text,
            "waker, 64 KiB of the task stay allocated: a waker of it is stored somewhere"
        );
        let totals = v1::Totals { bytes_kept: 65_536, tasks_cancelled: 1, ..Default::default() };
        let update = v1::Update { totals: Some(totals), ..Default::default() };
        let none = no_leaks(&update, &v1::DescribeResponse::default());
        assert!(none.ends_with(
            "\n64 KiB of cancelled tasks stay allocated: wakers of them are still stored."
        ));
    }
}
