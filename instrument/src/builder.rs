//! Starts the recording: every setting with its default, variable and unit.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use tracing_core::Subscriber;
#[cfg(feature = "layer")]
use tracing_subscriber::{filter::Filtered, registry::LookupSpan};

#[cfg(feature = "layer")]
use crate::layer::{HoldoverLayer, OnlyTokio};
use crate::{
    coverage::{Coverage, Heard},
    recorder::{Level, Recorder, table::set_own},
    server::{self, Console, Listener},
    settings::{Access, BadSetting, Log, Settings},
    subscriber::HoldoverSubscriber,
};

/// Sets what Holdover goes by, and starts it.
///
/// A variable of the environment wins over a method, so that a deployed service can be
/// set without being built again.
///
/// ```no_run
/// use std::time::Duration;
///
/// holdover::Builder::new().service("orders").grace(Duration::from_secs(2)).init();
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is recorded until `init` is called"]
pub struct Builder {
    settings: Settings,
    bind: Option<String>,
}

/// Holdover could not be started. The service goes on without it.
#[derive(Debug)]
pub struct InitError(Why);

#[derive(Debug)]
enum Why {
    Setting(BadSetting),
    Listen(server::ListenError),
    Thread(std::io::Error),
    Twice,
    Default,
}

/// Holdover as it was started.
#[derive(Clone, Debug)]
pub struct Started {
    address: Option<String>,
}

impl Started {
    /// Where the console listens, with the port it got; `None` when `HOLDOVER=off`
    /// keeps it from being started.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Why::Setting(bad) => bad.fmt(f),
            Why::Listen(error) => error.fmt(f),
            Why::Thread(error) => write!(f, "cannot start the console thread: {error}"),
            Why::Twice => f.write_str(
                "holdover was started before, and goes on as it was: a process has one recorder",
            ),
            Why::Default => f.write_str(DEFAULT_IS_SET),
        }
    }
}

impl std::error::Error for InitError {}

impl InitError {
    /// As the service's log says it.
    fn said(&self) -> String {
        match self.0 {
            Why::Default | Why::Twice => self.to_string(),
            Why::Setting(_) | Why::Listen(_) | Why::Thread(_) => format!("not recording: {self}"),
        }
    }
}

/// Said in the log, and by the console.
pub(crate) const DEFAULT_IS_SET: &str = "the process has a default subscriber already, so only what goes through \
     holdover::{task,time,sync} is recorded: write holdover::Builder::new().wrap(subscriber).init() \
     in its place, or add .with(holdover::layer()) to its registry";

impl From<BadSetting> for InitError {
    fn from(bad: BadSetting) -> Self {
        Self(Why::Setting(bad))
    }
}

impl Builder {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the console listens: `127.0.0.1:6669` unless set, `127.0.0.1:0` for any
    /// free port, `unix:/path` for a Unix socket. `HOLDOVER_BIND`, else `TOKIO_CONSOLE_BIND`.
    pub fn bind(mut self, address: impl Into<String>) -> Self {
        self.bind = Some(address.into());
        self
    }

    /// How long a condition lasts before it is a verdict; 1 s unless set.
    /// `HOLDOVER_GRACE`.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.settings.grace = grace;
        self
    }

    /// How long a task lives on after the task that spawned it was cancelled before it
    /// is an orphan; 30 s unless set. `HOLDOVER_ORPHAN_GRACE`.
    pub fn orphan_grace(mut self, grace: Duration) -> Self {
        self.settings.orphan_grace = grace;
        self
    }

    /// How long anything may be held, by whomever, before it is overdue; for ever unless
    /// set. What was given a [limit](crate::hold::Hold::with_limit) of its own goes by
    /// that. `HOLDOVER_OVERDUE`.
    pub fn overdue(mut self, limit: Duration) -> Self {
        self.settings.overdue = Some(limit);
        self
    }

    /// How long a task that has ended is shown; 10 s unless set. `HOLDOVER_RETENTION`,
    /// else `TOKIO_CONSOLE_RETENTION`.
    pub fn retention(mut self, retention: Duration) -> Self {
        self.settings.retention = retention;
        self
    }

    /// How often tokio-console is told what has changed; every second unless set.
    /// `TOKIO_CONSOLE_PUBLISH_INTERVAL`.
    pub fn publish_interval(mut self, interval: Duration) -> Self {
        self.settings.publish_interval = interval;
        self
    }

    /// How many tasks that have ended are kept at most; 10 000 unless set.
    /// `HOLDOVER_MAX_ENDED`.
    pub fn max_ended(mut self, tasks: usize) -> Self {
        self.settings.max_ended = tasks;
        self
    }

    /// How many leaks and warnings are listed at most; those beyond are counted, warnings
    /// first and of each the oldest. 10 000 unless set.
    /// `HOLDOVER_MAX_LEAKS`.
    pub fn max_leaks(mut self, leaks: usize) -> Self {
        self.settings.max_leaks = leaks;
        self
    }

    /// Whether a console may act on the service: cancel a task, change the level; off
    /// unless set. Only over a Unix socket, which nobody but the service's own user can
    /// open: over TCP it has no effect, and the console says so. What it costs is an entry
    /// of a table for each live task made through [`holdover::task`](crate::task), and an
    /// allocation and an entry for each live token of [`holdover::sync`](crate::sync).
    /// `HOLDOVER_CONTROL`.
    pub fn control(mut self, allowed: bool) -> Self {
        self.settings.access = Access::with_control(allowed);
        self
    }

    /// Whether the wakers of a cancelled task that are still stored somewhere are a
    /// verdict, `left-behind`; off unless set. They are listed in either case. Seen only
    /// where tokio's spans are recorded. `HOLDOVER_WAKERS`.
    ///
    /// A waker keeps the memory of its task allocated. Most stay for good reasons: the
    /// last one of a task that read one half of a `TcpStream` stays in the stream until
    /// the other half is dropped.
    pub fn wakers(mut self, are_a_verdict: bool) -> Self {
        self.settings.wakers = are_a_verdict;
        self
    }

    /// How many bytes the history and the leaks may take at most; 64 MiB unless set.
    /// Beyond, the oldest events go, and the oldest leaks are counted and not listed.
    /// `HOLDOVER_MEMORY`.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.settings.memory = bytes;
        self
    }

    /// How much is recorded; everything unless set. `HOLDOVER_LEVEL`.
    pub fn level(mut self, level: Level) -> Self {
        self.settings.level = level;
        self
    }

    /// The service's name; the executable's unless set. `HOLDOVER_SERVICE`.
    pub fn service(mut self, name: impl Into<String>) -> Self {
        self.settings.service = name.into();
        self
    }

    /// Which leaks are written to the service's log; the first of each site unless
    /// set. `HOLDOVER_LOG`.
    pub fn log(mut self, log: Log) -> Self {
        self.settings.log = log;
        self
    }

    /// Paths of the service's own source, as they stand in source locations: tasks
    /// spawned from under them are never taken for a library's. `HOLDOVER_OWN`.
    pub fn own(mut self, prefixes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.settings.own = prefixes.into_iter().map(Into::into).collect();
        self
    }

    /// A file of rules, each of which says what is not to be reported, until when and why:
    ///
    /// ```text
    /// # a filter, the last day on which it is in force (in UTC), and a reason
    /// verdict:left-behind acquired_at:cache.rs until 2027-01-31 why "goes with the new cache"
    /// ```
    ///
    /// Several files may be given. They are read once, at the start. A file that cannot be
    /// read and a line that is no rule are logged, and shown by the console; the other rules
    /// are in force. What is ignored is not in the log and in no count but that of what is
    /// ignored, and can be listed. A leak is ignored when each of the things is that it is
    /// about, so that what is known does not hide what is new. `HOLDOVER_IGNORE`, with a `:`
    /// between several.
    pub fn ignore(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.ignore.push(path.into());
        self
    }

    /// Records beside a subscriber of one's own, which goes on as if tokio's tracing
    /// were compiled out. It must be the outermost: layers go into `subscriber`.
    ///
    /// ```no_run
    /// use tracing_subscriber::prelude::*;
    ///
    /// let logs = tracing_subscriber::registry().with(tracing_subscriber::fmt::layer());
    /// holdover::Builder::new().wrap(logs).init();
    /// ```
    pub fn wrap<S>(self, subscriber: S) -> Wrapped<S>
    where
        S: Subscriber + Send + Sync,
    {
        Wrapped { builder: self, subscriber }
    }

    /// Starts Holdover, over `fmt` with an `EnvFilter` from `RUST_LOG` (feature `fmt`),
    /// so that logs go on. It never panics: what is wrong is logged as one error, and
    /// the service goes on.
    pub fn init(self) {
        self.wrap(logs()).init();
    }

    /// As [`init`](Self::init), and says what is wrong.
    ///
    /// # Errors
    ///
    /// As [`Wrapped::try_init`].
    pub fn try_init(self) -> Result<Started, InitError> {
        self.wrap(logs()).try_init()
    }

    /// A layer that records, for a `Registry` of one's own. See [`layer`].
    #[cfg(feature = "layer")]
    pub fn layer<S>(self) -> Filtered<HoldoverLayer, OnlyTokio, S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let started = self.read().and_then(|settings| {
            if !settings.enabled {
                return Ok(None);
            }
            let recorder = Recorder::start(settings.level);
            if !recorder.make_the_process_own() {
                return Err(InitError(Why::Twice));
            }
            start(recorder, &settings, Heard::ByLayer).map(|_| Some(recorder))
        });
        HoldoverLayer::new(started.map_err(|error| error.said())).filtered()
    }

    fn read(mut self) -> Result<Settings, InitError> {
        if let Some(bind) = self.bind.take() {
            self.settings.read_from(|name| (name == "HOLDOVER_BIND").then(|| bind.clone()))?;
        }
        self.settings.read_environment()?;
        self.settings.check_address()?;
        Ok(self.settings)
    }
}

/// The subscriber of a service that has none of its own.
#[cfg(feature = "fmt")]
fn logs() -> impl Subscriber + Send + Sync {
    use tracing_subscriber::{EnvFilter, filter::LevelFilter, fmt, prelude::*, registry};

    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    registry().with(fmt::layer().with_filter(filter.from_env_lossy()))
}

#[cfg(not(feature = "fmt"))]
fn logs() -> impl Subscriber + Send + Sync {
    tracing_core::subscriber::NoSubscriber::new()
}

/// A [`Builder`] with the subscriber that it records beside.
#[derive(Debug)]
#[must_use = "nothing is recorded until `init` is called"]
pub struct Wrapped<S> {
    builder: Builder,
    subscriber: S,
}

impl<S: Subscriber + Send + Sync + 'static> Wrapped<S> {
    /// Makes both the process's default and starts the console. It never panics: what
    /// is wrong is logged as one error, and the service goes on.
    pub fn init(self) {
        if let Err(error) = self.try_init() {
            crate::report::not_as_asked(&error.said());
        }
    }

    /// As [`init`](Self::init), and says what is wrong. The subscriber is made the
    /// default in any case, so that the service's logs go on; with a default that was
    /// there already, and with `HOLDOVER=off`, only the shims record, or nothing does.
    ///
    /// # Errors
    ///
    /// When a setting is not one, when the address cannot be listened on, when it was
    /// started before, when the process has a default subscriber already, or when no
    /// thread can be started.
    pub fn try_init(self) -> Result<Started, InitError> {
        let Self { builder, subscriber } = self;
        let settings = match builder.read() {
            Ok(settings) => settings,
            Err(error) => {
                without_us(subscriber);
                return Err(error);
            }
        };
        if !settings.enabled {
            without_us(subscriber);
            return Ok(Started { address: None });
        }
        let recorder = Recorder::start(settings.level);
        if !recorder.make_the_process_own() {
            without_us(subscriber);
            return Err(InitError(Why::Twice));
        }
        #[cfg(feature = "fmt")]
        let hint = subscriber.max_level_hint();
        let defaulted = set_default(HoldoverSubscriber::new(recorder, subscriber));
        #[cfg(feature = "fmt")]
        if defaulted.is_ok() {
            forward_log(hint);
        }
        let heard = if defaulted.is_ok() { Heard::ByDefault } else { Heard::Not };
        let started = start(recorder, &settings, heard);
        defaulted?;
        started
    }
}

/// The service's own subscriber, as if Holdover were not there.
fn without_us(subscriber: impl Subscriber + Send + Sync + 'static) {
    #[cfg(feature = "fmt")]
    let hint = subscriber.max_level_hint();
    let defaulted = set_default(subscriber);
    #[cfg(feature = "fmt")]
    if defaulted.is_ok() {
        forward_log(hint);
    }
    #[cfg(not(feature = "fmt"))]
    drop(defaulted);
}

/// Makes the subscriber the process's default.
fn set_default(subscriber: impl Subscriber + Send + Sync + 'static) -> Result<(), InitError> {
    let dispatch = tracing_core::Dispatch::new(subscriber);
    tracing_core::dispatcher::set_global_default(dispatch).or(Err(InitError(Why::Default)))
}

/// The `log` crate's records go to tracing, up to the level that the service's own
/// subscriber wants: ours would make it TRACE. A logger that is set already stays.
#[cfg(feature = "fmt")]
fn forward_log(hint: Option<tracing_core::LevelFilter>) {
    use tracing_log::{AsLog, LogTracer};

    let level = hint.map_or(tracing_log::log::LevelFilter::Trace, |hint| hint.as_log());
    let _ = LogTracer::builder().with_max_level(level).init();
}

/// Starts the console of a recorder.
fn start(
    recorder: &'static Recorder,
    settings: &Settings,
    heard: Heard,
) -> Result<Started, InitError> {
    set_own(settings.own.clone());
    let coverage = Coverage::at_start(heard);
    // A layer's registry is not there yet, so nobody would hear it: the console says it.
    let said_now = (heard != Heard::ByLayer).then(|| coverage.in_short(settings.level));
    let listener = match Listener::bind(&settings.bind) {
        Ok(listener) => listener,
        Err(error) => {
            recorder.switch_off();
            return Err(InitError(Why::Listen(error)));
        }
    };
    if settings.may_control().is_ok() {
        recorder.control.allow();
    }
    let address = listener.address.to_string();
    let ignored = crate::ignore::read(&settings.ignore, recorder.clock.wall_anchor());
    let console = Arc::new(Console::new(recorder, settings, coverage, ignored));
    server::start(console, listener).map_err(|error| {
        recorder.switch_off();
        InitError(Why::Thread(error))
    })?;
    server::announce(&settings.service, &address);
    if let Some(in_short) = said_now {
        crate::report::started(&address, in_short);
    }
    Ok(Started { address: Some(address) })
}

/// Starts Holdover with what the environment says. The same as
/// [`Builder::new()`](Builder::new)[`.init()`](Builder::init).
///
/// ```no_run
/// holdover::init(); // before the runtime: then nothing is missed
/// tokio::runtime::Runtime::new()?.block_on(async { /* … */ });
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn init() {
    Builder::new().init();
}

/// A layer that records, for a `Registry` of one's own, and the console with it. What
/// cannot be started is logged once a subscriber is there; the layer then records
/// nothing.
///
/// A filter that applies to the whole registry hides tokio's spans from it: give the
/// other layers filters of their own instead. And a registry keeps a span open for as
/// long as one made within it is: a task that no shim saw, and that ended while a
/// blocking closure of its own goes on, is shown as live until that returns, so what it
/// left is reported late. [`Builder::wrap`] has neither limit, and costs less.
///
/// ```no_run
/// use tracing_subscriber::prelude::*;
///
/// tracing_subscriber::registry()
///     .with(holdover::layer())
///     .with(tracing_subscriber::fmt::layer().with_filter(
///         tracing_subscriber::filter::LevelFilter::INFO,
///     ))
///     .init();
/// ```
#[cfg(feature = "layer")]
pub fn layer<S>() -> Filtered<HoldoverLayer, OnlyTokio, S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    Builder::new().layer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_start_does_not_say_that_nothing_is_recorded() {
        let twice = InitError(Why::Twice).said();
        assert!(twice.starts_with("holdover was started before, and goes on"), "{twice}");
        let thread = InitError(Why::Thread(std::io::ErrorKind::OutOfMemory.into())).said();
        assert!(thread.starts_with("not recording: cannot start the console thread"), "{thread}");
    }
}
