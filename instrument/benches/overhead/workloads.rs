//! What is done many times, and what recording it may cost.

#![expect(clippy::duplicate_mod, reason = "what is shared is compiled over both")]

mod with_holdover;
mod with_tokio;

use std::pin::Pin;

use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Workload {
    Spawn,
    Yield,
    SelfWake,
    Sleep,
    Permit,
    Lock,
    ReadLock,
    Oneshot,
    Message,
    PingPong,
    Abort,
    JoinSet,
    Debug,
    LogTrace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flavor {
    Current,
    Multi,
}

impl Flavor {
    pub const ALL: [Self; 2] = [Self::Current, Self::Multi];

    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current-thread",
            Self::Multi => "multi-thread",
        }
    }

    pub fn build(self) -> Runtime {
        let mut builder = match self {
            Self::Current => tokio::runtime::Builder::new_current_thread(),
            Self::Multi => {
                let mut multi = tokio::runtime::Builder::new_multi_thread();
                multi.worker_threads(2);
                multi
            }
        };
        builder.enable_all().build().expect("a runtime")
    }
}

impl Workload {
    pub const ALL: [Self; 14] = [
        Self::Spawn,
        Self::Yield,
        Self::SelfWake,
        Self::Sleep,
        Self::Permit,
        Self::Lock,
        Self::ReadLock,
        Self::Oneshot,
        Self::Message,
        Self::PingPong,
        Self::Abort,
        Self::JoinSet,
        Self::Debug,
        Self::LogTrace,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Spawn => "spawn and end",
            Self::Yield => "poll (yield_now)",
            Self::SelfWake => "poll (self-wake)",
            Self::Sleep => "sleep(1 ms)",
            Self::Permit => "semaphore acquire and release",
            Self::Lock => "mutex lock and unlock",
            Self::ReadLock => "rwlock read and unlock",
            Self::Oneshot => "oneshot made and sent",
            Self::Message => "mpsc message",
            Self::PingPong => "mpsc ping-pong, a message",
            Self::Abort => "spawn with abort",
            Self::JoinSet => "JoinSet of 1000, a task",
            Self::Debug => "a disabled debug!",
            Self::LogTrace => "a disabled log::trace!",
        }
    }

    /// Whether what it does ends tasks, which gives the console thread work.
    pub fn ends_tasks(self) -> bool {
        matches!(self, Self::Spawn | Self::Abort | Self::JoinSet)
    }

    /// How often it is done, and a fifth of that before it is measured.
    /// console-subscriber keeps 52 KB of a task, and is asked for less.
    pub fn operations(self, under_console_subscriber: bool) -> u32 {
        match (self, under_console_subscriber) {
            (Self::Spawn | Self::Abort | Self::JoinSet, true) => 2_000,
            (Self::Spawn | Self::Abort | Self::JoinSet, false) => 50_000,
            (Self::Sleep, _) | (_, true) => 10_000,
            (_, false) => 100_000,
        }
    }

    /// Nanoseconds of CPU time that Holdover may cost over bare.
    pub fn budget(self, flavor: Flavor) -> Option<f64> {
        let (current, multi) = match self {
            Self::Spawn => (200.0, 300.0),
            Self::Yield | Self::SelfWake => (90.0, 105.0),
            Self::Sleep => (800.0, 800.0),
            Self::Permit => (380.0, 380.0),
            Self::Message => (220.0, 225.0),
            _ => return None,
        };
        Some(if flavor == Flavor::Current { current } else { multi })
    }

    /// The workload as a future that is to run in a task.
    pub fn work(self, shims: bool, operations: u32) -> Work {
        match (self, shims) {
            (Self::Debug, _) => Box::pin(async move { disabled_debug(operations) }),
            (Self::LogTrace, _) => Box::pin(async move { disabled_log(operations) }),
            (_, false) => with_tokio::work(self, operations),
            (_, true) => with_holdover::work(self, operations),
        }
    }
}

/// Runs it in a task. Not inlined, so that instructions can be counted in it alone.
#[inline(never)]
pub fn the_measured_part(runtime: &Runtime, shims: bool, work: Work) {
    runtime.block_on(async move {
        if shims {
            holdover::spawn(work).await.expect("it ends");
        } else {
            tokio::spawn(work).await.expect("it ends");
        }
    });
}

fn disabled_debug(operations: u32) {
    for number in 0..operations {
        tracing::debug!(number, "nobody reads this");
    }
}

fn disabled_log(operations: u32) {
    for number in 0..operations {
        log::trace!("nobody reads this {number}");
    }
}
