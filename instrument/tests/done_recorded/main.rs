//! `on_done` and `call_later` keep the same promises where everything is recorded, and
//! tell more.
#![cfg(feature = "console")]

use std::sync::Once;

use tracing_core::subscriber::NoSubscriber;

#[path = "../done/call_later.rs"]
mod call_later;
#[path = "../done/on_done.rs"]
mod on_done;
mod recorded;
#[path = "../done/support.rs"]
mod support;

/// Everything is recorded.
fn begin() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let builder = holdover::Builder::new().bind("127.0.0.1:0");
        let started = builder.wrap(NoSubscriber::new()).try_init();
        assert!(started.expect("it starts").address().is_some());
    });
}
