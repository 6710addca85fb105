//! A drop that blocks, and memory that cancelled tasks keep.

use super::*;

/// A task in its drop for three seconds.
fn dropping() -> v1::LeakGroup {
    let none = held(v1::HoldingKind::Custom, "", v1::Phase::Before, None);
    let mut group = group(v1::Verdict::Stuck, 1, task("upload", 881), none);
    if let Some(worst) = &mut group.worst {
        worst.since_ns = NOW - 3_200 * MS;
        worst.holdings = Vec::new();
        worst.task.iter_mut().for_each(is_dropping);
    }
    group
}

fn is_dropping(task: &mut v1::Task) {
    (task.ended_ns, task.outcome) = (None, v1::Outcome::Unspecified.into());
    task.state = v1::TaskState::Running.into();
    if let Some(cancel) = &mut task.cancel {
        cancel.requested_ns = NOW - 3_200 * MS;
        cancel.delivered_ns = Some(NOW - 3_000 * MS);
        cancel.drop_began_ns = Some(NOW - 3_000 * MS);
        (cancel.ended_ns, cancel.latency_ns, cancel.drop_ns) = (None, None, None);
    }
}

/// Everything in the picture, a line a row.
fn text(buffer: &Buffer) -> String {
    let line = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..buffer.area.height).map(line).collect::<Vec<_>>().join("\n")
}

fn waker() -> v1::Holding {
    v1::Holding {
        kind: v1::HoldingKind::Waker.into(),
        phase: v1::Phase::Before.into(),
        direct: true,
        acquired_ns: NOW - 252 * S,
        bytes: 1_536,
        amount: 2,
        ..Default::default()
    }
}

#[test]
fn a_task_in_its_drop_says_so_and_since_when_120x40_and_80x24() {
    let (mut model, now) = attached();
    let groups = vec![dropping()];
    update(&mut model, now, v1::Update { groups, matched: 1, all: 1, ..Default::default() });
    let wide = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(wide.backend());
    let buffer = wide.backend().buffer();
    find(buffer, "in drop for 3.0s");
    find(buffer, "it ends when its Drop returns");
    find(buffer, "Do not block in Drop");
    assert!(!text(buffer).contains("not polled since"));
    let narrow = draw(&model, theme(), now, (80, 24));
    insta::assert_snapshot!(narrow.backend());
    find(narrow.backend().buffer(), "Do not block in Drop");
}

#[test]
fn what_is_kept_stands_over_the_leaks_120x40_and_80x24() {
    let (mut model, now) = attached();
    let mut memory = held(v1::HoldingKind::Memory, "cache", v1::Phase::Before, None);
    memory.bytes = 64 << 10;
    let groups = vec![
        group(v1::Verdict::LeftBehind, 1, task("report", 12), memory),
        group(v1::Verdict::LeftBehind, 3, task("waits", 13), waker()),
    ];
    let totals = Some(v1::Totals {
        tasks_live: 10_412,
        leaks: 4,
        holdings: 31_204_000,
        bytes_kept: 70_144,
        ..Default::default()
    });
    update(
        &mut model,
        now,
        v1::Update { groups, matched: 4, all: 4, totals, ..Default::default() },
    );
    press(&mut model, now, "j");
    let wide = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(wide.backend());
    let buffer = wide.backend().buffer();
    let kept = find(buffer, "68 KiB kept   holdings 31 204 000");
    assert_eq!(buffer[kept].fg, Color::Yellow);
    find(buffer, "memory cache, 64 KiB");
    find(buffer, "2 wakers, 1.5 KiB");
    let narrow = draw(&model, theme(), now, (80, 24));
    insta::assert_snapshot!(narrow.backend());
    find(narrow.backend().buffer(), "68 KiB kept ");
    assert!(!text(narrow.backend().buffer()).contains("holdings 31"), "not a part of a number");
}

#[test]
fn where_nothing_is_kept_that_is_not_said() {
    let (model, now) = with_leaks();
    assert!(!text(draw(&model, theme(), now, (120, 40)).backend().buffer()).contains("kept"));
}

#[test]
fn where_there_is_no_leak_what_wakers_keep_is_said() {
    let (mut model, now) = attached();
    let totals = Some(v1::Totals { bytes_kept: 1_536, ..Default::default() });
    update(&mut model, now, v1::Update { totals, ..Default::default() });
    let terminal = draw(&model, theme(), now, (120, 40));
    find(terminal.backend().buffer(), "1.5 KiB of cancelled tasks stay allocated");
}

fn with_a_story_of(task: v1::Task, holdings: Vec<v1::Holding>) -> (Model, Instant) {
    let (mut model, now) = with_leaks();
    press(&mut model, now, "j\n");
    let story = v1::Story {
        events: std::iter::once(event(1, v1::EventKind::Spawned, task.spawned_ns, ""))
            .chain(task.ended_ns.map(|at| event(2, v1::EventKind::Ended, at, "cancelled")))
            .collect(),
        verdicts: task.ended_ns.is_none().then(|| v1::Verdict::Stuck.into()).into_iter().collect(),
        task: Some(task),
        holdings,
        ..Default::default()
    };
    update(&mut model, now, v1::Update { story: Some(story), ..Default::default() });
    (model, now)
}

#[test]
fn a_story_of_a_task_in_its_drop_120x40() {
    let mut task = task("upload", 881);
    is_dropping(&mut task);
    let (model, now) = with_a_story_of(task, Vec::new());
    let terminal = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(terminal.backend());
    let buffer = terminal.backend().buffer();
    let slow = find(buffer, "SLOW DROP 3.0s");
    assert_eq!(buffer[slow].fg, Color::Red);
    find(buffer, "in drop for 3.0s");
    find(buffer, "Do not block in Drop");
}

#[test]
fn a_story_marks_a_slow_drop_and_lists_the_wakers_120x40_and_80x24() {
    let mut task = task("upload", 881);
    if let Some(cancel) = &mut task.cancel {
        // A token was noticed, the task cleaned up, and then its drop took its time.
        cancel.requested_ns = NOW - 253 * S;
        cancel.delivered_ns = Some(NOW - 253 * S + 10 * MS);
        cancel.drop_began_ns = Some(NOW - 252 * S - 400 * MS);
        cancel.drop_ns = Some(400 * MS);
    }
    let (model, now) = with_a_story_of(task, vec![waker()]);
    let wide = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(wide.backend());
    let buffer = wide.backend().buffer();
    let marked = find(buffer, "ended              cancelled; 400ms in its drop, which blocked");
    assert_eq!(buffer[marked].fg, Color::Red);
    find(buffer, "SLOW DROP 400ms");
    find(buffer, "cleans up 590ms");
    find(buffer, "delivered             drop begins");
    find(buffer, "2 wakers, 1.5 KiB");
    find(buffer, "its memory stays allocated");
    let narrow = draw(&model, theme(), now, (80, 24));
    insta::assert_snapshot!(narrow.backend());
    find(narrow.backend().buffer(), "400ms in its drop");
}
