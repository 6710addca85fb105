//! `cargo run -p holdover-examples --example ignores_token`, then `holdover` beside it.

use holdover_examples::{Rounds, ignores_token};

fn main() {
    #[cfg(feature = "console")]
    holdover::init();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(ignores_token(Rounds::Endless));
}
