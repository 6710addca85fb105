//! `interval` and `interval_at`.

use std::{
    future::poll_fn,
    panic::Location,
    task::{Context, Poll},
};

use tokio::time::{Duration, Instant, MissedTickBehavior};

use super::sleep::until;
use crate::{
    record::{Holding, Label, NewHolding, Traits},
    words::Kind,
};

/// [`tokio::time::Interval`], recorded: a holding of the task that last ticked it, else
/// of the one that made it.
#[derive(Debug)]
pub struct Interval {
    inner: tokio::time::Interval,
    // After `inner`: tokio's span for the timer closes first.
    timer: Holding,
}

/// [`tokio::time::interval`], recorded.
///
/// # Panics
///
/// When `period` is zero, and outside a runtime, as tokio's does.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    let timer = new_timer(Duration::ZERO, Location::caller());
    let adopting = timer.adopting();
    let inner = tokio::time::interval(period);
    drop(adopting);
    Interval { inner, timer }
}

/// [`tokio::time::interval_at`], recorded.
///
/// # Panics
///
/// When `period` is zero, and outside a runtime, as tokio's does.
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    interval_of(start, period, Location::caller())
}

/// That of whoever asked for it there.
#[track_caller]
pub(crate) fn interval_of(
    start: Instant,
    period: Duration,
    location: &'static Location<'static>,
) -> Interval {
    let timer = new_timer(until(start), location);
    let adopting = timer.adopting();
    let inner = tokio::time::interval_at(start, period);
    drop(adopting);
    Interval { inner, timer }
}

fn new_timer(due_in: Duration, location: &'static Location<'static>) -> Holding {
    let (kind, label) = (Kind::Timer, Label::Fixed("interval"));
    Holding::new(&NewHolding {
        kind,
        label,
        location,
        due_in: Some(due_in),
        traits: Traits::Periodic,
    })
}

impl Interval {
    /// [`tokio::time::Interval::tick`].
    pub async fn tick(&mut self) -> Instant {
        poll_fn(|cx| self.poll_tick(cx)).await
    }

    /// [`tokio::time::Interval::poll_tick`].
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        self.timer.used_here();
        let ticked = self.inner.poll_tick(cx);
        if ticked.is_ready() {
            self.timer.due_in(self.inner.period());
        }
        ticked
    }

    /// [`tokio::time::Interval::reset`].
    pub fn reset(&mut self) {
        self.inner.reset();
        self.timer.due_in(self.inner.period());
    }

    /// [`tokio::time::Interval::reset_immediately`].
    pub fn reset_immediately(&mut self) {
        self.inner.reset_immediately();
        self.timer.due_in(Duration::ZERO);
    }

    /// [`tokio::time::Interval::reset_after`].
    pub fn reset_after(&mut self, after: Duration) {
        self.inner.reset_after(after);
        self.timer.due_in(after);
    }

    /// [`tokio::time::Interval::reset_at`].
    pub fn reset_at(&mut self, deadline: Instant) {
        self.inner.reset_at(deadline);
        self.timer.due_in(until(deadline));
    }

    /// [`tokio::time::Interval::missed_tick_behavior`].
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.inner.missed_tick_behavior()
    }

    /// [`tokio::time::Interval::set_missed_tick_behavior`].
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.inner.set_missed_tick_behavior(behavior);
    }

    /// [`tokio::time::Interval::period`].
    pub fn period(&self) -> Duration {
        self.inner.period()
    }

    /// tokio's own interval; tracking ends here.
    pub fn into_inner(self) -> tokio::time::Interval {
        self.inner
    }
}
