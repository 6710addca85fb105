//! Cancelling a task, or a token, from outside the service, where that is allowed.
//!
//! Only the runtime can end a task as cancelled: a wrapper that found a mark at its next
//! poll could drop its future, but not make the `JoinError` that whoever joins must get.
//! So what aborts is kept beside each live task that a shim made: one entry in a table
//! from its spawn to its end, and nothing a poll. Where control is not allowed no table
//! is made, and a spawn and an end ask for that once. Of tokens see `tokens.rs`.

mod tokens;

use std::{
    collections::HashMap,
    fmt,
    hash::BuildHasherDefault,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use self::tokens::Tokens;
pub(crate) use self::tokens::{AskedBy, LiveToken, TokenFacts, WhichToken};
use super::{
    Recorder,
    clock::Nanos,
    key::Key,
    request::{Request, Who},
    table::cut,
    task::{Flag, TaskFacts},
};
use crate::{
    hash::WordHasher,
    words::{Cause, TaskKind},
};

/// Tables: threads that spawn at once seldom share one.
const TABLES: usize = 16;

/// Whatever a front end aborts a task by. It may be called on any thread, and when the
/// task has ended.
pub(crate) trait Aborts: fmt::Debug + Send + Sync {
    fn abort(&self);
}

type Table = HashMap<Key, Arc<dyn Aborts>, BuildHasherDefault<WordHasher>>;

/// What aborts each live task, and what cancels each live token.
#[derive(Debug, Default)]
pub(crate) struct Control(OnceLock<Tables>);

#[derive(Debug, Default)]
struct Tables {
    tasks: [Mutex<Table>; TABLES],
    tokens: Tokens,
}

impl Control {
    /// For the tasks that are spawned, and the tokens that are made, from now on.
    pub(crate) fn allow(&self) {
        self.0.get_or_init(Default::default);
    }

    #[inline]
    pub(crate) fn is_allowed(&self) -> bool {
        self.0.get().is_some()
    }

    fn table(&self, key: Key) -> Option<MutexGuard<'_, Table>> {
        let table = &self.0.get()?.tasks[key.slot() as usize % TABLES];
        Some(table.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Why a task is not cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotCancelled {
    Unknown,
    Ended,
    Plain,
    Scope,
    BlockOn,
    ClosureRuns,
    /// It was spawned by a shim that does not give what aborts it.
    NoHandle,
}

impl fmt::Display for NotCancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "no task of this number is known here, or any more",
            Self::Ended => "it has ended already",
            Self::Plain => {
                "made by tokio's own spawn: only tasks made through holdover::task can be \
                 cancelled from here"
            }
            Self::Scope => "a scope is a part of a task: only the whole task can be cancelled",
            Self::BlockOn => "what block_on runs cannot be cancelled",
            Self::ClosureRuns => {
                "a blocking closure that runs cannot be cancelled: it goes on until it returns"
            }
            Self::NoHandle => {
                "it was spawned before the console was there, so nothing here can abort it"
            }
        })
    }
}

impl Recorder {
    /// The task, which may have ended by now, can be aborted so.
    pub(crate) fn can_abort(&self, key: Key, by: Box<dyn Aborts>) {
        if let Some(mut table) = self.control.table(key) {
            table.insert(key, by.into());
        }
        // Whoever ended it before that has found nothing to take out.
        if self.has_ended(key) {
            self.cannot_abort(key);
        }
    }

    /// The task has ended.
    #[inline]
    pub(crate) fn cannot_abort(&self, key: Key) {
        if self.control.is_allowed() {
            let gone = self.control.table(key).and_then(|mut table| table.remove(&key));
            // Once the table is not locked any more: the task's output may go with it.
            drop(gone);
        }
    }

    /// Cancels the task of this id, on behalf of somebody who is no task. Gives when it
    /// was asked, by this or before: a task may ignore what else asks it to stop.
    pub(crate) fn cancel(
        &self,
        id: u64,
        who: &str,
        reason: Option<&str>,
    ) -> Result<Nanos, NotCancelled> {
        let task = self.task_of_id(id).ok_or(NotCancelled::Unknown)?;
        may_be_cancelled(&task)?;
        let table = self.control.table(task.key);
        let by = table.and_then(|table| table.get(&task.key).cloned());
        let by = by.ok_or(NotCancelled::NoHandle)?;
        let asked_by_others = self.extra(task.key).and_then(|extra| extra.request());
        let now = self.clock.now();
        if asked_by_others.is_none() {
            // Nothing is written where it was asked before: the first one counts.
            self.request(task.key, request(Cause::Abort, who, reason, now));
        }
        by.abort();
        let asked_by_others = asked_by_others.map(|request| request.at);
        Ok(self.requested_at(task.key).or(asked_by_others).unwrap_or(now))
    }

    fn task_of_id(&self, id: u64) -> Option<TaskFacts> {
        let mut found = None;
        self.each_task(|key, _, of| found = if of == id { Some(key) } else { found });
        self.task(found?).filter(|facts| facts.id == id)
    }
}

fn may_be_cancelled(task: &TaskFacts) -> Result<(), NotCancelled> {
    let runs = task.first_poll.is_some();
    match task.kind {
        _ if task.ended_at.is_some() => Err(NotCancelled::Ended),
        TaskKind::Scope => Err(NotCancelled::Scope),
        TaskKind::BlockOn => Err(NotCancelled::BlockOn),
        _ if !task.has(Flag::Shim) => Err(NotCancelled::Plain),
        TaskKind::Blocking if runs => Err(NotCancelled::ClosureRuns),
        TaskKind::Task | TaskKind::Local | TaskKind::Blocking => Ok(()),
    }
}

fn request(cause: Cause, who: &str, reason: Option<&str>, now: Nanos) -> Request {
    let name = format!("console, {}", cut(who));
    Request {
        canceller: Some(Who { name: name.into(), ..Who::default() }),
        reason: reason.map(|why| cut(why).into()),
        ..Request::new(cause, now)
    }
}
