//! Rows as lines for people.

use std::fmt::Write;

use holdover_proto::v1;

use crate::{
    format::{count, counted, place, safe, span},
    names, words,
};

/// So many of those who wait are named in a line.
const WAITERS: usize = 4;

/// One leak in two or three lines.
pub(crate) fn leak(leak: &v1::Leak, now: u64) -> String {
    let verdict = words::verdict(leak.verdict());
    let task = leak.task.as_ref();
    let name = task.map(name).unwrap_or_default();
    let since = span(leak.cleared_ns.unwrap_or(now).saturating_sub(leak.since_ns));
    let mut text = format!("{} {verdict}  {name}, for {since}", words::letter(leak.verdict()));
    let own = task.and_then(|task| task.cancel.as_ref());
    if let Some(cancel) = leak.ancestor_cancel.as_ref().or(own) {
        let _ = write!(text, "\n    cancelled: {}", cancelled(cancel));
    }
    // Of what has cleared nothing is held any more.
    for held in leak.holdings.iter().filter(|_| leak.cleared_ns.is_none()) {
        let _ = write!(text, "\n    holds: {}", holding(held, now));
    }
    text
}

/// One task in a line.
pub(crate) fn task(task: &v1::Task, now: u64) -> String {
    let state = match words::outcome(task.outcome()) {
        Some(outcome) => format!("ended, {outcome}"),
        None => words::state(task.state()).to_owned(),
    };
    let age = span(task.ended_ns.unwrap_or(now).saturating_sub(task.spawned_ns));
    format!(
        "{:<40} {state:<18} {age:>7}  {}, holds {}, spawned at {}",
        name(task),
        counted(task.polls, "poll"),
        task.holdings,
        safe(&place(&task.location))
    )
}

/// One event in a line.
pub(crate) fn event(event: &v1::Event, now: u64) -> String {
    let who = event.task.as_ref().filter(|task| task.id != 0);
    let who = who.map(|task| format!("{} #{}", safe(&task.name), task.id)).unwrap_or_default();
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

/// Never alone: it says what it speaks for, which with a filter is little.
pub(crate) fn no_leaks(update: &v1::Update) -> String {
    let totals = update.totals.unwrap_or_default();
    let in_all = totals.leaks + totals.orphaned;
    if in_all > 0 {
        return format!("None that match; there are {} in all.", count(in_all));
    }
    format!(
        "No leaks. {} of {} tasks ended cancelled since the recording began; all of them let go.",
        count(totals.tasks_cancelled),
        count(totals.tasks_spawned)
    )
}

fn name(task: &v1::Task) -> String {
    format!("{} #{}", names::task(task), task.id)
}

fn cancelled(cancel: &v1::Cancel) -> String {
    let mut text = words::cause(cancel.cause()).to_owned();
    if let Some(canceller) = &cancel.canceller {
        let _ = write!(text, " by {} #{}", safe(&canceller.name), canceller.id);
    }
    if let Some(site) = &cancel.site {
        let _ = write!(text, " at {}", safe(&place(site)));
    }
    if let Some(reason) = &cancel.reason {
        let _ = write!(text, ", \"{}\"", safe(reason));
    }
    text
}

fn holding(held: &v1::Holding, now: u64) -> String {
    let what = names::holding(held);
    let phase = words::phase(held.phase());
    let site = place(&held.site);
    let mut text = format!("{what}, acquired {phase} the cancel at {}", safe(&site));
    if held.phase() == v1::Phase::InDrop {
        text = format!("{what}, acquired in the drop at {}", safe(&site));
    }
    match held.due_ns {
        Some(due) if due <= now => text.push_str(", due now"),
        Some(due) => {
            let _ = write!(text, ", goes in {}", span(due - now));
        }
        None => {}
    }
    if !held.waiters.is_empty() {
        let named = held.waiters.iter().map(|it| format!("{} #{}", safe(&it.name), it.id));
        let named: Vec<String> = named.take(WAITERS).collect();
        let _ = write!(text, "; waiting: {}", named.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_filter_leaves_out_is_not_said_to_be_nothing() {
        let mut totals =
            v1::Totals { tasks_spawned: 9, tasks_cancelled: 4, leaks: 2, ..Default::default() };
        let of = |totals| no_leaks(&v1::Update { totals: Some(totals), ..Default::default() });
        assert_eq!(of(totals), "None that match; there are 2 in all.");
        totals.leaks = 0;
        assert!(of(totals).starts_with("No leaks. 4 of 9 tasks ended cancelled"));
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
}
