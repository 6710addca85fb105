//! Events, records of the `log` crate, and who asks whether they are wanted.

use std::fmt;

use log::log_enabled;
use tracing::{
    Level, debug, enabled, error, event, event_enabled, info, span_enabled, trace, warn,
};

/// Prints which levels of a target are wanted.
macro_rules! asked {
    ($asked:ident, $target:literal) => {
        println!(
            "> {} {}: {} {} {} {} {}",
            stringify!($asked),
            $target,
            $asked!(target: $target, Level::ERROR),
            $asked!(target: $target, Level::WARN),
            $asked!(target: $target, Level::INFO),
            $asked!(target: $target, Level::DEBUG),
            $asked!(target: $target, Level::TRACE),
        );
    };
}

pub(crate) fn levels() {
    error!(target: "app", code = 1, "an error");
    warn!(target: "app", "a warning");
    info!(target: "app", text = "x", display = %1, debug = ?Some(2), "an info");
    debug!(target: "app", "a debug");
    trace!(target: "app", "a trace");
    for number in 0..2 {
        info!(target: "app::db", number, "an info of the database");
        warn!(target: "app::db", number, "a warning of the database");
        trace!(target: "app::cache", number, "a trace of the cache");
    }
    event!(name: "named", target: "app", Level::INFO, wanted = enabled!(Level::TRACE));
    info!(target: "app", value = %Chatty, "it logs while it is formatted");
    asked();
    like_tokio();
}

fn asked() {
    asked!(enabled, "app");
    asked!(enabled, "app::db");
    asked!(enabled, "app::cache");
    asked!(span_enabled, "app");
    asked!(event_enabled, "app");
    println!("> a request's id: {}", span_enabled!(target: "app", Level::TRACE, id));
}

/// What only looks like tokio's is the program's.
fn like_tokio() {
    info!(target: "tokio::task::waker", op = "wakes", "not tokio's");
    trace!(target: "tokio::mine", "not tokio's");
    trace!(target: "runtime::resource", "not tokio's");
    let _task = tracing::trace_span!(target: "app", "runtime.spawn", kind = "task").entered();
    let _other = tracing::info_span!(target: "tokio::task", "runtime.spawn").entered();
    let _resource = tracing::trace_span!(target: "app", "runtime.resource").entered();
    let _mine = tracing::trace_span!(target: "tokio::mine", "mine").entered();
    info!(target: "app", "in spans that are not tokio's");
}

pub(crate) fn records() {
    log::error!(target: "app", "a record: error");
    log::warn!(target: "app", "a record: warn");
    log::info!(target: "app", "a record: info");
    log::debug!(target: "app", "a record: debug");
    log::trace!(target: "app", "a record: trace");
    log::info!(target: "app::db", "a record of the database: info");
    log::trace!(target: "app::cache", "a record of the cache: trace");
    log::trace!(target: "tokio::task::waker", "a record with a target of tokio's");
}

pub(crate) fn records_asked() {
    println!(
        "> log {} {} {} {}",
        log_enabled!(target: "app", log::Level::Info),
        log_enabled!(target: "app", log::Level::Debug),
        log_enabled!(target: "app", log::Level::Trace),
        log_enabled!(target: "app::cache", log::Level::Trace),
    );
    // What a filter was asked last does not become the answer to the next.
    info!(target: "app", "after the records");
}

/// Formatting it logs: the subscriber is called while it is called.
struct Chatty;

impl fmt::Display for Chatty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!(target: "app", "while formatting");
        let _span = tracing::info_span!(target: "app", "formatting").entered();
        debug!(target: "app", "in a span while formatting");
        f.write_str("chatty")
    }
}
