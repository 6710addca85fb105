//! The whole text of a cell for which its column is too narrow.

use super::*;

const LONG: &str = "reconcile payments of the north-western region with the ledger of last year";

fn with_tasks() -> (Model, Instant) {
    let (mut model, now) = attached();
    press(&mut model, now, "2");
    let hostile = v1::Task { location: "src/\u{1b}[2J/\u{202e}.rs:7:1".into(), ..task("b", 8) };
    let tasks = vec![task(LONG, 7), hostile];
    update(&mut model, now, v1::Update { tasks, matched: 2, all: 2, ..Default::default() });
    (model, now)
}

fn shown(model: &Model, now: Instant, size: (u16, u16)) -> String {
    draw(model, theme(), now, size).backend().to_string()
}

#[test]
fn a_wide_value_is_shortened_in_the_middle_and_shown_whole_on_demand() {
    let (mut model, now) = with_tasks();
    let before = shown(&model, now, (80, 24));
    assert!(before.contains("reconcile … last year") && !before.contains(LONG), "{before}");
    press(&mut model, now, "v");
    let whole = draw_and_tell(&mut model, now, (80, 24));
    insta::assert_snapshot!(whole.backend());
    find(whole.backend().buffer(), "── TASK ──");
    find(whole.backend().buffer(), LONG);
    // In as many lines as it takes.
    let narrow = shown(&model, now, (60, 15));
    assert!(narrow.contains("reconcile payments of the") && narrow.contains("year"), "{narrow}");
    assert!(shown(&model, now, (200, 50)).contains(LONG));
}

#[test]
fn it_is_that_of_the_marked_column_and_of_the_selected_row() {
    let (mut model, now) = with_tasks();
    press(&mut model, now, "v");
    draw_and_tell(&mut model, now, (80, 24));
    for _ in 0..3 {
        model.press(KeyEvent::new(KeyCode::Right, KeyModifiers::NONE), now);
    }
    let text = shown(&model, now, (80, 24));
    assert!(text.contains("── STATE ──") && !text.contains(LONG), "{text}");
    let mut layout = model.layout();
    layout.show("SPAWNED AT", crate::columns::Shown::Chosen);
    model.layouts.choose(crate::columns::Listing::Tasks, layout);
    model.press(KeyEvent::new(KeyCode::Right, KeyModifiers::NONE), now);
    press(&mut model, now, "j");
    let text = shown(&model, now, (80, 24));
    assert!(text.contains("── SPAWNED AT ──") && !text.contains(['\u{1b}', '\u{202e}']), "{text}");
    assert!(text.contains("  src/\\e[2J/"), "{text}");
    model.press(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE), now);
    assert!(!shown(&model, now, (80, 24)).contains("── SPAWNED AT"), "Escape closes it");
}

#[test]
fn every_list_shows_its_cells_whole() {
    let (mut model, now) = with_leaks();
    press(&mut model, now, "vj");
    find(draw(&model, theme(), now, (80, 24)).backend().buffer(), "── TASK ──");
    for key in ["3", "3g", "5", "1t", "1gg"] {
        press(&mut model, now, key);
        // Without a row there is no cell.
        update(&mut model, now, v1::Update::default());
        let text = shown(&model, now, (80, 24));
        assert!(model.whole().is_some() && !text.contains("── TASK ──"), "{text}");
    }
    press(&mut model, now, "t4");
    let event =
        v1::Event { kind: v1::EventKind::Acquired.into(), what: LONG.into(), ..Default::default() };
    update(&mut model, now, v1::Update { events: vec![event], ..Default::default() });
    let text = shown(&model, now, (80, 24));
    assert!(text.contains("── WHAT ──") && text.contains(&format!("  {LONG} ")), "{text}");
    press(&mut model, now, "?v");
    assert!(model.said(now).is_some_and(|it| it.starts_with("only lists have cells")));
}
