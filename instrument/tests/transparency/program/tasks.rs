//! Tasks, locks, channels and timers: what tokio emits most of.

use std::{future::pending, sync::Arc, time::Duration};

use tokio::{
    sync::{Barrier, Mutex, Notify, RwLock, Semaphore, mpsc, oneshot, watch},
    task::{JoinSet, LocalSet, spawn_blocking, spawn_local, yield_now},
    time::{interval, sleep, timeout},
};
use tracing::{Instrument as _, Span, debug, info, info_span, instrument, trace};

use super::spans::{Leaving, where_am_i};

/// Tasks with spans of their own, without any, and within others.
pub(crate) async fn spawned() {
    let worker = tokio::spawn(
        async {
            debug!(target: "app", "a debug in a worker");
            let inner = tokio::spawn(helper(1).instrument(info_span!(target: "app", "inner")));
            yield_now().await;
            inner.await.expect("it ends");
            trace!(target: "app", "a trace in a worker");
            where_am_i();
        }
        .instrument(info_span!(target: "app", "worker", kind = "a")),
    );
    let plain = tokio::spawn(async {
        info!(target: "app", "in a task without a span");
        helper(2).await;
    });
    worker.await.expect("it ends");
    plain.await.expect("it ends");
    let mut set = JoinSet::new();
    for number in 0..3 {
        set.spawn(helper(number).instrument(info_span!(target: "app", "member", number)));
    }
    while let Some(ended) = set.join_next().await {
        info!(target: "app", ok = ended.is_ok(), "a member ended");
    }
}

#[instrument(target = "app")]
async fn helper(number: u64) {
    log::info!(target: "app", "a record in a helper");
    sleep(Duration::from_millis(number)).await;
    info!(target: "app", "helped");
}

/// Everything that waits: each polls and wakes, in spans of tokio's.
pub(crate) async fn sync() {
    let _section = async {
        let semaphore = Arc::new(Semaphore::new(1));
        let mutex = Arc::new(Mutex::new(0));
        let (ask, asked) = oneshot::channel::<u64>();
        let permit = Arc::clone(&semaphore).acquire_owned().await.expect("it is open");
        let waits = tokio::spawn({
            let (semaphore, mutex) = (Arc::clone(&semaphore), Arc::clone(&mutex));
            async move {
                let _permit = semaphore.acquire().await.expect("it is open");
                *mutex.lock().await += asked.await.unwrap_or_default();
                info!(target: "app", "locked and answered");
            }
            .instrument(info_span!(target: "app", "waits"))
        });
        yield_now().await;
        let held = mutex.lock().await;
        drop(permit);
        yield_now().await;
        drop(held);
        ask.send(5).expect("somebody waits");
        waits.await.expect("it ends");
        info!(target: "app", sum = *mutex.lock().await, "sum");
    }
    .instrument(info_span!(target: "app", "locks"))
    .await;
    channels().await;
}

#[instrument(target = "app", level = "debug")]
async fn channels() {
    let (sender, mut receiver) = mpsc::channel(1);
    let (changes, mut seen) = watch::channel(0);
    let notify = Arc::new(Notify::new());
    let lock = RwLock::new(());
    let barrier = Arc::new(Barrier::new(2));
    let sends = tokio::spawn({
        let (notify, barrier) = (Arc::clone(&notify), Arc::clone(&barrier));
        async move {
            for number in 0..3 {
                sender.send(number).await.expect("somebody receives");
            }
            changes.send_replace(1);
            notify.notify_one();
            barrier.wait().await;
        }
    });
    while let Some(number) = receiver.recv().await {
        info!(target: "app", number, "received");
        if number == 2 {
            break;
        }
    }
    seen.changed().await.expect("the sender changed it");
    notify.notified().await;
    drop(lock.read().await);
    drop(lock.write().await);
    barrier.wait().await;
    sends.await.expect("it ends");
}

pub(crate) async fn timers() {
    let mut ticks = interval(Duration::from_millis(10));
    for _ in 0..3 {
        ticks.tick().instrument(info_span!(target: "app", "tick")).await;
        info!(target: "app", "ticked");
    }
    let late = timeout(Duration::from_millis(1), pending::<()>());
    let late = late.instrument(info_span!(target: "app", "timeout")).await;
    info!(target: "app", late = late.is_err(), "timed out");
}

/// Tasks that are dropped unfinished, and one that panics.
pub(crate) async fn dropped() {
    let task = tokio::spawn(async {
        let _leaving = Leaving::new("aborted");
        sleep(Duration::from_secs(1)).instrument(info_span!(target: "app", "sleeps")).await;
    });
    yield_now().await;
    task.abort();
    let cancelled = task.await.is_err_and(|error| error.is_cancelled());
    info!(target: "app", cancelled, "aborted");
    let panics = tokio::spawn(
        async {
            let _leaving = Leaving::new("panicked");
            yield_now().await;
            std::panic::resume_unwind(Box::new("on purpose"));
        }
        .instrument(info_span!(target: "app", "panicking")),
    );
    let panicked = panics.await.is_err_and(|error| error.is_panic());
    info!(target: "app", panicked, "panicked");
}

/// Polled by the task around it.
pub(crate) async fn local() {
    let set = LocalSet::new();
    set.run_until(async {
        let local = spawn_local(async {
            info!(target: "app", "in a local task");
            sleep(Duration::from_millis(1)).await;
        });
        local.instrument(info_span!(target: "app", "local")).await.expect("it ends");
    })
    .await;
}

/// Tasks that take the current span with them, and blocking ones.
pub(crate) async fn elsewhere() {
    where_am_i();
    tokio::spawn(helper(4).in_current_span()).await.expect("it ends");
    let taken = Span::current();
    let blocking = spawn_blocking(move || {
        info!(target: "app", "in a blocking closure");
        taken.in_scope(|| info!(target: "app", "in the span that was taken along"));
        let _span = info_span!(target: "app", "blocking").entered();
        debug!(target: "app", "in its own span");
    });
    blocking.await.expect("it ends");
}

/// Dropped by the runtime when that is shut down.
pub(crate) fn left_to_the_runtime() {
    tokio::spawn(async {
        let _leaving = Leaving::new("never polled");
        pending::<()>().await;
    });
    let leaving = Leaving::new("with the runtime");
    tokio::spawn(
        async move {
            let _leaving = leaving;
            pending::<()>().await;
        }
        .instrument(info_span!(target: "app", "left")),
    );
}
