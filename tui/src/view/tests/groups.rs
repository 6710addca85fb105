//! Leaks in groups that are named by what their members share, and how they have grown.

use super::*;

fn of(verdict: v1::Verdict, count: u32, by: [&str; 3], counts: &[u32]) -> v1::LeakGroup {
    let held = held(v1::HoldingKind::Connection, "pg", v1::Phase::Before, None);
    let group = group(verdict, count, task("GET /orders/{id}", 7342), held);
    v1::LeakGroup { by: by.map(Into::into).into(), counts: counts.into(), ..group }
}

fn grouped() -> Vec<v1::LeakGroup> {
    let mut cleared = of(v1::Verdict::AfterCancel, 3, ["src/a.rs:1:1", "abort", "timer"], &[]);
    cleared.cleared = true;
    cleared.cleared_last_ns = Some(NOW - S);
    let grows = [1, 2, 2, 4, 5, 7, 9, 10, 12, 14];
    vec![
        of(v1::Verdict::Stuck, 1, ["src/ingest.rs:9:5", "token", ""], &[1, 1, 1]),
        of(v1::Verdict::LeftBehind, 14, ["src/http.rs:58:9", "dropped", "connection"], &grows),
        of(v1::Verdict::LeftBehind, 2, ["src/http.rs:58:9", "timeout", "timer"], &[4, 2]),
        of(v1::Verdict::Overdue, 2, ["", "", "lock"], &[2]),
        cleared,
    ]
}

fn by_cause() -> (Model, Instant) {
    let (mut model, now) = with_leaks();
    press(&mut model, now, "gg");
    assert_eq!(model.view().by, "loc,cause,holds");
    let groups = grouped();
    update(&mut model, now, v1::Update { groups, matched: 22, all: 22, ..Default::default() });
    press(&mut model, now, "j");
    (model, now)
}

#[test]
fn groups_say_what_they_share_and_how_they_grow_120x40_and_80x24() {
    let (model, now) = by_cause();
    let wide = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(wide.backend());
    let buffer = wide.backend().buffer();
    find(buffer, "src/http.rs:58:9 · dropped · connection");
    find(buffer, "src/ingest.rs:9:5 · token · no holds");
    find(buffer, "+1 a minute for 9 min: 1 ▁▂▂▃▃▄▅▆▇█ 14");
    // The selected row has one style.
    assert_eq!(buffer[find(buffer, "-2")].fg, Color::Green);
    let narrow = draw(&model, theme(), now, (80, 24));
    insta::assert_snapshot!(narrow.backend());
    find(narrow.backend().buffer(), "http.rs:58 · dropped · connection");
    let small = draw(&model, theme(), now, (60, 20));
    find(small.backend().buffer(), "http.rs:58 · dropped ");
    let text = small.backend().to_string();
    assert!(text.contains("cause\"\n") || text.contains("cause \"\n"), "{text}");
}

#[test]
fn what_a_group_shares_is_a_filter_and_another_key_groups_by_a_column() {
    let (mut model, now) = by_cause();
    press(&mut model, now, "f");
    assert_eq!(model.view().filter, "loc:\"src/http.rs:58:9\" cause:dropped holds:connection");
    press(&mut model, now, "g");
    assert_eq!((model.view().kind(), model.view().by), (v1::ViewKind::LeakGroups, String::new()));
    press(&mut model, now, "G");
    assert!(model.said(now).is_some_and(|said| said.starts_with("Left and Right mark")));
    model.press(KeyEvent::new(KeyCode::Right, KeyModifiers::NONE), now);
    press(&mut model, now, "G");
    assert_eq!(model.view().by, "verdict");
    press(&mut model, now, "g");
    assert_eq!(model.view().by, "");
}

#[test]
fn groups_are_sorted_by_what_they_alone_have() {
    let (mut model, now) = by_cause();
    let mut sorts = Vec::new();
    for _ in 0..5 {
        press(&mut model, now, "s");
        sorts.push(model.view().sort);
    }
    assert_eq!(sorts, ["verdict", "-count", "-growth", "-since", "goes"]);
}

/// Three tasks of one bug, of which this one is the worst.
fn numbered(worst: u64) -> v1::LeakGroup {
    let label = format!("pg {worst}");
    let held = held(v1::HoldingKind::Connection, &label, v1::Phase::Before, None);
    let mut group = group(v1::Verdict::LeftBehind, 3, task(&format!("job-{worst}"), worst), held);
    if let Some(worst) = &mut group.worst {
        (worst.alike_name, worst.alike_label) = ("job-*".to_owned(), "pg *".to_owned());
    }
    v1::LeakGroup { names: 3, labels: 3, ..group }
}

#[test]
fn tasks_whose_names_differ_in_numbers_are_called_as_all_of_them_are() {
    let (mut model, now) = attached();
    let told = |model: &mut Model, worst| {
        let other = group(
            v1::Verdict::LeftBehind,
            1,
            task("accept", 5),
            held(v1::HoldingKind::Timer, "sleep", v1::Phase::Before, None),
        );
        let mut groups = vec![numbered(worst), other];
        if worst == 8 {
            groups.reverse();
        }
        update(model, now, v1::Update { groups, matched: 4, all: 4, ..Default::default() });
    };
    told(&mut model, 7);
    let drawn = draw(&model, theme(), now, (120, 40));
    let buffer = drawn.backend().buffer();
    find(buffer, "left-behind · 3 tasks · job-*");
    find(buffer, "worst: 3 × job-*, cancelled by abort main.rs:30, each keeps connection pg *");
    // Of the worst it is told what it holds.
    find(buffer, "connection pg 7 ");
    told(&mut model, 8);
    assert_eq!(model.leaks.selected().expect("one").count, 3, "though another is the worst");
    let key = |model: &mut Model, code| model.press(KeyEvent::new(code, KeyModifiers::NONE), now);
    for (column, filter) in [(3, "name:job-"), (1, "holds:connection label:pg")] {
        (0..column).for_each(|_| key(&mut model, KeyCode::Right));
        press(&mut model, now, "f");
        assert_eq!(model.view().filter, filter);
        key(&mut model, KeyCode::Esc);
    }
}
