//! `cargo run -p holdover-examples --example nested_cancel`, then `holdover` beside it.

use holdover_examples::{Rounds, nested_cancel};

fn main() {
    #[cfg(feature = "console")]
    holdover::init();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(nested_cancel(Rounds::Endless));
}
