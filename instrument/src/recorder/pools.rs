//! The pools that are watched: who they are, how to ask them how they are, and what is
//! known of each connection beyond its holding. They are the process's, as resources'
//! numbers are: a pool may be made before a recorder starts.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use super::{clock::Nanos, key::Key};

/// How a pool says that it is. `None` where it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PoolState {
    pub(crate) size: Option<u64>,
    pub(crate) idle: Option<u64>,
    pub(crate) max: Option<u64>,
    pub(crate) waiting: Option<u64>,
    pub(crate) max_lifetime: Option<Nanos>,
}

/// What is known of a connection that is out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lent {
    /// How old it was when it was taken.
    pub(crate) age: Option<Nanos>,
    /// Since when it is on its way back.
    pub(crate) returning_since: Option<Nanos>,
}

type Ask = Box<dyn Fn() -> Option<PoolState> + Send + Sync>;

/// One pool. Whatever holds one of its connections keeps this, and this does not keep
/// the pool.
pub(crate) struct Watched {
    /// Its number among the resources; its connections' holdings have it.
    pub(crate) number: u64,
    pub(crate) name: &'static str,
    ask: Ask,
    lent: Mutex<HashMap<Key, Lent>>,
    waited_for: AtomicBool,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("name", &self.name).finish_non_exhaustive()
    }
}

static WATCHED: Mutex<Vec<Weak<Watched>>> = Mutex::new(Vec::new());

/// No user code runs under one of these, so a poisoned one is as good as another.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watched {
    /// Listed for as long as somebody keeps it.
    pub(crate) fn new(number: u64, name: &'static str, ask: Ask) -> Arc<Self> {
        let pool = Arc::new(Self {
            number,
            name,
            ask,
            lent: Mutex::default(),
            waited_for: AtomicBool::new(false),
        });
        let mut watched = lock(&WATCHED);
        watched.retain(|pool| pool.strong_count() > 0);
        watched.push(Arc::downgrade(&pool));
        pool
    }

    /// `None` when the pool is gone, though some of its connections may be out.
    pub(crate) fn state(&self) -> Option<PoolState> {
        (self.ask)()
    }

    /// How many of its connections are out, as far as is seen.
    pub(crate) fn out(&self) -> u64 {
        lock(&self.lent).len() as u64
    }

    /// Whoever waits for it is recorded, from the first one on.
    pub(crate) fn tells_who_waits(&self) -> bool {
        self.waited_for.load(Relaxed)
    }

    pub(crate) fn will_tell_who_waits(&self) {
        self.waited_for.store(true, Relaxed);
    }

    pub(crate) fn lent(&self, connection: Key) -> Option<Lent> {
        lock(&self.lent).get(&connection).copied()
    }

    pub(crate) fn lends(&self, connection: Key, lent: Lent) {
        lock(&self.lent).insert(connection, lent);
    }

    pub(crate) fn returns(&self, connection: Key, since: Nanos) {
        if let Some(lent) = lock(&self.lent).get_mut(&connection) {
            lent.returning_since = Some(since);
        }
    }

    pub(crate) fn has_back(&self, connection: Key) {
        lock(&self.lent).remove(&connection);
    }
}

/// Every pool that is watched, in the order in which they were made.
pub(crate) fn watched() -> Vec<Arc<Watched>> {
    lock(&WATCHED).iter().filter_map(Weak::upgrade).collect()
}
