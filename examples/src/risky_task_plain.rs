//! The same as `risky_task` with tokio alone: its clean-up spawns a task that sleeps.

use std::time::Duration;

use tokio::time::sleep;

use crate::Rounds;

/// Runs when the future is dropped: also when the task is cancelled.
struct Cleanup;

impl Drop for Cleanup {
    fn drop(&mut self) {
        tokio::spawn(async {
            sleep(Duration::from_secs(5)).await;
            tracing::info!("clean-up ran");
        });
    }
}

async fn risky() {
    let _cleanup = Cleanup;
    sleep(Duration::from_secs(10)).await;
}

/// Starts a task, cancels it after a second, and does it again two seconds later.
pub async fn risky_task_plain(mut rounds: Rounds) {
    while rounds.another() {
        let task = tokio::spawn(risky());
        sleep(Duration::from_secs(1)).await;
        task.abort();
        sleep(Duration::from_secs(2)).await;
    }
}
