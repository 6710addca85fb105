//! The routes, over whichever `rt` is around this.

use std::{
    collections::HashMap,
    sync::{self, Arc, PoisonError},
    time::Duration,
};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};

use super::rt::{
    sync::{Mutex, Semaphore},
    time::timeout,
};
use crate::shop::{Database, Order, Out, Receipt};

/// Orders that are remembered.
const REMEMBERED: u64 = 1_024;
/// Orders that are worked on at once, where that is limited.
const AT_ONCE: usize = 100;
/// How long a client has to wait at most, where that is limited.
const PATIENCE: Duration = Duration::from_secs(5);

type Remembered = HashMap<u64, Order>;

/// Where the orders are kept.
enum Shop {
    /// Behind a lock of the standard library, as tokio's documents advise.
    Memory(sync::Mutex<Remembered>),
    Limited(Box<Limited>),
    Database(Database),
}

/// In memory, behind what tokio has for whoever waits while he holds it.
struct Limited {
    permits: Semaphore,
    orders: Mutex<Remembered>,
}

/// Without a database the orders are kept in memory.
pub async fn routes(out: Out) -> Router {
    let shop = match out {
        Out::Memory => Shop::Memory(sync::Mutex::default()),
        Out::Limited => Shop::Limited(Box::new(Limited {
            permits: Semaphore::new(AT_ONCE),
            orders: Mutex::new(HashMap::new()),
        })),
        Out::Sqlite => Shop::Database(Database::open().await),
    };
    Router::new().route("/orders", post(order)).with_state(Arc::new(shop))
}

async fn order(
    State(shop): State<Arc<Shop>>,
    Json(order): Json<Order>,
) -> Result<Json<Receipt>, StatusCode> {
    let (number, cents) = (order.number, order.cents());
    let orders = match &*shop {
        Shop::Memory(orders) => {
            remember(&mut orders.lock().unwrap_or_else(PoisonError::into_inner), order)
        }
        Shop::Limited(limited) => match timeout(PATIENCE, limited.take(order)).await {
            Ok(orders) => orders,
            Err(_) => return Err(StatusCode::SERVICE_UNAVAILABLE),
        },
        Shop::Database(database) => database
            .insert(number % REMEMBERED, &order)
            .await
            .ok_or(StatusCode::INTERNAL_SERVER_ERROR)?,
    };
    Ok(Json(Receipt { number, cents, orders }))
}

impl Limited {
    async fn take(&self, order: Order) -> usize {
        let _permit = self.permits.acquire().await;
        remember(&mut *self.orders.lock().await, order)
    }
}

/// Gives how many there are.
fn remember(orders: &mut Remembered, order: Order) -> usize {
    orders.insert(order.number % REMEMBERED, order);
    orders.len()
}
