//! `cargo run -p holdover-examples --example task_group`, then `holdover` beside it.

use holdover_examples::{Rounds, task_group};

fn main() {
    #[cfg(feature = "console")]
    holdover::init();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(task_group(Rounds::Endless));
}
