//! Whatever else tokio emits: by these names and targets it is known to be tokio's, and
//! set aside.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{
    sync::{Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, broadcast, mpsc, oneshot, watch},
    task::spawn_blocking,
    time::{interval, sleep, timeout},
};
use tracing_core::Level;

use crate::{
    harness::{Traced, on_each_flavor},
    log::{Call, Entry, Parent},
};

async fn locks() {
    let mutex = Arc::new(Mutex::new(1));
    drop(mutex.lock().await);
    drop(Arc::clone(&mutex).lock_owned().await);
    drop(mutex.try_lock());
    let rwlock = RwLock::new(1);
    drop(rwlock.read().await);
    drop(rwlock.write().await.downgrade());
    let semaphore = Semaphore::new(2);
    semaphore.acquire().await.expect("it is open").forget();
    drop(semaphore.try_acquire());
    semaphore.add_permits(1);
    Barrier::new(1).wait().await;
}

async fn channels() {
    let (sender, receiver) = oneshot::channel();
    sender.send(1).expect("it is there");
    receiver.await.expect("it was sent");
    let (mut sender, receiver) = oneshot::channel::<u8>();
    drop(receiver);
    sender.closed().await;
    let (sender, mut receiver) = mpsc::channel(1);
    sender.send(1).await.expect("it is there");
    receiver.recv().await.expect("it was sent");
    let (sender, mut receiver) = broadcast::channel(1);
    sender.send(1).expect("it is there");
    receiver.recv().await.expect("it was sent");
    let (sender, mut receiver) = watch::channel(0);
    sender.send(1).expect("it is there");
    receiver.changed().await.expect("it was sent");
    let notify = Notify::new();
    notify.notify_one();
    notify.notified().await;
    OnceCell::new().get_or_init(async || 1).await;
}

async fn tasks_and_timers() {
    spawn_blocking(|| 1).await.expect("it returns");
    sleep(Duration::from_millis(1)).await;
    interval(Duration::from_millis(1)).tick().await;
    timeout(Duration::from_secs(1), channels()).await.expect("it is quick");
}

fn use_everything(traced: &Traced) -> Vec<Entry> {
    traced.run(async {
        for task in [tokio::spawn(locks()), tokio::spawn(tasks_and_timers())] {
            task.await.expect("it completes");
        }
    });
    traced.log.entries()
}

fn is_known(entry: &Entry) -> bool {
    if entry.call == Call::Event {
        let known = [
            "tokio::task::waker",
            "runtime::resource::state_update",
            "runtime::resource::poll_op",
            "runtime::resource::async_op::state_update",
        ];
        return known.contains(&entry.target);
    }
    match entry.name {
        "runtime.spawn" => ["tokio::task", "tokio::task::blocking"].contains(&entry.target),
        "runtime.resource" | "runtime.resource.async_op" | "runtime.resource.async_op.poll" => {
            entry.target.starts_with("tokio::")
        }
        _ => false,
    }
}

#[test]
fn whatever_tokio_emits_is_known_and_of_level_trace() {
    on_each_flavor(|traced| {
        let entries = use_everything(traced);
        let unknown = entries.iter().filter(|it| !is_known(it) || it.level != Level::TRACE);
        let unknown: BTreeSet<_> = unknown.map(|entry| (entry.name, entry.target)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    });
}

#[test]
fn resources_of_tokio_sync_are_named_as_such() {
    on_each_flavor(|traced| {
        traced.run(async {
            locks().await;
            channels().await;
        });
        let resources = traced.log.new_spans("runtime.resource");
        let targets: BTreeSet<_> = resources.iter().map(|span| span.target).collect();
        let modules = ["barrier", "batch_semaphore", "mutex", "oneshot", "rwlock", "semaphore"];
        let expected = modules.map(|module| format!("tokio::sync::{module}"));
        assert_eq!(targets, expected.iter().map(String::as_str).collect());
        assert!(
            resources
                .iter()
                .all(|span| span.parent == Parent::None && span.text("kind") == Some("Sync"))
        );
    });
}

#[test]
fn only_a_timers_state_has_a_duration() {
    on_each_flavor(|traced| {
        traced.run(async {
            locks().await;
            channels().await;
        });
        let updates = traced.log.events("runtime::resource::state_update");
        assert!(!updates.is_empty() && updates.iter().all(|event| !event.has_field("duration")));
    });
}
