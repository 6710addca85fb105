//! A service that used console-subscriber and now says `holdover` in its place: the same
//! variables, the same port, the same client.

use std::{
    future::pending,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use tracing_subscriber::prelude::*;

use crate::mirror::{Mirror, attach};

/// Which of the two ways the service starts it.
const HOW: &str = "HOLDOVER_DROP_IN";

/// The service: this test, in a process of its own, where it is told how to start.
#[expect(clippy::print_stdout, reason = "so that who started it knows that it is up")]
#[test]
fn service() {
    let Ok(how) = std::env::var(HOW) else { return };
    match how.as_str() {
        // console_subscriber::init();
        "init" | "still" => holdover::init(),
        // let console = console_subscriber::spawn();
        _ => tracing_subscriber::registry().with(holdover::layer()).init(),
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    #[cfg(unix)]
    if how == "still" {
        runtime.block_on(async {
            let ends = crate::still::tasks().await;
            println!("\nit is up");
            ends.await.expect("no panic");
        });
        std::process::exit(0);
    }
    runtime.block_on(async {
        drop(holdover::task::Builder::new().name("of the service").spawn(pending::<()>()));
        let (armed, is_armed) = tokio::sync::oneshot::channel();
        let leaky = holdover::task::Builder::new().name("was cancelled").spawn(async {
            drop(holdover::time::call_later(Duration::from_secs(600), || {}));
            armed.send(()).expect("somebody waits for it");
            pending::<()>().await;
        });
        is_armed.await.expect("it is polled");
        leaky.expect("a task").abort();
        println!("\nit is up");
        let ends = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0]));
        ends.await.expect("no panic").expect("it is told to end");
    });
    std::process::exit(0);
}

pub(crate) fn start(how: &str, variables: &[(&str, &str)]) -> Child {
    let program = std::env::current_exe().expect("this test");
    Command::new(program)
        .args(["--exact", "drop_in::service", "--nocapture"])
        .env(HOW, how)
        .env("RUST_LOG", "info")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("it starts")
}

/// What it prints until it is up.
pub(crate) fn printed(service: &mut Child) -> String {
    let mut lines = BufReader::new(service.stdout.take().expect("a pipe")).lines();
    let mut printed = String::new();
    while let Some(Ok(line)) = lines.next() {
        if line == "it is up" {
            // It ends when it cannot print: the test that it is says how long it takes.
            thread::spawn(move || lines.for_each(drop));
            return printed;
        }
        printed.push_str(&line);
        printed.push('\n');
    }
    panic!("it never was up: {printed}");
}

pub(crate) fn end(mut service: Child) {
    drop(service.stdin.take());
    assert!(service.wait().expect("it ends").success());
}

pub(crate) fn free_port() -> String {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    socket.local_addr().expect("an address").to_string()
}

#[test]
fn either_way_it_is_served_where_it_was() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for how in ["init", "layer"] {
        let address = free_port();
        let variables = [
            ("TOKIO_CONSOLE_BIND", address.as_str()),
            ("TOKIO_CONSOLE_RETENTION", "1min"),
            ("TOKIO_CONSOLE_PUBLISH_INTERVAL", "20ms"),
        ];
        let mut service = start(how, &variables);
        printed(&mut service);
        runtime.block_on(async {
            let mut mirror = Mirror::of(&mut attach(&address).await).await;
            mirror.until("its task", |it| it.named("of the service").is_some()).await;
        });
        end(service);
    }
}

#[test]
fn a_bad_value_is_said_and_the_service_goes_on() {
    let mut service = start("init", &[("TOKIO_CONSOLE_BIND", "everywhere")]);
    let printed = printed(&mut service);
    assert!(
        printed.contains("TOKIO_CONSOLE_BIND is \"everywhere\": expected an address"),
        "{printed}"
    );
    end(service);
}
