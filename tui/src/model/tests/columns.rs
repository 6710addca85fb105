//! What keys do to the layout of a table, and what is to be kept of that.

use super::*;
use crate::columns::{
    Layout, Listing,
    Shown::{AsUsual, Chosen, Hidden},
};

fn typed(model: &mut Model, code: KeyCode, now: Instant) {
    model.press(KeyEvent::new(code, KeyModifiers::NONE), now);
}

/// What was asked to be kept: of which table, and its columns.
fn kept(model: &mut Model) -> Vec<(Listing, Option<String>)> {
    let effects = std::mem::take(&mut model.effects).into_iter();
    let kept = effects.filter_map(|effect| match effect {
        Effect::Keep { listing, layout } => Some((listing, layout.map(|it| it.text()))),
        _ => None,
    });
    kept.collect()
}

fn of_names(listing: Listing, names: &str) -> Layout {
    Layout::of_names(&listing.columns(80), names).expect(names)
}

#[test]
fn each_change_is_kept_and_going_back_to_the_start_is_too() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    press(&mut model, "3", now);
    press(&mut model, "<>-", now);
    assert_eq!(kept(&mut model), [], "no column is marked");
    typed(&mut model, KeyCode::Right, now);
    press(&mut model, "<", now);
    assert_eq!(kept(&mut model), [], "the first has nowhere to go");
    press(&mut model, ">", now);
    let moved = "what kind owner acquired_at age goes".to_owned();
    assert_eq!(kept(&mut model), [(Listing::Holdings, Some(moved))]);
    press(&mut model, "<", now);
    assert_eq!(kept(&mut model), [(Listing::Holdings, None)], "that is how it starts");
    press(&mut model, "-", now);
    let hidden = "-kind what owner acquired_at age goes".to_owned();
    assert_eq!(kept(&mut model), [(Listing::Holdings, Some(hidden))]);
}

#[test]
fn the_start_is_what_is_set_until_something_is_chosen_and_again_after_a_reset() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    model.layouts.start(Listing::Tasks, of_names(Listing::Tasks, "task age"));
    model.layouts.choose(Listing::Events, of_names(Listing::Events, "what ago"));
    press(&mut model, "4", now);
    assert_eq!(model.layout().names(), "what ago");
    press(&mut model, "2", now);
    assert_eq!(model.layout().names(), "task age");
    model.apply(described("a"), now);
    press(&mut model, "+r", now);
    assert_eq!(kept(&mut model), [], "it is as at the start");
    typed(&mut model, KeyCode::End, now);
    press(&mut model, " ", now);
    assert_eq!(model.layout().names(), "task");
    press(&mut model, "r", now);
    assert_eq!(model.layout().names(), "task age");
    assert_eq!(kept(&mut model).last(), Some(&(Listing::Tasks, None)));
}

#[test]
fn while_columns_are_chosen_no_other_key_does_anything() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    press(&mut model, "+", now);
    assert!(model.choosing().is_none() && model.said(now) == Some("there is no list yet"));
    model.apply(described("a"), now);
    press(&mut model, "+", now);
    let before = model.view();
    press(&mut model, "2sgGtlcim/[]yM5K?!f", now);
    typed(&mut model, KeyCode::Tab, now);
    assert!(model.choosing().is_some() && model.edit.is_none() && !model.quit);
    assert_eq!((model.screen(), model.view()), (Screen::Leaks, before));
    for closes in ["\u{1b}", "+", "="] {
        press(&mut model, closes, now);
        assert!(model.choosing().is_none(), "{closes:?}");
        press(&mut model, "+", now);
    }
    press(&mut model, "q", now);
    assert!(model.quit);
    model.quit = false;
    model.press(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL), now);
    assert!(model.quit);
}

#[test]
fn a_column_that_a_table_so_narrow_has_not_is_shown_once_it_is_chosen() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    model.apply(described("a"), now);
    model.drawn(Drawn { width: 80, ..Drawn::default() });
    let spawned_at = |model: &Model| {
        let entry = model.layout().find("SPAWNED AT");
        (entry.map(|it| it.shown), model.columns().iter().any(|it| it.title == "SPAWNED AT"))
    };
    press(&mut model, "2+jjj", now);
    assert_eq!(model.choosing().map(|it| it.title), Some("SPAWNED AT"));
    assert_eq!(spawned_at(&model), (Some(AsUsual), false));
    press(&mut model, " ", now);
    assert_eq!(spawned_at(&model), (Some(Chosen), true));
    press(&mut model, " ", now);
    assert_eq!(spawned_at(&model), (Some(Hidden), false));
    // Where there is room for it, it is as usual again.
    model.drawn(Drawn { width: 120, ..Drawn::default() });
    press(&mut model, " ", now);
    assert_eq!(spawned_at(&model), (Some(AsUsual), true));
}

#[test]
fn rows_start_in_the_order_that_is_set() {
    for (listing, text, keys, expected) in [
        (Listing::Tasks, "polls", "2", "polls"),
        (Listing::Tasks, "-wakes", "2", "-wakes"),
        (Listing::Leaks, "-since", "1", "-since"),
        (Listing::Leaks, "growth", "g", "growth"),
        (Listing::Holdings, "-age", "3S", "age"),
        (Listing::Pools, "label", "3g", "label"),
        (Listing::Process, "-age", "5", "-age"),
        (Listing::Tasks, "", "2", ""),
        (Listing::Tasks, "no_such", "2", ""),
        (Listing::Tree, "age", "1t", ""),
    ] {
        let (mut model, now) = (Model::new("here".into()), Instant::now());
        model.start_sorted(listing, text);
        press(&mut model, keys, now);
        assert_eq!(model.view().sort, expected, "{listing:?} {text}");
    }
}

#[test]
fn a_column_is_marked_in_the_table_that_has_it() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    model.layouts.start(Listing::Leaks, of_names(Listing::Leaks, "since task verdict"));
    let mut marked = Vec::new();
    for _ in 0..4 {
        typed(&mut model, KeyCode::Right, now);
        marked.extend(model.tab().column);
    }
    assert_eq!(marked, ["SINCE", "TASK", "VERDICT", "VERDICT"]);
    press(&mut model, "G", now);
    assert_eq!(model.view().by, "verdict");
    // Groups have columns of their own, and other rows the same again.
    assert_eq!(model.layout().names().split(' ').count(), Listing::Groups.columns(80).len());
    press(&mut model, "g", now);
    assert_eq!(model.layout().names(), "since task verdict");
}

/// Of two targets; the first has answered.
fn of_two(now: Instant) -> Model {
    let mut model = Model::new("here".into()).beside("there".into());
    model.apply(described("a"), now);
    model
}

#[test]
fn whose_a_row_is_is_moved_as_other_columns_are_and_hidden_only_by_choice() {
    let now = Instant::now();
    let mut model = of_two(now);
    press(&mut model, "3", now);
    typed(&mut model, KeyCode::Right, now);
    assert_eq!(model.tab().column, Some("TARGET"));
    press(&mut model, "-", now);
    assert_eq!(kept(&mut model), []);
    assert_eq!(model.said(now), Some("TARGET tells rows apart: + hides it"));
    press(&mut model, ">", now);
    let moved = "kind target what owner acquired_at age goes".to_owned();
    assert_eq!(kept(&mut model), [(Listing::Holdings, Some(moved))]);
    press(&mut model, "+ ", now);
    let hidden = "kind -target what owner acquired_at age goes".to_owned();
    assert_eq!(kept(&mut model), [(Listing::Holdings, Some(hidden))]);
    press(&mut model, "r", now);
    assert_eq!(kept(&mut model), [(Listing::Holdings, None)]);
    assert!(model.layout().names().starts_with("target kind"));
}

#[test]
fn with_one_target_nothing_of_several_is_chosen_and_nothing_is_given_up() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    model.apply(described("a"), now);
    press(&mut model, "3+ ", now);
    let hidden = "-kind what owner acquired_at age goes".to_owned();
    assert_eq!(kept(&mut model), [(Listing::Holdings, Some(hidden))]);
    // What was chosen while there were several is there when there are again.
    let several = Listing::Holdings.columns_of_several(80, 11);
    let chosen = Layout::of_text(&several, "kind target what owner acquired_at -age goes");
    model.layouts.choose(Listing::Holdings, chosen.clone());
    assert_eq!(model.layout().names(), "kind what owner acquired_at goes");
    press(&mut model, " ", now);
    let both = "-kind target what owner acquired_at -age goes".to_owned();
    assert_eq!(kept(&mut model), [(Listing::Holdings, Some(both))]);
    assert_eq!(model.layout().names(), "what owner acquired_at goes");
    let mut model = of_two(now);
    model.layouts.choose(Listing::Holdings, chosen);
    press(&mut model, "3", now);
    assert_eq!(model.layout().names(), "kind target what owner acquired_at goes");
    // Where several are set, but nothing is said of whose they are.
    model.layouts.start(Listing::Tasks, of_names(Listing::Tasks, "id task age"));
    press(&mut model, "2", now);
    assert_eq!(model.layout().names(), "id target task age");
}

/// The orders that are to be kept, since this was asked last.
fn kept_orders(model: &mut Model) -> Vec<(Listing, Option<String>)> {
    let effects = std::mem::take(&mut model.effects).into_iter();
    let orders = effects.filter_map(|effect| match effect {
        Effect::KeepSort { listing, sort } => Some((listing, sort)),
        _ => None,
    });
    orders.collect()
}

#[test]
fn an_order_that_was_chosen_is_kept_and_given_up_with_the_columns() {
    let (mut model, now) = (Model::new("here".into()), Instant::now());
    model.apply(described("a"), now);
    model.start_sorted(Listing::Tasks, "-age");
    press(&mut model, "2", now);
    assert_eq!(kept_orders(&mut model), [], "it starts so");
    press(&mut model, "S", now);
    assert_eq!(kept_orders(&mut model), [(Listing::Tasks, Some("age".into()))]);
    press(&mut model, "S", now);
    assert_eq!(kept_orders(&mut model), [(Listing::Tasks, None)], "as it starts");
    press(&mut model, "s", now);
    assert_eq!(kept_orders(&mut model), [(Listing::Tasks, Some(String::new()))], "their own");
    press(&mut model, "+r", now);
    assert_eq!(kept_orders(&mut model), [(Listing::Tasks, None)]);
    assert_eq!(model.view().sort, "-age");
    // Groups and leaks one by one are in one order; of a mark there is nothing to keep.
    press(&mut model, "+1ggs", now);
    assert_eq!(kept_orders(&mut model), [(Listing::Leaks, Some("verdict".into()))]);
    typed(&mut model, KeyCode::Right, now);
    assert_eq!(kept_orders(&mut model), []);
}

#[test]
fn rows_are_in_the_order_of_an_earlier_run() {
    for (start, chosen, expected) in [
        ("-age", "polls", "polls"),
        ("-age", "", ""),
        ("-age", "no_such", "-age"),
        ("", "age", "age"),
    ] {
        let (mut model, now) = (Model::new("here".into()), Instant::now());
        model.start_sorted(Listing::Tasks, start);
        model.choose_sorted(Listing::Tasks, chosen);
        press(&mut model, "2", now);
        assert_eq!(model.view().sort, expected, "{start} {chosen}");
    }
}
