//! Mirrors [`tokio::task`]: the same names, signatures and behaviour, and every task
//! is recorded from its spawn to its end.
//!
//! Everything else of tokio's module is re-exported, so that
//! `use holdover::task` stands for `use tokio::task`.

mod future;
mod handle;
mod spawn;

// What is not defined here is tokio's own; what is, shadows it.
pub use tokio::task::*;

pub use self::{
    handle::{AbortHandle, JoinHandle},
    spawn::spawn,
};
pub use crate::ended::Ended;
