//! A future that stores its waker and never takes it back: tokio keeps the memory of a
//! cancelled task until that waker is dropped.

use std::{
    future::poll_fn,
    hint::black_box,
    sync::{Arc, Mutex, PoisonError},
    task::{Poll, Waker},
    time::Duration,
};

use tokio::time::sleep;

use crate::Rounds;

type Waiting = Arc<Mutex<Vec<Waker>>>;

/// Waits for what never comes, with some room of its own.
async fn wait(waiting: Waiting) {
    let room = [0_u8; 1_024];
    poll_fn(|cx| {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(cx.waker().clone());
        Poll::<()>::Pending
    })
    .await;
    black_box(room);
}

/// Starts a hundred tasks, aborts them after a second, and lets go of their wakers five
/// seconds later.
pub async fn stored_waker(mut rounds: Rounds) {
    while rounds.another() {
        let waiting = Waiting::default();
        let tasks: Vec<_> = (0..100).map(|_| tokio::spawn(wait(Arc::clone(&waiting)))).collect();
        sleep(Duration::from_secs(1)).await;
        for task in tasks {
            task.abort();
        }
        sleep(Duration::from_secs(5)).await;
    }
}
