//! Callbacks on a task's end: in order, once each, after completion and after a cancel.

use std::time::Duration;

use holdover::time::sleep;

use crate::Rounds;

/// Starts two tasks, lets one complete and cancels the other.
pub async fn done_callbacks(mut rounds: Rounds) {
    while rounds.another() {
        let completes = holdover::spawn(sleep(Duration::from_secs(1)));
        let cancelled = holdover::spawn(sleep(Duration::from_secs(60)));
        for task in [&completes, &cancelled] {
            for number in 1..=3 {
                task.on_done(move |ended| {
                    tracing::info!(number, task = ended.name(), outcome = ended.outcome().name());
                });
            }
        }
        sleep(Duration::from_millis(1500)).await;
        cancelled.abort();
        sleep(Duration::from_millis(500)).await;
        // It has ended: called at once.
        completes.on_done(|ended| tracing::info!(outcome = ended.outcome().name(), "late"));
    }
}
