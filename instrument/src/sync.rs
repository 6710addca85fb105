//! Mirrors [`tokio::sync`], and `tokio_util::sync` where a token is concerned: the same
//! names, signatures and behaviour.

mod mutex;
pub mod oneshot;
mod semaphore;
mod token;
mod waits;

// What is not defined here is tokio's own; what is, shadows it.
pub use tokio::sync::*;

pub use self::mutex::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard,
};
pub use self::semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
pub use self::token::{
    CancellationToken, DropGuard, DropGuardRef, WaitForCancellationFuture,
    WaitForCancellationFutureOwned,
};
