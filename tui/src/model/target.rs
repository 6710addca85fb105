//! Whom the console is attached to, how that goes, and what the target says of itself.

use std::time::{Duration, Instant};

use holdover_proto::v1;

use super::{List, Model, Rates, Screen, TargetClock};

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

impl Model {
    pub(super) fn connected(&mut self, described: v1::DescribeResponse, now: Instant) {
        let run = |described: &v1::DescribeResponse| {
            described.target.as_ref().map(|target| target.run.clone())
        };
        let before = self.target.as_ref().map(|target| run(&target.described));
        let another = before.is_some_and(|before| before != run(&described));
        if another {
            // What a process that is gone has said speaks for nothing.
            self.forget();
        }
        let restarted_at = if another { Some(now) } else { None };
        self.target = Some(Target { described, restarted_at });
        self.connection = Connection::Live;
        self.lost_at = None;
    }

    pub(super) fn described(&mut self, described: v1::DescribeResponse) {
        if let Some(target) = &mut self.target {
            target.described = described;
        }
    }

    fn forget(&mut self) {
        self.answered = None;
        self.told = Vec::new();
        self.leaks = List::default();
        self.tasks = List::default();
        self.holdings = List::default();
        self.pool_lines = List::default();
        self.branches = List::default();
        self.tabs.forget_ids();
        self.events = List::default();
        self.story = None;
        self.seen = super::samples::Seen::default();
        self.pools = Vec::new();
        self.totals = v1::Totals::default();
        self.cleared_before = None;
        self.rates = Rates::default();
        self.clock = TargetClock::default();
        self.frozen = None;
        self.past = super::past::Past::default();
        self.mark = super::mark::Mark::default();
        self.screens.retain(|screen| !matches!(screen, Screen::Story(_) | Screen::Since));
    }

    pub(super) fn lost(&mut self, why: String, retry_at: Instant) {
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

    /// The target's time; that of the moment since which everything stands still.
    pub(crate) fn target_now(&self, now: Instant) -> u64 {
        self.clock.now(self.frozen.or(self.lost_at).unwrap_or(now))
    }

    /// The runtimes that have tasks, with how many of them are recorded.
    pub(crate) fn runtimes(&self) -> &[v1::RuntimeCoverage] {
        let coverage = self.target.as_ref().and_then(|it| it.described.coverage.as_ref());
        coverage.map_or(&[], |coverage| &coverage.runtimes)
    }

    /// Whether the target speaks tokio-console's protocol only: of a cancel that tells
    /// nothing.
    pub(crate) fn is_tokio_console(&self) -> bool {
        let coverage = self.target.as_ref().and_then(|it| it.described.coverage.as_ref());
        coverage.is_some_and(|coverage| coverage.tokio_console)
    }

    /// The rules by which leaks are ignored, and what is wrong with them.
    pub(crate) fn ignoring(&self) -> Option<&v1::Ignoring> {
        self.target.as_ref().and_then(|it| it.described.ignoring.as_ref())
    }

    pub(crate) fn blindness(&self) -> &[v1::Blindness] {
        let coverage = self.target.as_ref().and_then(|it| it.described.coverage.as_ref());
        coverage.map_or(&[], |coverage| &coverage.blind)
    }
}
