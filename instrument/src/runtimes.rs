//! Which runtimes of tokio there are, and which of them a thread works for: for the
//! coverage, which compares the tasks that tokio counts with those that are recorded, and
//! for the view of the process, which shows what tokio counts.

use std::{
    cell::{Cell, RefCell},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use tokio::runtime::{Handle, Id, RuntimeMetrics};

use crate::{
    recorder::{
        Recorder,
        clock::{Nanos, nanos},
        task::TaskSlot,
    },
    time::has_a_driver,
    words::TaskKind,
};

/// Long enough for a task whose future is gone to be gone for tokio too, and for one
/// that was counted to be polled.
const SETTLED: Nanos = 1_000_000_000;

struct Runtime {
    number: u32,
    id: Id,
    /// Keeps some of the runtime's memory, so one without tasks is forgotten as soon
    /// as anybody looks or another runtime comes.
    handle: Handle,
}

/// Locked when a thread meets a runtime, not when it polls.
static RUNTIMES: Mutex<Vec<Runtime>> = Mutex::new(Vec::new());
/// How many were met so far; the number of the last.
static MET: AtomicU32 = AtomicU32::new(0);
/// How often runtimes were forgotten: a thread that remembers one from before asks
/// again.
static FORGOTTEN: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// Of the runtime whose worker this thread is. Getting it writes to a counter that all
    /// workers share: kept until the thread works for another one.
    static HERE: RefCell<Option<Here>> = const { RefCell::new(None) };
    /// The runtime met last on this thread, its number, and when that was.
    static LAST: Cell<Option<(Id, u32, u32)>> = const { Cell::new(None) };
}

struct Here {
    metrics: RuntimeMetrics,
    workers: usize,
    /// The runtime's number, and how often runtimes were forgotten then; 0 is no number.
    number: Cell<(u32, u32)>,
}

impl Here {
    #[cold]
    fn find() -> Option<Self> {
        let metrics = Handle::try_current().ok()?.metrics();
        let workers = metrics.num_workers();
        Some(Self { metrics, workers, number: Cell::new((0, 0)) })
    }

    #[inline]
    fn number(&self) -> u32 {
        let (number, epoch) = self.number.get();
        if number != 0 && epoch == FORGOTTEN.load(Relaxed) {
            return number;
        }
        let epoch = FORGOTTEN.load(Relaxed);
        let number = here();
        self.number.set((number, epoch));
        number
    }
}

/// How often this thread's worker has parked; `None` on a thread that is no worker.
pub(crate) fn parks() -> Option<u64> {
    let worker = tokio::runtime::worker_index()?;
    let count = HERE.try_with(|here| {
        let mut here = here.try_borrow_mut().ok()?;
        if here.is_none() {
            *here = Here::find();
        }
        let here = here.as_ref().filter(|here| worker < here.workers)?;
        Some(here.metrics.worker_park_count(worker))
    });
    count.ok().flatten()
}

/// The thread works for another runtime from now on, or for none.
pub(crate) fn forget_this_threads() {
    let dropped = HERE.try_with(|here| here.try_borrow_mut().ok().and_then(|mut here| here.take()));
    drop(dropped);
}

/// As [`met_by`], where tokio's span is entered: a thread that begins to work for another
/// runtime enters the span of a `block_on` first.
#[inline]
pub(crate) fn met_by_its_span(slot: &TaskSlot) {
    if slot.runtime() == 0 && slot.kind() == TaskKind::Task {
        let known = HERE.try_with(|here| Some(here.try_borrow().ok()?.as_ref()?.number()));
        slot.set_runtime(known.ok().flatten().unwrap_or_else(here));
    }
}

/// Writes on a task that a runtime schedules which one it is, at its first poll. What
/// lives in a `LocalSet` or in `block_on`, and what blocks, tokio does not count.
#[inline]
pub(crate) fn met_by(slot: &TaskSlot) {
    if slot.runtime() == 0 && slot.kind() == TaskKind::Task {
        slot.set_runtime(here());
    }
}

/// The number of the runtime that this thread works for, from 1; 0 for none. It clones
/// an `Arc` that the runtime's threads share: once a task, not once a poll.
fn here() -> u32 {
    let Ok(handle) = Handle::try_current() else { return 0 };
    let (id, epoch) = (handle.id(), FORGOTTEN.load(Relaxed));
    let last = LAST.try_with(Cell::get).ok().flatten();
    if let Some((_, number, _)) = last.filter(|(last, _, then)| *last == id && *then == epoch) {
        return number;
    }
    let number = number_of(id, handle);
    let _ = LAST.try_with(|last| last.set(Some((id, number, epoch))));
    number
}

fn number_of(id: Id, handle: Handle) -> u32 {
    let mut runtimes = lock();
    if let Some(known) = runtimes.iter().find(|known| known.id == id) {
        return known.number;
    }
    let over = forget_idle(&mut runtimes);
    let number = MET.fetch_add(1, Relaxed) + 1;
    runtimes.push(Runtime { number, id, handle });
    drop(runtimes);
    // What a runtime's builder was given goes with it: none of our locks is held.
    drop(over);
    number
}

/// Takes out the runtimes that have no task.
fn forget_idle(runtimes: &mut Vec<Runtime>) -> Vec<Runtime> {
    let idle = |runtime: &mut Runtime| runtime.handle.metrics().num_alive_tasks() == 0;
    let over: Vec<Runtime> = runtimes.extract_if(.., idle).collect();
    if !over.is_empty() {
        FORGOTTEN.fetch_add(1, Relaxed);
    }
    over
}

fn lock() -> MutexGuard<'static, Vec<Runtime>> {
    RUNTIMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A runtime, with its live tasks as tokio counts them and those that are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) number: u32,
    pub(crate) alive: u64,
    /// Never more than `alive`, and less only when some are certainly not recorded.
    pub(crate) recorded: u64,
}

impl Seen {
    /// Each of its live tasks is recorded.
    pub(crate) fn is_whole(&self) -> bool {
        self.recorded == self.alive
    }
}

/// A runtime as tokio counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) number: u32,
    pub(crate) alive: u64,
    /// Tasks that wait in the queue that its workers share.
    pub(crate) global_queue: u64,
    pub(crate) workers: u64,
    /// The first of its workers: how often each went to sleep, and how long it was busy.
    pub(crate) by_worker: Vec<WorkerLoad>,
}

/// What a worker of a runtime has done so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WorkerLoad {
    pub(crate) parks: u64,
    pub(crate) busy: Nanos,
}

/// Of a runtime's workers so many are told apart.
const WORKERS: usize = 64;

/// Every runtime that has tasks, by number, as tokio counts it.
pub(crate) fn loads() -> Vec<Load> {
    let mut runtimes = lock();
    let over = forget_idle(&mut runtimes);
    let loads = runtimes.iter().map(load).collect();
    drop(runtimes);
    drop(over);
    loads
}

fn load(runtime: &Runtime) -> Load {
    let metrics = runtime.handle.metrics();
    let workers = metrics.num_workers();
    let worker = |number| WorkerLoad {
        parks: metrics.worker_park_count(number),
        busy: nanos(metrics.worker_total_busy_duration(number)),
    };
    Load {
        number: runtime.number,
        alive: metrics.num_alive_tasks() as u64,
        global_queue: metrics.global_queue_depth() as u64,
        workers: workers as u64,
        by_worker: (0..workers.min(WORKERS)).map(worker).collect(),
    }
}

/// Every runtime that has tasks, by number. Costs a look at each recorded task.
pub(crate) fn seen(recorder: &Recorder) -> Vec<Seen> {
    let first = look(recorder);
    if first.iter().all(Seen::is_whole) {
        return first;
    }
    // A task may have been between its end here and its end there: what is not seen
    // stays so.
    let mut seen = look(recorder);
    for runtime in &mut seen {
        if first.iter().any(|it| it.number == runtime.number && it.is_whole()) {
            runtime.recorded = runtime.alive;
        }
    }
    seen
}

fn look(recorder: &Recorder) -> Vec<Seen> {
    let mut runtimes = lock();
    let over = forget_idle(&mut runtimes);
    // tokio's count first: what is spawned afterwards is not in it.
    let now = recorder.clock.now();
    let alive = |runtime: &Runtime| runtime.handle.metrics().num_alive_tasks() as u64;
    let counted = runtimes.iter().map(|it| (it.number, it.id, alive(it)));
    let counted: Vec<(u32, Id, u64)> = counted.collect();
    drop(runtimes);
    drop(over);
    if counted.is_empty() {
        return Vec::new();
    }
    let recorded = Recorded::count(recorder, now.saturating_sub(SETTLED));
    let seen = counted.into_iter().map(|(number, id, alive)| {
        // That one is ours, and not recorded.
        let alive = alive.saturating_sub(has_a_driver(id).into());
        Seen { number, alive, recorded: recorded.at_most(number).min(alive) }
    });
    seen.collect()
}

/// The recorded tasks of each runtime.
#[derive(Default)]
struct Recorded {
    by_number: std::collections::HashMap<u32, u64>,
    /// Whose runtime is not known, since they were never polled.
    unknown: u64,
}

impl Recorded {
    /// Those that live, or ended after `since` and may still be counted by tokio.
    fn count(recorder: &Recorder, since: Nanos) -> Self {
        let mut recorded = Self::default();
        recorder.tasks_since(since, |slot| match (slot.kind(), slot.runtime()) {
            (TaskKind::Task, 0) => recorded.unknown += 1,
            (TaskKind::Task, number) => *recorded.by_number.entry(number).or_default() += 1,
            _ => {}
        });
        recorded
    }

    fn at_most(&self, number: u32) -> u64 {
        self.by_number.get(&number).copied().unwrap_or(0) + self.unknown
    }
}
