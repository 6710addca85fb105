//! Which service a request is for: the first part of its path says it. So few need no
//! router, which would bring a web framework into every service.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

#[cfg(feature = "tokio-console")]
use holdover_proto::tokio_console::instrument_server::{self, InstrumentServer};
use holdover_proto::v1::holdover_server::HoldoverServer;
use tonic::{
    body::Body,
    codegen::{BoxFuture, Service, http},
};

#[cfg(feature = "tokio-console")]
use super::tokio_console;
use super::{Console, holdover};

/// Everything that is served.
#[derive(Clone, Debug)]
pub(super) struct Routes {
    holdover: HoldoverServer<holdover::Service>,
    #[cfg(feature = "tokio-console")]
    tokio_console: InstrumentServer<tokio_console::Service>,
}

impl Routes {
    pub(super) fn new(console: &Arc<Console>) -> Self {
        Self {
            holdover: HoldoverServer::new(holdover::Service::new(Arc::clone(console))),
            #[cfg(feature = "tokio-console")]
            tokio_console: InstrumentServer::new(tokio_console::Service::new(Arc::clone(console))),
        }
    }
}

impl Service<http::Request<Body>> for Routes {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        #[cfg(feature = "tokio-console")]
        if service_of(&request) == instrument_server::SERVICE_NAME {
            return self.tokio_console.call(request);
        }
        // Of what is not served at all it says so.
        self.holdover.call(request)
    }
}

/// `/service/method`
#[cfg(feature = "tokio-console")]
fn service_of(request: &http::Request<Body>) -> &str {
    request.uri().path().split('/').nth(1).unwrap_or_default()
}
