//! `cargo run -p holdover-examples --example done_callbacks`, then `holdover` beside it.

use holdover_examples::{Rounds, done_callbacks};

fn main() {
    #[cfg(feature = "console")]
    holdover::init();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(done_callbacks(Rounds::Endless));
}
