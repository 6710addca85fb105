//! The template of a task that can be cancelled: work, look at the token, clean up,
//! return. Nothing is left.

use std::time::Duration;

use holdover::{
    hold::{Hold, Kind},
    sync::CancellationToken,
    task::Builder,
    time::sleep,
};

use crate::Rounds;

async fn work() {
    sleep(Duration::from_millis(100)).await;
}

async fn cancellable(token: CancellationToken) {
    let connection = Hold::new(Kind::Connection, "orders.db");
    while !token.is_cancelled() {
        tokio::select! {
            () = token.cancelled() => break,
            () = work() => {}
        }
    }
    // Clean-up, while there is somebody to do it.
    sleep(Duration::from_millis(50)).await;
    drop(connection);
}

/// Starts one, and asks it to stop two seconds later.
pub async fn cancellable_task(mut rounds: Rounds) {
    while rounds.another() {
        let token = CancellationToken::named("stop");
        let task = Builder::new().name("worker").token(&token).spawn(cancellable(token.clone()));
        sleep(Duration::from_secs(2)).await;
        token.cancel();
        if let Ok(task) = task {
            let _ = task.await;
        }
        sleep(Duration::from_secs(1)).await;
    }
}
