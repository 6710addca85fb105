//! How a process records.

use std::{path::Path, time::Duration};

use console_subscriber::ConsoleLayer;
use holdover::{Builder, Level, Log};
use serde::{Deserialize, Serialize};
use tracing_subscriber::{fmt, prelude::*, registry, util::SubscriberInitExt};

use crate::floor::{Floor, Idle};

/// Each a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// tokio's tracing is compiled in, and nobody listens.
    Bare,
    /// A subscriber that is told everything and does nothing.
    Floor,
    /// The same as a layer of a registry.
    Registry,
    /// Holdover as the subscriber.
    Holdover,
    /// At level `tasks`.
    Tasks,
    /// At level `off`.
    Off,
    /// With a client that watches the leaks as the UI does.
    Attached,
    /// Holdover as a layer of a registry.
    Layer,
    /// The workload through `holdover::{task, time, sync}`.
    Shims,
    /// console-subscriber as it is by default.
    Console,
    /// With retention 0: no ended task is kept.
    ConsoleForgets,
    /// By default, with a client.
    ConsoleAttached,
}

/// Whose protocol a client of a mode speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Holdover,
    Console,
}

impl Mode {
    pub const ALL: [Self; 12] = [
        Self::Bare,
        Self::Floor,
        Self::Registry,
        Self::Off,
        Self::Tasks,
        Self::Holdover,
        Self::Attached,
        Self::Layer,
        Self::Shims,
        Self::Console,
        Self::ConsoleForgets,
        Self::ConsoleAttached,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Floor => "floor",
            Self::Registry => "registry",
            Self::Holdover => "holdover",
            Self::Tasks => "level-tasks",
            Self::Off => "level-off",
            Self::Attached => "attached",
            Self::Layer => "layer",
            Self::Shims => "shims",
            Self::Console => "console",
            Self::ConsoleForgets => "console-forgets",
            Self::ConsoleAttached => "console-attached",
        }
    }

    pub fn meaning(self) -> &'static str {
        match self {
            Self::Bare => "tokio's tracing compiled in, and nobody listens",
            Self::Floor => "a subscriber that is told everything and does nothing",
            Self::Registry => "the same as a layer of a registry",
            Self::Holdover => "Holdover as the subscriber, at level all",
            Self::Tasks => "at level tasks",
            Self::Off => "at level off",
            Self::Attached => "at level all, a client watches the leaks",
            Self::Layer => "Holdover as a layer of a registry",
            Self::Shims => "the workload through holdover::{task, time, sync}",
            Self::Console => "console-subscriber by default",
            Self::ConsoleForgets => "console-subscriber with retention 0",
            Self::ConsoleAttached => "console-subscriber by default, with a client",
        }
    }

    pub fn is_console_subscriber(self) -> bool {
        matches!(self, Self::Console | Self::ConsoleForgets | Self::ConsoleAttached)
    }

    /// Whether it has a console thread.
    pub fn has_console(self) -> bool {
        !matches!(self, Self::Bare | Self::Floor | Self::Registry)
    }

    /// A client is attached while it is measured.
    pub fn attached(self) -> Option<Protocol> {
        match self {
            Self::Attached => Some(Protocol::Holdover),
            Self::ConsoleAttached => Some(Protocol::Console),
            _ => None,
        }
    }

    /// Makes this the mode of the process; a console listens on `socket`.
    pub fn install(self, socket: &Path) {
        match self {
            Self::Bare => {
                tracing::subscriber::set_global_default(tracing::subscriber::NoSubscriber::new())
                    .expect("nobody was faster");
                log::set_max_level(log::LevelFilter::Warn);
            }
            Self::Floor => {
                tracing::subscriber::set_global_default(Floor).expect("nobody was faster");
                log::set_max_level(log::LevelFilter::Warn);
            }
            Self::Registry => registry().with(Idle).init(),
            Self::Holdover | Self::Attached | Self::Shims => subscriber(socket, Level::All),
            Self::Tasks => subscriber(socket, Level::Tasks),
            Self::Off => subscriber(socket, Level::Off),
            Self::Layer => registry().with(builder(socket).layer()).init(),
            Self::Console | Self::ConsoleAttached => {
                registry().with(console(socket).spawn()).init();
            }
            Self::ConsoleForgets => {
                registry().with(console(socket).retention(Duration::ZERO).spawn()).init();
            }
        }
    }
}

fn builder(socket: &Path) -> Builder {
    Builder::new().bind(format!("unix:{}", socket.display())).log(Log::Off)
}

fn subscriber(socket: &Path, level: Level) {
    let logs = fmt().with_max_level(tracing::Level::WARN).finish();
    builder(socket).level(level).wrap(logs).try_init().expect("it starts");
}

fn console(socket: &Path) -> console_subscriber::Builder {
    ConsoleLayer::builder().server_addr(socket.to_path_buf())
}
