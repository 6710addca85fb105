//! `TaskTracker`: tokio-util's, and its tasks are recorded.

use std::{fmt, future::Future, ops::Deref};

use tokio::runtime::Handle;

use super::{Builder, JoinHandle, LocalSet, spawn, spawn_blocking, spawn_local};

/// [`tokio_util::task::TaskTracker`], recorded. Whatever else it can do is tokio-util's
/// own, through `Deref`.
#[derive(Clone, Default)]
pub struct TaskTracker {
    inner: tokio_util::task::TaskTracker,
}

impl TaskTracker {
    /// An open tracker without tasks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Spawns a task on the current runtime and tracks it;
    /// [`tokio_util::task::TaskTracker::spawn`].
    ///
    /// # Panics
    ///
    /// When called outside a runtime.
    #[track_caller]
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        spawn(self.inner.track_future(task))
    }

    /// Spawns a task on that runtime and tracks it;
    /// [`tokio_util::task::TaskTracker::spawn_on`].
    #[track_caller]
    #[expect(clippy::missing_panics_doc, reason = "the builder does not fail")]
    pub fn spawn_on<F>(&self, task: F, handle: &Handle) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let spawned = Builder::new().spawn_on(self.inner.track_future(task), handle);
        spawned.expect("the builder does not fail")
    }

    /// Spawns a task on that `LocalSet` and tracks it;
    /// [`tokio_util::task::TaskTracker::spawn_local_on`].
    #[track_caller]
    pub fn spawn_local_on<F>(&self, task: F, local_set: &LocalSet) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        local_set.spawn_local(self.inner.track_future(task))
    }

    /// Runs a closure where it may block, on that runtime, and tracks it;
    /// [`tokio_util::task::TaskTracker::spawn_blocking_on`].
    #[track_caller]
    #[expect(clippy::missing_panics_doc, reason = "the builder does not fail")]
    pub fn spawn_blocking_on<F, R>(&self, task: F, handle: &Handle) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let token = self.inner.token();
        let tracked = move || {
            let value = task();
            drop(token);
            value
        };
        let spawned = Builder::new().spawn_blocking_on(tracked, handle);
        spawned.expect("the builder does not fail")
    }

    /// [`tokio_util::task::TaskTracker::ptr_eq`].
    pub fn ptr_eq(left: &Self, right: &Self) -> bool {
        tokio_util::task::TaskTracker::ptr_eq(&left.inner, &right.inner)
    }

    /// Spawns a task on the current `LocalSet` and tracks it;
    /// [`tokio_util::task::TaskTracker::spawn_local`].
    ///
    /// # Panics
    ///
    /// When called outside a `LocalSet`.
    #[track_caller]
    pub fn spawn_local<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        spawn_local(self.inner.track_future(task))
    }

    /// Runs a closure where it may block, and tracks it;
    /// [`tokio_util::task::TaskTracker::spawn_blocking`].
    ///
    /// # Panics
    ///
    /// When called outside a runtime.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, task: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let token = self.inner.token();
        spawn_blocking(move || {
            let value = task();
            drop(token);
            value
        })
    }
}

impl Deref for TaskTracker {
    type Target = tokio_util::task::TaskTracker;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl fmt::Debug for TaskTracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
