//! A target that speaks tokio-console's protocol: what that does not tell is not told.

use super::*;

const CONSOLE: TargetId = TargetId(0);
const HOLDOVER: TargetId = TargetId(1);

fn connect(model: &mut Model, id: TargetId, tokio_console: bool, now: Instant) {
    let coverage = Some(v1::Coverage { tokio_console, spans: true, ..Default::default() });
    let target = Some(v1::Target { run: id.0.to_string(), ..Default::default() });
    let described = v1::DescribeResponse { target, coverage, ..Default::default() };
    model.hear(id, Event::Connected(Box::new(described)), now);
}

fn tell(model: &mut Model, id: TargetId, now: Instant, update: v1::Update) {
    let Some(view) = model.view_of(id) else { return };
    let totals =
        Some(v1::Totals { cancelling: 3, orphaned: 2, tasks_spawned: 9, ..<_>::default() });
    let update = v1::Update { now_ns: NOW, totals, ..update };
    model.hear(id, Event::Update(Box::new(Answer { view, update })), now);
}

fn shown(model: &Model, now: Instant, size: (u16, u16)) -> String {
    draw(model, theme(), now, size).backend().to_string()
}

fn one() -> (Model, Instant) {
    let (mut model, now) = (Model::new("127.0.0.1:6669".into()), Instant::now());
    connect(&mut model, CONSOLE, true, now);
    tell(&mut model, CONSOLE, now, v1::Update::default());
    (model, now)
}

#[test]
fn what_of_several_only_some_tell_is_told_of_those_and_said_to_be_more() {
    let now = Instant::now();
    let mut model = Model::new("127.0.0.1:6669".into()).beside("127.0.0.1:6670".into());
    connect(&mut model, CONSOLE, true, now);
    tell(&mut model, CONSOLE, now, v1::Update::default());
    let text = shown(&model, now, (120, 40));
    assert!(
        text.contains("cancelling ?") && text.contains("orphaned ?"),
        "one has answered: {text}"
    );
    connect(&mut model, HOLDOVER, false, now);
    tell(&mut model, CONSOLE, now, v1::Update::default());
    tell(&mut model, HOLDOVER, now, v1::Update::default());
    let text = shown(&model, now, (120, 40));
    assert!(text.contains("+?   LEAKS") && text.contains("orphaned 4+?"), "{text}");
}

#[test]
fn a_target_that_is_paused_stands_still_until_it_goes_on() {
    let (mut model, now) = one();
    let lost = group(
        v1::Verdict::LostWaker,
        1,
        v1::Task { cancel: None, ..task("lost", 7) },
        <_>::default(),
    );
    let update = v1::Update { groups: vec![lost], matched: 1, all: 1, ..Default::default() };
    tell(&mut model, CONSOLE, now, v1::Update { paused: true, ..update.clone() });
    let later = now + Duration::from_secs(12);
    for size in [(120, 40), (80, 24)] {
        let text = shown(&model, later, size);
        assert!(
            text.contains("tokio-console protocol") && text.contains("paused 12s ago"),
            "{text}"
        );
        assert!(text.contains("4m12s"), "its time stands still: {text}");
    }
    tell(&mut model, CONSOLE, later, update);
    let text = shown(&model, later, (120, 40));
    assert!(text.contains("live   inferred") && !text.contains("paused"), "{text}");
}

#[test]
fn what_is_open_for_too_long_has_no_limit_and_was_acquired_nobody_knows_where() {
    let (mut model, now) = one();
    let lock = held(v1::HoldingKind::Lock, "Mutex locked=true", v1::Phase::Before, None);
    let lock = v1::Holding { made_only: true, ..lock };
    let open =
        group(v1::Verdict::Overdue, 1, v1::Task { cancel: None, ..task("gone", 7) }, lock.clone());
    let update = v1::Update { groups: vec![open], matched: 1, all: 1, ..Default::default() };
    tell(&mut model, CONSOLE, now, update);
    for size in [(120, 40), (80, 24)] {
        let text = shown(&model, now, size);
        assert!(text.contains("which only tasks used that have ended"), "{text}");
        assert!(!text.contains("limit") && !text.contains("HOLDOVER_OVERDUE"), "{text}");
        assert!(text.contains("made at src/db.rs:41:22; acquired where is not told"), "{text}");
    }
    press(&mut model, now, "3");
    let row = v1::HeldRow { holding: Some(lock), ..Default::default() };
    let update = v1::Update { holdings: vec![row], matched: 1, all: 1, ..Default::default() };
    tell(&mut model, CONSOLE, now, update);
    let text = shown(&model, now, (120, 40));
    assert!(text.contains("made src/db.rs:41:22") && !text.contains("acquired at"), "{text}");
    assert!(text.contains("not told when, nor where; made 4m13s ago"), "{text}");
}

#[test]
fn where_there_are_no_rows_since_none_are_told_that_is_said() {
    let (mut model, now) = one();
    for (keys, said) in [
        ("2t", "does not tell which task spawned which"),
        ("tm", "Whether something is being cancelled is not told"),
        ("m3g", "tells nothing of pools"),
    ] {
        press(&mut model, now, keys);
        tell(&mut model, CONSOLE, now, v1::Update::default());
        let text = shown(&model, now, (80, 24));
        assert!(text.contains(said), "{keys}: {text}");
    }
}

#[test]
fn that_no_task_has_lost_its_wakers_is_said_only_where_that_is_seen() {
    let (mut model, now) = one();
    let text = shown(&model, now, (120, 40));
    assert!(text.contains("Of 9 tasks none is known to have lost its wakers."), "{text}");
    let dropped = v1::Blindness { cause: "dropped-events".into(), ..Default::default() };
    let coverage = v1::Coverage { tokio_console: true, blind: vec![dropped], ..<_>::default() };
    let described = v1::DescribeResponse { coverage: Some(coverage), ..Default::default() };
    model.hear(CONSOLE, Event::Described(Box::new(described)), now);
    let text = shown(&model, now, (120, 40));
    assert!(text.contains("Whether one of 9 tasks has lost its wakers cannot be told."), "{text}");
}
