//! What the recording speaks for, and what it is blind to: each cause with the sentence
//! to show and the lines to paste.

mod by_layer;
mod requests;

use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

pub(crate) use self::by_layer::has_log;
#[cfg(feature = "tower")]
pub(crate) use self::requests::{layer_made, requests_are_scopes};
use crate::{
    recorder::{Level, Recorder},
    runtimes::Seen,
};

/// One cause of blindness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blind {
    /// tokio emits nothing in this build.
    NoTokioUnstable,
    /// The same, though the flag stands where it is usually given: something replaced it, or
    /// cargo was run where it does not look there.
    FlagReplaced,
    /// `tracing` was built to drop what tokio emits.
    StaticMaxLevel,
    /// Another subscriber was there first.
    DefaultIsSet,
    /// There is no default subscriber, so the layer is in none.
    LayerUnused,
    /// The layer's registry lets nothing of tokio's through.
    RegistryFiltered,
    /// The recorder started within a runtime.
    InitInRuntime,
    /// A runtime has tasks that were there before the recorder.
    OlderRuntime,
    /// Recording is off.
    LevelOff,
    /// Recording was off for a while.
    LevelWasOff,
    /// Only tasks are recorded.
    LevelTasks,
    /// HTTP is served, and no request is a scope.
    NoScopeLayer,
    /// The same, though a layer was made.
    ScopeLayerUnused,
}

impl Blind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NoTokioUnstable => "no-tokio-unstable",
            Self::FlagReplaced => "flag-replaced",
            Self::StaticMaxLevel => "static-max-level",
            Self::DefaultIsSet => "default-is-set",
            Self::LayerUnused => "layer-unused",
            Self::RegistryFiltered => "registry-filtered",
            Self::InitInRuntime => "init-in-runtime",
            Self::OlderRuntime => "older-runtime",
            Self::LevelOff => "level-off",
            Self::LevelWasOff => "level-was-off",
            Self::LevelTasks => "level-tasks",
            Self::NoScopeLayer => "no-scope-layer",
            Self::ScopeLayerUnused => "scope-layer-unused",
        }
    }

    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::NoTokioUnstable => {
                "this service was built without --cfg tokio_unstable, so only what goes through \
                 holdover::{task,time,sync} is seen"
            }
            Self::FlagReplaced => {
                "--cfg tokio_unstable stands in .cargo/config.toml, but RUSTFLAGS, a [target.*] \
                 section or another working folder kept it out of this build, so only what goes \
                 through holdover::{task,time,sync} is seen"
            }
            Self::StaticMaxLevel => {
                "a crate of this build sets a static max level of tracing below TRACE, so nothing \
                 that tokio emits is seen, only what goes through holdover::{task,time,sync}"
            }
            Self::DefaultIsSet => crate::builder::DEFAULT_IS_SET,
            Self::LayerUnused => {
                "the process has no default subscriber with holdover::layer() in it, so what tokio \
                 emits is seen only on threads that have one of their own"
            }
            Self::RegistryFiltered => {
                "a filter of the whole registry hides tokio's spans from holdover::layer(), so \
                 only what goes through holdover::{task,time,sync} is seen"
            }
            Self::InitInRuntime => {
                "holdover::init() ran inside a runtime, so the future of block_on (main) and \
                 tasks spawned before it are not seen"
            }
            Self::OlderRuntime => {
                "a runtime has tasks that were spawned before holdover::init(): they are not seen"
            }
            Self::LevelOff => "recording is off",
            Self::LevelWasOff => {
                "recording was off for a while: what was made then is not seen, and what lived then \
                 gets no verdict"
            }
            Self::LevelTasks => "only tasks are recorded: what they hold is not seen",
            Self::NoScopeLayer => {
                "HTTP is served without holdover::tower::ScopeLayer, so a request whose client \
                 hung up looks completed: what it left behind is not reported"
            }
            Self::ScopeLayerUnused => {
                "HTTP is served, and no request has gone through holdover::tower::ScopeLayer: one \
                 that does not looks completed when its client hangs up, and what it left behind \
                 is not reported"
            }
        }
    }

    pub(crate) fn fix(self) -> &'static str {
        match self {
            Self::NoTokioUnstable => {
                "# .cargo/config.toml in the folder that cargo is run in, or above; where \
                 RUSTFLAGS or a [target.*] section is set, that replaces it: add the flag \
                 there\n[build]\nrustflags = [\"--cfg\", \"tokio_unstable\"]"
            }
            Self::FlagReplaced => {
                "# where RUSTFLAGS is set, it replaces what .cargo/config.toml says: add the flag \
                 there\nRUSTFLAGS=\"$RUSTFLAGS --cfg tokio_unstable\"\n# .cargo/config.toml: a \
                 [target.*] section with rustflags replaces [build]'s, and is joined with \
                 this\n[target.'cfg(all())']\nrustflags = [\"--cfg\", \"tokio_unstable\"]\n# cargo \
                 reads it from the folder it is run in and those above, whatever --manifest-path \
                 says: run it there"
            }
            Self::StaticMaxLevel => {
                "# Cargo.toml: find who sets it with `cargo tree -e features -i tracing`\ntracing = \
                 { version = \"0.1\" }  # without max_level_* and release_max_level_*"
            }
            Self::DefaultIsSet => {
                "holdover::Builder::new().wrap(subscriber).init();  // or \
                 registry().with(holdover::layer())"
            }
            Self::LayerUnused => "tracing_subscriber::registry().with(holdover::layer()).init();",
            Self::RegistryFiltered => {
                "registry().with(holdover::layer()).with(fmt::layer().with_filter(filter)).init();"
            }
            Self::InitInRuntime | Self::OlderRuntime => {
                "fn main() {\n    holdover::init();\n    \
                 tokio::runtime::Runtime::new().unwrap().block_on(run());\n}"
            }
            Self::LevelOff | Self::LevelTasks => {
                "HOLDOVER_LEVEL=all\n# or, where control is allowed\nholdover level ADDR all"
            }
            Self::LevelWasOff => "HOLDOVER_LEVEL=all  # from the start",
            Self::NoScopeLayer => {
                "router.layer(holdover::tower::ScopeLayer::new())  // axum; a tonic Server and any \
                 tower stack have `layer` too\n# Cargo.toml\nholdover = { version = \"…\", \
                 features = [\"axum\"] }  # else [\"tower\"]"
            }
            Self::ScopeLayerUnused => {
                "# axum's `layer` covers the routes that were added before it: it comes \
                 last\nrouter.route(…).layer(holdover::tower::ScopeLayer::new())"
            }
        }
    }
}

/// How what tokio emits comes to be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Our subscriber is the process's default.
    ByDefault,
    /// It was to be, and another was there first.
    Not,
    /// By a layer, wherever that was put.
    ByLayer,
}

/// What this build is blind to.
#[derive(Clone, Copy, Debug)]
struct Build {
    tokio_unstable: bool,
    /// As far as the build script could see.
    flag_stands: bool,
    static_max_level: LevelFilter,
}

impl Build {
    const THIS: Self = Self {
        tokio_unstable: cfg!(tokio_unstable),
        flag_stands: cfg!(holdover_flag_stands),
        static_max_level: STATIC_MAX_LEVEL,
    };

    /// Both where there are both: to mend one of them would change nothing.
    fn blind(self) -> impl Iterator<Item = Blind> {
        let flag = match (self.tokio_unstable, self.flag_stands) {
            (true, _) => None,
            (false, true) => Some(Blind::FlagReplaced),
            (false, false) => Some(Blind::NoTokioUnstable),
        };
        let level = (self.static_max_level < LevelFilter::TRACE).then_some(Blind::StaticMaxLevel);
        flag.into_iter().chain(level)
    }
}

/// What is known at the start. The level may change later, and a layer may come to be
/// used.
#[derive(Clone, Debug)]
pub(crate) struct Coverage {
    heard: Heard,
    in_runtime: bool,
}

impl Coverage {
    pub(crate) fn at_start(heard: Heard) -> Self {
        Self { heard, in_runtime: tokio::runtime::Handle::try_current().is_ok() }
    }

    pub(crate) fn is_by_layer(&self) -> bool {
        self.heard == Heard::ByLayer
    }

    /// Every cause, the most important first. Where a layer is, is asked of the
    /// process's default subscriber: from a thread that has no other.
    pub(crate) fn blind(&self, level: Level) -> Vec<Blind> {
        let by_level = match level {
            Level::Off => Some(Blind::LevelOff),
            Level::Tasks => Some(Blind::LevelTasks),
            Level::All => None,
        };
        let unheard = match self.heard {
            Heard::ByDefault => None,
            Heard::Not => Some(Blind::DefaultIsSet),
            // A layer hears nothing while recording is off, wherever it is.
            Heard::ByLayer if level == Level::Off => None,
            Heard::ByLayer => by_layer::blind(),
        };
        let late = self.in_runtime.then_some(Blind::InitInRuntime);
        by_level.into_iter().chain(Build::THIS.blind()).chain(unheard).chain(late).collect()
    }

    /// As [`Self::blind`], and whether tasks are missing in a runtime. Where spans are
    /// not seen at all, or the first tasks are known to be missing, that says nothing
    /// new.
    pub(crate) fn blind_now(&self, recorder: &Recorder, runtimes: &[Seen]) -> Vec<Blind> {
        let level = recorder.level();
        let mut blind = self.blind(level);
        let was_off = level != Level::Off && recorder.on_since() != 0;
        blind.extend(was_off.then_some(Blind::LevelWasOff));
        let is_explained = was_off || self.in_runtime || !self.spans(level);
        if !is_explained && !runtimes.iter().all(Seen::is_whole) {
            blind.push(Blind::OlderRuntime);
        }
        blind.extend(requests::blind());
        blind
    }

    /// Are tokio's own spans recorded?
    pub(crate) fn spans(&self, level: Level) -> bool {
        !self.blind(level).iter().any(|blind| match blind {
            Blind::NoTokioUnstable
            | Blind::FlagReplaced
            | Blind::StaticMaxLevel
            | Blind::DefaultIsSet
            | Blind::LayerUnused
            | Blind::RegistryFiltered
            | Blind::LevelOff => true,
            Blind::InitInRuntime
            | Blind::OlderRuntime
            | Blind::LevelTasks
            | Blind::LevelWasOff
            | Blind::NoScopeLayer
            | Blind::ScopeLayerUnused => false,
        })
    }

    /// For the line in the log.
    pub(crate) fn in_short(&self, level: Level) -> &'static str {
        match level {
            Level::Off => "off",
            Level::Tasks | Level::All if self.spans(level) => "shims and tokio's spans",
            Level::Tasks | Level::All => "shims only",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorder_started_within_a_runtime_says_so() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let start = || Coverage::at_start(Heard::ByDefault);
        let inside = runtime.block_on(async { start() });
        assert!(inside.blind(Level::All).contains(&Blind::InitInRuntime));
        assert!(!start().blind(Level::All).contains(&Blind::InitInRuntime));
    }

    #[test]
    fn a_level_below_all_is_the_first_thing_that_is_said() {
        let coverage = Coverage::at_start(Heard::Not);
        assert_eq!(coverage.blind(Level::Tasks)[0], Blind::LevelTasks);
        assert!(coverage.blind(Level::All).contains(&Blind::DefaultIsSet));
        assert!(!coverage.spans(Level::All));
    }

    #[test]
    fn what_a_build_is_blind_to() {
        use Blind::{FlagReplaced, NoTokioUnstable, StaticMaxLevel};

        for (tokio_unstable, flag_stands, static_max_level, expected) in [
            (true, true, LevelFilter::TRACE, &[][..]),
            (true, false, LevelFilter::TRACE, &[]),
            (false, false, LevelFilter::TRACE, &[NoTokioUnstable]),
            (false, true, LevelFilter::TRACE, &[FlagReplaced]),
            (true, true, LevelFilter::DEBUG, &[StaticMaxLevel]),
            (true, false, LevelFilter::OFF, &[StaticMaxLevel]),
            (false, true, LevelFilter::INFO, &[FlagReplaced, StaticMaxLevel]),
        ] {
            let build = Build { tokio_unstable, flag_stands, static_max_level };
            assert_eq!(build.blind().collect::<Vec<_>>(), expected, "{build:?}");
        }
    }
}
