//! What carries the console's requests: a connection to a Holdover, or a bridge within
//! this process to a target that speaks tokio-console's protocol. Whoever asks need not
//! know which.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use holdover_proto::v1::{holdover_client::HoldoverClient, holdover_server::HoldoverServer};
use tonic::{
    body::Body,
    codegen::{Service, http},
    transport::{self, Channel},
};

use super::bridge::Bridge;

/// Who answers, whichever it is.
pub(crate) type Client = HoldoverClient<Wire>;

#[derive(Clone, Debug)]
pub(crate) enum Wire {
    Holdover(Channel),
    Bridge(HoldoverServer<Bridge>),
}

type Answer = Result<http::Response<Body>, transport::Error>;

impl Service<http::Request<Body>> for Wire {
    type Response = http::Response<Body>;
    type Error = transport::Error;
    type Future = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        match self {
            Self::Holdover(channel) => channel.poll_ready(cx),
            // A bridge is always ready.
            Self::Bridge(_) => Poll::Ready(Ok(())),
        }
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        match self {
            Self::Holdover(channel) => Box::pin(channel.call(request)),
            Self::Bridge(bridge) => {
                let answer = bridge.call(request);
                Box::pin(async move { answer.await.map_err(|never: Infallible| match never {}) })
            }
        }
    }
}
