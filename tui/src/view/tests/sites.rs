//! Tasks in groups by where they were spawned.

use super::*;

fn of(location: &str, live: u64, ended: Option<[u64; 4]>) -> v1::TaskGroup {
    let ended = ended.map(|[completed, cancelled, panicked, shutdown]| v1::EndedTasks {
        completed,
        cancelled,
        panicked,
        shutdown,
    });
    v1::TaskGroup { location: location.into(), other: false, live, ended }
}

fn by_site() -> (Model, Instant) {
    let (mut model, now) = attached();
    press(&mut model, now, "2g");
    assert_eq!(model.view().kind(), v1::ViewKind::TaskGroups);
    let registry = "/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/";
    let task_groups = vec![
        of("src/http.rs:58:9", 10_240, Some([81_903_441, 4_112, 3, 0])),
        of(&format!("{registry}hyper-util-0.1.21/src/rt/tokio.rs:127:13"), 160, Some([0; 4])),
        of("src/audit.rs:14:5", 12, None),
        v1::TaskGroup { other: true, ..of("", 2, Some([7, 0, 0, 0])) },
        of("", 0, Some([0, 1, 0, 4])),
    ];
    let told = v1::Update { task_groups, matched: 5, all: 9, ..Default::default() };
    update(&mut model, now, told);
    (model, now)
}

#[test]
fn sites_say_how_many_live_and_how_many_have_ended_120x40_and_80x24() {
    let (model, now) = by_site();
    let wide = draw(&model, theme(), now, (120, 40));
    insta::assert_snapshot!(wide.backend());
    let buffer = wide.backend().buffer();
    find(buffer, "5 of 9 spawn sites, most live first; g tasks");
    find(buffer, "81 907 556");
    find(buffer, "81 917 796");
    find(buffer, "all other places");
    find(buffer, "not known");
    let narrow = draw(&model, theme(), now, (80, 24));
    insta::assert_snapshot!(narrow.backend());
    find(narrow.backend().buffer(), "5 of 9 sites");
    find(narrow.backend().buffer(), "81 907 556");
}

#[test]
fn a_site_leads_to_its_tasks_and_each_tab_has_its_own_filter_and_order() {
    let (mut model, now) = by_site();
    press(&mut model, now, "sss");
    assert_eq!(model.view().sort, "-ended");
    press(&mut model, now, "f");
    assert_eq!(model.view().filter, "loc:\"src/http.rs:58:9\"");
    press(&mut model, now, "t");
    assert!(!model.view().tree, "a site is beneath none");
    press(&mut model, now, "12");
    assert_eq!(model.view().kind(), v1::ViewKind::TaskGroups, "it stays so");
    let task_groups = vec![of("src/http.rs:58:9", 10_240, None)];
    update(&mut model, now, v1::Update { task_groups, ..Default::default() });
    press(&mut model, now, "\n");
    assert_eq!(model.view().kind(), v1::ViewKind::Tasks);
    let (filter, sort) = ("loc:\"src/http.rs:58:9\"".to_owned(), String::new());
    assert_eq!((model.view().filter, model.view().sort), (filter, sort));
    press(&mut model, now, "gm");
    assert!(model.view().cancelling && model.view().kind() == v1::ViewKind::Tasks);
    press(&mut model, now, "m");
    assert_eq!(model.view().kind(), v1::ViewKind::Tasks);
}

#[test]
fn a_place_that_is_not_known_leads_nowhere_and_says_so() {
    let (mut model, now) = by_site();
    model.press(KeyEvent::new(KeyCode::End, KeyModifiers::NONE), now);
    press(&mut model, now, "\n");
    assert_eq!(model.view().kind(), v1::ViewKind::TaskGroups);
    assert!(model.said(now).is_some_and(|said| said.starts_with("this place is not known")));
    press(&mut model, now, "f");
    assert_eq!(model.view().filter, "");
}

#[test]
fn a_site_is_copied_and_written() {
    let (mut model, now) = by_site();
    assert_eq!(model.site(), Some("src/http.rs:58:9"));
    let copied = crate::export::text(&model, now).expect("a row");
    let padded = format!("{:<40}", "src/http.rs:58:9");
    let said = "10 240 live, 81 907 556 ended, 4 112 cancelled, 3 panicked";
    assert_eq!(copied, format!("{padded}    {said}"));
    let lines = crate::export::lines(&model, now).expect("rows");
    let json: Vec<serde_json::Value> =
        lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |row: usize, field: &str| json[row][field].clone();
    assert_eq!(
        (of(0, "type"), of(0, "location")),
        ("task-group".into(), "src/http.rs:58:9".into())
    );
    assert_eq!((of(0, "live"), of(0, "ended")), (10_240.into(), 81_907_556.into()));
    assert_eq!((of(0, "spawned"), of(0, "completed")), (81_917_796.into(), 81_903_441.into()));
    assert_eq!(
        (of(0, "cancelled"), of(0, "panicked"), of(0, "shutdown")),
        (4_112.into(), 3.into(), 0.into())
    );
    let null = serde_json::Value::Null;
    assert_eq!(
        (of(2, "live"), of(2, "ended"), of(2, "spawned")),
        (12.into(), null.clone(), null.clone())
    );
    assert_eq!((of(3, "other"), of(3, "location")), (true.into(), null));
    press(&mut model, now, "j");
    assert!(model.site().is_some_and(|site| site.contains("hyper-util")));
}
