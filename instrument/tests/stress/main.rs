//! Everything at once, on all threads: spawned, cancelled, woken late and closed out of
//! order, through shims and through tokio. Afterwards every count is exact.
//!
//! Two seconds of it; with `HOLDOVER_FULL=1` a minute, with `HOLDOVER_STRESS_MS` so long.
//! `HOLDOVER_SEED` repeats the choices, if not what the threads make of them;
//! `HOLDOVER_STRESS_DEADLINE_MS` is how long what is over may take to be told as such.
//!
//! Under memcheck, both processes, with the executable that `--no-run` names:
//!
//! ```sh
//! HOLDOVER_STRESS_MS=20000 HOLDOVER_STRESS_DEADLINE_MS=240000 valgrind --tool=memcheck \
//!     --error-exitcode=1 --trace-children=yes --fair-sched=yes target/debug/deps/stress-…
//! ```

#![cfg(feature = "console")]
#![expect(clippy::print_stdout, reason = "a test prints")]
#![expect(clippy::disallowed_methods, reason = "it goes on until it is late")]
#![expect(unreachable_pub, reason = "nothing in a test is public")]

#[cfg(holdover_faults)]
mod faults;
mod program;
mod rng;
mod world;

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use holdover_proto::v1::{self, ViewKind, holdover_client::HoldoverClient};
use program::Counts;
use tonic::transport::{Channel, Endpoint};

/// By which a process knows that it is the service, and from what its choices follow.
const SERVICE: &str = "HOLDOVER_STRESS_SERVICE";
const SEED: &str = "HOLDOVER_SEED";
/// How the line begins that tells what the service did.
const TELLS: &str = "did ";
/// How long it goes on, and how long one waits for it, in milliseconds.
const TIME: &str = "HOLDOVER_STRESS_MS";
const DEADLINE: &str = "HOLDOVER_STRESS_DEADLINE_MS";

fn time() -> Duration {
    let full = std::env::var_os("HOLDOVER_FULL").is_some_and(|set| set == "1");
    set(TIME).unwrap_or(Duration::from_secs(if full { 60 } else { 2 }))
}

/// Long enough for a machine with everything else going on.
fn deadline() -> Duration {
    set(DEADLINE).unwrap_or(Duration::from_secs(30))
}

fn set(variable: &str) -> Option<Duration> {
    let text = std::env::var(variable).ok()?;
    Some(Duration::from_millis(text.parse().expect("milliseconds")))
}

#[test]
fn every_count_is_exact() {
    if let Ok(seed) = std::env::var(SERVICE) {
        return serve(seed.parse().expect("a number"));
    }
    let given = std::env::var(SEED).ok().map(|seed| seed.parse().expect("a number"));
    let seed: u64 = given.unwrap_or_else(|| RandomState::new().hash_one(std::process::id()));
    println!("{SEED}={seed}");
    let mut service = Service::start(seed);
    let counts = service.hear();
    println!("{counts:?}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(check(&service.address, counts));
    service.end();
}

/// The service: until whoever started it is gone.
fn serve(seed: u64) {
    let started = holdover::Builder::new()
        .bind("127.0.0.1:0")
        .log(holdover::Log::Off)
        .grace(Duration::from_millis(10))
        .orphan_grace(Duration::from_millis(30))
        .overdue(Duration::from_millis(20))
        .retention(Duration::ZERO)
        .max_ended(0)
        .wakers(true)
        .try_init()
        .expect("it starts");
    println!("\n{TELLS}{}", started.address().expect("an address"));
    // On a thread of its own: one keeps the last task that it ended, until it ends too.
    let program = thread::spawn(move || program::run(seed, time()));
    let counts = program.join().expect("it does not panic");
    println!("{TELLS}{}", counts.to_line());
    std::io::stdout().flush().expect("somebody reads");
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

struct Service {
    child: Child,
    lines: Receiver<String>,
    address: String,
}

impl Service {
    fn start(seed: u64) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this executable"))
            .args(["every_count_is_exact", "--exact", "--nocapture"])
            .env(SERVICE, seed.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a service process");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let (told, lines) = channel();
        thread::spawn(move || {
            let lines = output.lines().map_while(Result::ok);
            let told_lines = lines.filter_map(|line| line.strip_prefix(TELLS).map(str::to_owned));
            // Whoever hears nothing more does not listen.
            told_lines.map(|line| told.send(line)).take_while(Result::is_ok).for_each(drop);
        });
        let mut service = Self { child, lines, address: String::new() };
        service.address = service.next().expect("an address");
        service
    }

    fn hear(&mut self) -> Counts {
        let line = self.next().expect("it does not die of it, nor stand still");
        Counts::from_line(&line)
    }

    /// It ends by itself, and well: what watches it has its say at its end.
    fn end(mut self) {
        drop(self.child.stdin.take());
        let end = Instant::now() + deadline();
        let status = loop {
            match self.child.try_wait().expect("it can be waited for") {
                None if Instant::now() < end => thread::sleep(Duration::from_millis(10)),
                status => break status,
            }
        };
        assert!(status.is_some_and(|status| status.success()), "it ends with {status:?}");
    }

    fn next(&mut self) -> Option<String> {
        self.lines.recv_timeout(time() + deadline()).ok()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a console is told once the service has done everything.
#[derive(Clone, Debug)]
struct Told {
    totals: v1::Totals,
    /// With retention 0 a task stays only while something pins it.
    tasks: Vec<v1::Task>,
    /// By where they were spawned: these stay.
    groups: Vec<v1::TaskGroup>,
    /// The tasks that were spawned last.
    spawned: Vec<u64>,
    holdings: u64,
    leaks: u64,
    not_recorded: u64,
    runtimes: Vec<v1::RuntimeCoverage>,
}

async fn check(address: &str, counts: Counts) {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    let mut client = HoldoverClient::new(endpoint.connect().await.expect("it listens"));
    let end = Instant::now() + deadline();
    let told = loop {
        let told = look(&mut client).await;
        if is_over(&told) || Instant::now() > end {
            break told;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let Told { totals, .. } = told;
    assert!(is_over(&told), "something is left: {told:#?}");
    assert_eq!(totals.tasks_spawned, counts.recorded(), "{counts:?} {totals:#?}");
    let least = counts.cancelled;
    let most = least + counts.perhaps_cancelled;
    let cancelled = totals.tasks_cancelled;
    assert!((least..=most).contains(&cancelled), "{cancelled} are not {least} to {most}");
    let of_sites = of_all_sites(&told.groups);
    assert_eq!((of_sites.live, of_sites.ended), (0, totals.tasks_spawned), "{:#?}", told.groups);
    assert_eq!(of_sites.cancelled, cancelled, "{:#?}", told.groups);
    let ids: HashSet<u64> = told.spawned.iter().copied().collect();
    assert!(!ids.is_empty(), "none of {} is told of", totals.tasks_spawned);
    assert_eq!(ids.len(), told.spawned.len(), "an id was given twice: {:?}", told.spawned);
    assert!(totals.given > 0, "nothing was ever late: {totals:#?}");
    assert_eq!((told.not_recorded, totals.folded), (0, 0), "{told:#?}");
    assert!(told.runtimes.is_empty(), "the runtime is gone: {told:#?}");
}

/// The tasks of all sites together.
#[derive(Debug, Default)]
struct OfSites {
    live: u64,
    ended: u64,
    cancelled: u64,
}

fn of_all_sites(groups: &[v1::TaskGroup]) -> OfSites {
    let mut all = OfSites::default();
    for group in groups {
        let ended = group.ended.unwrap_or_default();
        all.live += group.live;
        all.ended += ended.completed + ended.cancelled + ended.panicked + ended.shutdown;
        all.cancelled += ended.cancelled;
    }
    all
}

/// Whether nothing is left of anything.
fn is_over(told: &Told) -> bool {
    let totals = &told.totals;
    let of_tasks = [totals.tasks_live, totals.cancelling];
    let of_holdings = [totals.holdings, told.holdings, totals.bytes_kept];
    let of_verdicts = [totals.leaks, totals.orphaned, totals.overdue, told.leaks];
    of_tasks.into_iter().chain(of_holdings).chain(of_verdicts).all(|count| count == 0)
        && totals.given == totals.cleared
        && told.tasks.is_empty()
}

async fn look(client: &mut HoldoverClient<Channel>) -> Told {
    let tasks = update(client, ViewKind::Tasks).await;
    let groups = update(client, ViewKind::TaskGroups).await;
    let holdings = update(client, ViewKind::Holdings).await;
    let events = update_of(client, ViewKind::Events, "event:spawned").await.events;
    let leaks = update(client, ViewKind::Leaks).await;
    let described = client.describe(v1::DescribeRequest {}).await.expect("it answers");
    let coverage = described.into_inner().coverage.expect("a coverage");
    Told {
        totals: leaks.totals.expect("totals"),
        tasks: tasks.tasks,
        groups: groups.task_groups,
        spawned: events.iter().filter_map(|it| Some(it.task.as_ref()?.id)).collect(),
        holdings: holdings.all,
        leaks: leaks.all,
        not_recorded: coverage.not_recorded,
        runtimes: coverage.runtimes,
    }
}

async fn update(client: &mut HoldoverClient<Channel>, kind: ViewKind) -> v1::Update {
    update_of(client, kind, "").await
}

async fn update_of(
    client: &mut HoldoverClient<Channel>,
    kind: ViewKind,
    filter: &str,
) -> v1::Update {
    let (kind, filter) = (kind.into(), filter.to_owned());
    let view = v1::View { kind, filter, limit: 500, ..v1::View::default() };
    let request = v1::WatchRequest { view: Some(view) };
    let mut updates = client.watch(request).await.expect("a view").into_inner();
    updates.message().await.expect("an update").expect("one at least")
}
