//! F: what a library starts for itself, in whoever happens to call it first.

use std::{future::pending, sync::OnceLock};

use holdover_proto::v1::Outcome;
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

pub fn scenarios() -> Vec<Scenario> {
    vec![scenario! {
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
    }]
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
