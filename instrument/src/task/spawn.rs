//! The spawn functions.

use std::{future::Future, panic::Location};

use super::{Builder, JoinHandle};

/// Spawns a task; [`tokio::spawn`], recorded.
///
/// # Panics
///
/// When called outside a runtime, as tokio's does.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let handle = holdover::spawn(async { 6 * 7 });
/// assert_eq!(handle.await.unwrap(), 42);
/// # }
/// ```
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let (followed, task) = Builder::new().follow(future, Location::caller());
    // No closure may stand between the caller and tokio's function, which takes the
    // caller's location: `adopting` is a guard.
    let adopting = task.adopting();
    let handle = tokio::spawn(followed);
    let followed = adopting.adopted(&handle);
    JoinHandle::new(handle, followed)
}

/// Runs a closure where it may block; [`tokio::task::spawn_blocking`], recorded.
///
/// A closure that runs cannot be aborted: tokio ignores it, and the console shows the
/// task as `stuck` until the closure returns.
///
/// # Panics
///
/// When called outside a runtime, as tokio's does.
#[track_caller]
pub fn spawn_blocking<F, R>(closure: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let (followed, task) = Builder::new().follow_closure(closure, Location::caller());
    let adopting = task.adopting();
    let handle = tokio::task::spawn_blocking(move || followed.run());
    let followed = adopting.adopted(&handle);
    JoinHandle::new(handle, followed)
}
