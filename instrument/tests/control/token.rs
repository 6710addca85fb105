//! `CancelToken`: whom it asks and what is told of that, and which tokens there are.

use std::{future::pending, time::Duration};

use holdover::{
    sync::{CancellationToken, Mutex},
    task::Builder,
};
use holdover_proto::v1::{self, Cause, Outcome, TaskState, ViewKind};

use crate::{
    alone,
    client::{Client, Socket},
};

#[test]
fn a_console_cancels_tokens_of_holdovers_own_making() {
    alone("token::a_console_cancels_tokens_of_holdovers_own_making", || {
        let socket = Socket::start(holdover::Builder::new().control(true));
        tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
            let mut client = socket.attach().await;
            a_tree_of_tokens(&mut client).await;
            one_that_ends_as_it_likes(&mut client).await;
            a_scope_and_who_waits(&mut client).await;
            its_own_maker_is_woken_and_not_asked(&mut client).await;
            one_that_goes_on(&mut client).await;
            what_is_gone(&mut client).await;
            handles_of_other_kinds(&mut client).await;
            of_one_name(&mut client).await;
            garbage(&mut client).await;
            while_nothing_is_recorded(&mut client).await;
        });
    });
}

fn bound(name: &str, token: &CancellationToken) -> holdover::task::JoinHandle<()> {
    let waits = token.clone();
    let future = async move { waits.cancelled().await };
    Builder::new().name(name).token(token).spawn(future).expect("a task")
}

async fn idle(client: &mut Client, name: &str) -> v1::Task {
    let waits = |task: &v1::Task| task.state() == TaskState::Idle;
    client.task(&format!("name:{name}"), waits).await
}

/// The only token of this name.
async fn token(client: &mut Client, name: &str) -> v1::Token {
    let tokens = client.look(ViewKind::Tokens, "").await.tokens;
    let mut named: Vec<v1::Token> = tokens.into_iter().filter(|it| it.name == name).collect();
    assert_eq!(named.len(), 1, "{named:?}");
    named.remove(0)
}

fn names(asked: &v1::Asked) -> Vec<&str> {
    asked.first.iter().map(|task| task.name.as_str()).collect()
}

async fn a_tree_of_tokens(client: &mut Client) {
    let root = CancellationToken::named("shutdown");
    let line = line!() - 1;
    let branch = root.named_child("http");
    let leaf = branch.child_token();
    let tasks = [bound("first", &root), bound("second", &leaf)];
    let second = idle(client, "second").await;
    idle(client, "first").await;

    let shutdown = token(client, "shutdown").await;
    assert!(shutdown.site.contains(&format!("tests/control/token.rs:{line}:")), "{shutdown:?}");
    assert_eq!((shutdown.parent, shutdown.cancelled), (0, false));
    let asks = shutdown.asks.clone().expect("it was looked for");
    assert_eq!((asks.tasks, names(&asks)), (2, vec!["first", "second"]));
    let http = token(client, "http").await;
    assert_eq!((http.parent, http.asks.expect("it was looked for").tasks), (shutdown.number, 1));

    // The story of a task names what asks it, the nearest first.
    let story = client.story(second.id, true).await;
    let told: Vec<(&str, u64)> =
        story.tokens.iter().map(|it| (it.name.as_str(), it.parent)).collect();
    assert_eq!(told, [("", http.number), ("http", shutdown.number), ("shutdown", 0)]);
    assert!(story.tokens.iter().all(|it| it.asks.is_some()));
    let unasked = client.story(second.id, false).await.tokens;
    assert!(unasked.len() == 3 && unasked.iter().all(|it| it.asks.is_none()));

    let answer = client.cancel_token(http.number, "").await;
    assert_eq!(answer.said, format!("token http #{} is cancelled", http.number));
    assert_eq!(answer.token, http.number);
    let [first, ended] = tasks;
    ended.await.expect("it noticed");
    let at = answer.requested_ns.expect("it was asked");
    let asked = client.asked(at, |asked| asked.ended == 1).await;
    assert!(asked.tasks == 1 && asked.slowest_ns.is_some() && asked.first.is_empty());
    assert_eq!((asked.held, asked.children), (0, 0));
    let ended = client.task(&format!("id:{}", second.id), |it| it.ended_ns.is_some()).await;
    let cancel = ended.cancel.expect("it was asked");
    assert_eq!((cancel.cause(), cancel.requested_ns), (Cause::Token, at));
    assert!(cancel.delivered_ns.is_some() && ended.outcome == i32::from(Outcome::Completed));
    let canceller = cancel.canceller.expect("somebody");
    assert_eq!((canceller.id, canceller.name.as_str()), (0, "console, ann@host"));
    assert_eq!((cancel.reason.as_deref(), cancel.site), (Some("it hangs"), None));
    assert_eq!(cancel.path, ["http", "token"]);

    let events = client.look(ViewKind::Events, "name:second").await.events;
    let said = "token, by console, ann@host: \"it hangs\"";
    assert!(events.iter().any(|event| event.what == said), "{events:?}");

    // What is above it goes on, and is found by its name.
    assert!(!first.is_finished());
    let again = client.cancel_token(http.number, "").await;
    assert_eq!(again.requested_ns, None);
    assert!(again.said.contains("it was cancelled already"), "{again:?}");
    let answer = client.cancel_token(0, "shutdown").await;
    assert!(answer.requested_ns.is_some(), "{answer:?}");
    first.await.expect("it noticed");
}

/// Bound, and deaf to it until it is done: what it holds is told before, what it left after.
async fn one_that_ends_as_it_likes(client: &mut Client) {
    let stop = CancellationToken::named("slow");
    let lock = std::sync::Arc::new(Mutex::named("ledger", ()));
    let kept = std::sync::Arc::clone(&lock);
    let (done, wait) = tokio::sync::oneshot::channel::<()>();
    let (child, child_waits) = tokio::sync::oneshot::channel::<()>();
    let waits = stop.clone();
    let future = async move {
        let guard = kept.lock_owned().await;
        drop(holdover::spawn(child_waits));
        waits.cancelled().await;
        let _ = wait.await;
        guard
    };
    let handle = Builder::new().name("slow").token(&stop).spawn(future).expect("a task");
    client.task("name:slow", |task| task.holdings == 1 && task.children == 1).await;
    let asks = token(client, "slow").await.asks.expect("it was looked for");
    assert_eq!((asks.tasks, asks.held, asks.children), (1, 1, 1));
    assert_eq!((asks.holds[0].label.as_str(), asks.holds[0].count), ("ledger", 1));

    let at = client.cancel_token(0, "slow").await.requested_ns.expect("it was asked");
    let asked = client.asked(at, |asked| asked.tasks == 1).await;
    assert_eq!((asked.ended, names(&asked)), (0, vec!["slow"]));
    done.send(()).expect("it waits");
    let guard = handle.await.expect("it ends");
    let asked = client.asked(at, |asked| asked.ended == 1).await;
    // The guard is whose it was until somebody uses it.
    assert_eq!((asked.tasks, asked.held, asked.children), (1, 1, 1));
    assert_eq!(asked.holds[0].label, "ledger");
    drop(guard);
    drop(child);
    client.asked(at, |asked| (asked.held, asked.children) == (0, 0)).await;
}

async fn a_scope_and_who_waits(client: &mut Client) {
    let stop = CancellationToken::named("stop");
    let runs = stop.clone();
    let around = async move {
        assert!(runs.run_until_cancelled_owned(pending::<()>()).await.is_none());
        pending::<()>().await;
    };
    let around = Builder::new().name("around").spawn(around).expect("a task");
    let waits = stop.clone();
    // It has tokio's own future in it.
    let waits = tokio::spawn(async move { waits.cancelled_owned().await });
    let scope = idle(client, "stop").await;
    let whole = idle(client, "around").await;
    if cfg!(tokio_unstable) {
        let asks = |tokens: &[v1::Token]| tokens[0].asks.clone().expect("looked for").tasks;
        client.tokens("two that it asks", |tokens| asks(tokens) == 2).await;
    }
    // Of a task also what asks the scope in it.
    for task in [&scope, &whole] {
        let story = client.story(task.id, false).await;
        assert_eq!(story.tokens.len(), 1, "{story:?}");
        assert_eq!(story.tokens[0].name, "stop");
    }
    let answer = client.cancel_token(0, "stop").await;
    waits.await.expect("it noticed");
    let at = answer.requested_ns.expect("it was asked");
    let ended = if cfg!(tokio_unstable) { 2 } else { 1 };
    client.asked(at, |asked| (asked.tasks, asked.ended) == (ended, ended)).await;
    let scope = client.task(&format!("id:{}", scope.id), |it| it.ended_ns.is_some()).await;
    let cancel = scope.cancel.expect("it was asked");
    assert_eq!((cancel.cause(), cancel.path), (Cause::Token, vec!["stop".to_owned()]));
    assert!(!around.is_finished());
    around.abort();
}

async fn its_own_maker_is_woken_and_not_asked(client: &mut Client) {
    let drains = async {
        let own = CancellationToken::named("own");
        own.cancelled().await;
    };
    let drains = Builder::new().name("drains").spawn(drains).expect("a task");
    let task = idle(client, "drains").await;
    assert_eq!(token(client, "own").await.asks.expect("it was looked for").tasks, 0);
    let at = client.cancel_token(0, "own").await.requested_ns.expect("it is cancelled");
    drains.await.expect("it was woken");
    assert_eq!(client.asked(at, |_| true).await.tasks, 0);
    let task = client.task(&format!("id:{}", task.id), |it| it.ended_ns.is_some()).await;
    assert!(task.cancel.is_none(), "it is its own business");
}

async fn one_that_goes_on(client: &mut Client) {
    let token = CancellationToken::named("unheard");
    let deaf = Builder::new().name("deaf").token(&token).spawn(pending::<()>());
    let deaf = deaf.expect("a task");
    idle(client, "deaf").await;
    let at = client.cancel_token(0, "unheard").await.requested_ns.expect("it is cancelled");
    let asked = client.asked(at, |asked| asked.tasks == 1).await;
    assert_eq!((asked.ended, names(&asked)), (0, vec!["deaf"]));
    client.leaks("one that is stuck", |leaks| leaks.len() == 1).await;
    deaf.abort();
    let asked = client.asked(at, |asked| asked.ended == 1).await;
    assert!(asked.slowest_ns.is_some() && asked.first.is_empty());
    client.leaks("none", <[_]>::is_empty).await;
}

/// A token lives as long as the service has a handle to it, whoever is bound to it.
async fn what_is_gone(client: &mut Client) {
    let parent = CancellationToken::named("parent");
    let child = parent.named_child("child");
    let task = Builder::new().name("bound").token(&child).spawn(pending::<()>());
    let task = task.expect("a task");
    let id = idle(client, "bound").await.id;
    let (parent_number, number) =
        { (token(client, "parent").await.number, token(client, "child").await.number) };
    assert_eq!(client.story(id, false).await.tokens.len(), 2);
    let copy = child.clone();
    drop(child);
    assert_eq!(client.story(id, false).await.tokens.len(), 2, "a clone is a handle too");
    drop(copy);
    let story = client.story(id, false).await;
    assert_eq!(story.tokens.len(), 1);
    assert_eq!((story.tokens[0].number, story.tokens[0].parent), (parent_number, 0));
    let answer = client.cancel_token(number, "").await;
    assert!(answer.said.contains("no token of this number lives"), "{answer:?}");
    let answer = client.cancel_token(0, "child").await;
    assert!(answer.said.contains("no token of this name lives"), "{answer:?}");
    // It is asked through its parent all the same.
    assert!(client.cancel_token(parent_number, "").await.requested_ns.is_some());
    let asked = client.task(&format!("id:{id}"), |it| it.cancel.is_some()).await;
    assert_eq!(asked.cancel.expect("it was asked").path, ["parent", "child"]);
    task.abort();
    drop(parent);
    client.tokens("none", <[_]>::is_empty).await;
}

async fn handles_of_other_kinds(client: &mut Client) {
    let token = CancellationToken::named("kept");
    let waits = token.clone().cancelled_owned();
    let guard = token.drop_guard();
    drop(waits);
    client.tokens("that of the guard", |tokens| tokens.len() == 1).await;
    let token = guard.disarm();
    let runs = token.run_until_cancelled_owned(pending::<()>());
    client.tokens("that of the future", |tokens| tokens.len() == 1).await;
    drop(runs);
    client.tokens("none", <[_]>::is_empty).await;
    let token = CancellationToken::named("given away");
    let given: tokio_util::sync::CancellationToken = token.into();
    client.tokens("none that holdover has", <[_]>::is_empty).await;
    let back = CancellationToken::from(given.clone());
    client.tokens("another one", |tokens| tokens.len() == 1).await;
    given.cancel();
    client.tokens("it is cancelled", |tokens| tokens[0].cancelled).await;
    drop(back);
}

async fn of_one_name(client: &mut Client) {
    let tokens = [CancellationToken::named("request"), CancellationToken::named("request")];
    let numbers: Vec<u64> =
        client.look(ViewKind::Tokens, "").await.tokens.iter().map(|it| it.number).collect();
    let answer = client.cancel_token(0, "request").await;
    assert_eq!(answer.requested_ns, None);
    let why =
        format!("2 tokens have this name, say which by number: #{}, #{}", numbers[0], numbers[1]);
    assert!(answer.said.ends_with(&why), "{answer:?}");
    assert!(tokens.iter().all(|it| !it.is_cancelled()));
    // One that was cancelled is not meant.
    tokens[0].cancel();
    let answer = client.cancel_token(0, "request").await;
    assert_eq!(answer.token, numbers[1]);
    assert!(tokens[1].is_cancelled());
}

/// Numbers that are nobody's, and texts that are no names.
async fn garbage(client: &mut Client) {
    for number in [u64::MAX, 1 << 53] {
        let answer = client.cancel_token(number, "").await;
        assert_eq!(answer.requested_ns, None);
        assert!(answer.said.contains("no token of this number lives"), "{answer:?}");
    }
    let unnamed = CancellationToken::new();
    let answer = client.cancel_token(0, "").await;
    assert!(answer.said.contains("no token of this name lives"), "{answer:?}");
    assert!(!unnamed.is_cancelled());
    assert_eq!(client.asked_now(1).await, None, "nothing was asked then");

    let long = "\u{1b}[31m\u{202e}".repeat(10_000);
    let answer = client.cancel_token(0, &long).await;
    assert!(answer.said.len() < 1_000, "{}", answer.said.len());
    let token = CancellationToken::named(&long);
    let task = bound("target", &token);
    let id = idle(client, "target").await.id;
    let number = client.story(id, false).await.tokens[0].number;
    let request = v1::CancelTokenRequest {
        token: number,
        name: String::new(),
        who: long.clone(),
        reason: "x".repeat(10_000),
    };
    client.0.cancel_token(request).await.expect("it answers");
    task.await.expect("it noticed");
    let task = client.task(&format!("id:{id}"), |it| it.ended_ns.is_some()).await;
    let cancel = task.cancel.expect("it was asked");
    assert_eq!(cancel.reason.expect("one").len(), 256);
    assert!(cancel.canceller.expect("somebody").name.len() <= 300);

    let request = v1::CancelTokenRequest { token: 0, ..Default::default() };
    let request = v1::CancelTokenRequest { name: "nobody".into(), ..request };
    assert!(client.0.cancel_token(request).await.is_ok());
    // Without a reason there is none.
    let token = CancellationToken::named("quiet");
    let task = bound("quiet", &token);
    let id = idle(client, "quiet").await.id;
    let request = v1::CancelTokenRequest { name: "quiet".into(), ..Default::default() };
    client.0.cancel_token(request).await.expect("it answers");
    task.await.expect("it noticed");
    let task = client.task(&format!("id:{id}"), |it| it.ended_ns.is_some()).await;
    assert_eq!(task.cancel.expect("it was asked").reason, None);
    tokio::time::timeout(Duration::from_secs(20), holdover::spawn(async {}))
        .await
        .expect("the service goes on")
        .expect("it ends");
}

/// What was made before can be cancelled all the same; what is made meanwhile is not known.
async fn while_nothing_is_recorded(client: &mut Client) {
    let token = CancellationToken::named("before");
    let task = bound("before", &token);
    idle(client, "before").await;
    client.set_level("off").await;
    let meanwhile = CancellationToken::named("meanwhile");
    let answer = client.cancel_token(0, "meanwhile").await;
    assert!(answer.said.contains("no token of this name lives"), "{answer:?}");
    assert!(client.cancel_token(0, "before").await.requested_ns.is_some());
    task.await.expect("it was woken");
    client.set_level("all").await;
    drop(meanwhile);
}

#[test]
fn where_control_is_not_allowed_no_token_is_known() {
    alone("token::where_control_is_not_allowed_no_token_is_known", || {
        let socket = Socket::start(holdover::Builder::new());
        tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
            let mut client = socket.attach().await;
            let token = CancellationToken::named("shutdown");
            let task = bound("bound", &token);
            let id = idle(&mut client, "bound").await.id;
            let story = client.story(id, true).await;
            assert!(story.story.is_some() && story.tokens.is_empty());
            let request = v1::CancelTokenRequest { name: "shutdown".into(), ..Default::default() };
            let refused = client.0.cancel_token(request).await.expect_err("read-only");
            assert_eq!(refused.code(), tonic::Code::PermissionDenied);
            assert!(refused.message().contains("HOLDOVER_CONTROL=1"), "{refused}");
            for view in [
                v1::View { kind: ViewKind::Tokens.into(), ..Default::default() },
                v1::View { kind: ViewKind::Tasks.into(), requested_ns: 7, ..Default::default() },
            ] {
                let request = v1::WatchRequest { view: Some(view) };
                let refused = client.0.watch(request).await.expect_err("read-only");
                assert_eq!(refused.code(), tonic::Code::PermissionDenied);
            }
            assert!(!token.is_cancelled());
            token.cancel();
            task.await.expect("it noticed");
        });
    });
}
