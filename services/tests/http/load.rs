//! A service under load, whose clients hang up all the time: without a bug, and with one.

use std::{
    future::pending,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use axum::{Router, extract::State, routing::get};
use holdover::{
    sync::{Mutex as Lock, Semaphore},
    time::{call_later, sleep},
    tower::ScopeLayer,
};
use holdover_proto::v1::{HoldingKind, Phase, Verdict};
use tokio::{
    sync::Semaphore as Turns,
    task::JoinSet,
    time::{sleep as wait, timeout},
};

use crate::{
    client::{Console, assert_holding, name},
    full,
    harness::{Form, GRACE, Scenario},
    scenario,
    wire::{Client, DEADLINE, Version, address, serve},
};

/// Longer than any load.
const LONG: Duration = Duration::from_secs(3600);
/// How much of it.
#[derive(Clone, Copy, Debug)]
struct Load {
    connections: u64,
    time: Duration,
    /// Between two requests of a client.
    pause: Duration,
    /// Of a thousand requests, those that their client gives up at once. At full size a
    /// client asks so often that a hundredth of the connections is given up in a second.
    given_up: u64,
    /// How long a client waits for an answer before it hangs up.
    patience: Duration,
    /// Of so many handlers one has the bug, where there is one.
    one_in: u64,
}

impl Load {
    fn now() -> Self {
        if full() {
            let (time, pause) = (Duration::from_secs(60), Duration::from_secs(20));
            let patience = Duration::from_secs(10);
            Self { connections: 10_000, time, pause, given_up: 200, patience, one_in: 1000 }
        } else {
            let (time, pause) = (Duration::from_secs(4), Duration::from_millis(250));
            let patience = Duration::from_secs(2);
            Self { connections: 200, time, pause, given_up: 50, patience, one_in: 100 }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    None,
    LeavesATimer,
}

/// The service's own state, and what it has counted itself.
struct Shop {
    bug: Bug,
    one_in: u64,
    handlers: AtomicU64,
    left: AtomicU64,
    given_up: AtomicU64,
    running: AtomicU64,
    permits: Arc<Semaphore>,
    stock: Lock<u64>,
    timers: Mutex<Vec<holdover::time::TimerHandle>>,
}

/// A handler, which counts itself.
struct Handler<'a> {
    shop: &'a Shop,
    has_left: bool,
    has_answered: bool,
}

impl Drop for Handler<'_> {
    fn drop(&mut self) {
        let Self { shop, has_left, has_answered } = *self;
        shop.given_up.fetch_add(u64::from(!has_answered), Relaxed);
        shop.left.fetch_add(u64::from(!has_answered && has_left), Relaxed);
        shop.running.fetch_sub(1, Relaxed);
    }
}

impl Shop {
    fn new(bug: Bug) -> Arc<Self> {
        Arc::new(Self {
            bug,
            one_in: Load::now().one_in,
            handlers: AtomicU64::new(0),
            left: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
            running: AtomicU64::new(0),
            permits: Arc::new(Semaphore::new(1000)),
            stock: Lock::new(0),
            timers: Mutex::default(),
        })
    }

    fn begins(&self) -> Handler<'_> {
        self.running.fetch_add(1, Relaxed);
        Handler { shop: self, has_left: false, has_answered: false }
    }

    /// What every handler does: takes, waits and gives back.
    async fn order(&self) -> String {
        let mut handler = self.begins();
        let number = self.handlers.fetch_add(1, Relaxed);
        if self.bug == Bug::LeavesATimer && number % self.one_in < 2 {
            handler.leaves_a_timer();
            if number.is_multiple_of(self.one_in) {
                // The client waits for nothing, and hangs up. The other one is answered.
                pending::<()>().await;
            }
        }
        let _permit = self.permits.acquire().await;
        *self.stock.lock().await += 1;
        sleep(Duration::from_millis(number % 20)).await;
        handler.has_answered = true;
        number.to_string()
    }

    /// A handler that is slow enough to be given up.
    async fn slow(&self) {
        let mut handler = self.begins();
        let _permit = Arc::clone(&self.permits).acquire_owned().await;
        let timer = call_later(LONG, || {});
        let _clean_up = Cancels(timer);
        sleep(LONG).await;
        handler.has_answered = true;
    }
}

impl Handler<'_> {
    fn leaves_a_timer(&mut self) {
        self.has_left = true;
        let timer = call_later(LONG, || {});
        self.shop.timers.lock().expect("nobody panics").push(timer);
    }
}

/// What a handler without a bug does with its timer.
struct Cancels(holdover::time::TimerHandle);

impl Drop for Cancels {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

async fn shop(bug: Bug) {
    let shop = Shop::new(bug);
    let counted = async |State(shop): State<Arc<Shop>>| {
        let counts = [&shop.handlers, &shop.given_up, &shop.left, &shop.running];
        let counts = counts.map(|it| it.load(Relaxed));
        counts.map(|it| it.to_string()).join(" ")
    };
    let routes = Router::new()
        .route("/orders/{id}", get(async |State(shop): State<Arc<Shop>>| shop.order().await))
        .route("/slow/{id}", get(async |State(shop): State<Arc<Shop>>| shop.slow().await))
        .route("/counted", get(counted))
        .with_state(shop);
    serve(routes.layer(ScopeLayer::new())).await;
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "30_a_service_without_a_bug",
            shim: shop(Bug::None),
            check: nothing_is_given,
        },
        scenario! {
            "30_one_handler_of_many_leaves_a_timer",
            shim: shop(Bug::LeavesATimer),
            check: exactly_those_are_given,
        },
    ]
}

/// What clients have seen.
#[derive(Debug, Default)]
struct Seen {
    answered: AtomicU64,
    hung_up: AtomicU64,
    /// The service did, or its machine.
    broken: AtomicU64,
}

/// Everybody is connected; few at a time, since a listener has room for so many.
async fn connect(address: SocketAddr, connections: u64) -> Vec<Client> {
    let (turns, mut connecting) = (Arc::new(Turns::new(64)), JoinSet::new());
    for _ in 0..connections {
        let turns = Arc::clone(&turns);
        connecting.spawn(async move {
            let _turn = turns.acquire().await.expect("it is not closed");
            let mut client = Client::connect(address, Version::Http1).await;
            client.text("/counted").await;
            client
        });
    }
    connecting.join_all().await
}

/// One client after another on what is one connection, until `end`.
async fn one_client(
    (address, mut client): (SocketAddr, Client),
    number: u64,
    load: Load,
    end: Instant,
    seen: Arc<Seen>,
) {
    // A generator of its own, so that a run is like another.
    let mut random = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    wait(load.pause.mul_f64(next() as f64 / u64::MAX as f64)).await;
    while Instant::now() < end {
        let (path, patience) = if next() % 1000 < load.given_up {
            ("/slow/7", Duration::from_millis(50 + next() % 100))
        } else {
            ("/orders/7", load.patience)
        };
        let count = match timeout(patience, client.try_text(path)).await {
            Ok(Ok(_)) => &seen.answered,
            Ok(Err(_)) => &seen.broken,
            Err(_) => &seen.hung_up,
        };
        count.fetch_add(1, Relaxed);
        if !std::ptr::eq(count, &raw const seen.answered) {
            client.hang_up();
            client = Client::connect(address, Version::Http1).await;
        }
        wait(load.pause.mul_f64(0.5 + next() as f64 / u64::MAX as f64)).await;
    }
}

/// Puts the service under load; gives what the clients have seen and what the service has
/// counted: handlers, those given up, and those that have left a timer.
async fn under_load(console: &mut Console, mut each: impl AsyncFnMut(&mut Console)) -> [u64; 3] {
    let (address, load, seen) = (address(console).await, Load::now(), Arc::new(Seen::default()));
    let connected = connect(address, load.connections).await;
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for (number, client) in (1..).zip(connected) {
        let (seen, end) = (Arc::clone(&seen), begun + load.time);
        clients.spawn(one_client((address, client), number, load, end, seen));
    }
    loop {
        tokio::select! {
            ended = clients.join_next() => match ended {
                Some(ended) => ended.expect("no client panics"),
                None => break,
            },
            () = wait(GRACE) => each(console).await,
        }
    }
    let counts = settled(address).await;
    println!(
        "{load:?}: {seen:?}; handlers, given up, left: {counts:?}; took {:?}",
        begun.elapsed()
    );
    counts
}

/// The counts of the service once it has noticed that no client is left.
async fn settled(address: SocketAddr) -> [u64; 3] {
    let mut client = Client::connect(address, Version::Http1).await;
    let (end, mut before) = (Instant::now() + DEADLINE, Vec::new());
    loop {
        let text = client.text("/counted").await;
        let counts: Vec<u64> = text.split(' ').map(|it| it.parse().expect("a number")).collect();
        if counts == before && counts[3] == 0 {
            return [counts[0], counts[1], counts[2]];
        }
        assert!(Instant::now() < end, "handlers go on: {counts:?}");
        before = counts;
        wait(GRACE * 3).await;
    }
}

async fn nothing_is_given(console: &mut Console, _: Form) {
    let [handlers, given_up, left] = under_load(console, async |console| {
        let update = console.leaks_and_cleared().await;
        assert_eq!(update.totals.expect("totals").given, 0, "{:#?}", update.leaks);
    })
    .await;
    assert!(handlers > 50 && given_up > 0, "{handlers} handlers, {given_up} given up");
    assert_eq!(left, 0);
    console.nothing_for(30).await;
    let cancelled = console.totals().await.tasks_cancelled;
    assert!(cancelled >= given_up, "{cancelled} were seen of {given_up}");
}

async fn exactly_those_are_given(console: &mut Console, _: Form) {
    let [_, given_up, left] = under_load(console, async |_| {}).await;
    assert!(left > 0 && given_up > left, "{given_up} given up, {left} have left a timer");
    let end = Instant::now() + DEADLINE;
    while console.totals().await.leaks < left {
        assert!(Instant::now() < end, "{left} expected: {:#?}", console.totals().await);
        wait(GRACE).await;
    }
    wait(GRACE * 30).await;
    let update = console.leaks_and_cleared().await;
    let totals = update.totals.expect("totals");
    assert_eq!((totals.leaks, totals.given), (left, left), "{:#?}", update.leaks);
    assert_eq!((totals.orphaned, totals.overdue), (0, 0), "{totals:#?}");
    for leak in &update.leaks {
        assert_eq!(leak.verdict(), Verdict::LeftBehind, "{leak:#?}");
        assert_eq!((name(leak), leak.holdings.len()), ("GET /orders/{id}", 1), "{leak:#?}");
        assert_holding(&leak.holdings[0], HoldingKind::Timer, "call_later", Phase::Before);
    }
}
