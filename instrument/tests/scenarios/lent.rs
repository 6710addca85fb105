//! What is only used: by a request that was lent it, by several, and within a `timeout`.

use std::{
    future::{Future, pending, poll_fn},
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use holdover::{
    hold::{Held, Kind},
    sync::mpsc,
    task::JoinHandle,
    time::{interval, sleep, timeout},
};
use holdover_proto::v1::{HoldingKind, Outcome, Phase, Verdict};
use tokio::sync::oneshot;

use crate::{
    client::{Console, assert_holding},
    harness::{GRACE, Scenario},
    lifecycle::{all_wait, named, plain},
    scenario,
};

static SHARED: Mutex<Option<Arc<Held<u8>>>> = Mutex::new(None);

/// Longer than any grace here.
const LONG: Duration = Duration::from_secs(3600);

fn connect() -> Arc<Held<u8>> {
    Arc::new(Held::new(7, Kind::Connection, "pg"))
}

/// Uses what everybody shares.
fn request() -> JoinHandle<()> {
    named("request", async {
        let shared = SHARED.lock().expect("it").get_or_insert_with(connect).clone();
        assert_eq!(**shared, 7);
        pending::<()>().await;
    })
}

async fn after_a_while<T>(request: JoinHandle<T>) {
    all_wait().await;
    request.abort();
}

type Shared<F> = Arc<Mutex<Pin<Box<F>>>>;
type Turns<F> = (oneshot::Sender<Shared<F>>, oneshot::Receiver<()>);
type OthersTurns<F> = (oneshot::Receiver<Shared<F>>, oneshot::Sender<()>);

fn turns<F>() -> (Turns<F>, OthersTurns<F>) {
    let ((show, shown), (say, said)) = (oneshot::channel(), oneshot::channel());
    ((show, said), (shown, say))
}

/// Shares what it has polled with another, and is the last to poll it.
async fn maker<F: Future>(make: impl FnOnce() -> F, (show, said): Turns<F>) {
    let shared = Arc::new(Mutex::new(Box::pin(make())));
    poll_shared(&shared).await;
    drop(show.send(Arc::clone(&shared)));
    said.await.expect("the other polls it");
    poll_shared(&shared).await;
    pending::<()>().await;
}

async fn other<F: Future>(shown: oneshot::Receiver<Shared<F>>, say: oneshot::Sender<()>) {
    let shared = shown.await.unwrap_or_else(|_| panic!("it is made"));
    poll_shared(&shared).await;
    let _ = say.send(());
    pending::<()>().await;
    drop(shared);
}

async fn poll_shared<F: Future>(shared: &Shared<F>) {
    let poll = |cx: &mut Context<'_>| shared.lock().expect("it").as_mut().poll(cx).is_pending();
    assert!(poll_fn(|cx| Poll::Ready(poll(cx))).await, "it is not yet time");
}

async fn poll_once(future: impl Future) {
    let mut future = pin!(future);
    let _ = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "lent_to_a_request_that_was_the_last_to_use_it",
            shim: async {
                named("service", async {
                    let shared = SHARED.lock().expect("it").insert(connect()).clone();
                    after_a_while(request()).await;
                    pending::<()>().await;
                    drop(shared);
                });
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("request").await;
            },
        },
        scenario! {
            "shared_by_the_request_that_has_acquired_it",
            shim: async {
                after_a_while(request()).await;
                sleep(GRACE * 10).await;
                drop(SHARED.lock().expect("it").take());
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::LeftBehind, "request").await;
                assert_holding(&leak.holdings[0], HoldingKind::Connection, "pg", Phase::Before);
                console.cleared().await;
            },
        },
        scenario! {
            "a_limiter_that_requests_share",
            shim: async {
                let limiter = Arc::new(tokio::sync::Mutex::new(interval(LONG)));
                let request = || {
                    let limiter = Arc::clone(&limiter);
                    named("request", async move {
                        poll_once(limiter.lock().await.tick()).await;
                        pending::<()>().await;
                    })
                };
                after_a_while(request()).await;
                after_a_while(request()).await;
                pending::<()>().await;
                drop(limiter);
            },
            plain: async {
                let limiter = Arc::new(tokio::sync::Mutex::new(tokio::time::interval(LONG)));
                let request = || {
                    let limiter = Arc::clone(&limiter);
                    plain("request", async move {
                        poll_once(limiter.lock().await.tick()).await;
                        pending::<()>().await;
                    })
                };
                for request in [request(), request()] {
                    tokio::time::sleep(Duration::from_millis(30)).await;
                    request.abort();
                }
                pending::<()>().await;
                drop(limiter);
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("request").await;
            },
        },
        scenario! {
            "a_timer_that_another_has_polled_too",
            shim: async {
                let (told, (show, say)) = turns();
                let maker = named("maker", maker(|| sleep(LONG), told));
                drop(named("other", other(show, say)));
                after_a_while(maker).await;
            },
            plain: async {
                let (told, (show, say)) = turns();
                let maker = plain("maker", maker(|| tokio::time::sleep(LONG), told));
                drop(plain("other", other(show, say)));
                tokio::time::sleep(Duration::from_millis(30)).await;
                maker.abort();
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("maker").await;
            },
        },
        scenario! {
            "used_within_a_timeout_and_kept",
            shim: async {
                named("worker", async {
                    let (jobs, mut next) = mpsc::channel::<u8>(1);
                    let mut connection = Held::new(7_u8, Kind::Connection, "pg");
                    let mut ticks = interval(LONG);
                    ticks.tick().await;
                    let _ = timeout(GRACE / 2, next.recv()).await;
                    let _ = timeout(GRACE / 2, ticks.tick()).await;
                    let query = async {
                        *connection += 1;
                        pending::<()>().await;
                    };
                    let _ = timeout(GRACE / 2, query).await;
                    pending::<()>().await;
                    drop((jobs, next, connection, ticks));
                });
            },
            check: async |console: &mut Console, _| {
                console.ended("timeout", Outcome::Cancelled).await;
                console.nothing_for(6).await;
            },
        },
    ]
}
