//! What only a recorded task tells.

use std::{future::pending, time::Duration};

use holdover::{
    Cause, Outcome,
    sync::CancellationToken,
    task::{Builder, Ended, JoinHandle, LocalSet, spawn_local, yield_now},
    time::{call_later, call_later_while_alive, owner_is_alive, sleep},
};
use tokio::{runtime::Runtime, sync::oneshot};

use crate::support::{HOUR, Said, on_a_paused_clock, on_each_flavor};

fn ended<T>(runtime: &Runtime, task: &JoinHandle<T>, then: impl FnOnce()) -> Ended {
    let (tell, told) = oneshot::channel();
    task.on_done(|ended| tell.send(ended.clone()).expect("the test waits"));
    then();
    runtime.block_on(told).expect("it ends")
}

#[test]
fn a_callback_is_told_the_name_and_who_asked() {
    on_each_flavor(|runtime| {
        let spawn = || {
            let builder = Builder::new().name("named");
            builder.spawn_on(pending::<()>(), runtime.handle()).expect("a task")
        };
        let (first, second) = (spawn(), spawn());
        let told = ended(&runtime, &first, || first.abort_because("of a reason"));
        assert_eq!((told.name(), told.outcome()), ("named", Outcome::Cancelled));
        assert_eq!((told.cause(), told.reason()), (Some(Cause::Abort), Some("of a reason")));
        let other = ended(&runtime, &second, || second.abort_handle().abort());
        assert_eq!((other.cause(), other.reason()), (Some(Cause::Abort), None));
        assert!(told.id().is_some() && told.id() != other.id());
    });
}

#[test]
fn a_task_without_a_name_is_called_as_its_future_is() {
    on_each_flavor(|runtime| {
        let task = Builder::new().spawn_on(std::future::ready(()), runtime.handle()).unwrap();
        let told = ended(&runtime, &task, || {});
        assert!(told.name().contains("Ready"), "{told:?}");
        assert_eq!((told.cause(), told.outcome()), (None, Outcome::Completed));
    });
}

#[test]
fn a_token_is_a_cause() {
    on_each_flavor(|runtime| {
        let token = CancellationToken::new();
        let waits = token.clone().cancelled_owned();
        let task = Builder::new().token(&token).spawn_on(waits, runtime.handle()).unwrap();
        let told = ended(&runtime, &task, || token.cancel_because("of a reason"));
        assert_eq!((told.cause(), told.reason()), (Some(Cause::Token), Some("of a reason")));
        assert_eq!(told.outcome(), Outcome::Completed, "it acted on it");
    });
}

#[test]
fn a_local_set_is_a_cause_for_what_was_spawned_while_it_was_entered() {
    on_each_flavor(|runtime| {
        let local = LocalSet::new();
        let entered = local.enter();
        let task = spawn_local(pending::<()>());
        drop(entered);
        let told = ended(&runtime, &task, || drop(local));
        assert_eq!((told.cause(), told.outcome()), (Some(Cause::Dropped), Outcome::Cancelled));
    });
}

#[test]
fn a_callback_is_dropped_instead_of_run_when_its_owner_has_ended() {
    on_a_paused_clock(async {
        let said = Said::default();
        let (asks, kept) = (said.clone(), said.when_dropped("dropped"));
        let task = holdover::spawn(async move {
            call_later_while_alive(Duration::from_secs(1), move || drop(kept));
            call_later(Duration::from_secs(2), move || asks.say(owner_is_alive().to_string()));
            pending::<()>().await;
        });
        yield_now().await;
        task.abort();
        task.await.unwrap_err();
        assert!(said.all().is_empty());
        sleep(HOUR).await;
        assert_eq!(said.all(), ["dropped", "false"]);
    });
}
