//! What the target is, and what its protocol does not tell.

use holdover_proto::v1;

use super::{
    judge::{GRACE, OPEN},
    table::{Dropped, Table},
};

const CANNOT_TELL: &str = "This service speaks tokio-console's protocol, which tells of no cancel: of the verdicts \
                           only lost-waker and overdue can be given.";

/// Why nothing can be done to such a target.
pub(super) const NO_CONTROL: &str =
    "the service speaks tokio-console's protocol, by which nothing can be cancelled or set";

const TO_SEE_MORE: &str = "# Nor does it tell how a task ended, nor who holds a permit. To see that, in place of\n\
                           # console_subscriber::init(), in main, before the runtime is built:\n\
                           holdover::init();\n\
                           # and in Cargo.toml, in place of console-subscriber:\n\
                           holdover = \"0.1\"";

const LESS_KEPT: &str = "# Attach when it has started, or let it keep less of what has ended:\n\
                         console_subscriber::ConsoleLayer::builder().retention(Duration::from_secs(1))";

const MORE_BUFFER: &str =
    "console_subscriber::ConsoleLayer::builder().event_buffer_capacity(1 << 20)";

pub(super) fn describe(table: &Table, run: &str) -> v1::DescribeResponse {
    v1::DescribeResponse {
        // Its name, and its process, are not told.
        target: Some(v1::Target { service: String::new(), pid: 0, run: run.to_owned() }),
        version: String::new(),
        wall_anchor_ns: table.anchor(),
        grace_ns: GRACE,
        orphan_grace_ns: OPEN,
        coverage: Some(v1::Coverage {
            spans: true,
            tokio_unstable: true,
            level: "all".to_owned(),
            blind: blind(table),
            tokio_console: true,
            ..v1::Coverage::default()
        }),
        ignoring: None,
        control: Some(v1::Control { allowed: false, why_not: NO_CONTROL.to_owned() }),
    }
}

/// What is missing is the first thing to know: nothing else speaks for all.
fn blind(table: &Table) -> Vec<v1::Blindness> {
    let cannot_tell = v1::Blindness {
        cause: "tokio-console".to_owned(),
        sentence: CANNOT_TELL.to_owned(),
        fix: TO_SEE_MORE.to_owned(),
    };
    let untold = Some(table.untold()).filter(|tasks| *tasks > 0).map(not_told);
    let dropped = Some(table.dropped).filter(|dropped| dropped.any()).map(lost);
    untold.into_iter().chain(dropped).chain([cannot_tell]).collect()
}

fn not_told(tasks: u64) -> v1::Blindness {
    v1::Blindness {
        cause: "not-told".to_owned(),
        sentence: format!(
            "This service tells nothing of the tasks that it had when the console was attached, of which {tasks} or \
             more still run: of more than 4 MiB console-subscriber sends nothing at first."
        ),
        fix: LESS_KEPT.to_owned(),
    }
}

fn lost(dropped: Dropped) -> v1::Blindness {
    let Dropped { tasks, resources, ops } = dropped;
    v1::Blindness {
        cause: "dropped-events".to_owned(),
        sentence: format!(
            "This service had no room for {tasks} events of tasks, {resources} of resources and {ops} of operations: \
             some are missing here, others seem to go on, and no verdict that depends on them is given."
        ),
        fix: MORE_BUFFER.to_owned(),
    }
}
