//! The gate of a pipeline: its exit code, and what it says.

use super::*;

fn check(service: &Service, more: &[&str]) -> (i32, String, String) {
    run(&[&["check", &service.address], more].concat())
}

fn serving(scenario: &str, level: &str) -> Service {
    let mut command = Command::new(holdover());
    command.env("HOLDOVER_LEVEL", level);
    Service::of(scenario, command, "127.0.0.1:0")
}

#[test]
fn what_leaks_fails_it_and_is_printed() {
    let service = serving("risky_task", "all");
    let mut ui = Pty::start(&[&service.address], (24, 80));
    ui.wait_for("A after-cancel");
    let (code, out, said) = check(&service, &[]);
    assert_eq!(code, 1, "{out}{said}");
    assert!(out.starts_with("A after-cancel  risky_task::risky #"), "{out}");
    assert!(said.starts_with("holdover: ") && said.contains(" leak"), "{said}");
    let (code, out, _) = check(&service, &["--json", "--for", "100ms"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.lines().all(|line| line.starts_with("{\"type\":\"leak\",")), "{out}");
    let (code, out, said) = check(&service, &["--filter", "verdict:stuck"]);
    assert_eq!(code, 0, "{out}{said}");
    assert!(
        out.starts_with("None that match; there are ") || out.starts_with("No leaks."),
        "{out}"
    );
    let (code, _, said) = check(&service, &["--filter", "verdict:none"]);
    assert_eq!(code, 2, "{said}");
}

#[test]
fn where_nothing_leaks_it_says_what_that_speaks_for() {
    let service = serving("nested_cancel", "all");
    let end = std::time::Instant::now() + Duration::from_secs(30);
    // Before its first task it cannot say.
    loop {
        let (code, out, said) = check(&service, &["--strict"]);
        if code == 0 {
            assert!(
                out.starts_with("No leaks. ") && out.contains(" tasks ended cancelled"),
                "{out}"
            );
            break;
        }
        assert_eq!(code, 4, "{out}{said}");
        assert!(std::time::Instant::now() < end, "{said}");
    }
    let address = service.address.clone();
    drop(service);
    let (code, _, said) = run(&["check", &address]);
    assert_eq!(code, 3, "{said}");
}

#[test]
fn who_records_no_holdings_cannot_say_that_there_are_none() {
    let service = serving("nested_cancel", "tasks");
    let (code, out, said) = check(&service, &[]);
    assert_eq!((code, out.as_str()), (4, ""), "{said}");
    assert!(
        said.contains(
            "holdover: too blind to say that nothing leaks: only tasks are recorded: what they hold \
             is not seen; --despite level-tasks goes by what is seen all the same"
        ),
        "{said}"
    );
}

#[test]
fn who_was_started_anew_meanwhile_is_not_compared_with_who_was_there_before() {
    let service = serving("risky_task", "all");
    let mut ui = Pty::start(&[&service.address], (24, 80));
    ui.wait_for("A after-cancel");
    let mut command = Command::new(holdover());
    command.args(["diff", &service.address, "--for", "5s"]);
    let mut looking =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut said = BufReader::new(looking.stderr.take().expect("it is piped"));
    let mut line = String::new();
    while !line.contains("looking again in") {
        line.clear();
        assert_ne!(said.read_line(&mut line).expect("it says so"), 0, "it has ended");
    }
    let address = service.address.clone();
    drop(service);
    let _another = Service::start(&address);
    line.clear();
    said.read_line(&mut line).expect("it says why it fails");
    let out = looking.wait_with_output().expect("it ends");
    assert_eq!(out.status.code(), Some(3), "{line}");
    assert!(line.contains("another process answers in its place"), "{line}");
    assert!(out.stdout.is_empty(), "{out:?}");
}

#[test]
fn leaks_beyond_the_cap_are_said_beside_those_that_are_printed() {
    let mut command = Command::new(holdover());
    command.env("HOLDOVER_MAX_LEAKS", "1");
    let service = Service::of("double_delete", command, "127.0.0.1:0");
    for what in ["leaks", "baseline"] {
        let end = std::time::Instant::now() + Duration::from_secs(30);
        loop {
            let (code, out, said) = run(&[what, &service.address]);
            assert_eq!(code, 0, "{out}{said}");
            if said.contains(" beyond HOLDOVER_MAX_LEAKS or HOLDOVER_MEMORY: counted, and not") {
                assert!(out.contains("left-behind"), "{out}");
                break;
            }
            assert!(std::time::Instant::now() < end, "{out}{said}");
        }
    }
}
