//! Cancelling a token in place of a task, and the reason of either.

use super::{
    control::{allowed, answer, cancels, listed, shown, tell, waiting},
    *,
};
use crate::{control::What, model::Effect};

fn named(id: u64, name: &str) -> v1::TaskRef {
    v1::TaskRef { id, name: name.into(), ..Default::default() }
}

fn holds(kind: v1::HoldingKind, label: &str, count: u64) -> v1::HeldCount {
    v1::HeldCount { kind: kind.into(), label: label.into(), count }
}

/// Of the worker and one more.
fn http() -> v1::Token {
    let asks = v1::Asked {
        tasks: 2,
        first: vec![named(7, "worker"), named(9, "audit")],
        holds: vec![
            holds(v1::HoldingKind::Timer, "sleep", 2),
            holds(v1::HoldingKind::Lock, "state", 1),
        ],
        held: 3,
        children: 1,
        ..Default::default()
    };
    let site = "src/http.rs:9:17".to_owned();
    v1::Token {
        number: 4,
        name: "http".into(),
        site,
        parent: 1,
        asks: Some(asks),
        ..Default::default()
    }
}

/// What that is a child of.
fn shutdown() -> v1::Token {
    let first = [3, 7, 9, 11].map(|id| named(id, "task")).into();
    let asks = v1::Asked { tasks: 57, first, ..Default::default() };
    let site = "src/main.rs:12:20".to_owned();
    v1::Token { number: 1, name: "shutdown".into(), site, asks: Some(asks), ..Default::default() }
}

fn story(model: &mut Model, now: Instant, of: v1::Task, tokens: Vec<v1::Token>) {
    let story = v1::Story { task: Some(of), ..Default::default() };
    update(model, now, v1::Update { story: Some(story), tokens, ..Default::default() });
}

/// The question about the worker, whose tokens are told.
fn asked() -> (Model, Instant) {
    let (mut model, now) = listed(waiting());
    press(&mut model, now, "K");
    story(&mut model, now, waiting(), vec![http(), shutdown()]);
    (model, now)
}

/// What the target is asked to tell.
fn wanted(model: &Model) -> v1::View {
    model.view_of(TargetId::default()).expect("it is shown")
}

fn cancels_token(reason: &str) -> Effect {
    let (of, what) = (TargetId::default(), What::Token(4));
    Effect::Cancel { of, what, reason: reason.to_owned() }
}

/// The text without its line breaks: where they stand depends on the size.
fn flat(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim_matches('"').trim());
    lines.collect::<Vec<_>>().join(" ")
}

const KEYS_OF_TASK: &str = "y cancel it  r give a reason  t its token  Esc leave it";

#[test]
fn a_token_of_the_task_is_offered_with_whom_else_it_asks() {
    let (mut model, now) = asked();
    assert!(wanted(&model).asks, "it is told only while that is to be seen");
    let text = shown(&model, now, (120, 40));
    let said = "It holds nothing. Or, with t, token http #4, which asks 2 tasks: worker #7, \
                audit #9.";
    assert!(flat(&text).contains(said) && text.contains(KEYS_OF_TASK), "{text}");
    press(&mut model, now, "t");
    for (name, size) in [("token_asks_120x40", (120, 40)), ("token_asks_80x24", (80, 24))] {
        let text = shown(&model, now, size);
        let said = "Cancel token http #4, made at src/http.rs:9:17? It asks 2 tasks: worker #7, \
                    audit #9. They hold 2 timers sleep, lock state, 1 child task.";
        assert!(flat(&text).contains(said), "{text}");
        assert!(text.contains("t the next token"), "{text}");
        insta::assert_snapshot!(name, text);
    }
    press(&mut model, now, "t");
    let text = flat(&shown(&model, now, (120, 40)));
    let said = "token shutdown #1, made at src/main.rs:12:20? It asks 57 tasks: task #3, task #7, \
                task #9 and 54 more. They hold nothing.";
    assert!(text.contains(said) && text.contains("t the task"), "{text}");
    press(&mut model, now, "t");
    assert!(shown(&model, now, (120, 40)).contains("Cancel worker #7? It is aborted"));
    press(&mut model, now, "t");
    assert!(model.effects.is_empty(), "nothing is done before it is meant");
    press(&mut model, now, "y");
    let meant = cancels_token("");
    assert_eq!(std::mem::take(&mut model.effects), [meant]);
    assert!(shown(&model, now, (120, 40)).contains("token http #4 is being cancelled"));
    assert!(!wanted(&model).asks);
}

#[test]
fn what_became_of_those_that_a_token_asked_is_said() {
    let (mut model, now) = asked();
    press(&mut model, now, "ty");
    let done =
        v1::CancelResponse { requested_ns: Some(NOW), said: "done".into(), ..Default::default() };
    let event = Event::Cancelled { what: What::Token(4), answer: Ok(done) };
    model.apply(event, now);
    assert_eq!(wanted(&model).requested_ns, NOW);
    let http = v1::Token { cancelled: true, asks: None, ..http() };
    let mut told = |asked: Option<v1::Asked>| {
        let story = v1::Story { task: Some(waiting()), ..Default::default() };
        let tokens = vec![http.clone()];
        let said = v1::Update { story: Some(story), tokens, asked, ..Default::default() };
        update(&mut model, now, said);
        flat(&shown(&model, now, (120, 40)))
    };
    let mut asked =
        v1::Asked { tasks: 3, first: vec![named(9, "au\u{1b}dit")], ..Default::default() };
    let text = told(Some(asked.clone()));
    assert!(
        text.contains(
            "token http #4 asked 3 tasks: none has ended yet; au\\edit #9 and 2 more go on"
        ),
        "{text}"
    );
    (asked.ended, asked.slowest_ns) = (2, Some(84_000));
    asked.holds = vec![holds(v1::HoldingKind::Lock, "state", 1)];
    asked.held = 1;
    let text = told(Some(asked.clone()));
    let said =
        "2 ended, the slowest 84us after that, and left lock state behind; au\\edit #9 goes on";
    assert!(text.contains(said), "{text}");
    (asked.ended, asked.held) = (3, 0);
    asked.holds.clear();
    let text = told(Some(asked));
    let said = "asked 3 tasks: all ended, the slowest 84us after that, and left nothing behind";
    assert!(text.contains(said) && text.contains("Esc close"), "{text}");
    let one = v1::Asked { tasks: 1, ended: 1, slowest_ns: Some(MS), ..Default::default() };
    assert!(told(Some(one)).contains("asked 1 task: it ended 1.0ms after that"));
    assert!(told(Some(v1::Asked::default())).contains("it asked nobody that is recorded"));
    assert!(told(None).contains("token http #4 is cancelled"));
    let ended = v1::Update::default();
    let text = {
        update(&mut model, now, ended);
        flat(&shown(&model, now, (120, 40)))
    };
    assert!(
        text.contains("token http #4 is cancelled"),
        "neither it nor the task is there: {text}"
    );
    let mut told = |asked: Option<v1::Asked>| {
        let story = v1::Story { task: Some(waiting()), ..Default::default() };
        update(&mut model, now, v1::Update { story: Some(story), asked, ..Default::default() });
    };
    let became = v1::Asked { tasks: 3, ended: 3, slowest_ns: Some(84_000), ..Default::default() };
    told(Some(became));
    for (name, size) in [("token_became_120x40", (120, 40)), ("token_became_80x24", (80, 24))] {
        insta::assert_snapshot!(name, shown(&model, now, size));
    }
}

#[test]
fn what_is_not_told_yet_cannot_be_meant() {
    let (mut model, now) = listed(waiting());
    press(&mut model, now, "K");
    story(&mut model, now, waiting(), vec![v1::Token { asks: None, ..http() }]);
    press(&mut model, now, "ty");
    assert!(model.effects.is_empty());
    assert!(shown(&model, now, (120, 40)).contains("Whom it asks is being looked for."));
    story(&mut model, now, waiting(), vec![http()]);
    press(&mut model, now, "y");
    assert_eq!(model.effects.len(), 1);
}

#[test]
fn a_token_that_went_or_was_cancelled_meanwhile_says_so() {
    let (mut model, now) = asked();
    press(&mut model, now, "t");
    story(&mut model, now, waiting(), vec![v1::Token { cancelled: true, ..http() }, shutdown()]);
    let text = shown(&model, now, (120, 40));
    assert!(text.contains("token http #4 is cancelled already"), "{text}");
    // What else there is is offered all the same.
    assert!(text.contains("t the task  Esc close"), "{text}");
    // It means what it does elsewhere.
    press(&mut model, now, "y");
    assert!(!model.effects.iter().any(|it| matches!(it, Effect::Cancel { .. })));
    let (mut model, now) = asked();
    press(&mut model, now, "t");
    story(&mut model, now, waiting(), Vec::new());
    let text = shown(&model, now, (120, 40));
    assert!(text.contains("the service has no handle to token #4 any more"), "{text}");
    press(&mut model, now, "t");
    assert!(shown(&model, now, (120, 40)).contains("Cancel worker #7?"));
}

#[test]
fn what_cannot_be_aborted_may_have_a_token_that_can_be_cancelled() {
    let scope = v1::Task { kind: v1::TaskKind::Scope.into(), ..waiting() };
    let plain = v1::Task { accuracy: v1::Accuracy::Inferred.into(), ..waiting() };
    let block_on = v1::Task { kind: v1::TaskKind::BlockOn.into(), ..plain.clone() };
    for (of, why) in [
        (block_on, "worker #7 is what block_on runs: that cannot be cancelled"),
        (scope, "worker #7 is a part of a task: only the whole task can be cancelled"),
        (plain, "worker #7 was made by tokio's own spawn"),
    ] {
        let (mut model, now) = listed(of.clone());
        press(&mut model, now, "K");
        story(&mut model, now, of, vec![http()]);
        let text = shown(&model, now, (120, 40));
        assert!(text.contains(why) && text.contains("t its token  Esc close"), "{text}");
        assert!(flat(&text).contains("Or, with t, token http #4, which asks 2 tasks"), "{text}");
        press(&mut model, now, "ty");
        let meant = cancels_token("");
        assert_eq!(model.effects, [meant]);
    }
}

#[test]
fn the_reason_is_typed_kept_and_sent() {
    let (mut model, now) = listed(waiting());
    press(&mut model, now, "K");
    story(&mut model, now, waiting(), Vec::new());
    // Keys that mean something elsewhere are letters here.
    press(&mut model, now, "rquite y, it hangs: 订单");
    for (name, size) in [("reason_typed_120x40", (120, 40)), ("reason_typed_80x24", (80, 24))] {
        let mut terminal = draw(&model, theme(), now, size);
        let text = terminal.backend().to_string();
        assert!(text.contains("  reason  quite y, it hangs: 订"), "{text}");
        let at = terminal.get_cursor_position().expect("it is shown");
        assert_eq!((at.x, at.y), (10 + 23, size.1 - 2), "behind what was typed");
        insta::assert_snapshot!(name, text);
    }
    assert!(!model.quit && model.effects.is_empty());
    press(&mut model, now, "\n");
    let text = shown(&model, now, (120, 40));
    assert!(text.contains("reason  quite y") && text.contains("y cancel it"), "{text}");
    press(&mut model, now, "y");
    assert_eq!(model.effects, [cancels("quite y, it hangs: 订单")]);
}

#[test]
fn a_reason_can_be_given_up_and_has_a_limit() {
    let (mut model, now) = asked();
    press(&mut model, now, "rwrong");
    model.press(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE), now);
    assert!(model.cancelling().is_some(), "the question stays");
    assert!(!shown(&model, now, (120, 40)).contains("wrong"));
    press(&mut model, now, &format!("r{}\n", "x".repeat(300)));
    let text = shown(&model, now, (80, 24));
    assert!(text.contains("reason  xxx"), "{text}");
    // It is the token's as well.
    press(&mut model, now, "ty");
    let meant = cancels_token(&"x".repeat(256));
    assert_eq!(model.effects, [meant]);
    let (mut model, now) = asked();
    press(&mut model, now, "r  \ny");
    assert_eq!(model.effects, [cancels("")], "nothing is no reason");
}

#[test]
fn of_a_row_that_is_several_tasks_it_says_which_one() {
    let (mut model, now) = attached();
    tell(&mut model, Some(allowed()));
    let held = held(v1::HoldingKind::Timer, "sleep", v1::Phase::Before, None);
    let row = group(v1::Verdict::Stuck, 14, waiting(), held);
    let row = v1::LeakGroup { tasks: vec![7, 8, 9], ..row };
    update(
        &mut model,
        now,
        v1::Update { groups: vec![row], matched: 1, all: 1, ..Default::default() },
    );
    press(&mut model, now, "K");
    story(&mut model, now, waiting(), Vec::new());
    let said = "It is one of the 14 tasks of its row, the one that has been so for longest; g in \
                that list shows each.";
    for size in [(120, 40), (80, 24)] {
        let text = shown(&model, now, size);
        assert!(flat(&text).contains(said), "{text}");
    }
    press(&mut model, now, "y");
    assert_eq!(model.effects, [cancels("")]);
    let stuck = v1::CancelResponse { said: "it cannot be".into(), ..Default::default() };
    answer(&mut model, now, Ok(stuck));
    assert!(flat(&shown(&model, now, (120, 40))).contains("it cannot be. It is one of the 14"));
    // From its own story it is itself.
    model.press(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE), now);
    press(&mut model, now, "K");
    assert!(!shown(&model, now, (120, 40)).contains("one of the 14"));
}

#[test]
fn a_story_names_the_tokens_that_ask_its_task() {
    let (mut model, now) = listed(waiting());
    press(&mut model, now, "\n");
    let tokens =
        vec![v1::Token { asks: None, ..http() }, v1::Token { cancelled: true, ..shutdown() }];
    story(&mut model, now, waiting(), tokens);
    assert!(!wanted(&model).asks && wanted(&model).requested_ns == 0);
    let text = shown(&model, now, (120, 40));
    assert!(
        text.contains("token http #4 asks it when cancelled; made at src/http.rs:9:17"),
        "{text}"
    );
    assert!(text.contains("token shutdown #1 was cancelled; made at src/main.rs:12:20"), "{text}");
    // Of another task's story they are not.
    press(&mut model, now, "2\n");
    assert!(model.tokens.is_empty());
}
