//! The part of a request until its response: the handler's future.

use std::{
    any::type_name,
    borrow::Cow,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::ResponseBody;
use crate::record::{Client, DroppedBy, NewKind, NewTask, Options, Task};

pin_project! {
    /// The future of [`Scope`](super::Scope).
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct ResponseFuture<F> {
        #[pin]
        future: Option<F>,
        state: State,
    }

    impl<F> PinnedDrop for ResponseFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let (State::Running(scope), true) = (&*this.state, this.future.is_some()) {
                scope.is_dropped(|| this.future.set(None));
            }
        }
    }
}

/// A scope starts at its first poll; one that is never polled is not recorded.
enum State {
    New(Box<New>),
    Running(RequestScope),
    /// Nothing is recorded, or the body has the scope.
    Unrecorded,
}

struct New {
    name: Cow<'static, str>,
    client: Client,
}

/// A request in the recorder.
#[derive(Debug)]
pub(super) struct RequestScope {
    pub(super) task: Task,
    client: Client,
}

impl RequestScope {
    /// `drop_it` drops the rest of the request, which was not ready.
    pub(super) fn is_dropped(&self, drop_it: impl FnOnce()) {
        self.task.scope_is_dropped(DroppedBy::Client(self.client), drop_it);
    }
}

/// Whatever becomes of it, it ends; once, however often that is said.
impl Drop for RequestScope {
    fn drop(&mut self) {
        self.task.scope_is_disarmed();
    }
}

impl<F> ResponseFuture<F> {
    /// `name` is that of its scope, where it is recorded.
    pub(super) fn new(future: F, name: Option<Cow<'static, str>>, client: Client) -> Self {
        let new = |name| State::New(Box::new(New { name, client }));
        Self { future: Some(future), state: name.map_or(State::Unrecorded, new) }
    }
}

impl New {
    fn begins<F>(&self) -> RequestScope {
        let task = Task::new(NewTask {
            kind: NewKind::Scope,
            location: Some(self.client.site),
            type_name: type_name::<F>(),
            size: size_of::<F>(),
            name: Some(&self.name),
            options: Options::default(),
        });
        RequestScope { task, client: self.client }
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
{
    type Output = Result<Response<ResponseBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let State::New(new) = this.state {
            *this.state = State::Running(new.begins::<F>());
        }
        let future = this.future.as_mut().as_pin_mut();
        let future = future.expect("a response is not polled after it was ready");
        let State::Running(scope) = &*this.state else {
            return future.poll(cx).map_ok(|response| response.map(ResponseBody::unrecorded));
        };
        let polling = scope.task.begin_poll();
        let response = match future.poll(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(response)) if !response.body().is_end_stream() => response,
            Poll::Ready(over) => {
                scope.task.scope_completes(polling, || this.future.set(None));
                return Poll::Ready(over.map(|response| response.map(ResponseBody::unrecorded)));
            }
        };
        // Taken first: it ends also when what is left of the handler panics in its drop.
        let State::Running(mut scope) = std::mem::replace(this.state, State::Unrecorded) else {
            unreachable!("it was running a moment ago")
        };
        // What keeps deadlines goes by the head: a body is dropped for its client only.
        scope.client.or_deadline = false;
        this.future.set(None);
        drop(polling);
        Poll::Ready(Ok(ResponseBody::of_scope(response, scope)))
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
