//! Source beneath what it is about, and what is said of what was done.

use super::*;
use crate::source::Preview;

fn with_source() -> (Model, Instant) {
    let (mut model, now) = attached();
    let groups = groups();
    let all = groups.len() as u64;
    update(&mut model, now, v1::Update { groups, matched: all, all, ..Default::default() });
    for (site, line) in [("src/db.rs:41:22", 41), ("src/http.rs:58:9", 58)] {
        let lines = [
            "async fn order(state: &State) {".to_owned(),
            "    let conn = state.pool\u{1b}[2J.acquire().await?;".to_owned(),
            "    work(conn).await".to_owned(),
        ];
        let preview = Preview { first: line - 1, line, lines: lines.to_vec() };
        model.previews.read(site.to_owned(), Some(preview));
    }
    (model, now)
}

fn shown(model: &Model, now: Instant, size: (u16, u16)) -> String {
    draw(model, theme(), now, size).backend().to_string()
}

#[test]
fn the_line_stands_beneath_the_place_that_it_is() {
    let (mut model, now) = with_source();
    let text = shown(&model, now, (120, 40));
    assert!(text.contains("  http.rs:58 │ let conn = state.pool\\e[2J.acquire"), "{text}");
    press(&mut model, now, "j");
    let text = shown(&model, now, (120, 40));
    assert!(
        text.contains("          41 │ let conn = state.pool\\e[2J.acquire().await?;"),
        "{text}"
    );
    let text = shown(&model, now, (80, 24));
    assert!(!text.contains("let conn"), "there is no room: {text}");
}

#[test]
fn what_was_done_is_said_in_place_of_the_keys_for_a_while() {
    let (mut model, now) = with_source();
    model.say("wrote 3 lines to a\u{1b}b", now);
    let text = shown(&model, now, (80, 24));
    assert!(text.contains(" wrote 3 lines to a\\eb ") && !text.contains("? keys"), "{text}");
    let text = shown(&model, now + Duration::from_secs(7), (80, 24));
    assert!(text.contains("? keys") && !text.contains("wrote"), "{text}");
}
