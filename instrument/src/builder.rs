//! Starts the recording: every setting with its default, variable and unit.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    recorder::{Level, Recorder},
    server::{self, Console, Listener},
    settings::{BadSetting, Log, Settings},
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
            Why::Twice => f.write_str("holdover was started before: a process has one recorder"),
        }
    }
}

impl std::error::Error for InitError {}

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
    /// free port, `unix:/path` for a Unix socket. `HOLDOVER_BIND`.
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

    /// How long a task that has ended is shown; 10 s unless set. `HOLDOVER_RETENTION`.
    pub fn retention(mut self, retention: Duration) -> Self {
        self.settings.retention = retention;
        self
    }

    /// How many tasks that have ended are kept at most; 10 000 unless set.
    /// `HOLDOVER_MAX_ENDED`.
    pub fn max_ended(mut self, tasks: usize) -> Self {
        self.settings.max_ended = tasks;
        self
    }

    /// How many leaks are listed at most; those beyond are counted. 10 000 unless set.
    /// `HOLDOVER_MAX_LEAKS`.
    pub fn max_leaks(mut self, leaks: usize) -> Self {
        self.settings.max_leaks = leaks;
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

    /// Starts Holdover. It never panics: what is wrong is logged as one error, and the
    /// service goes on without a console.
    pub fn init(self) {
        if let Err(error) = self.try_init() {
            crate::report::not_started(&error.to_string());
        }
    }

    /// Starts Holdover.
    ///
    /// # Errors
    ///
    /// When a setting is not one, when the address cannot be listened on, when it was
    /// started before, or when no thread can be started.
    pub fn try_init(mut self) -> Result<Started, InitError> {
        if let Some(bind) = self.bind.take() {
            self.settings.read_from(|name| (name == "HOLDOVER_BIND").then(|| bind.clone()))?;
        }
        self.settings.read_environment()?;
        if !self.settings.enabled {
            return Ok(Started { address: None });
        }
        self.settings.check_address()?;
        let recorder = Recorder::start(self.settings.level);
        let listener =
            Listener::bind(&self.settings.bind).map_err(|it| InitError(Why::Listen(it)))?;
        if !recorder.make_the_process_own() {
            return Err(InitError(Why::Twice));
        }
        let address = listener.address.to_string();
        let console = Arc::new(Console::new(recorder, &self.settings));
        server::start(console, listener).map_err(|it| InitError(Why::Thread(it)))?;
        server::announce(&self.settings.service, &address);
        crate::report::started(&address);
        Ok(Started { address: Some(address) })
    }
}

/// Starts Holdover with what the environment says. The same as
/// [`Builder::new()`](Builder::new)[`.init()`](Builder::init).
///
/// ```no_run
/// #[tokio::main]
/// async fn main() {
///     holdover::init();
///     // …
/// }
/// ```
pub fn init() {
    Builder::new().init();
}
