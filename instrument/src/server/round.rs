//! The rounds: how often the console thread looks.

use std::time::Duration;

use super::Console;
use crate::{coverage::has_log, report::Reporter};

/// The longest and the shortest time between two rounds.
const SLOWEST: Duration = Duration::from_millis(250);
const FASTEST: Duration = Duration::from_millis(10);
/// After so many changes in one round the next comes soon: ended tasks must not pile up.
const MANY: u64 = 1000;

/// Looks for ever. A round costs in proportion to what changed. `unsaid` is the address
/// to say once there is a log to say it in.
pub(super) async fn run(console: &Console, mut unsaid: Option<String>) {
    let (grace, log) = {
        let store = console.store();
        (store.settings().grace, store.settings().log)
    };
    let usual = (grace / 4).clamp(FASTEST, SLOWEST);
    let mut reporter = Reporter::new(log);
    let mut seen = 0;
    loop {
        if let Some(address) = unsaid.take_if(|_| has_log()) {
            let in_short = console.coverage.in_short(console.recorder.level());
            crate::report::started(&address, in_short);
        }
        let ended = look(console, &mut reporter);
        let busy = ended.saturating_sub(seen) > MANY;
        seen = ended;
        tokio::time::sleep(if busy { FASTEST } else { usual }).await;
    }
}

fn look(console: &Console, reporter: &mut Reporter) -> u64 {
    let now = console.recorder.clock.now();
    let mut store = console.store();
    let before = store.version();
    let notes = store.round(now);
    let (version, ended) = (store.version(), store.ended_so_far());
    drop(store);
    crate::report::verdicts(reporter, &notes, now);
    if version != before {
        console.rounds.send_replace(version);
    }
    ended
}
