//! `cargo run -p holdover-examples --example graceful_shutdown`, then `holdover` beside it.

use holdover_examples::{Rounds, graceful_shutdown};

fn main() {
    #[cfg(feature = "console")]
    holdover::init();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(graceful_shutdown(Rounds::Endless));
}
