//! The rounds: how often the console thread looks.

use std::{sync::Arc, time::Duration};

use super::Console;
use crate::{coverage::has_log, report::Reporter, store::Rule};

/// The longest and the shortest time between two rounds.
const SLOWEST: Duration = Duration::from_millis(250);
const FASTEST: Duration = Duration::from_millis(10);
/// After so many changes in one round the next comes soon: ended tasks must not pile up.
const MANY: u64 = 1000;

/// What is to be said once there is a log to say it in.
struct Unsaid {
    /// Where the console listens.
    address: Option<String>,
    /// How many rules there are, before that was said.
    rules: Option<usize>,
    expired: Vec<Arc<Rule>>,
}

impl Unsaid {
    fn say(&mut self, console: &Console) {
        if let Some(address) = self.address.take() {
            let in_short = console.coverage.in_short(console.recorder.level());
            crate::report::started(&address, in_short);
        }
        if let Some(rules) = self.rules.take() {
            crate::report::bad_rules(&console.ignore_errors);
            if rules > 0 {
                crate::report::ignores(rules);
            }
        }
        for rule in self.expired.drain(..) {
            crate::report::rule_expired(&rule);
        }
    }
}

/// Looks for ever. A round costs in proportion to what changed. `address` is what to say
/// once there is a log to say it in.
pub(super) async fn run(console: &Console, address: Option<String>) {
    let (grace, log, rules) = {
        let store = console.store();
        (store.settings().grace, store.settings().log, store.rules().len())
    };
    let mut unsaid = Unsaid { address, rules: Some(rules), expired: Vec::new() };
    let usual = (grace / 4).clamp(FASTEST, SLOWEST);
    let mut reporter = Reporter::new(log);
    let mut seen = 0;
    loop {
        let ended = look(console, &mut reporter, &mut unsaid.expired);
        if has_log() {
            unsaid.say(console);
        }
        let busy = ended.saturating_sub(seen) > MANY;
        seen = ended;
        tokio::time::sleep(if busy { FASTEST } else { usual }).await;
    }
}

fn look(console: &Console, reporter: &mut Reporter, expired: &mut Vec<Arc<Rule>>) -> u64 {
    let now = console.recorder.clock.now();
    let mut store = console.store();
    let before = store.version();
    let notes = store.round(now);
    expired.extend(store.take_expired());
    let (version, ended) = (store.version(), store.ended_so_far());
    drop(store);
    crate::report::verdicts(reporter, &notes, now);
    if version != before {
        console.rounds.send_replace(version);
    }
    ended
}
