//! `JoinHandle` and `AbortHandle`: tokio's, and a request is recorded before it is made.

use std::{
    fmt,
    future::Future,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::task::{Id, JoinError};

use crate::{
    ended::Ended,
    record::{Handle, Task},
    words::Cause,
};

/// [`tokio::task::JoinHandle`], recorded.
///
/// Dropping it detaches the task, as tokio's does.
pub struct JoinHandle<T> {
    inner: tokio::task::JoinHandle<T>,
    followed: Handle,
}

impl<T> JoinHandle<T> {
    pub(super) fn new(inner: tokio::task::JoinHandle<T>, followed: Handle) -> Self {
        Self { inner, followed }
    }

    /// Asks the task to stop; [`tokio::task::JoinHandle::abort`], with the caller
    /// recorded as canceller and site.
    #[track_caller]
    pub fn abort(&self) {
        self.abort_at(Location::caller(), None);
    }

    /// [`abort`](Self::abort) with a reason, which the console shows.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let handle = holdover::spawn(std::future::pending::<()>());
    /// handle.abort_because("client went away");
    /// assert!(handle.await.unwrap_err().is_cancelled());
    /// # }
    /// ```
    #[track_caller]
    pub fn abort_because(&self, reason: &str) {
        self.abort_at(Location::caller(), Some(reason));
    }

    fn abort_at(&self, site: &'static Location<'static>, reason: Option<&str>) {
        if !self.inner.is_finished() {
            self.followed.task().request(Cause::Abort, site, reason);
        }
        self.inner.abort();
    }

    /// Calls `callback` once, when the task has ended: after its future is gone and
    /// before a joiner wakes, on the thread that ended it; at once, on the caller's
    /// thread, when the task has ended already. Several are called in the order in
    /// which they were given. It is called after a cancel too.
    ///
    /// This is asyncio's [`add_done_callback`]. A panic in a callback is logged and
    /// the next one is called.
    ///
    /// [`add_done_callback`]: https://docs.python.org/3/library/asyncio-future.html#asyncio.Future.add_done_callback
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use holdover::Outcome;
    ///
    /// let (tx, rx) = tokio::sync::oneshot::channel();
    /// let handle = holdover::spawn(std::future::pending::<()>());
    /// handle.on_done(|ended| { let _ = tx.send(ended.outcome()); });
    /// handle.abort();
    /// assert_eq!(rx.await, Ok(Outcome::Cancelled));
    /// # }
    /// ```
    #[track_caller]
    pub fn on_done(&self, callback: impl FnOnce(&Ended) + Send + 'static) {
        self.followed.task().on_end(Box::new(callback), Location::caller());
    }

    /// [`tokio::task::JoinHandle::is_finished`].
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }

    /// [`tokio::task::JoinHandle::abort_handle`].
    #[must_use = "abort handles do nothing unless `.abort` is called"]
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle { inner: self.inner.abort_handle(), followed: self.followed.clone() }
    }

    /// [`tokio::task::JoinHandle::id`].
    pub fn id(&self) -> Id {
        self.inner.id()
    }

    pub(crate) fn task(&self) -> &Task {
        self.followed.task()
    }

    /// tokio's own handle, for what takes it by reference.
    pub fn as_tokio(&self) -> &tokio::task::JoinHandle<T> {
        &self.inner
    }

    /// tokio's own handle. What it does from then on has no cause and no canceller.
    pub fn into_inner(self) -> tokio::task::JoinHandle<T> {
        self.followed.task().is_kept();
        self.inner
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

impl<T> From<JoinHandle<T>> for tokio::task::JoinHandle<T> {
    fn from(handle: JoinHandle<T>) -> Self {
        handle.into_inner()
    }
}

impl<T> fmt::Debug for JoinHandle<T>
where
    T: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

// As tokio's: the handle owns no value of `T` that a panic could leave half made.
impl<T> std::panic::UnwindSafe for JoinHandle<T> {}
impl<T> std::panic::RefUnwindSafe for JoinHandle<T> {}

/// [`tokio::task::AbortHandle`], recorded.
#[derive(Clone)]
pub struct AbortHandle {
    inner: tokio::task::AbortHandle,
    followed: Handle,
}

impl AbortHandle {
    pub(super) fn new(inner: tokio::task::AbortHandle, followed: Handle) -> Self {
        Self { inner, followed }
    }

    /// Asks the task to stop; [`tokio::task::AbortHandle::abort`], with the caller
    /// recorded as canceller and site.
    #[track_caller]
    pub fn abort(&self) {
        self.abort_at(Location::caller(), None);
    }

    /// [`abort`](Self::abort) with a reason, which the console shows.
    #[track_caller]
    pub fn abort_because(&self, reason: &str) {
        self.abort_at(Location::caller(), Some(reason));
    }

    fn abort_at(&self, site: &'static Location<'static>, reason: Option<&str>) {
        if !self.inner.is_finished() {
            self.followed.task().request(Cause::Abort, site, reason);
        }
        self.inner.abort();
    }

    /// [`tokio::task::AbortHandle::is_finished`].
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }

    /// [`tokio::task::AbortHandle::id`].
    pub fn id(&self) -> Id {
        self.inner.id()
    }

    pub(crate) fn task(&self) -> &Task {
        self.followed.task()
    }

    /// tokio's own handle, for what takes it by reference.
    pub fn as_tokio(&self) -> &tokio::task::AbortHandle {
        &self.inner
    }

    /// tokio's own handle. What it does from then on has no cause and no canceller.
    pub fn into_inner(self) -> tokio::task::AbortHandle {
        self.followed.task().is_kept();
        self.inner
    }
}

impl From<AbortHandle> for tokio::task::AbortHandle {
    fn from(handle: AbortHandle) -> Self {
        handle.into_inner()
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

// As tokio's.
impl std::panic::UnwindSafe for AbortHandle {}
impl std::panic::RefUnwindSafe for AbortHandle {}
