//! A task whose clean-up blocks its thread in `Drop`: aborted, it does not end until that
//! has returned.

use std::{future::pending, thread, time::Duration};

use holdover::{task::Builder, time::sleep};

use crate::Rounds;

/// Writes what it has when it is dropped, and waits for the disk.
struct Session;

impl Drop for Session {
    fn drop(&mut self) {
        thread::sleep(Duration::from_secs(4));
    }
}

async fn upload() {
    let _session = Session;
    pending::<()>().await;
}

/// Starts a task, aborts it after a second, and does it again when it has ended.
pub async fn blocking_drop(mut rounds: Rounds) {
    while rounds.another() {
        let Ok(task) = Builder::new().name("upload").spawn(upload()) else { return };
        sleep(Duration::from_secs(1)).await;
        task.abort_because("the client went away");
        drop(task.await);
        sleep(Duration::from_secs(2)).await;
    }
}
