//! The two ends of a connection: what a service serves with, and a client that can hang up.

use std::{
    future::{Future, pending},
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use axum::Router;
use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::client::Console;

/// How a name begins that tells where the service is.
const SERVES: &str = "serves ";
/// Long enough for a machine with everything else going on.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// A recorded task with a name.
pub fn named<F>(name: &str, future: F) -> holdover::task::JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    holdover::task::Builder::new().name(name).spawn(future).expect("a task")
}

/// A task of tokio's own, with a name where that can be given.
#[cfg(tokio_unstable)]
pub fn plain<F>(name: &str, future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    tokio::task::Builder::new().name(name).spawn(future).expect("a task")
}

#[cfg(not(tokio_unstable))]
pub fn plain<F>(_: &str, future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    tokio::spawn(future)
}

/// Somewhere to serve, which [`address`] finds: by the name of a task.
pub async fn listen() -> TcpListener {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(plain(&format!("{SERVES}{address}"), pending::<()>()));
    listener
}

/// Serves the routes, over HTTP/1 and HTTP/2.
pub async fn serve(routes: Router) {
    let listener = listen().await;
    drop(tokio::spawn(async { axum::serve(listener, routes).await }));
}

/// Where the service of this console serves.
pub async fn address(console: &mut Console) -> SocketAddr {
    let end = Instant::now() + DEADLINE;
    loop {
        let tasks = console.tasks().await;
        let found = tasks.iter().find_map(|task| task.name.strip_prefix(SERVES));
        if let Some(address) = found {
            return address.parse().expect("an address");
        }
        assert!(Instant::now() < end, "it does not serve: {tasks:#?}");
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Http1,
    Http2,
}

enum Sender {
    Http1(http1::SendRequest<Empty<Bytes>>),
    Http2(http2::SendRequest<Empty<Bytes>>),
}

/// A client with one connection.
pub struct Client {
    sender: Sender,
    connection: JoinHandle<hyper::Result<()>>,
}

impl Client {
    pub async fn connect(address: SocketAddr, version: Version) -> Self {
        let stream = TokioIo::new(TcpStream::connect(address).await.expect("it listens"));
        match version {
            Version::Http1 => {
                let (sender, connection) = http1::handshake(stream).await.expect("HTTP/1");
                Self { sender: Sender::Http1(sender), connection: tokio::spawn(connection) }
            }
            Version::Http2 => {
                let shaken = http2::handshake(TokioExecutor::new(), stream).await;
                let (sender, connection) = shaken.expect("HTTP/2");
                Self { sender: Sender::Http2(sender), connection: tokio::spawn(connection) }
            }
        }
    }

    /// Asks for a path; over HTTP/2, dropping the future tells the server.
    pub async fn get(&mut self, path: &str) -> hyper::Result<Response<Incoming>> {
        let request = Request::get(path).header("host", "service");
        let request = request.body(Empty::new()).expect("a request");
        match &mut self.sender {
            Sender::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Sender::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }

    /// What is answered there.
    pub async fn text(&mut self, path: &str) -> String {
        self.try_text(path).await.expect("an answer")
    }

    pub async fn try_text(&mut self, path: &str) -> hyper::Result<String> {
        let body = self.get(path).await?.into_body().collect().await?;
        Ok(String::from_utf8(body.to_bytes().to_vec()).expect("text"))
    }

    /// The connection is gone, whatever it was in the middle of.
    pub fn hang_up(self) {
        self.connection.abort();
    }
}
