//! What is said only as far as it is known.

use super::*;

fn shown(model: &Model, now: Instant, size: (u16, u16)) -> String {
    draw(model, theme(), now, size).backend().to_string()
}

fn with_row(group: v1::LeakGroup) -> (Model, Instant) {
    let (mut model, now) = attached();
    let groups = vec![group];
    update(&mut model, now, v1::Update { groups, matched: 1, all: 1, ..Default::default() });
    (model, now)
}

/// As tokio's own spans show it: the request is deduced from the end.
fn plain() -> v1::Task {
    let mut plain = task("upload", 881);
    plain.accuracy = v1::Accuracy::Inferred.into();
    if let Some(cancel) = &mut plain.cancel {
        cancel.cause = v1::Cause::Unknown.into();
        let ended = cancel.ended_ns;
        (cancel.delivered_ns, cancel.latency_ns) = (ended, Some(0));
        cancel.requested_ns = ended.unwrap_or(0);
        (cancel.canceller, cancel.site, cancel.reason) = (None, None, None);
    }
    plain
}

const NOT_KNOWN: &str = "when it was asked and by whom is not known";

#[test]
fn a_request_that_nobody_saw_has_no_time_and_no_author() {
    let (mut model, now) = with_row(group(
        v1::Verdict::LeftBehind,
        1,
        plain(),
        held(v1::HoldingKind::Timer, "sleep", v1::Phase::Before, None),
    ));
    let text = shown(&model, now, (120, 40));
    assert!(text.contains(NOT_KNOWN) && !text.contains("0ns"), "{text}");
    press(&mut model, now, "\n");
    let event = |kind: v1::EventKind, what: &str| v1::Event {
        at_ns: NOW - 252 * S,
        kind: kind.into(),
        what: what.into(),
        ..Default::default()
    };
    let events = vec![
        event(v1::EventKind::CancelRequested, "unknown"),
        event(v1::EventKind::Ended, "cancelled"),
    ];
    let story = v1::Story { task: Some(plain()), events, ..Default::default() };
    update(&mut model, now, v1::Update { story: Some(story), ..Default::default() });
    let text = shown(&model, now, (120, 40));
    assert!(text.contains(&format!("cancelled          {NOT_KNOWN}")), "{text}");
    assert!(!text.contains("CANCEL REQUESTED") && !text.contains("cancel 0ns"), "{text}");
    assert!(!text.contains("requested") && !text.contains("polled since"), "{text}");
    let printed = crate::print::text::cancelled(&plain().cancel.expect("it was"));
    assert_eq!(printed, NOT_KNOWN);
}

#[test]
fn what_goes_by_itself_is_said_beside_what_does_not() {
    let child = held(v1::HoldingKind::Child, "audit", v1::Phase::Before, None);
    let timer = held(v1::HoldingKind::Timer, "sleep", v1::Phase::Before, Some(NOW + 57 * S));
    let mut row = group(v1::Verdict::LeftBehind, 1, task("report", 7), child);
    if let Some(worst) = &mut row.worst {
        worst.holdings.push(timer);
        worst.holdings_total = 2;
    }
    let (model, now) = with_row(row);
    let text = shown(&model, now, (120, 40));
    let until = "until   timer sleep goes in 57s; nothing known will release child audit";
    assert!(text.contains(until), "{text}");
}

#[test]
fn what_is_overdue_and_held_by_nobody_leads_nowhere_and_says_so() {
    let nobody = v1::Task { name: "nobody".into(), ..Default::default() };
    let lock = held(v1::HoldingKind::Lock, "state", v1::Phase::Before, None);
    let mut row = group(v1::Verdict::Overdue, 2, nobody, lock);
    row.tasks = vec![0, 41];
    let (mut model, now) = with_row(row);
    let text = shown(&model, now, (120, 40));
    assert!(text.contains("tasks   nobody #41") && !text.contains("#0"), "{text}");
    press(&mut model, now, "\n");
    let text = shown(&model, now, (120, 40));
    assert!(text.contains("nobody holds this: no task to open"), "{text}");
}

#[test]
fn what_nobody_owns_is_counted_by_the_thing_and_has_no_number() {
    let nobody = v1::Task { name: "nobody".into(), ..Default::default() };
    let file = held(v1::HoldingKind::File, "upload", v1::Phase::Before, None);
    let (mut model, now) = with_row(group(v1::Verdict::Overdue, 1, nobody, file));
    let text = shown(&model, now, (80, 24));
    assert!(text.contains("overdue · 1 holding · nobody"), "{text}");
    let wide = shown(&model, now, (120, 40));
    assert!(wide.contains("worst: file upload, which nobody owns; for 4m12s"), "{wide}");
    press(&mut model, now, "l");
    let totals = Some(v1::Totals { overdue: 1, ..Default::default() });
    update(&mut model, now, v1::Update { totals, ..Default::default() });
    let none = shown(&model, now, (80, 24));
    assert!(none.contains("None that match; there is 1 in all."), "{none}");
    press(&mut model, now, "4");
    let released = |name: &str| v1::Event {
        kind: v1::EventKind::Released.into(),
        task: Some(v1::TaskRef { name: name.into(), ..Default::default() }),
        what: "file upload".into(),
        ..Default::default()
    };
    let events = vec![released(""), released("nobody")];
    update(&mut model, now, v1::Update { events, ..Default::default() });
    let text = shown(&model, now, (80, 24));
    assert_eq!(text.matches("released         nobody  ").count(), 2, "{text}");
    assert!(!text.contains("#0"), "{text}");
}

#[test]
fn what_has_cleared_is_not_told_as_if_it_were_still_there() {
    let connection = held(v1::HoldingKind::Connection, "pg", v1::Phase::Before, None);
    let mut row = group(v1::Verdict::LeftBehind, 2, task("careless", 7), connection);
    let (model, now) = with_row(row.clone());
    let text = shown(&model, now, (80, 24));
    assert!(text.contains("── left-behind · 2 tasks"), "{text}");
    row.cleared = true;
    row.worst.iter_mut().for_each(|leak| leak.cleared_ns = Some(NOW - 4 * S));
    let (model, now) = with_row(row);
    let text = shown(&model, now, (80, 24));
    assert!(text.contains("── left-behind, cleared · 2 tasks"), "{text}");
}

#[test]
fn a_screen_that_a_lost_target_did_not_fill_says_so() {
    let (mut model, now) = attached();
    update(&mut model, now, v1::Update::default());
    let retry_in = Duration::from_secs(1);
    model.apply(Event::Lost { why: "refused".into(), retry_in }, now);
    for key in ["2", "g", "m", "t", "3", "g", "4", "5"] {
        press(&mut model, now, key);
        let text = shown(&model, now, (80, 24));
        assert!(text.contains("The target was lost before it told this."), "{key}: {text}");
        assert!(!text.contains("0 of 0"), "{key}: {text}");
    }
}

#[test]
fn before_the_first_answer_to_a_view_nothing_is_counted() {
    let (mut model, now) = attached();
    update(&mut model, now, v1::Update::default());
    for key in ["t", "2", "g", "m", "t", "3", "g", "gt"] {
        press(&mut model, now, key);
        for size in [(120, 40), (80, 24)] {
            let text = shown(&model, now, size);
            assert!(!text.contains("0 of 0"), "{key}: {text}");
            assert!(text.contains('…'), "{key}: {text}");
        }
    }
    update(&mut model, now, v1::Update::default());
    assert!(shown(&model, now, (80, 24)).contains("tree 0 of 0; t all"), "that is known now");
}

#[test]
fn at_the_top_it_is_said_that_who_cancelled_is_not_known() {
    let timer = held(v1::HoldingKind::Timer, "sleep", v1::Phase::Before, None);
    let (model, now) = with_row(group(v1::Verdict::LeftBehind, 1, plain(), timer));
    let text = shown(&model, now, (120, 40));
    let said = "worst: upload #881, cancelled, by whom is not known, keeps timer sleep;";
    assert!(text.contains(said), "{text}");
    let mut dropped = task("upload", 881);
    if let Some(cancel) = &mut dropped.cancel {
        cancel.cause = v1::Cause::Dropped.into();
    }
    let timer = held(v1::HoldingKind::Timer, "sleep", v1::Phase::Before, None);
    let (model, now) = with_row(group(v1::Verdict::LeftBehind, 1, dropped, timer));
    let text = shown(&model, now, (120, 40));
    assert!(text.contains("upload #881, dropped main.rs:30, keeps timer sleep;"), "{text}");
    let mut member = task("upload", 881);
    if let Some(cancel) = &mut member.cancel {
        (cancel.cause, cancel.site) = (v1::Cause::SetDropped.into(), None);
    }
    let timer = held(v1::HoldingKind::Timer, "sleep", v1::Phase::Before, None);
    let (model, now) = with_row(group(v1::Verdict::LeftBehind, 1, member, timer));
    let text = shown(&model, now, (120, 40));
    assert!(text.contains("upload #881, set-dropped, keeps timer sleep;"), "{text}");
}

#[test]
fn what_was_said_goes_with_the_next_key_and_the_keys_stand_there_again() {
    let timer = held(v1::HoldingKind::Timer, "sleep", v1::Phase::Before, None);
    let (mut model, now) = with_row(group(v1::Verdict::LeftBehind, 1, task("report", 7), timer));
    press(&mut model, now, "G");
    let text = shown(&model, now, (80, 24));
    assert!(text.contains("G groups by it") && !text.contains("? keys"), "{text}");
    press(&mut model, now, "+");
    let text = shown(&model, now, (80, 24));
    assert!(!text.contains("G groups by it") && text.contains("Esc done"), "{text}");
}

#[test]
fn a_child_that_is_left_has_one_remedy_in_the_list_and_in_the_story() {
    const FIX: &str = "Spawn it on a TaskTracker";
    let child = held(v1::HoldingKind::Child, "audit", v1::Phase::InDrop, None);
    let (mut model, now) = with_row(group(v1::Verdict::AfterCancel, 1, task("risky", 7), child));
    let text = shown(&model, now, (80, 24));
    assert!(text.contains(FIX), "{text}");
    press(&mut model, now, "\n");
    let story = v1::Story {
        task: Some(task("risky", 7)),
        children: vec![v1::TaskRef { id: 8, name: "audit".into(), ..Default::default() }],
        verdicts: vec![v1::Verdict::AfterCancel.into()],
        ..Default::default()
    };
    update(&mut model, now, v1::Update { story: Some(story), ..Default::default() });
    let text = shown(&model, now, (80, 24));
    assert!(text.contains(FIX), "{text}");
}

#[test]
fn a_stuck_task_is_explained_by_what_it_does() {
    let none = held(v1::HoldingKind::Custom, "", v1::Phase::Before, None);
    for (polls, is, is_not) in [
        (0, "it blocks its thread", "ignores the request"),
        (412, "ignores the request", "it blocks its thread"),
    ] {
        let mut stuck = task("upload", 881);
        if let Some(cancel) = &mut stuck.cancel {
            (cancel.ended_ns, cancel.latency_ns, cancel.polls_since) = (None, None, polls);
        }
        let mut row = group(v1::Verdict::Stuck, 1, stuck, none.clone());
        if let Some(worst) = &mut row.worst {
            worst.holdings = Vec::new();
        }
        let (model, now) = with_row(row);
        let text = shown(&model, now, (120, 40)).replace("\"\n\"          ", " ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(is) && !text.contains(is_not), "{text}");
    }
}

#[test]
fn who_holds_what_a_stuck_task_waits_for_and_its_own_grace_are_said() {
    let mut stuck = task("upload", 881);
    stuck.waits_for = Some(v1::WaitsFor {
        kind: v1::HoldingKind::Lock.into(),
        label: "state".into(),
        site: "src/db.rs:3:1".into(),
        since_ns: NOW - 3 * S,
        ..Default::default()
    });
    stuck.held_by = vec![v1::TaskRef { id: 9, name: "report".into(), ..Default::default() }];
    stuck.grace_ns = Some(30 * S);
    let none = held(v1::HoldingKind::Custom, "", v1::Phase::Before, None);
    let row = group(v1::Verdict::Stuck, 1, stuck, none);
    let printed = crate::print::text::leak(row.worst.as_ref().expect("one"), NOW);
    assert!(printed.contains("lock state, which report #9 holds, at src/db.rs:3:1"), "{printed}");
    let (model, now) = with_row(row);
    let text = shown(&model, now, (120, 40));
    assert!(text.contains("lock state, which report #9 holds, at src/db.rs:3:1"), "{text}");
    assert!(text.contains("its own grace is 30s"), "{text}");
}

#[test]
fn the_limit_of_what_is_overdue_is_said() {
    let lock = held(v1::HoldingKind::Lock, "state", v1::Phase::Before, None);
    let (model, now) = with_row(group(v1::Verdict::Overdue, 1, task("report", 7), lock));
    let text = shown(&model, now, (120, 40));
    assert!(text.contains("lock state, its limit is 1.0s (exact)"), "{text}");
}

#[test]
fn a_moment_that_is_past_says_how_long_ago_it_was() {
    let (mut model, now) = attached();
    for (seconds, name) in [(1, "early"), (2, "late")] {
        let tasks = vec![task(name, 7)];
        if seconds == 1 {
            press(&mut model, now, "2");
        }
        let then = now + Duration::from_secs(seconds);
        update(&mut model, then, v1::Update { tasks, matched: 1, all: 1, ..Default::default() });
    }
    let now = now + Duration::from_secs(13);
    press(&mut model, now, "[");
    for size in [(120, 40), (80, 24)] {
        let text = shown(&model, now, size);
        assert!(text.contains("frozen, as it was 12s ago"), "{text}");
        assert!(text.contains("early") && !text.contains("late"), "{text}");
    }
    press(&mut model, now, " ");
    assert!(shown(&model, now, (120, 40)).contains("live"));
}

/// The badge of a verdict that only such a target can be given is on the help page of it.
#[test]
fn of_a_tokio_console_target_help_names_its_verdicts() {
    let (mut model, now) = attached();
    let coverage = v1::Coverage { tokio_console: true, ..v1::Coverage::default() };
    let described = v1::DescribeResponse { coverage: Some(coverage), ..<_>::default() };
    model.apply(Event::Connected(Box::new(described)), now);
    press(&mut model, now, "?");
    let text = draw(&model, theme(), now, (120, 50)).backend().to_string();
    assert!(text.contains("W lost-waker") && !text.contains("S stuck"), "{text}");
}

#[test]
fn warnings_that_cleared_are_counted_beside_the_leaks() {
    for (cleared, warnings, expected) in [
        (0, 0, "No leak has cleared: there was none."),
        (3, 0, "3 leaks cleared since then: c shows what."),
        (3, 2, "1 leak and 2 warnings cleared since then: c shows what."),
        (1, 1, "1 warning cleared since then: c shows what."),
    ] {
        let (mut model, now) = attached();
        let totals = v1::Totals { cleared, cleared_warnings: warnings, ..Default::default() };
        update(&mut model, now, v1::Update { totals: Some(totals), ..Default::default() });
        for size in [(120, 40), (80, 24)] {
            let text = shown(&model, now, size);
            assert!(text.contains(expected), "{text}");
        }
    }
}

#[test]
fn of_several_that_have_cleared_the_last_is_said() {
    let timer = held(v1::HoldingKind::Timer, "call_later", v1::Phase::InDrop, None);
    let mut row = group(v1::Verdict::AfterCancel, 3, task("risky", 4), timer);
    row.cleared = true;
    row.cleared_last_ns = Some(NOW - S);
    if let Some(worst) = &mut row.worst {
        worst.cleared_ns = Some(NOW - 9 * S);
    }
    let until = |row: &v1::LeakGroup| {
        let (model, now) = with_row(row.clone());
        let text = shown(&model, now, (120, 40));
        let line = text.lines().find(|it| it.contains("  until   ")).unwrap_or_default();
        line.trim_matches(['"', ' ']).to_owned()
    };
    assert_eq!(until(&row), "until   the last of them cleared 1.0s ago");
    row.cleared_last_ns = None;
    assert_eq!(until(&row), "until   one of them cleared 9.0s ago");
    row.count = 1;
    assert_eq!(until(&row), "until   it cleared 9.0s ago");
}
