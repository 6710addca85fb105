//! Rows as lines for people.

use std::fmt::Write;

use holdover_proto::v1;

use crate::{
    format::{count, place, safe, span},
    words,
};

/// So many of those who wait are named in a line.
const WAITERS: usize = 4;

/// One leak in two or three lines.
pub(crate) fn leak(leak: &v1::Leak, now: u64) -> String {
    let verdict = words::verdict(leak.verdict());
    let task = leak.task.as_ref();
    let name = task.map(name).unwrap_or_default();
    let since = span(now.saturating_sub(leak.since_ns));
    let mut text = format!("{} {verdict}  {name}, for {since}", words::letter(leak.verdict()));
    let own = task.and_then(|task| task.cancel.as_ref());
    if let Some(cancel) = leak.ancestor_cancel.as_ref().or(own) {
        let _ = write!(text, "\n    cancelled: {}", cancelled(cancel));
    }
    for held in &leak.holdings {
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
        "{:<40} {state:<18} {age:>7}  {} polls, holds {}, spawned at {}",
        name(task),
        count(task.polls),
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

pub(crate) fn no_leaks(update: &v1::Update) -> String {
    let totals = update.totals.unwrap_or_default();
    format!(
        "No leaks. {} of {} tasks were cancelled since the recording began; all of them let go.",
        count(totals.tasks_cancelled),
        count(totals.tasks_spawned)
    )
}

fn name(task: &v1::Task) -> String {
    let name = if task.name.is_empty() { &task.type_name } else { &task.name };
    format!("{} #{}", safe(name), task.id)
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
    let what = words::held(held);
    let phase = words::phase(held.phase());
    let site = place(&held.site);
    let mut text = format!("{what}, acquired {phase} the cancel at {}", safe(&site));
    if held.phase() == v1::Phase::InDrop {
        text = format!("{what}, acquired in the drop at {}", safe(&site));
    }
    if let Some(due) = held.due_ns {
        let _ = write!(text, ", goes in {}", span(due.saturating_sub(now)));
    }
    if !held.waiters.is_empty() {
        let named = held.waiters.iter().map(|it| format!("{} #{}", safe(&it.name), it.id));
        let named: Vec<String> = named.take(WAITERS).collect();
        let _ = write!(text, "; waiting: {}", named.join(", "));
    }
    text
}
