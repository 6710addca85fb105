//! The runtimes that programs run on, and a program's run on one of them.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, PoisonError, mpsc},
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use tokio::runtime::{Builder, Handle, Runtime, RuntimeMetrics};

use super::{
    ledger::What,
    program::{Flavor, Form, Program},
    with_holdover,
    world::World,
};

type Job = Box<dyn FnOnce() + Send>;

/// What is to be done on the thread of the `LocalSet`.
#[derive(Clone, Default)]
pub(super) struct Remote(Arc<Mutex<Jobs>>);

#[derive(Default)]
struct Jobs {
    todo: Vec<Job>,
    stops: bool,
    waker: Option<Waker>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Remote")
    }
}

impl Remote {
    /// Does it there, and waits until it is done.
    pub(super) fn run(&self, job: impl FnOnce() + Send + 'static) {
        let (done, is_done) = mpsc::channel();
        let waker = {
            let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            jobs.todo.push(Box::new(move || {
                job();
                let _ = done.send(());
            }));
            jobs.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
        let _ = is_done.recv();
    }

    fn stop(&self) {
        let waker = {
            let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            jobs.stops = true;
            jobs.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// Does what is to be done, until it is told to stop.
    async fn serve(self) {
        poll_fn(|cx| {
            let (jobs, stops) = {
                let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                jobs.waker = Some(cx.waker().clone());
                (std::mem::take(&mut jobs.todo), std::mem::take(&mut jobs.stops))
            };
            for job in jobs {
                job();
            }
            if stops { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// A `LocalSet` of one program. Its thread goes on to drive its runtime when the set is
/// dropped.
#[derive(Debug)]
struct OwnSet {
    remote: Remote,
    handle: Handle,
    is_dropped: mpsc::Receiver<()>,
    thread: thread::JoinHandle<()>,
}

/// Either form's set.
#[derive(Debug)]
enum AnySet {
    Shim(holdover::task::LocalSet),
    #[cfg(tokio_unstable)]
    Plain(tokio::task::LocalSet),
}

impl AnySet {
    fn new(form: Form) -> Self {
        match form {
            #[cfg(tokio_unstable)]
            Form::Plain => Self::Plain(tokio::task::LocalSet::new()),
            _ => Self::Shim(holdover::task::LocalSet::new()),
        }
    }

    fn serve(&self, runtime: &Runtime, remote: &Remote) {
        match self {
            Self::Shim(set) => set.block_on(runtime, remote.clone().serve()),
            #[cfg(tokio_unstable)]
            Self::Plain(set) => set.block_on(runtime, remote.clone().serve()),
        }
    }
}

impl OwnSet {
    fn start(program: &Program) -> Option<Self> {
        let (form, outside) = (program.form, program.seed.is_multiple_of(2));
        let runtime = Builder::new_current_thread().enable_all().build().ok()?;
        let handle = runtime.handle().clone();
        let (dropped, is_dropped) = mpsc::channel();
        let remote = Remote::default();
        let serves = remote.clone();
        let thread = thread::spawn(move || {
            let set = AnySet::new(form);
            set.serve(&runtime, &serves);
            if outside {
                // Clean-up may need a runtime.
                let _entered = runtime.enter();
                drop(set);
            } else {
                runtime.block_on(async move { drop(set) });
            }
            let _ = dropped.send(());
            runtime.block_on(serves.serve());
        });
        Some(Self { remote, handle, is_dropped, thread })
    }

    fn is_over(&self) {
        self.remote.stop();
        let _ = self.is_dropped.recv();
    }

    fn close(self) {
        self.remote.stop();
        let _ = self.thread.join();
    }
}

/// See the module's header. They last as long as the process.
#[derive(Debug)]
pub(super) struct Runtimes {
    multi: Runtime,
    current: Handle,
    remote: Remote,
}

impl Runtimes {
    pub(super) fn start() -> std::io::Result<Self> {
        let multi = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let (told, handle) = mpsc::channel();
        let remote = Remote::default();
        let serves = remote.clone();
        thread::Builder::new().name("current".to_owned()).spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build();
            let Ok(runtime) = runtime else { return };
            let _ = told.send(runtime.handle().clone());
            holdover::task::LocalSet::new().block_on(&runtime, serves.serve());
        })?;
        let current = handle.recv().map_err(std::io::Error::other)?;
        Ok(Self { multi, current, remote })
    }

    /// Runs a program to where it is at rest, with everything that it has left.
    pub(super) fn run(&self, program: Arc<Program>, prefix: String) -> Ran {
        let flavor = program.flavor;
        let set = if flavor == Flavor::OwnSet { OwnSet::start(&program) } else { None };
        let remote = match &set {
            Some(set) => Some(set.remote.clone()),
            None => (flavor == Flavor::Local).then(|| self.remote.clone()),
        };
        let world = Arc::new(World::new(program, prefix, remote));
        let mut own = (flavor == Flavor::Own)
            .then(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().ok())
            .flatten();
        let handle = match (&own, &set, flavor) {
            (Some(own), ..) => own.handle(),
            (_, Some(set), _) => &set.handle,
            (.., Flavor::Multi) => self.multi.handle(),
            _ => &self.current,
        };
        let (run, at_rest) = {
            let _entered = handle.enter();
            let mut run = AnyRun::new(&world);
            let at_rest = run.carry_out(&Workers::of(handle));
            (run, at_rest)
        };
        if let Some(own) = own.take() {
            world.ledger.note(What::ShutDown);
            drop(own);
        }
        if let Some(set) = &set {
            world.ledger.note(What::LocalSetDropped);
            set.is_over();
        }
        Ran { world, run, at_rest, set }
    }
}

/// The workers of a runtime. A task that is aborted in the very run in which it was polled
/// looks, over tokio alone, as if it was ready: so a round is over when they have parked.
pub(super) struct Workers(RuntimeMetrics);

impl Workers {
    fn of(runtime: &Handle) -> Self {
        Self(runtime.metrics())
    }

    fn parks(&self) -> Vec<u64> {
        (0..self.0.num_workers()).map(|worker| self.0.worker_park_unpark_count(worker)).collect()
    }

    /// Waits until each has parked since, for a second at most.
    pub(super) fn have_parked(&self) {
        let (before, end) = (self.parks(), Instant::now() + Duration::from_secs(1));
        // An odd count is that of one that is parked.
        let parked = |(now, before): (u64, &u64)| now % 2 == 1 || now > before + 1;
        while !self.parks().into_iter().zip(&before).all(parked) && Instant::now() < end {
            thread::yield_now();
        }
    }
}

/// A program that was run, and still has what it has left.
pub(super) struct Ran {
    pub(super) world: Arc<World>,
    run: AnyRun,
    pub(super) at_rest: bool,
    /// Its runtime goes on.
    set: Option<OwnSet>,
}

impl Ran {
    pub(super) fn entries(&self) -> Vec<What> {
        self.world.ledger.entries()
    }

    pub(super) fn close(self) {
        self.run.close();
        self.set.into_iter().for_each(OwnSet::close);
    }
}

enum AnyRun {
    Shim(with_holdover::Run),
    #[cfg(tokio_unstable)]
    Plain(super::with_tokio::Run),
}

impl AnyRun {
    fn new(world: &Arc<World>) -> Self {
        let world = Arc::clone(world);
        match world.program.form {
            #[cfg(tokio_unstable)]
            Form::Plain => Self::Plain(super::with_tokio::Run::new(world)),
            _ => Self::Shim(with_holdover::Run::new(world)),
        }
    }

    fn carry_out(&mut self, workers: &Workers) -> bool {
        match self {
            Self::Shim(run) => run.carry_out(workers),
            #[cfg(tokio_unstable)]
            Self::Plain(run) => run.carry_out(workers),
        }
    }

    fn close(self) {
        match self {
            Self::Shim(run) => run.close(),
            #[cfg(tokio_unstable)]
            Self::Plain(run) => run.close(),
        }
    }
}
