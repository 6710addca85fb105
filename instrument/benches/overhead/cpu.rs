//! CPU time of this process by thread, where its threads run, and its memory.

use std::{fs, time::Duration};

use serde::{Deserialize, Serialize};

/// The names of the threads that consoles run on, as far as the kernel keeps them.
const CONSOLE_THREADS: [&str; 2] = ["holdover", "console_subscri"];

/// What the process has used so far.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    process: Duration,
    console: Duration,
}

impl Used {
    pub fn now() -> Self {
        let console = console_thread().map_or(Duration::ZERO, os::of_thread);
        Self { process: os::of_process(), console }
    }

    /// Of all threads but the console's.
    pub fn workload(self) -> Duration {
        self.process.saturating_sub(self.console)
    }

    pub fn console(self) -> Duration {
        self.console
    }
}

/// By its name, which nothing else here bears.
fn console_thread() -> Option<i32> {
    let threads = fs::read_dir("/proc/self/task").ok()?;
    threads.flatten().find_map(|thread| {
        let name = fs::read_to_string(thread.path().join("comm")).ok()?;
        let is_it = CONSOLE_THREADS.contains(&name.trim());
        is_it.then(|| thread.file_name().to_str()?.parse().ok())?
    })
}

/// Bytes that are resident; 0 where there is no /proc.
pub fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// The cores that this process may run on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cores(Vec<usize>);

impl Cores {
    pub fn allowed() -> Self {
        Self(os::allowed())
    }

    /// This thread, and those that it will make, run on the first: what is measured.
    pub fn pin_to_the_first(&self) {
        if let [first, _, ..] = self.0[..] {
            os::pin(&[first]);
        }
    }

    /// On any but the first: what measures.
    pub fn pin_to_the_others(&self) {
        if let [_, others @ ..] = &self.0[..]
            && !others.is_empty()
        {
            os::pin(others);
        }
    }

    pub fn unpin(&self) {
        os::pin(&self.0);
    }
}

#[cfg(target_os = "linux")]
mod os {
    use std::time::Duration;

    use nix::{
        sched::{CpuSet, sched_getaffinity, sched_setaffinity},
        time::ClockId,
        unistd::Pid,
    };

    /// Of which kind the clock of a thread is: its scheduler's, and of one thread.
    const SCHEDULERS: i32 = 2;
    const OF_ONE_THREAD: i32 = 4;

    pub fn of_process() -> Duration {
        read(ClockId::CLOCK_PROCESS_CPUTIME_ID)
    }

    /// Any thread's of this process. libc makes its clocks' numbers so, too.
    pub fn of_thread(thread: i32) -> Duration {
        read(ClockId::from_raw((!thread << 3) | SCHEDULERS | OF_ONE_THREAD))
    }

    fn read(clock: ClockId) -> Duration {
        clock.now().map_or(Duration::ZERO, Duration::from)
    }

    pub fn allowed() -> Vec<usize> {
        let set = sched_getaffinity(Pid::from_raw(0)).unwrap_or_default();
        (0..CpuSet::count()).filter(|core| set.is_set(*core).unwrap_or(false)).collect()
    }

    /// Without leave to do so, it runs where it runs.
    pub fn pin(cores: &[usize]) {
        let mut set = CpuSet::new();
        for core in cores {
            let _ = set.set(*core);
        }
        let _ = sched_setaffinity(Pid::from_raw(0), &set);
    }
}

/// Elsewhere only the time that has passed can be told.
#[cfg(not(target_os = "linux"))]
mod os {
    use std::{
        sync::LazyLock,
        time::{Duration, Instant},
    };

    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

    pub fn of_process() -> Duration {
        BEGAN.elapsed()
    }

    pub fn of_thread(_: i32) -> Duration {
        Duration::ZERO
    }

    pub fn allowed() -> Vec<usize> {
        Vec::new()
    }

    pub fn pin(_: &[usize]) {}
}
