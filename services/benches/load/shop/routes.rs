//! The routes, over whichever `rt` is around this.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};

use super::rt::{
    sync::{Mutex, Semaphore},
    time::timeout,
};
use crate::shop::{Database, Order, Receipt};

/// Orders that are remembered.
const REMEMBERED: u64 = 1_024;
/// Orders that are worked on at once.
const AT_ONCE: usize = 100;
/// How long a client has to wait at most.
const PATIENCE: Duration = Duration::from_secs(5);

struct Shop {
    permits: Semaphore,
    orders: Orders,
}

enum Orders {
    Memory(Mutex<HashMap<u64, Order>>),
    Database(Database),
}

/// Without a database the orders are kept in memory.
pub fn routes(database: Option<Database>) -> Router {
    let memory = || Orders::Memory(Mutex::new(HashMap::new()));
    let orders = database.map_or_else(memory, Orders::Database);
    let shop = Shop { permits: Semaphore::new(AT_ONCE), orders };
    Router::new().route("/orders", post(order)).with_state(Arc::new(shop))
}

async fn order(
    State(shop): State<Arc<Shop>>,
    Json(order): Json<Order>,
) -> Result<Json<Receipt>, StatusCode> {
    match timeout(PATIENCE, shop.take(order)).await {
        Ok(Some(receipt)) => Ok(Json(receipt)),
        Ok(None) => Err(StatusCode::INTERNAL_SERVER_ERROR),
        Err(_) => Err(StatusCode::SERVICE_UNAVAILABLE),
    }
}

impl Shop {
    async fn take(&self, order: Order) -> Option<Receipt> {
        let _permit = self.permits.acquire().await;
        let (number, cents) = (order.number, order.cents());
        let orders = match &self.orders {
            Orders::Memory(orders) => {
                let mut orders = orders.lock().await;
                orders.insert(number % REMEMBERED, order);
                orders.len()
            }
            Orders::Database(database) => database.insert(number % REMEMBERED, &order).await?,
        };
        Some(Receipt { number, cents, orders })
    }
}
