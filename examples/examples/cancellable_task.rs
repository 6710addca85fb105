//! `cargo run -p holdover-examples --example cancellable_task`, then `holdover` beside it.

use holdover_examples::{Rounds, cancellable_task};

fn main() {
    #[cfg(feature = "console")]
    holdover::init();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(cancellable_task(Rounds::Endless));
}
