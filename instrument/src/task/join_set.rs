//! `JoinSet`: tokio's, and its members know who cancelled it.

use std::{
    fmt,
    future::Future,
    io,
    panic::{self, Location},
    task::{Context, Poll},
};

use tokio::{
    runtime::Handle,
    task::{Id, JoinError},
};

use super::{AbortHandle, LocalSet, local::asker_of_the_current_set};
use crate::{
    record::{Asker, Group},
    words::Cause,
};

/// [`tokio::task::JoinSet`], recorded: a dropped or aborted set asks its members, in
/// one step however many there are.
pub struct JoinSet<T> {
    inner: tokio::task::JoinSet<T>,
    members: Group,
}

impl<T> JoinSet<T> {
    /// An empty set.
    pub fn new() -> Self {
        Self { inner: tokio::task::JoinSet::new(), members: Group::of_handles() }
    }

    /// [`tokio::task::JoinSet::len`].
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// [`tokio::task::JoinSet::is_empty`].
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    fn asker(&self) -> Asker {
        self.members.asker()
    }
}

impl<T: 'static> JoinSet<T> {
    /// Spawns a member on the current runtime; [`tokio::task::JoinSet::spawn`].
    ///
    /// # Panics
    ///
    /// When called outside a runtime.
    #[track_caller]
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.spawn_from(task, Some(Location::caller()))
    }

    #[track_caller]
    fn spawn_from<F>(
        &mut self,
        task: F,
        location: Option<&'static Location<'static>>,
    ) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let (followed, member) = self.member(task, location);
        let adopting = member.adopting();
        let handle = self.inner.spawn(followed);
        let followed = adopting.adopted(&handle);
        AbortHandle::new(handle, followed)
    }

    /// Spawns a member on that runtime; [`tokio::task::JoinSet::spawn_on`].
    #[track_caller]
    pub fn spawn_on<F>(&mut self, task: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let (followed, member) = self.member(task, Location::caller());
        let adopting = member.adopting();
        let handle = self.inner.spawn_on(followed, handle);
        let followed = adopting.adopted(&handle);
        AbortHandle::new(handle, followed)
    }

    /// Spawns a member on the current `LocalSet`; [`tokio::task::JoinSet::spawn_local`].
    ///
    /// # Panics
    ///
    /// When called outside a `LocalSet`.
    #[track_caller]
    pub fn spawn_local<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let of = asker_of_the_current_set();
        let (followed, member) = self.local_member(task, of, Location::caller());
        let adopting = member.adopting();
        let handle = self.inner.spawn_local(followed);
        let followed = adopting.adopted(&handle);
        AbortHandle::new(handle, followed)
    }

    /// Spawns a member on that `LocalSet`; [`tokio::task::JoinSet::spawn_local_on`].
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, task: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let of = Some(local_set.asker());
        let (followed, member) = self.local_member(task, of, Location::caller());
        let adopting = member.adopting();
        let handle = self.inner.spawn_local_on(followed, local_set.as_tokio());
        let followed = adopting.adopted(&handle);
        AbortHandle::new(handle, followed)
    }

    /// Runs a closure where it may block; [`tokio::task::JoinSet::spawn_blocking`].
    ///
    /// # Panics
    ///
    /// When called outside a runtime.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, f: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let (followed, member) = self.blocking_member(f, Location::caller());
        let adopting = member.adopting();
        let handle = self.inner.spawn_blocking(move || followed.run());
        let followed = adopting.adopted(&handle);
        AbortHandle::new(handle, followed)
    }

    /// Runs a closure where it may block, on that runtime;
    /// [`tokio::task::JoinSet::spawn_blocking_on`].
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, f: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let (followed, member) = self.blocking_member(f, Location::caller());
        let adopting = member.adopting();
        let handle = self.inner.spawn_blocking_on(move || followed.run(), handle);
        let followed = adopting.adopted(&handle);
        AbortHandle::new(handle, followed)
    }

    /// [`tokio::task::JoinSet::join_next`].
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.inner.join_next().await
    }

    /// [`tokio::task::JoinSet::join_next_with_id`].
    pub async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        self.inner.join_next_with_id().await
    }

    /// [`tokio::task::JoinSet::try_join_next`].
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.inner.try_join_next()
    }

    /// [`tokio::task::JoinSet::try_join_next_with_id`].
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        self.inner.try_join_next_with_id()
    }

    /// [`tokio::task::JoinSet::poll_join_next`].
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.inner.poll_join_next(cx)
    }

    /// [`tokio::task::JoinSet::poll_join_next_with_id`].
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        self.inner.poll_join_next_with_id(cx)
    }

    /// Aborts all members and waits for them; [`tokio::task::JoinSet::shutdown`]. Their
    /// cause is `abort-all`.
    #[track_caller]
    pub fn shutdown(&mut self) -> impl Future<Output = ()> + use<'_, T> {
        let site = Location::caller();
        async move {
            self.abort_all_at(site);
            self.inner.shutdown().await;
        }
    }

    /// Waits for all members; [`tokio::task::JoinSet::join_all`]. Dropping the future
    /// drops the set.
    ///
    /// # Panics
    ///
    /// When a member panicked or was aborted, as tokio's does.
    pub async fn join_all(mut self) -> Vec<T> {
        let mut values = Vec::with_capacity(self.len());
        while let Some(ended) = self.join_next().await {
            match ended {
                Ok(value) => values.push(value),
                Err(error) if error.is_panic() => panic::resume_unwind(error.into_panic()),
                Err(error) => panic!("{error}"),
            }
        }
        values
    }

    /// Aborts all members; [`tokio::task::JoinSet::abort_all`]. Their cause is
    /// `abort-all`.
    #[track_caller]
    pub fn abort_all(&mut self) {
        self.abort_all_at(Location::caller());
    }

    fn abort_all_at(&mut self, site: &'static Location<'static>) {
        self.members.ask(Cause::AbortAll, Some(site));
        // Members spawned from now on are not asked.
        self.members = Group::of_handles();
        self.inner.abort_all();
    }

    /// Lets all members go on without the set; [`tokio::task::JoinSet::detach_all`].
    pub fn detach_all(&mut self) {
        std::mem::replace(&mut self.members, Group::of_handles()).lets_go();
        self.inner.detach_all();
    }

    fn member<F>(
        &self,
        future: F,
        location: impl Into<Option<&'static Location<'static>>>,
    ) -> Member<F>
    where
        F: Future + Send,
    {
        super::Builder::new().bound_to(self.asker()).follow(future, location)
    }

    /// Asked by this set, and by the `LocalSet` that it is spawned on.
    fn local_member<F: Future>(
        &self,
        future: F,
        of: Option<Asker>,
        location: &'static Location<'static>,
    ) -> Member<F> {
        let builder = super::Builder::new().bound_to(self.asker()).bound_to_some(of);
        builder.follow_local(future, location)
    }

    fn blocking_member<F>(
        &self,
        closure: F,
        location: &'static Location<'static>,
    ) -> (super::future::FollowedClosure<F>, crate::record::Task) {
        super::Builder::new().bound_to(self.asker()).follow_closure(closure, location)
    }
}

impl<T: 'static> JoinSet<T> {
    /// Sets what is known of a member before it is spawned;
    /// [`tokio::task::JoinSet::build_task`], on stable too.
    pub fn build_task(&mut self) -> Builder<'_, T> {
        let builder = super::Builder::new().bound_to(self.asker());
        Builder { set: self, builder }
    }
}

/// [`tokio::task::join_set::Builder`][tokio], recorded.
///
/// [tokio]: https://docs.rs/tokio/latest/tokio/task/join_set/struct.Builder.html
#[derive(Debug)]
#[must_use = "nothing is spawned until a `spawn` method is called"]
pub struct Builder<'a, T> {
    set: &'a mut JoinSet<T>,
    builder: super::Builder<'a>,
}

impl<'a, T: 'static> Builder<'a, T> {
    /// The member's name.
    pub fn name(self, name: &'a str) -> Self {
        Self { builder: self.builder.name(name), ..self }
    }

    /// Spawns a member on the current runtime.
    ///
    /// # Panics
    ///
    /// When called outside a runtime.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let (member, task) = self.builder.follow(future, Location::caller());
        let adopting = task.adopting();
        let handle = self.set.inner.spawn(member);
        let followed = adopting.adopted(&handle);
        Ok(AbortHandle::new(handle, followed))
    }

    /// Spawns a member on that runtime.
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, handle: &Handle) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let (member, task) = self.builder.follow(future, Location::caller());
        let adopting = task.adopting();
        let handle = self.set.inner.spawn_on(member, handle);
        let followed = adopting.adopted(&handle);
        Ok(AbortHandle::new(handle, followed))
    }

    /// Runs a closure where it may block.
    ///
    /// # Panics
    ///
    /// When called outside a runtime.
    #[track_caller]
    pub fn spawn_blocking<F>(self, f: F) -> io::Result<AbortHandle>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let (member, task) = self.builder.follow_closure(f, Location::caller());
        let adopting = task.adopting();
        let handle = self.set.inner.spawn_blocking(move || member.run());
        let followed = adopting.adopted(&handle);
        Ok(AbortHandle::new(handle, followed))
    }

    /// Runs a closure where it may block, on that runtime.
    #[track_caller]
    pub fn spawn_blocking_on<F>(self, f: F, handle: &Handle) -> io::Result<AbortHandle>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let (member, task) = self.builder.follow_closure(f, Location::caller());
        let adopting = task.adopting();
        let handle = self.set.inner.spawn_blocking_on(move || member.run(), handle);
        let followed = adopting.adopted(&handle);
        Ok(AbortHandle::new(handle, followed))
    }

    /// Spawns a member on the current `LocalSet`.
    ///
    /// # Panics
    ///
    /// When called outside a `LocalSet`.
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        let builder = self.builder.bound_to_some(asker_of_the_current_set());
        let (member, task) = builder.follow_local(future, Location::caller());
        let adopting = task.adopting();
        let handle = self.set.inner.spawn_local(member);
        let followed = adopting.adopted(&handle);
        Ok(AbortHandle::new(handle, followed))
    }

    /// Spawns a member on that `LocalSet`.
    #[track_caller]
    pub fn spawn_local_on<F>(self, future: F, local_set: &LocalSet) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        let builder = self.builder.bound_to(local_set.asker());
        let (member, task) = builder.follow_local(future, Location::caller());
        let adopting = task.adopting();
        let handle = self.set.inner.spawn_local_on(member, local_set.as_tokio());
        let followed = adopting.adopted(&handle);
        Ok(AbortHandle::new(handle, followed))
    }
}

type Member<F> = (super::future::Followed<F>, crate::record::Task);

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        if !self.inner.is_empty() {
            self.members.ask(Cause::SetDropped, None);
        }
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let (mut set, site) = (Self::new(), named_by_a_caller(Location::caller()));
        futures.into_iter().for_each(|future| drop(set.spawn_from(future, site)));
        set
    }
}

impl<T, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    #[track_caller]
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        let site = named_by_a_caller(Location::caller());
        futures.into_iter().for_each(|future| drop(self.spawn_from(future, site)));
    }
}

/// `collect` does not tell who called it: the place is its own then, and says nothing.
fn named_by_a_caller(site: &'static Location<'static>) -> Option<&'static Location<'static>> {
    let is_std = |file: &str| file.contains("/library/core/") || file.contains("/library/alloc/");
    Some(site).filter(|site| !is_std(&site.file().replace('\\', "/")))
}
