//! `holdover::{task, time, sync}` stand for tokio's: every name is there, with the same
//! bounds, signatures, panics and behaviour.
//!
//! What lies in `shared` is compiled twice, over tokio and over Holdover: that it holds
//! over tokio shows that it is tokio's promise, and no more.

#![expect(clippy::duplicate_mod, reason = "it is what is compiled twice")]

mod bounds;
mod caught;
mod with_holdover;
mod with_tokio;

/// Nothing is recorded.
fn begin() {}
