//! A service whose tasks stand still, so that what is drawn of them can be compared.

use std::{future::pending, io::Read, sync::Arc, time::Duration};

use holdover::sync::Mutex;
use tokio::sync::oneshot;

use crate::{figures::wakes_itself, updates::spawn_named};

const LONG: Duration = Duration::from_secs(3600);

/// All of them have come to rest when this returns; the closure runs on.
pub(crate) async fn tasks() -> tokio::task::JoinHandle<()> {
    for number in 0..4_u32 {
        drop(spawn_named(&format!("polled {number}"), async move {
            for _ in 0..number {
                tokio::task::yield_now().await;
            }
            holdover::time::sleep(LONG).await;
        }));
    }
    drop(spawn_named("wakes itself", async {
        for _ in 0..3 {
            wakes_itself().await;
        }
        holdover::time::sleep(LONG).await;
    }));
    drop(holdover::spawn(holdover::time::sleep(LONG)));
    a_lock().await;
    spawn_named("completed", async {}).await.expect("it completes");
    leaves_a_timer().await;
    holdover::task::spawn_blocking(|| drop(std::io::stdin().read(&mut [0]))).into()
}

/// One has it, another waits for it.
async fn a_lock() {
    let lock = Arc::new(Mutex::new(()));
    let (tell, told) = oneshot::channel();
    let held = Arc::clone(&lock);
    drop(spawn_named("holds a lock", async move {
        let _guard = held.lock().await;
        tell.send(()).expect("somebody waits for it");
        pending::<()>().await;
    }));
    told.await.expect("it has the lock");
    drop(spawn_named("waits for a lock", async move { drop(lock.lock().await) }));
}

async fn leaves_a_timer() {
    let (tell, told) = oneshot::channel();
    let task = spawn_named("cancelled", async {
        drop(holdover::time::call_later(LONG, || {}));
        tell.send(()).expect("somebody waits for it");
        pending::<()>().await;
    });
    told.await.expect("it is polled");
    task.abort();
    task.await.expect_err("it was aborted");
}
