//! The list of tasks, and the page of each.

use std::collections::{BTreeMap, HashMap};

use holdover_proto::v1;

use super::{
    screen::{Row, labelled, table},
    terminal::Terminal,
};
use crate::updates::our_own;

const COLUMNS: [&str; 12] = [
    "Warn", "ID", "State", "Name", "Total", "Busy", "Sched", "Idle", "Polls", "Kind", "Location",
    "Fields",
];

/// What a task is known by here: its name and its location.
type Known = (String, String);

fn ours(address: &str) -> HashMap<Known, v1::Task> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let ours = runtime.block_on(our_own(address)).into_values();
    ours.map(|task| ((task.name.clone(), task.location.clone()), task)).collect()
}

/// Row by row. What moves yet is at rest soon.
pub(super) fn are_as_in_our_own_view(terminal: &Terminal, address: &str) {
    terminal.until(|screen| {
        let ours = ours(address);
        let rows = table(screen, &COLUMNS);
        let names: Vec<&str> = rows.iter().map(|row| row["Name"].as_str()).collect();
        if rows.len() != ours.len() || rows.len() < 11 {
            return Err(format!("{} tasks, and ours are {}: {names:?}", rows.len(), ours.len()));
        }
        for row in &rows {
            let known = (row["Name"].clone(), row["Location"].clone());
            let task = ours.get(&known).ok_or_else(|| format!("we have no {known:?}"))?;
            is_the_same(row, task)?;
        }
        Ok(())
    });
    let screen = terminal.shows(&["verdict=left-behind"]);
    // What it warns of is so: this one woke itself, and no other is lost, large or stuck.
    let woke_itself = "1 tasks have woken themselves over 50% of the time";
    assert_eq!(screen.contains(woke_itself), cfg!(tokio_unstable), "{screen}");
    for wrong in ["never yielded", "boxed by the runtime", "bytes or larger"] {
        assert!(!screen.contains(wrong), "{wrong:?} on:\n{screen}");
    }
}

fn is_the_same(row: &Row, task: &v1::Task) -> Result<(), String> {
    let state = match task.state() {
        v1::TaskState::Running => "BUSY",
        v1::TaskState::Scheduled => "SCHED",
        v1::TaskState::Idle => "IDLE",
        v1::TaskState::Ended => "DONE",
        v1::TaskState::Unspecified => "none",
    };
    let kind = match task.kind() {
        v1::TaskKind::Local => "local",
        v1::TaskKind::Blocking => "blocking",
        v1::TaskKind::BlockOn => "block_on",
        _ => "task",
    };
    let polls = task.polls.to_string();
    let id = task.tokio_id.map_or_else(|| row["ID"].clone(), |id| id.to_string());
    for (column, ours) in [("ID", id.as_str()), ("State", state), ("Polls", &polls), ("Kind", kind)]
    {
        if row[column] != ours {
            return Err(format!("{column} is {}, and ours is {ours}, of {row:?}", row[column]));
        }
    }
    let (drawn, ours) = (fields(&row["Fields"]), our_fields(task));
    if drawn == ours { Ok(()) } else { Err(format!("{drawn:?}, and ours are {ours:?}")) }
}

/// Of those that are words.
fn fields(drawn: &str) -> BTreeMap<String, String> {
    const WORDS: [&str; 4] = ["cancelled", "cancel.cause", "cancel.site", "outcome"];
    let fields = drawn.split(' ').filter_map(|field| field.split_once('='));
    let words = fields.filter(|(name, _)| WORDS.contains(name) || *name == "size.bytes");
    words.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn our_fields(task: &v1::Task) -> BTreeMap<String, String> {
    let mut fields = Vec::new();
    if task.size_bytes > 0 {
        fields.push(("size.bytes", task.size_bytes.to_string()));
    }
    if task.outcome() == v1::Outcome::Cancelled {
        fields.push(("outcome", "cancelled".to_owned()));
        fields.push(("cancelled", "true".to_owned()));
    }
    if let Some(cancel) = &task.cancel {
        assert_eq!(cancel.cause(), v1::Cause::Abort);
        fields.push(("cancel.cause", "abort".to_owned()));
        fields.extend(cancel.site.clone().map(|site| ("cancel.site", site)));
    }
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Each is opened.
pub(super) fn pages_are_as_in_our_own_view(terminal: &Terminal, address: &str) {
    let mut ours = ours(address);
    // Once more around, should two have changed places.
    for _ in 0..2 * ours.len() {
        terminal.presses("Down");
        terminal.presses("Enter");
        let drawn = ["Current wakers: ", "Location: ", "Poll Times", "Sched Times", "p99: "];
        let page = terminal.shows(&drawn);
        let label = |label| labelled(&page, label).unwrap_or_default().to_owned();
        if let Some(task) = ours.remove(&(label("Name: "), label("Location: "))) {
            is_the_page_of(&task, &page);
        }
        terminal.presses("Escape");
        terminal.shows(&["Tasks ("]);
    }
    assert!(ours.is_empty(), "no page was drawn of {:?}", ours.keys());
}

fn is_the_page_of(task: &v1::Task, page: &str) {
    let label = |label| labelled(page, label).unwrap_or_default();
    assert_eq!(label("Woken: "), format!("{} times", task.wakes), "{page}");
    let waits = task.state() == v1::TaskState::Idle && task.kind() != v1::TaskKind::BlockOn;
    // It waits for nothing that would wake it.
    let is_lost = cfg!(tokio_unstable) && task.name == "holds a lock";
    let says_so = page.contains("This task has lost its waker");
    assert_eq!(says_so, waits && is_lost, "{page}");
    let is_woken = task.name == "wakes itself" && cfg!(tokio_unstable);
    let itself = if is_woken { "3 times (100%)" } else { "" };
    assert_eq!(label("Self Wakes: "), itself, "{page}");
    let drawn = labelled(page, "p99: ").is_some_and(|longest| longest.ends_with('s'));
    assert!(drawn, "no time of a poll on:\n{page}");
}
