//! Screens at 80x24 and 120x40: snapshots of the text, and named assertions on what a
//! snapshot does not show: styles.

#![expect(clippy::disallowed_methods, reason = "a test needs some instant")]

mod columns;
mod control;
mod filter;
mod groups;
mod kept;
mod mark;
mod picture;
mod process;
mod said;
mod screens;
mod sites;
mod source;
mod stories;
mod targets;
mod themes;
mod tokens;
mod tokio_console;
mod tree;
mod whole;

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use holdover_proto::v1;
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::Buffer,
    style::{Color, Modifier},
};

use super::render;
use crate::{
    client::{Answer, Event, TargetId},
    keymap::{Action, BINDINGS, Binding},
    model::Model,
    theme::{Look, Theme},
};

const S: u64 = 1_000_000_000;
const MS: u64 = 1_000_000;
/// The target's time in every picture.
const NOW: u64 = 300 * S;

fn draw(
    model: &Model,
    theme: Theme,
    now: Instant,
    (columns, rows): (u16, u16),
) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a terminal");
    terminal.draw(|frame| drop(render(model, theme, now, frame))).expect("it draws");
    terminal
}

fn theme() -> Theme {
    Theme::new(Look::Terminal, false)
}

/// A model that is attached, at an instant at which nothing has passed since.
fn attached() -> (Model, Instant) {
    let (mut model, now) = (Model::new("127.0.0.1:6669".into()), Instant::now());
    let target = v1::Target { service: "order-service".into(), pid: 41_207, run: "a".into() };
    let coverage = v1::Coverage { shims: true, spans: true, ..Default::default() };
    let described = v1::DescribeResponse {
        target: Some(target),
        coverage: Some(coverage),
        ..Default::default()
    };
    model.apply(Event::Connected(Box::new(described)), now);
    (model, now)
}

fn update(model: &mut Model, now: Instant, update: v1::Update) {
    let totals = update.totals.or(Some(v1::Totals {
        tasks_live: 10_412,
        tasks_spawned: 84_120,
        tasks_cancelled: 4_112,
        cancelling: 7,
        leaks: 19,
        orphaned: 1,
        holdings: 31_204,
        cleared: 41,
        slowest_cancel_ns: 410 * MS,
        ..Default::default()
    }));
    let update = v1::Update { now_ns: NOW, totals, ..update };
    model.apply(Event::Update(Box::new(Answer { view: model.view(), update })), now);
}

fn press(model: &mut Model, now: Instant, keys: &str) {
    for key in keys.chars() {
        let code = if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) };
        model.press(KeyEvent::new(code, KeyModifiers::NONE), now);
    }
}

fn task(name: &str, id: u64) -> v1::Task {
    v1::Task {
        id,
        name: name.into(),
        type_name: "orders::http::create_order::{{closure}}".into(),
        kind: v1::TaskKind::Task.into(),
        state: v1::TaskState::Ended.into(),
        outcome: v1::Outcome::Cancelled.into(),
        accuracy: v1::Accuracy::Exact.into(),
        location: "src/http.rs:58:9".into(),
        spawned_ns: NOW - 254 * S,
        ended_ns: Some(NOW - 252 * S),
        polls: 118,
        busy_ns: 41 * MS,
        scheduled_ns: 9 * MS,
        wakes: 120,
        cancel: Some(v1::Cancel {
            cause: v1::Cause::Abort.into(),
            requested_ns: NOW - 252 * S - 84_000,
            delivered_ns: Some(NOW - 252 * S - 40_000),
            ended_ns: Some(NOW - 252 * S),
            latency_ns: Some(84_000),
            drop_ns: Some(40_000),
            canceller: Some(v1::TaskRef { id: 3, name: "main".into(), ..Default::default() }),
            site: Some("src/main.rs:30:10".into()),
            reason: Some("the client went away".into()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn held(kind: v1::HoldingKind, label: &str, phase: v1::Phase, due: Option<u64>) -> v1::Holding {
    v1::Holding {
        id: 1,
        kind: kind.into(),
        label: label.into(),
        phase: phase.into(),
        direct: true,
        site: "src/db.rs:41:22".into(),
        acquired_ns: NOW - 253 * S,
        due_ns: due,
        ..Default::default()
    }
}

fn group(verdict: v1::Verdict, count: u32, task: v1::Task, held: v1::Holding) -> v1::LeakGroup {
    let goes_ns = held.due_ns;
    let tasks = (0..u64::from(count)).map(|number| task.id + number).collect();
    let worst = v1::Leak {
        verdict: verdict.into(),
        accuracy: v1::Accuracy::Exact.into(),
        since_ns: NOW - 252 * S,
        task: Some(task),
        holdings: vec![held],
        holdings_total: 1,
        goes_ns,
        ..Default::default()
    };
    v1::LeakGroup {
        verdict: verdict.into(),
        count,
        worst: Some(worst),
        tasks,
        goes_ns,
        ..Default::default()
    }
}

fn groups() -> Vec<v1::LeakGroup> {
    let timer =
        || held(v1::HoldingKind::Timer, "call_later", v1::Phase::InDrop, Some(NOW + 3_800 * MS));
    let connection = || held(v1::HoldingKind::Connection, "pg", v1::Phase::Before, None);
    let mut stuck = group(v1::Verdict::Stuck, 1, task("ingest::tail_log", 881), timer());
    if let Some(worst) = &mut stuck.worst
        && let Some(cancel) = worst.task.as_mut().and_then(|task| task.cancel.as_mut())
    {
        cancel.cause = v1::Cause::Token.into();
        cancel.polls_since = 412;
        cancel.path = vec!["shutdown".into(), "ingest".into()];
        worst.holdings = Vec::new();
        worst.goes_ns = None;
    }
    stuck.goes_ns = None;
    let mut orphan = group(v1::Verdict::Orphaned, 1, task("audit", 7350), connection());
    if let Some(worst) = &mut orphan.worst {
        worst.ancestor =
            Some(v1::TaskRef { id: 7342, name: "create_order".into(), ..Default::default() });
        worst.holdings = Vec::new();
    }
    let mut cleared = group(v1::Verdict::AfterCancel, 3, task("risky", 4), timer());
    cleared.cleared = true;
    if let Some(worst) = &mut cleared.worst {
        worst.cleared_ns = Some(NOW - 4 * S);
    }
    vec![
        stuck,
        group(v1::Verdict::LeftBehind, 14, task("GET /orders/{id}", 7342), connection()),
        group(v1::Verdict::AfterCancel, 3, task("", 12), timer()),
        orphan,
        cleared,
    ]
}

fn with_leaks() -> (Model, Instant) {
    let (mut model, now) = attached();
    update(
        &mut model,
        now,
        v1::Update { groups: groups(), matched: 20, all: 20, ..Default::default() },
    );
    (model, now)
}

/// Where a text begins in the picture.
fn find(buffer: &Buffer, text: &str) -> (u16, u16) {
    let area = buffer.area;
    for y in 0..area.height {
        let line: Vec<&str> = (0..area.width).map(|x| buffer[(x, y)].symbol()).collect();
        for x in 0..line.len() {
            if line[x..].concat().starts_with(text) {
                return (u16::try_from(x).expect("a column"), y);
            }
        }
    }
    panic!("{text:?} is not in the picture");
}

#[test]
fn leaks_120x40() {
    let (mut model, now) = with_leaks();
    press(&mut model, now, "j");
    let terminal = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(terminal.backend());
    let buffer = terminal.backend().buffer();
    // The selected row is reversed, and says so without colours too.
    let (x, y) = find(buffer, "▸");
    assert!(buffer[(x + 20, y)].modifier.contains(Modifier::REVERSED));
    // A verdict's letter stands on its colour.
    let stuck = find(buffer, "S stuck");
    assert_eq!((buffer[stuck].fg, buffer[stuck].bg), (Color::Black, Color::Red));
    assert_eq!(buffer[find(buffer, "A after-cancel")].bg, Color::Magenta);
    assert_eq!(buffer[find(buffer, "O orphaned")].bg, Color::Yellow);
    assert_eq!(buffer[find(buffer, "LEAKS 19")].fg, Color::Red);
    assert!(buffer[find(buffer, ". cleared")].modifier.contains(Modifier::DIM));
    assert_eq!(buffer[find(buffer, "live")].fg, Color::Green);
}

#[test]
fn leaks_80x24() {
    let (mut model, now) = with_leaks();
    press(&mut model, now, "j");
    let terminal = draw(&model, theme(), now, (80, 24));
    insta::assert_snapshot!(terminal.backend());
    find(terminal.backend().buffer(), "L left-behind");
    find(terminal.backend().buffer(), "fix");
}

#[test]
fn without_colours_letters_and_weight_say_everything() {
    let (model, now) = with_leaks();
    let terminal = draw(&model, Theme::new(Look::None, true), now, (80, 24));
    let buffer = terminal.backend().buffer();
    assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()), "{:?}", terminal.backend());
    assert!(buffer[find(buffer, "L left-behind")].modifier.contains(Modifier::REVERSED));
}

#[test]
fn no_leaks_says_what_it_speaks_for() {
    let (mut model, now) = attached();
    let totals = v1::Totals {
        tasks_spawned: 84_120,
        tasks_cancelled: 4_112,
        cleared: 7,
        cancelling: 2,
        slowest_cancel_ns: 410 * MS,
        ..Default::default()
    };
    update(&mut model, now, v1::Update { totals: Some(totals), ..Default::default() });
    let terminal = draw(&model, theme(), now, (80, 24));
    insta::assert_snapshot!(terminal.backend());
    let buffer = terminal.backend().buffer();
    assert_eq!(buffer[find(buffer, "No leaks.")].fg, Color::Green);
    find(buffer, "4 112 of 84 120 tasks ended cancelled");
}

#[test]
fn what_was_not_answered_yet_is_not_said_to_be_nothing() {
    let (mut model, now) = attached();
    for key in ["1", "2", "3", "3g", "g5", "4"] {
        press(&mut model, now, key);
        let text = draw(&model, theme(), now, (80, 24)).backend().to_string();
        for claim in ["No leaks", "No tasks", "No pools", "Nothing ", "does not say"] {
            assert!(!text.contains(claim), "{text}");
        }
    }
    update(&mut model, now, v1::Update::default());
    find(draw(&model, theme(), now, (80, 24)).backend().buffer(), "Nothing has happened yet.");
}

#[test]
fn what_is_due_is_not_counted_down_any_more() {
    let (mut model, now) = attached();
    let timer = held(v1::HoldingKind::Timer, "sleep", v1::Phase::Before, Some(NOW));
    let groups = vec![group(v1::Verdict::LeftBehind, 1, task("late", 7), timer)];
    update(&mut model, now, v1::Update { groups, ..Default::default() });
    let terminal = draw(&model, theme(), now, (120, 40));
    find(terminal.backend().buffer(), "4m12s    due");
    find(terminal.backend().buffer(), "it is due now");
}

#[test]
fn a_line_that_is_too_long_is_cut_where_it_matters_least() {
    let (mut model, now) = attached();
    let held = held(v1::HoldingKind::Timer, "sleep", v1::Phase::Before, None);
    let mut group = group(v1::Verdict::LeftBehind, 1, task("", 7), held);
    let task = group.worst.as_mut().and_then(|leak| leak.task.as_mut()).expect("a task");
    task.type_name = String::new();
    task.location = "services/orders/src/background_refresh.rs:58:9".into();
    let cancel = task.cancel.as_mut().expect("a cancel");
    cancel.site = Some("services/orders/src/background_refresh.rs:73:9".into());
    update(&mut model, now, v1::Update { groups: vec![group], ..Default::default() });
    let wide = draw(&model, theme(), now, (120, 40));
    find(wide.backend().buffer(), "abort …d_refresh.rs:73 ");
    find(wide.backend().buffer(), "ground_refresh.rs:58 #7 ");
    let narrow = draw(&model, theme(), now, (80, 24));
    find(narrow.backend().buffer(), "refresh.rs:58 #7 ");
}

#[test]
fn names_in_any_script_align_and_hostile_ones_are_harmless() {
    let (mut model, now) = attached();
    let connection = || held(v1::HoldingKind::Connection, "pg", v1::Phase::Before, None);
    let groups = vec![
        group(v1::Verdict::LeftBehind, 1, task("订单处理 👩‍👩‍👧 worker", 1), connection()),
        group(
            v1::Verdict::LeftBehind,
            1,
            task("\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}evil", 2),
            connection(),
        ),
        group(v1::Verdict::LeftBehind, 1, task("plain", 3), connection()),
    ];
    update(&mut model, now, v1::Update { groups, matched: 3, all: 3, ..Default::default() });
    for size in [(80, 24), (120, 40)] {
        let terminal = draw(&model, theme(), now, size);
        let buffer = terminal.backend().buffer();
        let columns: Vec<u16> = (0..buffer.area.height)
            .filter_map(|y| {
                let line: Vec<&str> =
                    (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
                let at =
                    (0..line.len()).find(|x| line[*x..].concat().starts_with("connection pg"))?;
                // Above the rows the worst is named, beneath them the selected one.
                let rows = if size.0 < 100 { 4..=6 } else { 5..=7 };
                rows.contains(&y).then(|| u16::try_from(at).expect("a column"))
            })
            .collect();
        assert_eq!(columns.len(), 3);
        assert!(columns.windows(2).all(|pair| pair[0] == pair[1]), "{columns:?}");
        assert!(
            !buffer
                .content
                .iter()
                .any(|cell| cell.symbol().contains(['\u{1b}', '\u{7}', '\u{202e}']))
        );
        find(buffer, "\\e[2J");
    }
    insta::assert_snapshot!(draw(&model, theme(), now, (80, 24)).backend());
}

#[test]
fn tasks_120x40_and_80x24() {
    let (mut model, now) = attached();
    press(&mut model, now, "2");
    let mut running = task("accept_loop", 12);
    running.outcome = v1::Outcome::Unspecified.into();
    running.state = v1::TaskState::Idle.into();
    (running.ended_ns, running.cancel) = (None, None);
    let mut asked = task("drain", 13);
    asked.outcome = v1::Outcome::Unspecified.into();
    asked.state = v1::TaskState::Running.into();
    asked.ended_ns = None;
    let tasks = vec![running, asked, task("", 14)];
    update(&mut model, now, v1::Update { tasks, matched: 3, all: 3, ..Default::default() });
    let wide = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(wide.backend());
    let buffer = wide.backend().buffer();
    assert_eq!(buffer[find(buffer, "running, asked")].fg, Color::Yellow);
    insta::assert_snapshot!(draw(&model, theme(), now, (80, 24)).backend());
}

fn event(seq: u64, kind: v1::EventKind, at: u64, what: &str) -> v1::Event {
    let task = v1::TaskRef { id: 7342, name: "create_order".into(), ..Default::default() };
    v1::Event {
        seq,
        at_ns: at,
        kind: kind.into(),
        task: Some(task),
        what: what.into(),
        site: "src/http.rs:58:9".into(),
        ..Default::default()
    }
}

fn with_a_story() -> (Model, Instant) {
    let (mut model, now) = with_leaks();
    press(&mut model, now, "j\n");
    let story = v1::Story {
        task: Some(task("create_order", 7342)),
        holdings: vec![held(
            v1::HoldingKind::Timer,
            "call_later",
            v1::Phase::InDrop,
            Some(NOW + 3_800 * MS),
        )],
        verdicts: vec![v1::Verdict::AfterCancel.into()],
        events: vec![
            event(1, v1::EventKind::Spawned, NOW - 254 * S, ""),
            event(2, v1::EventKind::CancelRequested, NOW - 252 * S - 84_000, "abort, by main #3"),
            event(3, v1::EventKind::Ended, NOW - 252 * S, "cancelled"),
        ],
        events_lost: 212,
        ..Default::default()
    };
    update(&mut model, now, v1::Update { story: Some(story), ..Default::default() });
    (model, now)
}

#[test]
fn a_story_120x40_and_80x24() {
    let (model, now) = with_a_story();
    let wide = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(wide.backend());
    let buffer = wide.backend().buffer();
    for word in ["running", "cancel", "drop", "still holds", "goes in 3.8s"] {
        find(buffer, word);
    }
    assert_eq!(buffer[find(buffer, "CANCEL REQUESTED")].fg, Color::Red);
    insta::assert_snapshot!(draw(&model, theme(), now, (80, 24)).backend());
}

#[test]
fn help_lists_every_key() {
    let (mut model, now) = with_leaks();
    press(&mut model, now, "?");
    // That which lists several targets stands where there are some.
    let is_told = |it: &&Binding| !it.meaning.is_empty() && it.action != Action::Targets;
    let meanings = || BINDINGS.iter().filter(is_told);
    let wide = draw(&model, theme(), now, (120, 40));
    for binding in meanings() {
        find(wide.backend().buffer(), binding.meaning);
    }
    // Where there is less room all of it is seen by and by.
    let mut seen = String::new();
    for _ in 0..meanings().count() {
        let terminal = draw_and_tell(&mut model, now, (80, 24));
        seen.push_str(&terminal.backend().to_string());
        press(&mut model, now, "j");
    }
    for binding in meanings() {
        assert!(seen.contains(binding.meaning), "{}", binding.meaning);
    }
    assert!(seen.contains("filter: verdict:stuck"), "the last line");
    press(&mut model, now, "??");
    insta::assert_snapshot!(draw(&model, theme(), now, (80, 24)).backend());
}

/// Draws, and tells the model where things are, as the loop does.
fn draw_and_tell(
    model: &mut Model,
    now: Instant,
    (columns, rows): (u16, u16),
) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a terminal");
    let mut drawn = crate::model::Drawn::default();
    terminal.draw(|frame| drawn = render(model, theme(), now, frame)).expect("it draws");
    model.drawn(drawn);
    terminal
}

#[test]
fn a_filters_error_stands_under_its_column() {
    let (mut model, now) = with_leaks();
    press(&mut model, now, "/since>1s verdict:stack");
    let terminal = draw(&model, theme(), now, (80, 24));
    let buffer = terminal.backend().buffer();
    let (typed, line) = find(buffer, "stack");
    assert_eq!(find(buffer, "^ `verdict` is one of"), (typed, line + 1));
    insta::assert_snapshot!(terminal.backend());
}

#[test]
fn blindness_is_said_on_every_screen() {
    let (mut model, now) = with_leaks();
    let sentence = "this service was built without --cfg tokio_unstable, so only what goes through \
                    holdover::{task,time,sync} is seen";
    if let Some(described) = &mut model.targets[TargetId::default()].described
        && let Some(coverage) = &mut described.coverage
    {
        coverage.spans = false;
        let runtime = |runtime, alive, recorded| v1::RuntimeCoverage { runtime, alive, recorded };
        coverage.runtimes =
            vec![runtime(1, 120, 3), runtime(2, 8, 8), runtime(3, 1, 1), runtime(4, 0, 0)];
        coverage.blind = vec![v1::Blindness {
            cause: "no-tokio-unstable".into(),
            sentence: sentence.into(),
            fix: "[build]\nrustflags = [\"--cfg\", \"tokio_unstable\"]".into(),
        }];
    }
    for key in ["1", "2", "4", "?"] {
        press(&mut model, now, key);
        let terminal = draw(&model, theme(), now, (80, 24));
        find(terminal.backend().buffer(), "! PARTLY BLIND: this service");
    }
    press(&mut model, now, "1!");
    let terminal = draw(&model, theme(), now, (80, 24));
    find(terminal.backend().buffer(), "rustflags = [\"--cfg\", \"tokio_unstable\"]");
    for said in [
        "runtime 1: 3 of 120 live tasks are recorded",
        "runtime 2: all 8 live tasks are recorded",
        "runtime 3: its only live task is recorded",
        "runtime 4: no task lives",
    ] {
        find(terminal.backend().buffer(), said);
    }
    insta::assert_snapshot!(terminal.backend());
}

#[test]
fn what_is_seen_is_said_where_nothing_is_hidden() {
    let (mut model, now) = with_leaks();
    press(&mut model, now, "!");
    let terminal = draw(&model, theme(), now, (120, 40));
    find(terminal.backend().buffer(), "is exact where it uses holdover's.");
}

/// A model of a service with rules, attached.
fn with_rules() -> (Model, Instant) {
    let (mut model, now) = attached();
    let rule = |place: &str, filter: &str| v1::IgnoreRule {
        place: place.into(),
        filter: filter.into(),
        until: "2027-01-31".into(),
        why: "known".into(),
        ..Default::default()
    };
    let ignoring = v1::Ignoring {
        rules: vec![
            v1::IgnoreRule { now: 3, so_far: 7, ..rule("a.txt:1", "holds:timer") },
            v1::IgnoreRule { expired: true, ..rule("a.txt:2", "name:old") },
            rule("a.txt:3", "name:never"),
        ],
        errors: vec!["a.txt:4:9: `verdict` is one of stuck".into()],
    };
    let described = model.lead().described.clone().expect("it is attached");
    let described = v1::DescribeResponse { ignoring: Some(ignoring), ..described };
    model.apply(Event::Described(Box::new(described)), now);
    (model, now)
}

#[test]
fn what_is_ignored_is_counted_listed_and_explained() {
    let (mut model, now) = with_rules();
    let totals = v1::Totals { tasks_live: 9, ignored: 3, ..Default::default() };
    let told = |groups| v1::Update { totals: Some(totals), groups, ..Default::default() };
    update(&mut model, now, told(Vec::new()));
    let none = draw(&model, theme(), now, (120, 40));
    find(none.backend().buffer(), "LEAKS 0   orphaned 0   holdings 0   3 ignored");
    find(none.backend().buffer(), "3 ignored, as a rule says: i shows them.");
    press(&mut model, now, "i");
    let timer = held(v1::HoldingKind::Timer, "call_later", v1::Phase::Before, None);
    let mut group = group(v1::Verdict::LeftBehind, 3, task("risky", 7), timer);
    let why = "goes with the new cache".into();
    let by = v1::IgnoredBy { why, until: "2027-01-31".into(), place: "a.txt:1".into() };
    group.worst.as_mut().expect("one").ignored = vec![by];
    update(&mut model, now, told(vec![group]));
    for size in [(80, 24), (120, 40)] {
        let listed = draw(&model, theme(), now, size);
        let by = if size.0 < 100 { "ignored by site; i back" } else { "ignored, by spawn site" };
        find(listed.backend().buffer(), by);
        find(listed.backend().buffer(), "L left-behind ");
        find(listed.backend().buffer(), "until 2027-01-31, \"goes with the new cache\" (a.txt:1)");
    }
    press(&mut model, now, "!");
    for size in [(80, 24), (120, 40)] {
        let page = draw(&model, theme(), now, size);
        find(page.backend().buffer(), "3 rules on what to ignore: 3 ignored now (i)");
        find(page.backend().buffer(), "not a rule: a.txt:4:9: `verdict` is one of stuck");
        find(page.backend().buffer(), "expired on 2027-01-31, a.txt:2: name:old");
        find(page.backend().buffer(), "has never matched, a.txt:3: name:never");
    }
}

#[test]
fn a_stuck_task_that_waits_says_for_what() {
    let (mut model, now) = attached();
    let waits = v1::WaitsFor {
        kind: v1::HoldingKind::Lock.into(),
        label: "ledger".into(),
        ..Default::default()
    };
    let task = v1::Task { waits_for: Some(waits), ..task("connection 3", 7) };
    let leak = v1::Leak { task: Some(task), ..Default::default() };
    let leak = v1::Leak { verdict: v1::Verdict::Stuck.into(), ..leak };
    let group = v1::LeakGroup {
        verdict: v1::Verdict::Stuck.into(),
        count: 1,
        worst: Some(leak),
        tasks: vec![7],
        ..Default::default()
    };
    update(&mut model, now, v1::Update { groups: vec![group], ..Default::default() });
    let wide = draw(&model, theme(), now, (120, 40));
    find(wide.backend().buffer(), "waits for lock ledger; not …");
    let on = |name: &str| v1::TaskRef { id: 3, name: name.into(), ..Default::default() };
    let mut groups =
        vec![model.leaks.selected().map(|row| v1::LeakGroup::clone(row)).expect("a row")];
    let worst = groups[0].worst.as_mut().and_then(|leak| leak.task.as_mut()).expect("a task");
    worst.held_by = vec![on("audit")];
    update(&mut model, now, v1::Update { groups, ..Default::default() });
    let wide = draw(&model, theme(), now, (120, 40));
    find(wide.backend().buffer(), "it waits for lock ledger, which audit #3 holds, at");
}

#[test]
fn the_states_of_a_connection() {
    let (mut model, now) = (Model::new("127.0.0.1:6669".into()), Instant::now());
    let lost =
        || Event::Lost { why: "connection refused".into(), retry_in: Duration::from_secs(4) };
    model.apply(lost(), now);
    let waiting = draw(&model, theme(), now, (80, 24));
    insta::assert_snapshot!(waiting.backend());
    find(waiting.backend().buffer(), "Waiting for a target at 127.0.0.1:6669.");
    find(waiting.backend().buffer(), "Next try in 4 s.");
    let (mut model, now) = with_leaks();
    model.apply(lost(), now);
    let lost = draw(&model, theme(), now, (80, 24));
    let buffer = lost.backend().buffer();
    let at = find(buffer, "lost, retrying in 4 s");
    assert!(buffer[at].modifier.contains(Modifier::REVERSED));
    find(buffer, "L left-behind");
    let mut described = model.lead().described.clone().expect("a target");
    described.target.as_mut().expect("one").run = "b".into();
    model.apply(Event::Connected(Box::new(described)), now);
    find(draw(&model, theme(), now, (80, 24)).backend().buffer(), "another process now");
}

#[test]
fn a_terminal_that_is_too_small_says_what_it_needs() {
    let (model, now) = with_leaks();
    for size in [(59, 24), (80, 14), (50, 12), (20, 5), (1, 1)] {
        let terminal = draw(&model, theme(), now, size);
        if size.0 >= 50 {
            let said = format!("This terminal is {}x{}: the console needs", size.0, size.1);
            find(terminal.backend().buffer(), &said);
            find(terminal.backend().buffer(), "LEAKS 19");
            find(terminal.backend().buffer(), "Make it larger, or q and `holdover leaks`.");
        }
    }
    // The smallest one that is big enough shows rows, and nothing stands on something else.
    let smallest = draw(&model, theme(), now, (60, 15));
    find(smallest.backend().buffer(), "L left-behind");
    insta::assert_snapshot!(smallest.backend());
}
