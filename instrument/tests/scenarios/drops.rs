//! A cancelled task whose future takes long to be dropped.

use std::{future::pending, thread, time::Duration};

use holdover_proto::v1::{Outcome, TaskState, Verdict};

use crate::{
    client::{Console, cancel},
    harness::{Form, GRACE, Scenario},
    lifecycle::{all_wait, named, plain},
    scenario,
};

/// Blocks its thread for so long when it is dropped.
struct Blocks(Duration);

impl Drop for Blocks {
    fn drop(&mut self) {
        thread::sleep(self.0);
    }
}

async fn holds(blocks: Blocks) {
    pending::<()>().await;
    drop(blocks);
}

const LONG: Duration = GRACE.saturating_mul(10);
/// Much shorter, since a busy machine makes it longer.
const SHORT: Duration = Duration::from_millis(5);

fn nanos(duration: Duration) -> u64 {
    duration.as_nanos().try_into().expect("it is short")
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "05_a_drop_that_blocks",
            shim: async {
                let task = named("blocks", holds(Blocks(LONG)));
                all_wait().await;
                task.abort();
            },
            plain: async {
                let task = plain("blocks", holds(Blocks(LONG)));
                all_wait().await;
                task.abort();
            },
            check: a_drop_that_blocks,
        },
        scenario! {
            "05_the_drop_of_a_scope_that_blocks",
            shim: async {
                drop(named("waits", async {
                    let body = holds(Blocks(LONG));
                    drop(holdover::time::timeout(Duration::from_millis(20), body).await);
                    pending::<()>().await;
                }));
            },
            check: async |console: &mut Console, _| {
                let stuck = console.leaks_where("a scope in its drop", |leak| {
                    leak.verdict() == Verdict::Stuck && cancel(leak).drop_began_ns.is_some()
                });
                assert_eq!(cancel(&stuck.await).ended_ns, None);
                console.cleared().await;
            },
        },
        scenario! {
            "05_a_drop_that_is_short",
            shim: async {
                let task = named("brief", holds(Blocks(SHORT)));
                all_wait().await;
                task.abort();
            },
            plain: async {
                let task = plain("brief", holds(Blocks(SHORT)));
                all_wait().await;
                task.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("brief").await;
                let cancel = console.task("brief").await.cancel.expect("it was cancelled");
                assert!(cancel.drop_ns.expect("it was measured") >= nanos(SHORT), "{cancel:#?}");
            },
        },
    ]
}

/// While it lasts, that is said; where only tokio's spans are seen it looks like a poll,
/// and nothing is said before it is over.
async fn a_drop_that_blocks(console: &mut Console, form: Form) {
    if form == Form::Shim {
        let in_its_drop = |leak: &_| {
            let cancel = cancel(leak);
            cancel.drop_began_ns.is_some() && cancel.ended_ns.is_none()
        };
        let leak = console.leak_where(Verdict::Stuck, "blocks", in_its_drop).await;
        let state = leak.task.as_ref().expect("a task").state();
        assert_eq!(state, TaskState::Running, "its thread does nothing else");
        let cancel = cancel(&leak);
        assert!(cancel.drop_began_ns >= Some(cancel.requested_ns), "{cancel:#?}");
        assert_eq!((cancel.drop_ns, cancel.polls_since), (None, 0));
        console.cleared().await;
    }
    let ended = console.ended("blocks", Outcome::Cancelled).await;
    let cancel = ended.cancel.expect("it was cancelled");
    assert!(cancel.drop_ns.expect("it was measured") >= nanos(LONG), "{cancel:#?}");
    if form == Form::Plain {
        console.nothing_for(3).await;
    }
}
