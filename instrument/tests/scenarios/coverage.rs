//! What the console says of what it cannot see.

use std::{
    future::pending,
    sync::mpsc::{self, Sender},
    thread,
    time::Duration,
};

use holdover_proto::v1;
use tokio::runtime::Handle;

use crate::{
    client::Console,
    harness::{Form, Scenario},
    scenario,
};

/// Tasks of the runtime that the scenario runs on, and of the second one.
const HERE: u64 = 3;
const THERE: u64 = 2;

/// A runtime on a thread of its own, for as long as the process runs.
fn second_runtime() -> Handle {
    fn run(handle: &Sender<Handle>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        handle.send(runtime.handle().clone()).expect("somebody waits");
        runtime.block_on(pending::<()>());
    }

    let (sender, handle) = mpsc::channel();
    thread::spawn(move || run(&sender));
    handle.recv().expect("it starts")
}

pub fn scenarios() -> Vec<Scenario> {
    vec![scenario! {
        "coverage_of_each_runtime",
        shim: async {
            for _ in 0..HERE {
                drop(holdover::spawn(pending::<()>()));
            }
            // Whatever runs it is no task of the service's.
            drop(holdover::time::call_later(Duration::from_secs(3600), || {}));
            let there = second_runtime();
            for _ in 0..THERE {
                let spawned = holdover::task::Builder::new().spawn_on(pending::<()>(), &there);
                drop(spawned.expect("it spawns"));
            }
        },
        plain: async {
            for _ in 0..HERE {
                drop(tokio::spawn(pending::<()>()));
            }
            let there = second_runtime();
            for _ in 0..THERE {
                drop(there.spawn(pending::<()>()));
            }
        },
        check: each_runtime_is_whole,
    }]
}

async fn each_runtime_is_whole(console: &mut Console, _: Form) {
    let whole = |tasks| move |it: &v1::RuntimeCoverage| (it.alive, it.recorded) == (tasks, tasks);
    let both = |seen: &v1::Coverage| {
        [HERE, THERE].iter().all(|tasks| seen.runtimes.iter().any(whole(*tasks)))
    };
    let coverage = console.coverage_where(both).await;
    assert_eq!(coverage.runtimes.len(), 2, "ours is not one of them: {coverage:#?}");
    assert!(coverage.runtimes[0].runtime < coverage.runtimes[1].runtime);
    let causes: Vec<&str> = coverage.blind.iter().map(|blind| blind.cause.as_str()).collect();
    assert!(!causes.contains(&"older-runtime"), "{causes:?}");
}
