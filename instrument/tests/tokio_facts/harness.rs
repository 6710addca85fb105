//! Runtimes whose threads log, the ends of tasks in their logs, and waiting.

use std::{
    future::{Future, pending},
    sync::{Arc, OnceLock},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinHandle, coop},
};
use tracing_core::{
    Dispatch, Event, Interest, Metadata, Subscriber, dispatcher,
    span::{Attributes, Id, Record},
};

use crate::{
    log::{Call, Entry, Log},
    watchdog::Watchdog,
};

/// Long enough for a machine with everything else going on.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(1);
/// Longer than any test.
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavor {
    Current,
    /// With one worker.
    Multi,
}

/// A log, and the runtimes that write to it.
pub(crate) struct Traced {
    pub(crate) log: Arc<Log>,
    dispatch: Dispatch,
    pub(crate) flavor: Flavor,
}

/// Runs the scenario with each flavor, and a log each. No scenario may use a span that
/// is closed.
pub(crate) fn on_each_flavor(scenario: impl Fn(&Traced)) {
    for flavor in [Flavor::Current, Flavor::Multi] {
        on(flavor, &scenario);
    }
}

pub(crate) fn on(flavor: Flavor, scenario: impl Fn(&Traced)) {
    let _watchdog = Watchdog::start();
    keep_callsites_open();
    let log = Arc::new(Log::default());
    let dispatch = Dispatch::from(Arc::clone(&log) as Arc<dyn Subscriber + Send + Sync>);
    let traced = Traced { log, dispatch, flavor };
    dispatcher::with_default(&traced.dispatch, || scenario(&traced));
    let entries = traced.log.entries();
    let stale = entries.iter().find(|entry| entry.call == Call::Stale);
    assert!(stale.is_none(), "a span that is closed was used: {stale:?}");
}

/// While a process has a single dispatcher, a callsite that is first hit on a thread
/// without a default is off for ever: a second one that wants nothing prevents it.
fn keep_callsites_open() {
    static SECOND: OnceLock<Dispatch> = OnceLock::new();
    SECOND.get_or_init(|| Dispatch::new(WantsNothing));
}

struct WantsNothing;

impl Subscriber for WantsNothing {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::never()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Traced {
    pub(crate) fn builder(&self) -> Builder {
        let mut builder = match self.flavor {
            Flavor::Current => Builder::new_current_thread(),
            Flavor::Multi => Builder::new_multi_thread(),
        };
        let dispatch = self.dispatch.clone();
        // For as long as the thread lives.
        builder.on_thread_start(move || std::mem::forget(dispatcher::set_default(&dispatch)));
        builder.worker_threads(1).enable_all();
        builder
    }

    pub(crate) fn runtime(&self) -> Runtime {
        self.builder().build().expect("a runtime")
    }

    /// Runs the future, and then drops its runtime.
    pub(crate) fn run<F: Future>(&self, future: F) -> F::Output {
        self.runtime().block_on(future)
    }

    /// Runs the closure on a thread of its own that logs, and tells what it logged.
    pub(crate) fn on_another_thread(&self, run: impl FnOnce() + Send) -> Vec<Entry> {
        let run_logged = || {
            dispatcher::with_default(&self.dispatch, run);
            thread::current().id()
        };
        let thread = thread::scope(|scope| scope.spawn(run_logged).join()).expect("it returns");
        let entries = self.log.entries().into_iter();
        entries.filter(|entry| entry.thread == thread).collect()
    }

    /// Runs the task of that name until it is aborted, which happens once it has been
    /// polled and its worker has parked.
    pub(crate) fn abort_when_idle(&self, future: impl Future<Output = ()> + Send + 'static) -> End {
        let runtime = self.runtime();
        let task = spawn_named(&runtime, "aborted", future);
        let (abort, metrics) = (task.abort_handle(), runtime.metrics());
        let ended = thread::scope(|scope| {
            scope.spawn(|| {
                // Whatever happens, or it would never end.
                let _aborts = OnDrop(|| abort.abort());
                let polled = self.wait_for_the_first_poll("aborted");
                wait(|| metrics.worker_park_count(0) > polled.parks.unwrap_or_default());
            });
            runtime.block_on(task)
        });
        assert!(ended.expect_err("it never ends by itself").is_cancelled());
        drop(runtime);
        self.end_of("aborted")
    }

    /// The exit of the task's first poll.
    pub(crate) fn wait_for_the_first_poll(&self, name: &str) -> Entry {
        let named =
            |entry: &Entry| entry.call == Call::New && entry.formatted("task.name") == Some(name);
        let first = || {
            let entries = self.log.entries();
            let span = entries.iter().find(|entry| named(entry))?.span;
            entries.into_iter().find(|entry| entry.call == Call::Exit && entry.span == span)
        };
        wait(|| first().is_some());
        first().expect("it was just there")
    }

    pub(crate) fn wait_for_the_close(&self, name: &str) {
        let span = self.log.task(name).span;
        wait(|| self.log.calls(span).contains(&Call::Close));
    }

    pub(crate) fn end_of(&self, name: &str) -> End {
        End::of(&self.log, self.log.task(name).span)
    }
}

pub(crate) fn spawn_named<F>(runtime: &Runtime, name: &str, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let builder = tokio::task::Builder::new().name(name);
    builder.spawn_on(future, runtime.handle()).expect("a task")
}

/// Waits for the condition, on a thread that runs no task.
pub(crate) fn wait(condition: impl Fn() -> bool) {
    let pauses = DEADLINE.as_millis() / PAUSE.as_millis();
    for _ in 0..pauses {
        if condition() {
            return;
        }
        thread::park_timeout(PAUSE);
    }
    panic!("it is not so after {DEADLINE:?}");
}

/// A future that is never ready and keeps `kept` until it is dropped.
pub(crate) async fn keep<T>(kept: T) {
    pending::<()>().await;
    drop(kept);
}

/// Calls the closure when dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Whether tokio limits this thread: it grants fewer than 256 steps then, and as many
/// as one likes otherwise.
pub(crate) fn has_a_budget() -> bool {
    fn runs_out(left: u32, cx: &mut Context<'_>) -> bool {
        left != 0
            && match coop::poll_proceed(cx) {
                Poll::Pending => true,
                // Given back when dropped, innermost first.
                Poll::Ready(_given_back) => runs_out(left - 1, cx),
            }
    }
    runs_out(256, &mut Context::from_waker(Waker::noop()))
}

/// How a task's span ended: its last enter and exit, and what lies around them on the
/// thread that closed it.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) span: u64,
    /// The last exit but one: the end of the last poll. `None` when there was none.
    pub(crate) last_poll: Option<Entry>,
    /// Between the end of the last poll and the drop.
    pub(crate) between: Vec<Entry>,
    pub(crate) enter: Entry,
    pub(crate) inside: Vec<Entry>,
    pub(crate) exit: Entry,
    /// Between the drop and the close.
    pub(crate) after: Vec<Entry>,
    pub(crate) close: Entry,
}

impl End {
    pub(crate) fn of(log: &Log, span: u64) -> Self {
        let mut entries = log.entries();
        let of_span = |entry: &Entry, call| entry.span == span && entry.call == call;
        let close = entries.iter().position(|it| of_span(it, Call::Close)).expect("it is closed");
        entries.truncate(close + 1);
        let close = entries.remove(close);
        entries.retain(|entry| entry.thread == close.thread);
        let last = |entries: &[Entry], call| entries.iter().rposition(|it| of_span(it, call));
        let exit = last(&entries, Call::Exit).expect("it was left on the thread that closed it");
        let after = entries.split_off(exit + 1);
        let exit = entries.remove(exit);
        let enter = last(&entries, Call::Enter).expect("it was entered there");
        let inside = entries.split_off(enter + 1);
        let enter = entries.remove(enter);
        let polled = last(&entries, Call::Exit);
        let between = entries.split_off(polled.map_or(entries.len(), |polled| polled + 1));
        Self {
            span,
            last_poll: entries.pop().filter(|_| polled.is_some()),
            between,
            enter,
            inside,
            exit,
            after,
            close,
        }
    }

    /// The last poll and the drop are one run: nothing of this thread lies between
    /// them, and its worker has not parked.
    pub(crate) fn is_one_run(&self) -> bool {
        let polled = self.last_poll.as_ref().expect("it was polled");
        assert!(polled.parks.is_some() && self.enter.parks.is_some(), "this is a worker's thread");
        self.between.is_empty() && polled.parks == self.enter.parks
    }
}
