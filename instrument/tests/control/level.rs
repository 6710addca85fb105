//! The level at run time: what was made while it was off stays unknown, and no verdict is
//! wrong for it.

use std::{future::pending, sync::Arc, time::Duration};

#[cfg(tokio_unstable)]
use holdover_proto::v1::{Outcome, TaskState};
use holdover_proto::v1::{Verdict, ViewKind};

use crate::{
    alone,
    client::{Client, GRACE, Socket},
};

type Start = fn(holdover::Builder) -> Socket;

fn on_a_runtime(start: Start, level: holdover::Level, test: impl AsyncFnOnce(&mut Client)) {
    let socket = start(holdover::Builder::new().control(true).level(level));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async { test(&mut socket.attach().await).await });
}

/// Longer than whatever is to be reported takes.
async fn a_while() {
    tokio::time::sleep(GRACE * 8).await;
}

/// Cancels a task that leaves a permit behind, in both forms. Gives what it left.
async fn leak(semaphore: &Arc<holdover::sync::Semaphore>) -> holdover::sync::OwnedSemaphorePermit {
    let (give, get) = tokio::sync::oneshot::channel();
    let semaphore = Arc::clone(semaphore);
    let task = holdover::spawn(async move {
        let permit = semaphore.acquire_owned().await.expect("it is open");
        assert!(give.send(permit).is_ok());
        pending::<()>().await;
    });
    let permit = get.await.expect("sent");
    task.abort();
    assert!(task.await.expect_err("cancelled").is_cancelled());
    permit
}

fn is_left_behind(leaks: &[holdover_proto::v1::Leak]) -> bool {
    leaks.len() == 1 && leaks[0].verdict() == Verdict::LeftBehind
}

#[test]
fn off_to_all() {
    alone("level::off_to_all", || from_off_to_all(Socket::start));
}

#[cfg(feature = "layer")]
#[test]
fn off_to_all_by_a_layer() {
    alone("level::off_to_all_by_a_layer", || from_off_to_all(Socket::start_layer));
}

fn from_off_to_all(start: Start) {
    on_a_runtime(start, holdover::Level::Off, async |client| {
        let semaphore = Arc::new(holdover::sync::Semaphore::new(9));
        let before = (holdover::spawn(pending::<()>()), tokio::spawn(pending::<()>()));
        let unseen = leak(&semaphore).await;
        a_while().await;
        assert!(client.look(ViewKind::Tasks, "").await.tasks.is_empty());
        assert_eq!(client.described().await.coverage.expect("one").level, "off");

        assert_eq!(client.set_level("all").await, "off");
        let coverage = client.described().await.coverage.expect("one");
        assert!(coverage.recording_since_ns > 0);
        assert!(coverage.blind.iter().any(|it| it.cause == "level-was-off"), "{coverage:?}");
        let seen = leak(&semaphore).await;
        client.leaks("one left behind", is_left_behind).await;
        #[cfg(tokio_unstable)]
        {
            let plain = tokio::spawn(pending::<()>());
            tokio::task::yield_now().await;
            plain.abort();
            let is_it = |task: &holdover_proto::v1::Task| {
                task.tokio_id.map(|id| id.to_string()) == Some(plain.id().to_string())
            };
            let ended = |task: &holdover_proto::v1::Task| task.state() == TaskState::Ended;
            let task = client.task("", |task| is_it(task) && ended(task)).await;
            assert_eq!(task.outcome(), Outcome::Cancelled);
        }
        drop((unseen, seen));
        client.leaks("none", <[_]>::is_empty).await;
        before.0.abort();
        before.1.abort();
        a_while().await;
        assert!(client.look(ViewKind::Leaks, "").await.leaks.is_empty());
    });
}

#[test]
fn all_to_off_to_all() {
    alone("level::all_to_off_to_all", || from_all_to_off_to_all(Socket::start));
}

#[cfg(feature = "layer")]
#[test]
fn all_to_off_to_all_by_a_layer() {
    alone("level::all_to_off_to_all_by_a_layer", || from_all_to_off_to_all(Socket::start_layer));
}

fn from_all_to_off_to_all(start: Start) {
    on_a_runtime(start, holdover::Level::All, async |client| {
        let semaphore = Arc::new(holdover::sync::Semaphore::new(9));
        let kept = leak(&semaphore).await;
        client.leaks("one left behind", is_left_behind).await;
        let living = holdover::spawn(pending::<()>());
        let (begins, began) = tokio::sync::oneshot::channel();
        let stuck = holdover::task::spawn_blocking(move || {
            begins.send(()).expect("it is waited for");
            std::thread::sleep(GRACE * 20);
        });
        // From then on it cannot be aborted.
        began.await.expect("it began");
        let plain = a_plain_world().await;
        tokio::task::yield_now().await;
        assert_eq!(client.set_level("off").await, "all");
        assert_eq!(client.set_level("off").await, "off");
        assert!(!client.described().await.coverage.expect("one").spans);

        // Seen to end, and no more than that is known of them.
        living.abort();
        stuck.abort();
        plain.is_given_back();
        // A leak from before stays, and goes when it does.
        a_while().await;
        assert!(is_left_behind(&client.look(ViewKind::Leaks, "").await.leaks));
        drop(kept);
        client.leaks("none", <[_]>::is_empty).await;

        assert_eq!(client.set_level("all").await, "off");
        plain.goes_on().await;
        a_while().await;
        let leaks = client.look(ViewKind::Leaks, "").await.leaks;
        assert!(leaks.is_empty(), "{leaks:#?}");
        let again = leak(&semaphore).await;
        client.leaks("one left behind", is_left_behind).await;
        drop(again);
        client.leaks("none", <[_]>::is_empty).await;
        assert!(living.await.expect_err("cancelled").is_cancelled());
        stuck.await.expect("it returned");
    });
}

/// What only tokio's events tell of: a lock and a semaphore, which change hands while
/// nothing is recorded.
struct Plain {
    lock: Arc<tokio::sync::Mutex<()>>,
    permits: Arc<tokio::sync::Semaphore>,
    held: std::sync::Mutex<Vec<Held>>,
}

type Held = (tokio::sync::OwnedMutexGuard<()>, tokio::sync::OwnedSemaphorePermit);

async fn a_plain_world() -> Plain {
    let plain = Plain {
        lock: Arc::new(tokio::sync::Mutex::new(())),
        permits: Arc::new(tokio::sync::Semaphore::new(5)),
        held: std::sync::Mutex::default(),
    };
    let held = plain.take().await;
    plain.held.lock().expect("whole").push(held);
    plain
}

impl Plain {
    async fn take(&self) -> Held {
        let lock = Arc::clone(&self.lock).lock_owned().await;
        let permit = Arc::clone(&self.permits).acquire_owned().await.expect("it is open");
        (lock, permit)
    }

    fn is_given_back(&self) {
        self.held.lock().expect("whole").clear();
    }

    /// A task takes both, gives them back, and is cancelled.
    async fn goes_on(&self) {
        let (lock, permits) = (Arc::clone(&self.lock), Arc::clone(&self.permits));
        let task = tokio::spawn(async move {
            let guard = lock.lock_owned().await;
            let permit = permits.acquire_owned().await.expect("it is open");
            drop((guard, permit));
            pending::<()>().await;
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        task.abort();
        assert!(task.await.expect_err("cancelled").is_cancelled());
    }
}
