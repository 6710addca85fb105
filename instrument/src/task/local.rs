//! `LocalSet` and `spawn_local`: tokio's, and what a dropped set cancels is recorded.

use std::{
    cell::RefCell,
    fmt,
    future::Future,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::runtime::{Id, Runtime};

use super::{Builder, JoinHandle};
use crate::{
    record::{Asker, Group, cancel_by_dropping},
    words::Cause,
};

thread_local! {
    /// The members of the set that this thread runs or has entered.
    static CURRENT: RefCell<Option<Group>> = const { RefCell::new(None) };
}

/// For a task that is spawned on the current set.
pub(super) fn asker_of_the_current_set() -> Option<Asker> {
    CURRENT.try_with(|current| current.borrow().as_ref().map(Group::asker)).ok().flatten()
}

/// Puts the set that was current before back when dropped.
struct Current(Option<Group>);

impl Current {
    fn enter(members: &Group) -> Self {
        Self(CURRENT.try_with(|current| current.replace(Some(members.clone()))).ok().flatten())
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        let _ = CURRENT.try_with(|current| current.replace(self.0.take()));
    }
}

/// [`tokio::task::LocalEnterGuard`]: what is spawned while it lives is the set's.
pub struct LocalEnterGuard {
    _current: Current,
    inner: tokio::task::LocalEnterGuard,
}

impl fmt::Debug for LocalEnterGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// Spawns a task that is not `Send` on the current `LocalSet`;
/// [`tokio::task::spawn_local`], recorded.
///
/// # Panics
///
/// When called outside a `LocalSet`, as tokio's does.
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let builder = Builder::new().bound_to_some(asker_of_the_current_set());
    let (followed, task) = builder.follow_local(future, Location::caller());
    let adopting = task.adopting();
    let handle = tokio::task::spawn_local(followed);
    let followed = adopting.adopted(&handle);
    JoinHandle::new(handle, followed)
}

/// [`tokio::task::LocalSet`], recorded: the tasks that it drops are cancelled, cause
/// `dropped`.
#[derive(Default)]
pub struct LocalSet {
    inner: tokio::task::LocalSet,
    members: Group,
}

impl LocalSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// [`tokio::task::LocalSet::enter`].
    pub fn enter(&self) -> LocalEnterGuard {
        LocalEnterGuard { _current: Current::enter(&self.members), inner: self.inner.enter() }
    }

    /// [`tokio::task::LocalSet::id`].
    pub fn id(&self) -> Id {
        self.inner.id()
    }

    /// [`tokio::task::LocalSet::unhandled_panic`].
    ///
    /// # Panics
    ///
    /// When called after the set has started.
    #[cfg(tokio_unstable)]
    pub fn unhandled_panic(&mut self, behavior: tokio::runtime::UnhandledPanic) -> &mut Self {
        self.inner.unhandled_panic(behavior);
        self
    }

    /// Spawns a task on the set; [`tokio::task::LocalSet::spawn_local`].
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let builder = Builder::new().bound_to(self.asker());
        let (followed, task) = builder.follow_local(future, Location::caller());
        let adopting = task.adopting();
        let handle = self.inner.spawn_local(followed);
        let followed = adopting.adopted(&handle);
        JoinHandle::new(handle, followed)
    }

    /// [`tokio::task::LocalSet::block_on`].
    #[track_caller]
    pub fn block_on<F>(&self, runtime: &Runtime, future: F) -> F::Output
    where
        F: Future,
    {
        runtime.block_on(self.run_until(future))
    }

    /// [`tokio::task::LocalSet::run_until`].
    pub async fn run_until<F>(&self, future: F) -> F::Output
    where
        F: Future,
    {
        let mut run = std::pin::pin!(self.inner.run_until(future));
        std::future::poll_fn(|cx| {
            let _current = Current::enter(&self.members);
            run.as_mut().poll(cx)
        })
        .await
    }

    pub(super) fn asker(&self) -> Asker {
        self.members.asker()
    }

    /// tokio's own set, for what takes it by reference.
    pub fn as_tokio(&self) -> &tokio::task::LocalSet {
        &self.inner
    }
}

impl Future for LocalSet {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let _current = Current::enter(&self.members);
        Pin::new(&mut self.inner).poll(cx)
    }
}

impl Drop for LocalSet {
    fn drop(&mut self) {
        self.members.ask(Cause::Dropped, None);
        cancel_by_dropping(std::mem::take(&mut self.inner));
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
