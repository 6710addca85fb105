//! Several targets in one model.

use proptest::prelude::*;

use super::*;
use crate::control::What;

const ONE: TargetId = TargetId(0);
const TWO: TargetId = TargetId(1);
const S: u64 = 1_000_000_000;

fn two() -> (Model, Instant) {
    let (mut model, now) = (Model::new("one".into()).beside("two".into()), Instant::now());
    for (id, run) in [(ONE, "a"), (TWO, "b")] {
        let target = v1::Target { service: run.into(), pid: 7, run: run.into() };
        let (target, control) =
            (Some(target), Some(v1::Control { allowed: true, ..Default::default() }));
        let described = v1::DescribeResponse { target, control, ..Default::default() };
        model.hear(id, Event::Connected(Box::new(described)), now);
    }
    (model, now)
}

fn tell(model: &mut Model, id: TargetId, update: v1::Update, now: Instant) {
    let Some(view) = model.view_of(id) else { return };
    model.hear(id, Event::Update(Box::new(Answer { view, update })), now);
}

fn tasks(of: &[(u64, u64)], target_now: u64) -> v1::Update {
    let task = |(id, polls): &(u64, u64)| v1::Task {
        id: *id,
        polls: *polls,
        name: format!("task {id}"),
        accuracy: v1::Accuracy::Exact.into(),
        ..Default::default()
    };
    let tasks: Vec<v1::Task> = of.iter().map(task).collect();
    let matched = tasks.len() as u64;
    v1::Update { tasks, now_ns: target_now, matched, all: matched, ..Default::default() }
}

fn listed(model: &Model) -> Vec<(TargetId, u64)> {
    model.tasks.rows().iter().map(|row| (row.target, row.id)).collect()
}

#[test]
fn rows_are_sorted_over_all_targets_and_those_with_the_same_id_are_two() {
    let (mut model, now) = two();
    press(&mut model, "2", now);
    model.tab_mut().sort = None;
    while model.tab().sort.is_none_or(|sort| sort.field.name != "polls") {
        press(&mut model, "s", now);
    }
    tell(&mut model, ONE, tasks(&[(7, 9), (8, 2)], S), now);
    tell(&mut model, TWO, tasks(&[(7, 5), (9, 1)], 900 * S), now);
    assert_eq!(listed(&model), [(ONE, 7), (TWO, 7), (ONE, 8), (TWO, 9)]);
    assert_eq!((model.tasks.matched, model.tasks.all), (4, 4));
    // The selection is that of the one, whatever becomes of the other.
    press(&mut model, "j", now);
    let later = now + Duration::from_secs(5);
    tell(&mut model, TWO, tasks(&[(9, 11), (7, 10)], 905 * S), later);
    assert_eq!(listed(&model), [(TWO, 9), (TWO, 7), (ONE, 7), (ONE, 8)]);
    assert_eq!(model.tasks.selected().map(|row| (row.target, row.id)), Some((TWO, 7)));
    press(&mut model, "\n", later);
    assert_eq!(model.screen(), Screen::Story(TWO, 7));
    assert_eq!(
        model.view_of(TWO).map(|view| (view.kind(), view.task)),
        Some((v1::ViewKind::Story, 7))
    );
    let other = model.view_of(ONE).map(|view| view.kind());
    assert_eq!(other, Some(v1::ViewKind::Tasks), "the other goes on");
}

#[test]
fn a_task_is_cancelled_where_it_lives() {
    let (mut model, now) = two();
    press(&mut model, "2", now);
    tell(&mut model, ONE, tasks(&[(7, 0)], S), now);
    tell(&mut model, TWO, tasks(&[(7, 0)], S), now);
    press(&mut model, "jKy", now);
    let what = What::Task(7);
    assert_eq!(model.effects, [Effect::Cancel { of: TWO, what, reason: String::new() }]);
    let answer = v1::CancelResponse { requested_ns: Some(1), ..Default::default() };
    let cancelled = |answer| Event::Cancelled { what, answer: Ok(answer) };
    model.hear(ONE, cancelled(answer.clone()), now);
    let stage = |model: &Model| model.cancelling().map(|it| it.stage.clone());
    assert_eq!(stage(&model), Some(Stage::Sent), "that was another's answer");
    model.hear(TWO, cancelled(answer), now);
    assert_eq!(stage(&model), Some(Stage::Asked { at: 1 }));
    model.hear(TWO, Event::Lost { why: String::new(), retry_in: Duration::ZERO }, now);
    press(&mut model, "\u{1b}\u{1b}K", now);
    assert_eq!(model.said(now), Some("there is no connection to the target"));
}

#[test]
fn a_token_is_cancelled_where_it_lives_and_only_there_it_is_asked_what_became() {
    let (mut model, now) = two();
    press(&mut model, "2", now);
    tell(&mut model, ONE, tasks(&[(7, 0)], S), now);
    tell(&mut model, TWO, tasks(&[(7, 0)], S), now);
    press(&mut model, "jK", now);
    let wants = |model: &Model, id| {
        model.view_of(id).map(|it| (it.kind(), it.asks, it.requested_ns)).expect("it is shown")
    };
    let other = (v1::ViewKind::Tasks, false, 0);
    assert_eq!(wants(&model, TWO), (v1::ViewKind::Story, true, 0));
    assert_eq!(wants(&model, ONE), other);
    let story = v1::Story { task: tasks(&[(7, 0)], S).tasks.pop(), ..Default::default() };
    let asks = Some(v1::Asked { tasks: 1, ..Default::default() });
    let token = v1::Token { number: 4, asks, ..Default::default() };
    let told = v1::Update { story: Some(story), tokens: vec![token], ..Default::default() };
    tell(&mut model, TWO, told.clone(), now);
    press(&mut model, "try\ny", now);
    let what = What::Token(4);
    assert_eq!(model.effects, [Effect::Cancel { of: TWO, what, reason: "y".into() }]);
    let answer = v1::CancelResponse { requested_ns: Some(S), ..Default::default() };
    let cancelled = || Event::Cancelled { what, answer: Ok(answer.clone()) };
    // That of another has the same number.
    model.hear(ONE, cancelled(), now);
    assert_eq!(wants(&model, TWO), (v1::ViewKind::Story, false, 0));
    model.hear(TWO, cancelled(), now);
    assert_eq!(wants(&model, TWO), (v1::ViewKind::Story, false, S));
    assert_eq!(wants(&model, ONE), other);
    let became = v1::Asked { tasks: 1, ended: 1, slowest_ns: Some(S), ..Default::default() };
    tell(&mut model, TWO, v1::Update { asked: Some(became), ..told }, now);
    let said = "token #4 asked 1 task: it ended 1.0s after that, and left nothing behind";
    assert_eq!(model.said_of_cancelling(now).as_deref(), Some(said));
    // The page of the other's task knows nothing of it.
    model.press(KeyEvent::from(KeyCode::Esc), now);
    model.press(KeyEvent::from(KeyCode::Esc), now);
    press(&mut model, "k\n", now);
    assert_eq!(model.screen(), Screen::Story(ONE, 7));
    assert!(model.tokens.is_empty() && model.asked.is_none());
    assert_eq!(wants(&model, ONE), (v1::ViewKind::Story, false, 0));
}

#[test]
fn another_process_in_its_place_has_none_of_its_tokens() {
    let (mut model, now) = two();
    press(&mut model, "2", now);
    tell(&mut model, TWO, tasks(&[(7, 0)], S), now);
    press(&mut model, "K", now);
    let story = v1::Story { task: tasks(&[(7, 0)], S).tasks.pop(), ..Default::default() };
    let tokens = vec![v1::Token { number: 4, ..Default::default() }];
    tell(&mut model, TWO, v1::Update { story: Some(story), tokens, ..Default::default() }, now);
    assert!(model.cancelling().is_some() && model.tokens.len() == 1);
    let target = Some(v1::Target { run: "c".into(), ..Default::default() });
    let described = v1::DescribeResponse { target, ..Default::default() };
    model.hear(TWO, Event::Connected(Box::new(described)), now);
    assert!(model.cancelling.is_none() && model.tokens.is_empty() && model.story.is_none());
}

#[test]
fn what_is_due_and_how_old_it_is_follows_the_clock_of_its_own_target() {
    let (mut model, now) = two();
    tell(&mut model, ONE, tasks(&[], 5 * S), now);
    tell(&mut model, TWO, tasks(&[], 900 * S), now);
    let later = now + Duration::from_secs(2);
    assert_eq!((model.time_of(ONE, later), model.time_of(TWO, later)), (7 * S, 902 * S));
    model.hear(TWO, Event::Lost { why: String::new(), retry_in: Duration::ZERO }, later);
    let later = now + Duration::from_secs(9);
    assert_eq!((model.time_of(ONE, later), model.time_of(TWO, later)), (14 * S, 902 * S));
    press(&mut model, " ", later);
    let later = now + Duration::from_secs(20);
    assert_eq!((model.time_of(ONE, later), model.time_of(TWO, later)), (14 * S, 902 * S));
}

#[test]
fn stepping_back_shows_each_as_it_was_then() {
    let (mut model, start) = two();
    let at = |second| start + Duration::from_secs(second);
    press(&mut model, "2", start);
    tell(&mut model, ONE, tasks(&[(1, 0)], S), at(2));
    tell(&mut model, TWO, tasks(&[(1, 0)], S), at(4));
    tell(&mut model, ONE, tasks(&[(1, 0), (2, 0)], 5 * S), at(6));
    tell(&mut model, TWO, tasks(&[(1, 0), (3, 0)], 5 * S), at(8));
    let now = at(9);
    press(&mut model, "[", now);
    assert_eq!(listed(&model), [(ONE, 1), (ONE, 2), (TWO, 1)]);
    assert_eq!(model.looks_back(now), Some(Duration::from_secs(3)));
    press(&mut model, "[", now);
    assert_eq!(listed(&model), [(ONE, 1), (TWO, 1)]);
    // That was two seconds after the first had told it.
    assert_eq!((model.time_of(ONE, now), model.time_of(TWO, now)), (3 * S, S));
    press(&mut model, "[", now);
    assert_eq!(listed(&model), [(ONE, 1)], "the second had not answered");
    press(&mut model, "]]", now);
    assert_eq!(listed(&model), [(ONE, 1), (ONE, 2), (TWO, 1)]);
    press(&mut model, " ", now);
    assert_eq!(listed(&model).len(), 4, "and then it goes on");
}

#[test]
fn one_that_restarts_takes_only_its_own_with_it() {
    let (mut model, now) = two();
    press(&mut model, "2", now);
    tell(&mut model, ONE, tasks(&[(1, 0)], S), now);
    tell(&mut model, TWO, tasks(&[(1, 0)], S), now);
    press(&mut model, "\n", now);
    assert_eq!(model.screen(), Screen::Story(ONE, 1));
    model.hear(TWO, described("another"), now);
    assert_eq!(model.screen(), Screen::Story(ONE, 1), "that is of the first");
    press(&mut model, "\u{1b}", now);
    assert_eq!(listed(&model), [(ONE, 1)]);
    assert!(model.lead().says_restarted(now) != model.targets[TWO].says_restarted(now));
    model.hear(ONE, described("another"), now);
    assert_eq!(listed(&model), []);
}

#[test]
fn one_that_is_lost_keeps_its_rows_as_long_as_the_filter_does() {
    let (mut model, now) = two();
    press(&mut model, "2", now);
    tell(&mut model, ONE, tasks(&[(1, 0)], S), now);
    tell(&mut model, TWO, tasks(&[(2, 0)], S), now);
    model.hear(TWO, Event::Lost { why: String::new(), retry_in: Duration::ZERO }, now);
    tell(&mut model, ONE, tasks(&[(1, 0)], S), now);
    assert_eq!(listed(&model), [(ONE, 1), (TWO, 2)]);
    assert!(model.is_answered(), "it is not waited for");
    press(&mut model, "/name:x\n", now);
    tell(&mut model, ONE, tasks(&[], S), now);
    assert_eq!(listed(&model), [], "whether it matches nobody can say");
    press(&mut model, "\u{1b}", now);
    tell(&mut model, ONE, tasks(&[(1, 0)], S), now);
    assert_eq!(listed(&model), [(ONE, 1), (TWO, 2)]);
}

#[test]
fn one_that_is_lost_is_sorted_with_the_others_as_far_as_it_was_told() {
    let (mut model, now) = two();
    press(&mut model, "2", now);
    tell(&mut model, ONE, tasks(&[(1, 5)], S), now);
    tell(&mut model, TWO, tasks(&[(2, 1), (3, 9)], S), now);
    model.hear(TWO, Event::Lost { why: String::new(), retry_in: Duration::ZERO }, now);
    while model.tab().sort.is_none_or(|sort| sort.field.name != "polls") {
        press(&mut model, "s", now);
    }
    tell(&mut model, ONE, tasks(&[(1, 5)], S), now);
    assert_eq!(listed(&model), [(TWO, 3), (ONE, 1), (TWO, 2)]);
}

#[test]
fn a_slow_one_does_not_hold_up_the_other() {
    let (mut model, now) = two();
    press(&mut model, "2", now);
    tell(&mut model, TWO, tasks(&[(5, 0)], S), now);
    assert_eq!(listed(&model), [(TWO, 5)]);
    assert!(!model.is_answered(), "nothing is not said to be all");
    // Somebody has chosen a row by the time that the other comes: it does not move.
    press(&mut model, "j", now);
    let old = tasks(&[(1, 0)], 900 * S);
    tell(&mut model, ONE, old.clone(), now);
    assert_eq!(listed(&model), [(TWO, 5), (ONE, 1)]);
    model.pass(now + Duration::from_secs(2));
    assert_eq!(listed(&model), [(ONE, 1), (TWO, 5)], "the oldest first");
}

#[test]
fn the_cell_of_a_target_filters_by_it() {
    let (mut model, now) = two();
    press(&mut model, "2", now);
    tell(&mut model, ONE, tasks(&[(1, 0)], S), now);
    tell(&mut model, TWO, tasks(&[(2, 0)], S), now);
    press(&mut model, "j", now);
    model.tab_mut().column = Some(crate::columns::TARGET);
    press(&mut model, "f", now);
    assert_eq!(model.filter(), "target:b");
    assert_eq!((model.view_of(ONE), model.shown()), (None, vec![TWO]));
    press(&mut model, "F", now);
    assert_eq!((model.filter(), model.shown()), ("-target:b", vec![ONE]));
    press(&mut model, "\u{1b}", now);
    assert_eq!(model.shown(), [ONE, TWO]);
}

#[test]
fn near_the_end_more_is_asked_for_and_then_it_is_said_that_there_is_no_more() {
    let (mut model, now) = two();
    press(&mut model, "2", now);
    let many = |model: &Model, of: u64| {
        let limit = u64::from(model.view_of(ONE).expect("it is asked").limit);
        let rows: Vec<(u64, u64)> = (1..=of.min(limit)).map(|id| (id, 0)).collect();
        v1::Update { matched: of, all: of, ..tasks(&rows, S) }
    };
    for id in [ONE, TWO] {
        let update = many(&model, 1_000);
        tell(&mut model, id, update, now);
    }
    assert_eq!(model.view_of(TWO).map(|view| view.limit), Some(300));
    model.move_by(200, now);
    assert_eq!(model.view_of(TWO).map(|view| view.limit), Some(300));
    model.select(usize::MAX, now);
    assert_eq!(model.view_of(TWO).map(|view| view.limit), Some(500));
    for id in [ONE, TWO] {
        let update = many(&model, 1_000);
        tell(&mut model, id, update, now);
    }
    assert!(listed(&model).len() >= 500);
    model.select(usize::MAX, now);
    let said = "no more is listed of each target: a filter finds the others";
    assert_eq!(model.said(now), Some(said));
    press(&mut model, "2", now);
    assert_eq!(model.view_of(TWO).map(|view| view.limit), Some(300));
}

#[test]
fn a_branch_is_folded_in_its_own_target() {
    let (mut model, now) = two();
    press(&mut model, "2t", now);
    let branch = |id: u64, depth: u32| v1::Branch {
        task: Some(v1::Task { id, ..Default::default() }),
        depth,
        ..Default::default()
    };
    let tree = || v1::Update { branches: vec![branch(1, 0), branch(2, 1)], ..Default::default() };
    tell(&mut model, ONE, tree(), now);
    tell(&mut model, TWO, tree(), now);
    model.select(2, now);
    model.press(KeyEvent::new(KeyCode::Left, KeyModifiers::NONE), now);
    let folded = |id| model.view_of(id).map(|view| view.folded);
    assert_eq!((folded(ONE), folded(TWO)), (Some(vec![]), Some(vec![1])));
}

#[test]
fn the_lines_of_a_file_say_whose_they_are() {
    let (mut model, now) = two();
    press(&mut model, "2", now);
    tell(&mut model, ONE, tasks(&[(1, 0)], S), now);
    tell(&mut model, TWO, tasks(&[(1, 0)], S), now);
    press(&mut model, "W", now);
    let [Effect::Write { lines, .. }] = model.effects.as_slice() else { panic!("it is written") };
    assert!(lines[0].contains("\"service\":\"a\"") && lines[1].contains("\"service\":\"b\""));
}

proptest! {
    /// Whatever is told in whatever order, the list has each target's rows once, and the
    /// selected one stays selected while it is there.
    #[test]
    fn rows_keep_their_order_and_their_identity(
        steps in prop::collection::vec((0_usize..2, prop::collection::btree_map(1_u64..9, 0_u64..4, 0..6), 0_usize..8), 1..20),
    ) {
        let (mut model, start) = two();
        press(&mut model, "2", start);
        while model.tab().sort.is_none_or(|sort| sort.field.name != "polls") {
            press(&mut model, "s", start);
        }
        let mut told = [Vec::new(), Vec::new()];
        for (at, (of, rows, line)) in steps.into_iter().enumerate() {
            let before = start + Duration::from_secs(10 * at as u64);
            let now = before + Duration::from_secs(5);
            let mut rows: Vec<(u64, u64)> = rows.into_iter().collect();
            rows.sort_by_key(|(id, polls)| (std::cmp::Reverse(*polls), *id));
            model.select(line, before);
            let selected = model.tasks.selected().map(|row| (row.target, row.id));
            tell(&mut model, TargetId(of), tasks(&rows, S), now);
            told[of] = rows;
            let mut all: Vec<(std::cmp::Reverse<u64>, usize, u64)> = told
                .iter()
                .enumerate()
                .flat_map(|(of, rows)| rows.iter().map(move |(id, polls)| (std::cmp::Reverse(*polls), of, *id)))
                .collect();
            all.sort_unstable();
            let all: Vec<(TargetId, u64)> = all.into_iter().map(|(_, of, id)| (TargetId(of), id)).collect();
            prop_assert_eq!(listed(&model), all.clone());
            if let Some(selected) = selected.filter(|it| all.contains(it)) {
                let now_selected = model.tasks.selected().map(|row| (row.target, row.id));
                prop_assert_eq!(now_selected, Some(selected));
            }
        }
    }
}
