//! `sleep` and `sleep_until`.

use std::{
    future::Future,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio::time::{Duration, Instant};

use crate::{
    record::{Holding, Label, NewHolding, Traits},
    words::Kind,
};

pin_project! {
    /// [`tokio::time::Sleep`], recorded: a holding of the task that last polled it,
    /// else of the one that made it, until its time has come or it is dropped.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Sleep {
        #[pin]
        inner: tokio::time::Sleep,
        // After `inner`: tokio's span for the timer closes first.
        timer: Holding,
    }
}

/// [`tokio::time::sleep`], recorded.
///
/// # Panics
///
/// When called outside a runtime that has time enabled, as tokio's does.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// holdover::time::sleep(std::time::Duration::from_millis(1)).await;
/// # }
/// ```
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    let timer = new_timer(Some(duration), Location::caller());
    let adopting = timer.adopting();
    let inner = tokio::time::sleep(duration);
    drop(adopting);
    Sleep { inner, timer }
}

/// [`tokio::time::sleep_until`], recorded.
///
/// # Panics
///
/// When called outside a runtime that has time enabled, as tokio's does.
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    let timer = new_timer(Some(until(deadline)), Location::caller());
    let adopting = timer.adopting();
    let inner = tokio::time::sleep_until(deadline);
    drop(adopting);
    Sleep { inner, timer }
}

fn new_timer(due_in: Option<Duration>, location: &'static Location<'static>) -> Holding {
    let (kind, label) = (Kind::Timer, Label::Fixed("sleep"));
    Holding::new(&NewHolding { kind, label, location, due_in, traits: Traits::Sleep })
}

/// How long until then, by tokio's clock.
pub(super) fn until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

impl Sleep {
    /// [`tokio::time::Sleep::deadline`].
    pub fn deadline(&self) -> Instant {
        self.inner.deadline()
    }

    /// [`tokio::time::Sleep::is_elapsed`].
    pub fn is_elapsed(&self) -> bool {
        self.inner.is_elapsed()
    }

    /// [`tokio::time::Sleep::reset`]. Its owner stays.
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.project();
        this.timer.due_in(until(deadline));
        this.timer.is_not_over();
        this.timer.with_its_owner(|| this.inner.reset(deadline));
    }

    /// tokio's own timer, for what takes it by reference.
    pub fn as_tokio(self: Pin<&mut Self>) -> Pin<&mut tokio::time::Sleep> {
        self.project().inner
    }
}

impl Future for Sleep {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        this.timer.used_here();
        let polled = this.inner.poll(cx);
        if polled.is_ready() {
            this.timer.is_over();
        }
        polled
    }
}
