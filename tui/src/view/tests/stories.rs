//! A story: its rows, and where they lead.

use super::*;

/// One that has more events than a small screen has lines, and a holding through a child.
fn told() -> (Model, Instant) {
    let (mut model, now) = with_a_story();
    let mut story = model.story.clone().expect("a story");
    let named = |id, name: &str| v1::TaskRef { id, name: name.into(), ..Default::default() };
    if let Some(task) = &mut story.task {
        task.ancestors = vec![named(12, "accept")];
    }
    let at = |seq: u64| NOW - 254 * S + (seq - 1) * MS;
    let mut events = vec![event(1, v1::EventKind::Spawned, at(1), "")];
    let acquired = |seq| event(seq, v1::EventKind::Acquired, at(seq), &format!("lock {seq}"));
    events.extend((2..40).map(acquired));
    events.push(event(40, v1::EventKind::CancelRequested, at(40), "abort, by main"));
    events.push(event(41, v1::EventKind::Ended, at(41), ""));
    story.events = events;
    let through = held(v1::HoldingKind::Timer, "sleep", v1::Phase::Before, None);
    let via = Some(named(7350, "audit"));
    story.holdings = vec![v1::Holding { id: 9, direct: false, via, ..through }];
    story.children = vec![named(7350, "audit")];
    update(&mut model, now, v1::Update { story: Some(story), ..Default::default() });
    (model, now)
}

fn key(model: &mut Model, now: Instant, code: KeyCode) {
    model.press(KeyEvent::new(code, KeyModifiers::NONE), now);
}

fn text(model: &Model, now: Instant) -> String {
    draw(model, theme(), now, (80, 24)).backend().to_string()
}

/// The line of the selected row.
fn selected(model: &Model, now: Instant) -> String {
    let text = text(model, now);
    text.lines().find(|line| line.contains('▸')).expect("a selected row").to_owned()
}

#[test]
fn a_story_scrolls_to_what_is_selected_120x40_and_80x24() {
    let (mut model, now) = told();
    assert!(text(&model, now).contains("earlier lines"), "at first it shows the end");
    key(&mut model, now, KeyCode::Home);
    assert!(selected(&model, now).contains("spawned"));
    let first = text(&model, now);
    assert!(first.contains("later lines") && !first.contains("earlier lines"), "{first}");
    for _ in 0..19 {
        press(&mut model, now, "j");
    }
    let wide = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(wide.backend());
    let buffer = wide.backend().buffer();
    assert!(buffer[find(buffer, "lock 20")].modifier.contains(Modifier::REVERSED));
    insta::assert_snapshot!(draw(&model, theme(), now, (80, 24)).backend());
    let middle = text(&model, now);
    assert!(middle.contains("later lines") && middle.contains("earlier lines"), "{middle}");
    key(&mut model, now, KeyCode::End);
    assert!(selected(&model, now).contains("timer sleep"), "what it holds is a row too");
}

#[test]
fn every_row_can_be_reached_and_is_seen_when_it_is() {
    let (mut model, now) = told();
    key(&mut model, now, KeyCode::Home);
    for seq in 2..40 {
        press(&mut model, now, "j");
        let marked = selected(&model, now);
        assert!(marked.contains(&format!("lock {seq} ")), "{marked}");
    }
}

#[test]
fn rows_lead_to_who_spawned_it_who_cancelled_it_and_who_holds() {
    for (code, expected) in [(KeyCode::Home, 12), (KeyCode::End, 7350)] {
        let (mut model, now) = told();
        key(&mut model, now, code);
        press(&mut model, now, "\n");
        assert_eq!(model.view().task, expected);
        assert!(model.story.is_none(), "what is known of the other is not shown as its own");
        key(&mut model, now, KeyCode::Esc);
        assert_eq!(model.view().task, 7342);
    }
    let (mut model, now) = told();
    press(&mut model, now, "kkk\n");
    assert_eq!(model.view().task, 3, "the canceller");
    let (mut model, now) = told();
    press(&mut model, now, "kk\n");
    assert_eq!(model.said(now), Some("this leads to no other task"));
}

#[test]
fn the_lineage_is_followed_up_and_down() {
    let (mut model, now) = told();
    key(&mut model, now, KeyCode::Left);
    assert_eq!(model.view().task, 12);
    let (mut model, now) = told();
    key(&mut model, now, KeyCode::Right);
    assert_eq!(model.view().task, 7350);
}

#[test]
fn a_page_over_a_story_leaves_it_where_it_is() {
    let (mut model, now) = told();
    key(&mut model, now, KeyCode::Home);
    press(&mut model, now, "?");
    key(&mut model, now, KeyCode::Esc);
    assert!(selected(&model, now).contains("spawned"));
}

#[test]
fn the_life_line_names_the_moment_at_which_it_ends() {
    let (model, now) = with_a_story();
    let drawn = draw(&model, theme(), now, (120, 40));
    let buffer = drawn.backend().buffer();
    let (_, y) = find(buffer, "spawned    ");
    for moment in ["requested", "delivered", "ended", "due"] {
        let line: String = (0..120).map(|x| buffer[(x, y)].symbol()).collect();
        assert!(line.contains(moment), "{moment} in {line}");
    }
}

#[test]
fn moments_that_have_no_room_beside_each_other_do_not_touch() {
    let (mut model, now) = with_a_story();
    let mut story = model.story.clone().expect("a story");
    let cancel = story.task.as_mut().and_then(|task| task.cancel.as_mut()).expect("it was");
    // "drop 2us" is shorter than "delivered".
    cancel.drop_began_ns = cancel.ended_ns.map(|at| at - 2_000);
    update(&mut model, now, v1::Update { story: Some(story), ..Default::default() });
    for columns in 60..140 {
        let drawn = draw(&model, theme(), now, (columns, 40));
        let buffer = drawn.backend().buffer();
        let (_, y) = find(buffer, "spawned    ");
        let line: String = (0..columns).map(|x| buffer[(x, y)].symbol()).collect();
        let known = ["spawned", "requested", "delivered", "drop begins", "ended", "now", "due"];
        let rest = known.iter().fold(line.clone(), |line, word| line.replace(word, "\u{1}"));
        assert!(!rest.contains("\u{1}\u{1}"), "{columns}: {line}");
    }
}

#[test]
fn a_key_of_lists_says_that_it_does_nothing_in_a_story() {
    for key in "gGtsS/fF<>-".chars() {
        let (mut model, now) = told();
        press(&mut model, now, &key.to_string());
        let said = Some("this key does nothing in a story: 1 to 5 lead to lists");
        assert_eq!(model.said(now), said, "{key}");
    }
}

#[test]
fn that_it_was_cancelled_and_that_it_ended_is_seen_at_any_size_and_wherever_it_scrolls() {
    for size in [(120, 40), (80, 24), (80, 20), (60, 15)] {
        let (mut model, now) = told();
        let mut story = model.story.clone().expect("a story");
        let last = story.events.len() as u64;
        let later = |seq| event(last + seq, v1::EventKind::Released, NOW - S, "lock");
        story.events.extend((1..20).map(later));
        update(&mut model, now, v1::Update { story: Some(story), ..Default::default() });
        for code in [KeyCode::Null, KeyCode::Home] {
            key(&mut model, now, code);
            let text = draw(&model, theme(), now, size).backend().to_string();
            assert!(text.contains("CANCEL REQUESTED"), "{size:?} {text}");
            assert!(size.1 < 20 || text.contains("  ended    "), "{size:?} {text}");
        }
    }
}
