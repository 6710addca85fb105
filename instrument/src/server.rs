//! Step 6, serve: the console thread. It takes what changed, judges, and answers
//! whoever is attached. The service does not notice when it dies, but for one logged
//! line.

mod connection;
mod control;
mod convert;
mod holdover;
mod listen;
mod round;
mod routes;
mod shared;
#[cfg(feature = "tokio-console")]
mod tokio_console;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use tokio::sync::watch;

pub(crate) use self::listen::{ListenError, Listener, announce};
use self::routes::Routes;
use self::shared::Shared;
use crate::{
    coverage::Coverage,
    ignore,
    process::Sampler,
    recorder::{Recorder, owner},
    settings::Settings,
    store::Store,
};

/// What the rounds write and the clients' views read. One thread uses it; the lock is
/// what lets tonic's types believe that.
#[derive(Debug)]
pub(crate) struct Console {
    pub(crate) recorder: &'static Recorder,
    store: Mutex<Store>,
    /// What clients look at of the process; locked after the store.
    sampler: Mutex<Sampler>,
    /// Locked before either.
    shared: Shared,
    /// Counts the rounds that changed a row.
    rounds: watch::Sender<u64>,
    pub(crate) target: Target,
    pub(crate) coverage: Coverage,
    /// What is wrong with the ignore files.
    pub(crate) ignore_errors: Vec<String>,
    /// Whether whoever connects may act on the service, else why not: all connections
    /// are of one kind.
    pub(crate) control: Result<(), &'static str>,
}

/// Whom a client is attached to.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) service: String,
    pub(crate) pid: u32,
    /// Two runs of a process never share it.
    pub(crate) run: String,
}

impl Console {
    pub(crate) fn new(
        recorder: &'static Recorder,
        settings: &Settings,
        coverage: Coverage,
        ignored: ignore::Read,
    ) -> Self {
        let store = Store::new(recorder, settings.clone(), ignored.rules);
        Self {
            recorder,
            store: Mutex::new(store),
            sampler: Mutex::new(Sampler::new()),
            shared: Shared::default(),
            rounds: watch::Sender::new(0),
            coverage,
            ignore_errors: ignored.errors,
            control: settings.may_control(),
            target: Target {
                service: settings.service.clone(),
                pid: std::process::id(),
                run: random_name(),
            },
        }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sampler(&self) -> MutexGuard<'_, Sampler> {
        self.sampler.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn random_name() -> String {
    use std::hash::{BuildHasher, RandomState};
    let number = RandomState::new().hash_one(std::process::id());
    format!("{number:016x}")
}

/// Starts the console thread.
pub(crate) fn start(console: Arc<Console>, listener: Listener) -> std::io::Result<()> {
    let recorder = console.recorder;
    let run = move || {
        owner::this_thread_is_ours();
        let ran = catch_unwind(AssertUnwindSafe(|| serve(console, listener)));
        // Nobody takes the changes any more: they must not pile up.
        recorder.switch_off();
        let why = match ran {
            Ok(Err(error)) => error.to_string(),
            Ok(Ok(())) => "it stopped".to_owned(),
            Err(_) => "it panicked".to_owned(),
        };
        crate::report::console_died(&why);
    };
    thread::Builder::new().name("holdover".to_owned()).spawn(run).map(drop)
}

fn serve(console: Arc<Console>, listener: Listener) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_start(owner::this_thread_is_ours)
        .build()?;
    let unsaid = console.coverage.is_by_layer().then(|| listener.address.to_string());
    runtime.block_on(async move {
        tokio::spawn(listen::serve(listener, Routes::new(&console)));
        round::run(&console, unsaid).await;
    });
    Ok(())
}
