//! What a process of its own is to do.

use std::{
    hash::{BuildHasher, RandomState},
    io::stdin,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use crate::{
    cpu::Used,
    modes::Mode,
    process::{Setting, VARIABLE, tell},
    target::Target,
    workloads::{Flavor, Workload, the_measured_part},
};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Job {
    Operation(Operation),
    Target(Target),
}

/// Longer than the console thread takes to begin with what has ended.
const WARM_UP: Duration = Duration::from_millis(300);
/// So few operations are a trial, or are counted by valgrind.
const SMALL: u32 = 20_000;

/// One workload in one mode.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Operation {
    pub setting: Setting,
    pub workload: Workload,
    pub operations: u32,
    pub flavors: Vec<Flavor>,
    /// Whether to wait for the console thread to have done its part.
    pub settle: bool,
}

/// What one operation took, in nanoseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Took {
    pub flavor: Flavor,
    /// CPU time of the workload's threads.
    pub cpu: f64,
    /// CPU time of the console thread, where it was waited for.
    pub console: Option<f64>,
    pub wall: f64,
}

impl Job {
    pub fn of_this_process() -> Option<Self> {
        let text = std::env::var(VARIABLE).ok()?;
        Some(serde_json::from_str(&text).expect("a job of this program"))
    }

    pub fn setting(&self) -> &Setting {
        match self {
            Self::Operation(operation) => &operation.setting,
            Self::Target(target) => &target.setting,
        }
    }

    pub fn run(&self) {
        let setting = self.setting();
        setting.cores.unpin();
        use_the_heap();
        setting.mode.install(&setting.socket);
        match self {
            Self::Operation(operation) => operation.run(),
            Self::Target(target) => target.run(),
        }
    }
}

/// Leaves a heap of its own behind, as a program does that has run for a while. What an
/// allocation costs depends on what was allocated before: by up to a tenth of a spawn, which
/// would be taken for the mode's.
fn use_the_heap() {
    let random = RandomState::new();
    let size = |at: u64| usize::try_from(random.hash_one(at) % 2_000).expect("small");
    let kept: Vec<Vec<u8>> = (0..random.hash_one("how many") % 2_000)
        .map(|at| (Vec::with_capacity(size(at)), Vec::with_capacity(size(!at))))
        .map(|(kept, _freed): (Vec<u8>, Vec<u8>)| kept)
        .collect();
    std::mem::forget(kept);
}

impl Operation {
    fn run(&self) {
        if self.setting.mode.attached().is_some() {
            // Until a client is attached.
            let mut line = String::new();
            stdin().read_line(&mut line).expect("somebody writes");
        }
        for flavor in &self.flavors {
            tell(&self.measure(*flavor));
        }
    }

    fn measure(&self, flavor: Flavor) -> Took {
        match flavor {
            Flavor::Current => self.setting.cores.pin_to_the_first(),
            Flavor::Multi => self.setting.cores.unpin(),
        }
        let shims = self.setting.mode == Mode::Shims;
        let runtime = flavor.build();
        self.warm_up(&runtime);
        let (before, began) = (Used::now(), Instant::now());
        the_measured_part(&runtime, shims, self.workload.work(shims, self.operations));
        let (wall, after) = (began.elapsed(), Used::now());
        let each = |took: Duration| took.as_nanos() as f64 / f64::from(self.operations);
        let console = self.settle.then(|| {
            std::thread::sleep(self.console_interval());
            each(Used::now().console().saturating_sub(before.console()))
        });
        let cpu = each(after.workload().saturating_sub(before.workload()));
        Took { flavor, cpu, console, wall: each(wall) }
    }

    /// As long as it takes until slots of ended tasks are used again: what a service does
    /// once it runs is measured, and not the growing of tables.
    fn warm_up(&self, runtime: &Runtime) {
        let shims = self.setting.mode == Mode::Shims;
        let until = if self.workload.ends_tasks() { WARM_UP } else { Duration::ZERO };
        let began = Instant::now();
        loop {
            let work = self.workload.work(shims, self.operations / 5);
            the_measured_part(runtime, shims, work);
            if self.is_small() || began.elapsed() >= until {
                return;
            }
        }
    }

    /// What is kept of each task is too much to go on with it.
    fn is_small(&self) -> bool {
        self.setting.mode.is_console_subscriber() || self.operations < SMALL
    }

    /// After so long the console thread has looked.
    fn console_interval(&self) -> Duration {
        if self.setting.mode.is_console_subscriber() {
            Duration::from_millis(1_100)
        } else {
            Duration::from_millis(300)
        }
    }
}
