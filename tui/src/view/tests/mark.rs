//! A moment that is marked, and what changed since.

use super::*;
use crate::{
    model::{Effect, Screen},
    print::{diff, every::Every},
};

fn shown(model: &Model, now: Instant, size: (u16, u16)) -> String {
    draw(model, theme(), now, size).backend().to_string()
}

fn leak(id: u64, label: &str) -> v1::Leak {
    v1::Leak {
        verdict: v1::Verdict::LeftBehind.into(),
        given_ns: id,
        since_ns: NOW - 9 * S,
        task: Some(task("create_order", id)),
        holdings: vec![held(v1::HoldingKind::Connection, label, v1::Phase::Before, None)],
        ..Default::default()
    }
}

fn every(leaks: Vec<v1::Leak>, now_ns: u64) -> Every {
    let totals = Some(v1::Totals::default());
    Every { leaks, last: v1::Update { now_ns, totals, ..Default::default() } }
}

fn told(model: &mut Model, now: Instant, told: Result<Every, String>) {
    assert_eq!(std::mem::take(&mut model.effects), [Effect::Leaks { of: TargetId::default() }]);
    model.apply(Event::Leaks(told.map(Box::new)), now);
}

fn answered() -> (Model, Instant) {
    let (mut model, now) = attached();
    update(&mut model, now, v1::Update::default());
    (model, now)
}

#[test]
fn what_changed_since_the_mark_is_what_diff_prints() {
    let (mut model, now) = answered();
    let before = every(vec![leak(1, "pg"), leak(2, "redis")], NOW - 60 * S);
    let after = every(vec![leak(1, "pg"), leak(3, "pg"), leak(4, "p\u{1b}g")], NOW);
    press(&mut model, now, "M");
    told(&mut model, now, Ok(before.clone()));
    assert!(shown(&model, now, (120, 40)).contains("marked, with 2 leaks; M shows what changes"));
    press(&mut model, now, "M");
    assert_eq!(model.screen(), Screen::Since);
    told(&mut model, now, Ok(after.clone()));
    for (name, size) in [("since_120x40", (120, 40)), ("since_80x24", (80, 24))] {
        let text = shown(&model, now, size);
        assert!(text.contains("in 1m00s: 2 new, 1 gone, 1 stay"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        insta::assert_snapshot!(name, text);
    }
    let printed = diff::in_text(&before, &after);
    assert_eq!(model.since_the_mark(), printed);

    press(&mut model, now, "M");
    assert_eq!(model.screen(), Screen::Leaks, "there it marks anew");
    told(&mut model, now, Ok(after.clone()));
    press(&mut model, now, "M");
    told(&mut model, now, Ok(after));
    assert!(shown(&model, now, (120, 40)).contains("in 0ns: 0 new, 0 gone, 3 stay"));
    model.press(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE), now);
    assert_eq!(model.screen(), Screen::Leaks);
}

#[test]
fn warnings_are_not_counted_as_leaks() {
    let (mut model, now) = answered();
    let mut overdue = leak(2, "redis");
    overdue.verdict = v1::Verdict::Overdue.into();
    press(&mut model, now, "M");
    told(&mut model, now, Ok(every(vec![leak(1, "pg"), overdue.clone()], NOW)));
    assert!(shown(&model, now, (80, 24)).contains("marked, with 1 leak and 1 warning;"));
    assert_eq!(every(vec![overdue], NOW).counted(), "0 leaks and 1 warning");
}

#[test]
fn a_target_that_does_not_tell_is_said_to_and_nothing_is_marked() {
    let (mut model, now) = answered();
    press(&mut model, now, "M");
    told(&mut model, now, Err("the target did not answer".into()));
    assert!(shown(&model, now, (80, 24)).contains("the target did not answer"));
    press(&mut model, now, "M");
    assert_eq!(model.screen(), Screen::Leaks, "it is to be marked first");
}

#[test]
fn what_is_past_is_not_marked() {
    let (mut model, now) = answered();
    press(&mut model, now, " M");
    assert!(model.effects.is_empty());
    assert!(shown(&model, now, (80, 24)).contains("everything stands still: Space goes on"));
}

/// As everywhere else: on a page that was laid over rows, the keys that are about those.
#[test]
fn a_key_that_does_nothing_on_a_page_says_so() {
    for page in ["MM", "!", "?"] {
        for key in "[]gGtsS/fF<>-\n".chars() {
            let (mut model, now) = answered();
            press(&mut model, now, &page[..1]);
            if page == "MM" {
                told(&mut model, now, Ok(every(Vec::new(), NOW)));
                press(&mut model, now, "M");
            }
            let screen = model.screen();
            assert!(!screen.is_tab());
            press(&mut model, now, &key.to_string());
            assert_eq!(model.screen(), screen);
            assert!(model.frozen.is_none() && model.edit.is_none());
            let said = Some("this key does nothing on this page: Esc leads back");
            assert_eq!(model.said(now), said, "{key:?} on {screen:?}");
        }
    }
}
