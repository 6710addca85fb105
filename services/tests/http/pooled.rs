//! Connections of hyper-util's client, which a request opens, and which its pool keeps.

use std::{
    future::pending,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::{Router, extract::ConnectInfo, routing::get};
use holdover::tower::ScopeLayer;
use holdover_proto::v1::{self, Outcome};
use http_body_util::{BodyExt, Empty};
use hyper::{Uri, body::Bytes};
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::{net::TcpListener, sync::Notify};

use crate::{
    client::Console,
    full,
    harness::{Form, GRACE, Scenario},
    scenario,
    wire::{Client, Version, address, plain, serve},
};

/// The ways in which a cancelled request has opened a connection.
const WAYS: [&str; 3] = ["opens", "leaves-unread", "asks"];

/// The request that goes this way has come to where it is to be cancelled.
static IS_THERE: [Notify; 3] = [const { Notify::const_new() }; 3];

/// A server that tells each who asks from which port, or waits for ever.
async fn upstream() -> SocketAddr {
    async fn waits() {
        IS_THERE[2].notify_one();
        pending::<()>().await;
    }

    let routes = Router::new()
        .route("/who", get(async |ConnectInfo(who): ConnectInfo<SocketAddr>| who.to_string()))
        .route("/waits", get(waits));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let served = routes.into_make_service_with_connect_info::<SocketAddr>();
    drop(tokio::spawn(async { axum::serve(listener, served).await }));
    address
}

/// What requests ask of, by a pool of connections.
struct Upstream {
    pool: Pool<HttpConnector, Empty<Bytes>>,
    address: SocketAddr,
    /// The connection that the request has opened which is cancelled.
    opened: OnceLock<String>,
}

impl Upstream {
    fn new(version: Version, address: SocketAddr) -> Arc<Self> {
        let pool = Pool::builder(TokioExecutor::new())
            .http2_only(version == Version::Http2)
            .pool_idle_timeout(Duration::from_secs(90))
            .pool_timer(TokioTimer::new())
            .build_http();
        Arc::new(Self { pool, address, opened: OnceLock::new() })
    }

    fn uri(&self, path: &str) -> Uri {
        format!("http://{}{path}", self.address).parse().expect("a URI")
    }

    /// Which of the pool's connections is used.
    async fn who(&self) -> String {
        let response = self.pool.get(self.uri("/who")).await.expect("an answer");
        let body = response.into_body().collect().await.expect("a body");
        String::from_utf8(body.to_bytes().to_vec()).expect("text")
    }

    async fn goes(self: Arc<Self>, way: usize) {
        match way {
            // The pool has the connection again.
            0 => self.opened.set(self.who().await).expect("it is the first"),
            // The answer is there, and nobody has read it.
            1 => {
                let _unread = self.pool.get(self.uri("/who")).await.expect("an answer");
                IS_THERE[1].notify_one();
                pending::<()>().await;
            }
            // In the middle of a request.
            _ => drop(self.pool.get(self.uri("/waits")).await),
        }
        IS_THERE[way].notify_one();
        pending::<()>().await;
    }
}

/// What the test asks of the service, for the request or task that goes one way.
fn asked_for(way: usize, upstream: &Arc<Upstream>) -> Router {
    let (name, upstream) = (WAYS[way], Arc::clone(upstream));
    Router::new()
        .route(&format!("/there/{name}"), get(async move || IS_THERE[way].notified().await))
        .route(
            &format!("/who/{name}"),
            get(async move || {
                let now = upstream.who().await;
                upstream.opened.get().is_none_or(|opened| *opened == now).to_string()
            }),
        )
}

/// A service whose requests ask another, with a pool for each.
async fn requests(version: Version) {
    let address = upstream().await;
    let mut routes = Router::new();
    for (way, name) in WAYS.iter().enumerate() {
        let upstream = Upstream::new(version, address);
        routes = routes.merge(asked_for(way, &upstream));
        let goes = async move || upstream.goes(way).await;
        routes = routes.route(&format!("/{name}"), get(goes));
    }
    serve(routes.layer(ScopeLayer::new())).await;
}

/// The same as tasks, which are aborted when the service is told to.
async fn tasks(version: Version) {
    let address = upstream().await;
    let mut routes = Router::new();
    for (way, name) in WAYS.iter().enumerate() {
        let upstream = Upstream::new(version, address);
        routes = routes.merge(asked_for(way, &upstream));
        let task = plain(name, upstream.goes(way)).abort_handle();
        let abort = async move || task.abort();
        routes = routes.route(&format!("/abort/{name}"), get(abort));
    }
    serve(routes).await;
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "39_41_a_cancelled_request_opened_a_connection_of_http1",
            shim: requests(Version::Http1),
            plain: tasks(Version::Http1),
            check: the_pool_keeps_it,
        },
        scenario! {
            "39_41_a_cancelled_request_opened_a_connection_of_http2",
            shim: requests(Version::Http2),
            plain: tasks(Version::Http2),
            check: the_pool_keeps_it,
        },
    ]
}

async fn the_pool_keeps_it(console: &mut Console, form: Form) {
    let address = address(console).await;
    let mut client = Client::connect(address, Version::Http1).await;
    for way in WAYS {
        let name = match form {
            Form::Shim => {
                hangs_up(way, address, &mut client).await;
                format!("GET /{way}")
            }
            Form::Plain => {
                assert_eq!(client.text(&format!("/there/{way}")).await, "");
                // While it runs, an abort would look like its completion.
                console.task_where(way, |task| task.state() == v1::TaskState::Idle).await;
                assert_eq!(client.text(&format!("/abort/{way}")).await, "");
                way.to_owned()
            }
        };
        let ended = console.ended(&name, Outcome::Cancelled).await;
        assert!(ended.cancel.is_some(), "{ended:#?}");
        if cfg!(tokio_unstable) {
            opened_a_connection(console, &ended).await;
        }
        // Another uses it, where the pool had it back.
        assert_eq!(client.text(&format!("/who/{way}")).await, "true");
    }
    let graces = if full() { 120_000 / u32::try_from(GRACE.as_millis()).expect("few") } else { 15 };
    console.nothing_for(graces).await;
}

/// The scope or task has spawned what drives a connection, in the library's source.
async fn opened_a_connection(console: &mut Console, request: &v1::Task) {
    let tasks = console.tasks().await;
    let is_by_it = |task: &&v1::Task| task.ancestors.iter().any(|it| it.id == request.id);
    let by_it: Vec<_> = tasks.iter().filter(is_by_it).collect();
    assert!(!by_it.is_empty(), "{} has spawned nothing: {tasks:#?}", request.name);
    assert!(by_it.iter().all(|task| task.location.contains("/registry/src/")), "{by_it:#?}");
}

/// One request whose client hangs up when it has opened a connection.
async fn hangs_up(way: &str, address: SocketAddr, other: &mut Client) {
    let mut client = Client::connect(address, Version::Http1).await;
    let (path, there) = (format!("/{way}"), format!("/there/{way}"));
    tokio::select! {
        answer = client.get(&path) => panic!("{path} is not answered: {answer:?}"),
        _ = other.text(&there) => {}
    }
    client.hang_up();
}
