//! Each tab has its own filter, order and column; and its modes.

use super::*;
use crate::columns::Listing;

fn type_key(model: &mut Model, code: KeyCode, now: Instant) {
    model.press(KeyEvent::new(code, KeyModifiers::NONE), now);
}

fn task(id: u64, name: &str) -> v1::Task {
    v1::Task { id, name: name.into(), location: "src/http.rs:58:9".into(), ..Default::default() }
}

#[test]
fn each_tab_has_its_own_filter_and_escape_clears_it() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    press(&mut model, "/verdict:stuck\n2", now);
    assert_eq!(model.view().filter, "");
    press(&mut model, "/state:idle\n", now);
    assert_eq!(model.view().filter, "state:idle");
    press(&mut model, "1", now);
    assert_eq!(model.view().filter, "verdict:stuck");
    press(&mut model, "?\u{1b}", now);
    assert_eq!(model.view().filter, "verdict:stuck", "the page was left, not the filter");
    press(&mut model, "\u{1b}", now);
    assert_eq!(model.view().filter, "");
    press(&mut model, "2", now);
    assert_eq!(model.view().filter, "state:idle");
}

#[test]
fn what_is_ignored_is_left_before_a_filter_is() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    press(&mut model, "/name:a\ni", now);
    assert!(model.view().ignored);
    press(&mut model, "\u{1b}", now);
    assert_eq!((model.view().ignored, model.view().filter.as_str()), (false, "name:a"));
}

#[test]
fn a_story_has_no_filter_to_type_in() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    press(&mut model, "2", now);
    let told = v1::Update { tasks: vec![task(7, "a")], ..Default::default() };
    model.apply(update(&model, told), now);
    press(&mut model, "\n", now);
    assert_eq!(model.screen(), Screen::Story(TargetId::default(), 7));
    press(&mut model, "/q", now);
    assert!(model.quit && model.edit.is_none());
}

#[test]
fn rows_are_sorted_by_each_column_in_turn_and_reversed() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    press(&mut model, "2", now);
    assert_eq!(model.view().sort, "");
    press(&mut model, "S", now);
    assert_eq!(model.view().sort, "", "there is nothing to reverse");
    let mut seen = Vec::new();
    loop {
        press(&mut model, "s", now);
        let sort = model.view().sort;
        if sort.is_empty() {
            break;
        }
        seen.push(sort);
    }
    assert_eq!(
        seen,
        ["-id", "name", "state", "loc", "-holdings", "-polls", "-busy", "-age"],
        "of numbers the largest come first"
    );
    press(&mut model, "sS", now);
    assert_eq!(model.view().sort, "id");
    press(&mut model, "1", now);
    assert_eq!(model.view().sort, "", "each tab has its own order");
}

#[test]
fn every_column_is_sorted_by_a_field_that_there_is() {
    for listing in Listing::ALL {
        for field in listing.columns(80).iter().filter_map(|it| it.field) {
            // How many rows a group has is no row's field.
            let is_groups = matches!(field.name, "count" | "growth");
            let is_field = holdover::FIELDS.iter().any(|it| it.name == field.name);
            let is_sites = listing == Listing::Sites && crate::args::is_of_groups(field.name);
            assert!(is_groups || is_sites || is_field, "{}", field.name);
        }
    }
}

#[test]
fn the_cell_under_the_cursor_filters() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    press(&mut model, "2", now);
    let told = v1::Update { tasks: vec![task(7, "a \"b\"")], ..Default::default() };
    model.apply(update(&model, told.clone()), now);
    press(&mut model, "f", now);
    assert_eq!(model.view().filter, "name:\"a \\\"b\\\"\"", "without a cursor: the task");
    press(&mut model, "\u{1b}", now);
    type_key(&mut model, KeyCode::Right, now);
    assert_eq!(model.tab().column, Some("ID"));
    press(&mut model, "f", now);
    assert_eq!(model.view().filter, "id:7");
    for _ in 0..3 {
        type_key(&mut model, KeyCode::Right, now);
    }
    press(&mut model, "F", now);
    assert_eq!(model.view().filter, "id:7 -loc:\"src/http.rs:58:9\"");
    type_key(&mut model, KeyCode::Right, now);
    press(&mut model, "f", now);
    assert_eq!(model.tab().column, Some("HOLDS"), "of which there is no filter");
    assert_eq!(model.view().filter, "id:7 -loc:\"src/http.rs:58:9\"");
    type_key(&mut model, KeyCode::Left, now);
    assert_eq!(model.tab().column, Some("SPAWNED AT"));
    assert!(holdover::Filter::parse(&model.view().filter).is_ok());
}

#[test]
fn leaks_are_shown_by_site_or_one_by_one() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    press(&mut model, "g", now);
    assert_eq!(model.view().kind(), v1::ViewKind::Leaks);
    let leak = |id| v1::Leak { task: Some(task(id, "a")), verdict: 2, ..Default::default() };
    let told = v1::Update { leaks: vec![leak(7), leak(8)], matched: 2, ..Default::default() };
    model.apply(update(&model, told), now);
    assert_eq!(model.leaks.rows().len(), 2);
    press(&mut model, "j\n", now);
    assert_eq!(model.screen(), Screen::Story(TargetId::default(), 8));
    press(&mut model, "\u{1b}g", now);
    assert_eq!(model.view().kind(), v1::ViewKind::LeakGroups);
}

#[test]
fn holdings_and_pools_open_the_story_of_who_has_them() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    press(&mut model, "3", now);
    assert_eq!(model.view().kind(), v1::ViewKind::Holdings);
    let row = |id, owner| v1::HeldRow {
        holding: Some(v1::Holding { id, ..Default::default() }),
        owner: Some(v1::TaskRef { id: owner, ..Default::default() }),
        ..Default::default()
    };
    let told = v1::Update { holdings: vec![row(1, 7), row(2, 0)], ..Default::default() };
    model.apply(update(&model, told), now);
    press(&mut model, "\n", now);
    assert_eq!(model.screen(), Screen::Story(TargetId::default(), 7));
    press(&mut model, "\u{1b}j\n", now);
    assert_eq!(model.screen(), Screen::Holdings, "nobody has no story");
    press(&mut model, "g", now);
    assert_eq!(model.view().kind(), v1::ViewKind::Pools);
    let out = v1::PooledConnection { held: Some(row(3, 9)), ..Default::default() };
    let pool = v1::Pool { number: 4, connections: vec![out], ..Default::default() };
    model.apply(update(&model, v1::Update { pools: vec![pool], ..Default::default() }), now);
    press(&mut model, "\n", now);
    assert_eq!(model.screen(), Screen::Holdings, "a pool is no task");
    press(&mut model, "j\n", now);
    assert_eq!(model.screen(), Screen::Story(TargetId::default(), 9));
}

#[test]
fn a_key_that_does_nothing_on_a_screen_says_so() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    let mut told = |keys: &str| {
        model.notice = None;
        press(&mut model, keys, now);
        model.said(now).map(str::to_owned)
    };
    assert_eq!(told("4g").as_deref(), Some("these rows are in no groups"));
    assert_eq!(told("4s").as_deref(), Some("these rows have one order only"));
    assert_eq!(told("2s"), None);
    assert_eq!(told("2f").as_deref(), Some("nothing is selected"));
    let held = v1::Task { holdings: 2, ..task(7, "") };
    let tasks = vec![v1::Task { location: String::new(), ..held }];
    model.apply(update(&model, v1::Update { tasks, ..Default::default() }), now);
    press(&mut model, "f", now);
    assert_eq!(model.view().filter, "");
    assert!(model.said(now).is_some_and(|it| it.starts_with("no filter finds")));
}

#[test]
fn which_leaks_are_listed_changes_only_where_they_are() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    let before = model.view();
    for keys in ["2l", "3c", "4i", "1?i"] {
        press(&mut model, keys, now);
        assert_eq!(model.said(now), Some("this key is about leaks: 1 leads there"), "{keys}");
    }
    press(&mut model, "1", now);
    assert_eq!((model.view(), model.all_cleared), (before.clone(), false));
    press(&mut model, "lc", now);
    assert_ne!((model.view(), model.all_cleared), (before, false));
}

#[test]
fn where_there_is_no_row_or_no_order_a_key_says_so() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    model.apply(described("a"), now);
    model.apply(update(&model, v1::Update::default()), now);
    for key in ["\n", "f", "F"] {
        press(&mut model, key, now);
        assert_eq!(model.said(now), Some("nothing is selected"), "{key:?}");
        press(&mut model, "l", now);
        model.apply(update(&model, v1::Update::default()), now);
    }
    press(&mut model, "S", now);
    assert_eq!(model.said(now), Some("these rows are in their own order: s sorts them"));
    press(&mut model, "sS", now);
    assert_eq!(model.said(now), None);
}
