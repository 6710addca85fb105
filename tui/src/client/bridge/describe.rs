//! What the target is, and what its protocol does not tell.

use holdover_proto::v1;

use super::{
    State,
    judge::{GRACE, OPEN},
    table::Dropped,
};

const CANNOT_TELL: &str = "This service speaks tokio-console's protocol, which tells of no cancel: of the verdicts \
                           only lost-waker and overdue can be given.";

/// Why nothing can be done to such a target.
pub(super) const NO_CONTROL: &str =
    "the service speaks tokio-console's protocol, by which nothing can be cancelled or set";

/// Why none are listed.
pub(super) const NO_TOKENS: &str =
    "the service speaks tokio-console's protocol, which tells nothing of tokens";

const TO_SEE_MORE: &str = "# Nor does it tell how a task ended, nor who holds a permit, nor to this console what it has\n\
                           # told another that it had no room for. To see that, in place of\n\
                           # console_subscriber::init(), in main, before the runtime is built:\n\
                           holdover::init();\n\
                           # and in Cargo.toml, in place of console-subscriber:\n\
                           holdover = \"0.1\"";

const LESS_KEPT: &str = "# Attach when it has started, or let it keep less of what has ended:\n\
                         console_subscriber::ConsoleLayer::builder().retention(Duration::from_secs(1))";

const MORE_BUFFER: &str =
    "console_subscriber::ConsoleLayer::builder().event_buffer_capacity(1 << 20)";

const PAUSED: &str = "A tokio-console that is attached to this service too has paused it: it tells nobody anything until \
                      it is resumed, and what is shown is of before.";

const RESUME: &str = "# Press the space bar in that tokio-console, or restart the service.";

const NO_WAKERS: &str =
    "This service tells of no task's wakers, though tasks wait: no task is said to have lost them.";

const GLOBAL: &str = "# What its workers do is not recorded. As the global default it is, before the runtime is built:\n\
                      console_subscriber::init();";

pub(super) fn describe(state: &State, run: &str) -> v1::DescribeResponse {
    let table = &state.table;
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
            blind: blind(state),
            tokio_console: true,
            ..v1::Coverage::default()
        }),
        ignoring: None,
        control: Some(v1::Control { allowed: false, why_not: NO_CONTROL.to_owned() }),
    }
}

/// What is missing is the first thing to know: nothing else speaks for all.
fn blind(state: &State) -> Vec<v1::Blindness> {
    let table = &state.table;
    let said = |cause: &str, sentence: &str, fix: &str| v1::Blindness {
        cause: cause.to_owned(),
        sentence: sentence.to_owned(),
        fix: fix.to_owned(),
    };
    let paused = state.paused.then(|| said("paused", PAUSED, RESUME));
    let untold = table.untold().map(not_told);
    let dropped = Some(table.dropped).filter(|dropped| dropped.any()).map(lost);
    let unseen = table.tells_no_wakers().then(|| said("no-wakers", NO_WAKERS, GLOBAL));
    let cannot_tell = said("tokio-console", CANNOT_TELL, TO_SEE_MORE);
    let first = [paused, untold, dropped, unseen].into_iter().flatten();
    first.chain([cannot_tell]).collect()
}

fn not_told(tasks: u64) -> v1::Blindness {
    let run = match tasks {
        0 => String::new(),
        tasks => format!(", of which {tasks} or more still run"),
    };
    v1::Blindness {
        cause: "not-told".to_owned(),
        sentence: format!(
            "This service tells nothing of the tasks that it had when the console was attached{run}: of more than \
             4 MiB console-subscriber sends nothing at first."
        ),
        fix: LESS_KEPT.to_owned(),
    }
}

fn lost(dropped: Dropped) -> v1::Blindness {
    let Dropped { tasks, resources, ops } = dropped;
    v1::Blindness {
        cause: "dropped-events".to_owned(),
        sentence: format!(
            "This service had no room for {tasks} events of tasks, {resources} of resources and {ops} of operations, \
             or more: it tells each to one console only. Some are missing here, others seem to go on, and no verdict \
             that depends on them is given."
        ),
        fix: MORE_BUFFER.to_owned(),
    }
}
