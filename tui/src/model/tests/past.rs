//! Stepping back through what was told.

use super::*;

const S: u64 = 1_000_000_000;

/// Told a leak more each second, and made to stand still after the third.
fn after_three() -> (Model, Instant) {
    let (mut model, start) = (Model::new("here".into()), Instant::now());
    model.apply(described("a"), start);
    for second in 1..=3 {
        tell(&mut model, start, second);
    }
    let now = start + Duration::from_secs(3);
    press(&mut model, " ", now);
    (model, start)
}

fn tell(model: &mut Model, start: Instant, second: u64) {
    let groups = (1..=second).map(|id| group("a", id)).collect();
    let totals = Some(v1::Totals { leaks: second, ..Default::default() });
    let told = v1::Update { now_ns: second * S, groups, totals, ..Default::default() };
    model.apply(update(model, told), start + Duration::from_secs(second));
}

fn seen(model: &Model, now: Instant) -> (usize, u64, u64) {
    (model.leaks.rows().len(), model.totals().leaks, model.target_now(now) / S)
}

#[test]
fn back_and_forth_and_on() {
    let (mut model, start) = after_three();
    let now = start + Duration::from_secs(9);
    assert_eq!((seen(&model, now), model.looks_back(now)), ((3, 3, 3), None));
    press(&mut model, "[", now);
    assert_eq!(seen(&model, now), (2, 2, 2));
    assert_eq!(model.looks_back(now), Some(Duration::from_secs(7)));
    press(&mut model, "[[", now);
    assert_eq!(seen(&model, now), (1, 1, 1), "there is nothing earlier");
    assert!(model.said(now).is_some_and(|said| said.starts_with("nothing earlier is kept")));

    // What is told meanwhile does not move what is shown, and is not lost.
    tell(&mut model, start, 4);
    assert_eq!(seen(&model, now), (1, 1, 1));
    press(&mut model, "]]]", now);
    assert_eq!(seen(&model, now), (4, 4, 4));
    press(&mut model, "]", now);
    assert!(model.said(now).is_some_and(|said| said.starts_with("nothing was told later")));
    press(&mut model, "[[[ ", now);
    assert_eq!((seen(&model, now), model.looks_back(now)), ((4, 4, 9), None), "as it is now");
}

#[test]
fn the_first_step_back_makes_it_stand_still() {
    let (mut model, start) = after_three();
    let now = start + Duration::from_secs(5);
    press(&mut model, " ", now);
    press(&mut model, "[", now);
    assert!(model.frozen.is_some());
    assert_eq!(seen(&model, now), (2, 2, 2));
}

#[test]
fn of_another_view_there_is_another_past() {
    let (mut model, start) = after_three();
    let now = start + Duration::from_secs(5);
    press(&mut model, "[2", now);
    assert_eq!(model.looks_back(now), None);
    let tasks = vec![v1::Task { id: 7, ..Default::default() }];
    model.apply(update(&model, v1::Update { tasks, ..Default::default() }), now);
    press(&mut model, "[", now);
    assert_eq!(model.looks_back(now), None, "it was told once");
    assert_eq!(model.tasks.rows().len(), 1);
}

#[test]
fn what_another_process_said_is_forgotten() {
    let (mut model, start) = after_three();
    let now = start + Duration::from_secs(5);
    model.apply(described("b"), now);
    press(&mut model, "[", now);
    assert!(model.leaks.rows().is_empty());
}

/// The rates, and the chart of leaks without what nobody looked at.
fn over_time(model: &Model) -> (Option<(f64, f64)>, Vec<u64>) {
    let (points, _) = model.points(Figure::Leaks, 60);
    (model.rates(), points.into_iter().flatten().collect())
}

#[test]
fn what_is_drawn_over_time_stands_still_too_and_goes_back_with_the_rest() {
    let (mut model, start) = (Model::new("here".into()), Instant::now());
    model.apply(described("a"), start);
    let spawn = |model: &mut Model, second: u64| {
        let totals = v1::Totals { leaks: second, tasks_spawned: second * 10, ..<_>::default() };
        let told = v1::Update { now_ns: second * S, totals: Some(totals), ..<_>::default() };
        model.apply(update(model, told), start + Duration::from_secs(second));
    };
    (1..=3).for_each(|second| spawn(&mut model, second));
    let now = start + Duration::from_secs(3);
    press(&mut model, " ", now);
    let stood = (Some((10.0, 0.0)), vec![1, 2, 3]);
    assert_eq!(over_time(&model), stood);
    for second in 4..=2_000 {
        spawn(&mut model, second * second);
        model.pass(start + Duration::from_secs(second * second));
    }
    assert_eq!(over_time(&model), stood, "however long that is");
    let later = start + Duration::from_secs(4_000_000);
    press(&mut model, "[", later);
    assert_eq!(over_time(&model), (Some((10.0, 0.0)), vec![1, 2]));
    press(&mut model, "]]", later);
    assert_eq!(model.totals().leaks, 16, "told while it stood still");
    press(&mut model, " ", later);
    assert_eq!(over_time(&model).1.last(), Some(&4_000_000));
}
