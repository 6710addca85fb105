//! Callbacks on a task's end.

use std::{collections::HashMap, fmt, sync::PoisonError};

use super::{Recorder, key::Key, request::shown_name, task::Flag};
use crate::ended::{Callback, Ended};

#[derive(Default)]
pub(super) struct Callbacks(HashMap<Key, Vec<Callback>>);

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Callbacks").field(&self.0.len()).finish()
    }
}

impl Recorder {
    /// Keeps the callback until the task has ended; gives it back when it has.
    pub(crate) fn on_end(&self, key: Key, callback: Callback) -> Result<(), Callback> {
        let mut waiting = self.callbacks.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = self.tasks.get(key) else { return Err(callback) };
        slot.set(Flag::Callbacks);
        if slot.has(Flag::CallbacksRun) {
            return Err(callback);
        }
        waiting.0.entry(key).or_default().push(callback);
        Ok(())
    }

    /// The callbacks that wait for this task's end; later ones are not kept.
    pub(crate) fn take_callbacks(&self, key: Key) -> Vec<Callback> {
        let Some(slot) = self.tasks.get(key) else { return Vec::new() };
        slot.set(Flag::CallbacksRun);
        if !slot.has(Flag::Callbacks) {
            return Vec::new();
        }
        let mut waiting = self.callbacks.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.0.remove(&key).unwrap_or_default()
    }

    /// What a callback is told. `None` while the task has not ended.
    pub(crate) fn end_of(&self, key: Key) -> Option<Ended> {
        let slot = self.tasks.get(key)?;
        let (_, name, type_name) = slot.texts();
        let request = self.requests.get(slot.request_index());
        Some(Ended {
            id: Some(slot.id()),
            name: shown_name(name, type_name),
            outcome: slot.outcome()?,
            cause: request.as_ref().map(|request| request.cause),
            reason: request.and_then(|request| request.reason.clone()),
        })
    }
}
