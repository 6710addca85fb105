#![expect(clippy::disallowed_methods, reason = "a test needs some instant")]

use super::*;
use crate::client::Answer;

mod ahead;
mod columns;
mod past;
mod rows;
mod tabs;
mod targets;

fn described(run: &str) -> Event {
    let target = v1::Target { service: "demo".into(), pid: 7, run: run.into() };
    let target = Some(target);
    Event::Connected(Box::new(v1::DescribeResponse { target, ..Default::default() }))
}

/// What answers the view that the model wants.
fn update(model: &Model, update: v1::Update) -> Event {
    Event::Update(Box::new(Answer { view: model.view(), update }))
}

fn group(name: &str, id: u64) -> v1::LeakGroup {
    let task = v1::Task { name: name.into(), id, ..Default::default() };
    let worst = v1::Leak { task: Some(task), ..Default::default() };
    v1::LeakGroup { worst: Some(worst), count: 1, tasks: vec![id], ..Default::default() }
}

fn press(model: &mut Model, keys: &str, now: Instant) {
    for key in keys.chars() {
        let code = match key {
            '\n' => KeyCode::Enter,
            '\u{1b}' => KeyCode::Esc,
            other => KeyCode::Char(other),
        };
        model.press(KeyEvent::new(code, KeyModifiers::NONE), now);
    }
}

#[test]
fn another_process_is_recognised_and_what_the_old_one_said_is_forgotten() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    model.apply(described("a"), now);
    let totals = Some(v1::Totals { leaks: 3, ..Default::default() });
    model.apply(update(&model, v1::Update { totals, ..Default::default() }), now);
    model.apply(described("a"), now);
    assert_eq!((model.totals().leaks, model.lead().says_restarted(now)), (3, false));
    model.apply(described("b"), now);
    assert_eq!((model.totals().leaks, model.lead().says_restarted(now)), (0, true));
    assert!(!model.lead().says_restarted(now + Duration::from_secs(11)));
}

#[test]
fn before_the_first_answer_the_console_waits_and_after_it_the_target_is_lost() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    let lost = || Event::Lost { why: "refused".into(), retry_in: Duration::from_secs(1) };
    model.apply(lost(), now);
    assert!(matches!(&model.lead().connection, Connection::Waiting { why: Some(_), .. }));
    model.apply(described("a"), now);
    assert_eq!(model.lead().connection, Connection::Live);
    model.apply(lost(), now);
    let retry_at = now + Duration::from_secs(1);
    assert_eq!(model.lead().connection, Connection::Lost { why: "refused".into(), retry_at });
}

#[test]
fn of_a_target_that_is_lost_nothing_grows_older() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    model.apply(described("a"), now);
    model.apply(update(&model, v1::Update { now_ns: 5_000, ..Default::default() }), now);
    let lost = || Event::Lost { why: "refused".into(), retry_in: Duration::from_secs(1) };
    model.apply(lost(), now);
    model.apply(lost(), now + Duration::from_secs(4));
    assert_eq!(model.target_now(now + Duration::from_secs(9)), 5_000);
    model.apply(described("a"), now + Duration::from_secs(9));
    assert_eq!(model.target_now(now + Duration::from_secs(9)), 9_000_005_000);
}

#[test]
fn a_filter_is_in_force_while_it_is_typed_as_far_as_it_parses() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    press(&mut model, "/since>1s", now);
    assert_eq!(model.view().filter, "since>1s");
    press(&mut model, " verdict:x", now);
    assert_eq!(model.view().filter, "", "what does not parse is not sent");
    press(&mut model, "\u{1b}", now);
    assert_eq!((model.view().filter.as_str(), model.edit.is_none()), ("", true));
    press(&mut model, "/worker\n", now);
    assert_eq!(model.view().filter, "worker");
    assert!(!model.quit, "q would quit, but not while typing");
    press(&mut model, "/q\n", now);
    assert!(!model.quit);
    press(&mut model, "q", now);
    assert!(model.quit);
}

#[test]
fn the_target_is_asked_as_often_as_it_is_set() {
    let mut model = Model::new("here".into());
    assert_eq!(model.view().interval_ms, 250);
    model.interval = Duration::from_secs(1);
    assert_eq!(model.view().interval_ms, 1000);
}

#[test]
fn open_and_back() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    let groups = vec![group("a", 7), group("b", 8)];
    model.apply(update(&model, v1::Update { groups, ..Default::default() }), now);
    press(&mut model, "j\n", now);
    assert_eq!(model.screen(), Screen::Story(TargetId::default(), 8));
    assert_eq!((model.view().kind(), model.view().task), (v1::ViewKind::Story, 8));
    press(&mut model, "?", now);
    assert_eq!((model.screen(), model.view().task), (Screen::Help, 8));
    press(&mut model, "\u{1b}\u{1b}\u{1b}", now);
    assert_eq!(model.screen(), Screen::Leaks);
    press(&mut model, "2", now);
    assert_eq!(model.view().kind(), v1::ViewKind::Tasks);
}

#[test]
fn a_frozen_console_stands_still() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    model.apply(update(&model, v1::Update { now_ns: 5_000, ..Default::default() }), now);
    press(&mut model, " ", now);
    let groups = vec![group("a", 7)];
    model.apply(update(&model, v1::Update { groups: groups.clone(), ..Default::default() }), now);
    assert!(model.leaks.rows().is_empty());
    assert_eq!(model.target_now(now + Duration::from_secs(9)), 5_000);
    press(&mut model, " ", now);
    model.apply(update(&model, v1::Update { groups, ..Default::default() }), now);
    assert_eq!(model.leaks.rows().len(), 1);
}

#[test]
fn a_frozen_console_takes_the_first_answer_to_a_view() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    let late = update(&model, v1::Update { groups: vec![group("a", 7)], ..Default::default() });
    press(&mut model, " 2", now);
    model.apply(late, now);
    assert!(!model.is_answered(), "that was about leaks");
    let tasks = |id| v1::Update {
        tasks: vec![v1::Task { id, ..Default::default() }],
        ..Default::default()
    };
    model.apply(update(&model, tasks(7)), now);
    assert!(model.is_answered());
    model.apply(update(&model, tasks(8)), now);
    assert_eq!(model.tasks.selected().map(|task| task.id), Some(7));
}

#[test]
fn tab_turns_over_the_screens_and_the_page_keys_move_by_ten() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    let type_in = |model: &mut Model, code| {
        model.press(KeyEvent::new(code, KeyModifiers::NONE), now);
        model.screen()
    };
    for screen in TABS.iter().cycle().skip(1).take(TABS.len()) {
        assert_eq!(type_in(&mut model, KeyCode::Tab), *screen);
    }
    assert_eq!(type_in(&mut model, KeyCode::BackTab), Screen::Process);
    press(&mut model, "2?", now);
    assert_eq!(type_in(&mut model, KeyCode::Tab), Screen::Holdings);
    press(&mut model, "2", now);
    let tasks = (0..30).map(|id| v1::Task { id, ..Default::default() }).collect();
    model.apply(update(&model, v1::Update { tasks, ..Default::default() }), now);
    for (code, line) in [(KeyCode::PageDown, 10), (KeyCode::PageDown, 20), (KeyCode::PageUp, 10)] {
        type_in(&mut model, code);
        assert_eq!(model.tasks.selected_index(), Some(line));
    }
}

#[test]
fn what_has_cleared_stays_for_ten_seconds_unless_all_of_it_is_asked_for() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    let cleared = |at: u64| {
        let mut group = group("a", at);
        group.cleared = true;
        group.worst.as_mut().expect("one").cleared_ns = Some(at * 1_000_000_000);
        group
    };
    let groups = vec![cleared(1), cleared(8)];
    let said = v1::Update { now_ns: 9_000_000_000, groups, ..Default::default() };
    model.apply(update(&model, said), now);
    assert_eq!(model.leaks.rows().len(), 2);
    // Without another word from the target, to which nothing happens any more.
    let later = now + Duration::from_secs(3);
    model.pass(later);
    assert_eq!(model.leaks.rows().len(), 1);
    press(&mut model, "c", later);
    assert_eq!(model.leaks.rows().len(), 2);
    press(&mut model, "c ", later);
    model.pass(later + Duration::from_secs(60));
    assert_eq!(model.leaks.rows().len(), 1, "a frozen one stays");
}

#[test]
fn what_is_ignored_is_shown_in_place_of_what_is_reported() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    assert!(!model.view().ignored);
    press(&mut model, "i", now);
    assert!(model.view().ignored);
    press(&mut model, "2", now);
    assert!(!model.view().ignored, "tasks are not ignored");
    press(&mut model, "1i", now);
    assert!(!model.view().ignored);
}

#[test]
fn leaks_only_asks_for_leaks_beside_the_filter() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    press(&mut model, "l/a or b\n", now);
    let view = model.view();
    assert_eq!(
        view.filter,
        "(verdict:stuck or verdict:left-behind or verdict:after-cancel) (a or b)"
    );
    assert!(!view.cleared && holdover::Filter::parse(&view.filter).is_ok());
}

#[test]
fn a_row_is_copied_written_and_opened_by_what_the_model_asks_for() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    press(&mut model, "yYeW", now);
    assert!(model.effects.is_empty(), "there is nothing yet");
    assert_eq!(model.said(now), Some("nothing is selected that has this"));
    model.apply(described("a"), now);
    let mut stuck = group("a\u{1b}b", 7);
    let held = v1::Holding { site: "src/db.rs:4:1".into(), ..Default::default() };
    let worst = stuck.worst.as_mut().expect("one");
    worst.holdings = vec![held];
    worst.task.as_mut().expect("one").location = "src/main.rs:3:1".into();
    let left_behind = stuck.clone();
    stuck.set_verdict(v1::Verdict::Stuck);
    stuck.worst.as_mut().expect("one").set_verdict(v1::Verdict::Stuck);
    for (row, site) in [(stuck, "src/main.rs:3:1"), (left_behind, "src/db.rs:4:1")] {
        let groups = vec![row];
        model.apply(update(&model, v1::Update { groups, ..Default::default() }), now);
        press(&mut model, "yYeW", now);
        let effects = std::mem::take(&mut model.effects);
        let [Effect::Copy { text, .. }, Effect::Copy { text: place, .. }, edit, write] =
            effects.as_slice()
        else {
            panic!("{effects:?}")
        };
        assert!(text.contains("a\\eb #7") && place == site, "{text}");
        assert_eq!(*edit, Effect::Edit { site: site.to_owned() });
        let Effect::Write { name, lines } = write else { panic!("{write:?}") };
        assert!(name.starts_with("holdover-leaks-") && lines.len() == 1, "{name}");
    }
    press(&mut model, "?y", now);
    assert!(model.effects.is_empty(), "of the keys nothing is copied");
}

#[test]
fn a_story_is_copied_and_written_whole() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    model.apply(described("a"), now);
    let tasks = vec![v1::Task { id: 7, name: "order".into(), ..Default::default() }];
    press(&mut model, "2", now);
    model.apply(update(&model, v1::Update { tasks: tasks.clone(), ..Default::default() }), now);
    press(&mut model, "\n", now);
    let story = v1::Story {
        task: tasks.first().cloned(),
        events: vec![v1::Event { what: "began".into(), ..Default::default() }],
        holdings: vec![v1::Holding { label: "pg".into(), ..Default::default() }],
        ..Default::default()
    };
    model.apply(update(&model, v1::Update { story: Some(story), ..Default::default() }), now);
    press(&mut model, "yW", now);
    let [Effect::Copy { text, .. }, Effect::Write { name, lines }] = model.effects.as_slice()
    else {
        panic!("{:?}", model.effects)
    };
    assert!(
        text.starts_with("order #7") && text.contains("began") && text.contains("pg"),
        "{text}"
    );
    assert!(name.starts_with("holdover-task-7-"), "{name}");
    let types: Vec<String> = lines
        .iter()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON")["type"].to_string()
        })
        .collect();
    assert_eq!(types, ["\"task\"", "\"event\"", "\"holding\""]);
}

#[test]
fn what_cannot_be_seen_is_asked_for_when_its_page_is_opened() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    press(&mut model, "!", now);
    assert_eq!(std::mem::take(&mut model.effects), [Effect::Describe]);
    press(&mut model, "!", now);
    assert!(model.effects.is_empty(), "it was closed");
}
