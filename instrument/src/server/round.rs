//! The rounds: how often the console thread looks.

use std::{iter, sync::Arc, time::Duration};

use super::Console;
use crate::{
    coverage::has_log,
    recorder::clock::{Nanos, nanos},
    report::Reporter,
    settings::Settings,
    store::Rule,
};

/// The longest and the shortest time between two rounds.
const SLOWEST: Duration = Duration::from_millis(250);
const FASTEST: Duration = Duration::from_millis(10);
/// After so many changes in one round the next comes soon: ended tasks must not pile up.
const MANY: u64 = 1000;
/// A whole round looks at every cancelled task that has left something. Where those are very
/// many, it rests for so many times as long as it took: they take a fiftieth of a core.
const REST: u64 = 49;
/// But never for longer than that, by which a verdict may come late.
const LONGEST_REST: Duration = Duration::from_secs(5);
/// So often others go first: on a machine that is always late it is judged all the same.
const MOST_FOR_OTHERS: usize = 4;

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
            crate::report::misspelt(&Settings::misspelt_here());
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

/// When the next whole round is.
#[derive(Debug, Default)]
struct Pace {
    rests_until: Nanos,
    /// How long this one has taken so far, with what it left to short ones, and how long the
    /// one before took.
    spent: Nanos,
    before: Nanos,
}

impl Pace {
    fn is_rested(&self, now: Nanos) -> bool {
        now >= self.rests_until
    }

    /// It went on from then until now, and is over unless it is behind. Whoever was kept from
    /// the core once has not worked so long.
    fn spent(&mut self, began: Nanos, now: Nanos, is_behind: bool) {
        self.spent += now.saturating_sub(began);
        if !is_behind {
            let usual = self.spent.min(self.before);
            self.before = std::mem::take(&mut self.spent);
            self.rests_until = now + usual.saturating_mul(REST).min(nanos(LONGEST_REST));
        }
    }
}

/// Looks for ever. A short round costs in proportion to what changed; a whole one also looks
/// at what cancelled tasks have left, and is made less often where that is much. `address` is
/// what to say once there is a log to say it in.
pub(super) async fn run(console: &Console, address: Option<String>) {
    let (grace, log, rules) = {
        let store = console.store();
        (store.settings().grace, store.settings().log, store.rules().len())
    };
    let mut unsaid = Unsaid { address, rules: Some(rules), expired: Vec::new() };
    let usual = (grace / 4).clamp(FASTEST, SLOWEST);
    let mut reporter = Reporter::new(log);
    let mut pace = Pace::default();
    let mut seen = 0;
    loop {
        let round = look(console, &mut pace, &mut reporter, &mut unsaid.expired);
        if has_log() {
            unsaid.say(console);
        }
        let busy = round.is_behind || round.ended.saturating_sub(seen) > MANY;
        seen = round.ended;
        pause(console, if busy { FASTEST } else { usual }, usual).await;
    }
}

/// Who wakes much too late has stood still with the whole process, in a debugger or on a machine
/// that slept: every grace is over, and nobody could use it. So the others have a round's time
/// first, and again when they were held up in it too.
async fn pause(console: &Console, length: Duration, usual: Duration) {
    let clock = &console.recorder.clock;
    for pause in iter::once(length).chain(iter::repeat_n(usual, MOST_FOR_OTHERS)) {
        let late = clock.now().saturating_add(nanos(pause + usual));
        tokio::time::sleep(pause).await;
        if clock.now() <= late {
            return;
        }
    }
}

/// What a round has left.
struct Round {
    /// Tasks that have ended so far.
    ended: u64,
    is_behind: bool,
}

fn look(
    console: &Console,
    pace: &mut Pace,
    reporter: &mut Reporter,
    expired: &mut Vec<Arc<Rule>>,
) -> Round {
    let clock = &console.recorder.clock;
    let now = clock.now();
    let mut store = console.store();
    let (before, was_behind) = (store.version(), store.is_behind());
    let is_whole = pace.is_rested(now) && !was_behind;
    let notes = if is_whole { store.round(now) } else { store.short_round(now) };
    let (version, ended, is_behind) = (store.version(), store.ended_so_far(), store.is_behind());
    if is_whole || was_behind {
        pace.spent(now, clock.now(), is_behind);
    }
    expired.extend(store.take_expired());
    drop(store);
    crate::report::verdicts(reporter, &notes, now);
    if version != before {
        console.rounds.send_replace(version);
    }
    Round { ended, is_behind }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = 1_000_000;

    #[test]
    fn a_round_that_takes_long_again_and_again_comes_less_often() {
        let mut pace = Pace::default();
        assert!(pace.is_rested(0));
        pace.spent(0, 40 * MS, false);
        assert!(pace.is_rested(40 * MS), "it may have been kept from its core");
        pace.spent(100 * MS, 120 * MS, true);
        pace.spent(130 * MS, 150 * MS, false);
        assert!(!pace.is_rested(150 * MS + 40 * 49 * MS - 1));
        assert!(pace.is_rested(150 * MS + 40 * 49 * MS));
        pace.spent(3000 * MS, 3001 * MS, false);
        assert!(pace.is_rested(3001 * MS + 49 * MS));
        for _ in 0..2 {
            pace.spent(0, 1000 * MS, false);
        }
        assert!(pace.is_rested(6000 * MS), "but never later than that");
    }
}
