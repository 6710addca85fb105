//! Columns that were moved, hidden or chosen: in the table, and where they are chosen.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::*;
use crate::columns::{Layout, Listing};

/// The leaks, with these columns from the start.
fn with_columns(names: &str) -> (Model, Instant) {
    let (mut model, now) = with_leaks();
    let layout = Layout::of_names(&Listing::Leaks.columns(80), names).expect(names);
    model.layouts.start(Listing::Leaks, layout);
    (model, now)
}

/// Draws it, and says where its columns are; gives the line of the titles.
fn titles(model: &mut Model, now: Instant, size: (u16, u16)) -> String {
    let text = draw_and_tell(model, now, size).backend().to_string();
    let is_titles = |line: &&str| line.contains("TASK");
    text.lines().find(is_titles).unwrap_or_else(|| panic!("no titles in {text}")).to_owned()
}

fn stand_in_order(line: &str, titles: &[&str]) {
    let places: Vec<_> = titles.iter().map(|title| line.find(title)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{titles:?}: {line}");
}

fn key(model: &mut Model, now: Instant, code: KeyCode) {
    model.press(KeyEvent::new(code, KeyModifiers::NONE), now);
}

fn click(model: &mut Model, now: Instant, (column, row): (u16, u16)) {
    let kind = MouseEventKind::Down(MouseButton::Left);
    model.point(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }, now);
}

#[test]
fn columns_in_another_order_120x40_and_80x24() {
    let (mut model, now) = with_columns("since n task verdict goes cancelled_by");
    press(&mut model, now, "j");
    let order = ["SINCE", "N", "TASK", "VERDICT", "GOES", "CANCELLED BY"];
    stand_in_order(&titles(&mut model, now, (120, 40)), &order);
    let wide = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(wide.backend());
    let buffer = wide.backend().buffer();
    // The letter goes where its verdict does, and the row is one from side to side.
    assert_eq!(buffer[find(buffer, "S stuck")].bg, Color::Red);
    let (_, y) = find(buffer, "▸");
    assert!((0..120).all(|x| buffer[(x, y)].modifier.contains(Modifier::REVERSED)));
    stand_in_order(&titles(&mut model, now, (80, 24)), &order);
    insta::assert_snapshot!(draw(&model, theme(), now, (80, 24)).backend());
}

#[test]
fn what_is_chosen_is_there_also_in_80_columns_and_what_does_not_fit_is_said() {
    let (mut model, now) = with_columns("verdict n task acquired_at cancelled_by since goes");
    let narrow = draw(&model, theme(), now, (80, 24));
    insta::assert_snapshot!(narrow.backend());
    find(narrow.backend().buffer(), "ACQUIRED AT");
    find(narrow.backend().buffer(), "CANCELLED BY");
    assert!(!titles(&mut model, now, (80, 24)).contains('+'));
    let (mut model, now) =
        with_columns("verdict n task holds acquired_at cancelled_by latency life since goes");
    let narrow = draw(&model, theme(), now, (80, 24));
    find(narrow.backend().buffer(), "+3 columns  by site");
    let titles_of = |text: &str| {
        ["ACQUIRED AT", "CANCELLED BY", "LATENCY", "LIFE", "GOES"].map(|it| text.contains(it))
    };
    // What stands last goes first.
    let line = titles(&mut model, now, (80, 24));
    assert_eq!(titles_of(&line), [true, true, true, false, false], "{line}");
    let wide = draw(&model, theme(), now, (160, 40)).backend().to_string();
    assert!(!wide.contains("+3 columns") && titles_of(&wide) == [true; 5], "{wide}");
}

#[test]
fn keys_move_and_hide_the_marked_column() {
    let (mut model, now) = with_leaks();
    let size = (120, 40);
    stand_in_order(&titles(&mut model, now, size), &["VERDICT", "N", "TASK", "HOLDS", "CANCELLED"]);
    press(&mut model, now, ">");
    assert_eq!(model.said(now), Some("Left and Right mark a column; + lists all"));
    key(&mut model, now, KeyCode::Left);
    press(&mut model, now, "<<");
    stand_in_order(&titles(&mut model, now, size), &["HOLDS", "GOES", "CANCELLED BY", "SINCE"]);
    assert_eq!(model.tab().column, Some("GOES"), "it is marked where it goes");
    press(&mut model, now, "-");
    assert_eq!(model.said(now), Some("GOES is hidden; + lists all columns"));
    let text = draw_and_tell(&mut model, now, size).backend().to_string();
    assert!(!text.replace("GOES is hidden", "").contains("GOES"), "{text}");
    assert_eq!(model.tab().column, Some("CANCELLED BY"));
    press(&mut model, now, ">>>");
    key(&mut model, now, KeyCode::Left);
    assert_eq!(model.tab().column, Some("SINCE"), "the last has nowhere to go");
    for _ in 0..2 {
        key(&mut model, now, KeyCode::Left);
    }
    press(&mut model, now, "-");
    assert_eq!(model.said(now), Some("TASK stays: it names the rows"));
    assert_eq!(model.tab().column, Some("TASK"));
}

#[test]
fn what_keys_and_the_mouse_do_to_columns_goes_by_those_that_are_shown() {
    let (mut model, now) = with_columns("cancelled_by task holds since goes");
    titles(&mut model, now, (120, 40));
    // Sorts by each that can be, in the order in which they stand.
    let mut sorts = Vec::new();
    for _ in 0..4 {
        press(&mut model, now, "s");
        sorts.push(model.view().sort);
    }
    assert_eq!(sorts, ["cause", "name", "holds", "-since"]);
    key(&mut model, now, KeyCode::Right);
    assert_eq!(model.tab().column, Some("CANCELLED BY"));
    press(&mut model, now, "f");
    assert!(model.view().filter.starts_with("cause:token"), "{}", model.view().filter);
    model.press(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE), now);
    let drawn = draw_and_tell(&mut model, now, (120, 40));
    click(&mut model, now, find(drawn.backend().buffer(), "SINCE"));
    assert_eq!(model.view().sort, "since", "the other way round");
    press(&mut model, now, "G");
    assert_eq!(model.view().by, "cause");
    // What is copied and written has everything, whatever is shown.
    press(&mut model, now, "gg");
    let (all, few) = (with_leaks(), (model, now));
    let lines = |(model, now): &(Model, Instant)| crate::export::lines(model, *now);
    let text = |(model, now): &(Model, Instant)| crate::export::text(model, *now);
    assert!(lines(&all).is_some() && text(&all).is_some());
    assert_eq!((lines(&all), text(&all)), (lines(&few), text(&few)));
}

#[test]
fn the_columns_are_chosen_beneath_the_table_120x40_and_80x24() {
    let (mut model, now) = with_leaks();
    draw_and_tell(&mut model, now, (80, 24));
    press(&mut model, now, "+jjj ");
    let narrow = draw_and_tell(&mut model, now, (80, 24));
    insta::assert_snapshot!(narrow.backend());
    let text = narrow.backend().to_string();
    for said in [
        "Columns of leaks",
        "[x] TASK            stays: it names the rows",
        "[ ] HOLDS           hidden",
        "[ ] ACQUIRED AT     from 160 columns on",
        "[ ] CANCELLED BY    from 120 columns on",
        "[x] GOES",
        "␣ show, hide",
        "r reset",
    ] {
        assert!(text.contains(said), "no {said:?} in {text}");
    }
    assert!(!text.contains("connection pg"), "what they hold is hidden, at once");
    find(narrow.backend().buffer(), "A after-cancel");
    // It is shown in tables so narrow once it is chosen, and is back where it was.
    press(&mut model, now, " jj ");
    let text = draw_and_tell(&mut model, now, (80, 24)).backend().to_string();
    assert!(text.contains("[x] HOLDS") && text.contains("[x] CANCELLED BY"), "{text}");
    press(&mut model, now, "<<<");
    let line = titles(&mut model, now, (80, 24));
    stand_in_order(&line, &["VERDICT", "N", "CANCELLED", "TASK", "HOLDS"]);
    insta::assert_snapshot!(draw(&model, theme(), now, (120, 40)).backend());
    press(&mut model, now, "k ");
    assert_eq!(model.said(now), None);
    press(&mut model, now, "jj ");
    assert_eq!(model.said(now), Some("TASK stays: it names the rows"));
    press(&mut model, now, "r+");
    assert!(model.choosing().is_none());
    let line = titles(&mut model, now, (80, 24));
    assert!(!line.contains("CANCELLED"), "as at the start: {line}");
}

#[test]
fn a_click_on_a_tab_leads_there_and_leaves_the_columns() {
    let (mut model, now) = with_leaks();
    press(&mut model, now, "+");
    let drawn = draw_and_tell(&mut model, now, (80, 24));
    let (column, row) = find(drawn.backend().buffer(), "2 Tasks");
    click(&mut model, now, (column, row));
    assert_eq!((model.screen(), model.choosing()), (crate::model::Screen::Tasks, None));
    press(&mut model, now, "1");
    assert_eq!(model.choosing(), None, "they were left");
}

#[test]
fn a_page_of_columns_is_scrolled_where_there_is_little_room() {
    let (mut model, now) = with_leaks();
    press(&mut model, now, "+");
    let mut seen = String::new();
    for _ in 0..11 {
        let drawn = draw(&model, theme(), now, (60, 15));
        let text = drawn.backend().to_string();
        let title = model.choosing().expect("it is open").title;
        assert!(
            text.contains(&format!("▸ [x] {title}")) || text.contains(&format!("▸ [ ] {title}"))
        );
        assert!(text.contains("S stuck"), "the table is in sight: {text}");
        seen.push_str(&text);
        press(&mut model, now, "j");
    }
    assert!(Listing::Leaks.columns(60).iter().all(|it| seen.contains(it.title)));
}

#[test]
fn each_table_has_columns_of_its_own_also_a_tree() {
    let (mut model, now) = with_leaks();
    press(&mut model, now, "2");
    update(&mut model, now, v1::Update { tasks: vec![task("a", 7)], ..Default::default() });
    key(&mut model, now, KeyCode::Right);
    press(&mut model, now, ">>");
    assert_eq!(model.layout().names().split(' ').next(), Some("task"));
    press(&mut model, now, "1");
    assert_eq!(model.layout().names().split(' ').next(), Some("verdict"));
    press(&mut model, now, "t>");
    assert_eq!(model.said(now), Some("Left and Right fold a tree: + lists its columns"));
    press(&mut model, now, "+ ");
    assert_eq!(model.layout().names(), "task state spawned_at holds age");
    press(&mut model, now, "+?+");
    assert!(model.said(now).is_some_and(|it| it.starts_with("only lists have columns")));
}
