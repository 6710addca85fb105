//! Cancelling a token: on the command line, and from the console.

use std::{future::pending, thread};

use holdover::{
    sync::{CancellationToken, Mutex},
    task::Builder,
};

use super::{
    control::{json, run},
    *,
};

/// This process as a service that allows it, on a socket of its own: three connections are
/// bound to the child of a token, and the acceptor to the token; the third one keeps a lock.
fn service(folder: &tempfile::TempDir) -> String {
    let address = format!("unix:{}", folder.path().join("socket").display());
    let builder = holdover::Builder::new().bind(&address).control(true).service("orders");
    builder.log(holdover::Log::Off).try_init().expect("it starts");
    thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let shutdown = CancellationToken::named("shutdown");
            let http = shutdown.named_child("http");
            let ledger: &Mutex<()> = Box::leak(Box::new(Mutex::named("ledger", ())));
            for number in 1..=3 {
                let stop = http.clone();
                let connection = async move {
                    let guard = if number == 3 { Some(ledger.lock().await) } else { None };
                    stop.cancelled().await;
                    std::mem::forget(guard);
                };
                let name = format!("connection {number}");
                drop(Builder::new().name(&name).token(&http).spawn(connection));
            }
            let stop = shutdown.clone();
            let accept = async move { stop.cancelled().await };
            drop(Builder::new().name("acceptor").token(&shutdown).spawn(accept));
            pending::<()>().await;
        });
    });
    address
}

fn tokens(address: &str) -> Vec<serde_json::Value> {
    json(&run(&["tokens", address, "--json"]).1)
}

#[test]
fn a_token_is_cancelled_from_the_console_and_its_parent_from_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = service(&folder);
    let end = std::time::Instant::now() + Duration::from_secs(20);
    while tokens(&address).first().is_none_or(|token| token["asks"]["tasks"] != 4) {
        assert!(std::time::Instant::now() < end, "{:?}", tokens(&address));
        thread::sleep(Duration::from_millis(20));
    }
    let listed = run(&["tokens", &address]).1;
    let (shutdown, http) = listed.split_once('\n').expect("two lines");
    assert!(shutdown.starts_with("token shutdown #1, made at "), "{shutdown}");
    assert!(shutdown.contains("It asks 4 tasks: connection 1 #"), "{shutdown}");
    assert!(http.contains(", child of #1. It asks 3 tasks: connection 1 #"), "{http}");
    assert!(http.ends_with("They hold lock ledger.\n"), "{http}");
    assert_eq!(run(&["tokens", &address, "--limit", "1"]).1.lines().count(), 1);

    let mut ui = Pty::start(&[&address], (40, 120));
    ui.wait_for("No leaks.");
    ui.keys("2/name:\"connection 2\"\r\r");
    ui.wait_for("token http #2 asks it when cancelled; made at ");
    ui.keys("K");
    ui.wait_for_all(&["Or, with t, token http #2,", "which asks 3 tasks: connection 1 #"], &[]);
    ui.keys("t");
    ui.wait_for("They hold lock ledger.");
    ui.keys("rdrained: 订单\r");
    ui.wait_for_all(&["reason  drained: 订单", "y cancel it"], &[]);
    ui.keys("y");
    ui.wait_for_all(&["token http #2 asked 3 tasks: all ended, the slowest ", "lock ledger"], &[]);
    ui.keys("\u{1b}");
    ui.wait_for_all(&["CANCEL REQUESTED", "drained: 订单"], &["Esc close"]);
    ui.wait_for("by console, ");
    ui.keys("q");
    assert_eq!(ui.ends_with(), 0);

    let (code, said, wrong) =
        run(&["cancel", &address, "--token", "shutdown", "--reason", "deploy"]);
    assert_eq!(code, Some(0), "{wrong}");
    let done = "token shutdown #1 is cancelled\ntoken shutdown #1 asked 1 task: it ended ";
    assert!(said.starts_with(done), "{said}");
    assert!(said.ends_with("after that, and left nothing behind\n"), "{said}");
    let tasks = json(&run(&["tasks", &address, "--json", "--filter", "cause:token"]).1);
    let told = |name: &str| {
        let named = |task: &&serde_json::Value| task["task"]["name"] == name;
        tasks.iter().find(named).unwrap_or_else(|| panic!("{name}: {tasks:?}"))["cancel"].clone()
    };
    let cancel = told("connection 1");
    assert_eq!((&cancel["reason"], &cancel["cause"]), (&"drained: 订单".into(), &"token".into()));
    assert_eq!(cancel["path"], serde_json::json!(["http"]));
    let cancel = told("acceptor");
    assert_eq!((&cancel["reason"], &cancel["path"][0]), (&"deploy".into(), &"shutdown".into()));
    let canceller = cancel["canceller_name"].as_str().expect("somebody");
    assert!(canceller.starts_with("console, ") && canceller.contains('@'), "{canceller}");

    for (token, why) in
        [("1", "it was cancelled already"), ("#99", "no token of this number lives")]
    {
        let (code, _, said) = run(&["cancel", &address, "--token", token]);
        assert_eq!(code, Some(1));
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn over_tcp_no_token_is_told_and_what_to_set_is_said() {
    let mut command = Command::new(holdover());
    command.env("HOLDOVER_CONTROL", "1");
    let service = Service::started(command, "127.0.0.1:0");
    let address = &service.address;
    for args in [&["tokens", address][..], &["cancel", address, "--token", "shutdown"]] {
        let (code, _, said) = run(args);
        assert_eq!(code, Some(2));
        assert!(said.contains("needs a Unix socket, HOLDOVER_BIND=unix:/path"), "{said}");
    }
    // A task or a token, and not both; and one of them.
    for args in [&["cancel", address, "7", "--token", "8"][..], &["cancel", address], &["cancel"]] {
        assert_eq!(run(args).0, Some(2), "{args:?}");
    }
}
