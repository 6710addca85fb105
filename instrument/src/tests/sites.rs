//! Tasks in groups by where they were spawned.

use std::{future::pending, sync::Arc, time::Duration};

use super::support::{DAY, Service, named, on_each, settle};
use crate::{
    hold::{Kind, Registry},
    task::{JoinSet, spawn},
};

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

/// `collect` does not tell who called it, and a place of ours would say nothing.
#[test]
fn members_of_a_set_have_the_place_of_whoever_asked_for_them_or_none() {
    on_each(|service| {
        service.run(async {
            let mut collected: JoinSet<()> = (0..3).map(|_| pending()).collect();
            assert_eq!(service.places(), ["3 "]);
            collected.extend([pending()]);
            let extended = line!() - 1;
            let from: JoinSet<()> = JoinSet::from_iter([pending(), pending()]);
            let told = line!() - 1;
            let at = |many: u32, line: u32, column: u32| format!("{many} sites.rs:{line}:{column}");
            assert_eq!(service.places(), [at(1, extended, 23), at(2, told, 37), "3 ".to_owned()]);
            drop(from);
        });
    });
}

#[test]
fn the_timer_of_a_sweeper_is_where_it_was_asked_for() {
    on_each(|service| {
        service.run(async {
            let registry = Registry::new(Kind::Custom, "thing");
            registry.register(Arc::new(1), Duration::from_secs(1));
            let sweeper = named("sweeper", async move {
                let never = async |_| Ok::<(), &str>(());
                registry.sweep_every(Duration::from_secs(3_600), never).await;
            });
            settle().await;
            let held = service.held_in_the_story_of("sweeper");
            let places: Vec<&str> = held.iter().map(|it| &*it.site).collect();
            assert!(matches!(places[..], [it] if it.contains("tests/sites.rs")), "{places:?}");
            sweeper.abort();
        });
    });
}
