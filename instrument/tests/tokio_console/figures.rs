//! The figures by which tokio-console judges a task: it warns of one that has lost its
//! waker, wakes itself, never yields or is large.

use std::{
    future::{pending, poll_fn},
    hint::black_box,
    sync::mpsc,
    task::Poll,
    thread,
    time::Duration,
};

use console_api::tasks::{Stats, Task};

use crate::{
    mirror::{Mirror, attach, field, state},
    updates::{our_own, spawn_named},
};

const LONG: Duration = Duration::from_secs(900);
const LARGE: usize = 20_000;
const HALF: usize = LARGE / 2;

fn polls(stats: &Stats) -> u64 {
    stats.poll_stats.as_ref().expect("poll statistics").polls
}

fn wakers(stats: &Stats) -> u64 {
    stats.waker_clones.saturating_sub(stats.waker_drops)
}

/// The task once it is idle after so many polls.
async fn idle<'a>(mirror: &'a mut Mirror, name: &str, after: u64) -> &'a (Task, Stats) {
    let is_so = |it: &(Task, Stats)| state(&it.1) == "idle" && polls(&it.1) == after;
    mirror.until(name, |mirror| mirror.named(name).is_some_and(is_so)).await;
    mirror.named(name).expect("it is there")
}

pub(crate) async fn wakes_itself() {
    let mut is_woken = false;
    poll_fn(|context| {
        if is_woken {
            return Poll::Ready(());
        }
        is_woken = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

pub(crate) async fn who_woke_it_and_when(address: &str) {
    let by_itself = spawn_named("wakes itself", async {
        for _ in 0..3 {
            wakes_itself().await;
        }
        holdover::time::sleep(LONG).await;
    });
    let (tell, told) = tokio::sync::oneshot::channel();
    let by_another = spawn_named("is woken", async {
        told.await.expect("it is told");
        holdover::time::sleep(LONG).await;
    });
    let mut mirror = Mirror::of(&mut attach(address).await).await;
    idle(&mut mirror, "is woken", 1).await;
    tell.send(()).expect("it waits");
    // Only tokio's own events tell of wakes; a task that waits has a waker all the same.
    let seen = u64::from(cfg!(tokio_unstable));
    let at = |at: &Option<prost_types::Timestamp>| at.map(|at| (at.seconds, at.nanos));
    for (name, after, wakes, self_wakes) in
        [("wakes itself", 4, 3 * seen, 3 * seen), ("is woken", 2, seen, 0)]
    {
        let (_, stats) = idle(&mut mirror, name, after).await;
        assert_eq!((stats.wakes, stats.self_wakes), (wakes, self_wakes), "{name}");
        assert!(wakers(stats) > 0, "{name} has lost its waker: {stats:?}");
        let last_poll = at(&stats.poll_stats.as_ref().expect("some").last_poll_started);
        let last_wake = at(&stats.last_wake);
        assert_eq!(last_wake.is_some(), cfg!(tokio_unstable), "{name}");
        assert!(last_wake <= last_poll && last_wake <= at(&mirror.now), "{name}: {last_wake:?}");
    }
    by_itself.abort();
    by_another.abort();
}

pub(crate) async fn how_large_it_is(address: &str) {
    let small = spawn_named("small", pending::<()>());
    let large = spawn_named("large", async {
        let room = ([1_u8; HALF], [2_u8; HALF]);
        pending::<()>().await;
        black_box(&room);
    });
    let mut mirror = Mirror::of(&mut attach(address).await).await;
    let (task, _) = idle(&mut mirror, "large", 1).await;
    let size = |name| field(task, name).map(|size| size.parse::<usize>().expect("a number"));
    if cfg!(tokio_unstable) {
        assert_eq!(size("size.bytes"), Some(size_of::<usize>()), "tokio has put it into a box");
        assert!(size("original_size.bytes").is_some_and(|size| size > LARGE));
    } else {
        assert!(size("size.bytes").is_some_and(|size| size > LARGE));
        assert_eq!(size("original_size.bytes"), None, "nobody says whether it is boxed");
    }
    let (task, _) = idle(&mut mirror, "small", 1).await;
    assert_eq!(field(task, "original_size.bytes"), None);
    small.abort();
    large.abort();
}

/// tokio-console says of a task in its first poll that it never yielded.
pub(crate) async fn a_poll_counts_from_its_beginning(address: &str) {
    let (stop, stopped) = mpsc::channel::<()>();
    let task = spawn_named("runs", async move {
        tokio::task::yield_now().await;
        while let Err(mpsc::TryRecvError::Empty) = stopped.try_recv() {
            thread::sleep(Duration::from_millis(5));
        }
    });
    let mut mirror = Mirror::of(&mut attach(address).await).await;
    let runs = |it: &(Task, Stats)| state(&it.1) == "running" && polls(&it.1) == 2;
    mirror.until("its second poll", |mirror| mirror.named("runs").is_some_and(runs)).await;
    let id = mirror.named("runs").expect("it is there").0.id.expect("an id").id;
    assert_eq!(our_own(address).await[&id].polls, 2, "as in our own view");
    drop(stop);
    task.await.expect("it ends");
    let ended = |it: &(Task, Stats)| state(&it.1) == "ended";
    mirror.until("its end", |mirror| mirror.named("runs").is_some_and(ended)).await;
    assert_eq!(polls(&mirror.named("runs").expect("it is there").1), 2, "the drop is no poll");
}
