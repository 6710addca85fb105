//! Wakers that outlive their task: they keep its memory allocated.

use std::{
    future::poll_fn,
    hint::black_box,
    sync::Mutex,
    task::{Poll, Waker},
};

use holdover_proto::v1::{self, HoldingKind, Outcome, Phase, Verdict};

use crate::{
    client::{Console, assert_holding},
    harness::{GRACE, Scenario},
    lifecycle::{all_wait, plain},
    scenario,
};

/// Small enough for tokio not to box it.
const ROOM: usize = 1_000;

static STORED: Mutex<Option<Waker>> = Mutex::new(None);

/// Stores its waker, and does not take it back when it is dropped.
async fn waits_for_ever() {
    let room = [0_u8; ROOM];
    poll_fn(|cx| {
        *STORED.lock().expect("it") = Some(cx.waker().clone());
        Poll::<()>::Pending
    })
    .await;
    black_box(room);
}

async fn aborted_and_stored() {
    let task = plain("waits", waits_for_ever());
    all_wait().await;
    task.abort();
    tokio::time::sleep(GRACE * 12).await;
    drop(STORED.lock().expect("it").take());
    plain("dropped", async {});
}

/// The waker is listed with the memory that it keeps.
fn keeps_it(row: &v1::HeldRow) -> bool {
    let held = row.holding.as_ref().expect("a holding");
    let owner = row.owner.as_ref().is_some_and(|owner| owner.name == "waits");
    owner && held.kind() == HoldingKind::Waker && held.bytes >= ROOM as u64
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "26_a_stored_waker_is_listed",
            plain: aborted_and_stored(),
            check: async |console: &mut Console, _| {
                console.ended("waits", Outcome::Cancelled).await;
                let row = console.holding_where("the waker", keeps_it).await;
                assert!(row.owner_ended, "{row:#?}");
                let held = row.holding.expect("it");
                assert_holding(&held, HoldingKind::Waker, "", Phase::Before);
                assert_eq!(held.amount, 1);
                let kept = console.totals_where(|it| it.bytes_kept > 0).await;
                assert_eq!((kept.bytes_kept, kept.given), (held.bytes, 0), "{kept:?}");
                console.ended("dropped", Outcome::Completed).await;
                let after = console.totals_where(|it| it.bytes_kept == 0).await;
                assert_eq!((after.given, after.holdings), (0, 0), "{after:?}");
            },
        },
        scenario! {
            "26_with_wakers_on_it_is_left_behind",
            plain: aborted_and_stored(),
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::LeftBehind, "waits").await;
                assert_holding(&leak.holdings[0], HoldingKind::Waker, "", Phase::Before);
                assert!(leak.holdings[0].bytes >= ROOM as u64, "{leak:#?}");
                assert_eq!(leak.goes_ns, None, "nothing known will release it");
                console.ended("dropped", Outcome::Completed).await;
                console.cleared().await;
                assert_eq!(console.totals_where(|it| it.bytes_kept == 0).await.leaks, 0);
            },
        },
    ]
}
