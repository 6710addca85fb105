//! What the recording speaks for, and what it is blind to: each cause with the sentence
//! to show and the lines to paste.

use crate::{recorder::Level, runtimes::Seen, settings::Settings};

/// One cause of blindness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blind {
    /// tokio emits nothing in this build.
    NoTokioUnstable,
    /// `tracing` was built to drop what tokio emits.
    StaticMaxLevel,
    /// Another subscriber was there first.
    DefaultIsSet,
    /// The recorder started within a runtime.
    InitInRuntime,
    /// A runtime has tasks that were there before the recorder.
    OlderRuntime,
    /// Recording is off.
    LevelOff,
    /// Only tasks are recorded.
    LevelTasks,
}

impl Blind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NoTokioUnstable => "no-tokio-unstable",
            Self::StaticMaxLevel => "static-max-level",
            Self::DefaultIsSet => "default-is-set",
            Self::InitInRuntime => "init-in-runtime",
            Self::OlderRuntime => "older-runtime",
            Self::LevelOff => "level-off",
            Self::LevelTasks => "level-tasks",
        }
    }

    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::NoTokioUnstable => {
                "this service was built without --cfg tokio_unstable, so only what goes through \
                 holdover::{task,time,sync} is seen"
            }
            Self::StaticMaxLevel => {
                "a crate of this build sets a static max level of tracing below TRACE, so nothing \
                 that tokio emits is seen, only what goes through holdover::{task,time,sync}"
            }
            Self::DefaultIsSet => crate::builder::DEFAULT_IS_SET,
            Self::InitInRuntime => {
                "holdover::init() ran inside a runtime, so the future of block_on (main) and \
                 tasks spawned before it are not seen"
            }
            Self::OlderRuntime => {
                "a runtime has tasks that are not seen: they were spawned before holdover::init(), \
                 or a filter of the whole registry hides them"
            }
            Self::LevelOff => "recording is off",
            Self::LevelTasks => "only tasks are recorded: what they hold is not seen",
        }
    }

    pub(crate) fn fix(self) -> &'static str {
        match self {
            Self::NoTokioUnstable => {
                "# .cargo/config.toml; where RUSTFLAGS or a [target.*] section is set, that \
                 replaces it: add the flag there\n[build]\nrustflags = [\"--cfg\", \
                 \"tokio_unstable\"]"
            }
            Self::StaticMaxLevel => {
                "# Cargo.toml: find who sets it with `cargo tree -e features -i tracing`\ntracing = \
                 { version = \"0.1\" }  # without max_level_* and release_max_level_*"
            }
            Self::DefaultIsSet => {
                "holdover::Builder::new().wrap(subscriber).init();  // or \
                 registry().with(holdover::layer())"
            }
            Self::InitInRuntime | Self::OlderRuntime => {
                "fn main() {\n    holdover::init();\n    \
                 tokio::runtime::Runtime::new().unwrap().block_on(run());\n}"
            }
            Self::LevelOff | Self::LevelTasks => "HOLDOVER_LEVEL=all",
        }
    }
}

/// What is known at the start; the level may change later.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coverage {
    pub(crate) spans: bool,
    blind: Vec<Blind>,
}

impl Coverage {
    /// `defaulted`: our subscriber or layer is the process's default.
    pub(crate) fn at_start(defaulted: bool) -> Self {
        let mut blind = Vec::new();
        let static_level = tracing::level_filters::STATIC_MAX_LEVEL;
        if !cfg!(tokio_unstable) {
            blind.push(Blind::NoTokioUnstable);
        } else if static_level < tracing::level_filters::LevelFilter::TRACE {
            blind.push(Blind::StaticMaxLevel);
        }
        if !defaulted {
            blind.push(Blind::DefaultIsSet);
        }
        if tokio::runtime::Handle::try_current().is_ok() {
            blind.push(Blind::InitInRuntime);
        }
        let hides_spans = |blind: &Blind| {
            matches!(blind, Blind::NoTokioUnstable | Blind::StaticMaxLevel | Blind::DefaultIsSet)
        };
        Self { spans: !blind.iter().any(hides_spans), blind }
    }

    /// Every cause, the most important first.
    pub(crate) fn blind(&self, level: Level, runtimes: &[Seen]) -> Vec<Blind> {
        let by_level = match level {
            Level::Off => Some(Blind::LevelOff),
            Level::Tasks => Some(Blind::LevelTasks),
            Level::All => None,
        };
        // Where spans are not seen at all, or the first tasks are known to be missing,
        // the runtimes say nothing new.
        let is_explained = !self.spans || level == Level::Off;
        let is_explained = is_explained || self.blind.contains(&Blind::InitInRuntime);
        let is_whole = is_explained || runtimes.iter().all(Seen::is_whole);
        let older = (!is_whole).then_some(Blind::OlderRuntime);
        by_level.into_iter().chain(self.blind.iter().copied()).chain(older).collect()
    }

    /// For the line in the log.
    pub(crate) fn in_short(&self, settings: &Settings) -> &'static str {
        match (settings.level, self.spans) {
            (Level::Off, _) => "off",
            (_, true) => "shims and tokio's spans",
            (_, false) => "shims only",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorder_started_within_a_runtime_says_so() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let inside = runtime.block_on(async { Coverage::at_start(true) });
        assert!(inside.blind(Level::All, &[]).contains(&Blind::InitInRuntime));
        assert!(!Coverage::at_start(true).blind(Level::All, &[]).contains(&Blind::InitInRuntime));
    }

    #[test]
    fn a_level_below_all_is_the_first_thing_that_is_said() {
        let coverage = Coverage::at_start(false);
        assert_eq!(coverage.blind(Level::Tasks, &[])[0], Blind::LevelTasks);
        assert!(coverage.blind(Level::All, &[]).contains(&Blind::DefaultIsSet));
        assert!(!coverage.spans);
    }
}
