//! F: a process that stands still as a whole, as in a debugger or on a machine that sleeps.

use std::{future::pending, process::Command, time::Instant};

use holdover::{
    sync::CancellationToken,
    time::{call_later, sleep},
};

use crate::{
    client::{Console, DEADLINE},
    harness::{GRACE, GRACE_UNDER_LOAD, Scenario},
    lifecycle::{bound, named},
    scenario,
};

/// How often it does; each time the grace of whatever is under way is over then.
const TIMES: u32 = 6;

/// Tasks that are asked to stop all the time, and are done well within their grace.
async fn asked_all_the_time() {
    loop {
        let stop = CancellationToken::named("stop");
        let waits = stop.clone();
        bound("bound", &stop, async move {
            waits.cancelled().await;
            sleep(GRACE / 4).await;
        });
        let aborted = named("aborted", async {
            call_later(GRACE / 4, || {});
            pending::<()>().await;
        });
        sleep(GRACE / 20).await;
        stop.cancel();
        aborted.abort();
    }
}

pub fn scenarios() -> Vec<Scenario> {
    vec![scenario! {
        "53_a_service_that_stands_still",
        shim: asked_all_the_time(),
        check: async |console: &mut Console, _| {
            let process = console.process_id().await;
            for _ in 0..TIMES {
                another_is_asked(console).await;
                signal(process, "STOP");
                std::thread::sleep(GRACE_UNDER_LOAD + GRACE);
                signal(process, "CONT");
            }
            console.nothing_for(12).await;
        },
    }]
}

/// It runs again.
async fn another_is_asked(console: &mut Console) {
    let (before, end) = (console.totals().await.tasks_cancelled, Instant::now() + DEADLINE);
    while console.totals().await.tasks_cancelled <= before {
        assert!(Instant::now() < end, "it goes on");
    }
}

fn signal(process: u32, signal: &str) {
    let id = process.to_string();
    let sent = Command::new("sh").args(["-c", "kill -$0 $1", signal, &id]).status();
    assert!(sent.expect("a shell").success());
}
