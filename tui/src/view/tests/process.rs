//! The Process screen, over time and with numbers that no process has.

use super::*;
use crate::theme::Look;

fn socket(state: v1::SocketState, count: u64) -> v1::SocketCount {
    let of = v1::AddressFamily::Ipv4.into();
    let socket =
        v1::Socket { r#type: v1::FdType::Tcp.into(), local: of, peer: of, state: state.into() };
    v1::SocketCount { socket: Some(socket), count }
}

fn held_fd(id: u64, label: &str, owner: Option<&str>) -> v1::HeldRow {
    let fd = v1::Fd {
        number: 14,
        status: v1::FdStatus::Open.into(),
        r#type: v1::FdType::Tcp.into(),
        socket: socket(v1::SocketState::CloseWait, 1).socket,
        ..Default::default()
    };
    let base = held(v1::HoldingKind::Socket, label, v1::Phase::Before, None);
    v1::HeldRow {
        holding: Some(v1::Holding { id, fd: Some(fd), ..base }),
        owner: owner.map(|name| v1::TaskRef {
            id: 40 + id,
            name: name.into(),
            ..Default::default()
        }),
        owner_ended: id == 2,
    }
}

/// The process at a second before [`NOW`].
fn process(ago: u64) -> v1::Process {
    let seconds = 300 - ago;
    let fd = |of: v1::FdType, count| v1::FdCount { r#type: of.into(), count };
    let worker = |busy: u64, parks: u64| v1::WorkerLoad {
        busy_ns: busy * seconds * MS,
        parks: parks * seconds,
    };
    v1::Process {
        sampled_ns: seconds * S,
        samples: seconds,
        rss_bytes: Some((24 << 20) + (60 - ago.min(60)) * (512 << 10)),
        peak_rss_bytes: Some(80 << 20),
        virtual_bytes: Some(1 << 30),
        threads: Some(9),
        cpu_ns: Some(seconds * 124 * MS),
        uptime_ns: Some(seconds * S),
        fd_limit: Some(64),
        fds: Some(v1::Fds {
            open: 31,
            told_apart: 31,
            by_type: vec![
                fd(v1::FdType::Tcp, 20),
                fd(v1::FdType::File, 8),
                fd(v1::FdType::Epoll, 3),
            ],
            deleted: 1,
            sockets: vec![
                socket(v1::SocketState::Established, 17),
                socket(v1::SocketState::CloseWait, 3),
            ],
        }),
        runtimes: vec![v1::RuntimeLoad {
            runtime: 1,
            alive: 120,
            global_queue: 2,
            workers: 2,
            by_worker: vec![worker(124, 40), worker(4, 1_200)],
        }],
        held: vec![
            held_fd(1, "upstream", Some("proxy")),
            held_fd(2, "\u{1b}[31mred", Some("gone\u{202e}")),
            held_fd(3, "of nobody", None),
        ],
        ..Default::default()
    }
}

/// One that was looked at for the last so many seconds, with a look elsewhere in between.
fn looked(seconds: std::ops::RangeInclusive<u64>, away: u64) -> (Model, Instant) {
    let (mut model, now) = attached();
    for ago in seconds.rev() {
        press(&mut model, now, if ago == away { "1" } else { "5" });
        let process = process(ago);
        let totals = v1::Totals { tasks_live: 100 + ago, leaks: ago / 30, ..Default::default() };
        let update = v1::Update {
            now_ns: NOW - ago * S,
            totals: Some(totals),
            matched: 3,
            all: 3,
            process: (ago != away).then_some(process),
            ..Default::default()
        };
        let answer = Answer { view: model.view(), update };
        model.apply(Event::Update(Box::new(answer)), now);
    }
    (model, now)
}

/// The chart of this name.
fn line<'a>(text: &'a str, name: &str) -> &'a str {
    let name = format!("\"  {name} ");
    text.lines().find(|line| line.starts_with(&name)).expect("a chart")
}

#[test]
fn process_120x40() {
    let (model, now) = looked(0..=59, 30);
    let terminal = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(terminal.backend());
    let text = terminal.backend().to_string();
    for said in [
        "[5 Process]",
        "31 open; the limit is 64, 48% of it",
        "17 tcp ipv4 ESTABLISHED, 3 tcp ipv4 CLOSE_WAIT",
        "12% of a core, 37s so far; threads 9; process up 5m00s",
        "busy 12%, 0.4%; parks a second 40, 1 200",
        "54 MiB",
        "3 holdings hold a descriptor",
        "socket upstream, fd 14, CLOSE_WAIT",
        "proxy #41",
        "nobody",
    ] {
        assert!(text.contains(said), "{said:?} in {text}");
    }
    let rss = line(&text, "rss");
    let drawn = rss.trim_end_matches(|it| it != '█').trim_start_matches(|it| it != '▁');
    assert_eq!((drawn.chars().count(), drawn.matches(' ').count()), (60, 1), "a gap: {rss}");
    let tasks = line(&text, "tasks");
    assert!(!tasks.trim_start_matches(|it| it != '█').starts_with("█ "), "{tasks}");
    let buffer = terminal.backend().buffer();
    let (x, y) = find(buffer, "▸");
    assert!(buffer[(x + 20, y)].modifier.contains(Modifier::REVERSED));
}

#[test]
fn process_80x24() {
    let (model, now) = looked(0..=299, 500);
    let terminal = draw(&model, Theme::new(Look::Terminal, true), now, (80, 24));
    insta::assert_snapshot!(terminal.backend());
    let text = terminal.backend().to_string();
    assert!(text.contains("-- The last 5m00s --") && text.contains("proxy #41"), "{text}");
    assert!(!text.contains('█') && !text.contains('▁'), "{text}");
}

#[test]
fn process_200x50() {
    let (model, now) = looked(0..=5, 9);
    let terminal = draw(&model, theme(), now, (200, 50));
    insta::assert_snapshot!(terminal.backend());
    find(terminal.backend().buffer(), "src/db.rs:41:22");
}

#[test]
fn what_is_not_known_is_said_with_why() {
    let (mut model, now) = attached();
    press(&mut model, now, "5");
    let empty = v1::Update::default();
    assert!(!draw(&model, theme(), now, (80, 24)).backend().to_string().contains("says nothing"));
    update(&mut model, now, empty);
    find(draw(&model, theme(), now, (80, 24)).backend().buffer(), "The target says nothing of its");
    let unknown =
        |what: &str| v1::Unknown { what: what.to_owned(), why: "no /proc\u{1b}".to_owned() };
    let process =
        v1::Process { unknown: ["rss", "cpu", "fds"].map(unknown).into(), ..Default::default() };
    update(&mut model, now, v1::Update { process: Some(process), ..Default::default() });
    let text = draw(&model, theme(), now, (80, 24)).backend().to_string();
    assert!(text.contains("unknown rss, cpu, fds: no /proc\\e"), "{text}");
    let rss = line(&text, "rss");
    assert!(rss.contains("unknown") && !rss.contains('▁'), "{rss}");
    assert!(text.contains("No holding names a descriptor"), "{text}");
}

#[test]
fn numbers_that_no_process_has_are_drawn_all_the_same() {
    let (mut model, now) = attached();
    press(&mut model, now, "5");
    let most = Some(u64::MAX);
    let worker = v1::WorkerLoad { parks: u64::MAX, busy_ns: u64::MAX };
    let load = v1::RuntimeLoad {
        runtime: u64::MAX,
        alive: u64::MAX,
        global_queue: u64::MAX,
        workers: u64::MAX,
        by_worker: vec![worker; 2_000],
    };
    let fds = v1::Fds {
        open: u64::MAX,
        by_type: vec![v1::FdCount { r#type: -7, count: u64::MAX }; 300],
        sockets: vec![v1::SocketCount { socket: None, count: u64::MAX }; 300],
        ..Default::default()
    };
    let wild = v1::Process {
        rss_bytes: most,
        threads: most,
        cpu_ns: most,
        uptime_ns: most,
        fd_limit: Some(1),
        fds: Some(fds),
        runtimes: vec![load; 50],
        held: vec![v1::HeldRow::default(), held_fd(9, "", Some(""))],
        unknown: vec![v1::Unknown { what: "x".repeat(999), why: "y ".repeat(999) }; 9],
        ..Default::default()
    };
    for sampled_ns in [0, u64::MAX, 5, 6 * S] {
        let process = Some(v1::Process { sampled_ns, ..wild.clone() });
        update(&mut model, now, v1::Update { process, matched: 1, ..Default::default() });
        for size in [(60, 15), (80, 24), (120, 40), (200, 50)] {
            let text = draw(&model, theme(), now, size).backend().to_string();
            assert!(text.contains("The last 1m00s") && text.contains("1 holding"), "{text}");
        }
    }
}

#[test]
fn enter_opens_the_story_of_who_holds_the_descriptor() {
    let (mut model, now) = looked(0..=1, 9);
    press(&mut model, now, "j");
    assert_eq!(model.site(), Some("src/db.rs:41:22"));
    press(&mut model, now, "\n");
    assert_eq!(model.view().task, 42);
    press(&mut model, now, "5jj\n");
    assert_eq!(model.view().kind(), v1::ViewKind::Process, "nobody holds it");
    find(draw(&model, theme(), now, (80, 24)).backend().buffer(), "nobody holds this");
}
