//! `cargo run -p holdover-examples --example double_delete`, then `holdover` beside it.

use holdover_examples::{Rounds, double_delete};

fn main() {
    #[cfg(feature = "console")]
    holdover::init();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(double_delete(Rounds::Endless));
}
