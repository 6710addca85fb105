//! `CancellationToken`: tokio-util's, and who cancelled, whom that asked and who has
//! noticed is recorded.

use std::{
    fmt,
    future::Future,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    record::{Asker, Node, Noticing, Reach},
    task::Scope,
};

/// [`tokio_util::sync::CancellationToken`], recorded.
///
/// A token *asks* the tasks and scopes that are bound to it
/// ([`Builder::token`](crate::task::Builder::token),
/// [`run_until_cancelled`](Self::run_until_cancelled)) and those that wait on its
/// [`cancelled`](Self::cancelled) when it is cancelled. Holding a clone, or asking
/// [`is_cancelled`](Self::is_cancelled), makes nobody asked.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use holdover::sync::CancellationToken;
///
/// let token = CancellationToken::named("shutdown");
/// let worker = holdover::task::Builder::new().token(&token).spawn({
///     let token = token.clone();
///     async move { token.cancelled().await }
/// }).unwrap();
/// token.cancel_because("a new version is deployed");
/// worker.await.unwrap();
/// # }
/// ```
#[derive(Clone)]
pub struct CancellationToken {
    inner: tokio_util::sync::CancellationToken,
    node: Node,
    /// By which a console cancels it while one of the handles that have this lives.
    reach: Reach,
}

impl CancellationToken {
    /// A token without a name.
    #[track_caller]
    pub fn new() -> Self {
        Self::made(tokio_util::sync::CancellationToken::new(), Node::new(None, None))
    }

    /// A token with a name, which stands in the path of what it cancels, and by which a
    /// console can be told to cancel it.
    #[track_caller]
    pub fn named(name: &str) -> Self {
        Self::made(tokio_util::sync::CancellationToken::new(), Node::new(Some(name), None))
    }

    #[track_caller]
    fn made(inner: tokio_util::sync::CancellationToken, node: Node) -> Self {
        let reach = Reach::new(&node, &inner, Location::caller());
        Self { inner, node, reach }
    }

    /// A token that is cancelled with this one;
    /// [`tokio_util::sync::CancellationToken::child_token`].
    #[must_use]
    #[track_caller]
    pub fn child_token(&self) -> Self {
        Self::made(self.inner.child_token(), Node::new(None, Some(&self.node)))
    }

    /// A child with a name.
    #[must_use]
    #[track_caller]
    pub fn named_child(&self, name: &str) -> Self {
        Self::made(self.inner.child_token(), Node::new(Some(name), Some(&self.node)))
    }

    /// The token's name.
    pub fn name(&self) -> Option<&str> {
        self.node.name()
    }

    /// Cancels the token and its children;
    /// [`tokio_util::sync::CancellationToken::cancel`], with the caller recorded.
    #[track_caller]
    pub fn cancel(&self) {
        self.cancel_at(Location::caller(), None);
    }

    /// [`cancel`](Self::cancel) with a reason, which the console shows.
    #[track_caller]
    pub fn cancel_because(&self, reason: &str) {
        self.cancel_at(Location::caller(), Some(reason));
    }

    fn cancel_at(&self, site: &'static Location<'static>, reason: Option<&str>) {
        self.node.ask(site, reason);
        self.inner.cancel();
    }

    /// [`tokio_util::sync::CancellationToken::is_cancelled`]. A task that was asked
    /// and is told so has noticed.
    pub fn is_cancelled(&self) -> bool {
        let cancelled = self.inner.is_cancelled();
        if cancelled {
            self.node.told();
        }
        cancelled
    }

    /// [`tokio_util::sync::CancellationToken::cancelled`].
    pub fn cancelled(&self) -> WaitForCancellationFuture<'_> {
        WaitForCancellationFuture {
            inner: self.inner.cancelled(),
            noticing: Noticing::new(self.node.clone()),
        }
    }

    /// [`tokio_util::sync::CancellationToken::cancelled_owned`].
    pub fn cancelled_owned(self) -> WaitForCancellationFutureOwned {
        WaitForCancellationFutureOwned {
            inner: self.inner.cancelled_owned(),
            noticing: Noticing::new(self.node),
            reach: self.reach,
        }
    }

    /// Cancels the token when the guard is dropped;
    /// [`tokio_util::sync::CancellationToken::drop_guard`].
    #[track_caller]
    pub fn drop_guard(self) -> DropGuard {
        DropGuard { token: Some(self), made_at: Location::caller() }
    }

    /// [`tokio_util::sync::CancellationToken::drop_guard_ref`].
    #[track_caller]
    pub fn drop_guard_ref(&self) -> DropGuardRef<'_> {
        DropGuardRef { token: Some(self), made_at: Location::caller() }
    }

    /// Runs the future as a scope bound to the token, until the token is cancelled;
    /// [`tokio_util::sync::CancellationToken::run_until_cancelled`].
    #[track_caller]
    pub fn run_until_cancelled<F>(&self, fut: F) -> impl Future<Output = Option<F::Output>>
    where
        F: Future,
    {
        let scope = self.scope(fut, Location::caller());
        async move {
            let output = self.inner.run_until_cancelled(scope).await;
            if output.is_none() {
                // Whoever awaits this knows now, as if it had asked.
                self.node.told();
            }
            output
        }
    }

    /// [`tokio_util::sync::CancellationToken::run_until_cancelled_owned`].
    #[track_caller]
    pub fn run_until_cancelled_owned<F>(self, fut: F) -> impl Future<Output = Option<F::Output>>
    where
        F: Future,
    {
        let scope = self.scope(fut, Location::caller());
        let Self { inner, node, reach } = self;
        async move {
            let output = inner.run_until_cancelled_owned(scope).await;
            if output.is_none() {
                node.told();
            }
            // Until here there is a handle to the token.
            drop(reach);
            output
        }
    }

    fn scope<F>(&self, future: F, location: &'static Location<'static>) -> Scope<F> {
        let name = self.name().unwrap_or("run_until_cancelled").to_owned();
        Scope::new(future, name.into(), location).bound_to(self.asker())
    }

    pub(crate) fn asker(&self) -> Asker {
        self.node.asker()
    }

    /// tokio-util's own token, for what takes it by reference. What is done with it
    /// directly is not recorded.
    pub fn as_tokio(&self) -> &tokio_util::sync::CancellationToken {
        &self.inner
    }
}

impl Default for CancellationToken {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl From<tokio_util::sync::CancellationToken> for CancellationToken {
    #[track_caller]
    fn from(inner: tokio_util::sync::CancellationToken) -> Self {
        Self::made(inner, Node::new(None, None))
    }
}

impl From<CancellationToken> for tokio_util::sync::CancellationToken {
    fn from(token: CancellationToken) -> Self {
        token.inner
    }
}

impl fmt::Debug for CancellationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancellationToken")
            .field("name", &self.name())
            .field("is_cancelled", &self.inner.is_cancelled())
            .finish_non_exhaustive()
    }
}

impl PartialEq for CancellationToken {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl Eq for CancellationToken {}

impl std::hash::Hash for CancellationToken {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

pin_project! {
    /// The future of [`CancellationToken::cancelled`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitForCancellationFuture<'a> {
        #[pin]
        inner: tokio_util::sync::WaitForCancellationFuture<'a>,
        noticing: Noticing,
    }
}

impl Future for WaitForCancellationFuture<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        noticed(this.inner.poll(cx), this.noticing)
    }
}

pin_project! {
    /// The future of [`CancellationToken::cancelled_owned`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitForCancellationFutureOwned {
        #[pin]
        inner: tokio_util::sync::WaitForCancellationFutureOwned,
        noticing: Noticing,
        // As long as it waits there is a handle to the token.
        reach: Reach,
    }
}

impl Future for WaitForCancellationFutureOwned {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        noticed(this.inner.poll(cx), this.noticing)
    }
}

fn noticed(polled: Poll<()>, noticing: &mut Noticing) -> Poll<()> {
    match polled {
        Poll::Ready(()) => noticing.notices(),
        Poll::Pending => noticing.waits(),
    }
    polled
}

/// The guard of [`CancellationToken::drop_guard`].
#[derive(Debug)]
#[must_use]
pub struct DropGuard {
    // `None` once it was disarmed.
    token: Option<CancellationToken>,
    /// Shown as where it was cancelled: a drop has no place of its own.
    made_at: &'static Location<'static>,
}

impl DropGuard {
    /// [`tokio_util::sync::DropGuard::token`].
    #[expect(clippy::missing_panics_doc, reason = "it has a token until it is disarmed")]
    pub fn token(&self) -> &CancellationToken {
        self.token.as_ref().expect("a disarmed guard is gone")
    }

    /// [`tokio_util::sync::DropGuard::disarm`].
    #[expect(clippy::missing_panics_doc, reason = "it has a token until it is disarmed")]
    pub fn disarm(mut self) -> CancellationToken {
        self.token.take().expect("a guard is disarmed once")
    }
}

impl Drop for DropGuard {
    fn drop(&mut self) {
        if let Some(token) = &self.token {
            token.cancel_at(self.made_at, None);
        }
    }
}

/// The guard of [`CancellationToken::drop_guard_ref`].
#[derive(Debug)]
#[must_use]
pub struct DropGuardRef<'a> {
    token: Option<&'a CancellationToken>,
    made_at: &'static Location<'static>,
}

impl<'a> DropGuardRef<'a> {
    /// [`tokio_util::sync::DropGuardRef::token`].
    #[expect(clippy::missing_panics_doc, reason = "it has a token until it is disarmed")]
    pub fn token(&self) -> &CancellationToken {
        self.token.expect("a disarmed guard is gone")
    }

    /// [`tokio_util::sync::DropGuardRef::disarm`].
    #[expect(clippy::missing_panics_doc, reason = "it has a token until it is disarmed")]
    pub fn disarm(mut self) -> &'a CancellationToken {
        self.token.take().expect("a guard is disarmed once")
    }
}

impl Drop for DropGuardRef<'_> {
    fn drop(&mut self) {
        if let Some(token) = self.token {
            token.cancel_at(self.made_at, None);
        }
    }
}
