//! `Cancel`: what can be cancelled from outside, and what is said of the rest.

use std::{future::pending, sync::mpsc, time::Duration};

use holdover::task::Builder;
use holdover_proto::v1::{self, Cause, Outcome, TaskState, Verdict};

use crate::{
    alone,
    client::{Client, Socket},
};

#[test]
fn a_console_cancels_tasks_of_holdovers_own_making() {
    alone("cancel::a_console_cancels_tasks_of_holdovers_own_making", || {
        let socket = Socket::start(holdover::Builder::new().control(true));
        tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
            let mut client = socket.attach().await;
            assert!(client.described().await.control.expect("said").allowed);
            a_waiting_one(&mut client).await;
            a_member_of_a_set(&mut client).await;
            a_running_one(&mut client).await;
            one_that_ignores_its_token(&mut client).await;
            a_closure(&mut client).await;
            what_cannot_be(&mut client).await;
            garbage(&mut client).await;
        });
    });
}

fn spawn(
    name: &str,
    future: impl Future<Output = ()> + Send + 'static,
) -> holdover::task::JoinHandle<()> {
    Builder::new().name(name).spawn(future).expect("a task")
}

async fn idle(client: &mut Client, name: &str) -> v1::Task {
    let waits = |task: &v1::Task| task.state() == TaskState::Idle;
    client.task(&format!("name:{name}"), waits).await
}

async fn ended(client: &mut Client, id: u64) -> v1::Task {
    let id = format!("id:{id}");
    client.task(&id, |task| task.state() == TaskState::Ended).await
}

fn assert_by_the_console(task: &v1::Task) {
    assert_eq!(task.outcome(), Outcome::Cancelled);
    let cancel = task.cancel.as_ref().expect("a story");
    assert_eq!(cancel.cause(), Cause::Abort);
    assert_eq!(cancel.reason.as_deref(), Some("it hangs"));
    let canceller = cancel.canceller.as_ref().expect("somebody");
    assert_eq!((canceller.id, canceller.name.as_str()), (0, "console, ann@host"));
}

async fn a_waiting_one(client: &mut Client) {
    let handle = spawn("waiting", pending());
    let task = idle(client, "waiting").await;
    let answer = client.cancel(task.id).await;
    assert!(answer.requested_ns.is_some(), "{answer:?}");
    assert_eq!(answer.said, format!("task #{} is asked to stop", task.id));
    assert!(handle.await.expect_err("cancelled").is_cancelled());
    assert_by_the_console(&ended(client, task.id).await);
    let again = client.cancel(task.id).await;
    assert_eq!(again.requested_ns, None);
    assert!(again.said.ends_with("it has ended already"), "{again:?}");
}

async fn a_member_of_a_set(client: &mut Client) {
    let mut set = holdover::task::JoinSet::new();
    set.build_task().name("member").spawn(pending::<()>()).expect("a member");
    let task = idle(client, "member").await;
    assert!(client.cancel(task.id).await.requested_ns.is_some());
    assert!(set.join_next().await.expect("one").expect_err("cancelled").is_cancelled());
    assert_by_the_console(&ended(client, task.id).await);
}

/// It is asked while it is polled, and goes when it next waits.
async fn a_running_one(client: &mut Client) {
    let (go_on, wait) = mpsc::channel::<()>();
    let handle = spawn("running", async move {
        let _ = tokio::task::block_in_place(|| wait.recv());
        pending::<()>().await;
    });
    let runs = |task: &v1::Task| task.state() == TaskState::Running;
    let task = client.task("name:running", runs).await;
    assert!(client.cancel(task.id).await.requested_ns.is_some());
    // Stuck, since its thread is blocked.
    let is_stuck = |leaks: &[v1::Leak]| leaks.iter().any(|it| it.verdict() == Verdict::Stuck);
    client.leaks("a stuck one", is_stuck).await;
    go_on.send(()).expect("it waits");
    assert!(handle.await.expect_err("cancelled").is_cancelled());
    assert_by_the_console(&ended(client, task.id).await);
    client.leaks("none", <[_]>::is_empty).await;
}

/// What asked it first stays the cause.
async fn one_that_ignores_its_token(client: &mut Client) {
    let token = holdover::sync::CancellationToken::new();
    let builder = Builder::new().name("deaf").token(&token);
    let handle = builder.spawn(pending::<()>()).expect("a task");
    let task = idle(client, "deaf").await;
    token.cancel();
    assert!(client.cancel(task.id).await.requested_ns.is_some());
    assert!(handle.await.expect_err("cancelled").is_cancelled());
    let task = ended(client, task.id).await;
    assert_eq!(task.cancel.expect("a story").cause(), Cause::Token);
}

async fn a_closure(client: &mut Client) {
    let (go_on, wait) = mpsc::channel::<()>();
    let closure = move || wait.recv().is_ok();
    let handle = Builder::new().name("blocks").spawn_blocking(closure).expect("a task");
    let task = client.task("name:blocks", |task| task.first_poll_ns.is_some()).await;
    let answer = client.cancel(task.id).await;
    assert_eq!(answer.requested_ns, None);
    assert!(answer.said.contains("it goes on until it returns"), "{answer:?}");
    go_on.send(()).expect("it waits");
    assert!(handle.await.expect("it returned"));
}

async fn what_cannot_be(client: &mut Client) {
    use holdover::FutureExt;

    let handle = spawn("around", async {
        pending::<()>().scope("within").await;
    });
    let scope = client.task("name:within", |_| true).await;
    let answer = client.cancel(scope.id).await;
    assert!(answer.said.contains("only the whole task can be cancelled"), "{answer:?}");
    handle.abort();

    #[cfg(tokio_unstable)]
    {
        let plain = tokio::spawn(pending::<()>());
        let is_plain = |task: &v1::Task| {
            task.tokio_id.map(|id| id.to_string()) == Some(plain.id().to_string())
        };
        let task = client.task("", is_plain).await;
        let answer = client.cancel(task.id).await;
        assert_eq!(answer.requested_ns, None);
        assert!(answer.said.contains("made by tokio's own spawn: only tasks"), "{answer:?}");
        assert!(!plain.is_finished());
        plain.abort();
    }
}

/// Ids that are nobody's, and texts that are no names.
async fn garbage(client: &mut Client) {
    for id in [0, u64::MAX, 1 << 53] {
        let answer = client.cancel(id).await;
        assert_eq!(answer.requested_ns, None);
        assert!(answer.said.contains("no task of this number is known"), "{answer:?}");
    }
    let handle = spawn("target", pending());
    let task = idle(client, "target").await;
    let long = "\u{1b}[31m\u{202e}".repeat(10_000);
    let request = v1::CancelRequest { task: task.id, who: long.clone(), reason: long.clone() };
    client.0.cancel(request).await.expect("it answers");
    assert!(handle.await.expect_err("cancelled").is_cancelled());
    let cancel = ended(client, task.id).await.cancel.expect("a story");
    assert!(cancel.reason.expect("one").len() <= 256);
    assert!(cancel.canceller.expect("one").name.len() <= 300);
    let refused = client.0.set_level(v1::SetLevelRequest { level: long }).await;
    assert_eq!(refused.expect_err("no level").code(), tonic::Code::InvalidArgument);
    tokio::time::timeout(Duration::from_secs(20), holdover::spawn(async {}))
        .await
        .expect("the service goes on")
        .expect("it ends");
}
