//! What is being cancelled and still within its grace.

use std::{future::pending, time::Duration};

use super::support::{GRACE_OVER, named, on_each, settle};
use crate::{
    hold::{Hold, Kind},
    sync::CancellationToken,
    task::Builder,
};

#[test]
fn what_was_asked_to_stop_is_listed_until_it_ends_or_is_stuck() {
    on_each(|service| {
        service.run(async {
            let token = CancellationToken::new();
            let deaf = Builder::new().name("deaf").token(&token).spawn(pending::<()>());
            let deaf = deaf.expect("a task");
            named("untouched", pending::<()>());
            settle().await;
            assert!(service.cancelling(Duration::ZERO).is_empty());
            token.cancel();
            let leaky = named("leaky", async {
                std::mem::forget(Hold::new(Kind::Connection, "pg"));
                pending::<()>().await;
            });
            settle().await;
            leaky.abort();
            settle().await;
            // One that has ended is watched too, and is not being cancelled any more.
            assert_eq!(service.cancelling(Duration::ZERO), ["deaf"]);
            assert!(service.verdicts(GRACE_OVER).iter().any(|said| said.contains("stuck deaf")));
            assert!(service.cancelling(GRACE_OVER).is_empty(), "it is a leak now");
            deaf.abort();
        });
    });
}
