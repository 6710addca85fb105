//! The services: each starts Holdover in one way, and runs the same tasks. On its
//! standard output there are its log, which task is which, and a line when all is in
//! place.

use std::{
    future::{pending, ready},
    pin::pin,
    time::Duration,
};

use holdover::hold::{Hold, Kind};
use tokio::{runtime::Runtime, sync::oneshot};
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer, fmt, layer::SubscriberExt as _, registry, util::SubscriberInitExt as _,
};

/// A line of this says which task is which: `task NAME ID`.
pub const TASK: &str = "task ";
/// A line that says that everything is in place.
pub const READY: &str = "ready";

pub const PLAIN: &str = "plain";
pub const SHIM: &str = "shim";
/// These are spawned before Holdover is started.
pub const EARLY: [&str; 2] = ["early plain", "early shim"];
/// What the task of the shim holds.
pub const HELD: &str = "pg";

pub fn init() {
    holdover::init();
    runtime().block_on(service());
}

/// Started between two uses of a runtime.
pub fn after_a_runtime() {
    let runtime = runtime();
    runtime.block_on(early());
    holdover::init();
    runtime.block_on(service());
}

pub fn wrap() {
    holdover::Builder::new().wrap(registry().with(logs())).init();
    runtime().block_on(service());
}

pub fn layer() {
    registry().with(holdover::layer()).with(logs()).init();
    runtime().block_on(service());
}

#[tokio::main]
pub async fn tokio_main() {
    early().await;
    holdover::init();
    service().await;
}

pub fn in_current_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        early().await;
        holdover::init();
        service().await;
    });
}

pub fn layer_in_runtime() {
    runtime().block_on(async {
        early().await;
        registry().with(holdover::layer()).with(logs()).init();
        service().await;
    });
}

pub fn init_after_a_default() {
    fmt().init();
    holdover::init();
    runtime().block_on(service());
}

pub fn wrap_after_a_default() {
    fmt().init();
    holdover::Builder::new().wrap(registry()).init();
    runtime().block_on(service());
}

pub fn layer_after_a_default() {
    fmt().init();
    registry().with(holdover::layer()).try_init().expect_err("there is a default already");
    runtime().block_on(service());
}

pub fn filter_over_the_layer() {
    registry().with(holdover::layer()).with(fmt::layer()).with(EnvFilter::new("info")).init();
    runtime().block_on(service());
}

pub fn filter_under_the_layer() {
    registry().with(LevelFilter::INFO).with(holdover::layer()).with(fmt::layer()).init();
    runtime().block_on(service());
}

#[cfg(unix)]
pub fn layer_unused() {
    let _unused = registry().with(holdover::layer());
    runtime().block_on(service());
}

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime")
}

fn logs<S>() -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    fmt::layer().with_filter(LevelFilter::INFO)
}

async fn early() {
    plain(EARLY[0]).await;
    shim(EARLY[1]).await;
}

async fn service() {
    plain(PLAIN).await;
    shim(SHIM).await;
    println!("{READY}");
    pending::<()>().await;
}

/// A task of tokio's own, once it waits for a timer.
async fn plain(name: &str) {
    let (waits, waiting) = oneshot::channel();
    let task = tokio::spawn(async {
        let mut timer = pin!(tokio::time::sleep(Duration::from_secs(3600)));
        tokio::select! {
            biased;
            () = &mut timer => {}
            () = ready(()) => {}
        }
        let _ = waits.send(());
        timer.await;
    });
    waiting.await.expect("it waits");
    println!("{TASK}{name} {}", task.id());
}

/// The same through the shims, once it holds something.
async fn shim(name: &str) {
    let (holds, holding) = oneshot::channel();
    let task = holdover::task::Builder::new().name(name).spawn(async {
        let _held = Hold::new(Kind::Connection, HELD);
        let _ = holds.send(());
        pending::<()>().await;
    });
    holding.await.expect("it holds");
    println!("{TASK}{name} {}", task.expect("a runtime").id());
}
