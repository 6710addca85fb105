//! Cancelling a task: it asks first, and says what became of it.

use super::*;
use crate::{control::What, model::Effect};

pub(super) fn shown(model: &Model, now: Instant, size: (u16, u16)) -> String {
    draw(model, theme(), now, size).backend().to_string()
}

pub(super) fn tell(model: &mut Model, control: Option<v1::Control>) {
    let mut described = model.lead().described.clone().expect("attached");
    described.control = control;
    model.apply(Event::Described(Box::new(described)), Instant::now());
}

pub(super) fn allowed() -> v1::Control {
    v1::Control { allowed: true, why_not: String::new() }
}

pub(super) fn waiting() -> v1::Task {
    let state = v1::TaskState::Idle.into();
    v1::Task { state, outcome: 0, ended_ns: None, cancel: None, ..task("worker", 7) }
}

/// A list of tasks with this one.
pub(super) fn listed(of: v1::Task) -> (Model, Instant) {
    let (mut model, now) = attached();
    tell(&mut model, Some(allowed()));
    press(&mut model, now, "2");
    let tasks = vec![of];
    update(&mut model, now, v1::Update { tasks, matched: 1, all: 1, ..Default::default() });
    (model, now)
}

fn story(model: &mut Model, now: Instant, of: v1::Task) {
    let timer = held(v1::HoldingKind::Timer, "sleep", v1::Phase::Before, Some(NOW + 9 * S));
    let lock = held(v1::HoldingKind::Lock, "state", v1::Phase::Before, None);
    let holdings = if of.ended_ns.is_some() { vec![lock] } else { vec![timer, lock] };
    let story = v1::Story { task: Some(of), holdings, ..Default::default() };
    update(model, now, v1::Update { story: Some(story), ..Default::default() });
}

pub(super) fn answer(model: &mut Model, now: Instant, answer: Result<v1::CancelResponse, String>) {
    model.apply(Event::Cancelled { what: What::Task(7), answer }, now);
}

pub(super) fn cancels(reason: &str) -> Effect {
    let (of, what) = (TargetId::default(), What::Task(7));
    Effect::Cancel { of, what, reason: reason.to_owned() }
}

#[test]
fn it_asks_says_what_is_held_and_what_became_of_it() {
    let (mut model, now) = listed(waiting());
    press(&mut model, now, "K");
    story(&mut model, now, waiting());
    assert!(model.effects.is_empty(), "nothing is done before it is meant");
    for (name, size) in [("cancel_asks_120x40", (120, 40)), ("cancel_asks_80x24", (80, 24))] {
        let text = shown(&model, now, size);
        assert!(text.contains("Cancel worker #7? It is aborted where it waits"), "{text}");
        assert!(text.contains("timer sleep, lock state."), "{text}");
        assert!(text.contains("y cancel it") && text.contains("Esc leave it"), "{text}");
        insta::assert_snapshot!(name, text);
    }
    press(&mut model, now, "y");
    assert_eq!(std::mem::take(&mut model.effects), [cancels("")]);
    assert!(shown(&model, now, (120, 40)).contains("worker #7 is being asked to stop"));
    let asked =
        v1::CancelResponse { requested_ns: Some(NOW), said: "asked".into(), ..Default::default() };
    answer(&mut model, now, Ok(asked));
    assert!(shown(&model, now, (120, 40)).contains("worker #7 has not ended"));
    story(&mut model, now, task("worker", 7));
    for (name, size) in [("cancel_became_120x40", (120, 40)), ("cancel_became_80x24", (80, 24))] {
        let text = shown(&model, now, size);
        let became = "worker #7 ended 84us after it was asked, and left lock state behind";
        assert!(text.contains(became), "{text}");
        insta::assert_snapshot!(name, text);
    }
    model.press(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE), now);
    assert!(!shown(&model, now, (120, 40)).contains("after it was asked, and left"));
    assert_eq!(
        model.screen(),
        crate::model::Screen::Story(TargetId::default(), 7),
        "Esc closes what is on top"
    );
}

#[test]
fn any_other_key_leaves_it() {
    let (mut model, now) = listed(waiting());
    for keys in ["Kn", "K\n", "Kq", "K "] {
        press(&mut model, now, keys);
        assert!(model.effects.is_empty() && model.cancelling().is_none(), "{keys:?}");
    }
    assert!(!model.quit && model.frozen.is_none());
}

#[test]
fn where_it_cannot_be_it_says_why() {
    let why = |of: v1::Task, control: Option<v1::Control>| {
        let (mut model, now) = listed(of.clone());
        tell(&mut model, control);
        press(&mut model, now, "K");
        story(&mut model, now, of);
        press(&mut model, now, "y");
        // It means what it does elsewhere.
        assert!(!model.effects.contains(&cancels("")));
        shown(&model, now, (120, 40))
    };
    let why_not = "the service is read-only: start it with HOLDOVER_CONTROL=1".to_owned();
    let text = why(waiting(), Some(v1::Control { allowed: false, why_not: why_not.clone() }));
    assert!(text.contains(&why_not) && !text.contains("y cancel it"), "{text}");
    assert!(why(waiting(), None).contains("version of holdover cannot cancel a task"));
    assert!(why(task("worker", 7), Some(allowed())).contains("worker #7 has ended already"));
    let plain = v1::Task { accuracy: v1::Accuracy::Inferred.into(), ..waiting() };
    assert!(why(plain, Some(allowed())).contains("worker #7 was made by tokio's own spawn"));
}

#[test]
fn what_the_target_refuses_is_told_and_escaped() {
    let (mut model, now) = listed(waiting());
    press(&mut model, now, "Ky");
    story(&mut model, now, waiting());
    let said = "task #7 cannot be cancelled: \u{1b}[31ma closure".to_owned();
    answer(&mut model, now, Ok(v1::CancelResponse { said, ..Default::default() }));
    let text = shown(&model, now, (80, 24));
    assert!(text.contains("task #7 cannot be cancelled: \\e[31ma closure"), "{text}");
    press(&mut model, now, "K");
    answer(&mut model, now, Err("the target did not answer".into()));
    assert!(shown(&model, now, (80, 24)).contains("the target did not answer"));
}

#[test]
fn without_a_connection_and_while_everything_stands_still_nothing_is_asked() {
    let (mut model, now) = listed(waiting());
    press(&mut model, now, " K");
    assert!(model.cancelling().is_none());
    assert!(shown(&model, now, (120, 40)).contains("stands still: Space goes on"));
    press(&mut model, now, " ");
    let retry_in = Duration::from_secs(1);
    model.apply(Event::Lost { why: "refused".into(), retry_in }, now);
    press(&mut model, now, "K");
    assert!(model.cancelling().is_none());
}
