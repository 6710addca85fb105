//! Cancellation that reaches everybody: parent, child and grandchild are each bound to
//! a token of one tree. Nothing is left.

use std::time::Duration;

use holdover::{sync::CancellationToken, task::Builder, time::sleep};

use crate::Rounds;

/// Spawns the next of the family, and waits to be told.
fn member(names: &'static [&'static str], token: &CancellationToken) {
    let [name, rest @ ..] = names else { return };
    let waits = token.clone();
    let member = async move {
        if let [next, ..] = rest {
            member(rest, &waits.named_child(next));
        }
        waits.cancelled().await;
    };
    drop(Builder::new().name(name).token(token).spawn(member));
}

/// Cancels a family of three, again and again.
pub async fn nested_cancel(mut rounds: Rounds) {
    while rounds.another() {
        let root = CancellationToken::named("parent");
        member(&["parent", "child", "grandchild"], &root);
        sleep(Duration::from_secs(2)).await;
        root.cancel();
        sleep(Duration::from_secs(1)).await;
    }
}
