use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::*;
use crate::config::{From, Setting};

fn known() -> Known {
    let value = "loc:src/ or name:me".to_owned();
    let saved: Named = [("mine".to_owned(), Setting { value, from: From::Default })].into();
    let history = History::of_lines("verdict:stuck\nsince>1s\n");
    Known { saved: Arc::new(saved), history: Arc::new(history), ..Known::default() }
}

fn edit(text: &str) -> Edit {
    Edit::new(text, known())
}

fn type_in(edit: &mut Edit, text: &str) {
    for character in text.chars() {
        edit.press(KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE));
    }
}

fn press(edit: &mut Edit, code: KeyCode) -> Edited {
    edit.press(KeyEvent::new(code, KeyModifiers::NONE))
}

fn with(edit: &mut Edit, modifiers: KeyModifiers, character: char) {
    edit.press(KeyEvent::new(KeyCode::Char(character), modifiers));
}

#[test]
fn text_is_edited_by_grapheme() {
    let mut edit = edit("");
    type_in(&mut edit, "订单e\u{301}x");
    assert_eq!((edit.line.text.as_str(), edit.line.cursor), ("订单e\u{301}x", 4));
    press(&mut edit, KeyCode::Left);
    press(&mut edit, KeyCode::Backspace);
    assert_eq!(edit.line.text, "订单x");
    press(&mut edit, KeyCode::Home);
    press(&mut edit, KeyCode::Delete);
    assert_eq!((edit.line.text.as_str(), edit.line.cursor), ("单x", 0));
    press(&mut edit, KeyCode::Backspace);
    press(&mut edit, KeyCode::End);
    press(&mut edit, KeyCode::Delete);
    press(&mut edit, KeyCode::Right);
    assert_eq!((edit.line.text.as_str(), edit.line.cursor), ("单x", 2));
}

#[test]
fn a_filter_with_an_error_is_not_kept() {
    let mut edit = edit("since>1s");
    type_in(&mut edit, " verdict:x");
    assert_eq!(edit.error().expect("no such verdict").column, 18);
    assert_eq!(press(&mut edit, KeyCode::Enter), Edited::Goes);
    assert_eq!(press(&mut edit, KeyCode::Esc), Edited::GivenUp);
    assert_eq!(edit.before(), "since>1s");
    let mut good = Edit::new("since>1s", Known::default());
    assert_eq!(press(&mut good, KeyCode::Enter), Edited::Kept);
}

#[test]
fn words_are_moved_over_and_removed_as_in_a_shell() {
    let mut edit = edit("verdict:left-behind since>5s");
    with(&mut edit, KeyModifiers::CONTROL, 'w');
    assert_eq!(edit.line.text, "verdict:left-behind ");
    with(&mut edit, KeyModifiers::ALT, 'b');
    assert_eq!(edit.line.cursor, "verdict:left-".len());
    with(&mut edit, KeyModifiers::ALT, 'b');
    with(&mut edit, KeyModifiers::ALT, 'f');
    assert_eq!(edit.line.cursor, "verdict:left".len());
    with(&mut edit, KeyModifiers::CONTROL, 'k');
    assert_eq!(edit.line.text, "verdict:left");
    with(&mut edit, KeyModifiers::CONTROL, 'a');
    assert_eq!(edit.line.cursor, 0);
    with(&mut edit, KeyModifiers::ALT, 'd');
    assert_eq!(edit.line.text, ":left");
    with(&mut edit, KeyModifiers::CONTROL, 'e');
    assert_eq!(edit.line.cursor, 5);
    with(&mut edit, KeyModifiers::CONTROL, 'u');
    assert_eq!((edit.line.text.as_str(), edit.line.cursor), ("", 0));
    with(&mut edit, KeyModifiers::ALT, 'x');
    assert_eq!(edit.line.text, "", "that is no letter");
}

#[test]
fn earlier_filters_come_back_and_what_was_typed_waits() {
    let mut edit = edit("");
    type_in(&mut edit, "work");
    let turn = |edit: &mut Edit, code| {
        press(edit, code);
        edit.line.text.clone()
    };
    assert_eq!(turn(&mut edit, KeyCode::Up), "since>1s");
    assert_eq!(turn(&mut edit, KeyCode::Up), "verdict:stuck");
    assert_eq!(turn(&mut edit, KeyCode::Up), "verdict:stuck");
    assert_eq!(turn(&mut edit, KeyCode::Down), "since>1s");
    assert_eq!(turn(&mut edit, KeyCode::Down), "work");
    assert_eq!(turn(&mut edit, KeyCode::Down), "work");
    let mut the_last = Edit::new("since>1s", known());
    assert_eq!(turn(&mut the_last, KeyCode::Up), "verdict:stuck", "it stands there already");
}

#[test]
fn tab_completes_what_is_common_and_then_turns_over() {
    let mut edit = edit("");
    type_in(&mut edit, "verd");
    press(&mut edit, KeyCode::Tab);
    assert_eq!((edit.line.text.as_str(), edit.line.cursor), ("verdict:", 8));
    press(&mut edit, KeyCode::Tab);
    let offered = edit.offered.clone().expect("the verdicts");
    assert_eq!((offered.texts.len(), offered.chosen), (6, None));
    press(&mut edit, KeyCode::Tab);
    assert_eq!(edit.line.text, "verdict:stuck");
    press(&mut edit, KeyCode::Tab);
    assert_eq!(edit.line.text, "verdict:left-behind");
    press(&mut edit, KeyCode::BackTab);
    press(&mut edit, KeyCode::BackTab);
    assert_eq!(edit.line.text, "verdict:lost-waker");
    type_in(&mut edit, " ");
    assert_eq!(edit.offered, None);
}

#[test]
fn a_saved_filter_is_completed_expanded_and_in_force() {
    let mut edit = edit("");
    type_in(&mut edit, "@mi");
    assert!(edit.error().expect("none is called so").message.contains("there are @mine"));
    press(&mut edit, KeyCode::Tab);
    assert_eq!((edit.line.text.as_str(), edit.whole()), ("@mine", "(loc:src/ or name:me)"));
    press(&mut edit, KeyCode::Tab);
    assert_eq!(edit.line.text, "(loc:src/ or name:me)");
    type_in(&mut edit, " since>");
    assert_eq!(edit.whole(), "(loc:src/ or name:me) since", "the last that parsed");
}

/// Any key that a terminal may send.
fn key() -> impl Strategy<Value = KeyEvent> {
    let characters = prop_oneof![
        any::<char>(),
        prop::sample::select(
            "@mine verdict:stuck()\"\\-~<>= abefkuwhdpn".chars().collect::<Vec<_>>()
        ),
        prop::sample::select(vec![
            '\u{301}',
            '\u{200d}',
            '\u{1f1e9}',
            '\u{1f469}',
            '\u{fe0f}',
            '\r',
            '\n'
        ]),
    ];
    let codes = prop_oneof![
        4 => characters.prop_map(KeyCode::Char),
        3 => prop::sample::select(vec![
            KeyCode::Backspace, KeyCode::Delete, KeyCode::Left, KeyCode::Right, KeyCode::Home,
            KeyCode::End, KeyCode::Up, KeyCode::Down, KeyCode::Tab, KeyCode::BackTab,
            KeyCode::Enter, KeyCode::Insert,
        ]),
    ];
    let modifiers = prop::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::ALT,
        KeyModifiers::CONTROL,
    ]);
    (codes, modifiers).prop_map(|(code, modifiers)| KeyEvent::new(code, modifiers))
}

proptest! {
    #[test]
    fn whatever_is_typed_the_cursor_stands_between_graphemes(
        text in "\\PC{0,20}",
        keys in prop::collection::vec(key(), 0..80),
    ) {
        let mut edit = Edit::new(&text, known());
        for key in keys {
            edit.press(key);
            let graphemes: Vec<&str> = edit.line.text.graphemes(true).collect();
            prop_assert!(edit.line.cursor <= graphemes.len());
            let before: usize = graphemes[..edit.line.cursor].iter().map(|it| it.len()).sum();
            prop_assert_eq!(edit.line.byte(edit.line.cursor), before);
            prop_assert!(Whose::parse(edit.whole()).is_ok() || edit.whole() == text);
            if let Some(error) = edit.error() {
                prop_assert!(error.column >= 1 && error.column <= edit.line.text.chars().count() + 1);
            }
        }
    }
}
