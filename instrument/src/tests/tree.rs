//! Tasks beneath those that spawned them.

use std::future::pending;

use super::support::{GRACE_OVER, Service, named, on_each, settle};
use crate::{
    hold::{Hold, Kind},
    query::ViewKind,
};

/// Two branches: `left` of two tasks, one of which holds something, and `right` of one.
fn within_branches(service: &Service, test: impl FnOnce()) {
    service.run(async {
        let root = named("root", async {
            let left = named("left", async {
                let _kept = named("holder", async {
                    let _held = Hold::new(Kind::Connection, "pg");
                    pending::<()>().await;
                });
                named("idler", pending::<()>());
                pending::<()>().await;
            });
            settle().await;
            named("right", pending::<()>());
            settle().await;
            left.abort();
            pending::<()>().await;
        });
        settle().await;
        settle().await;
        settle().await;
        test();
        root.abort();
    });
}

#[test]
fn each_stands_beneath_the_one_that_spawned_it_and_below_a_cancelled_one_is_said() {
    on_each(|service| {
        within_branches(service, || {
            assert_eq!(
                service.tree(ViewKind::Tasks, "kind:task", &[]),
                ["root", "  left cancelled |", "    holder below |", "    idler below", "  right",]
            );
        });
    });
}

#[test]
fn beneath_a_folded_one_nothing_is_listed_and_how_much_is_said() {
    on_each(|service| {
        within_branches(service, || {
            assert_eq!(
                service.tree(ViewKind::Tasks, "kind:task", &["left"]),
                ["root", "  left cancelled | -2", "  right"]
            );
            assert_eq!(service.tree(ViewKind::Tasks, "kind:task", &["root"]), ["root -4"]);
        });
    });
}

#[test]
fn what_matches_is_listed_with_what_is_above_it() {
    on_each(|service| {
        within_branches(service, || {
            assert_eq!(
                service.tree(ViewKind::Tasks, "name:right or name:idler", &[]),
                ["root above", "  left above cancelled |", "    idler below", "  right"]
            );
            assert_eq!(
                service.tree(ViewKind::Holdings, "holds:connection", &[]),
                ["root above", "  left above cancelled", "    holder below"]
            );
            assert_eq!(service.tree(ViewKind::Tasks, "name:nobody", &[]), [""; 0]);
        });
    });
}

#[test]
fn the_leaks_are_the_tasks_that_are_reported_each_with_its_verdicts() {
    on_each(|service| {
        service.run(async {
            let root = named("root", async {
                let leaky = named("leaky", async {
                    std::mem::forget(Hold::new(Kind::Connection, "pg"));
                    std::mem::forget(Hold::new(Kind::Connection, "pg"));
                    pending::<()>().await;
                });
                settle().await;
                leaky.abort();
                pending::<()>().await;
            });
            settle().await;
            settle().await;
            assert_eq!(service.verdicts(GRACE_OVER).len(), 1);
            for kind in [ViewKind::Leaks, ViewKind::LeakGroups] {
                assert_eq!(
                    service.tree(kind, "", &[]),
                    ["root above", "  leaky cancelled left-behind"]
                );
            }
            root.abort();
        });
    });
}
