//! `cargo run -p holdover-examples --example worker_pool`, then `holdover` beside it.

use holdover_examples::{Rounds, worker_pool};

fn main() {
    #[cfg(feature = "console")]
    holdover::init();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(worker_pool(Rounds::Endless));
}
