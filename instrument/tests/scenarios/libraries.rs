//! F: what a library starts for itself, in whoever happens to call it first.

use std::{
    future::{pending, poll_fn},
    pin::Pin,
    sync::{Mutex, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use holdover_proto::v1::Outcome;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::{Channel, Endpoint};

use crate::{
    client::Console,
    harness::{Form, Scenario},
    lifecycle::{all_wait, named, plain},
    scenario,
};

/// A lazy global of a real library: whoever makes it spawns the library's worker.
static CLIENT: OnceLock<Channel> = OnceLock::new();

fn first_use() {
    // Nobody listens there, and nobody asks it anything.
    CLIENT.get_or_init(|| Endpoint::from_static("http://127.0.0.1:9").connect_lazy());
}

/// One that a library makes a timer for, and that everybody shares.
static EVENTS: Mutex<Option<Pin<Box<dyn Stream<Item = bool> + Send>>>> = Mutex::new(None);

async fn first_poll() {
    let limited = || {
        let events = tokio_stream::pending::<u8>().timeout(Duration::from_secs(3600));
        Box::pin(events.map(|it| it.is_ok())) as Pin<Box<dyn Stream<Item = bool> + Send>>
    };
    let poll = |cx: &mut Context<'_>| {
        EVENTS.lock().expect("it").get_or_insert_with(limited).as_mut().poll_next(cx).is_pending()
    };
    assert!(poll_fn(|cx| Poll::Ready(poll(cx))).await, "nothing happens");
}

pub fn scenarios() -> Vec<Scenario> {
    vec![a_lazy_global(), a_librarys_timer()]
}

fn a_librarys_timer() -> Scenario {
    scenario! {
        "40_a_request_was_the_first_to_use_a_librarys_timer",
        shim: async {
            let request = named("request", async {
                first_poll().await;
                pending::<()>().await;
            });
            all_wait().await;
            request.abort();
        },
        plain: async {
            let request = plain("request", async {
                first_poll().await;
                pending::<()>().await;
            });
            all_wait().await;
            request.abort();
        },
        check: async |console: &mut Console, _| {
            console.nothing_on_the_cancelled("request").await;
        },
    }
}

fn a_lazy_global() -> Scenario {
    scenario! {
        "40_a_request_was_the_first_to_use_a_lazy_global",
        shim: async {
            let request = named("request", async {
                first_use();
                pending::<()>().await;
            });
            all_wait().await;
            request.abort();
        },
        plain: async {
            let request = plain("request", async {
                first_use();
                pending::<()>().await;
            });
            all_wait().await;
            request.abort();
        },
        check: the_worker_is_the_librarys_own,
    }
}

async fn the_worker_is_the_librarys_own(console: &mut Console, _: Form) {
    console.nothing_on_the_cancelled("request").await;
    console.nothing_for(8).await;
    let request = console.ended("request", Outcome::Cancelled).await;
    let by_request = |task: &&holdover_proto::v1::Task| {
        task.ancestors.first().is_some_and(|spawner| spawner.id == request.id)
    };
    let tasks = console.tasks().await;
    let workers: Vec<_> = tasks.iter().filter(by_request).collect();
    if cfg!(tokio_unstable) {
        assert_eq!(workers.len(), 1, "{tasks:#?}");
        assert!(workers[0].location.contains("/registry/src/"), "{workers:#?}");
        assert_eq!(workers[0].outcome(), Outcome::Unspecified, "it lives on");
    }
}
