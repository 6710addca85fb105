//! `cargo run -p holdover-examples --example resource_manager`, then `holdover` beside it.

use holdover_examples::{Rounds, resource_manager};

fn main() {
    #[cfg(feature = "console")]
    holdover::init();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(resource_manager(Rounds::Endless));
}
