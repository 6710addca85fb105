//! Leaks in groups.

use std::{future::pending, time::Duration};

use super::support::{GRACE_OVER, Service, named, on_each, settle};
use crate::hold::{Hold, Kind};

const MINUTE: Duration = Duration::from_secs(60);

/// Tasks that are aborted and leave a connection behind.
async fn leak(name: &'static str, tasks: usize) {
    for _ in 0..tasks {
        let task = named(name, async {
            std::mem::forget(Hold::new(Kind::Connection, "pg"));
            pending::<()>().await;
        });
        settle().await;
        task.abort();
        settle().await;
    }
}

fn grows(service: &Service) {
    service.run(async {
        leak("a", 1).await;
        leak("b", 3).await;
    });
    service.look(GRACE_OVER);
}

#[test]
fn what_its_members_share_names_a_group() {
    on_each(|service| {
        grows(service);
        assert_eq!(service.grouped("name", "", GRACE_OVER), ["3 b", "1 a"]);
        assert_eq!(service.grouped("cause, holds", "", GRACE_OVER), ["4 abort connection"]);
        assert_eq!(service.grouped("reason", "", GRACE_OVER), ["4 "], "nobody gave one");
    });
}

#[test]
fn tasks_whose_names_and_labels_differ_in_numbers_are_one_bug() {
    on_each(|service| {
        service.run(async {
            for number in 0..3 {
                let task = named(&format!("job-{number}"), async move {
                    std::mem::forget(Hold::new(Kind::Connection, format!("pg {}", number % 2)));
                    pending::<()>().await;
                });
                settle().await;
                task.abort();
            }
            leak("job", 1).await;
        });
        service.look(GRACE_OVER);
        assert_eq!(
            service.named_groups(),
            ["3 job-* pg *: 3 names, 2 labels", "1 job pg: 1 names, 1 labels"]
        );
    });
}

/// What was acquired first names the bug, wherever the recorder has put it.
#[test]
fn what_is_held_is_in_the_order_in_which_it_was_acquired() {
    on_each(|service| {
        service.run(async {
            // What is freed is used again, the last first.
            let free: Vec<Hold> = (0..8).map(|_| Hold::new(Kind::Custom, "free")).collect();
            drop(free);
            for _ in 0..4 {
                let task = named("task", async {
                    for label in ["first", "second", "third"] {
                        std::mem::forget(Hold::new(Kind::Custom, label));
                    }
                    pending::<()>().await;
                });
                settle().await;
                task.abort();
                settle().await;
            }
        });
        service.look(GRACE_OVER);
        assert_eq!(service.named_groups(), ["4 task first: 1 names, 1 labels"]);
    });
}

#[test]
fn groups_are_sorted_by_how_many_they_are() {
    on_each(|service| {
        grows(service);
        assert_eq!(service.grouped("name", "count", GRACE_OVER), ["1 a", "3 b"]);
        assert_eq!(service.grouped("name", "-count", GRACE_OVER), ["3 b", "1 a"]);
        assert_eq!(service.grouped("name", "-growth", GRACE_OVER + MINUTE / 2), ["3 b", "1 a"]);
    });
}

#[test]
fn how_many_there_were_is_counted_minute_by_minute() {
    on_each(|service| {
        grows(service);
        // Given after 5 s; the recording is younger than a minute, and then older.
        assert_eq!(service.counts("name", GRACE_OVER), [vec![3], vec![1]]);
        assert_eq!(service.counts("name", MINUTE), [vec![0, 3], vec![0, 1]]);
        assert_eq!(service.counts("name", 2 * MINUTE), [vec![0, 3, 3], vec![0, 1, 1]]);
        let after_all = service.counts("name", 60 * MINUTE);
        assert_eq!(after_all, [vec![3; 11], vec![1; 11]]);
    });
}
