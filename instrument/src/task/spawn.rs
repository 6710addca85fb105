//! The spawn functions.

use std::{any::type_name, future::Future, panic::Location};

use super::{JoinHandle, future::Followed};
use crate::record::{NewKind, NewTask, Task};

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
    let task = Task::new(&new_task::<F>(NewKind::Task, Location::caller(), None));
    let followed = Followed::new(future, task.clone());
    // No closure may stand between the caller and tokio's function, which takes the
    // caller's location: `adopting` is a guard.
    let adopting = task.adopting();
    let handle = tokio::spawn(followed);
    adopting.adopted(handle.id());
    JoinHandle::new(handle, task)
}

pub(super) fn new_task<'a, F>(
    kind: NewKind,
    location: &'static Location<'static>,
    name: Option<&'a str>,
) -> NewTask<'a> {
    NewTask { kind, location, type_name: type_name::<F>(), size: size_of::<F>(), name }
}
