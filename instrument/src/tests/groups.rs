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
