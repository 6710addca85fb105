//! What recording costs: `cargo bench -p holdover --bench overhead`.
//!
//! Each mode is a process of its own, since a process has one recorder; they are
//! interleaved and repeated, and the medians compared within the run. Clocks are noisy:
//! look at the ratios.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the clock and prints"
)]

use std::{
    collections::BTreeMap,
    io::Write,
    process::Command,
    time::{Duration, Instant},
};

/// How a process records.
const MODES: [&str; 3] = ["bare", "subscriber", "shims"];
const MODE: &str = "HOLDOVER_BENCH_MODE";
const ROUNDS: usize = 7;
const OPERATIONS: u32 = 100_000;

fn main() {
    if let Ok(mode) = std::env::var(MODE) {
        return measure(&mode);
    }
    let this = std::env::current_exe().expect("this executable");
    let mut all: BTreeMap<(String, &str), Vec<f64>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        for mode in MODES {
            let output = Command::new(&this)
                .env(MODE, mode)
                .env("HOLDOVER_BIND", "127.0.0.1:0")
                .env("HOLDOVER_LOG", "off")
                .env("RUST_LOG", "warn")
                .output()
                .expect("it runs");
            for line in String::from_utf8_lossy(&output.stdout).lines() {
                let Some((name, nanos)) = line.rsplit_once(' ') else { continue };
                let Ok(nanos) = nanos.parse() else { continue };
                all.entry((name.to_owned(), mode)).or_default().push(nanos);
            }
        }
    }
    print(&all);
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn print(all: &BTreeMap<(String, &str), Vec<f64>>) {
    let names: Vec<&String> = {
        let mut names: Vec<&String> = all.keys().map(|(name, _)| name).collect();
        names.dedup();
        names
    };
    println!(
        "nanoseconds an operation, medians of {ROUNDS} interleaved runs; over bare in brackets"
    );
    println!("{:<32}{:>10}{:>20}{:>20}", "", MODES[0], MODES[1], MODES[2]);
    for name in names {
        let of =
            |mode: &'static str| all.get(&(name.clone(), mode)).map_or(f64::NAN, |it| median(it));
        let bare = of(MODES[0]);
        let mut line = format!("{name:<32}{bare:>10.0}");
        for mode in &MODES[1..] {
            let with = of(mode);
            let over = format!("{with:.0} ({:+.0})", with - bare);
            line = format!("{line}{over:>20}");
        }
        println!("{line}");
    }
}

/// One process: one mode, every workload on both runtimes.
fn measure(mode: &str) {
    let logs = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).finish();
    if mode == "bare" {
        // tokio's tracing is compiled in, and nobody listens.
        tracing::subscriber::set_global_default(tracing::subscriber::NoSubscriber::new())
            .expect("nobody was faster");
        log::set_max_level(log::LevelFilter::Warn);
    } else {
        holdover::Builder::new().wrap(logs).try_init().expect("it starts");
    }
    let shims = mode == "shims";
    let current = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let multi = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    for (flavor, runtime) in [("current", current), ("multi", multi)] {
        let runtime = runtime.expect("a runtime");
        let spawn = runtime.block_on(in_a_task(shims, async move { spawns(shims).await }));
        report(&format!("spawn and end, {flavor}"), spawn);
        let poll = runtime.block_on(in_a_task(shims, polls()));
        report(&format!("poll (yield_now), {flavor}"), poll);
        let locks = runtime.block_on(in_a_task(shims, async move { locks(shims).await }));
        report(&format!("lock and unlock, {flavor}"), locks);
        let permits = runtime.block_on(in_a_task(shims, async move { permits(shims).await }));
        report(&format!("permit and back, {flavor}"), permits);
        let reads = runtime.block_on(in_a_task(shims, async move { reads(shims).await }));
        report(&format!("read lock and unlock, {flavor}"), reads);
        let replies = runtime.block_on(in_a_task(shims, async move { replies(shims).await }));
        report(&format!("oneshot made and sent, {flavor}"), replies);
        let messages = runtime.block_on(in_a_task(shims, async move { messages(shims).await }));
        report(&format!("mpsc message, {flavor}"), messages);
        let shared = runtime.block_on(in_a_task(shims, async move { to_and_fro(shims).await }));
        report(&format!("mpsc message, awaited, {flavor}"), shared);
    }
    report(
        "a disabled debug!",
        timed(|| {
            for number in 0..OPERATIONS {
                tracing::debug!(number, "nobody reads this");
            }
        }),
    );
    report(
        "a disabled log::trace!",
        timed(|| {
            for number in 0..OPERATIONS {
                log::trace!("nobody reads this {number}");
            }
        }),
    );
}

async fn in_a_task(shims: bool, work: impl Future<Output = Duration> + Send + 'static) -> Duration {
    if shims {
        holdover::spawn(work).await.expect("it ends")
    } else {
        tokio::spawn(work).await.expect("it ends")
    }
}

async fn spawns(shims: bool) -> Duration {
    let began = Instant::now();
    for _ in 0..OPERATIONS {
        if shims {
            holdover::spawn(async {}).await.expect("it ends");
        } else {
            tokio::spawn(async {}).await.expect("it ends");
        }
    }
    began.elapsed()
}

async fn polls() -> Duration {
    let began = Instant::now();
    for _ in 0..OPERATIONS {
        tokio::task::yield_now().await;
    }
    began.elapsed()
}

async fn locks(shims: bool) -> Duration {
    let (ours, tokios) = (holdover::sync::Mutex::new(0_u64), tokio::sync::Mutex::new(0_u64));
    let began = Instant::now();
    for _ in 0..OPERATIONS {
        if shims {
            *ours.lock().await += 1;
        } else {
            *tokios.lock().await += 1;
        }
    }
    began.elapsed()
}

async fn permits(shims: bool) -> Duration {
    let (ours, tokios) = (holdover::sync::Semaphore::new(2), tokio::sync::Semaphore::new(2));
    let began = Instant::now();
    for _ in 0..OPERATIONS {
        if shims {
            drop(ours.acquire().await.expect("open"));
        } else {
            drop(tokios.acquire().await.expect("open"));
        }
    }
    began.elapsed()
}

async fn reads(shims: bool) -> Duration {
    let (ours, tokios) = (holdover::sync::RwLock::new(0_u64), tokio::sync::RwLock::new(0_u64));
    let began = Instant::now();
    for _ in 0..OPERATIONS {
        if shims {
            std::hint::black_box(*ours.read().await);
        } else {
            std::hint::black_box(*tokios.read().await);
        }
    }
    began.elapsed()
}

async fn replies(shims: bool) -> Duration {
    let began = Instant::now();
    for number in 0..OPERATIONS {
        if shims {
            let (reply, answer) = holdover::sync::oneshot::channel();
            reply.send(number).expect("it is there");
            answer.await.expect("it was sent");
        } else {
            let (reply, answer) = tokio::sync::oneshot::channel();
            reply.send(number).expect("it is there");
            answer.await.expect("it was sent");
        }
    }
    began.elapsed()
}

/// Sent and received by one task, several at once.
async fn messages(shims: bool) -> Duration {
    const AT_ONCE: u32 = 32;
    let (ours, mut our_queue) = holdover::sync::mpsc::channel(AT_ONCE as usize);
    let (tokios, mut tokios_queue) = tokio::sync::mpsc::channel(AT_ONCE as usize);
    let began = Instant::now();
    for _ in 0..OPERATIONS / AT_ONCE {
        for number in 0..AT_ONCE {
            if shims {
                ours.send(number).await.expect("open");
            } else {
                tokios.send(number).await.expect("open");
            }
        }
        for _ in 0..AT_ONCE {
            let received = if shims { our_queue.recv().await } else { tokios_queue.recv().await };
            assert!(received.is_some());
        }
    }
    began.elapsed()
}

/// Sent to another task, which sends it back: each message is waited for.
async fn to_and_fro(shims: bool) -> Duration {
    let began;
    if shims {
        let (there, mut arrives) = holdover::sync::mpsc::channel(1);
        let (back, mut returns) = holdover::sync::mpsc::channel(1);
        let echo = async move {
            while let Some(number) = arrives.recv().await {
                back.send(number).await.expect("open");
            }
        };
        drop(holdover::spawn(echo));
        began = Instant::now();
        for number in 0..OPERATIONS / 2 {
            there.send(number).await.expect("open");
            assert_eq!(returns.recv().await, Some(number));
        }
    } else {
        let (there, mut arrives) = tokio::sync::mpsc::channel(1);
        let (back, mut returns) = tokio::sync::mpsc::channel(1);
        let echo = async move {
            while let Some(number) = arrives.recv().await {
                back.send(number).await.expect("open");
            }
        };
        drop(tokio::spawn(echo));
        began = Instant::now();
        for number in 0..OPERATIONS / 2 {
            there.send(number).await.expect("open");
            assert_eq!(returns.recv().await, Some(number));
        }
    }
    began.elapsed()
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn report(name: &str, took: Duration) {
    let nanos = took.as_nanos() as f64 / f64::from(OPERATIONS);
    writeln!(std::io::stdout(), "{name} {nanos}").expect("somebody reads");
}
