//! A shutdown in order: stop accepting, let the connections end, then release. One of
//! them waits for a lock that nobody gives back: at the deadline it is what is left, and
//! the console says for what it waits.

use std::{sync::Arc, time::Duration};

use holdover::{
    sync::{CancellationToken, Mutex},
    task::{Builder, TaskTracker},
    time::{sleep, timeout},
};

use crate::Rounds;

/// How long connections have to end, and how long a shutdown waits for them.
const DRAIN: Duration = Duration::from_millis(500);
const DEADLINE: Duration = Duration::from_secs(3);

type Ledger = Arc<Mutex<u64>>;

/// Takes a request every now and then; when it is asked to stop, it ends the one at hand.
async fn connection(number: u32, stop: CancellationToken, ledger: Ledger) {
    let every = Duration::from_millis(100 * u64::from(number));
    while stop.run_until_cancelled(sleep(every)).await.is_some() {}
    // The last request writes; the third one has to wait for who closes the books.
    if number == 3 {
        *ledger.lock().await += 1;
    }
}

/// Keeps the ledger locked for much too long.
async fn close_the_books(ledger: Ledger) {
    let _books = ledger.lock().await;
    sleep(DEADLINE + Duration::from_secs(2)).await;
}

async fn accept(stop: CancellationToken, open: TaskTracker, ledger: Ledger) {
    for number in 1..=3 {
        let future = open.track_future(connection(number, stop.clone(), Arc::clone(&ledger)));
        let name = format!("connection {number}");
        drop(Builder::new().name(&name).token(&stop).grace(DRAIN).spawn(future));
    }
    stop.cancelled().await;
}

/// Runs a small server, and shuts it down.
pub async fn graceful_shutdown(mut rounds: Rounds) {
    while rounds.another() {
        let (stop, open) = (CancellationToken::named("shutdown"), TaskTracker::new());
        let ledger = Arc::new(Mutex::named("ledger", 0));
        let acceptor = accept(stop.clone(), open.clone(), Arc::clone(&ledger));
        drop(Builder::new().name("acceptor").token(&stop).spawn(acceptor));
        sleep(Duration::from_secs(1)).await;
        let books = Builder::new().name("books").spawn(close_the_books(ledger));
        sleep(Duration::from_millis(100)).await;
        stop.cancel_because("deploy");
        open.close();
        let drained = timeout(DEADLINE, open.wait()).await.is_ok();
        tracing::info!(drained, left = open.len(), "the deadline is over, or all have ended");
        if let Ok(books) = books {
            let _ = books.await;
        }
        sleep(Duration::from_secs(1)).await;
    }
}
