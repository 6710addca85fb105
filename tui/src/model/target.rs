//! One target: how the connection goes, what it says of itself, and what it told last.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use holdover_proto::v1;

use super::{Rates, Samples, TargetClock, past::Moment};

/// How a target is doing.
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

/// What is kept of a target over time.
#[derive(Clone, Debug, Default)]
pub(super) struct OverTime {
    pub(super) rates: Rates,
    pub(super) samples: Samples,
}

/// Whom the console is attached to.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) address: String,
    pub(crate) connection: Connection,
    /// What it says of itself, once it has answered.
    pub(crate) described: Option<v1::DescribeResponse>,
    /// It is not the process that was there before.
    restarted_at: Option<Instant>,
    /// When the connection came to be as it is.
    pub(crate) since: Option<Instant>,
    clock: TargetClock,
    pub(crate) totals: v1::Totals,
    /// Verdicts that had cleared when the console was attached.
    cleared_before: Option<u64>,
    over_time: OverTime,
    /// As it was when everything came to stand still, and the target's time then.
    stood: Option<Box<(OverTime, u64)>>,
    /// Those of which something that is shown is a connection.
    pub(crate) pools: Vec<v1::Pool>,
    /// The view that what is known answers.
    answered: Option<v1::View>,
    /// What it told last of each kind of view.
    told: Vec<Arc<Moment>>,
    /// When it was lost: it may do anything since.
    lost_at: Option<Instant>,
    /// Since when it is known that it tells nothing, to nobody, until it is resumed.
    paused_at: Option<Instant>,
    /// Why it does not answer the view.
    pub(crate) refused: Option<String>,
    /// Since when it has been asked for what it has not told.
    waited_since: Option<Instant>,
}

impl Target {
    pub(super) fn new(address: String) -> Self {
        Self {
            address,
            connection: Connection::Waiting { why: None, retry_at: None },
            described: None,
            restarted_at: None,
            since: None,
            clock: TargetClock::default(),
            totals: v1::Totals::default(),
            cleared_before: None,
            over_time: OverTime::default(),
            stood: None,
            pools: Vec::new(),
            answered: None,
            told: Vec::new(),
            lost_at: None,
            paused_at: None,
            refused: None,
            waited_since: None,
        }
    }

    /// True when another process answers than before: what that one has said speaks for
    /// nothing.
    pub(super) fn connected(&mut self, described: v1::DescribeResponse, now: Instant) -> bool {
        let run = |described: &v1::DescribeResponse| {
            described.target.as_ref().map(|target| target.run.clone())
        };
        let before = self.described.as_ref().map(run);
        let another = before.is_some_and(|before| before != run(&described));
        if another {
            *self = Self::new(std::mem::take(&mut self.address));
        }
        self.restarted_at = another.then_some(now);
        self.described = Some(described);
        self.connection = Connection::Live;
        self.since = Some(now);
        (self.lost_at, self.paused_at) = (None, None);
        another
    }

    pub(super) fn described(&mut self, described: v1::DescribeResponse) {
        if self.described.is_some() {
            self.described = Some(described);
        }
    }

    pub(super) fn lost(&mut self, why: String, retry_in: Duration, now: Instant) {
        let retry_at = now + retry_in;
        if self.connection == Connection::Live {
            self.since = Some(now);
        }
        self.lost_at = self.lost_at.or(Some(now));
        self.connection = match self.connection {
            Connection::Waiting { .. } => {
                Connection::Waiting { why: Some(why), retry_at: Some(retry_at) }
            }
            _ => Connection::Lost { why, retry_at },
        };
    }

    pub(crate) fn is_live(&self) -> bool {
        self.connection == Connection::Live
    }

    /// It was there, and is not now: what is known of it stands still.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self.connection, Connection::Lost { .. })
    }

    /// The message that another process answers now stays for a while.
    pub(crate) fn says_restarted(&self, now: Instant) -> bool {
        const SHOWN: Duration = Duration::from_secs(10);
        self.restarted_at.is_some_and(|at| now.saturating_duration_since(at) < SHOWN)
    }

    /// Its time; that of the moment since which it stands still.
    pub(super) fn now(&self, frozen: Option<Instant>, now: Instant) -> u64 {
        let stands_still = frozen.into_iter().chain(self.lost_at).chain(self.paused_at).min();
        self.clock.now(stands_still.unwrap_or(now))
    }

    /// Everything stands still from now on: what is kept over time goes on, and is not shown.
    pub(super) fn stands_still(&mut self, now: Instant) {
        self.stood = Some(Box::new((self.over_time.clone(), self.now(None, now))));
    }

    pub(super) fn moves_again(&mut self) {
        self.stood = None;
    }

    /// What is kept over time, as it was until the moment that is shown.
    pub(super) fn until(&self, frozen: Option<Instant>) -> (&OverTime, u64) {
        let Some(frozen) = frozen else { return (&self.over_time, u64::MAX) };
        let until = self.now(Some(frozen), frozen);
        match self.stood.as_deref() {
            Some((stood, at)) if until <= *at => (stood, until),
            // It was stepped to what was told since then.
            _ => (&self.over_time, until),
        }
    }

    /// Whether what is known of it answers this view.
    pub(super) fn answers(&self, view: Option<&v1::View>) -> bool {
        view.is_some() && self.answered.as_ref() == view
    }

    pub(super) fn is_now_answered(&mut self, view: v1::View) {
        self.answered = Some(view);
    }

    /// What is kept over time goes on while everything stands still.
    pub(super) fn count(&mut self, update: &v1::Update) {
        let totals = update.totals.unwrap_or_default();
        self.cleared_before = self.cleared_before.or(Some(totals.cleared));
        self.over_time.rates.count(&totals, update.now_ns);
        self.over_time.samples.take(update.now_ns, &totals, update.process.as_ref());
    }

    /// It says whether it tells nothing for now.
    pub(super) fn pauses(&mut self, does_it: bool, now: Instant) {
        self.paused_at = self.paused_at.or(Some(now)).filter(|_| does_it);
    }

    /// Somebody else has paused it: since when, as far as is known here.
    pub(crate) fn paused_at(&self) -> Option<Instant> {
        self.paused_at
    }

    /// It is there and does not answer, and its rows are not those that are asked for.
    pub(crate) fn is_slow(&self, now: Instant) -> bool {
        const PATIENCE: Duration = Duration::from_secs(1);
        let since = self.waited_since.filter(|_| self.is_live());
        since.is_some_and(|at| now.saturating_duration_since(at) >= PATIENCE)
    }

    /// Its rows are waited for, or not.
    pub(super) fn is_waited_for(&mut self, is_it: bool, now: Instant) {
        self.waited_since = self.waited_since.or(Some(now)).filter(|_| is_it);
    }

    /// Time passes, and nothing else is heard of it.
    pub(super) fn goes_on(&mut self, is_answered: bool, with_the_process: bool, now: Instant) {
        let target_now = self.now(None, now);
        if self.paused_at.is_some() {
            return;
        }
        if self.is_live() && is_answered {
            self.over_time.samples.go_on(target_now, with_the_process);
        }
        if self.lost_at.is_none() && self.cleared_before.is_some() {
            self.over_time.rates.count(&self.totals, target_now);
        }
    }

    /// It was asked for nothing else.
    pub(super) fn tells_totals(&mut self, totals: v1::Totals) {
        self.totals = totals;
        self.refused = None;
    }

    /// Has this shown, as of `at`.
    pub(super) fn show(&mut self, moment: Arc<Moment>, target_now: u64, at: Instant) {
        self.clock.told(target_now, at);
        self.totals = moment.update.totals.unwrap_or_default();
        self.refused = None;
        self.pools.clone_from(&moment.update.pools);
        self.told.retain(|it| !it.is_of_the_kind_of(&moment.view));
        self.told.push(moment);
    }

    /// Of this kind of view nothing is shown.
    pub(super) fn show_nothing_of(&mut self, view: &v1::View) {
        self.told.retain(|it| !it.is_of_the_kind_of(view));
    }

    /// What was told last of this kind of view. One that is lost does not say any more what
    /// another filter finds.
    pub(super) fn told(&self, view: &v1::View) -> Option<&Moment> {
        let told = self.told.iter().find(|it| it.is_of_the_kind_of(view))?;
        (self.is_live() || told.view.filter == view.filter).then_some(told)
    }

    /// Verdicts that have cleared since the console was attached.
    pub(super) fn cleared_since(&self) -> u64 {
        self.totals.cleared.saturating_sub(self.cleared_before.unwrap_or(0))
    }

    /// When that was by the clock on the wall.
    pub(crate) fn wall(&self, at: u64) -> u64 {
        self.described.as_ref().map_or(0, |it| it.wall_anchor_ns).saturating_add(at)
    }

    pub(crate) fn coverage(&self) -> Option<&v1::Coverage> {
        self.described.as_ref()?.coverage.as_ref()
    }

    /// The runtimes that have tasks, with how many of them are recorded.
    pub(crate) fn runtimes(&self) -> &[v1::RuntimeCoverage] {
        self.coverage().map_or(&[], |coverage| &coverage.runtimes)
    }

    /// Whether it speaks tokio-console's protocol only: of a cancel that tells nothing.
    pub(crate) fn is_tokio_console(&self) -> bool {
        self.coverage().is_some_and(|coverage| coverage.tokio_console)
    }

    /// The rules by which leaks are ignored, and what is wrong with them.
    pub(crate) fn ignoring(&self) -> Option<&v1::Ignoring> {
        self.described.as_ref()?.ignoring.as_ref()
    }

    pub(crate) fn blindness(&self) -> &[v1::Blindness] {
        self.coverage().map_or(&[], |coverage| &coverage.blind)
    }
}
