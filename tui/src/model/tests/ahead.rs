use super::*;

const STORY: fn(u64) -> Screen = |task| Screen::Story(TargetId::default(), task);

fn rows(model: &Model, tasks: &[(u64, &str)]) -> Event {
    let task = |(id, name): &(u64, &str)| v1::Task {
        id: *id,
        name: (*name).into(),
        ..v1::Task::default()
    };
    update(model, v1::Update { tasks: tasks.iter().map(task).collect(), ..Default::default() })
}

/// Attached, and on the list of tasks, which is there.
fn listed(now: Instant) -> Model {
    let mut model = Model::new("here".into());
    model.apply(described("a"), now);
    press(&mut model, "2", now);
    let all = rows(&model, &[(1, "main"), (2, "worker"), (3, "worker")]);
    model.apply(all, now);
    model
}

#[test]
fn what_is_typed_behind_a_filter_is_about_a_row_that_matches() {
    let now = Instant::now();
    let mut model = listed(now);
    press(&mut model, "/name:worker\nj\n", now);
    assert_eq!(model.screen(), Screen::Tasks, "main is still selected");
    let matching = rows(&model, &[(2, "worker"), (3, "worker")]);
    model.apply(matching, now);
    assert_eq!(model.screen(), STORY(3));
    // Where the rows are those that were asked for, a key does at once what it does.
    press(&mut model, "\u{1b}sk\n", now);
    assert_eq!(model.screen(), STORY(2));
}

#[test]
fn a_second_filter_typed_ahead_is_typed_when_its_turn_comes() {
    let now = Instant::now();
    let mut model = listed(now);
    press(&mut model, "/name:worker\n\n\u{1b}", now);
    assert_eq!(model.filter(), "", "back: the filter is gone, and what was typed for it");
    press(&mut model, "/name:worker\nj/ name:query\n", now);
    assert_eq!(model.filter(), "name:worker", "q does not quit");
    let matching = rows(&model, &[(2, "worker")]);
    model.apply(matching, now);
    assert_eq!((model.filter(), model.quit), ("name:worker name:query", false));
}

#[test]
fn keys_that_are_about_no_row_wait_for_none() {
    let now = Instant::now();
    let mut model = listed(now);
    press(&mut model, "/name:worker\n3", now);
    assert_eq!(model.screen(), Screen::Holdings);
    press(&mut model, "?", now);
    assert_eq!(model.screen(), Screen::Help);
    press(&mut model, "q", now);
    assert!(model.quit);
}

#[test]
fn where_no_rows_come_what_was_typed_for_them_is_dropped() {
    let now = Instant::now();
    let said = "no rows have come for what was typed: it is dropped";
    let mut model = listed(now);
    press(&mut model, "/name:worker\n\n", now);
    model.pass(now + Duration::from_millis(4_900));
    assert_eq!(model.said(now + Duration::from_millis(4_900)), None);
    let late = now + Duration::from_secs(5);
    model.pass(late);
    assert_eq!((model.screen(), model.said(late)), (Screen::Tasks, Some(said)));
    // What is there can be looked at.
    press(&mut model, "\n", late);
    assert_eq!(model.screen(), STORY(1));

    let mut model = listed(now);
    press(&mut model, "/name:worker\n\n", now);
    model.apply(Event::Lost { why: "gone".into(), retry_in: Duration::from_secs(1) }, now);
    assert_eq!((model.screen(), model.said(now)), (Screen::Tasks, Some(said)));
    model.apply(described("a"), now);
    let matching = rows(&model, &[(2, "worker")]);
    model.apply(matching, now);
    assert_eq!(model.screen(), Screen::Tasks);
}

#[test]
fn no_more_is_kept_than_anybody_types() {
    let now = Instant::now();
    let mut model = listed(now);
    press(&mut model, "/name:worker\n", now);
    press(&mut model, &"j".repeat(100), now);
    press(&mut model, "\n", now);
    let matching: Vec<(u64, &str)> = (1..=100).map(|id| (id, "worker")).collect();
    let matching = rows(&model, &matching);
    model.apply(matching, now);
    assert_eq!(model.tasks.selected_index(), Some(64));
}
