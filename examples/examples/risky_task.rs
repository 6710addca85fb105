//! `cargo run -p holdover-examples --example risky_task`, then `holdover` beside it.

use holdover_examples::{Rounds, risky_task};

#[tokio::main]
async fn main() {
    #[cfg(feature = "console")]
    holdover::init();
    risky_task(Rounds::Endless).await;
}
