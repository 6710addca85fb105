//! The lines themselves. The target of each begins with `holdover`.

use std::panic::Location;

use tracing::{error, info, warn};

use crate::{settings::Log, store::Note};

/// A callback of ours to run has panicked; nobody else was disturbed.
pub(crate) fn callback_panicked(what: &str, task: &str) {
    error!(target: "holdover::callback", what, task, "a callback panicked");
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

/// What was given and cleared.
pub(crate) fn verdicts(_notes: &[Note], _log: Log) {}

/// The one line at the start.
pub(crate) fn started(address: &str) {
    let version = env!("CARGO_PKG_VERSION");
    info!(target: "holdover", address, version, "recording; attach with `holdover {address}`");
}

/// What is wrong with the way it was started.
pub(crate) fn not_started(why: &str) {
    error!(target: "holdover", "not recording: {why}");
}
