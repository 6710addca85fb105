//! What is told of a task that has ended, and what is called then.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use crate::words::{Cause, Outcome};

/// A task that has ended, as [`on_done`](crate::task::JoinHandle::on_done) tells it:
/// not its value, which belongs to whoever joins it.
#[derive(Clone, Debug)]
pub struct Ended {
    pub(crate) id: Option<u64>,
    pub(crate) name: Arc<str>,
    pub(crate) outcome: Outcome,
    pub(crate) cause: Option<Cause>,
    pub(crate) reason: Option<Arc<str>>,
}

impl Ended {
    /// The task's id in the console; `None` when it was not recorded.
    pub fn id(&self) -> Option<u64> {
        self.id
    }

    /// The task's name, else its future's type; empty when it was not recorded.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it ended.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// What asked it to stop; `None` when nothing did, or when it was not recorded.
    pub fn cause(&self) -> Option<Cause> {
        self.cause
    }

    /// The reason that was given with the request.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    pub(crate) fn unrecorded(outcome: Outcome) -> Self {
        Self { id: None, name: Arc::default(), outcome, cause: None, reason: None }
    }
}

/// What is called when a task has ended.
pub(crate) type Callback = Box<dyn FnOnce(&Ended) + Send>;

/// Calls one; a panic in it is logged, and does not reach the task or its joiners.
pub(crate) fn call(callback: Callback, ended: &Ended) {
    let call = std::panic::AssertUnwindSafe(|| callback(ended));
    if std::panic::catch_unwind(call).is_err() {
        crate::report::callback_panicked("on_done", &ended.name);
    }
}

/// What is kept of a task that is not recorded: its callbacks, and whether a handle
/// asked it to stop.
#[derive(Default)]
pub(crate) struct Done {
    state: Mutex<State>,
    asked: AtomicBool,
}

enum State {
    Waiting(Vec<Callback>),
    Ended(Ended),
}

impl Default for State {
    fn default() -> Self {
        Self::Waiting(Vec::new())
    }
}

impl Done {
    pub(crate) fn ask(&self) {
        self.asked.store(true, Relaxed);
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Relaxed)
    }

    /// Keeps the callback until the end, or calls it at once when that has been.
    pub(crate) fn on_end(&self, callback: Callback) {
        let ended = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            match &mut *state {
                State::Waiting(waiting) => return waiting.push(callback),
                State::Ended(ended) => ended.clone(),
            }
        };
        call(callback, &ended);
    }

    /// The task has ended: calls what waits, in order.
    pub(crate) fn ends(&self, outcome: Outcome) {
        let ended = Ended::unrecorded(outcome);
        let before = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if matches!(*state, State::Ended(_)) {
                return;
            }
            std::mem::replace(&mut *state, State::Ended(ended.clone()))
        };
        if let State::Waiting(waiting) = before {
            for callback in waiting {
                call(callback, &ended);
            }
        }
    }
}

impl std::fmt::Debug for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Done").finish_non_exhaustive()
    }
}
