//! Locks and permits, nobody else wanting them.

use super::rt::sync::{Mutex, RwLock, Semaphore};

pub async fn permits(operations: u32) {
    let semaphore = Semaphore::new(2);
    for _ in 0..operations {
        drop(semaphore.acquire().await.expect("open"));
    }
}

pub async fn locks(operations: u32) {
    let lock = Mutex::new(0_u64);
    for _ in 0..operations {
        *lock.lock().await += 1;
    }
}

pub async fn reads(operations: u32) {
    let lock = RwLock::new(0_u64);
    for _ in 0..operations {
        std::hint::black_box(*lock.read().await);
    }
}
