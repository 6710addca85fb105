//! `cargo run -p holdover-examples --features pools --example connection_pool`, then
//! `holdover` beside it, or `holdover pools`.

use holdover_examples::{Rounds, connection_pool};

fn main() {
    #[cfg(feature = "console")]
    holdover::init();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(connection_pool(Rounds::Endless));
}
