//! What the tasks of one run of a program share: their orders, and where things are
//! brought to. Waiting for orders is done by hand, so that nothing of it is a timer, a
//! lock or a channel that could be taken for one of the program's own.

use std::{
    any::Any,
    collections::HashMap,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::{
    ledger::{Ledger, What},
    program::{Actor, Escape, Names, Program, Step, ThingId},
    runtimes::Remote,
};

/// Whatever is kept outside the tasks.
pub(super) type Kept = Box<dyn Any + Send>;

/// A channel that nobody reads.
type Channel = (mpsc::Sender<(ThingId, Kept)>, mpsc::Receiver<(ThingId, Kept)>);

/// How long a program may take to carry out a round.
const PATIENCE: Duration = Duration::from_secs(10);

/// Things that were brought into a static, by the run and their number.
static STATIC: Mutex<Option<HashMap<(u64, ThingId), Kept>>> = Mutex::new(None);
static RUNS: AtomicU64 = AtomicU64::new(1);

/// What a task is told next.
#[derive(Debug)]
pub(super) enum Next {
    Do(Vec<Step>),
    /// The run is over.
    Leave,
}

#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
struct Desk {
    orders: Option<Vec<Step>>,
    waker: Option<Waker>,
    busy: bool,
    spawned: bool,
    started: bool,
    /// It was cancelled, and it is known that it ends by that.
    must_end: bool,
    ended: bool,
    /// It is polled by a `LocalSet`.
    on_set: bool,
}

impl Desk {
    fn is_at_rest(&self) -> bool {
        self.ended || !self.spawned || (self.started && !self.busy && !self.must_end)
    }
}

/// What is done when the run is over.
#[derive(Default)]
struct AtClose(Mutex<Vec<Box<dyn FnOnce() + Send>>>);

impl std::fmt::Debug for AtClose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AtClose")
    }
}

/// See the module's header.
#[derive(Debug)]
pub(super) struct World {
    run: u64,
    pub(super) names: Names,
    pub(super) program: Arc<Program>,
    pub(super) ledger: Ledger,
    desks: Mutex<Vec<Desk>>,
    changed: Condvar,
    shared: Mutex<HashMap<ThingId, Kept>>,
    locks: Mutex<HashMap<ThingId, Kept>>,
    channel: Mutex<Channel>,
    handles: Mutex<HashMap<Actor, Kept>>,
    ids: Mutex<HashMap<Actor, tokio::task::Id>>,
    closing: AtomicBool,
    moment: Mutex<()>,
    at_close: AtClose,
    /// Where tasks are spawned that belong to a `LocalSet`.
    remote: Option<Remote>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    pub(super) fn new(program: Arc<Program>, prefix: String, remote: Option<Remote>) -> Self {
        let desks = program.actors.iter().map(|_| Desk::default()).collect();
        Self {
            run: RUNS.fetch_add(1, SeqCst),
            names: Names { prefix },
            ledger: Ledger::default(),
            desks: Mutex::new(desks),
            changed: Condvar::new(),
            shared: Mutex::default(),
            locks: Mutex::default(),
            channel: Mutex::new(mpsc::channel()),
            handles: Mutex::default(),
            ids: Mutex::default(),
            closing: AtomicBool::new(false),
            moment: Mutex::new(()),
            at_close: AtClose::default(),
            remote,
            program,
        }
    }

    /// The name by which an actor is found again.
    pub(super) fn name(&self, actor: Actor) -> String {
        self.names.actor(actor)
    }

    /// While it is held nobody else spawns or acquires: so the ledger's order is that
    /// in which it really happened.
    pub(super) fn moment(&self) -> MutexGuard<'_, ()> {
        lock(&self.moment)
    }

    pub(super) fn remote(&self) -> Option<&Remote> {
        self.remote.as_ref()
    }

    // === orders ===

    fn desk<T>(&self, actor: Actor, change: impl FnOnce(&mut Desk) -> T) -> T {
        let changed = change(&mut lock(&self.desks)[actor]);
        self.changed.notify_all();
        changed
    }

    pub(super) fn spawned(&self, actor: Actor) {
        self.desk(actor, |desk| desk.spawned = true);
    }

    pub(super) fn scope_begins(&self, actor: Actor) {
        self.desk(actor, |desk| (desk.spawned, desk.started) = (true, true));
    }

    pub(super) fn is_put_on_set(&self, actor: Actor) {
        self.desk(actor, |desk| desk.on_set = true);
        self.ledger.note(What::OnSet(actor));
    }

    pub(super) fn is_on_set(&self, actor: Actor) -> bool {
        lock(&self.desks)[actor].on_set
    }

    pub(super) fn must_end(&self, actor: Actor) {
        self.desk(actor, |desk| desk.must_end = true);
    }

    pub(super) fn was_spawned(&self, actor: Actor) -> bool {
        lock(&self.desks)[actor].spawned
    }

    pub(super) fn has_ended(&self, actor: Actor) -> bool {
        lock(&self.desks)[actor].ended
    }

    pub(super) fn ended(&self, actor: Actor) {
        // Its waker would keep the task.
        let waker = self.desk(actor, |desk| {
            desk.ended = true;
            desk.waker.take()
        });
        drop(waker);
    }

    /// Tells a task what to do, if it lives and waits for that.
    pub(super) fn post(&self, actor: Actor, steps: &[Step]) {
        let waker = self.desk(actor, |desk| {
            if !desk.spawned || desk.ended || desk.must_end {
                return None;
            }
            desk.orders = Some(steps.to_vec());
            desk.busy = true;
            desk.waker.take()
        });
        waker.into_iter().for_each(Waker::wake);
    }

    /// The task has done what it was told.
    pub(super) fn done(&self, actor: Actor) {
        self.desk(actor, |desk| desk.busy = false);
    }

    pub(super) fn poll_next(&self, actor: Actor, cx: &Context<'_>) -> Poll<Next> {
        self.desk(actor, |desk| {
            desk.started = true;
            if let Some(steps) = desk.orders.take() {
                return Poll::Ready(Next::Do(steps));
            }
            if self.closing.load(SeqCst) {
                return Poll::Ready(Next::Leave);
            }
            if !desk.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                desk.waker = Some(cx.waker().clone());
            }
            Poll::Pending
        })
    }

    /// As a blocking closure waits.
    pub(super) fn wait_next(&self, actor: Actor) -> Next {
        let mut desks = lock(&self.desks);
        desks[actor].started = true;
        self.changed.notify_all();
        loop {
            if let Some(steps) = desks[actor].orders.take() {
                return Next::Do(steps);
            }
            if self.closing.load(SeqCst) {
                return Next::Leave;
            }
            desks = self.changed.wait(desks).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until everybody has done what was to be done. False when that took too
    /// long.
    pub(super) fn comes_to_rest(&self) -> bool {
        let restless = |desks: &mut Vec<Desk>| !desks.iter().all(Desk::is_at_rest);
        let waited = self.changed.wait_timeout_while(lock(&self.desks), PATIENCE, restless);
        let (_desks, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        !timeout.timed_out()
    }

    /// The run is over: everything is let go of, and whoever lives leaves.
    pub(super) fn close(&self) {
        self.closing.store(true, SeqCst);
        let wakers: Vec<Waker> = {
            let mut desks = lock(&self.desks);
            desks.iter_mut().filter_map(|desk| desk.waker.take()).collect()
        };
        self.changed.notify_all();
        wakers.into_iter().for_each(Waker::wake);
        let of_run = |at: &(u64, ThingId)| at.0 == self.run;
        let kept: Vec<Kept> = {
            let mut kept = lock(&STATIC);
            let all = kept.get_or_insert_default();
            let mine: Vec<_> = all.keys().copied().filter(of_run).collect();
            mine.iter().filter_map(|at| all.remove(at)).collect()
        };
        drop(kept);
        let at_close = std::mem::take(&mut *lock(&self.at_close.0));
        for last in at_close {
            last();
        }
        drop(std::mem::take(&mut *lock(&self.shared)));
        drop(std::mem::take(&mut *lock(&self.locks)));
        drop(std::mem::replace(&mut *lock(&self.channel), mpsc::channel()));
        drop(std::mem::take(&mut *lock(&self.handles)));
    }

    pub(super) fn at_close(&self, last: impl FnOnce() + Send + 'static) {
        lock(&self.at_close.0).push(Box::new(last));
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(SeqCst)
    }

    // === where things are brought to ===

    pub(super) fn keep(&self, thing: ThingId, escape: Escape, kept: Kept) {
        match escape {
            Escape::Static => {
                lock(&STATIC).get_or_insert_default().insert((self.run, thing), kept);
            }
            Escape::Channel => {
                let _ = lock(&self.channel).0.send((thing, kept));
            }
            _ => {
                lock(&self.shared).insert(thing, kept);
            }
        }
    }

    /// Takes something from where it was brought.
    pub(super) fn take(&self, thing: ThingId) -> Option<Kept> {
        let of_static = lock(&STATIC).get_or_insert_default().remove(&(self.run, thing));
        let shared = || lock(&self.shared).remove(&thing);
        of_static.or_else(shared).or_else(|| self.receive(thing))
    }

    fn receive(&self, thing: ThingId) -> Option<Kept> {
        let channel = lock(&self.channel);
        let mut found = None;
        let all: Vec<_> = channel.1.try_iter().collect();
        for (other, kept) in all {
            if other == thing {
                found = Some(kept);
            } else {
                let _ = channel.0.send((other, kept));
            }
        }
        found
    }

    /// Looks at something that lies in an `Arc`.
    pub(super) fn look_at<T>(&self, thing: ThingId, look: impl FnOnce(Option<&Kept>) -> T) -> T {
        look(lock(&self.shared).get(&thing))
    }

    pub(super) fn keep_lock(&self, of: ThingId, kept: Kept) {
        lock(&self.locks).insert(of, kept);
    }

    pub(super) fn lock_of<T>(&self, of: ThingId, look: impl FnOnce(Option<&Kept>) -> T) -> T {
        look(lock(&self.locks).get(&of))
    }

    pub(super) fn keep_handle(&self, actor: Actor, handle: Kept) {
        lock(&self.handles).insert(actor, handle);
    }

    pub(super) fn with_handle<T>(&self, actor: Actor, look: impl FnOnce(Option<&Kept>) -> T) -> T {
        look(lock(&self.handles).get(&actor))
    }

    pub(super) fn set_id(&self, actor: Actor, id: tokio::task::Id) {
        lock(&self.ids).insert(actor, id);
    }

    pub(super) fn id_of(&self, actor: Actor) -> Option<tokio::task::Id> {
        lock(&self.ids).get(&actor).copied()
    }
}
