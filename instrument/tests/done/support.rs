//! Runtimes, and what is said in which order.

use std::{
    future::pending,
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};

use holdover::{Outcome, task::JoinHandle};
use tokio::runtime::{Builder, Runtime};

use crate::watchdog::Watchdog;

/// Long enough for a machine with everything else going on.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
/// Longer than any test.
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// Runs the scenario on a current-thread runtime and on one with a worker.
pub(crate) fn on_each_flavor(scenario: impl Fn(Runtime)) {
    let _watchdog = Watchdog::start();
    crate::begin();
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        scenario(builder.worker_threads(1).enable_all().build().expect("a runtime"));
    }
}

/// Runs the future while time passes only when nothing else is left to do.
pub(crate) fn on_a_paused_clock<F: Future>(future: F) -> F::Output {
    let _watchdog = Watchdog::start();
    crate::begin();
    let mut builder = Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().expect("a runtime").block_on(future)
}

/// What was said, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said(Arc<Mutex<Vec<String>>>);

impl Said {
    pub(crate) fn say(&self, what: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what.into());
    }

    /// Says it when called.
    pub(crate) fn says(&self, what: &'static str) -> impl FnOnce() + Send + 'static {
        let said = self.clone();
        move || said.say(what)
    }

    /// Says it when dropped.
    pub(crate) fn when_dropped(&self, what: &'static str) -> OnDrop<impl FnMut() + Send + 'static> {
        let said = self.clone();
        OnDrop(move || said.say(what))
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many tasks say something of themselves: this is their only reference left.
    pub(crate) fn is_kept_elsewhere(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

/// Calls the closure when dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// A future that is never ready and keeps `kept` until it is dropped.
pub(crate) async fn keep<T>(kept: T) {
    pending::<()>().await;
    drop(kept);
}

/// Receives the outcome that a task's callback is told.
pub(crate) fn outcome<T>(task: &JoinHandle<T>) -> mpsc::Receiver<Outcome> {
    let (tell, told) = mpsc::channel();
    task.on_done(move |ended| tell.send(ended.outcome()).expect("the test waits"));
    told
}
