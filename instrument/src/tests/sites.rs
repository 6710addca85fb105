//! Tasks in groups by where they were spawned.

use std::future::pending;

use super::support::{DAY, Service, on_each, settle};
use crate::task::spawn;

/// Spawns at three lines, one beneath the other: two tasks that go on, three that complete,
/// one that is aborted. Gives the lines.
fn spawns(service: &Service, test: impl FnOnce([u32; 3])) {
    service.run(async {
        let first = line!() + 3;
        let mut live = Vec::new();
        while live.len() < 2 {
            live.push(spawn(pending::<()>()));
        }
        for task in [(); 3].map(|()| spawn(async {})) {
            task.await.expect("it completes");
        }
        spawn(pending::<()>()).abort();
        settle().await;
        test([first, first + 2, first + 5]);
        for task in &live {
            task.abort();
        }
    });
}

#[test]
fn a_site_has_those_that_live_and_those_that_have_ended() {
    on_each(|service| {
        spawns(service, |[live, complete, abort]| {
            let said = |sites: [(u32, &str); 3]| sites.map(|(line, it)| format!("{line}: {it}"));
            let (live, complete, abort) = ((live, "2 0"), (complete, "0 3"), (abort, "0 1"));
            assert_eq!(service.sites("", ""), said([live, complete, abort]));
            assert_eq!(service.sites("-ended", ""), said([complete, abort, live]));
            assert_eq!(service.sites("spawned", ""), said([abort, live, complete]));
            assert_eq!(service.sites("-cancelled", "")[0], said([abort; 3])[0]);
            assert_eq!(service.sites("-loc", ""), said([abort, complete, live]));
        });
    });
}

#[test]
fn a_site_matches_where_a_task_of_it_that_is_listed_does_and_by_its_place_where_none_is() {
    on_each(|service| {
        spawns(service, |[live, complete, abort]| {
            let lines = |filter: &str| -> Vec<u32> {
                let sites = service.sites("loc", filter).into_iter();
                sites
                    .map(|it| it.split(':').next().unwrap_or("").parse().expect("a line"))
                    .collect()
            };
            assert_eq!(lines("state:idle"), [live]);
            assert_eq!(lines("outcome:cancelled or outcome:completed"), [complete, abort]);
            assert_eq!(lines("loc:tests/sites.rs"), [live, complete, abort]);
            assert_eq!(lines("loc:elsewhere"), [0; 0]);
            service.look(8 * DAY);
            assert_eq!(lines("outcome:cancelled"), [0; 0], "it is forgotten");
            assert_eq!(lines("loc:tests/sites.rs"), [live, complete, abort]);
            assert_eq!(service.sites("loc", "").len(), 3, "how many is not");
        });
    });
}
