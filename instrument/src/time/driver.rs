//! One driver a runtime runs the callbacks that are due. Its own task and timer are
//! not recorded.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use tokio::{
    runtime::{Handle, Id},
    sync::mpsc,
    time::{Instant, sleep_until},
};

use crate::record::{Chain, unrecorded};

/// A callback that waits for its time.
pub(super) struct Armed(Mutex<State>);

enum State {
    Waiting {
        callback: Box<dyn FnOnce() + Send>,
        /// Dropped instead of run when its owner is gone by then.
        alive_only: bool,
        chain: Chain,
    },
    Cancelled,
    /// It runs, or has run.
    Run,
}

impl Armed {
    pub(super) fn new(callback: Box<dyn FnOnce() + Send>, alive_only: bool, chain: Chain) -> Self {
        Self(Mutex::new(State::Waiting { callback, alive_only, chain }))
    }

    pub(super) fn cancelled() -> Self {
        Self(Mutex::new(State::Cancelled))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn cancel(&self) {
        let mut state = self.lock();
        if let State::Waiting { .. } = *state {
            let waiting = std::mem::replace(&mut *state, State::Cancelled);
            // What the callback owns may, when dropped, come back to this handle.
            drop(state);
            if let State::Waiting { callback, chain, .. } = waiting {
                drop_quietly(callback);
                drop(chain);
            }
        }
    }

    pub(super) fn was_cancelled(&self) -> bool {
        matches!(*self.lock(), State::Cancelled)
    }

    fn run(&self) {
        let mut state = self.lock();
        match &*state {
            State::Cancelled | State::Run => return,
            State::Waiting { alive_only: true, chain, .. } if !chain.owner_lives() => {
                drop(state);
                return self.cancel();
            }
            State::Waiting { .. } => {}
        }
        let waiting = std::mem::replace(&mut *state, State::Run);
        drop(state);
        let State::Waiting { callback, chain, .. } = waiting else { return };
        let calling = AssertUnwindSafe(|| chain.run(callback));
        if catch_unwind(calling).is_err() {
            crate::report::callback_panicked("call_later", "");
        }
    }
}

/// A panic in the drop of what a callback owns is not the business of whoever
/// cancels it.
fn drop_quietly(callback: Box<dyn FnOnce() + Send>) {
    if catch_unwind(AssertUnwindSafe(|| drop(callback))).is_err() {
        crate::report::callback_panicked("call_later", "");
    }
}

/// Where a runtime's driver takes what is to be armed.
#[derive(Clone)]
pub(super) struct Driver {
    // Without a bound: it carries what the service asked for, and an armed callback
    // must not wait. What it can hold is what the service holds.
    armed: mpsc::UnboundedSender<(Instant, Arc<Armed>)>,
}

/// `None` for a runtime without timers: tokio can only be asked by a panic, which the
/// service's panic hook sees, so it is asked once.
static DRIVERS: LazyLock<Mutex<HashMap<Id, Option<Driver>>>> = LazyLock::new(Mutex::default);

/// The runtime has a driver: one task more than its service has spawned.
#[cfg(feature = "console")]
pub(crate) fn has_a_driver(runtime: Id) -> bool {
    let drivers = DRIVERS.lock().unwrap_or_else(PoisonError::into_inner);
    drivers.get(&runtime).is_some_and(|it| it.as_ref().is_some_and(Driver::is_there))
}

/// The driver of the runtime that this thread runs in; started when it is first
/// needed, and `None` outside a runtime, and in one that is shut down or without timers.
pub(super) fn of_this_runtime() -> Option<Driver> {
    let runtime = Handle::try_current().ok()?;
    // A lock a callback, not a poll; held for a look-up.
    let mut drivers = DRIVERS.lock().unwrap_or_else(PoisonError::into_inner);
    match drivers.get(&runtime.id()) {
        Some(None) => return None,
        Some(Some(driver)) if driver.is_there() => return Some(driver.clone()),
        _ => {}
    }
    let is_gone = |driver: &Option<Driver>| driver.as_ref().is_some_and(|it| !it.is_there());
    let gone: Vec<_> = drivers.extract_if(|_, driver| is_gone(driver)).collect();
    // With the lock released: what is dropped here may be the service's, and a runtime
    // that is shut down drops the driver's future inside `spawn`.
    drop(drivers);
    drop(gone);
    let driver = start(&runtime);
    let mut drivers = DRIVERS.lock().unwrap_or_else(PoisonError::into_inner);
    // Another thread may have been faster: then its driver is the runtime's.
    if let Some(Some(faster)) = drivers.get(&runtime.id()).filter(|it| !is_gone(it)) {
        return Some(faster.clone());
    }
    let replaced = drivers.insert(runtime.id(), driver.clone());
    drop(drivers);
    drop(replaced);
    driver
}

fn start(runtime: &Handle) -> Option<Driver> {
    let (armed, incoming) = mpsc::unbounded_channel();
    let spawn = AssertUnwindSafe(|| {
        unrecorded(|| {
            // tokio panics here when the runtime has no timers; better now than in
            // the driver.
            drop(sleep_until(Instant::now()));
            // Not in `drive`: a future that is dropped before its first poll cancels
            // what it was sent, too.
            runtime.spawn(drive(Waiting { incoming, heap: BinaryHeap::new(), next: 0 }));
        });
    });
    catch_unwind(spawn).ok()?;
    Some(Driver { armed })
}

impl Driver {
    /// False when the runtime is shut down.
    pub(super) fn arm(&self, deadline: Instant, armed: &Arc<Armed>) -> bool {
        // Sent while the runtime shuts down, it may be neither taken nor refused.
        self.armed.send((deadline, Arc::clone(armed))).is_ok() && self.is_there()
    }

    fn is_there(&self) -> bool {
        !self.armed.is_closed()
    }
}

/// In the order of their deadlines, and for the same deadline as they were armed.
struct Due {
    deadline: Instant,
    number: u64,
    armed: Arc<Armed>,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}
impl Eq for Due {}
impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.deadline, self.number).cmp(&(other.deadline, other.number))
    }
}

/// Owns what is armed: dropped with its runtime, it cancels all of it.
struct Waiting {
    incoming: mpsc::UnboundedReceiver<(Instant, Arc<Armed>)>,
    heap: BinaryHeap<Reverse<Due>>,
    next: u64,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.incoming.close();
        while let Ok((_, armed)) = self.incoming.try_recv() {
            armed.cancel();
        }
        for Reverse(due) in self.heap.drain() {
            due.armed.cancel();
        }
    }
}

impl Waiting {
    fn push(&mut self, (deadline, armed): (Instant, Arc<Armed>)) {
        // Cancelled ones stay until their time unless they are most of what waits.
        if self.next % 1024 == 1023 {
            self.heap.retain(|Reverse(due)| !due.armed.was_cancelled());
        }
        self.heap.push(Reverse(Due { deadline, number: self.next, armed }));
        self.next += 1;
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse(due)| due.deadline)
    }

    fn run_due(&mut self, now: Instant) {
        while let Some(Reverse(due)) = self.heap.peek() {
            if due.deadline > now {
                return;
            }
            if let Some(Reverse(due)) = self.heap.pop() {
                due.armed.run();
            }
        }
    }
}

async fn drive(mut waiting: Waiting) {
    let mut sleep = pin!(sleep_until(Instant::now()));
    loop {
        let next = waiting.next_deadline();
        if let Some(deadline) = next.filter(|deadline| *deadline != sleep.deadline()) {
            sleep.as_mut().reset(deadline);
        }
        let armed = poll_fn(|cx| match waiting.incoming.poll_recv(cx) {
            Poll::Ready(armed) => Poll::Ready(Some(armed)),
            Poll::Pending if next.is_none() => Poll::Pending,
            Poll::Pending => sleep.as_mut().poll(cx).map(|()| None),
        });
        match armed.await {
            Some(Some(armed)) => waiting.push(armed),
            Some(None) => return,
            None => waiting.run_due(Instant::now()),
        }
    }
}
