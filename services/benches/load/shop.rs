//! The service: it takes an order and says what is to be paid.

#![expect(clippy::duplicate_mod, reason = "the routes are compiled over both")]

mod database;
pub mod with_holdover;
pub mod with_tokio;

use serde::{Deserialize, Serialize};

pub use self::database::Database;

/// Where the service keeps what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Out {
    Memory,
    /// In memory, where each request takes a permit and a lock of tokio's, within a timeout.
    Limited,
    Sqlite,
}

impl Out {
    pub const ALL: [Self; 3] = [Self::Memory, Self::Limited, Self::Sqlite];

    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Limited => "limited",
            Self::Sqlite => "sqlite",
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    pub number: u64,
    pub customer: String,
    pub items: Vec<Item>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Item {
    pub name: String,
    pub pieces: u32,
    pub cents: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Receipt {
    pub number: u64,
    pub cents: u64,
    pub orders: usize,
}

impl Order {
    fn cents(&self) -> u64 {
        self.items.iter().map(|item| item.cents * u64::from(item.pieces)).sum()
    }

    /// One that a client sends.
    pub fn sample() -> Self {
        let item = |name: &str, pieces, cents| Item { name: name.to_owned(), pieces, cents };
        Self {
            number: 4711,
            customer: "somebody".to_owned(),
            items: vec![item("nails", 100, 3), item("a hammer", 1, 1_999)],
        }
    }
}
