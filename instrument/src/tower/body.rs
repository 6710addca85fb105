//! The part of a request after its response's head: the body.

use std::{
    fmt, mem,
    pin::Pin,
    task::{Context, Poll},
};

use http::{HeaderMap, Response, header::CONTENT_LENGTH};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio_util::bytes::Buf;

use super::future::RequestScope;

pin_project! {
    /// The body of a response of [`Scope`](super::Scope).
    pub struct ResponseBody<B> {
        #[pin]
        body: Option<B>,
        sending: Sending,
    }

    impl<B> PinnedDrop for ResponseBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let Sending::InScope { scope, left, was_polled } = &*this.sending else { return };
            if *was_polled && *left != Some(0) {
                scope.is_dropped(|| this.body.set(None));
            } else {
                // Nobody wanted it, as of HEAD, or all of it was sent.
                scope.task.scope_completes(scope.task.begin_poll(), || this.body.set(None));
            }
        }
    }
}

enum Sending {
    InScope {
        scope: RequestScope,
        /// Of a length that was told beforehand, in bytes.
        left: Option<u64>,
        was_polled: bool,
    },
    /// Nothing is recorded, or the scope has ended.
    Unrecorded,
}

impl<B> ResponseBody<B> {
    pub(super) fn unrecorded(body: B) -> Self {
        Self { body: Some(body), sending: Sending::Unrecorded }
    }
}

impl<B: Body> ResponseBody<B> {
    /// The rest of a request whose handler is done.
    pub(super) fn of_scope(response: Response<B>, scope: RequestScope) -> Response<Self> {
        // A server sends no more than it has told, and then does not ask for the end.
        let told = told_length(response.headers());
        let left = told.or_else(|| response.body().size_hint().exact());
        response.map(|body| Self {
            body: Some(body),
            sending: Sending::InScope { scope, left, was_polled: false },
        })
    }
}

fn told_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether the frame, or the end, is the last that its body gives.
fn is_last<B: Body>(frame: Option<&Result<Frame<B::Data>, B::Error>>, body: &B) -> bool {
    match frame {
        None | Some(Err(_)) => true,
        Some(Ok(frame)) => frame.is_trailers() || body.is_end_stream(),
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(mut body) = this.body.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let Sending::InScope { scope, left, was_polled } = this.sending else {
            return body.poll_frame(cx);
        };
        *was_polled = true;
        let polling = scope.task.begin_poll();
        let Poll::Ready(frame) = body.as_mut().poll_frame(cx) else { return Poll::Pending };
        if is_last(frame.as_ref(), &*body) {
            // Taken first: a body that panics when it is dropped ends its request once.
            let sending = mem::replace(this.sending, Sending::Unrecorded);
            if let Sending::InScope { scope, .. } = sending {
                scope.task.scope_completes(polling, || this.body.set(None));
            }
        } else if let (Some(left), Some(Ok(frame))) = (left, &frame) {
            let sent = frame.data_ref().map_or(0, |data| data.remaining() as u64);
            *left = left.saturating_sub(sent);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl<B: Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::unrecorded(B::default())
    }
}

impl<B> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}
