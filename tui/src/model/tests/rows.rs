//! How rows move, how they are counted, and what the mouse does to them.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::*;

fn names(model: &Model) -> Vec<&str> {
    let name = |row: &'_ LeakRow| -> Option<u64> { row.tasks.first().copied() };
    let named = |id: Option<u64>| match id {
        Some(7) => "a",
        Some(8) => "b",
        _ => "c",
    };
    model.leaks.rows().iter().map(|row| named(name(row))).collect()
}

fn told(model: &mut Model, names: &[(&str, u64)], now: Instant) {
    let groups = names.iter().map(|(name, id)| group(name, *id)).collect();
    model.apply(update(model, v1::Update { groups, ..Default::default() }), now);
}

#[test]
fn rows_do_not_move_within_a_second_of_a_key_nor_more_than_once_a_second() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    let after = |ms: u64| now + Duration::from_millis(ms);
    told(&mut model, &[("a", 7), ("b", 8)], now);
    told(&mut model, &[("b", 8), ("a", 7)], after(500));
    assert_eq!(names(&model), ["a", "b"], "they moved half a second ago");
    model.pass(after(900));
    assert_eq!(names(&model), ["a", "b"]);
    model.pass(after(1_100));
    assert_eq!(names(&model), ["b", "a"]);
    press(&mut model, "j", after(2_000));
    told(&mut model, &[("c", 9), ("a", 7), ("b", 8)], after(2_900));
    assert_eq!(names(&model), ["b", "a", "c"], "a key was pressed");
    model.pass(after(3_000));
    assert_eq!(names(&model), ["c", "a", "b"]);
    assert_eq!(model.leaks.selected().map(|row| row.tasks.clone()), Some(vec![7]));
}

#[test]
fn what_has_cleared_never_stands_above_what_is_live() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    let after = |ms: u64| now + Duration::from_millis(ms);
    let cleared = v1::LeakGroup { cleared: true, ..group("b", 8) };
    let of = |groups: Vec<v1::LeakGroup>| v1::Update { groups, ..Default::default() };
    model.apply(update(&model, of(vec![group("a", 7), cleared.clone()])), now);
    press(&mut model, "j", after(100));
    let new = vec![group("c", 9), group("a", 7), cleared.clone()];
    model.apply(update(&model, of(new)), after(200));
    assert_eq!(names(&model), ["a", "c", "b"], "live rows stay, and the new one is live");
    assert_eq!(model.leaks.selected().map(|row| row.tasks.clone()), Some(vec![8]));
    // Whatever order is told.
    let told = vec![cleared, group("c", 9), group("a", 7)];
    model.apply(update(&model, of(told)), after(300));
    model.pass(after(2_000));
    assert_eq!(names(&model), ["c", "a", "b"]);
}

#[test]
fn what_has_cleared_is_not_among_those_that_match() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    let mut cleared = group("b", 8);
    (cleared.cleared, cleared.count) = (true, 5);
    let groups = vec![group("a", 7), cleared];
    let totals = Some(v1::Totals { leaks: 3, cleared: 4, ..Default::default() });
    let said = v1::Update { groups, totals, matched: 6, all: 40, ..Default::default() };
    model.apply(update(&model, said.clone()), now);
    assert_eq!((model.counted_leaks(), model.cleared_since()), ((1, 3), 0));
    let totals = Some(v1::Totals { leaks: 3, cleared: 6, ..Default::default() });
    model.apply(update(&model, v1::Update { totals, ..said }), now);
    assert_eq!(model.cleared_since(), 2);
}

fn mouse(model: &mut Model, kind: MouseEventKind, at: (u16, u16), now: Instant) {
    let (column, row) = at;
    model.point(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }, now);
}

const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

/// A model with two leaks, drawn with its titles in line 4.
fn drawn() -> (Model, Instant) {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    told(&mut model, &[("a", 7), ("b", 8)], now);
    let area = Rect { x: 0, y: 5, width: 80, height: 10 };
    let rows =
        Rows { area, first: 0, count: 2, columns: vec![(2, 14, "VERDICT"), (60, 6, "SINCE")] };
    let tabs = vec![
        (Rect { x: 1, y: 2, width: 8, height: 1 }, Screen::Leaks),
        (Rect { x: 9, y: 2, width: 8, height: 1 }, Screen::Tasks),
    ];
    model.drawn(Drawn { tabs, rows: Some(rows), page: None, width: 80 });
    (model, now)
}

#[test]
fn a_click_selects_and_a_second_one_opens() {
    let (mut model, now) = drawn();
    mouse(&mut model, CLICK, (30, 5), now);
    assert_eq!(model.screen(), Screen::Leaks, "the first row was selected, but not by a click");
    mouse(&mut model, CLICK, (30, 6), now);
    assert_eq!(model.leaks.selected_index(), Some(1));
    mouse(&mut model, CLICK, (30, 9), now);
    assert_eq!(model.screen(), Screen::Leaks, "there is no row");
    mouse(&mut model, CLICK, (30, 6), now);
    assert_eq!(model.screen(), Screen::Story(TargetId::default(), 8));
}

#[test]
fn a_click_on_a_title_sorts_and_on_a_tab_goes_there() {
    let (mut model, now) = drawn();
    mouse(&mut model, CLICK, (61, 4), now);
    assert_eq!(model.view().sort, "-since");
    mouse(&mut model, CLICK, (61, 4), now);
    assert_eq!(model.view().sort, "since");
    mouse(&mut model, CLICK, (10, 2), now);
    assert_eq!(model.screen(), Screen::Tasks);
}

#[test]
fn the_wheel_scrolls_and_nothing_else_of_the_mouse_does_anything() {
    let (mut model, now) = drawn();
    let ids: Vec<(String, u64)> = (10..90).map(|id| (id.to_string(), id)).collect();
    let rows: Vec<(&str, u64)> = ids.iter().map(|(name, id)| (name.as_str(), *id)).collect();
    told(&mut model, &rows, now + Duration::from_secs(5));
    mouse(&mut model, MouseEventKind::ScrollDown, (0, 0), now);
    assert_eq!((model.leaks.first(10), model.leaks.selected_index()), (3, Some(3)));
    mouse(&mut model, MouseEventKind::ScrollUp, (0, 0), now);
    assert_eq!((model.leaks.first(10), model.leaks.selected_index()), (0, Some(3)));
    for kind in [MouseEventKind::Moved, MouseEventKind::Down(MouseButton::Right)] {
        mouse(&mut model, kind, (10, 2), now);
        assert_eq!(model.screen(), Screen::Leaks);
    }
}

#[test]
fn a_new_task_does_not_come_below_those_that_have_ended() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    let task = |id: u64| {
        // Those from 100 on have ended.
        v1::Task { id, ended_ns: (id >= 100).then_some(id), ..Default::default() }
    };
    let tell = |model: &mut Model, ids: &[u64]| {
        let tasks = ids.iter().map(|id| task(*id)).collect();
        model.apply(update(model, v1::Update { tasks, ..Default::default() }), now);
        model.tasks.rows().iter().map(|it| it.id).collect::<Vec<_>>()
    };
    press(&mut model, "2", now);
    assert_eq!(tell(&mut model, &[1, 2, 100, 101]), [1, 2, 100, 101]);
    press(&mut model, "j", now);
    assert_eq!(tell(&mut model, &[3, 1, 2, 102, 101, 100]), [1, 2, 3, 100, 101, 102]);
    // The one that has ended among those that go on does not move.
    let mut tasks: Vec<_> = [1, 2, 3, 4, 100].map(task).into();
    tasks[0].ended_ns = Some(7);
    model.apply(update(&model, v1::Update { tasks, ..Default::default() }), now);
    let rows = model.tasks.rows().iter().map(|it| it.id);
    assert_eq!(rows.collect::<Vec<_>>(), [1, 2, 3, 4, 100]);
}
