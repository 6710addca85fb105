//! Tasks whose span is closed while wakers of them are left. A waker's event names the
//! span by the registry's id, which the registry knows no longer by then.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::recorder::{Recorder, key::Key};

/// Fewer are not worth looking through for those that are over.
const FEW: usize = 64;

/// By the registry's id. Looked into only for an event of a span that is not open, and
/// only while it is not empty: no poll takes its lock.
#[derive(Debug, Default)]
pub(super) struct Closed {
    len: AtomicUsize,
    tasks: Mutex<Tasks>,
}

#[derive(Debug, Default)]
struct Tasks {
    by_id: HashMap<u64, Key>,
    /// When so many are there, those that are over are taken out.
    full_at: usize,
}

impl Closed {
    /// The task's span is closed.
    pub(super) fn insert(&self, id: u64, task: Key, recorder: &Recorder) {
        self.with(|tasks| {
            if tasks.by_id.len() >= tasks.full_at {
                tasks.by_id.retain(|_, task| recorder.has_wakers(*task));
                tasks.full_at = (2 * tasks.by_id.len()).max(FEW);
            }
            tasks.by_id.insert(id, task);
        });
    }

    pub(super) fn get(&self, id: u64) -> Option<Key> {
        if self.is_empty() {
            return None;
        }
        self.with(|tasks| tasks.by_id.get(&id).copied())
    }

    /// The id is another span's from now on.
    pub(super) fn take(&self, id: u64) -> Option<Key> {
        if self.is_empty() {
            return None;
        }
        self.with(|tasks| tasks.by_id.remove(&id))
    }

    fn is_empty(&self) -> bool {
        self.len.load(Ordering::Acquire) == 0
    }

    fn with<R>(&self, run: impl FnOnce(&mut Tasks) -> R) -> R {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let result = run(&mut tasks);
        self.len.store(tasks.by_id.len(), Ordering::Release);
        result
    }
}
