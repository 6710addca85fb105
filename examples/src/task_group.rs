//! A group of five: one fails, the set is dropped, and with it the others. One of them
//! had armed a callback that stays.

use std::{future::pending, time::Duration};

use holdover::{
    task::JoinSet,
    time::{call_later, sleep},
};

use crate::Rounds;

async fn member(number: u32) -> Result<(), &'static str> {
    match number {
        0 => {
            sleep(Duration::from_secs(1)).await;
            Err("failed")
        }
        3 => {
            // Its handle is dropped; the callback stays.
            call_later(Duration::from_secs(5), || tracing::info!("refreshed"));
            pending().await
        }
        _ => pending().await,
    }
}

/// Starts a group, and drops it when its first member fails.
pub async fn task_group(mut rounds: Rounds) {
    while rounds.another() {
        let mut group = JoinSet::new();
        for number in 0..5 {
            group.spawn(member(number));
        }
        if let Some(Ok(Err(why))) = group.join_next().await {
            tracing::info!(why, "the group is given up");
        }
        drop(group);
        sleep(Duration::from_secs(2)).await;
    }
}
