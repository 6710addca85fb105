//! Workers on a queue. A job that fails goes to the dead letters, and what it held goes
//! back. A worker that is aborted in the middle of a job leaves the job's connection in
//! the list of what is under way, unless it puts it back when it is dropped.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use holdover::{
    hold::{Held, Kind},
    task::Builder,
    time::sleep,
};
use tokio::sync::{Mutex as Shared, mpsc};

use crate::Rounds;

/// What the workers share.
#[derive(Default)]
struct Pool {
    under_way: Mutex<HashMap<u32, Held<&'static str>>>,
    dead_letters: Mutex<Vec<u32>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends a job whatever becomes of its worker.
struct PutsBack<'a>(&'a Pool, u32);

impl Drop for PutsBack<'_> {
    fn drop(&mut self) {
        drop(lock(&self.0.under_way).remove(&self.1));
    }
}

async fn work(pool: &Pool, job: u32, is_careful: bool) {
    let _puts_back = is_careful.then(|| PutsBack(pool, job));
    lock(&pool.under_way).insert(job, Held::new("jobs.db", Kind::Connection, "jobs.db"));
    sleep(Duration::from_millis(if job >= 4 { 60_000 } else { 100 })).await;
    lock(&pool.under_way).remove(&job);
    if job == 2 {
        lock(&pool.dead_letters).push(job);
    }
}

async fn worker(pool: Arc<Pool>, queue: Arc<Shared<mpsc::Receiver<u32>>>, is_careful: bool) {
    loop {
        let job = queue.lock().await.recv().await;
        let Some(job) = job else { return };
        work(&pool, job, is_careful).await;
    }
}

/// Has two workers, aborts both in the middle of a job, and mends what one has left.
pub async fn worker_pool(mut rounds: Rounds) {
    while rounds.another() {
        let pool = Arc::new(Pool::default());
        let (jobs, queue) = mpsc::channel(8);
        let queue = Arc::new(Shared::new(queue));
        let start = |name, is_careful| {
            let worker = worker(Arc::clone(&pool), Arc::clone(&queue), is_careful);
            Builder::new().name(name).spawn(worker)
        };
        let workers = [start("careful", true), start("careless", false)];
        for job in 1..=5 {
            let _ = jobs.send(job).await;
        }
        sleep(Duration::from_secs(1)).await;
        workers.into_iter().flatten().for_each(|it| it.abort_because("out of memory"));
        sleep(Duration::from_secs(4)).await;
        let left = lock(&pool.under_way).drain().count();
        tracing::info!(left, dead_letters = lock(&pool.dead_letters).len(), "mended");
        sleep(Duration::from_secs(1)).await;
    }
}
