//! Every scenario at once: `cargo run -p holdover-examples --example all`, then
//! `holdover` beside it.

use holdover_examples::{Rounds, SCENARIOS};

fn main() {
    #[cfg(feature = "console")]
    holdover::init();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        for scenario in SCENARIOS {
            let all_of_it = (scenario.run)(Rounds::Endless);
            drop(holdover::task::Builder::new().name(scenario.name).spawn(all_of_it));
        }
        std::future::pending::<()>().await;
    });
}
