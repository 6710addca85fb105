//! What is told where nothing is recorded: the outcome, and nothing else.

use std::future::pending;

use holdover::{
    Outcome,
    task::{Builder, Ended, spawn},
    time::{call_later_while_alive, owner_is_alive, sleep},
};
use tokio::sync::oneshot;

use crate::support::{HOUR, Said, on_a_paused_clock, on_each_flavor};

#[test]
fn an_ended_task_has_no_id_and_no_name() {
    on_each_flavor(|runtime| {
        let (tell, told) = oneshot::channel::<Ended>();
        let ended = runtime.block_on(async {
            let task = Builder::new().name("named").spawn(pending::<()>()).unwrap();
            task.on_done(|ended| tell.send(ended.clone()).expect("the test waits"));
            task.abort_because("of a reason");
            told.await.unwrap()
        });
        assert_eq!((ended.id(), ended.name()), (None, ""));
        assert_eq!((ended.cause(), ended.reason()), (None, None));
        assert_eq!(ended.outcome(), Outcome::Cancelled);
    });
}

/// Nobody knows who armed it.
#[test]
fn a_callbacks_owner_always_lives() {
    on_a_paused_clock(async {
        let said = Said::default();
        let says = said.clone();
        spawn(async move {
            call_later_while_alive(HOUR / 2, move || says.say(owner_is_alive().to_string()));
        })
        .await
        .unwrap();
        sleep(HOUR).await;
        assert_eq!(said.all(), ["true"]);
    });
}
