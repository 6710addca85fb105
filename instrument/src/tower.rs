//! HTTP requests as scopes: [`ScopeLayer`] for any server that takes a tower layer.
//!
//! A client that hangs up cancels no task: its connection drops the handler's future, and
//! goes on or completes. Without this layer such a request looks completed. With it each
//! request is a scope, named by its route, from its first poll to the end of its response;
//! one that is dropped before was cancelled, by "client disconnected", and what it leaves
//! behind is charged to it.
//!
//! Put the layer outside of others that may drop a request, as a timeout does: what drops
//! the request from further out is taken for its client. tonic keeps a call's deadline and
//! its own `Server::timeout` outside of every layer, so of a gRPC call that was not answered
//! yet it is said that it was one or the other; and so where the task of an HTTP/2 connection
//! was aborted, or may have been.

mod body;
mod future;
mod name;

use std::{
    borrow::Cow,
    fmt,
    panic::Location,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderValue, Request, Response, Version, header::CONTENT_TYPE};
use tower_layer::Layer;
use tower_service::Service;

pub use self::{
    body::ResponseBody,
    future::ResponseFuture,
    name::{Head, by_route, grpc_method},
};
use crate::record::{Client, is_recorded};

/// Makes each request a scope; a layer for axum's `Router::layer`, tonic's
/// `Server::layer`, or any other stack of tower services.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use holdover::tower::ScopeLayer;
///
/// // Its requests are the scopes `GET /orders/{id}`.
/// let app: Router =
///     Router::new().route("/orders/{id}", get(|| async { "" })).layer(ScopeLayer::new());
/// # }
/// ```
///
/// axum's `layer` covers the routes that were added before it: it comes last.
///
/// The scope begins when the request is first polled. It ends with the response's body, so
/// what a stream still uses while it is sent is the request's, and a client that hangs up
/// in the middle of it cancels the request. A response that nobody begins to read (of
/// `HEAD`, say) ends where the handler did, one that fails at its error.
#[derive(Clone)]
pub struct ScopeLayer {
    name: Name,
    location: &'static Location<'static>,
}

/// How requests are named.
#[derive(Clone)]
enum Name {
    ByRoute,
    By(Arc<Naming>),
}

type Naming = dyn Fn(&Head<'_>) -> Cow<'static, str> + Send + Sync;

impl ScopeLayer {
    /// Names requests as [`by_route`] does.
    #[track_caller]
    pub fn new() -> Self {
        Self::named(Name::ByRoute)
    }

    /// Names requests as `name` says, once each, when they come in. Names are shown, and
    /// leave the process over the console's port: they must say which route it is, not which
    /// order or whose. A name that an id is part of would also make a group of each request.
    ///
    /// ```
    /// use holdover::tower::{ScopeLayer, grpc_method};
    ///
    /// let layer = ScopeLayer::named_by(|request| format!("api {}", request.method()));
    /// let grpc = ScopeLayer::named_by(grpc_method);
    /// # drop((layer, grpc));
    /// ```
    #[track_caller]
    pub fn named_by<N>(name: impl Fn(&Head<'_>) -> N + Send + Sync + 'static) -> Self
    where
        N: Into<Cow<'static, str>>,
    {
        Self::named(Name::By(Arc::new(move |request| name(request).into())))
    }

    #[track_caller]
    fn named(name: Name) -> Self {
        #[cfg(feature = "console")]
        crate::coverage::layer_made();
        Self { name, location: Location::caller() }
    }

    fn name_of<B>(&self, request: &Request<B>) -> Cow<'static, str> {
        match &self.name {
            Name::ByRoute => by_route(&Head::of(request)),
            Name::By(name) => name(&Head::of(request)),
        }
    }
}

impl Default for ScopeLayer {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ScopeLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeLayer").field("location", &self.location).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for ScopeLayer {
    type Service = Scope<S>;

    fn layer(&self, inner: S) -> Scope<S> {
        Scope { inner, layer: self.clone() }
    }
}

/// The service of [`ScopeLayer`].
#[derive(Clone, Debug)]
pub struct Scope<S> {
    inner: S,
    layer: ScopeLayer,
}

impl<S, B, R> Service<Request<B>> for Scope<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: http_body::Body,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        #[cfg(feature = "console")]
        crate::coverage::requests_are_scopes();
        // Before the request is gone; no name is made where nobody would see it.
        let name = is_recorded().then(|| self.layer.name_of(&request));
        let client = Client {
            site: self.layer.location,
            or_deadline: name.is_some() && is_grpc(&request),
            is_stream: request.version() == Version::HTTP_2,
        };
        ResponseFuture::new(self.inner.call(request), name, client)
    }
}

/// A server of gRPC may have a deadline for any call, which the call need not say.
fn is_grpc<B>(request: &Request<B>) -> bool {
    let says_so = |kind: &HeaderValue| kind.as_bytes().starts_with(b"application/grpc");
    request.headers().get(CONTENT_TYPE).is_some_and(says_so)
}
