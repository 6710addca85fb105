//! HTTP requests as scopes: what a hang-up is, at each point of a request, and what looks
//! like one and is none.

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::{Future, pending, poll_fn, ready},
    pin::{Pin, pin},
    sync::Mutex,
    task::{Context, Poll},
};

use http::{HeaderMap, Method, Request, Response, Version};
use http_body::{Body, Frame};
use tokio::sync::oneshot;
use tokio_util::bytes::Bytes;
use tower_layer::Layer;
use tower_service::Service as _;

use super::support::{GRACE_OVER, ORPHANS_TOO, Service, named, on_each, poll_once, settle};
use crate::{
    hold::{Hold, Kind},
    tower::{Head, ResponseBody, ScopeLayer, by_route, grpc_method},
    words::{Cause, Outcome, TaskKind},
};

/// Where handlers and bodies leave what they hold.
type Friend = std::sync::Arc<Mutex<Vec<Hold>>>;

fn leave(friend: &Friend) {
    friend.lock().expect("nobody panics here").push(Hold::new(Kind::Custom, "thing"));
}

/// What a body does when it is polled.
enum Step {
    Data(&'static str),
    Trailers,
    Error,
    Waits,
}

/// It leaves something behind at its first poll.
struct Steps(VecDeque<Step>, Option<Friend>);

/// A body without a frame, whose drop panics.
struct Panics;

impl Drop for Panics {
    fn drop(&mut self) {
        panic!("a body's drop");
    }
}

impl Body for Panics {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }
}

impl Body for Steps {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        if let Some(friend) = self.1.take() {
            leave(&friend);
        }
        match self.0.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Waits) => Poll::Pending,
            Some(Step::Data(data)) => Poll::Ready(Some(Ok(Frame::data(data.into())))),
            Some(Step::Trailers) => Poll::Ready(Some(Ok(Frame::trailers(HeaderMap::new())))),
            Some(Step::Error) => Poll::Ready(Some(Err("broken"))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

/// A handler as a service.
#[derive(Clone)]
struct Handler<H>(H);

impl<H, F, B> tower_service::Service<Request<()>> for Handler<H>
where
    H: FnMut() -> F,
    F: Future<Output = Response<B>>,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = Pin<Box<Infallibly<F>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        Box::pin(Infallibly(Box::pin(self.0())))
    }
}

struct Infallibly<F>(Pin<Box<F>>);

impl<F: Future> Future for Infallibly<F> {
    type Output = Result<F::Output, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

/// A request for what `handler` does.
async fn request<H, F, B>(handler: H) -> Response<ResponseBody<B>>
where
    H: FnMut() -> F,
    F: Future<Output = Response<B>>,
    B: Body,
{
    answer_to(Request::new(()), handler).await
}

/// What `handler` answers to that.
async fn answer_to<H, F, B>(request: Request<()>, handler: H) -> Response<ResponseBody<B>>
where
    H: FnMut() -> F,
    F: Future<Output = Response<B>>,
    B: Body,
{
    let mut service = ScopeLayer::new().layer(Handler(handler));
    match service.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn call_of(kind: &str) -> Request<()> {
    Request::builder().header("content-type", kind).body(()).expect("a request")
}

fn steps(steps: impl Into<VecDeque<Step>>) -> Response<Steps> {
    Response::new(Steps(steps.into(), None))
}

/// Until the handler is done.
async fn hang_up_early(friend: Friend) {
    let handler = || async {
        leave(&friend);
        pending::<Response<Steps>>().await
    };
    assert!(poll_once(pin!(request(handler))).await.is_pending());
}

#[test]
fn a_request_that_its_connection_drops_was_cancelled_by_its_client() {
    on_each(|service| {
        let friend = Friend::default();
        service.run(async {
            let friend = friend.clone();
            named("connection", async {
                hang_up_early(friend).await;
                pending::<()>().await;
            });
            settle().await;
        });
        let request = service.task("GET");
        assert_eq!((request.kind, request.outcome), (TaskKind::Scope, Some(Outcome::Cancelled)));
        let cancel = service.cancel("GET").expect("it was");
        assert_eq!(cancel.cause, Cause::Dropped);
        let canceller = cancel.canceller.expect("its client");
        assert_eq!((canceller.id, &*canceller.name), (0, "client disconnected"));
        let site = cancel.site.expect("where the layer was made");
        assert!(site.contains("tests/requests.rs:"), "{site}");
        assert_eq!(service.verdicts(GRACE_OVER), ["left-behind GET: custom thing, before"]);
    });
}

#[test]
fn where_the_connection_is_not_seen_it_may_have_been_aborted() {
    let service = Service::of_shims();
    let friend = Friend::default();
    service.run(hang_up_early(friend.clone()));
    let cancel = service.cancel("GET").expect("it was");
    let canceller = cancel.canceller.expect("one or the other");
    assert_eq!(&*canceller.name, "client disconnected, or connection aborted");
    assert_eq!(service.verdicts(GRACE_OVER), ["left-behind GET: custom thing, before"]);
}

/// tonic keeps deadlines outside of every layer: it drops the handler, and answers.
#[test]
fn a_call_that_is_not_answered_may_have_been_dropped_for_its_deadline() {
    async fn dropped(kind: &str) {
        let call = pin!(answer_to(call_of(kind), pending::<Response<Steps>>));
        assert!(poll_once(call).await.is_pending());
    }
    for kind in ["application/grpc", "application/grpc+proto", "application/grpc-web"] {
        on_each(|service| {
            service.run(async {
                let task = named("connection", dropped(kind));
                task.await.expect("it goes on");
            });
            assert_eq!(canceller(service), "client disconnected, or deadline exceeded");
        });
    }
    let service = Service::of_shims();
    service.run(dropped("application/grpc"));
    let said = "client disconnected, deadline exceeded, or connection aborted";
    assert_eq!(canceller(&service), said);
}

#[test]
fn a_call_whose_answer_has_begun_has_no_deadline_any_more() {
    on_each(|service| {
        service.run(async {
            let serves = async {
                let streams = || ready(steps([Step::Waits, Step::Trailers]));
                let answer = answer_to(call_of("application/grpc"), streams).await;
                let mut body = pin!(answer.into_body());
                poll_fn(|cx| Poll::Ready(body.as_mut().poll_frame(cx).is_pending())).await
            };
            assert!(named("connection", serves).await.expect("it goes on"));
        });
        assert_eq!(canceller(service), "client disconnected");
    });
}

fn canceller(service: &Service) -> String {
    let cancel = service.cancel("GET").expect("it was");
    cancel.canceller.expect("somebody").name.to_string()
}

/// How the connection of an HTTP/2 stream, which has a task of its own, comes to its end.
#[derive(Clone, Copy)]
enum End {
    Aborted,
    Closed,
    /// It goes on: one stream was reset.
    Not,
}

/// It drops its request as soon as the connection says that it is over, or is gone.
async fn stream(over: oneshot::Receiver<()>) {
    let mut request = Request::new(());
    *request.version_mut() = Version::HTTP_2;
    let mut answer = pin!(answer_to(request, pending::<Response<Steps>>));
    let mut over = pin!(over);
    poll_fn(|cx| {
        assert!(answer.as_mut().poll(cx).is_pending());
        over.as_mut().poll(cx).map(drop)
    })
    .await;
}

#[test]
fn a_stream_whose_connection_is_aborted_may_still_have_its_client() {
    for (end, who) in [
        (End::Aborted, "client disconnected, or connection aborted"),
        (End::Closed, "client disconnected"),
        (End::Not, "client disconnected"),
    ] {
        on_each(|service| {
            service.run(async {
                let connection = named("connection", async move {
                    let (over, rest) = oneshot::channel();
                    named("stream", stream(rest));
                    settle().await;
                    match end {
                        End::Aborted => pending().await,
                        End::Closed => drop(over),
                        End::Not => {
                            over.send(()).expect("it waits");
                            pending::<()>().await;
                        }
                    }
                });
                settle().await;
                if matches!(end, End::Aborted) {
                    connection.abort();
                }
                settle().await;
                assert_eq!(canceller(service), who);
            });
        });
    }
}

#[test]
fn a_request_that_goes_with_its_connection_is_the_connections() {
    on_each(|service| {
        let friend = Friend::default();
        service.run(async {
            let friend = friend.clone();
            let handler = move || {
                let friend = friend.clone();
                async move {
                    leave(&friend);
                    pending::<Response<Steps>>().await
                }
            };
            let connection = named("connection", async move {
                drop(request(handler).await);
            });
            settle().await;
            connection.abort();
            settle().await;
        });
        let said = service.verdicts(GRACE_OVER);
        assert_eq!(said, ["left-behind connection: custom thing, before"]);
    });
}

#[test]
fn a_request_that_is_answered_has_completed() {
    on_each(|service| {
        let friend = Friend::default();
        service.run(async {
            let friend = friend.clone();
            named("connection", async move {
                let answers = || async {
                    leave(&friend);
                    steps([])
                };
                drop(request(answers).await);
                pending::<()>().await;
            });
            settle().await;
        });
        assert_eq!(service.outcome("GET"), Outcome::Completed);
        assert!(service.cancel("GET").is_none());
        assert_eq!(service.owner().as_deref(), Some("GET"));
        assert!(service.verdicts(ORPHANS_TOO).is_empty());
    });
}

#[test]
fn one_that_was_never_polled_was_none() {
    on_each(|service| {
        service.run(async {
            let mut layered = ScopeLayer::new().layer(Handler(pending::<Response<Steps>>));
            drop(layered.call(Request::new(())));
        });
        assert!(service.tasks("GET").is_empty());
    });
}

/// How a server goes on with a body: it polls so often and drops it. Gives how the
/// request ended, and what is said then.
#[track_caller]
fn sent(steps: Vec<Step>, length: Option<u64>, polls: usize) -> (Outcome, Vec<String>) {
    let service = Service::of_shims();
    let friend = Friend::default();
    service.run(async {
        let body = Steps(steps.into(), Some(friend.clone()));
        let mut response = Response::new(body);
        if let Some(length) = length {
            response.headers_mut().insert("content-length", length.into());
        }
        let mut response = Some(response);
        named("connection", async move {
            let response = request(|| ready(response.take().expect("one request"))).await;
            let mut body = Box::pin(response.into_body());
            for _ in 0..polls {
                poll_fn(|cx| Poll::Ready(body.as_mut().poll_frame(cx).is_ready())).await;
            }
            drop(body);
            pending::<()>().await;
        });
        settle().await;
    });
    (service.outcome("GET"), service.verdicts(GRACE_OVER))
}

#[test]
fn a_client_that_hangs_up_while_a_body_streams_cancels_the_request() {
    use Step::{Data, Waits};

    let left = ["left-behind GET: custom thing, before"];
    let waits = || vec![Data("one"), Waits, Data("two")];
    for (steps, length, polls) in [
        (waits(), None, 1),
        (waits(), None, 2),
        (waits(), Some(6), 2),
        // It does not say that this was all.
        (vec![Data("one"), Data("two"), Waits], None, 2),
    ] {
        let (outcome, said) = sent(steps, length, polls);
        assert_eq!((outcome, said.as_slice()), (Outcome::Cancelled, &left.map(String::from)[..]));
    }
}

#[test]
fn a_body_that_was_sent_or_that_nobody_wanted_completes_the_request() {
    use Step::{Data, Error, Trailers, Waits};

    let all = || vec![Data("one"), Waits, Data("two")];
    for (steps, length, polls) in [
        // Of HEAD, say.
        (all(), None, 0),
        (all(), None, 3),
        (all(), None, 5),
        // A server does not ask for what is more than was told.
        (vec![Data("one"), Data("two"), Waits], Some(6), 2),
        (vec![Data("one"), Trailers, Waits], None, 2),
        (vec![Data("one"), Error, Waits], None, 2),
        (vec![Data("one"), Waits, Error], None, 3),
    ] {
        let (outcome, said) = sent(steps, length, polls);
        assert_eq!((outcome, said), (Outcome::Completed, Vec::new()), "after {polls} polls");
    }
}

#[test]
fn a_body_is_dropped_by_its_request_and_gives_what_it_gave() {
    let service = Service::of_shims();
    service.run(async {
        let handler = || ready(steps([Step::Data("one"), Step::Trailers]));
        let mut body = Box::pin(request(handler).await.into_body());
        assert!(!body.is_end_stream());
        let mut next = async || poll_fn(|cx| body.as_mut().poll_frame(cx)).await;
        let frame = next().await.expect("a frame").expect("no error");
        assert_eq!(frame.into_data().expect("data"), "one");
        assert!(next().await.expect("a frame").expect("no error").is_trailers());
        assert!(next().await.is_none());
        assert!(body.is_end_stream());
    });
}

#[test]
fn a_request_is_named_by_its_route_and_never_by_its_path() {
    let named = |method: &str, path: &'static str, name: fn(&Head<'_>) -> _| {
        let service = Service::of_shims();
        service.run(async {
            let layer = ScopeLayer::named_by(name);
            let mut layered = layer.layer(Handler(pending::<Response<Steps>>));
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let request = Request::builder().method(method).uri(path).body(());
            let answer = layered.call(request.expect("a request"));
            assert!(poll_once(pin!(answer)).await.is_pending());
        });
        let mut scopes = service.recorder.tasks().map(|task| task.name.text());
        scopes.next().expect("a scope").as_ref().to_owned()
    };
    for (method, path, name) in [
        ("GET", "/orders/7", "GET"),
        ("DELETE", "/orders/7", "DELETE"),
        ("GUESS-7", "/orders/7", "other"),
    ] {
        assert_eq!(named(method, path, by_route), name);
    }
    for (path, name) in [
        ("/orders.v1.Orders/Get", "/orders.v1.Orders/Get"),
        ("/orders.v1.Orders/Get?secret=7", "/orders.v1.Orders/Get"),
        ("/orders/7/lines", "grpc"),
        ("/orders/%37", "grpc"),
        ("/orders", "grpc"),
        ("/", "grpc"),
    ] {
        assert_eq!(named("POST", path, grpc_method), name);
    }
}

/// It ends the request, once: its record is neither kept for ever nor given back twice.
#[test]
fn a_body_whose_drop_panics_ends_its_request_once() {
    on_each(|service| {
        let connection = service.run(async {
            let serves = async {
                let response = request(|| ready(Response::new(Panics))).await;
                let mut body = pin!(response.into_body());
                poll_fn(|cx| body.as_mut().poll_frame(cx)).await.is_none()
            };
            named("connection", serves).await
        });
        assert!(connection.expect_err("a panic").is_panic());
        let request = service.task("GET");
        assert_eq!((request.outcome, request.pins), (Some(Outcome::Panicked), 0));
        assert!(service.cancel("GET").is_none());
        assert!(service.verdicts(ORPHANS_TOO).is_empty());
    });
}
