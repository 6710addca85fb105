//! The tree: each task beneath the one that spawned it.

use super::*;

struct Grown<'a> {
    name: &'a str,
    id: u64,
    depth: u32,
    goes_on: bool,
    lines: u64,
}

fn branch(Grown { name, id, depth, goes_on, lines }: Grown<'_>) -> v1::Branch {
    let mut task = task(name, id);
    task.state = v1::TaskState::Idle.into();
    (task.outcome, task.ended_ns, task.cancel) = (v1::Outcome::Unspecified.into(), None, None);
    v1::Branch { task: Some(task), depth, goes_on, lines, matched: true, ..Default::default() }
}

fn grown() -> Vec<v1::Branch> {
    let at = |name, id, depth, goes_on, lines| branch(Grown { name, id, depth, goes_on, lines });
    let cancelled = v1::Branch {
        task: Some(task("GET /orders/{id}", 7342)),
        cancelled: true,
        verdicts: vec![v1::Verdict::LeftBehind.into(), v1::Verdict::AfterCancel.into()],
        ..at("", 0, 1, true, 0b10)
    };
    vec![
        v1::Branch { matched: false, ..at("main", 1, 0, true, 0b1) },
        v1::Branch { matched: false, ..at("accept", 12, 1, true, 0b11) },
        cancelled,
        v1::Branch {
            below_cancelled: true,
            verdicts: vec![v1::Verdict::Orphaned.into()],
            ..at("audit", 7350, 2, true, 0b110)
        },
        v1::Branch { below_cancelled: true, ..at("flush", 7352, 3, false, 0b110) },
        v1::Branch { below_cancelled: true, ..at("notify", 7351, 2, false, 0b10) },
        v1::Branch { hidden: 1_204, ..at("workers", 20, 1, false, 0) },
        at("订单处理", 30, 0, false, 0),
    ]
}

fn with_a_tree(screen: char) -> (Model, Instant) {
    let (mut model, now) = with_leaks();
    press(&mut model, now, &format!("{screen}t"));
    let branches = grown();
    update(&mut model, now, v1::Update { branches, matched: 6, all: 9, ..Default::default() });
    (model, now)
}

fn selected(model: &Model) -> Option<u64> {
    model.branches.selected()?.task.as_ref().map(|task| task.id)
}

fn key(model: &mut Model, now: Instant, code: KeyCode) {
    model.press(KeyEvent::new(code, KeyModifiers::NONE), now);
}

#[test]
fn each_task_stands_beneath_the_one_that_spawned_it_120x40_and_80x24() {
    let (model, now) = with_a_tree('1');
    let wide = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(wide.backend());
    let buffer = wide.backend().buffer();
    assert_eq!(buffer[find(buffer, "× GET /orders")].fg, Color::Red);
    assert_eq!(buffer[find(buffer, "idle, below ×")].fg, Color::Yellow);
    assert_eq!(buffer[find(buffer, "left-behind +1")].fg, Color::Reset);
    assert!(buffer[find(buffer, "accept #12")].modifier.contains(Modifier::DIM));
    find(buffer, "│ ├─audit #7350");
    find(buffer, "│ │ └─flush #7352");
    find(buffer, "[+1 204] workers #20");
    let narrow = draw(&model, theme(), now, (80, 24));
    insta::assert_snapshot!(narrow.backend());
    find(narrow.backend().buffer(), "│ ├─audit #7350");
}

#[test]
fn the_tree_is_of_ascii_where_that_is_asked_for() {
    let (mut model, now) = with_a_tree('2');
    let branches = grown().into_iter().take(6).collect();
    update(&mut model, now, v1::Update { branches, matched: 6, all: 9, ..Default::default() });
    let drawn = draw(&model, Theme::new(Look::Ascii, false), now, (120, 40));
    let buffer = drawn.backend().buffer();
    assert!(buffer.content().iter().all(|cell| cell.symbol().is_ascii()));
    find(buffer, "| |-audit #7350");
    find(buffer, "| | `-flush #7352");
}

#[test]
fn a_branch_is_folded_at_the_target_and_stays_selected() {
    let (mut model, now) = with_a_tree('2');
    assert!(model.view().tree && model.view().sort.is_empty());
    for _ in 0..4 {
        press(&mut model, now, "j");
    }
    assert_eq!(selected(&model), Some(7352));
    // Nothing is beneath it: the one above, and that one folds.
    key(&mut model, now, KeyCode::Left);
    assert_eq!((selected(&model), model.view().folded), (Some(7350), vec![]));
    key(&mut model, now, KeyCode::Left);
    assert_eq!(model.view().folded, [7350]);
    let branches: Vec<v1::Branch> = grown().into_iter().filter(|it| it.depth != 3).collect();
    update(&mut model, now, v1::Update { branches, ..Default::default() });
    assert_eq!(selected(&model), Some(7350));
    // A folded one is left towards what is above it, too.
    key(&mut model, now, KeyCode::Left);
    assert_eq!(selected(&model), Some(7342));
    key(&mut model, now, KeyCode::Right);
    assert_eq!(selected(&model), Some(7350));
    key(&mut model, now, KeyCode::Right);
    assert_eq!((selected(&model), model.view().folded), (Some(7350), vec![]));
}

#[test]
fn the_selection_follows_the_task_and_it_can_be_opened() {
    let (mut model, now) = with_a_tree('2');
    press(&mut model, now, "jj");
    assert_eq!(selected(&model), Some(7342));
    let mut branches = grown();
    branches.insert(1, branch(Grown { name: "new", id: 5, depth: 1, goes_on: true, lines: 0b10 }));
    update(&mut model, now, v1::Update { branches, ..Default::default() });
    assert_eq!(selected(&model), Some(7342));
    press(&mut model, now, "\n");
    assert_eq!(model.view().task, 7342);
}

#[test]
fn each_tab_is_a_tree_by_itself_and_where_none_can_be_that_is_said() {
    let (mut model, now) = with_a_tree('3');
    assert_eq!(model.view().kind(), v1::ViewKind::Holdings);
    assert!(model.view().tree);
    press(&mut model, now, "2");
    assert!(!model.view().tree);
    press(&mut model, now, "4t");
    assert!(!model.view().tree);
    assert_eq!(model.said(now), Some("a tree is of leaks, tasks or holdings"));
    press(&mut model, now, "3t");
    assert!(!model.view().tree);
}

#[test]
fn of_what_nobody_owns_there_is_no_tree_and_that_is_said() {
    let (mut model, now) = with_leaks();
    press(&mut model, now, "t");
    update(&mut model, now, v1::Update { matched: 1, all: 1, ..Default::default() });
    for size in [(120, 40), (80, 24)] {
        let text = draw(&model, theme(), now, size).backend().to_string();
        assert!(text.contains("tree 0 of 1; t all"), "{text}");
        assert!(text.contains("What is listed here is of no task"), "{text}");
    }
}
