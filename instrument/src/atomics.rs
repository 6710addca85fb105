//! std's atomics, or loom's under `cfg(holdover_loom)`: the rest of the recorder imports these.

#[cfg(holdover_loom)]
pub(crate) use loom::sync::atomic::*;
#[cfg(not(holdover_loom))]
pub(crate) use std::sync::atomic::*;
