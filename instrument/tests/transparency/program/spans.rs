//! Spans without tasks.

use opentelemetry::trace::TraceContextExt as _;
use tracing::{Span, debug, error, field, info, info_span, instrument, trace, trace_span, warn};
use tracing_error::SpanTrace;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

pub(crate) fn nested(round: usize) {
    for id in 6..9 {
        // 7 is the one that a directive names; the result goes into the log too.
        let _ = request(id, round);
    }
}

#[instrument(target = "app", fields(status = field::Empty), ret, err(Debug))]
fn request(id: u64, round: usize) -> Result<usize, &'static str> {
    trace!(target: "app", "a trace in a request");
    debug!(target: "app::db", "a debug in a request");
    query("select", round)?;
    Span::current().record("status", id * 10);
    log::debug!(target: "app", "a record in a request");
    log::info!(target: "app", "a record in a request");
    where_am_i();
    info!(target: "app", "answered");
    if id == 8 { Err("refused") } else { Ok(round) }
}

#[instrument(level = "debug", target = "app::db", skip(round))]
fn query(text: &str, round: usize) -> Result<(), &'static str> {
    let span = trace_span!(target: "app::cache", "lookup", text);
    span.in_scope(|| {
        trace!(target: "app::cache", round, "a miss");
        error!(target: "app::db", "slow");
    });
    Ok(())
}

/// Who asks for the current span gets the stack's own.
pub(crate) fn where_am_i() {
    let current = Span::current();
    let name = current.metadata().map(tracing::Metadata::name);
    println!("> in {name:?}, disabled {}", current.is_disabled());
    for line in SpanTrace::capture().to_string().lines() {
        println!("> trace {}", line.trim());
    }
    let context = current.context();
    let context = context.span().span_context().clone();
    println!("> otel {} {}", context.trace_id(), context.span_id());
}

/// Parents other than the current span, and spans that outlive it.
pub(crate) fn parents() {
    let root = info_span!(target: "app", "root");
    let child = info_span!(target: "app", parent: &root, "child");
    let apart = info_span!(target: "app", parent: None, "apart");
    child.follows_from(&apart);
    child.follows_from(apart.id());
    let _root = root.enter();
    info!(target: "app", parent: &child, "of the child");
    info!(target: "app", parent: None, "of nobody");
    let copy = child.clone();
    // The child goes on in its copy; the parent is closed by its last child.
    drop(child);
    copy.in_scope(|| warn!(target: "app", "in the copy"));
    drop(copy);
    let entered = apart.entered();
    info!(target: "app", "apart");
    drop(entered.exit());
    closed_in_a_drop();
    unwound();
}

/// A span that is closed inside a drop, while another is open.
fn closed_in_a_drop() {
    let leaving = Leaving::new("leaving");
    let _around = info_span!(target: "app", "around").entered();
    drop(leaving);
    info!(target: "app", "after the drop");
}

/// Spans that a panic leaves.
fn unwound() {
    let panicked = std::panic::catch_unwind(|| {
        let _leaving = Leaving::new("unwound");
        let _span = info_span!(target: "app", "panics").entered();
        std::panic::resume_unwind(Box::new("on purpose"));
    });
    info!(target: "app", panicked = panicked.is_err(), "after a panic");
}

/// Logs in its own span when it is dropped.
pub(crate) struct Leaving(Span);

impl Leaving {
    pub(crate) fn new(what: &'static str) -> Self {
        Self(info_span!(target: "app", "leaving", what))
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        let entered = self.0.enter();
        info!(target: "app", "dropped");
        drop(entered);
        self.0 = Span::none();
        debug!(target: "app", "closed");
    }
}
