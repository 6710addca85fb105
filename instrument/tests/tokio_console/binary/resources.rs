//! The list of resources, and the page of a lock.

use holdover_proto::v1::{self, holdover_client::HoldoverClient};
use tonic::transport::Endpoint;

use super::{
    screen::{labelled, table},
    terminal::Terminal,
};

const COLUMNS: [&str; 9] =
    ["ID", "Parent", "Kind", "Total", "Target", "Type", "Vis", "Location", "Attributes"];
const OPERATIONS: [&str; 9] =
    ["ID", "Parent", "Task", "Source", "Total", "Busy", "Idle", "Polls", "Attributes"];

/// Kind, label and place of each thing that is held.
type Held = Vec<(String, String, String)>;

fn ours(address: &str) -> Held {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let rows = runtime.block_on(async {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
        let mut client = HoldoverClient::new(endpoint.connect().await.expect("it listens"));
        let view =
            v1::View { kind: v1::ViewKind::Holdings.into(), limit: 500, ..Default::default() };
        let request = v1::WatchRequest { view: Some(view) };
        let mut updates = client.watch(request).await.expect("a view").into_inner();
        updates.message().await.expect("no error").expect("an update").holdings
    });
    let held = rows.into_iter().filter_map(|row| row.holding);
    let held = held.filter_map(|held| {
        let kind = match held.kind() {
            v1::HoldingKind::Timer => "Timer",
            v1::HoldingKind::Lock => "lock",
            v1::HoldingKind::Channel => "channel",
            v1::HoldingKind::Child | v1::HoldingKind::Blocking | v1::HoldingKind::Waker => {
                return None;
            }
            other => panic!("the service holds no {other:?}"),
        };
        let label = if held.label.is_empty() { kind } else { &held.label };
        Some((kind.to_owned(), label.to_owned(), held.site))
    });
    sorted(held.collect())
}

fn sorted(mut held: Held) -> Held {
    held.sort();
    held
}

pub(super) fn are_as_in_our_own_view(terminal: &Terminal, address: &str) {
    terminal.presses("r");
    terminal.until(|screen| {
        let rows = table(screen, &COLUMNS);
        let live = rows
            .iter()
            .map(|row| (row["Kind"].clone(), row["Type"].clone(), row["Location"].clone()));
        let (drawn, ours) = (sorted(live.collect()), ours(address));
        if drawn == ours && drawn.len() >= 7 {
            Ok(())
        } else {
            Err(format!("{drawn:#?}, and ours are {ours:#?}"))
        }
    });
    let screen = terminal.shows(&["call_later"]);
    let rows = table(&screen, &COLUMNS);
    let left = rows.iter().find(|row| row["Type"] == "call_later").expect("it is there");
    assert!(left["Attributes"].contains("duration=3600000ms"), "{left:?}");
    assert!(left["Attributes"].contains("holder.cancelled=true"), "{left:?}");
}

pub(super) fn who_has_the_lock_and_who_waits(terminal: &Terminal) {
    let resources = table(&terminal.shows(&["Resources ("]), &COLUMNS).len();
    for _ in 0..resources {
        terminal.presses("Down");
        terminal.presses("Enter");
        let page = terminal.shows(&["Async Ops (", "Type: "]);
        if labelled(&page, "Kind: ") == Some("lock") {
            return terminal.until(who_has_it_and_who_waits);
        }
        terminal.presses("Escape");
        terminal.shows(&["Resources ("]);
    }
    panic!("no page is a lock's");
}

fn who_has_it_and_who_waits(page: &str) -> Result<(), String> {
    for (name, operation) in
        [("holds a lock", "holds lock"), ("waits for a lock", "waits for lock")]
    {
        let rows = table(page, &OPERATIONS);
        let is_it = |row: &&super::screen::Row| row["Task"].ends_with(&format!("({name})"));
        let row = rows.iter().find(is_it).ok_or_else(|| format!("no operation of {name}"))?;
        if row["Source"] != operation {
            return Err(format!("{row:?}"));
        }
    }
    Ok(())
}
