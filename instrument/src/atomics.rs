//! std's atomics, or loom's under `cfg(loom)`: the rest of the recorder imports these.

#[cfg(loom)]
pub(crate) use loom::sync::atomic::*;
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::*;
