//! Chains of callbacks: a callback that arms another continues it.

use std::{cell::RefCell, sync::Arc};

use super::{Holding, NewHolding};
use crate::{
    fault::{Fault, planted},
    recorder::{
        events::What,
        owner::{self, Work},
    },
};

/// A callback's timer, and those that it armed while it ran: one holding, live until
/// the last callback has returned.
#[derive(Clone)]
pub(crate) struct Chain(Arc<Holding>);

thread_local! {
    /// The chain whose callback runs on this thread, and how deep in frames it began:
    /// a task that it polls does not continue it.
    static CHAIN: RefCell<Option<(Chain, usize)>> = const { RefCell::new(None) };
}

impl Chain {
    /// The running callback's chain, else a new one.
    pub(crate) fn next(new: &NewHolding<'_>) -> Self {
        let running = CHAIN.try_with(|chain| match &*chain.borrow() {
            Some((chain, depth)) if owner::depth() == *depth => Some(chain.clone()),
            _ => None,
        });
        if let Some(chain) = running.ok().flatten().filter(|_| !planted(Fault::Chain)) {
            if let Some(due_in) = new.due_in {
                chain.0.due_in(due_in);
            }
            return chain;
        }
        Self(Arc::new(Holding::new(new)))
    }

    /// Runs `callback` on behalf of the owner, even of one that has ended.
    pub(crate) fn run(self, callback: impl FnOnce()) {
        let Some((recorder, key)) = self.0.0 else { return callback() };
        recorder.note_holding(key, What::Fired);
        let work = recorder.owner(key).map_or(Work::Nobody, Work::Task);
        let _entered = owner::enter(recorder, work);
        let before = CHAIN.replace(Some((self, owner::depth())));
        // Put back also when the callback panics; the chain is dropped after that.
        let _restore = RestoreChain(before);
        callback();
    }
}

struct RestoreChain(Option<(Chain, usize)>);

impl Drop for RestoreChain {
    fn drop(&mut self) {
        drop(CHAIN.replace(self.0.take()));
    }
}

impl Chain {
    /// Whether the task that armed it still lives: so does one that nobody owns.
    pub(crate) fn owner_lives(&self) -> bool {
        let Some((recorder, key)) = self.0.0 else { return true };
        recorder.owner(key).is_none_or(|owner| {
            !recorder.has_ended(owner) && recorder.requested_at(owner).is_none()
        })
    }

    /// Of the callback that runs on this thread.
    pub(crate) fn running() -> Option<Self> {
        CHAIN.try_with(|chain| chain.borrow().as_ref().map(|(chain, _)| chain.clone())).ok()?
    }
}
