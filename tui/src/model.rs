//! Step 8, the model: what is known, as plain data. It changes only here, by messages;
//! drawing reads it.

mod clock;
mod leaks;

use std::time::{Duration, Instant};

use holdover_proto::v1;

pub(crate) use self::{clock::TargetClock, leaks::Leaks};
use crate::client::Event;

/// How the target is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    /// Nothing has answered yet.
    Waiting {
        why: Option<String>,
        retry_at: Option<Instant>,
    },
    Live,
    Lost {
        why: String,
        retry_at: Instant,
    },
}

/// Whom the console is attached to.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) described: v1::DescribeResponse,
    /// It is not the process that was there before.
    pub(crate) restarted_at: Option<Instant>,
}

/// Everything that is shown.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) address: String,
    pub(crate) connection: Connection,
    pub(crate) target: Option<Target>,
    pub(crate) clock: TargetClock,
    pub(crate) totals: v1::Totals,
    pub(crate) leaks: Leaks,
    pub(crate) quit: bool,
}

impl Model {
    pub(crate) fn new(address: String) -> Self {
        Self {
            address,
            connection: Connection::Waiting { why: None, retry_at: None },
            target: None,
            clock: TargetClock::default(),
            totals: v1::Totals::default(),
            leaks: Leaks::default(),
            quit: false,
        }
    }

    /// The view that the screen needs.
    pub(crate) fn view(&self) -> v1::View {
        v1::View {
            kind: v1::ViewKind::LeakGroups.into(),
            limit: 200,
            interval_ms: 250,
            cleared: true,
            ..v1::View::default()
        }
    }

    /// Takes what the client brought.
    pub(crate) fn apply(&mut self, event: Event, now: Instant) {
        match event {
            Event::Connected(described) => self.connected(*described, now),
            Event::Update(update) => self.update(*update, now),
            Event::Refused(why) => self.leaks.refused = Some(why),
            Event::Lost { why, retry_in } => self.lost(why, now + retry_in),
        }
    }

    fn connected(&mut self, described: v1::DescribeResponse, now: Instant) {
        let run = |described: &v1::DescribeResponse| {
            described.target.as_ref().map(|target| target.run.clone())
        };
        let before = self.target.as_ref().map(|target| run(&target.described));
        let another = before.is_some_and(|before| before != run(&described));
        if another {
            // What a process that is gone has said speaks for nothing.
            self.leaks = Leaks::default();
            self.totals = v1::Totals::default();
            self.clock = TargetClock::default();
        }
        let restarted_at = if another { Some(now) } else { None };
        self.target = Some(Target { described, restarted_at });
        self.connection = Connection::Live;
    }

    fn update(&mut self, update: v1::Update, now: Instant) {
        self.clock.told(update.now_ns, now);
        self.totals = update.totals.unwrap_or_default();
        self.leaks.replace(update.groups, update.matched, update.all);
    }

    fn lost(&mut self, why: String, retry_at: Instant) {
        self.connection = match self.connection {
            Connection::Waiting { .. } => {
                Connection::Waiting { why: Some(why), retry_at: Some(retry_at) }
            }
            _ => Connection::Lost { why, retry_at },
        };
    }

    /// The message that another process answers now stays for a while.
    pub(crate) fn says_restarted(&self, now: Instant) -> bool {
        const SHOWN: Duration = Duration::from_secs(10);
        let at = self.target.as_ref().and_then(|target| target.restarted_at);
        at.is_some_and(|at| now.saturating_duration_since(at) < SHOWN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(run: &str) -> Event {
        let target = v1::Target { service: "demo".into(), pid: 7, run: run.into() };
        let target = Some(target);
        Event::Connected(Box::new(v1::DescribeResponse { target, ..Default::default() }))
    }

    #[test]
    fn another_process_is_recognised_and_what_the_old_one_said_is_forgotten() {
        let (mut model, now) = (Model::new("here".into()), Instant::now());
        model.apply(described("a"), now);
        let totals = Some(v1::Totals { leaks: 3, ..Default::default() });
        model.apply(Event::Update(Box::new(v1::Update { totals, ..Default::default() })), now);
        model.apply(described("a"), now);
        assert_eq!((model.totals.leaks, model.says_restarted(now)), (3, false));
        model.apply(described("b"), now);
        assert_eq!((model.totals.leaks, model.says_restarted(now)), (0, true));
        assert!(!model.says_restarted(now + Duration::from_secs(11)));
    }

    #[test]
    fn before_the_first_answer_the_console_waits_and_after_it_the_target_is_lost() {
        let (mut model, now) = (Model::new("here".into()), Instant::now());
        let lost = || Event::Lost { why: "refused".into(), retry_in: Duration::from_secs(1) };
        model.apply(lost(), now);
        assert!(matches!(&model.connection, Connection::Waiting { why: Some(_), .. }));
        model.apply(described("a"), now);
        assert_eq!(model.connection, Connection::Live);
        model.apply(lost(), now);
        let retry_at = now + Duration::from_secs(1);
        assert_eq!(model.connection, Connection::Lost { why: "refused".into(), retry_at });
    }
}
