//! A subscriber whose ids are laid out like Holdover's own: whatever it mints, it gets
//! each call for its own spans exactly once, by the id that it gave, and none for
//! tokio's; and nothing panics.

mod ids;
mod later;
mod live;
mod subscriber;

use std::{
    future::{Future as _, pending, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use tokio::{
    runtime::Runtime,
    task::{AbortHandle, yield_now},
    time::{Sleep, sleep},
};
use tracing::{Span, info_span};

use self::{
    ids::Heard,
    subscriber::{Hostile, State},
};
use crate::harness::Test;

pub(crate) fn tests() -> Vec<Test> {
    if !cfg!(tokio_unstable) {
        // tokio has no spans then, and so no ids.
        return Vec::new();
    }
    let test = |name, run| Test::Process { name, run };
    vec![
        test("hostile::ids_of_no_live_slot", live::ids_of_no_live_slot),
        test("hostile::an_id_that_is_live", live::an_id_that_is_live),
        test("hostile::several_ids_that_are_live", live::several_ids_that_are_live),
        test("hostile::only_ids_that_are_live", live::only_ids_that_are_live),
        test("hostile::ids_that_name_no_slot", live::ids_that_name_no_slot),
        test("hostile::an_id_that_tokio_is_to_get", later::an_id_that_tokio_is_to_get),
        test("hostile::an_id_that_is_free_again", later::an_id_that_is_free_again),
        test("hostile::an_id_that_was_tokios", later::an_id_that_was_tokios),
        test("hostile::clones_with_other_ids", later::clones_with_other_ids),
        test("hostile::more_ids_than_are_remembered", later::more_ids_than_are_remembered),
        test("hostile::threads_that_race", later::threads_that_race),
    ]
}

/// The subscriber under Holdover.
fn start() -> Arc<State> {
    let state = Arc::new(State::default());
    let hostile = Hostile(Arc::clone(&state));
    let started = holdover::Builder::new().wrap(hostile).try_init().expect("it starts");
    assert!(started.address().is_some(), "it records");
    state
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn user_span() -> Span {
    info_span!(target: "app", "user")
}

fn bits(span: &Span) -> u64 {
    span.id().expect("it is enabled").into_u64()
}

/// A task that was polled and goes on.
async fn task() -> AbortHandle {
    let task = tokio::spawn(pending::<()>()).abort_handle();
    yield_now().await;
    task
}

async fn end(task: &AbortHandle) {
    task.abort();
    while !task.is_finished() {
        yield_now().await;
    }
}

/// A task, and the id that its span got.
fn heard_task() -> (AbortHandle, u64) {
    let heard = Heard::default();
    let task = heard.by(|| tokio::spawn(pending::<()>()).abort_handle());
    (task, heard.last().expect("a task has a span"))
}

fn heard_timer() -> (Pin<Box<Sleep>>, u64) {
    let heard = Heard::default();
    let timer = heard.by(|| Box::pin(sleep(Duration::from_secs(1))));
    (timer, heard.last().expect("a timer has a span"))
}

async fn polled(mut timer: Pin<&mut Sleep>) {
    poll_fn(|cx| Poll::Ready(timer.as_mut().poll(cx).is_ready())).await;
}
