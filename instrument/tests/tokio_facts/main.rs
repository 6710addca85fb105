//! What tokio emits and does, as far as the classification relies on it: one test a
//! fact, so that a tokio that changes one fails here and not in a verdict.
//!
//! Nothing of Holdover's is used: a subscriber written by hand logs every call.
#![cfg(all(tokio_unstable, feature = "console"))]

mod budget;
mod ends;
mod harness;
mod log;
mod resources;
mod shares;
mod spans;
mod timers;
mod wakers;
#[path = "../shared/watchdog.rs"]
mod watchdog;
