//! Tasks, their polls and their timers.

use std::{
    future::{pending, poll_fn},
    task::Poll,
    time::Duration,
};

use super::rt;

/// Tasks of a set, and tasks that sleep at the same time.
const AT_ONCE: u32 = 1_000;
/// Tasks that yield to each other.
const IN_TURN: u32 = 32;

pub async fn spawn(operations: u32) {
    for _ in 0..operations {
        rt::spawn(async {}).await.expect("it ends");
    }
}

/// Several in turn: one alone would have its runtime look for something else each time.
pub async fn yields(operations: u32) {
    let mut set = rt::task::JoinSet::new();
    for _ in 0..IN_TURN {
        set.spawn(async move {
            for _ in 0..operations / IN_TURN {
                rt::task::yield_now().await;
            }
        });
    }
    while set.join_next().await.is_some() {}
}

pub async fn self_wakes(operations: u32) {
    for _ in 0..operations {
        let mut woken = false;
        poll_fn(|cx| {
            if woken {
                return Poll::Ready(());
            }
            woken = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

/// Many at once, as in a service: what a sleep costs, and not what an idle runtime does.
pub async fn sleeps(operations: u32) {
    let at_once = AT_ONCE.min(operations);
    let mut set = rt::task::JoinSet::new();
    for _ in 0..at_once {
        set.spawn(async move {
            for _ in 0..operations / at_once {
                rt::time::sleep(Duration::from_millis(1)).await;
            }
        });
    }
    while set.join_next().await.is_some() {}
}

pub async fn aborts(operations: u32) {
    for _ in 0..operations {
        let task = rt::spawn(pending::<()>());
        task.abort();
        assert!(task.await.is_err());
    }
}

pub async fn join_sets(operations: u32) {
    let at_once = AT_ONCE.min(operations);
    for _ in 0..operations / at_once {
        let mut set = rt::task::JoinSet::new();
        for _ in 0..at_once {
            set.spawn(async {});
        }
        while set.join_next().await.is_some() {}
    }
}
