//! `WatchUpdates`, of resources and of what tasks have to do with them.

use std::{future::pending, sync::Arc, time::Duration};

use console_api::resources::{
    Resource, Stats,
    resource::kind::{Kind, Known},
};
use holdover::sync::Mutex;

use crate::{
    mirror::{Mirror, attach},
    updates::spawn_named,
};

pub(crate) async fn who_holds_and_who_waits(address: &str) {
    let lock = Arc::new(Mutex::new(()));
    let held = Arc::clone(&lock);
    let holder = spawn_named("holds a lock", async move {
        let _guard = held.lock().await;
        pending::<()>().await;
    });
    let mut mirror = Mirror::of(&mut attach(address).await).await;
    let holds = |it: &Mirror| it.operations_of("holds a lock").len() == 1;
    mirror.until("the lock is held", holds).await;
    let waiter = spawn_named("waits for a lock", async move {
        let _guard = lock.lock().await;
        pending::<()>().await;
    });
    let waits = |it: &Mirror| it.operations_of("waits for a lock").len() == 1;
    mirror.until("the other one waits", waits).await;
    let (what, kind, number) = mirror.operations_of("holds a lock")[0];
    assert_eq!((what, kind), ("holds lock", "lock"));
    let (what, kind, awaited) = mirror.operations_of("waits for a lock")[0];
    assert_eq!((what, kind, awaited), ("waits for lock", "lock", number), "the same lock");
    let (resource, _) = &mirror.resources[&number];
    let location = resource.location.as_ref().expect("a place");
    assert_eq!(location.file.as_deref(), Some(file!()));
    let is_polled = mirror.poll_ops.iter().any(|poll| {
        !poll.is_ready && poll.resource_id.is_some_and(|resource| resource.id == number)
    });
    assert!(is_polled, "who waits was polled");
    holder.abort();
    let gets_it = |it: &Mirror| {
        it.operations_of("waits for a lock").first().is_some_and(|it| it.0 == "holds lock")
            && it.operations_of("holds a lock").is_empty()
    };
    mirror.until("it gets the lock", gets_it).await;
    waiter.abort();
    let nobodys = |it: &Mirror| it.operations_of("waits for a lock").is_empty();
    mirror.until("nobody has it", nobodys).await;
}

pub(crate) async fn timers_and_what_cancelled_tasks_leave(address: &str) {
    let task = spawn_named("arms a timer", async {
        let _armed = holdover::time::call_later(Duration::from_secs(900), || {});
        holdover::time::sleep(Duration::from_secs(800)).await;
    });
    let mut mirror = Mirror::of(&mut attach(address).await).await;
    let both = |it: &Mirror| it.operations_of("arms a timer").len() == 2;
    mirror.until("both timers", both).await;
    for (_, _, number) in mirror.operations_of("arms a timer") {
        let kind = mirror.resources[&number].0.kind.as_ref().and_then(|kind| kind.kind.clone());
        assert_eq!(kind, Some(Kind::Known(Known::Timer.into())));
    }
    task.abort();
    let left = |it: &Mirror| {
        let operations = it.operations_of("arms a timer");
        operations.len() == 1 && {
            let attributes = &it.resources[&operations[0].2].1.attributes;
            let says = |attribute: &console_api::Attribute| {
                attribute.field.as_ref().map(ToString::to_string).unwrap_or_default()
            };
            attributes.iter().any(|it| says(it) == "holder.cancelled=true")
        }
    };
    mirror.until("the callback is left, and says so", left).await;
    let (what, label, number) = mirror.operations_of("arms a timer")[0];
    assert_eq!((what, label), ("holds call_later", "call_later"));
    let duration = &mirror.resources[&number].1.attributes[0];
    assert_eq!(duration.unit.as_deref(), Some("ms"));
    assert_eq!(duration.field.as_ref().map(ToString::to_string), Some("duration=900000".into()));
}

/// It stays as it was, and was over when it went off; an interval has no such time.
pub(crate) async fn a_timer_that_went_off(address: &str) {
    let goes_off = spawn_named("goes off", async {
        loop {
            holdover::time::sleep(Duration::from_millis(300)).await;
        }
    });
    let ticks = spawn_named("ticks", async {
        let mut interval = holdover::time::interval(Duration::from_millis(20));
        loop {
            interval.tick().await;
        }
    });
    let mut mirror = Mirror::of(&mut attach(address).await).await;
    let went_off = |it: &Mirror| it.resources.values().any(|it| is_of_300_ms(it) && is_over(it));
    mirror.until("one went off", went_off).await;
    for (resource, stats) in mirror.resources.values().filter(|it| is_of_300_ms(it) && is_over(it))
    {
        let at = |at: Option<prost_types::Timestamp>| {
            let at = at.expect("a time");
            at.seconds * 1_000_000 + i64::from(at.nanos / 1_000)
        };
        let lasted = at(stats.dropped_at) - at(stats.created_at);
        assert!((299_000..310_000).contains(&lasted), "{lasted} us: {resource:?} {stats:?}");
    }
    let ticking = |it: &Mirror| it.operations_of("ticks").len() == 1;
    mirror.until("the interval", ticking).await;
    let (_, label, number) = mirror.operations_of("ticks")[0];
    assert_eq!(label, "interval");
    assert!(mirror.resources[&number].1.attributes.is_empty(), "it ticks, and is not over then");
    goes_off.abort();
    ticks.abort();
}

fn is_of_300_ms((resource, stats): &(Resource, Stats)) -> bool {
    let file = resource.location.as_ref().and_then(|it| it.file.as_deref());
    if file != Some(file!()) {
        // One of the client's own.
        return false;
    }
    let fields = stats.attributes.iter().filter_map(|it| it.field.as_ref());
    // tokio counts whole milliseconds, and rounds up.
    fields.map(ToString::to_string).any(|it| it == "duration=300" || it == "duration=301")
}

fn is_over((_, stats): &(Resource, Stats)) -> bool {
    stats.dropped_at.is_some()
}
