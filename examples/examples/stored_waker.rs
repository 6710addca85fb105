//! `cargo run -p holdover-examples --example stored_waker`, then `holdover` beside it.

use holdover_examples::{Rounds, stored_waker};

fn main() {
    #[cfg(feature = "console")]
    holdover::init();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(stored_waker(Rounds::Endless));
}
