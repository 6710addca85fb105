//! Mirrors [`tokio::task`]: the same names, signatures and behaviour, and every task
//! is recorded from its spawn to its end.
//!
//! Everything else of tokio's module is re-exported, so that
//! `use holdover::task` stands for `use tokio::task`.

mod builder;
mod future;
mod handle;
pub mod join_set;
mod local;
mod scope;
mod spawn;
mod tracker;

// What is not defined here is tokio's own; what is, shadows it.
pub use tokio::task::*;

pub use self::{
    builder::Builder,
    handle::{AbortHandle, JoinHandle},
    join_set::JoinSet,
    local::{LocalEnterGuard, LocalSet, spawn_local},
    scope::{FutureExt, Scope},
    spawn::{spawn, spawn_blocking},
    tracker::TaskTracker,
};
pub use crate::ended::Ended;
