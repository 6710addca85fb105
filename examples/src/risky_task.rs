//! The article's first program: a task is cancelled, and its clean-up arms a callback
//! that keeps going when the task is long gone.

use std::time::Duration;

use holdover::time::{call_later, sleep};

use crate::Rounds;

/// Runs when the future is dropped: also when the task is cancelled.
struct Cleanup;

impl Drop for Cleanup {
    fn drop(&mut self) {
        call_later(Duration::from_secs(5), || tracing::info!("clean-up ran"));
    }
}

async fn risky() {
    let _cleanup = Cleanup;
    sleep(Duration::from_secs(10)).await;
}

/// Starts a task, cancels it after a second, and does it again two seconds later.
pub async fn risky_task(mut rounds: Rounds) {
    while rounds.another() {
        let task = holdover::spawn(risky());
        sleep(Duration::from_secs(1)).await;
        task.abort_because("the client went away");
        sleep(Duration::from_secs(2)).await;
    }
}
