//! A task that is bound to a token and does not look at it: asked to stop, it goes on.

use std::time::Duration;

use holdover::{sync::CancellationToken, task::Builder, time::sleep};

use crate::Rounds;

/// Polls on and on, and never asks whether it should.
async fn deaf() {
    loop {
        sleep(Duration::from_millis(50)).await;
    }
}

/// Starts a task, asks it to stop, and aborts it five seconds later.
pub async fn ignores_token(mut rounds: Rounds) {
    while rounds.another() {
        let token = CancellationToken::named("shutdown");
        let task = Builder::new().name("ingest").token(&token).spawn(deaf());
        sleep(Duration::from_secs(1)).await;
        token.cancel_because("a new version is deployed");
        sleep(Duration::from_secs(5)).await;
        if let Ok(task) = task {
            task.abort();
        }
    }
}
