//! `cargo run -p holdover-examples --example blocking_drop`, then `holdover` beside it.

use holdover_examples::{Rounds, blocking_drop};

fn main() {
    #[cfg(feature = "console")]
    holdover::init();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(blocking_drop(Rounds::Endless));
}
