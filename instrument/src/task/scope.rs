//! Scopes: named futures inside a task that can be cancelled by themselves.

use std::{
    any::type_name,
    borrow::Cow,
    future::Future,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    record::{Asker, DroppedBy, NewKind, NewTask, Options, Task},
    words::Cause,
};

/// Names a future as a scope.
pub trait FutureExt: Future {
    /// Makes the future a scope: a branch of a `select!`, say, that is cancelled when
    /// another wins. A scope that is dropped before it is ready, while what is around
    /// it goes on, was cancelled, and what it leaves behind is charged to it. When it
    /// becomes ready, what it owns is its surroundings'.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use holdover::FutureExt;
    ///
    /// tokio::select! {
    ///     () = std::future::pending::<()>().scope("loser") => {}
    ///     () = std::future::ready(()) => {}
    /// }
    /// # }
    /// ```
    #[track_caller]
    fn scope(self, name: impl Into<Cow<'static, str>>) -> Scope<Self>
    where
        Self: Sized,
    {
        Scope::new(self, name.into(), Location::caller())
    }
}

impl<F: Future> FutureExt for F {}

pin_project! {
    /// The future of [`FutureExt::scope`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Scope<F> {
        #[pin]
        future: Option<F>,
        state: State,
    }

    impl<F> PinnedDrop for Scope<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let (State::Running(task), true) = (&*this.state, this.future.is_some()) {
                task.scope_is_dropped(DroppedBy::Owner, || this.future.set(None));
            }
        }
    }
}

/// A scope starts at its first poll; one that is never polled is not recorded.
#[derive(Debug)]
enum State {
    New(Box<New>),
    Running(Task),
}

#[derive(Debug)]
struct New {
    name: Cow<'static, str>,
    location: &'static Location<'static>,
    bound_to: Vec<Asker>,
}

impl<F> Scope<F> {
    pub(crate) fn new(
        future: F,
        name: Cow<'static, str>,
        location: &'static Location<'static>,
    ) -> Self {
        let new = New { name, location, bound_to: Vec::new() };
        Self { future: Some(future), state: State::New(Box::new(new)) }
    }

    /// Whoever cancels this asks the scope.
    pub(crate) fn bound_to(mut self, asker: Asker) -> Self {
        if let State::New(new) = &mut self.state {
            new.bound_to.push(asker);
        }
        self
    }

    /// Asks the scope to stop.
    pub(crate) fn ask(self: Pin<&mut Self>, cause: Cause, site: &'static Location<'static>) {
        if let State::Running(task) = self.project().state {
            task.request(cause, site, None);
        }
    }

    pub(crate) fn get_ref(&self) -> Option<&F> {
        self.future.as_ref()
    }

    pub(crate) fn get_mut(&mut self) -> Option<&mut F> {
        self.future.as_mut()
    }

    /// The future itself, which is no scope any more: what it owns is its
    /// surroundings'.
    pub(crate) fn into_inner(mut self) -> Option<F> {
        if let State::Running(task) = &self.state {
            task.scope_is_disarmed();
        }
        self.future.take()
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let State::New(new) = this.state {
            let options =
                Options { bound_to: std::mem::take(&mut new.bound_to), ..Options::default() };
            let task = Task::new(NewTask {
                kind: NewKind::Scope,
                location: Some(new.location),
                type_name: type_name::<F>(),
                size: size_of::<F>(),
                name: Some(&new.name),
                options,
            });
            *this.state = State::Running(task);
        }
        let State::Running(task) = &*this.state else { return Poll::Pending };
        let polling = task.begin_poll();
        let future = this.future.as_mut().as_pin_mut();
        match future.expect("a scope is not polled after it was ready").poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(value) => {
                task.scope_completes(polling, || this.future.set(None));
                Poll::Ready(value)
            }
        }
    }
}
