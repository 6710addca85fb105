//! `WatchTaskDetails`.

use std::{future::pending, io::Cursor, time::Duration};

use console_api::{
    Id,
    instrument::TaskDetailsRequest,
    tasks::{DurationHistogram, TaskDetails, task_details::PollTimesHistogram},
};
use hdrhistogram::{Histogram, serialization::Deserializer};
use tonic::Code;

use crate::{
    mirror::{Mirror, attach, state},
    updates::spawn_named,
};

fn read(histogram: &DurationHistogram) -> Histogram<u64> {
    let mut bytes = Cursor::new(&histogram.raw_histogram);
    Deserializer::new().deserialize(&mut bytes).expect("it can be read")
}

fn poll_times(details: &TaskDetails) -> Histogram<u64> {
    match &details.poll_times_histogram {
        Some(PollTimesHistogram::Histogram(histogram)) => read(histogram),
        other => panic!("not the histogram of today: {other:?}"),
    }
}

/// The polls take 20 ms each, and come so seldom that each is seen by itself.
pub(crate) async fn how_long_the_polls_took(address: &str) {
    const POLLS: u64 = 8;
    let task = spawn_named("slow polls", async {
        for _ in 1..POLLS {
            std::thread::sleep(Duration::from_millis(20));
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        pending::<()>().await;
    });
    let mut client = attach(address).await;
    let mut mirror = Mirror::of(&mut client).await;
    mirror.until("the task", |it| it.named("slow polls").is_some()).await;
    let id = mirror.named("slow polls").expect("it is there").0.id.expect("an id");
    let request = TaskDetailsRequest { id: Some(id) };
    let mut details = client.watch_task_details(request).await.expect("details").into_inner();
    let last = loop {
        let details = details.message().await.expect("no error").expect("it goes on");
        assert_eq!(details.task_id, Some(id));
        assert!(details.now.is_some());
        if poll_times(&details).len() >= POLLS {
            break details;
        }
    };
    let polls = poll_times(&last);
    assert_eq!(polls.len(), POLLS);
    let long = polls.count_between(19_000_000, 10_000_000_000);
    assert!((4..POLLS).contains(&long), "{long} of {POLLS} polls took 20 ms");
    let scheduled = read(last.scheduled_times_histogram.as_ref().expect("a histogram"));
    assert_eq!(scheduled.len(), POLLS, "it waited for each");
    task.abort();
}

/// What it did last is told, and the stream goes on while the task is kept.
pub(crate) async fn of_a_task_that_ends(address: &str) {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let task = spawn_named("ends", stopped);
    let mut client = attach(address).await;
    let mut mirror = Mirror::of(&mut client).await;
    mirror.until("the task", |it| it.named("ends").is_some()).await;
    let id = mirror.named("ends").expect("it is there").0.id;
    let request = TaskDetailsRequest { id };
    let mut details = client.watch_task_details(request).await.expect("details").into_inner();
    details.message().await.expect("no error").expect("the first");
    stop.send(()).expect("it waits");
    task.await.expect("no panic").expect("it was told");
    while poll_times(&details.message().await.expect("no error").expect("it is kept")).len() < 2 {}
    let ended = |it: &Mirror| it.named("ends").is_some_and(|(_, stats)| state(stats) == "ended");
    mirror.until("its end", ended).await;
    // Who asks only now is told the same.
    let mut late = client.watch_task_details(request).await.expect("details").into_inner();
    let told = late.message().await.expect("no error").expect("the first");
    assert_eq!(poll_times(&told).len(), 2);
}

pub(crate) async fn of_a_task_that_is_none(address: &str) {
    let mut client = attach(address).await;
    for id in [None, Some(0), Some(1 << 63), Some(u64::MAX)] {
        let request = TaskDetailsRequest { id: id.map(|id| Id { id }) };
        let status = client.watch_task_details(request).await.expect_err("there is none");
        assert_eq!(status.code(), Code::NotFound);
        assert!(status.message().starts_with("there is no task with the id"), "{status}");
    }
}

pub(crate) async fn no_more_than_a_few(address: &str) {
    let task = spawn_named("looked at", pending::<()>());
    let mut client = attach(address).await;
    let mut mirror = Mirror::of(&mut client).await;
    mirror.until("the task", |it| it.named("looked at").is_some()).await;
    let request = TaskDetailsRequest { id: mirror.named("looked at").expect("it is there").0.id };
    let mut looks = Vec::new();
    let refused = loop {
        match client.watch_task_details(request).await {
            Ok(details) => looks.push(details),
            Err(status) => break status,
        }
        assert!(looks.len() <= 64, "each costs time");
    };
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("clients look at a task already"), "{refused}");
    drop(looks);
    // The places are free again, soon.
    let mut tries = 0;
    while client.watch_task_details(request).await.is_err() {
        tries += 1;
        assert!(tries < 600, "no place becomes free");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    task.abort();
}
