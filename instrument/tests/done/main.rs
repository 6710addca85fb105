//! `on_done` and `call_later` keep their promises where nothing is recorded: without
//! `init`, and with recording compiled out.

mod call_later;
mod on_done;
mod support;
mod unrecorded;
#[path = "../shared/watchdog.rs"]
mod watchdog;

/// Nothing is recorded.
fn begin() {}
