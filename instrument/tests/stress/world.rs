//! What the tasks leave for each other, and how many of what there were.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    task::Waker,
};

use holdover::{
    hold::{Held, Hold},
    sync::{self, CancellationToken},
    time::TimerHandle,
};

use crate::rng::Rng;

/// So many things lie about at most, of each kind.
const LYING_ABOUT: usize = 64;

#[derive(Debug)]
pub enum Abort {
    Shim(holdover::task::AbortHandle),
    Plain(tokio::task::AbortHandle),
}

/// Something that whoever finds it drops.
#[derive(Debug)]
#[expect(dead_code, reason = "it is there to be dropped")]
pub enum Thing {
    Hold(Hold),
    Held(Held<u64>),
    Permit(sync::OwnedSemaphorePermit),
    PlainPermit(tokio::sync::OwnedSemaphorePermit),
    Guard(sync::OwnedMutexGuard<u64>),
    Sender(sync::mpsc::Sender<u64>),
    Receiver(sync::mpsc::Receiver<u64>),
    Reply(sync::oneshot::Sender<u64>),
    Answer(sync::oneshot::Receiver<u64>),
    PlainSender(tokio::sync::mpsc::Sender<u64>),
    Token(CancellationToken),
    Timer(TimerHandle),
}

#[derive(Debug)]
pub struct World {
    pub semaphore: Arc<sync::Semaphore>,
    pub plain_semaphore: Arc<tokio::sync::Semaphore>,
    pub lock: Arc<sync::Mutex<u64>>,
    pub plain_lock: Arc<tokio::sync::Mutex<u64>>,
    things: Mutex<Vec<Thing>>,
    wakers: Mutex<Vec<Waker>>,
    aborts: Mutex<Vec<Abort>>,
    /// Futures and callbacks that have not been dropped.
    alive: AtomicU64,
    pub shims: AtomicU64,
    pub plain: AtomicU64,
    pub cancelled: AtomicU64,
    pub perhaps_cancelled: AtomicU64,
}

/// A future or a callback, as long as it is not dropped.
#[derive(Debug)]
pub struct Life {
    world: Arc<World>,
    of: Of,
    has_ended: bool,
}

/// Who it is the life of: what is known when it is dropped before it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// A cancelled one, exactly.
    Shim,
    /// Inferred, and a scope only where what is around it goes on.
    PlainOrScope,
    Callback,
}

impl Abort {
    fn abort(&self) {
        match self {
            Self::Shim(task) => task.abort(),
            Self::Plain(task) => task.abort(),
        }
    }
}

impl Life {
    pub fn begin(world: &Arc<World>, of: Of) -> Self {
        world.alive.fetch_add(1, SeqCst);
        Self { world: Arc::clone(world), of, has_ended: false }
    }

    pub fn end(mut self) {
        self.has_ended = true;
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        match self.of {
            _ if self.has_ended => {}
            Of::Shim => count(&self.world.cancelled),
            Of::PlainOrScope => count(&self.world.perhaps_cancelled),
            Of::Callback => {}
        }
        self.world.alive.fetch_sub(1, SeqCst);
    }
}

pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, SeqCst);
}

impl World {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            semaphore: Arc::new(sync::Semaphore::new(8)),
            plain_semaphore: Arc::new(tokio::sync::Semaphore::new(8)),
            lock: Arc::new(sync::Mutex::new(0)),
            plain_lock: Arc::new(tokio::sync::Mutex::new(0)),
            things: Mutex::default(),
            wakers: Mutex::default(),
            aborts: Mutex::default(),
            alive: AtomicU64::new(0),
            shims: AtomicU64::new(0),
            plain: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            perhaps_cancelled: AtomicU64::new(0),
        })
    }

    pub fn leave(&self, thing: Thing) {
        drop(put(&self.things, thing));
    }

    pub fn leave_waker(&self, waker: Waker) {
        drop(put(&self.wakers, waker));
    }

    /// What is too much is aborted: it may go on for ever.
    pub fn leave_abort(&self, abort: Abort) {
        if let Some(too_much) = put(&self.aborts, abort) {
            too_much.abort();
        }
    }

    /// Drops something that somebody left.
    pub fn drop_one(&self, rng: &mut Rng) {
        drop(take(&self.things, rng));
    }

    /// Wakes who may long be gone.
    pub fn wake_one(&self, rng: &mut Rng) {
        if let Some(waker) = take(&self.wakers, rng) {
            if rng.chance(2) {
                waker.wake();
            } else {
                waker.wake_by_ref();
                self.leave_waker(waker);
            }
        }
    }

    pub fn abort_one(&self, rng: &mut Rng) {
        match take(&self.aborts, rng) {
            Some(Abort::Shim(task)) if rng.chance(2) => task.abort_because("a choice"),
            Some(task) => task.abort(),
            None => {}
        }
    }

    /// Ends everything that goes on, and says whether nothing does any more.
    pub fn end_all(&self, rng: &mut Rng) -> bool {
        for _ in 0..LYING_ABOUT {
            self.drop_one(rng);
            self.wake_one(rng);
            self.abort_one(rng);
        }
        self.alive.load(SeqCst) == 0
    }

    /// Drops what lies about.
    pub fn clear(&self) {
        drop(std::mem::take(&mut *lock(&self.things)));
        drop(std::mem::take(&mut *lock(&self.wakers)));
        drop(std::mem::take(&mut *lock(&self.aborts)));
    }
}

/// Gives what is too much, which is not to be dropped while this is locked: a drop may
/// come back here.
fn put<T>(all: &Mutex<Vec<T>>, thing: T) -> Option<T> {
    let mut locked = lock(all);
    locked.push(thing);
    (locked.len() > LYING_ABOUT).then(|| locked.swap_remove(0))
}

fn take<T>(all: &Mutex<Vec<T>>, rng: &mut Rng) -> Option<T> {
    let mut locked = lock(all);
    let length = locked.len() as u64;
    (length > 0).then(|| locked.swap_remove(usize::try_from(rng.below(length)).unwrap_or(0)))
}

fn lock<T>(all: &Mutex<T>) -> MutexGuard<'_, T> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}
