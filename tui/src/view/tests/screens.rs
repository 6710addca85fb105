//! Holdings, pools, the process, and what wide and narrow terminals show of leaks.

use super::*;

fn row(id: u64, held: v1::Holding, owner: Option<(&str, u64)>, ended: bool) -> v1::HeldRow {
    let owner = owner.map(|(name, id)| v1::TaskRef {
        id,
        name: name.into(),
        location: "src/http.rs:58:9".into(),
    });
    v1::HeldRow { holding: Some(v1::Holding { id, ..held }), owner, owner_ended: ended }
}

fn with_holdings() -> (Model, Instant) {
    let (mut model, now) = attached();
    press(&mut model, now, "3");
    let of = |kind, label: &str, due| held(kind, label, v1::Phase::Before, due);
    let lock = v1::Holding {
        waiting: 3,
        waiters: vec![v1::TaskRef { id: 9, name: "report".into(), ..Default::default() }],
        ..of(v1::HoldingKind::Lock, "state", None)
    };
    let connection = v1::Holding { pool: Some(4), ..of(v1::HoldingKind::Connection, "pg", None) };
    let fd = v1::Fd { number: 14, status: v1::FdStatus::Gone.into(), ..Default::default() };
    let socket = v1::Holding { fd: Some(fd), ..of(v1::HoldingKind::Socket, "up\u{1b}[2J", None) };
    let timer = of(v1::HoldingKind::Timer, "sleep", Some(NOW + 57 * S));
    let holdings = vec![
        row(1, lock, Some(("ingest", 881)), false),
        row(2, connection, Some(("create_order", 7342)), true),
        row(3, socket, None, false),
        row(4, timer, Some(("", 12)), false),
        v1::HeldRow::default(),
    ];
    let pools = vec![v1::Pool {
        number: 4,
        name: "pg".into(),
        used: 20,
        max: Some(20),
        waiting: Some(31),
        ..Default::default()
    }];
    let told = v1::Update { holdings, pools, matched: 5, all: 9, ..Default::default() };
    update(&mut model, now, told);
    (model, now)
}

/// Of two, one is in its drop.
fn cancelling() -> Vec<v1::Task> {
    let asked = |name, id, state: v1::TaskState| {
        let mut task = task(name, id);
        (task.ended_ns, task.outcome) = (None, v1::Outcome::Unspecified.into());
        task.state = state.into();
        task
    };
    vec![asked("upload", 40, v1::TaskState::Running), asked("tail_log", 41, v1::TaskState::Idle)]
}

#[test]
fn what_is_being_cancelled_120x40_and_80x24() {
    let (mut model, now) = with_leaks();
    press(&mut model, now, "m");
    assert_eq!((model.view().kind(), model.view().cancelling), (v1::ViewKind::Tasks, true));
    let said = v1::Update { tasks: cancelling(), matched: 2, all: 2, ..Default::default() };
    update(&mut model, now, said);
    let wide = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(wide.backend());
    find(wide.backend().buffer(), "2 of 2 being cancelled; m all");
    find(wide.backend().buffer(), "idle, asked");
    insta::assert_snapshot!(draw(&model, theme(), now, (80, 24)).backend());
    update(&mut model, now, v1::Update::default());
    find(draw(&model, theme(), now, (80, 24)).backend().buffer(), "Nothing is being cancelled");
    for (keys, expected) in [("m", false), ("m", true), ("1m", true), ("2", false)] {
        press(&mut model, now, keys);
        assert_eq!(model.view().cancelling, expected, "after {keys}");
    }
}

#[test]
fn the_footer_offers_no_key_that_does_nothing() {
    let (mut model, now) = with_leaks();
    let mut words = |screen: &str| {
        press(&mut model, now, screen);
        let drawn = draw(&model, theme(), now, (160, 40));
        let buffer = drawn.backend().buffer();
        (0..160).map(|x| buffer[(x, 39)].symbol()).collect::<String>()
    };
    let is_offered = |footer: &str, keys: [&str; 4]| keys.map(|key| footer.contains(key));
    let keys = ["g group", "s sort", "c cleared", "/ filter"];
    assert_eq!(is_offered(&words("1"), keys), [true; 4]);
    assert_eq!(is_offered(&words("2"), keys), [true, true, false, true]);
    assert_eq!(is_offered(&words("3"), keys), [true, true, false, true]);
    assert_eq!(is_offered(&words("4"), keys), [false, false, false, true]);
    assert_eq!(is_offered(&words("?"), keys), [false; 4]);
}

#[test]
fn holdings_120x40_and_80x24() {
    let (model, now) = with_holdings();
    let wide = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(wide.backend());
    let buffer = wide.backend().buffer();
    find(buffer, "state (3 waiting)");
    find(buffer, "pg (20/20 used, 31 waiting)");
    find(buffer, "up\\e[2J, fd 14, which was closed");
    find(buffer, "nobody");
    find(buffer, "3 for it: report #9 and 2 more");
    assert_eq!(buffer[find(buffer, "ended: create_order #7342")].fg, Color::Magenta);
    assert_eq!(buffer[find(buffer, "57s")].fg, Color::Green);
    insta::assert_snapshot!(draw(&model, theme(), now, (80, 24)).backend());
}

#[test]
fn pools_120x40_and_80x24() {
    let (mut model, now) = with_holdings();
    press(&mut model, now, "g");
    let out = |id, name: &str, for_cancelled| v1::PooledConnection {
        held: Some(row(
            id,
            held(v1::HoldingKind::Connection, "pg", v1::Phase::Before, None),
            Some((name, id)),
            for_cancelled,
        )),
        for_cancelled,
        ..Default::default()
    };
    let pool = v1::Pool {
        number: 4,
        name: "pg".into(),
        open: true,
        used: 20,
        max: Some(20),
        idle: Some(0),
        waiting: Some(31),
        for_cancelled: 1,
        unseen: 2,
        connections: vec![out(7, "report", true), out(8, "GET /orders", false)],
        connections_total: 2,
        ..Default::default()
    };
    let pools = vec![pool, v1::Pool { number: 5, name: "old".into(), ..Default::default() }];
    update(&mut model, now, v1::Update { pools, matched: 2, all: 2, ..Default::default() });
    let wide = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(wide.backend());
    let buffer = wide.backend().buffer();
    find(buffer, "20/20");
    find(buffer, "ended: report #7");
    find(buffer, "old (the pool is gone)");
    find(buffer, "2 used, and in nobody's hands that are seen");
    insta::assert_snapshot!(draw(&model, theme(), now, (80, 24)).backend());
}

#[test]
fn a_wide_terminal_shows_where_when_and_how_long() {
    let (mut model, now) = with_leaks();
    press(&mut model, now, "js");
    model.press(KeyEvent::new(KeyCode::Right, KeyModifiers::NONE), now);
    update(
        &mut model,
        now,
        v1::Update { groups: groups(), matched: 20, all: 20, ..Default::default() },
    );
    let terminal = draw(&model, theme(), now, (200, 50));
    insta::assert_snapshot!(terminal.backend());
    let buffer = terminal.backend().buffer();
    for title in ["ACQUIRED AT", "RUNTIME", "LATENCY", "LIFE", "CANCELLED BY"] {
        find(buffer, title);
    }
    let (x, y) = find(buffer, "VERDICT↑");
    assert!(buffer[(x, y)].modifier.contains(Modifier::UNDERLINED));
    let narrower = draw(&model, theme(), now, (160, 50)).backend().to_string();
    assert!(narrower.contains("ACQUIRED AT") && narrower.contains("LATENCY"), "{narrower}");
}

#[test]
fn leaks_one_by_one_say_so() {
    let (mut model, now) = attached();
    press(&mut model, now, "g");
    let leaks = groups().into_iter().filter_map(|group| group.worst).collect();
    update(&mut model, now, v1::Update { leaks, matched: 5, all: 5, ..Default::default() });
    for size in [(80, 24), (120, 40)] {
        let text = draw(&model, theme(), now, size).backend().to_string();
        assert!(text.contains("one by one") && text.contains("GET /orders/{id} #7342"), "{text}");
    }
}

#[test]
fn the_worst_leak_stands_at_the_top_where_there_is_room() {
    let (model, now) = with_leaks();
    let wide = draw(&model, theme(), now, (120, 40));
    find(
        wide.backend().buffer(),
        "worst: ingest::tail_log #881, cancelled by token main.rs:30, polled",
    );
    let small = draw(&model, theme(), now, (80, 24)).backend().to_string();
    assert!(!small.contains("worst:"), "{small}");
}

#[test]
fn what_goes_in_part_says_not_before_when() {
    let (mut model, now) = attached();
    let child = held(v1::HoldingKind::Child, "audit", v1::Phase::After, None);
    let mut group = group(v1::Verdict::AfterCancel, 1, task("risky", 7), child);
    let worst = group.worst.as_mut().expect("one");
    worst.holdings.push(held(
        v1::HoldingKind::Timer,
        "sleep",
        v1::Phase::After,
        Some(NOW + 57 * S),
    ));
    worst.holdings_total = 2;
    update(&mut model, now, v1::Update { groups: vec![group], ..Default::default() });
    let wide = draw(&model, theme(), now, (120, 40));
    find(wide.backend().buffer(), ">57s");
    find(wide.backend().buffer(), "timer sleep, src/db.rs:41:22; goes in 57s");
    find(
        wide.backend().buffer(),
        "timer sleep goes in 57s; nothing known will release child audit",
    );
}
