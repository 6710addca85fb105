//! What the tasks of the service do.

use std::{
    future::{pending, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
    thread,
    time::Duration,
};

use tokio::{
    sync::{Mutex, Semaphore, oneshot},
    task::{Builder, JoinHandle, spawn_blocking},
    time::{interval, sleep},
};

use crate::service::Kind;

const LONG: Duration = Duration::from_secs(3600);
const CROWD: usize = 5_000;

pub async fn run(kind: Kind) {
    match kind {
        Kind::Each => each().await,
        Kind::Crowd => crowd(),
        Kind::Fine => fine(),
        Kind::Locks => locks().await,
    }
    sleep(LONG).await;
}

fn named(name: &str, future: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    Builder::new().name(name).spawn(future).expect("a task")
}

async fn each() {
    let state = Arc::new(Mutex::new(0));
    let has = Arc::clone(&state);
    let (locked, is_locked) = oneshot::channel();
    named("ledger", async move {
        let _guard = has.lock().await;
        let _ = locked.send(());
        pending::<()>().await;
    });
    let _ = is_locked.await;
    named("report", async move {
        *state.lock().await += 1;
    });
    let permits = Arc::new(Semaphore::new(0));
    named("queue", async move {
        let _ = permits.acquire().await;
    });
    let (sender, receiver) = oneshot::channel::<()>();
    named("answer", async move {
        let _ = receiver.await;
    });
    named("ticker", async {
        let mut tick = interval(Duration::from_millis(50));
        loop {
            tick.tick().await;
        }
    });
    // Nobody keeps its waker.
    named("lost", poll_fn(|_| Poll::<()>::Pending));
    named("short", async {});
    sleep(LONG).await;
    assert!(!sender.is_closed(), "the answer is awaited");
}

fn crowd() {
    let long = "of a crowd ".repeat(100);
    for _ in 0..CROWD {
        named(&long, pending());
    }
}

/// None of them has lost its wakers, and each looks as if.
fn fine() {
    let waits = named("waits", sleep(LONG));
    named("joins", async move {
        let _ = waits.await;
    });
    named("of a thread", of_a_thread());
    let mut both = (Box::pin(sleep(LONG)), Box::pin(sleep(LONG)));
    named("of two", poll_fn(move |cx| either(&mut both, cx)));
    named("in place", async {
        tokio::task::block_in_place(|| thread::sleep(LONG));
    });
    // Its span stays open for as long as the closure runs.
    named("has ended", async {
        sleep(Duration::from_millis(50)).await;
        drop(spawn_blocking(|| thread::sleep(LONG)));
    });
    // One that does get told, so that they all would.
    named("lost", poll_fn(|_| Poll::<()>::Pending));
}

/// Its waker is with a thread.
async fn of_a_thread() {
    let mut thread = None;
    poll_fn(move |cx| {
        let waker = cx.waker().clone();
        thread.get_or_insert_with(|| {
            thread::spawn(move || {
                thread::sleep(LONG);
                waker.wake();
            })
        });
        Poll::<()>::Pending
    })
    .await;
}

type Timer = Pin<Box<tokio::time::Sleep>>;

fn either(both: &mut (Timer, Timer), cx: &mut std::task::Context<'_>) -> Poll<()> {
    let (one, other) = both;
    if one.as_mut().poll(cx).is_ready() { Poll::Ready(()) } else { other.as_mut().poll(cx) }
}

/// Tasks that have a lock one after the other, as console-subscriber's own example has; and
/// again and again one that ends and leaves a lock locked, one that gives its guard to a task
/// that lives, and one that lets go.
async fn locks() {
    let turn = Arc::new(Mutex::new(0));
    for name in ["first", "second", "third"] {
        let turn = Arc::clone(&turn);
        named(name, async move {
            loop {
                let mut turn = turn.lock().await;
                *turn += 1;
                sleep(Duration::from_millis(300)).await;
            }
        });
    }
    // The console is attached at some time.
    for _ in 0..40 {
        sleep(Duration::from_millis(500)).await;
        let lock = || Arc::new(Mutex::new(()));
        let (left, given, free) = (lock(), lock(), lock());
        named("leaves", async move { std::mem::forget(left.lock_owned().await) });
        named("lets go", async move { drop(free.lock_owned().await) });
        sleep(Duration::from_millis(100)).await;
        named("gives", async move {
            let guard = given.lock_owned().await;
            named("takes", async move {
                sleep(LONG).await;
                drop(guard);
            });
        });
    }
}
