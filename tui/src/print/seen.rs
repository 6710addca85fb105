//! What a print that follows has said: it goes on to say what is new.

use std::{collections::HashMap, hash::Hash};

use holdover_proto::v1;

use super::{Kind, PAGE, Printer, owner};

/// So much is remembered of what is not among the rows any more: it may come back among them
/// without being new. Whoever follows for a month meets millions.
const GONE: usize = 8 * PAGE as usize;

/// See the module's header.
#[derive(Default)]
pub(super) struct Seen {
    last_event: u64,
    /// By task, verdict and when it was given: since when, how many holdings, and whether
    /// it has cleared.
    leaks: Said<(u64, i32, u64), (u64, u32, bool)>,
    tasks: Said<u64, (i32, i32)>,
    /// By place, and whether it is all others together.
    groups: Said<(String, bool), v1::TaskGroup>,
    /// By number: whose it is, and whether that one has ended.
    holdings: Said<u64, (u64, bool)>,
    /// By number.
    pools: Said<u64, v1::Pool>,
}

impl Seen {
    pub(super) fn news(&mut self, printer: &Printer, update: &v1::Update) -> Vec<String> {
        let now = update.now_ns;
        match printer.kind {
            Kind::Leaks | Kind::Ignored => self.leaks(printer, update),
            Kind::Events => self.events(printer, update),
            Kind::Tasks => {
                let what = |task: &v1::Task| Some((task.id, (task.state, task.outcome)));
                let new = self.tasks.new_of(&update.tasks, what).into_iter();
                new.map(|task| printer.task(task, now)).collect()
            }
            Kind::TaskGroups => {
                let what = |group: &v1::TaskGroup| {
                    Some(((group.location.clone(), group.other), group.clone()))
                };
                let new = self.groups.new_of(&update.task_groups, what).into_iter();
                new.map(|group| printer.task_group(group)).collect()
            }
            Kind::Holdings => {
                let what = |row: &v1::HeldRow| {
                    Some((row.holding.as_ref()?.id, (owner(row), row.owner_ended)))
                };
                let new = self.holdings.new_of(&update.holdings, what).into_iter();
                new.filter_map(|row| printer.held(row, now)).collect()
            }
            Kind::Pools => {
                let what = |pool: &v1::Pool| Some((pool.number, pool.clone()));
                let new = self.pools.new_of(&update.pools, what).into_iter();
                new.map(|pool| printer.pool(pool, now)).collect()
            }
        }
    }

    fn events(&mut self, printer: &Printer, update: &v1::Update) -> Vec<String> {
        let new = update.events.iter().filter(|event| event.seq > self.last_event);
        let lines = new.map(|event| printer.event(event, update.now_ns)).collect();
        let last = update.events.iter().map(|event| event.seq).max();
        self.last_event = last.unwrap_or(0).max(self.last_event);
        lines
    }

    fn leaks(&mut self, printer: &Printer, update: &v1::Update) -> Vec<String> {
        self.leaks.begin();
        let mut lines = Vec::new();
        // Oldest first, as it happened.
        for leak in update.leaks.iter().rev() {
            let id = leak.task.as_ref().map_or(0, |task| task.id);
            let now = (leak.since_ns, leak.holdings_total, leak.cleared_ns.is_some());
            let event = match self.leaks.say((id, leak.verdict, leak.given_ns), now) {
                Some(before) if before == now => continue,
                // What had cleared before anybody looked is not news.
                None if now.2 => continue,
                None => "given",
                Some(_) if now.2 => "cleared",
                Some(_) => "updated",
            };
            lines.push(printer.leak(leak, update, Some(event)));
        }
        lines
    }
}

/// What was said last of each, and in which update it was among the rows.
struct Said<K, V> {
    last: HashMap<K, (V, u64)>,
    update: u64,
}

impl<K, V> Default for Said<K, V> {
    fn default() -> Self {
        Self { last: HashMap::new(), update: 0 }
    }
}

impl<K: Eq + Hash, V: PartialEq> Said<K, V> {
    /// An update comes: where too much is remembered, what was not in the one before goes.
    fn begin(&mut self) {
        if self.last.len() > GONE {
            let update = self.update;
            self.last.retain(|_, (_, seen)| *seen == update);
        }
        self.update += 1;
    }

    /// Gives what was said of it before.
    fn say(&mut self, key: K, now: V) -> Option<V> {
        self.last.insert(key, (now, self.update)).map(|(before, _)| before)
    }

    /// An update's rows of which nothing was said yet, or something else.
    fn new_of<'a, R>(&mut self, rows: &'a [R], what: impl Fn(&R) -> Option<(K, V)>) -> Vec<&'a R>
    where
        V: Clone,
    {
        self.begin();
        let mut is_new =
            |row: &&R| what(row).is_some_and(|(key, now)| self.say(key, now.clone()) != Some(now));
        let mut new: Vec<&R> = Vec::new();
        new.extend(rows.iter().filter(|row| is_new(row)));
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tasks(ids: impl IntoIterator<Item = u64>, state: v1::TaskState) -> v1::Update {
        let task = |id| v1::Task { id, state: state.into(), ..Default::default() };
        v1::Update { tasks: ids.into_iter().map(task).collect(), ..Default::default() }
    }

    fn printer(kind: Kind) -> Printer {
        Printer { kind, json: true, described: v1::DescribeResponse::default() }
    }

    #[test]
    fn only_what_is_new_is_said() {
        let (mut seen, printer) = (Seen::default(), printer(Kind::Tasks));
        let mut news = |update| seen.news(&printer, &update).len();
        assert_eq!(news(tasks(1..=3, v1::TaskState::Idle)), 3);
        assert_eq!(news(tasks(2..=4, v1::TaskState::Idle)), 1);
        assert_eq!(news(tasks(1..=4, v1::TaskState::Idle)), 0, "one came back");
        assert_eq!(news(tasks(4..=4, v1::TaskState::Running)), 1, "its state is another");
    }

    #[test]
    fn whoever_follows_for_long_remembers_what_is_there_and_little_else() {
        let (mut seen, printer) = (Seen::default(), printer(Kind::Tasks));
        let mut said = 0;
        for at in 0..100 {
            let stays = 0..50;
            let come_and_go = (1_000 * (at + 1)..).take(200);
            let update = tasks(stays.chain(come_and_go), v1::TaskState::Idle);
            said += seen.news(&printer, &update).len();
            assert!(seen.tasks.last.len() <= GONE + 250, "{}", seen.tasks.last.len());
        }
        assert_eq!(said, 50 + 100 * 200);
    }
}
