//! A process with many tasks, which tells what it uses whenever it is asked.

use std::{
    future::pending,
    io::stdin,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::{
    cpu::{Used, resident},
    modes::Mode,
    process::{Setting, tell},
    workloads::Flavor,
};

/// Longer than any run.
const LONG: Duration = Duration::from_secs(100_000);
/// Tasks before anything is measured, so that what exists once exists.
pub const WARM_UP: u32 = 1_000;
/// How often the process blocks on a future, which is a task too where spans are seen.
pub const BLOCK_ONS: u32 = 2;
/// Short tasks at once.
const AT_ONCE: u32 = 1_000;
/// How often it looks whether everything is done, and when it looks no more.
const ROUND: Duration = Duration::from_millis(300);
const SETTLED_BY: Duration = Duration::from_secs(20);

/// Makes the tasks, over tokio or over Holdover.
macro_rules! spawn_all {
    ($rt:ident, $of:expr, $tasks:expr) => {
        match $of {
            Of::Idle => (0..$tasks).for_each(|_| drop($rt::spawn(pending::<()>()))),
            Of::Sleeping => (0..$tasks).for_each(|_| drop($rt::spawn($rt::time::sleep(LONG)))),
            Of::Short => {
                for _ in 0..$tasks.div_ceil(AT_ONCE) {
                    let mut set = $rt::task::JoinSet::new();
                    for _ in 0..AT_ONCE.min($tasks) {
                        set.spawn(async {});
                    }
                    while set.join_next().await.is_some() {}
                }
            }
        }
    };
}

/// What its tasks do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Of {
    /// They wait for nothing.
    Idle,
    /// Each with a timer.
    Sleeping,
    /// They end at once.
    Short,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Target {
    pub setting: Setting,
    pub of: Of,
    pub tasks: u32,
    /// So many tasks more are cancelled and leave a timer.
    pub leaks: u32,
}

/// What the process uses.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Uses {
    /// Bytes that are resident, and were before the tasks were made.
    pub resident: u64,
    pub before: u64,
    /// Seconds of CPU time of the console thread so far.
    pub console: f64,
}

impl Target {
    pub fn run(&self) {
        let runtime = Flavor::Multi.build();
        runtime.block_on(self.spawn(WARM_UP));
        settle();
        let before = resident();
        runtime.block_on(self.spawn(self.tasks));
        for _ in 0..self.leaks {
            runtime.block_on(leak());
        }
        settle();
        loop {
            let console = Used::now().console().as_secs_f64();
            tell(&Uses { resident: resident(), before, console });
            let mut line = String::new();
            if stdin().read_line(&mut line).unwrap_or(0) == 0 {
                std::process::exit(0);
            }
        }
    }

    async fn spawn(&self, tasks: u32) {
        if self.setting.mode == Mode::Shims {
            spawn_all!(holdover, self.of, tasks);
        } else {
            spawn_all!(tokio, self.of, tasks);
        }
    }
}

/// One that is cancelled, and whose timer is left behind.
async fn leak() {
    let task = holdover::spawn(async {
        drop(holdover::time::call_later(LONG, || {}));
        pending::<()>().await;
    });
    tokio::task::yield_now().await;
    task.abort_because("to leave a timer");
    assert!(task.await.is_err());
}

/// Until no more memory is used, and the console thread has nothing left to take.
fn settle() {
    let end = Instant::now() + SETTLED_BY;
    let mut before = (u64::MAX, Duration::MAX);
    loop {
        std::thread::sleep(ROUND);
        let now = (resident(), Used::now().console());
        let idle = now.1.saturating_sub(before.1) < ROUND / 20 && before.1 != Duration::MAX;
        if (now.0 == before.0 && idle) || Instant::now() > end {
            return;
        }
        before = now;
    }
}
