//! What requests are called: by their route, never by their path, which may have an id or
//! a secret in it and would be another name for each.

use std::borrow::Cow;

use http::{Extensions, HeaderMap, Method, Request, Uri};

/// The head of a request, for whoever names it.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    extensions: &'a Extensions,
}

impl<'a> Head<'a> {
    pub(super) fn of<B>(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
        }
    }

    /// The request's method.
    pub fn method(&self) -> &'a Method {
        self.method
    }

    /// The request's URI, as its client sent it.
    pub fn uri(&self) -> &'a Uri {
        self.uri
    }

    /// The request's headers.
    pub fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// What layers further out, and a router, have noted of the request.
    pub fn extensions(&self) -> &'a Extensions {
        self.extensions
    }
}

/// The method, and the route that axum has matched: `GET /orders/{id}`. The route is known
/// with the feature `axum`, inside a `Router` (`Router::layer`); elsewhere, and where no
/// route matched, the method is all.
pub fn by_route(request: &Head<'_>) -> Cow<'static, str> {
    let method = method(request.method);
    match route(request.extensions) {
        Some(route) => format!("{method} {route}").into(),
        None => method.into(),
    }
}

#[cfg(feature = "axum")]
fn route(extensions: &Extensions) -> Option<&str> {
    extensions.get::<axum::extract::MatchedPath>().map(axum::extract::MatchedPath::as_str)
}

#[cfg(not(feature = "axum"))]
fn route(_: &Extensions) -> Option<&str> {
    None
}

/// A client may make up methods: they are one.
fn method(method: &Method) -> &'static str {
    const KNOWN: [(Method, &str); 9] = [
        (Method::GET, "GET"),
        (Method::POST, "POST"),
        (Method::PUT, "PUT"),
        (Method::DELETE, "DELETE"),
        (Method::PATCH, "PATCH"),
        (Method::HEAD, "HEAD"),
        (Method::OPTIONS, "OPTIONS"),
        (Method::CONNECT, "CONNECT"),
        (Method::TRACE, "TRACE"),
    ];
    KNOWN.iter().find(|(known, _)| known == method).map_or("other", |(_, name)| name)
}

/// The method of a gRPC service, which is the path of its requests: `/orders.v1.Orders/Get`.
/// A path that is none is `grpc`.
pub fn grpc_method(request: &Head<'_>) -> Cow<'static, str> {
    let path = request.uri.path();
    let is_name = |part: &str| {
        let may_be_in_it = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        !part.is_empty() && part.chars().all(may_be_in_it)
    };
    let is_method = path
        .strip_prefix('/')
        .and_then(|path| path.split_once('/'))
        .is_some_and(|(service, method)| is_name(service) && is_name(method));
    if is_method { path.to_owned().into() } else { "grpc".into() }
}
