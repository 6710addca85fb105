//! `WatchUpdates`, of tasks, and what pauses them.

use std::{collections::HashMap, future::pending, time::Duration};

use console_api::instrument::{
    InstrumentRequest, PauseRequest, ResumeRequest, StateRequest, Temporality,
};
use holdover_proto::v1::{self, holdover_client::HoldoverClient};
use tokio::time::Instant;
use tonic::{Code, transport::Endpoint};

use crate::mirror::{Mirror, attach, field, state};

pub(crate) fn spawn_named<F>(name: &str, future: F) -> holdover::task::JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    holdover::task::Builder::new().name(name).spawn(future).expect("a task")
}

pub(crate) async fn one_task(address: &str) {
    let task = spawn_named("the one", pending::<()>());
    let mut mirror = Mirror::of(&mut attach(address).await).await;
    mirror.until("the task", |mirror| mirror.named("the one").is_some()).await;
    let (told, _) = mirror.named("the one").expect("it is there");
    let location = told.location.as_ref().expect("a place");
    assert_eq!(location.file.as_deref(), Some(file!()));
    assert!(location.line.is_some() && location.column.is_some());
    assert_eq!(field(told, "kind").as_deref(), Some("task"));
    if cfg!(tokio_unstable) {
        assert_eq!(field(told, "task.id"), Some(task.id().to_string()));
    }
    let is_idle = |mirror: &Mirror| {
        mirror.named("the one").is_some_and(|(_, stats)| {
            state(stats) == "idle" && stats.poll_stats.as_ref().is_some_and(|it| it.polls == 1)
        })
    };
    mirror.until("it was polled", is_idle).await;
    task.abort();
    let cancelled = |it: &Mirror| {
        it.named("the one").is_some_and(|(told, _)| field(told, "cancelled").is_some())
    };
    mirror.until("it was cancelled", cancelled).await;
    let (told, stats) = mirror.named("the one").expect("it is there");
    assert_eq!(field(told, "cancelled").as_deref(), Some("true"));
    assert_eq!(state(stats), "ended");
    let polls = stats.poll_stats.as_ref().expect("poll statistics");
    assert_eq!(polls.polls, 1, "the drop is no poll");
}

/// Our own view of the tasks, by their ids.
pub(crate) async fn our_own(address: &str) -> HashMap<u64, v1::Task> {
    our_own_update(address).await.tasks.into_iter().map(|task| (task.id, task)).collect()
}

async fn our_own_update(address: &str) -> v1::Update {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    let mut client = HoldoverClient::new(endpoint.connect().await.expect("it listens"));
    let view = v1::View { kind: v1::ViewKind::Tasks.into(), limit: 500, ..Default::default() };
    let request = v1::WatchRequest { view: Some(view) };
    let mut updates = client.watch(request).await.expect("a view").into_inner();
    updates.message().await.expect("no error").expect("an update")
}

pub(crate) async fn each_task_is_as_in_our_own_view(address: &str) {
    let (stop, stopped) = tokio::sync::watch::channel(());
    let mut tasks = Vec::new();
    for number in 0..100_u32 {
        tasks.push(spawn_named(&format!("polled {number}"), async move {
            for _ in 0..number {
                tokio::task::yield_now().await;
            }
            pending::<()>().await;
        }));
        drop(spawn_named(&format!("ended {number}"), async move {
            tokio::time::sleep(Duration::from_millis((number % 7).into())).await;
        }));
    }
    let blocking = holdover::task::spawn_blocking(move || {
        while stopped.has_changed().is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let mut mirror = Mirror::of(&mut attach(address).await).await;
    // Nothing changes once all of them have been polled: then both can be compared.
    let settled = |mirror: &Mirror| {
        let polls = |name: &str| {
            let found = mirror.named(name).filter(|(_, stats)| state(stats) == "idle");
            found.and_then(|(_, stats)| stats.poll_stats.as_ref()).map(|it| it.polls)
        };
        let ended = |name: &str| mirror.named(name).is_some_and(|it| state(&it.1) == "ended");
        (0..100).all(|number| {
            polls(&format!("polled {number}")) == Some(number + 1)
                && ended(&format!("ended {number}"))
        })
    };
    mirror.until("all of them were polled", settled).await;
    let ours = our_own(address).await;
    let mut compared = 0;
    for (id, task) in &ours {
        // The clients' own tasks go on while this compares.
        if !task.location.starts_with(file!()) {
            continue;
        }
        let (told, stats) = mirror.tasks.get(id).expect("a task of our own view is told of");
        let name = field(told, "task.name").unwrap_or_default();
        assert_eq!(name, task.name, "{task:?}");
        let polls = stats.poll_stats.as_ref().expect("poll statistics");
        assert_eq!((polls.polls, stats.wakes), (task.polls, task.wakes), "{name}");
        let place = told.location.as_ref().map(ToString::to_string).unwrap_or_default();
        assert_eq!(place, task.location, "{name}");
        let ours = match task.state() {
            v1::TaskState::Running => "running",
            v1::TaskState::Scheduled => "scheduled",
            v1::TaskState::Idle => "idle",
            v1::TaskState::Ended => "ended",
            v1::TaskState::Unspecified => "unspecified",
        };
        assert_eq!(state(stats), ours, "{name} {stats:?}");
        compared += 1;
    }
    assert!(compared >= 200, "only {compared} tasks were compared");
    drop(stop);
    blocking.await.expect("it stops");
    for task in tasks {
        task.abort();
    }
}

pub(crate) async fn how_it_was_cancelled(address: &str) {
    const IDLE: Duration = Duration::from_secs(1);
    let begun = Instant::now();
    let spawner = spawn_named("spawner", async {
        let child = spawn_named("leaky", async {
            let _armed = holdover::time::call_later(Duration::from_secs(600), || {});
            pending::<()>().await;
        });
        tokio::task::yield_now().await;
        Some(child)
    });
    let child = spawner.await.expect("it completes").expect("a child");
    let mut mirror = Mirror::of(&mut attach(address).await).await;
    let is_polled = |mirror: &Mirror| {
        mirror.named("leaky").is_some_and(|(_, stats)| {
            stats.poll_stats.as_ref().is_some_and(|polls| polls.polls > 0)
        })
    };
    mirror.until("it was polled", is_polled).await;
    let spawner = mirror.named("spawner").expect("it is kept").0.id.expect("an id");
    let (told, _) = mirror.named("leaky").expect("it is there");
    assert_eq!(told.parents.iter().map(|it| it.id).collect::<Vec<_>>(), [spawner.id]);
    assert_eq!(field(told, "cancelled"), None);
    // Idle for longer than anything it does.
    let idle = Instant::now();
    tokio::time::sleep(IDLE).await;
    let idle = idle.elapsed();
    child.abort_because("a test\u{1b}[31m");
    let has_verdict =
        |mirror: &Mirror| mirror.named("leaky").is_some_and(|it| field(&it.0, "verdict").is_some());
    mirror.until("the verdict", has_verdict).await;
    let (told, stats) = mirror.named("leaky").expect("it is there");
    let says = |name| field(told, name).unwrap_or_default();
    assert_eq!(says("cancelled"), "true");
    assert_eq!(says("outcome"), "cancelled");
    assert_eq!(says("cancel.cause"), "abort");
    assert_eq!(says("cancel.reason"), "a test\\u{1b}[31m");
    assert!(says("cancel.site").starts_with(file!()), "{}", says("cancel.site"));
    assert_eq!(says("verdict"), "left-behind");
    assert!(says("holdings").starts_with("timer call_later "), "{}", says("holdings"));
    let scheduled = stats.scheduled_time.expect("a time");
    let scheduled = Duration::try_from(scheduled).expect("it is not negative");
    assert!(
        scheduled + idle <= begun.elapsed(),
        "the idle time is no scheduled time: {scheduled:?}"
    );
}

pub(crate) async fn a_pause_is_the_clients_own(address: &str) {
    let mut pausing = attach(address).await;
    let mut other = attach(address).await;
    let mut states = pausing.watch_state(StateRequest {}).await.expect("states").into_inner();
    let mut other_states = other.watch_state(StateRequest {}).await.expect("states").into_inner();
    let mut next = async || states.message().await.expect("no error").expect("one").temporality();
    assert_eq!(next().await, Temporality::Live);
    let mut paused_mirror = Mirror::of(&mut pausing).await;
    let mut mirror = Mirror::of(&mut other).await;
    paused_mirror.next().await;
    pausing.pause(PauseRequest {}).await.expect("it pauses");
    assert_eq!(next().await, Temporality::Paused);
    // What was under way still comes.
    let mut under_way = 0;
    while paused_mirror.hears_something(Duration::from_millis(500)).await {
        under_way += 1;
        assert!(under_way <= 4, "it goes on");
    }
    let task = spawn_named("while paused", pending::<()>());
    mirror.until("the other one goes on", |it| it.named("while paused").is_some()).await;
    assert!(!paused_mirror.hears_something(Duration::from_millis(200)).await);
    pausing.resume(ResumeRequest {}).await.expect("it resumes");
    assert_eq!(next().await, Temporality::Live);
    let catches_up = |it: &Mirror| it.named("while paused").is_some();
    paused_mirror.until("it catches up", catches_up).await;
    let first = other_states.message().await.expect("no error").expect("one");
    assert_eq!(first.temporality(), Temporality::Live);
    let more = tokio::time::timeout(Duration::from_millis(100), other_states.message()).await;
    assert!(more.is_err(), "the other one was never paused");
    task.abort();
}

/// It costs the others nothing, and when it reads on it is told what is so then.
pub(crate) async fn one_that_stops_reading(address: &str) {
    let mut stops = Mirror::of(&mut attach(address).await).await;
    stops.next().await;
    let tasks: Vec<_> = (0..5_000)
        .map(|number| spawn_named(&format!("unread {number}"), pending::<()>()))
        .collect();
    let mut reads = Mirror::of(&mut attach(address).await).await;
    reads.until("all tasks", |mirror| mirror.named("unread 4999").is_some()).await;
    for _ in 0..20 {
        reads.next().await;
    }
    for task in &tasks {
        task.abort();
    }
    let before = stops.seen;
    let all_ended = |mirror: &Mirror| {
        let told = mirror.tasks.values();
        let mut unread = told.filter(|(task, _)| {
            field(task, "task.name").is_some_and(|name| name.starts_with("unread "))
        });
        unread.all(|(_, stats)| state(stats) == "ended") && mirror.named("unread 4999").is_some()
    };
    stops.until("it catches up", all_ended).await;
    assert!(stops.seen - before < 200, "{} updates were kept for it", stops.seen - before);
}

pub(crate) async fn no_more_than_a_few(address: &str) {
    let mut client = attach(address).await;
    let mut mirrors = Vec::new();
    let refused = loop {
        match client.watch_updates(InstrumentRequest {}).await {
            Ok(updates) => mirrors.push(updates),
            Err(status) => break status,
        }
        assert!(mirrors.len() <= 64, "each is given memory");
    };
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("clients watch everything already"), "{refused}");
    drop(mirrors);
    // The places are free again, soon.
    let mut tries = 0;
    while client.watch_updates(InstrumentRequest {}).await.is_err() {
        tries += 1;
        assert!(tries < 600, "no place becomes free");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// More tasks than are kept: each one is told of, or counted.
pub(crate) async fn churn(address: &str) {
    const TASKS: u64 = 60_000;
    let mut mirror = Mirror::of(&mut attach(address).await).await;
    let mut other = Mirror::of(&mut attach(address).await).await;
    for mirror in [&mut mirror, &mut other] {
        mirror.until("a round", |mirror| mirror.seen >= 3).await;
    }
    let known = |mirror: &Mirror| mirror.dropped + mirror.tasks.len() as u64;
    let before = [known(&mirror), known(&other)];
    let dropped = mirror.dropped;
    let churn = tokio::spawn(async {
        for number in 0..TASKS {
            drop(tokio::spawn(async {}));
            if number % 1_000 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    while !churn.is_finished() {
        mirror.next().await;
    }
    if !cfg!(tokio_unstable) {
        // Nobody sees tokio's own tasks without it.
        return;
    }
    // What one was told of is not missing from what another is told.
    for (mirror, before) in [&mut mirror, &mut other].into_iter().zip(before) {
        mirror.until("each is told of or counted", |it| known(it) - before >= TASKS).await;
        let made = our_own_update(address).await.totals.expect("totals").tasks_spawned;
        let known = known(mirror);
        assert!(known <= made, "of {made} {known} are told of or counted: some are both");
    }
    assert!(mirror.dropped > dropped, "more than are kept");
}

/// A million with `HOLDOVER_FULL=1`.
pub(crate) async fn a_hundred_thousand(address: &str) {
    let is_full = std::env::var_os("HOLDOVER_FULL").is_some();
    let many = if is_full { 1_000_000 } else { 100_000 };
    let tasks: Vec<_> = (0..many).map(|_| holdover::spawn(pending::<()>())).collect();
    let mut mirror = Mirror::of(&mut attach(address).await).await;
    mirror.until("all tasks", |mirror| mirror.live() >= many).await;
    let (ending, _) = tasks.split_at(5_000);
    for task in ending {
        task.abort();
    }
    let few_end = |mirror: &Mirror| (many - 10_000..many - 4_000).contains(&mirror.live());
    mirror.until("some of them end", few_end).await;
}
