//! A console as a test has it: what is told, and waiting for something to be told.

use std::{
    io::Write,
    process::ChildStdin,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use holdover_proto::v1::{
    self, Cause, HoldingKind, Outcome, Phase, TaskKind, Verdict, ViewKind,
    holdover_client::HoldoverClient,
};
use tokio::sync::Notify;
use tonic::transport::{Channel, Endpoint};

use self::look::interval_of_its_own;
use crate::harness::GRACE;

// Named here, not in each of the test binaries that have this file.
#[path = "../shared/look.rs"]
mod look;

/// Long enough for a machine with everything else going on.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// In the service: what was to be seen has been seen.
static GO_ON: Notify = Notify::const_new();
static GOES_ON: AtomicBool = AtomicBool::new(false);

pub fn goes_on() -> bool {
    GOES_ON.load(Ordering::Relaxed)
}

/// For a scenario that must not be over before it has been looked at.
pub async fn told_to_go_on() {
    GO_ON.notified().await;
}

/// The service is told.
pub fn go_on() {
    GOES_ON.store(true, Ordering::Relaxed);
    GO_ON.notify_one();
}

pub struct Console {
    client: HoldoverClient<Channel>,
    service: ChildStdin,
}

impl Console {
    pub async fn attach(address: &str, service: ChildStdin) -> Self {
        let uri = if address.starts_with("unix:") {
            address.to_owned()
        } else {
            format!("http://{address}")
        };
        let endpoint = Endpoint::from_shared(uri).expect("an address");
        let client = HoldoverClient::new(endpoint.connect().await.expect("it listens"));
        Self { client, service }
    }

    /// Tells the service to.
    pub fn go_on(&mut self) {
        self.service.write_all(b"go on\n").expect("it lives");
    }

    async fn look(&mut self, view: v1::View) -> v1::Update {
        let view = v1::View { interval_ms: interval_of_its_own(), ..view };
        let request = v1::WatchRequest { view: Some(view) };
        let mut updates = self.client.watch(request).await.expect("a view").into_inner();
        updates.message().await.expect("an update").expect("one at least")
    }

    async fn coverage(&mut self) -> v1::Coverage {
        let described = self.client.describe(v1::DescribeRequest {}).await;
        described.expect("it answers").into_inner().coverage.expect("a coverage")
    }

    pub async fn process_id(&mut self) -> u32 {
        let described = self.client.describe(v1::DescribeRequest {}).await;
        described.expect("it answers").into_inner().target.expect("a target").pid
    }

    pub async fn leaks(&mut self) -> v1::Update {
        self.look(view(ViewKind::Leaks)).await
    }

    pub async fn tasks(&mut self) -> Vec<v1::Task> {
        self.look(view(ViewKind::Tasks)).await.tasks
    }

    pub async fn totals(&mut self) -> v1::Totals {
        self.leaks().await.totals.expect("totals")
    }

    /// Waits until `found` finds something in what `look` gives.
    async fn wait<T, L, F>(&mut self, what: &str, look: L, found: impl Fn(&T) -> Option<F>) -> F
    where
        L: AsyncFn(&mut Self) -> T,
        T: std::fmt::Debug,
    {
        let end = Instant::now() + DEADLINE;
        loop {
            let seen = look(self).await;
            if let Some(found) = found(&seen) {
                return found;
            }
            assert!(Instant::now() < end, "waited for {what}, and saw {seen:#?}");
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }

    /// Also those that have cleared: a machine with everything else going on may look
    /// when it is all over.
    pub async fn leaks_and_cleared(&mut self) -> v1::Update {
        self.look(v1::View { cleared: true, ..view(ViewKind::Leaks) }).await
    }

    /// Waits for the coverage to be so.
    pub async fn coverage_where(&mut self, is_so: impl Fn(&v1::Coverage) -> bool) -> v1::Coverage {
        let found = |seen: &v1::Coverage| is_so(seen).then(|| seen.clone());
        self.wait("the coverage", Self::coverage, found).await
    }

    /// Waits for a leak of this verdict on the task of this name.
    pub async fn leak(&mut self, verdict: Verdict, task: &str) -> v1::Leak {
        self.leak_where(verdict, task, |_| true).await
    }

    /// Waits for a row of which this is so, whatever task it is given to.
    pub async fn leaks_where(&mut self, what: &str, is_so: impl Fn(&v1::Leak) -> bool) -> v1::Leak {
        let found = |update: &v1::Update| update.leaks.iter().find(|leak| is_so(leak)).cloned();
        self.wait(what, Self::leaks_and_cleared, found).await
    }

    /// Waits for a live holding of which this is so.
    pub async fn holding_where(
        &mut self,
        what: &str,
        is_so: impl Fn(&v1::HeldRow) -> bool,
    ) -> v1::HeldRow {
        let look = async |console: &mut Self| console.look(view(ViewKind::Holdings)).await.holdings;
        let found = |rows: &Vec<v1::HeldRow>| rows.iter().find(|row| is_so(row)).cloned();
        self.wait(what, look, found).await
    }

    /// Waits for totals of which this is so.
    pub async fn totals_where(&mut self, is_so: impl Fn(&v1::Totals) -> bool) -> v1::Totals {
        let found = |totals: &v1::Totals| is_so(totals).then_some(*totals);
        self.wait("the totals", Self::totals, found).await
    }

    pub async fn leak_where(
        &mut self,
        verdict: Verdict,
        task: &str,
        is_so: impl Fn(&v1::Leak) -> bool,
    ) -> v1::Leak {
        let what = format!("{verdict:?} on {task}");
        self.wait(&what, Self::leaks_and_cleared, |update| {
            let is_it = |leak: &&v1::Leak| leak.verdict() == verdict && name(leak) == task;
            update.leaks.iter().filter(is_it).find(|leak| is_so(leak)).cloned()
        })
        .await
    }

    /// Waits for a group of leaks.
    pub async fn group_where(&mut self, is_so: impl Fn(&v1::LeakGroup) -> bool) -> v1::LeakGroup {
        // Also those that have cleared, as with leaks.
        let view = || v1::View { cleared: true, ..view(ViewKind::LeakGroups) };
        let look = async |it: &mut Self| it.look(view()).await.groups;
        let found = |seen: &Vec<v1::LeakGroup>| seen.iter().find(|group| is_so(group)).cloned();
        self.wait("a group", look, found).await
    }

    /// Waits for a live holding of this label to be so.
    pub async fn holding(
        &mut self,
        label: &str,
        is_so: impl Fn(&v1::Holding) -> bool,
    ) -> v1::Holding {
        let look = async |console: &mut Self| console.look(view(ViewKind::Holdings)).await.holdings;
        self.wait(&format!("the holding {label}"), look, |rows| {
            let mut held = rows.iter().filter_map(|row| row.holding.as_ref());
            held.find(|held| held.label == label && is_so(held)).cloned()
        })
        .await
    }

    /// How the pools are.
    pub async fn pools(&mut self) -> Vec<v1::Pool> {
        self.look(view(ViewKind::Pools)).await.pools
    }

    /// Waits for the pool of this name to be so.
    pub async fn pool_where(&mut self, pool: &str, is_so: impl Fn(&v1::Pool) -> bool) -> v1::Pool {
        self.wait(&format!("the pool {pool}"), Self::pools, |pools| {
            pools.iter().find(|it| it.name == pool && is_so(it)).cloned()
        })
        .await
    }

    /// Waits until nothing is reported.
    pub async fn cleared(&mut self) {
        self.wait("everything to clear", Self::leaks, |update| {
            let totals = update.totals.expect("totals");
            (update.leaks.is_empty() && totals.given == totals.cleared).then_some(())
        })
        .await;
    }

    /// Waits for the task of this name to be recorded.
    pub async fn task(&mut self, task: &str) -> v1::Task {
        self.task_where(task, |_| true).await
    }

    pub async fn task_where(&mut self, task: &str, is_so: impl Fn(&v1::Task) -> bool) -> v1::Task {
        self.wait(&format!("the task {task}"), Self::tasks, |tasks| {
            tasks.iter().find(|it| it.name == task && is_so(it)).cloned()
        })
        .await
    }

    /// Waits for the task of this name to end so.
    pub async fn ended(&mut self, task: &str, outcome: Outcome) -> v1::Task {
        let ended = self.task_where(task, |task| task.ended_ns.is_some()).await;
        assert_eq!(ended.outcome(), outcome, "{ended:#?}");
        ended
    }

    /// Nothing was given so far, nor is it within `graces` of grace.
    pub async fn nothing_for(&mut self, graces: u32) {
        let end = Instant::now() + GRACE * graces;
        loop {
            let update = self.leaks_and_cleared().await;
            let given = update.totals.expect("totals").given;
            assert_eq!(given, 0, "a verdict was given: {:#?}", update.leaks);
            if Instant::now() >= end {
                return;
            }
            tokio::time::sleep(GRACE / 4).await;
        }
    }

    /// The task was recorded, was cancelled, and no verdict is given.
    pub async fn nothing_on_the_cancelled(&mut self, task: &str) {
        let ended = self.ended(task, Outcome::Cancelled).await;
        assert!(ended.cancel.is_some(), "{ended:#?}");
        self.nothing_for(6).await;
    }
}

fn view(kind: ViewKind) -> v1::View {
    v1::View { kind: kind.into(), limit: 500, ..v1::View::default() }
}

pub fn name(leak: &v1::Leak) -> &str {
    leak.task.as_ref().map_or("", |task| &task.name)
}

pub fn cancel(leak: &v1::Leak) -> &v1::Cancel {
    leak.task.as_ref().and_then(|task| task.cancel.as_ref()).expect("it was cancelled")
}

/// What a holding is to be.
#[track_caller]
pub fn assert_holding(held: &v1::Holding, kind: HoldingKind, label: &str, phase: Phase) {
    assert_eq!((held.kind(), held.label.as_str()), (kind, label), "{held:#?}");
    assert_eq!(held.phase(), phase, "{held:#?}");
}

/// The site is a place in this test's own file.
#[track_caller]
pub fn assert_site(site: &str, file: &str) {
    let (place, line) = site.split_once(".rs:").expect("a place");
    assert!(place.ends_with(file), "{site} is not in {file}");
    assert!(line.split(':').all(|number| number.parse::<u32>().is_ok()), "{site}");
}

#[track_caller]
pub fn assert_cause(cancel: &v1::Cancel, cause: Cause) {
    assert_eq!(cancel.cause(), cause, "{cancel:#?}");
}

/// Of which kind a task is.
#[track_caller]
pub fn assert_kind(task: &v1::Task, kind: TaskKind) {
    assert_eq!(task.kind(), kind, "{task:#?}");
}
