//! The lines themselves. The target of each begins with `holdover`.

use std::{fmt, panic::Location, time::Duration};

use tracing::{debug, error, info, warn};

use super::leaks::Line;
pub(crate) use super::leaks::Reporter;
use crate::{
    recorder::clock::Nanos,
    store::{CancelStory, Note, Row, Rule},
    words::Verdict,
};

/// The one line at the start.
pub(crate) fn started(address: &str, coverage: &str) {
    let version = env!("CARGO_PKG_VERSION");
    info!(
        target: "holdover",
        address,
        version,
        coverage,
        "recording; attach with `holdover {address}`"
    );
}

/// It could not be started, or not as it was asked to.
pub(crate) fn not_as_asked(why: &str) {
    error!(target: "holdover", "{why}");
}

/// A console has changed how much is recorded.
pub(crate) fn level_set(before: &str, level: &str) {
    info!(target: "holdover", before, level, "a console has set the level");
}

/// Somebody meant to set something.
pub(crate) fn misspelt(variables: &[(String, &'static str)]) {
    for (variable, meant) in variables {
        warn!(target: "holdover", variable, "there is no such setting; {meant} is one");
    }
}

/// What is wrong with the ignore files.
pub(crate) fn bad_rules(errors: &[String]) {
    for why in errors {
        error!(target: "holdover::ignore", "{why}");
    }
}

/// There are rules by which something may not be reported.
pub(crate) fn ignores(rules: usize) {
    info!(target: "holdover::ignore", rules, "leaks that match a rule are not reported");
}

/// What it ignored is reported from now on.
pub(crate) fn rule_expired(rule: &Rule) {
    let Rule { filter, until, why, place, .. } = rule;
    warn!(target: "holdover::ignore", place, filter, until, %why, "a rule has expired");
}

/// A callback of ours to run has panicked; nobody else was disturbed.
pub(crate) fn callback_panicked(what: &str, task: &str) {
    error!(target: "holdover::callback", what, task, "a callback panicked");
}

/// A registry's resource has expired and does not close.
pub(crate) fn could_not_close(label: &str, error: &dyn fmt::Display) {
    warn!(target: "holdover::registry", label, %error, "could not be closed: kept, and tried again");
}

/// `call_later` was called where nothing could run the callback.
pub(crate) fn callback_without_runtime(site: &'static Location<'static>) {
    warn!(
        target: "holdover::callback",
        site = %site,
        "call_later was called outside a running runtime with timers: the callback is cancelled"
    );
}

/// The console thread is gone; the service goes on unrecorded.
pub(crate) fn console_died(why: &str) {
    error!(target: "holdover", why, "the console thread has ended: nothing is recorded any more");
}

/// Nobody can attach; verdicts are still given and logged.
pub(crate) fn server_failed(error: &str) {
    error!(target: "holdover", error, "the console no longer listens");
}

/// What was given and cleared, as far as it is to be said.
pub(crate) fn verdicts(reporter: &mut Reporter, notes: &[Note], now: Nanos) {
    for line in reporter.take(notes, now) {
        match line {
            Line::Given { row, count } => given(&row, count),
            Line::Cleared { row, count } => cleared(&row, count, now),
            Line::LeftOut(lines) => {
                warn!(target: "holdover::leak", lines, "more leaks were given or cleared than are logged");
            }
        }
    }
}

fn given(row: &Row, count: u64) {
    let told = Told::of(row);
    let Told { verdict, task, spawn_site, cause, canceller, holds, acquired_at } = &told;
    if row.verdict == Verdict::Orphaned {
        debug!(
            target: "holdover::leak",
            verdict, task, spawn_site, cause, canceller, holds, acquired_at, count,
            "a task outlives the cancelled task that spawned it"
        );
    } else {
        warn!(
            target: "holdover::leak",
            verdict, task, spawn_site, cause, canceller, holds, acquired_at, count,
            "a cancelled task has not let go"
        );
    }
}

fn cleared(row: &Row, count: u64, now: Nanos) {
    let Told { verdict, task, spawn_site, holds, .. } = Told::of(row);
    let lasted = Duration::from_nanos(row.lasted(now));
    if row.verdict == Verdict::Orphaned {
        debug!(target: "holdover::leak", verdict, task, spawn_site, count, ?lasted, "cleared");
    } else {
        info!(target: "holdover::leak", verdict, task, spawn_site, holds, count, ?lasted, "cleared");
    }
}

/// A row as the log tells it.
struct Told {
    verdict: &'static str,
    task: String,
    spawn_site: String,
    cause: &'static str,
    canceller: String,
    holds: String,
    acquired_at: String,
}

impl Told {
    fn of(row: &Row) -> Self {
        let own = row.cancel.as_ref();
        let cancel = row.ancestor.as_ref().and_then(|(_, story)| story.as_ref()).or(own);
        let first = row.holdings.first();
        let holds = first.map(|held| format!("{} {}", held.kind.name(), held.label));
        Self {
            verdict: row.verdict.name(),
            task: format!("{} #{}", row.person.shown(), row.task.id),
            spawn_site: row.person.location.to_string(),
            cause: cancel.map_or("unknown", |cancel| cancel.cause.name()),
            canceller: cancel.map(canceller).unwrap_or_default(),
            holds: holds.unwrap_or_default(),
            acquired_at: first.map(|held| held.site.to_string()).unwrap_or_default(),
        }
    }
}

fn canceller(cancel: &CancelStory) -> String {
    let who = cancel.canceller.as_ref().map(|who| match who.id {
        // A client, say, and no task.
        0 => who.shown().to_string(),
        id => format!("{} #{id}", who.shown()),
    });
    match (who, &cancel.site) {
        (Some(who), Some(site)) => format!("{who} at {site}"),
        (Some(who), None) => who,
        (None, Some(site)) => site.to_string(),
        (None, None) => String::new(),
    }
}
