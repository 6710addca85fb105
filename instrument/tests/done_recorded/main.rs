//! `on_done` and `call_later` keep the same promises where everything is recorded, and
//! tell more.
#![cfg(feature = "console")]

#[path = "../shared/recorded.rs"]
mod begin;
#[path = "../done/call_later.rs"]
mod call_later;
#[path = "../done/on_done.rs"]
mod on_done;
mod recorded;
#[path = "../done/support.rs"]
mod support;
#[path = "../shared/watchdog.rs"]
mod watchdog;

use begin::begin;
