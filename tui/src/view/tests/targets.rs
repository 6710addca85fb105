//! Several targets in one console.

use super::*;
use crate::view::Drawn;

const ORDERS: TargetId = TargetId(0);
const BILLING: TargetId = TargetId(1);
const OTHER: TargetId = TargetId(2);

fn described(service: &str, pid: u32) -> v1::DescribeResponse {
    let target = v1::Target { service: service.into(), pid, run: service.into() };
    let coverage = v1::Coverage { shims: true, spans: true, ..Default::default() };
    let (target, coverage) = (Some(target), Some(coverage));
    v1::DescribeResponse { target, coverage, ..Default::default() }
}

fn connect(model: &mut Model, id: TargetId, service: &str, now: Instant) {
    let described = described(service, 41_200 + u32::try_from(id.0).expect("few"));
    model.hear(id, Event::Connected(Box::new(described)), now);
}

/// What a target answers, at a time of its own.
fn tell(model: &mut Model, id: TargetId, now: Instant, update: v1::Update) {
    let Some(view) = model.view_of(id) else { return };
    let leaks = update.groups.iter().map(|group| u64::from(group.count)).sum();
    let totals = v1::Totals { tasks_live: 100, leaks, holdings: 200, ..Default::default() };
    let update = v1::Update { now_ns: NOW, totals: Some(totals), ..update };
    model.hear(id, Event::Update(Box::new(Answer { view, update })), now);
}

fn lose(model: &mut Model, id: TargetId, now: Instant) {
    let retry_in = Duration::from_secs(4);
    model.hear(id, Event::Lost { why: "connection refused".into(), retry_in }, now);
}

fn leaks(name: &str, count: u32) -> v1::Update {
    let held = held(v1::HoldingKind::Connection, "pg", v1::Phase::Before, None);
    let group = group(v1::Verdict::LeftBehind, count, task(name, 7), held);
    v1::Update { groups: vec![group], matched: count.into(), all: 20, ..Default::default() }
}

/// Orders with 3 leaks, billing with 14.
fn two() -> (Model, Instant) {
    let now = Instant::now();
    let mut model = Model::new("127.0.0.1:6669".into()).beside("127.0.0.1:6670".into());
    connect(&mut model, ORDERS, "orders", now);
    connect(&mut model, BILLING, "billing", now);
    tell(&mut model, ORDERS, now, leaks("GET /orders/{id}", 3));
    tell(&mut model, BILLING, now, leaks("invoice", 14));
    (model, now)
}

fn shown(model: &Model, now: Instant, size: (u16, u16)) -> String {
    draw(model, theme(), now, size).backend().to_string()
}

/// The line in which this stands.
fn line(text: &str, what: &str) -> usize {
    let at = text.lines().position(|line| line.contains(what));
    at.unwrap_or_else(|| panic!("{what:?} is not in\n{text}"))
}

#[test]
fn rows_of_two_targets_are_in_one_order_and_say_whose_they_are() {
    let (model, now) = two();
    let wide = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(wide.backend());
    let text = wide.backend().to_string();
    assert!(line(&text, "billing invoice") < line(&text, "orders  GET /orders/{id}"));
    for said in ["2 targets  orders, billing", "LEAKS 17", "[1 Leaks 17]", "tasks 200", "TARGET"] {
        line(&text, said);
    }
    line(&text, "worst: 14 × invoice of billing,");
    let narrow = draw(&model, theme(), now, (80, 24));
    insta::assert_snapshot!(narrow.backend());
    let text = narrow.backend().to_string();
    assert!(line(&text, "billing invoice") < line(&text, "orders  GET /orders/{id}"));
    line(&text, "what    connection pg");
}

#[test]
fn with_one_target_nothing_says_that_there_could_be_more() {
    let (mut model, now) = with_leaks();
    for keys in ["", "2", "3", "4", "5", "?"] {
        press(&mut model, now, keys);
        let text = shown(&model, now, (120, 40));
        assert!(!text.contains("TARGET") && !text.contains("targets"), "{text}");
    }
    press(&mut model, now, "?");
    for keys in ["1+", "+g+", "+2+", "+t+", "+t3+", "+g+", "+4+", "+5+"] {
        press(&mut model, now, keys);
        let text = shown(&model, now, (120, 40));
        assert!(text.contains("─ Columns of ") && !text.contains("TARGET"), "{keys} {text}");
    }
    press(&mut model, now, "+1T");
    line(&shown(&model, now, (120, 40)), "there is one target: `holdover ADDR ADDR` attaches to");
}

#[test]
fn on_every_screen_and_at_every_width_a_row_says_whose_it_is_and_what() {
    let (mut model, now) = two();
    let held = held(v1::HoldingKind::Connection, "pg", v1::Phase::Before, None);
    let pool = v1::Pool { name: "the pool".into(), open: true, ..Default::default() };
    let row = v1::HeldRow { holding: Some(held), ..Default::default() };
    let told = v1::Update {
        tasks: vec![task("the task", 7)],
        holdings: vec![row],
        events: vec![event(1, v1::EventKind::Ended, NOW - S, "")],
        branches: vec![v1::Branch { task: Some(task("the branch", 7)), ..Default::default() }],
        pools: vec![pool],
        matched: 1,
        all: 1,
        ..leaks("the leak", 3)
    };
    // The group is named by its cause.
    for (keys, what) in [
        ("1", "the leak"),
        ("gg", "GROUP"),
        ("2", "the task"),
        ("t", "the branch"),
        ("t3", "pg"),
        ("g", "the pool"),
        ("4", "create_order"),
    ] {
        press(&mut model, now, keys);
        for id in [ORDERS, BILLING] {
            tell(&mut model, id, now, told.clone());
        }
        for columns in [60, 70, 79, 80, 99, 100, 119, 120, 140, 160, 200] {
            let text = shown(&model, now, (columns, 40));
            let title = line(&text, "TARGET  ");
            let rows: Vec<&str> = text.lines().skip(title + 1).take(2).collect();
            for whose in ["orders", "billing"] {
                assert!(rows.iter().any(|row| row.contains(whose)), "{keys} {columns}:\n{text}");
            }
            let is_told = columns < 80 || text.contains(what);
            assert!(is_told, "{keys} {columns}: {what}\n{text}");
        }
    }
}

#[test]
fn the_column_of_targets_is_moved_hidden_and_shown_whole_as_the_others_are() {
    let (mut model, now) = two();
    press(&mut model, now, "+");
    for size in [(120, 40), (80, 24)] {
        let text = shown(&model, now, size);
        line(&text, "[x] TARGET");
        assert!(line(&text, "[x] N ") < line(&text, "[x] TARGET"), "{text}");
    }
    // Before VERDICT; the titles then begin with it.
    press(&mut model, now, "jj<<");
    line(&shown(&model, now, (120, 40)), "  TARGET  VERDICT");
    press(&mut model, now, " ");
    let text = shown(&model, now, (120, 40));
    line(&text, "[ ] TARGET          hidden");
    assert!(text.contains("  VERDICT            N  TASK"), "{text}");
    press(&mut model, now, " +v");
    model.drawn(Drawn { width: 120, ..Drawn::default() });
    model.press(KeyEvent::new(KeyCode::Right, KeyModifiers::NONE), now);
    let text = shown(&model, now, (120, 40));
    let bar = text.lines().position(|it| it.contains("── TARGET ")).expect("a bar");
    assert!(text.lines().nth(bar + 1).is_some_and(|it| it.contains("  billing")), "{text}");
}

#[test]
fn one_that_is_gone_is_marked_and_the_other_goes_on() {
    let (mut model, now) = two();
    lose(&mut model, BILLING, now);
    let later = now + Duration::from_secs(2);
    tell(&mut model, ORDERS, later, leaks("GET /orders/{id}", 5));
    let terminal = draw(&model, theme(), later, (120, 40));
    insta::assert_snapshot!(terminal.backend());
    let buffer = terminal.backend().buffer();
    assert!(buffer[find(buffer, "billing lost")].modifier.contains(Modifier::REVERSED));
    assert_eq!(buffer[find(buffer, "1 live")].fg, Color::Green);
    // What is known of it stays, dim and not older.
    press(&mut model, later, "j");
    let terminal = draw(&model, theme(), later, (120, 40));
    let buffer = terminal.backend().buffer();
    assert!(buffer[find(buffer, "invoice  ")].modifier.contains(Modifier::DIM));
    assert!(!buffer[find(buffer, "GET /orders/{id}  ")].modifier.contains(Modifier::DIM));
    let text = terminal.backend().to_string();
    line(&text, "LEAKS 19");
    // It comes back as another process: nothing of the one before is left.
    connect(&mut model, BILLING, "billing", later);
    let mut anew = described("billing", 50_000);
    anew.target.as_mut().expect("a target").run = "another".into();
    model.hear(BILLING, Event::Connected(Box::new(anew)), later);
    let text = shown(&model, later, (120, 40));
    line(&text, "billing another process now");
    assert!(!text.contains("invoice"), "{text}");
    line(&text, "orders  GET /orders/{id}");
    tell(&mut model, BILLING, later, leaks("refund", 1));
    line(&shown(&model, later, (120, 40)), "billing refund #7");
}

#[test]
fn three_of_the_same_service_are_told_apart_by_their_ports() {
    let now = Instant::now();
    let mut model = Model::new("127.0.0.1:6669".into())
        .beside("127.0.0.1:6670".into())
        .beside("unix:/run/orders.sock".into());
    for id in [ORDERS, BILLING, OTHER] {
        connect(&mut model, id, "orders", now);
        tell(&mut model, id, now, leaks("GET /orders/{id}", 3));
    }
    assert_eq!(model.label(ORDERS), "orders 127.0.0.1:6669", "the third is elsewhere");
    for size in [(120, 40), (80, 24)] {
        let text = shown(&model, now, size);
        insta::assert_snapshot!(text.clone());
        line(&text, "3 targets");
        assert_eq!(text.matches("L left-behind").count(), 3, "{text}");
    }
    let mut two = Model::new("10.0.0.1:6669".into()).beside("10.0.0.1:6670".into());
    assert_eq!(two.label(ORDERS), "10.0.0.1:6669", "before it has answered");
    connect(&mut two, ORDERS, "orders", now);
    assert_eq!(two.label(ORDERS), "orders");
    connect(&mut two, BILLING, "orders", now);
    assert_eq!(
        (two.label(ORDERS), two.label(BILLING)),
        ("orders :6669".into(), "orders :6670".into())
    );
}

#[test]
fn the_list_of_targets() {
    let (mut model, now) = two();
    let mut blind = described("orders", 41_200);
    blind.coverage.as_mut().expect("coverage").blind = vec![v1::Blindness {
        sentence: "this service was built without --cfg tokio_unstable".into(),
        ..Default::default()
    }];
    model.hear(ORDERS, Event::Described(Box::new(blind)), now);
    lose(&mut model, BILLING, now);
    press(&mut model, now, "T");
    let later = now + Duration::from_secs(1);
    let wide = draw(&model, theme(), later, (120, 40));
    insta::assert_snapshot!(wide.backend());
    let buffer = wide.backend().buffer();
    assert_eq!(buffer[find(buffer, "partly blind")].fg, Color::Yellow);
    find(buffer, "lost, retrying in 3 s");
    insta::assert_snapshot!(draw(&model, theme(), later, (80, 24)).backend());
    // Only the one on which Enter was pressed; again, all.
    press(&mut model, later, "k\n");
    let text = shown(&model, later, (120, 40));
    line(&text, "orders  pid 41200  127.0.0.1:6669   1 of 2 targets");
    assert!(!text.contains("invoice"), "{text}");
    line(&text, "LEAKS 3");
    press(&mut model, later, "T");
    line(&shown(&model, later, (120, 40)), "live, shown alone");
    press(&mut model, later, "\n");
    line(&shown(&model, later, (120, 40)), "invoice");
}

#[test]
fn a_filter_of_targets_is_not_sent_and_its_error_stands_under_its_column() {
    let (mut model, now) = two();
    press(&mut model, now, "/since>1s target:billing\n");
    assert_eq!(model.view_of(ORDERS), None, "it is asked nothing");
    assert_eq!(model.view_of(BILLING).map(|view| view.filter).as_deref(), Some("since>1s"));
    tell(&mut model, BILLING, now, leaks("invoice", 14));
    let text = shown(&model, now, (120, 40));
    line(&text, "/ since>1s target:billing");
    line(&text, "billing  pid 41201  127.0.0.1:6670   1 of 2 targets");
    assert!(!text.contains("GET /orders"), "{text}");
    press(&mut model, now, "/ or x");
    let terminal = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(terminal.backend());
    let buffer = terminal.backend().buffer();
    let (x, y) = find(buffer, "target:billing");
    assert_eq!(find(buffer, "^ `target` cannot stand within `or`"), (x, y + 1));
    let narrow = shown(&model, now, (80, 24));
    line(&narrow, "`target` cannot stand within `or`");
}

#[test]
fn a_filter_that_leaves_no_target_says_so() {
    let (mut model, now) = two();
    press(&mut model, now, "/-target:orders -target:billing\n");
    let text = shown(&model, now, (120, 40));
    line(&text, "0 of 2 targets");
    line(&text, "No target is left; T lists them, Esc shows all.");
}

#[test]
fn what_is_of_one_process_says_that_it_needs_one() {
    let (mut model, now) = two();
    press(&mut model, now, "5");
    line(&shown(&model, now, (120, 40)), "This screen is of one process, and several targets are");
    press(&mut model, now, "1M");
    line(&shown(&model, now, (120, 40)), "a mark is of one target: T, and Enter shows only one");
    assert!(model.effects.is_empty());
}

#[test]
fn one_that_is_slow_is_named_and_the_other_is_shown() {
    let (mut model, now) = two();
    press(&mut model, now, "2");
    let tasks = vec![task("accept_loop", 12)];
    let told = v1::Update { tasks, matched: 1, all: 1, ..Default::default() };
    tell(&mut model, ORDERS, now, told.clone());
    model.pass(now);
    line(&shown(&model, now, (120, 40)), "live");
    let later = now + Duration::from_secs(2);
    model.pass(later);
    let text = shown(&model, later, (120, 40));
    line(&text, "billing has not answered yet, ");
    line(&text, "accept_loop");
    press(&mut model, later, "T");
    line(&shown(&model, later, (120, 40)), "live, has not answered yet");
    press(&mut model, later, "T");
    tell(&mut model, BILLING, later, told);
    assert!(!shown(&model, later, (120, 40)).contains("has not answered"));
}

#[test]
fn no_leaks_does_not_speak_for_one_that_is_not_there() {
    let now = Instant::now();
    let mut model = Model::new("127.0.0.1:6669".into())
        .beside("127.0.0.1:6670".into())
        .beside("127.0.0.1:6671".into());
    connect(&mut model, ORDERS, "orders", now);
    tell(&mut model, ORDERS, now, v1::Update::default());
    let text = shown(&model, now, (120, 40));
    line(&text, "No leaks.");
    line(&text, "! 127.0.0.1:6670, 127.0.0.1:6671 are not there: this does not speak for");
    press(&mut model, now, "!");
    line(&shown(&model, now, (120, 40)), "It has not answered: nothing is known of it.");
    connect(&mut model, BILLING, "billing", now);
    let text = shown(&model, now, (120, 40));
    assert!(!text.contains("No leaks."), "that has not answered yet\n{text}");
}

#[test]
fn where_none_has_answered_it_says_whom_it_waits_for() {
    let now = Instant::now();
    let mut model = Model::new("127.0.0.1:6669".into()).beside("127.0.0.1:6670".into());
    lose(&mut model, BILLING, now);
    let text = shown(&model, now, (80, 24));
    line(&text, "Waiting for a target at 127.0.0.1:6669.");
    line(&text, "Waiting for a target at 127.0.0.1:6670. connection refused.");
    line(&text, "nothing is known yet");
}

#[test]
fn of_one_that_was_lost_before_a_tab_was_opened_it_is_said_that_it_has_no_rows_there() {
    let (mut model, now) = two();
    press(&mut model, now, "2");
    let tasks = |name: &str| v1::Update { tasks: vec![task(name, 7)], ..Default::default() };
    tell(&mut model, ORDERS, now, tasks("the order"));
    tell(&mut model, BILLING, now, tasks("the bill"));
    lose(&mut model, BILLING, now);
    let lost = "! billing was lost before it told this: none of its rows are here.";
    for size in [(120, 40), (80, 24)] {
        assert!(!shown(&model, now, size).contains(lost), "it has told its tasks");
    }
    let row = v1::HeldRow {
        holding: Some(held(v1::HoldingKind::Lock, "state", v1::Phase::Before, None)),
        ..Default::default()
    };
    for key in ["3", "4", "2t", "3t"] {
        press(&mut model, now, key);
        let holdings = vec![row.clone()];
        tell(&mut model, ORDERS, now, v1::Update { holdings, ..Default::default() });
        for size in [(120, 40), (80, 24), (60, 15)] {
            let text = shown(&model, now, size).replace('"', "");
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(lost), "{key}: {text}");
        }
    }
    lose(&mut model, ORDERS, now);
    press(&mut model, now, "t3g");
    let text = shown(&model, now, (120, 40));
    let both = "orders, billing were lost before they told this: none of their rows are here.";
    assert!(text.contains(both), "{text}");
}
