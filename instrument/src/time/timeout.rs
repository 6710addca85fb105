//! `timeout` and `timeout_at`: the body is a scope, cancelled when the time is over.

use std::{
    any::type_name,
    future::{Future, IntoFuture, Pending, pending},
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tokio::{
    task::{coop, unconstrained},
    time::{Duration, Instant, error::Elapsed},
};

use super::sleep::until;
use crate::{
    record::{Holding, Label, NewHolding, Traits},
    task::Scope,
    words::{Cause, Kind},
};

/// tokio's timeout over nothing: it tells when the time is over, with tokio's error.
type Delay = tokio::time::Timeout<Pending<()>>;

pin_project! {
    /// [`tokio::time::Timeout`], recorded: its timer is a holding, and its body a scope,
    /// unless that is borrowed.
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    #[derive(Debug)]
    pub struct Timeout<T> {
        #[pin]
        body: Body<T>,
        #[pin]
        delay: Delay,
        timer: Holding,
        location: &'static Location<'static>,
    }
}

pin_project! {
    /// A borrowed body goes on when the time is over, so it is no scope.
    #[project = BodyProjection]
    #[derive(Debug)]
    enum Body<T> {
        Scope { #[pin] scope: Scope<T> },
        Borrowed { #[pin] future: T },
    }
}

/// [`tokio::time::timeout`], recorded.
///
/// # Panics
///
/// When called outside a runtime that has time enabled, as tokio's does.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use std::{future::pending, time::Duration};
///
/// use holdover::time::timeout;
///
/// assert!(timeout(Duration::from_millis(1), pending::<()>()).await.is_err());
/// # }
/// ```
#[track_caller]
pub fn timeout<F>(duration: Duration, future: F) -> Timeout<F::IntoFuture>
where
    F: IntoFuture,
{
    let location = Location::caller();
    let timer = new_timer(Some(duration), location);
    let adopting = timer.adopting();
    let delay = tokio::time::timeout(duration, pending());
    drop(adopting);
    Timeout { body: Body::new(future.into_future(), location), delay, timer, location }
}

/// [`tokio::time::timeout_at`], recorded.
///
/// # Panics
///
/// When called outside a runtime that has time enabled, as tokio's does.
#[track_caller]
pub fn timeout_at<F>(deadline: Instant, future: F) -> Timeout<F::IntoFuture>
where
    F: IntoFuture,
{
    let location = Location::caller();
    let timer = new_timer(Some(until(deadline)), location);
    let adopting = timer.adopting();
    let delay = tokio::time::timeout_at(deadline, pending());
    drop(adopting);
    Timeout { body: Body::new(future.into_future(), location), delay, timer, location }
}

fn new_timer(due_in: Option<Duration>, location: &'static Location<'static>) -> Holding {
    let (kind, label) = (Kind::Timer, Label::Fixed("timeout"));
    Holding::new(&NewHolding { kind, label, location, due_in, traits: Traits::Sleep })
}

impl<T> Body<T> {
    fn new(future: T, location: &'static Location<'static>) -> Self {
        let name = type_name::<T>();
        if name.starts_with("&mut ") || name.starts_with("core::pin::Pin<&mut ") {
            Self::Borrowed { future }
        } else {
            Self::Scope { scope: Scope::new(future, "timeout".into(), location) }
        }
    }
}

impl<T> Timeout<T> {
    /// The body; [`tokio::time::Timeout::get_ref`].
    ///
    /// # Panics
    ///
    /// When the body was ready already: tokio's keeps it then, this one drops it.
    pub fn get_ref(&self) -> &T {
        match &self.body {
            Body::Scope { scope } => scope.get_ref().expect("the body was ready and is dropped"),
            Body::Borrowed { future } => future,
        }
    }

    /// The body; [`tokio::time::Timeout::get_mut`].
    ///
    /// # Panics
    ///
    /// As [`Self::get_ref`].
    pub fn get_mut(&mut self) -> &mut T {
        match &mut self.body {
            Body::Scope { scope } => scope.get_mut().expect("the body was ready and is dropped"),
            Body::Borrowed { future } => future,
        }
    }

    /// The body, without its timeout; [`tokio::time::Timeout::into_inner`].
    ///
    /// # Panics
    ///
    /// As [`Self::get_ref`].
    pub fn into_inner(self) -> T {
        match self.body {
            Body::Scope { scope } => scope.into_inner().expect("the body was ready and is dropped"),
            Body::Borrowed { future } => future,
        }
    }
}

impl<T: Future> Future for Timeout<T> {
    type Output = Result<T::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.timer.used_here();
        let had_budget = coop::has_budget_remaining();
        let mut body = this.body;
        if let Poll::Ready(value) = body.as_mut().poll(cx) {
            return Poll::Ready(Ok(value));
        }
        // As tokio's: a body that uses up the budget does not keep the time from
        // being looked at.
        let over = if had_budget && !coop::has_budget_remaining() {
            Pin::new(&mut unconstrained(this.delay)).poll(cx)
        } else {
            this.delay.poll(cx)
        };
        let over = ready!(over);
        this.timer.is_over();
        if let BodyProjection::Scope { scope } = body.project() {
            scope.ask(Cause::Timeout, this.location);
        }
        match over {
            Err(elapsed) => Poll::Ready(Err(elapsed)),
            // `Pending` is never ready.
            Ok(()) => Poll::Pending,
        }
    }
}

impl<T: Future> Future for Body<T> {
    type Output = T::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T::Output> {
        match self.project() {
            BodyProjection::Scope { scope } => scope.poll(cx),
            BodyProjection::Borrowed { future } => future.poll(cx),
        }
    }
}
