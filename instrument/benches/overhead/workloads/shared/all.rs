//! Which function is which workload.

use super::{channels, locks, tasks};
use crate::workloads::{Work, Workload};

pub fn work(workload: Workload, operations: u32) -> Work {
    match workload {
        Workload::Spawn => Box::pin(tasks::spawn(operations)),
        Workload::Yield => Box::pin(tasks::yields(operations)),
        Workload::SelfWake => Box::pin(tasks::self_wakes(operations)),
        Workload::Sleep => Box::pin(tasks::sleeps(operations)),
        Workload::Permit => Box::pin(locks::permits(operations)),
        Workload::Lock => Box::pin(locks::locks(operations)),
        Workload::ReadLock => Box::pin(locks::reads(operations)),
        Workload::Oneshot => Box::pin(channels::oneshots(operations)),
        Workload::Message => Box::pin(channels::messages(operations)),
        Workload::PingPong => Box::pin(channels::ping_pong(operations)),
        Workload::Abort => Box::pin(tasks::aborts(operations)),
        Workload::JoinSet => Box::pin(tasks::join_sets(operations)),
        Workload::Debug | Workload::LogTrace => unreachable!("it needs no runtime"),
    }
}
