//! The filter's line while it is typed.

use std::sync::Arc;

use super::*;
use crate::{
    config::{From, Setting},
    model::Known,
};

fn typing(keys: &str) -> (Model, Instant) {
    let (mut model, now) = attached();
    let value = "holds:lock".to_owned();
    let saved = [("locks".to_owned(), Setting { value, from: From::Default })].into();
    model.known = Known { saved: Arc::new(saved), ..Known::default() };
    press(&mut model, now, "/");
    press_all(&mut model, now, keys);
    update(&mut model, now, v1::Update { matched: 3, all: 14, ..Default::default() });
    (model, now)
}

/// As `press`, and a tab is Tab.
fn press_all(model: &mut Model, now: Instant, keys: &str) {
    for key in keys.chars() {
        let code = if key == '\t' { KeyCode::Tab } else { KeyCode::Char(key) };
        model.press(KeyEvent::new(code, KeyModifiers::NONE), now);
    }
}

/// The lines of the screen that the filter has, and where the cursor stands in the first.
fn lines(keys: &str, columns: u16) -> (Vec<String>, u16) {
    let (model, now) = typing(keys);
    let mut terminal = draw(&model, theme(), now, (columns, 24));
    let cursor = terminal.get_cursor_position().expect("it is shown");
    let buffer = terminal.backend().buffer();
    let line = |y| (0..columns).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    let lines = [cursor.y, cursor.y + 1].map(|y| line(y).trim_end().to_owned());
    (lines.to_vec(), cursor.x)
}

#[test]
fn how_many_match_is_said_while_it_is_typed() {
    let (shown, cursor) = lines("since>1s", 80);
    assert!(shown[0].starts_with(" / since>1s  ") && shown[0].ends_with(" 3 of 20"), "{shown:?}");
    assert!(shown[1].starts_with("   Tab completes"), "{shown:?}");
    assert_eq!(cursor, 11);
}

#[test]
fn what_can_stand_there_is_offered() {
    let (shown, _) = lines("verdict:\t", 80);
    assert_eq!(shown[1], "   stuck  left-behind  after-cancel  orphaned  overdue  lost-waker");
    let (shown, cursor) = lines("verdict:\t\t\t", 80);
    assert!(shown[0].starts_with(" / verdict:left-behind "), "{shown:?}");
    assert_eq!(cursor, 22);
    let (shown, _) = lines("@\t", 80);
    assert!(shown[0].starts_with(" / @locks "), "{shown:?}");
    let (shown, _) = lines("\t", 60);
    assert!(shown[1].starts_with("   verdict:  accuracy:  since>") && shown[1].ends_with('…'));
}

#[test]
fn of_a_filter_that_is_too_long_the_end_is_seen_where_the_cursor_is() {
    let long = format!("{}verdict:stuck", "name:worker ".repeat(12));
    let (shown, cursor) = lines(&long, 80);
    assert!(shown[0].starts_with(" / …") && shown[0].contains("verdict:stuck"), "{shown:?}");
    assert!(shown[0].ends_with(" 3 of 20"), "{shown:?}");
    assert!(cursor < 72, "{cursor}");
    let wrong = format!("{}verdict:stack", "name:worker ".repeat(12));
    let (shown, _) = lines(&wrong, 80);
    assert!(shown[1].contains('^') && shown[1].contains("`verdict` is one of"), "{shown:?}");
    let at = shown[0].find("stack").map(|at| shown[0][..at].chars().count());
    assert_eq!(shown[1].find('^').map(|at| shown[1][..at].chars().count()), at);
}

#[test]
fn a_name_that_is_not_saved_is_marked_where_it_stands() {
    let (shown, _) = lines("since>1s @nothing", 80);
    assert!(shown[1].starts_with("            ^ there is no saved filter `@nothing`"), "{shown:?}");
}
