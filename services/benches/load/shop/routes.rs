//! The routes, over whichever `rt` is around this.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};

use super::rt::{
    sync::{Mutex, Semaphore},
    time::timeout,
};
use crate::shop::{Order, Receipt};

/// Orders that are remembered.
const REMEMBERED: u64 = 1_024;
/// Orders that are worked on at once.
const AT_ONCE: usize = 100;
/// How long a client has to wait at most.
const PATIENCE: Duration = Duration::from_secs(5);

struct Shop {
    permits: Semaphore,
    orders: Mutex<HashMap<u64, Order>>,
}

pub fn routes() -> Router {
    let shop = Shop { permits: Semaphore::new(AT_ONCE), orders: Mutex::new(HashMap::new()) };
    Router::new().route("/orders", post(order)).with_state(Arc::new(shop))
}

async fn order(
    State(shop): State<Arc<Shop>>,
    Json(order): Json<Order>,
) -> Result<Json<Receipt>, StatusCode> {
    let taken = timeout(PATIENCE, shop.take(order)).await;
    taken.map(Json).or(Err(StatusCode::SERVICE_UNAVAILABLE))
}

impl Shop {
    async fn take(&self, order: Order) -> Receipt {
        let _permit = self.permits.acquire().await;
        let mut orders = self.orders.lock().await;
        let (number, cents) = (order.number, order.cents());
        orders.insert(number % REMEMBERED, order);
        Receipt { number, cents, orders: orders.len() }
    }
}
