//! Holdover's own tasks, timers and tokens: what runs in them is the program's, and so
//! is what is dropped with them.

use std::{future::pending, time::Duration};

use holdover::{
    FutureExt as _,
    sync::CancellationToken,
    task::{Builder, JoinSet},
    time::{call_later, call_later_while_alive, sleep, timeout},
};
use tokio::task::yield_now;
use tracing::{Instrument as _, debug, info, info_span};

use super::spans::{Leaving, where_am_i};

pub(crate) async fn tasks() {
    let token = CancellationToken::named("stop");
    let bound = async {
        let _leaving = Leaving::new("bound");
        sleep(Duration::from_secs(1)).await;
    };
    let bound = bound.instrument(info_span!(target: "app", "bound"));
    let bound = Builder::new().name("bound").token(&token).spawn(bound).expect("it is spawned");
    bound.on_done(|_| {
        let _span = info_span!(target: "app", "on_done").entered();
        info!(target: "app", "done");
    });
    yield_now().await;
    token.cancel_because("enough");
    info!(target: "app", "asked");
    bound.abort_because("it does not listen");
    info!(target: "app", cancelled = bound.await.is_err(), "bound");
    let mut set = JoinSet::new();
    for number in 0..3 {
        set.spawn(async move { where_am_i() }.instrument(info_span!(target: "app", "in", number)));
    }
    while set.join_next().await.is_some() {
        info!(target: "app", "joined");
    }
    let scoped = async {
        let _leaving = Leaving::new("in a scope");
        pending::<()>().await;
    };
    let late = timeout(Duration::from_millis(1), scoped.scope("scope")).await.is_err();
    info!(target: "app", late, "timed out");
}

/// They are run, and dropped, by a task of Holdover's.
pub(crate) async fn callbacks() {
    let leaving = Leaving::new("with a callback");
    call_later(Duration::from_millis(1), move || {
        let _span = info_span!(target: "app", "callback").entered();
        info!(target: "app", "called");
        holdover::spawn(async { debug!(target: "app", "spawned in a callback") });
        drop(leaving);
        call_later(Duration::from_millis(1), || info!(target: "app", "called in a chain"));
    });
    let task = holdover::spawn(async {
        let leaving = Leaving::new("with a task's callback");
        call_later_while_alive(Duration::from_millis(2), move || drop(leaving));
    });
    task.await.expect("it ends");
    let leaving = Leaving::new("with a callback that is cancelled");
    call_later(Duration::from_secs(1), move || drop(leaving)).cancel();
    sleep(Duration::from_millis(10)).await;
}

/// Nobody calls it any more: its driver drops it.
pub(crate) fn left_to_the_runtime() {
    let leaving = Leaving::new("with a callback of the runtime's");
    call_later(Duration::from_secs(1), move || drop(leaving));
}
