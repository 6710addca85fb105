//! A process with many tasks and some leaks, in which something always happens.

use std::{
    future::pending,
    io::{BufRead, BufReader, stdin},
    process::{Child, Command, Stdio},
    time::Duration,
};

const VARIABLE: &str = "HOLDOVER_BENCHMARK_TASKS";
const LEAKS: u32 = 500;
/// Longer than any run.
const LONG: Duration = Duration::from_secs(100_000);
/// Tasks that come and go, each time.
const CHURN: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);

pub struct Target {
    child: Child,
    pub address: String,
}

impl Target {
    pub fn start(tasks: u32) -> Self {
        let itself = std::env::current_exe().expect("this program");
        let mut child = Command::new(itself)
            .env(VARIABLE, tasks.to_string())
            .env("HOLDOVER_BIND", "127.0.0.1:0")
            .env("HOLDOVER_LOG", "off")
            .env("RUST_LOG", "off")
            .env("HOLDOVER_GRACE", "200ms")
            .env_remove("XDG_RUNTIME_DIR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a target");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let address = lines.next().expect("a line").expect("its address");
        Self { child, address }
    }

    pub fn is_this_process() -> bool {
        std::env::var_os(VARIABLE).is_some()
    }

    /// Until whoever started it is gone.
    pub fn run() {
        let tasks = std::env::var(VARIABLE).ok().and_then(|text| text.parse().ok());
        let tasks: u32 = tasks.expect("a number of tasks");
        let started = holdover::Builder::new().try_init().expect("it records");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            (0..tasks).for_each(|_| drop(holdover::spawn(holdover::time::sleep(LONG))));
            leak().await;
        });
        runtime.spawn(async {
            loop {
                (0..CHURN).for_each(|_| drop(holdover::spawn(async {})));
                holdover::time::sleep(PAUSE).await;
            }
        });
        println!("{}", started.address().expect("it serves"));
        let mut line = String::new();
        while stdin().read_line(&mut line).unwrap_or(0) > 0 {}
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Cancelled tasks that leave what they hold to somebody else.
async fn leak() {
    for number in 0..LEAKS {
        let name = format!("leaks #{number}");
        let task = holdover::task::Builder::new().name(&name).spawn(async {
            let held = holdover::hold::Hold::new(holdover::hold::Kind::Custom, "kept");
            std::mem::forget(held);
            pending::<()>().await;
        });
        let task = task.expect("a runtime");
        tokio::task::yield_now().await;
        task.abort();
        let _ = task.await;
    }
}
