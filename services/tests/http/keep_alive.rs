//! Connections that go on from request to request, and a service that drains.

use std::{future::IntoFuture, time::Duration};

use axum::{Router, extract::State, routing::get};
use holdover::tower::ScopeLayer;
use holdover_proto::v1::Outcome;

use crate::{
    client::Console,
    harness::{Form, GRACE, Scenario},
    scenario,
    wire::{Client, Version, address, listen, named, plain},
};

/// Routes of a service that stops when it is told to: `$token` is the type of its tokens.
macro_rules! routes {
    ($token:ty, $sleep:path, $shutdown:expr) => {
        Router::new()
            .route(
                "/work/{id}",
                get(async |State(shutdown): State<$token>| {
                    let request = shutdown.child_token();
                    let _guard = request.clone().drop_guard();
                    tokio::select! {
                        () = request.cancelled() => "cancelled",
                        () = $sleep(Duration::from_millis(1)) => "done",
                    }
                }),
            )
            .route(
                "/stop",
                get(async |State(shutdown): State<$token>| {
                    shutdown.cancel();
                    "stops"
                }),
            )
            .with_state($shutdown)
    };
}

/// Serves until the token is cancelled, and drains.
macro_rules! serves_until {
    ($shutdown:expr, $routes:expr, $spawn:path, $sleep:path) => {{
        let (listener, shutdown) = (listen().await, $shutdown);
        let served = axum::serve(listener, $routes)
            .with_graceful_shutdown(shutdown.clone().cancelled_owned());
        drop($spawn("server", async { served.into_future().await }));
        shutdown.cancelled().await;
        $sleep(GRACE * 6).await;
    }};
}

pub fn scenarios() -> Vec<Scenario> {
    vec![scenario! {
        "45_requests_on_connections_that_are_kept_and_a_service_that_drains",
        shim: async {
            drop(named("main", async {
                let shutdown = holdover::sync::CancellationToken::new();
                let routes = routes!(
                    holdover::sync::CancellationToken, holdover::time::sleep, shutdown.clone()
                );
                let routes = routes.layer(ScopeLayer::new());
                serves_until!(shutdown, routes, named, holdover::time::sleep);
            }));
        },
        plain: async {
            drop(plain("main", async {
                let shutdown = tokio_util::sync::CancellationToken::new();
                let routes = routes!(
                    tokio_util::sync::CancellationToken, tokio::time::sleep, shutdown.clone()
                );
                serves_until!(shutdown, routes, plain, tokio::time::sleep);
            }));
        },
        check: nothing_is_given,
    }]
}

async fn nothing_is_given(console: &mut Console, form: Form) {
    let address = address(console).await;
    let mut clients = Vec::new();
    for version in [Version::Http1, Version::Http2] {
        let mut client = Client::connect(address, version).await;
        for id in 0..100 {
            assert_eq!(client.text(&format!("/work/{id}")).await, "done");
        }
        clients.push(client);
    }
    if form == Form::Shim {
        console.ended("GET /work/{id}", Outcome::Completed).await;
    }
    assert_eq!(clients[0].text("/stop").await, "stops");
    console.ended("main", Outcome::Completed).await;
    console.ended("server", Outcome::Completed).await;
    console.nothing_for(6).await;
}
