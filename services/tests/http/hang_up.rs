//! A client that hangs up: in the middle of a handler, or of a body that streams.

use std::{
    convert::Infallible,
    future::pending,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, body::Body, routing::get};
use holdover::{time::call_later, tower::ScopeLayer};
use holdover_proto::v1::{self, Accuracy, Cause, HoldingKind, Outcome, Phase, TaskKind, Verdict};
use http_body_util::BodyExt;
use hyper::body::{Bytes, Frame};

use crate::{
    client::{Console, assert_cause, assert_holding, assert_kind, assert_site, cancel},
    harness::{Form, GRACE, Scenario},
    scenario,
    wire::{Client, Version, address, named, serve},
};

/// Longer than any grace here.
const LONG: Duration = Duration::from_secs(3600);

/// Who is named, in a build that sees the connection's task, and in one that does not.
const CANCELLER: &str = if cfg!(tokio_unstable) {
    "client disconnected"
} else {
    "client disconnected, or connection aborted"
};

/// It leaves a timer behind.
async fn leaves() -> &'static str {
    call_later(LONG, || {});
    "left"
}

async fn leaves_and_waits() {
    call_later(LONG, || {});
    pending::<()>().await;
}

async fn waits() {
    let _timer = holdover::time::sleep(LONG).await;
}

/// A body of so many chunks, that goes on for ever or not; at the last one it leaves a
/// timer behind.
struct Chunks {
    left: u8,
    for_ever: bool,
}

impl hyper::body::Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return if self.for_ever { Poll::Pending } else { Poll::Ready(None) };
        }
        self.left -= 1;
        if self.left == 0 {
            call_later(LONG, || {});
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"chunk")))))
    }
}

fn chunks(for_ever: bool) -> Body {
    Body::new(Chunks { left: 3, for_ever })
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "45_a_client_hangs_up_in_the_middle_of_a_handler",
            shim: async {
                let mut routes = Router::new().route("/answered/{id}", get(leaves));
                for leak in ["http1", "http2-reset", "http2-closed"] {
                    routes = routes
                        .route(&format!("/{leak}/{{id}}"), get(leaves_and_waits))
                        .route(&format!("/{leak}-releases/{{id}}"), get(waits));
                }
                serve(routes.layer(ScopeLayer::new())).await;
            },
            check: it_is_charged_to_the_route,
        },
        scenario! {
            "45_a_client_hangs_up_while_a_body_streams",
            shim: async {
                let routes = Router::new()
                    .route("/endless/{id}", get(async || chunks(true)))
                    .route("/ends/{id}", get(async || chunks(false)))
                    .route("/told/{id}", get(async || {
                        ([("content-length", "15")], chunks(true))
                    }));
                serve(routes.layer(ScopeLayer::new())).await;
            },
            check: a_body_is_a_part_of_its_request,
        },
        scenario! {
            "42_work_of_a_handler_that_survives_a_hang_up",
            shim: async {
                let handler = async || {
                    drop(named("work", holdover::time::sleep(GRACE * 2)));
                    pending::<()>().await;
                };
                let routes = Router::new().route("/work", get(handler));
                serve(routes.layer(ScopeLayer::new())).await;
            },
            check: async |console: &mut Console, _| {
                let address = address(console).await;
                for version in [Version::Http1, Version::Http2] {
                    hang_up_at("/work", "GET /work", Client::connect(address, version).await, console).await;
                }
                console.nothing_on_the_cancelled("GET /work").await;
                assert_eq!(console.ended("work", Outcome::Completed).await.ancestors[0].name, "GET /work");
            },
        },
        scenario! {
            "coverage_where_requests_are_no_scopes",
            plain: serve(Router::new().route("/", get(async || "fine"))),
            check: async |console: &mut Console, _| {
                let says = |seen: &v1::Coverage| seen.blind.iter().any(is_of_scopes);
                assert!(!console.coverage_where(|_| true).await.blind.iter().any(is_of_scopes));
                let address = address(console).await;
                let mut client = Client::connect(address, Version::Http1).await;
                assert_eq!(client.text("/").await, "fine");
                let seen = console.coverage_where(says).await;
                let blind = seen.blind.iter().find(|it| is_of_scopes(it)).expect("it was there");
                assert!(blind.sentence.contains("a request whose client hung up looks completed"));
                assert!(blind.fix.contains("ScopeLayer::new()"), "{blind:#?}");
            },
        },
        scenario! {
            "coverage_where_requests_are_scopes",
            plain: async {
                let routes = Router::new().route("/", get(async || "fine"));
                serve(routes.layer(ScopeLayer::new())).await;
            },
            check: async |console: &mut Console, _| {
                let address = address(console).await;
                let mut client = Client::connect(address, Version::Http1).await;
                assert_eq!(client.text("/").await, "fine");
                let seen = console.coverage_where(|_| true).await;
                assert!(!seen.blind.iter().any(is_of_scopes), "{seen:#?}");
            },
        },
        scenario! {
            "coverage_where_a_layer_covers_none_of_the_routes",
            plain: async {
                let routes = Router::new().layer(ScopeLayer::new());
                serve(routes.route("/", get(async || "fine"))).await;
            },
            check: async |console: &mut Console, _| {
                let says = |seen: &v1::Coverage| seen.blind.iter().any(is_of_scopes);
                let address = address(console).await;
                let mut client = Client::connect(address, Version::Http1).await;
                assert_eq!(client.text("/").await, "fine");
                let seen = console.coverage_where(says).await;
                let blind = seen.blind.iter().find(|it| is_of_scopes(it)).expect("it was there");
                assert!(blind.sentence.contains("no request has gone through"), "{blind:#?}");
                assert!(blind.fix.contains("it comes last"), "{blind:#?}");
            },
        },
    ]
}

fn is_of_scopes(blind: &v1::Blindness) -> bool {
    ["no-scope-layer", "scope-layer-unused"].contains(&blind.cause.as_str())
}

/// Asks for a path and hangs up once the handler runs.
async fn hang_up_at(path: &str, scope: &str, mut client: Client, console: &mut Console) {
    tokio::select! {
        answer = client.get(path) => panic!("{path} is not answered: {answer:?}"),
        _ = console.task_where(scope, |task| task.ended_ns.is_none()) => {}
    }
    client.hang_up();
}

/// The same over HTTP/2, where the connection goes on.
async fn reset_at(path: &str, scope: &str, client: &mut Client, console: &mut Console) {
    tokio::select! {
        answer = client.get(path) => panic!("{path} is not answered: {answer:?}"),
        _ = console.task_where(scope, |task| task.ended_ns.is_none()) => {}
    }
}

async fn it_is_charged_to_the_route(console: &mut Console, _: Form) {
    let address = address(console).await;
    for leak in ["http1", "http1-releases", "http2-closed", "http2-closed-releases"] {
        let version = if leak.contains('1') { Version::Http1 } else { Version::Http2 };
        let mut client = Client::connect(address, version).await;
        assert_eq!(client.text("/answered/7").await, "left");
        hang_up_at(&format!("/{leak}/7"), &format!("GET /{leak}/{{id}}"), client, console).await;
    }
    let mut client = Client::connect(address, Version::Http2).await;
    for leak in ["http2-reset", "http2-reset-releases"] {
        reset_at(&format!("/{leak}/7"), &format!("GET /{leak}/{{id}}"), &mut client, console).await;
        assert_eq!(client.text("/answered/7").await, "left");
    }
    for leak in ["http1", "http2-reset", "http2-closed"] {
        is_left_behind(console, &format!("GET /{leak}/{{id}}")).await;
        console.ended(&format!("GET /{leak}-releases/{{id}}"), Outcome::Cancelled).await;
    }
    console.ended("GET /answered/{id}", Outcome::Completed).await;
    only_these_are_given(console, 3).await;
}

async fn is_left_behind(console: &mut Console, scope: &str) {
    let leak = console.leak(Verdict::LeftBehind, scope).await;
    let task = leak.task.as_ref().expect("a task");
    assert_kind(task, TaskKind::Scope);
    assert_site(&task.location, "http/hang_up");
    assert_eq!(leak.accuracy(), Accuracy::Exact, "{leak:#?}");
    assert_cause(cancel(&leak), Cause::Dropped);
    assert_eq!(cancel(&leak).site.as_ref(), Some(&task.location));
    let canceller = cancel(&leak).canceller.as_ref().expect("its client");
    assert_eq!((canceller.id, canceller.name.as_str()), (0, CANCELLER), "{leak:#?}");
    assert_eq!(leak.holdings.len(), 1, "{leak:#?}");
    assert_holding(&leak.holdings[0], HoldingKind::Timer, "call_later", Phase::Before);
}

/// So many verdicts, and no more within some graces.
async fn only_these_are_given(console: &mut Console, verdicts: u64) {
    tokio::time::sleep(GRACE * 6).await;
    let update = console.leaks().await;
    assert_eq!(update.totals.expect("totals").given, verdicts, "{:#?}", update.leaks);
}

async fn a_body_is_a_part_of_its_request(console: &mut Console, _: Form) {
    let address = address(console).await;
    for version in [Version::Http1, Version::Http2] {
        let mut client = Client::connect(address, version).await;
        assert_eq!(client.text("/ends/7").await, "chunk".repeat(3));
        // Over HTTP/2 the server waits for an end that never comes.
        if version == Version::Http1 {
            assert_eq!(client.text("/told/7").await, "chunk".repeat(3));
            console.ended("GET /told/{id}", Outcome::Completed).await;
        }
        let mut body = client.get("/endless/7").await.expect("an answer").into_body();
        let mut bytes = 0;
        while bytes < 15 {
            let frame = body.frame().await.expect("a frame").expect("no error");
            bytes += frame.into_data().expect("data").len();
        }
        console.task_where("GET /endless/{id}", |task| task.ended_ns.is_none()).await;
        match version {
            Version::Http1 => client.hang_up(),
            Version::Http2 => drop(body),
        }
        console.task_where("GET /endless/{id}", |task| task.ended_ns.is_some()).await;
    }
    is_left_behind(console, "GET /endless/{id}").await;
    console.ended("GET /ends/{id}", Outcome::Completed).await;
    only_these_are_given(console, 2).await;
}
