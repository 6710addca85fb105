//! The rounds: how often the console thread looks.

use std::time::Duration;

use super::Console;

/// The longest and the shortest time between two rounds.
const SLOWEST: Duration = Duration::from_millis(250);
const FASTEST: Duration = Duration::from_millis(10);
/// After so many changes in one round the next comes soon: ended tasks must not pile up.
const MANY: u64 = 1000;

/// Looks for ever. A round costs in proportion to what changed.
pub(super) async fn run(console: &Console) {
    let usual = (console.store().settings().grace / 4).clamp(FASTEST, SLOWEST);
    let mut seen = 0;
    loop {
        let ended = look(console);
        let busy = ended.saturating_sub(seen) > MANY;
        seen = ended;
        tokio::time::sleep(if busy { FASTEST } else { usual }).await;
    }
}

fn look(console: &Console) -> u64 {
    let mut store = console.store();
    let before = store.version();
    let notes = store.round(console.recorder.clock.now());
    crate::report::verdicts(&notes, store.settings().log);
    let (version, ended) = (store.version(), store.ended_so_far());
    drop(store);
    if version != before {
        console.rounds.send_replace(version);
    }
    ended
}
