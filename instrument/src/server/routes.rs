//! Which service a request is for: the first part of its path says it. So few need no
//! router, which would bring a web framework into every service.

use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use holdover_proto::v1::holdover_server::{self, HoldoverServer};
use tonic::{
    body::Body,
    codegen::{BoxFuture, Service, http},
};

use super::{Console, holdover};

type Answer = BoxFuture<http::Response<Body>, Infallible>;

/// A service, and how it answers.
#[derive(Clone)]
struct Route {
    name: &'static str,
    answer: Arc<dyn Fn(http::Request<Body>) -> Answer + Send + Sync>,
}

impl Route {
    fn new<S>(name: &'static str, service: S) -> Self
    where
        S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
        S: Service<http::Request<Body>, Future = Answer> + Clone + Send + Sync + 'static,
    {
        // tonic's are always ready.
        Self { name, answer: Arc::new(move |request| service.clone().call(request)) }
    }
}

/// Everything that is served.
#[derive(Clone)]
pub(super) struct Routes {
    ours: Route,
    others: Arc<[Route]>,
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = self.others.iter().map(|route| route.name);
        f.debug_list().entry(&self.ours.name).entries(others).finish()
    }
}

impl Routes {
    pub(super) fn new(console: &Arc<Console>) -> Self {
        let ours = HoldoverServer::new(holdover::Service::new(Arc::clone(console)));
        let ours = Route::new(holdover_server::SERVICE_NAME, ours);
        let others = [
            #[cfg(feature = "tokio-console")]
            Some(tokio_console(console)),
            #[cfg(feature = "health")]
            Some(health()),
            #[cfg(feature = "reflection")]
            reflection(),
            #[cfg(feature = "reflection")]
            older_reflection(),
        ];
        let others: Vec<Option<Route>> = others.into();
        Self { ours, others: others.into_iter().flatten().collect() }
    }
}

#[cfg(feature = "tokio-console")]
fn tokio_console(console: &Arc<Console>) -> Route {
    use holdover_proto::tokio_console::instrument_server::{InstrumentServer, SERVICE_NAME};

    let service = super::tokio_console::Service::new(Arc::clone(console));
    Route::new(SERVICE_NAME, InstrumentServer::new(service))
}

/// Says that the console is up, for as long as it can say anything.
#[cfg(feature = "health")]
fn health() -> Route {
    use tonic_health::{
        pb::health_server::{HealthServer, SERVICE_NAME},
        server::{HealthReporter, HealthService},
    };

    let service = HealthService::from_health_reporter(HealthReporter::new());
    Route::new(SERVICE_NAME, HealthServer::new(service))
}

/// Says what there is to ask.
#[cfg(feature = "reflection")]
fn reflection() -> Option<Route> {
    use tonic_reflection::pb::v1::server_reflection_server::SERVICE_NAME;

    Some(Route::new(SERVICE_NAME, described().build_v1().ok()?))
}

/// The same by its earlier name, which is all that grpcurl asks for up to its version 1.8.7.
#[cfg(feature = "reflection")]
fn older_reflection() -> Option<Route> {
    use tonic_reflection::pb::v1alpha::server_reflection_server::SERVICE_NAME;

    Some(Route::new(SERVICE_NAME, described().build_v1alpha().ok()?))
}

#[cfg(feature = "reflection")]
fn described() -> tonic_reflection::server::Builder<'static> {
    let builder = tonic_reflection::server::Builder::configure();
    let builder = builder.register_encoded_file_descriptor_set(holdover_proto::DESCRIPTORS);
    #[cfg(feature = "health")]
    let builder =
        builder.register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
    builder
}

impl Service<http::Request<Body>> for Routes {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Answer {
        let asked = service_of(&request);
        let route = self.others.iter().find(|route| route.name == asked);
        // Of what is not served at all ours says so.
        (route.unwrap_or(&self.ours).answer)(request)
    }
}

/// `/service/method`
fn service_of(request: &http::Request<Body>) -> &str {
    request.uri().path().split('/').nth(1).unwrap_or_default()
}
