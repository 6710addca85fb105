//! `task::Builder`: tokio's, on stable too, and what the console is to know of a task.

use std::{any::type_name, future::Future, io, panic::Location, time::Duration};

use tokio::runtime::Handle;

use super::{
    JoinHandle, LocalSet,
    future::{Followed, FollowedClosure},
};
use crate::{
    record::{NewKind, NewTask, Options, Task},
    sync::CancellationToken,
};

/// Sets what is known of a task before it is spawned. The `spawn` methods have the
/// signatures of [tokio's unstable builder][tokio]; they do not fail.
///
/// [tokio]: https://docs.rs/tokio/latest/tokio/task/struct.Builder.html
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// use std::time::Duration;
///
/// use holdover::task::Builder;
///
/// let worker = Builder::new().name("worker").grace(Duration::from_secs(5)).spawn(async { 7 })?;
/// assert_eq!(worker.await?, 7);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
#[must_use = "nothing is spawned until a `spawn` method is called"]
pub struct Builder<'a> {
    name: Option<&'a str>,
    options: Options,
}

impl<'a> Builder<'a> {
    /// A builder that sets nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The task's name.
    pub fn name(&self, name: &'a str) -> Self {
        Self { name: Some(name), options: self.options.clone() }
    }

    /// Binds the task to the token: it is asked to stop when the token, or an ancestor
    /// of it, is cancelled. The task itself must act on it; that it was asked, when it
    /// noticed and how long it took is recorded exactly.
    pub fn token(mut self, token: &CancellationToken) -> Self {
        self.options.bound_to.push(token.asker());
        self
    }

    /// How long this task may take to end once it was asked to, and to let go of what
    /// it holds, before that is a verdict.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.options.grace = Some(grace);
        self
    }

    /// The task is meant to outlive the one that spawns it; `why` is shown. It is not
    /// reported as orphaned, nor is what descends from it.
    pub fn detached(mut self, why: &str) -> Self {
        self.options.detached = Some(why.into());
        self
    }

    fn task<F>(self, kind: NewKind, location: Option<&'static Location<'static>>) -> Task {
        Task::new(NewTask {
            kind,
            location,
            type_name: type_name::<F>(),
            size: size_of::<F>(),
            name: self.name,
            options: self.options,
        })
    }

    pub(super) fn follow<F>(
        self,
        future: F,
        location: impl Into<Option<&'static Location<'static>>>,
    ) -> (Followed<F>, Task) {
        let task = self.task::<F>(NewKind::Task, location.into());
        (Followed::new(future, task.clone()), task)
    }

    pub(super) fn follow_local<F>(
        self,
        future: F,
        location: &'static Location<'static>,
    ) -> (Followed<F>, Task) {
        let task = self.task::<F>(NewKind::Local, Some(location));
        (Followed::new(future, task.clone()), task)
    }

    pub(super) fn follow_closure<F>(
        self,
        closure: F,
        location: &'static Location<'static>,
    ) -> (FollowedClosure<F>, Task) {
        let task = self.task::<F>(NewKind::Blocking, Some(location));
        (FollowedClosure::new(closure, task.clone()), task)
    }

    /// Spawns a task on the current runtime.
    ///
    /// # Panics
    ///
    /// When called outside a runtime.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (followed, task) = self.follow(future, Location::caller());
        let adopting = task.adopting();
        let handle = tokio::spawn(followed);
        let followed = adopting.adopted(&handle);
        Ok(JoinHandle::new(handle, followed))
    }

    /// Spawns a task on that runtime.
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, runtime: &Handle) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (followed, task) = self.follow(future, Location::caller());
        let adopting = task.adopting();
        let handle = runtime.spawn(followed);
        let followed = adopting.adopted(&handle);
        Ok(JoinHandle::new(handle, followed))
    }

    /// Spawns a task that is not `Send` on the current `LocalSet`.
    ///
    /// # Panics
    ///
    /// When called outside a `LocalSet`.
    #[track_caller]
    pub fn spawn_local<F>(mut self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.options.bound_to.extend(super::local::asker_of_the_current_set());
        let (followed, task) = self.follow_local(future, Location::caller());
        let adopting = task.adopting();
        let handle = tokio::task::spawn_local(followed);
        let followed = adopting.adopted(&handle);
        Ok(JoinHandle::new(handle, followed))
    }

    /// Spawns a task that is not `Send` on that `LocalSet`.
    #[track_caller]
    pub fn spawn_local_on<F>(
        mut self,
        future: F,
        local_set: &LocalSet,
    ) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.options.bound_to.push(local_set.asker());
        let (followed, task) = self.follow_local(future, Location::caller());
        let adopting = task.adopting();
        let handle = local_set.as_tokio().spawn_local(followed);
        let followed = adopting.adopted(&handle);
        Ok(JoinHandle::new(handle, followed))
    }

    /// Runs a closure where it may block.
    ///
    /// # Panics
    ///
    /// When called outside a runtime.
    #[track_caller]
    pub fn spawn_blocking<F, R>(self, closure: F) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let (followed, task) = self.follow_closure(closure, Location::caller());
        let adopting = task.adopting();
        let handle = tokio::task::spawn_blocking(move || followed.run());
        let followed = adopting.adopted(&handle);
        Ok(JoinHandle::new(handle, followed))
    }

    /// Runs a closure where it may block, on that runtime.
    #[track_caller]
    pub fn spawn_blocking_on<F, R>(self, closure: F, runtime: &Handle) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let (followed, task) = self.follow_closure(closure, Location::caller());
        let adopting = task.adopting();
        let handle = runtime.spawn_blocking(move || followed.run());
        let followed = adopting.adopted(&handle);
        Ok(JoinHandle::new(handle, followed))
    }

    /// For a member of a set: bound to what asks the set's members.
    pub(super) fn bound_to(mut self, asker: crate::record::Asker) -> Self {
        self.options.bound_to.push(asker);
        self
    }

    /// As [`Self::bound_to`], where there is one.
    pub(super) fn bound_to_some(self, asker: Option<crate::record::Asker>) -> Self {
        match asker {
            Some(asker) => self.bound_to(asker),
            None => self,
        }
    }
}

// As tokio's, which holds a name and nothing else.
impl std::panic::UnwindSafe for Builder<'_> {}
impl std::panic::RefUnwindSafe for Builder<'_> {}
