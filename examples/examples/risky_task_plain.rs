//! `cargo run -p holdover-examples --example risky_task_plain`, then `holdover` beside it.

use holdover_examples::{Rounds, risky_task_plain};

fn main() {
    #[cfg(feature = "console")]
    holdover::init();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(risky_task_plain(Rounds::Endless));
}
