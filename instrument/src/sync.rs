//! Mirrors [`tokio::sync`], and `tokio_util::sync` where a token is concerned: the same
//! names, signatures and behaviour.

mod barrier;
pub mod broadcast;
mod ends;
pub mod mpsc;
mod mutex;
mod notify;
pub mod oneshot;
#[expect(unsafe_code, reason = "a guard that owns its lock borrows from it")]
mod owned;
mod rwlock;
mod semaphore;
mod token;
mod waits;
pub mod watch;

// What is not defined here is tokio's own; what is, shadows it.
pub use tokio::sync::*;

pub use self::barrier::Barrier;
pub use self::mutex::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard,
};
pub use self::notify::Notify;
pub use self::rwlock::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
pub use self::semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
pub use self::token::{
    CancellationToken, DropGuard, DropGuardRef, WaitForCancellationFuture,
    WaitForCancellationFutureOwned,
};

/// Mirrors [`tokio::sync::futures`]: futures that have a name.
pub mod futures {
    pub use super::notify::{Notified, OwnedNotified};
}
