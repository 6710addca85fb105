//! The causes as a console shows them, to the letter.

use std::path::Path;

use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    pub name: &'static str,
    pub sentence: &'static str,
    /// The first line of what mends it.
    pub fix: &'static str,
}

pub const NO_TOKIO_UNSTABLE: Cause = Cause {
    name: "no-tokio-unstable",
    sentence: "this service was built without --cfg tokio_unstable, so only what goes through \
               holdover::{task,time,sync} is seen",
    fix: "# .cargo/config.toml in the folder that cargo is run in, or above; where RUSTFLAGS or a \
          [target.*] section is set, that replaces it: add the flag there",
};

pub const FLAG_REPLACED: Cause = Cause {
    name: "flag-replaced",
    sentence: "--cfg tokio_unstable stands in .cargo/config.toml, but RUSTFLAGS, a [target.*] \
               section or another working folder kept it out of this build, so only what goes \
               through holdover::{task,time,sync} is seen",
    fix: "# where RUSTFLAGS is set, it replaces what .cargo/config.toml says: add the flag there",
};

pub const STATIC_LEVEL: Cause = Cause {
    name: "static-max-level",
    sentence: "a crate of this build sets a static max level of tracing below TRACE, so nothing \
               that tokio emits is seen, only what goes through holdover::{task,time,sync}",
    fix: "# Cargo.toml: find who sets it with `cargo tree -e features -i tracing`",
};

pub const DEFAULT_IS_SET: Cause = Cause {
    name: "default-is-set",
    sentence: "the process has a default subscriber already, so only what goes through \
               holdover::{task,time,sync} is recorded: write \
               holdover::Builder::new().wrap(subscriber).init() in its place, or add \
               .with(holdover::layer()) to its registry",
    fix: "holdover::Builder::new().wrap(subscriber).init();  // or \
          registry().with(holdover::layer())",
};

pub const LAYER_UNUSED: Cause = Cause {
    name: "layer-unused",
    sentence: "the process has no default subscriber with holdover::layer() in it, so what tokio \
               emits is seen only on threads that have one of their own",
    fix: "tracing_subscriber::registry().with(holdover::layer()).init();",
};

pub const REGISTRY_FILTERED: Cause = Cause {
    name: "registry-filtered",
    sentence: "a filter of the whole registry hides tokio's spans from holdover::layer(), so only \
               what goes through holdover::{task,time,sync} is seen",
    fix: "registry().with(holdover::layer()).with(fmt::layer().with_filter(filter)).init();",
};

pub const INIT_IN_RUNTIME: Cause = Cause {
    name: "init-in-runtime",
    sentence: "holdover::init() ran inside a runtime, so the future of block_on (main) and tasks \
               spawned before it are not seen",
    fix: "fn main() {",
};

pub const OLDER_RUNTIME: Cause = Cause {
    name: "older-runtime",
    sentence: "a runtime has tasks that were spawned before holdover::init(): they are not seen",
    fix: "fn main() {",
};

pub const LEVEL_OFF: Cause =
    Cause { name: "level-off", sentence: "recording is off", fix: "HOLDOVER_LEVEL=all" };

pub const LEVEL_TASKS: Cause = Cause {
    name: "level-tasks",
    sentence: "only tasks are recorded: what they hold is not seen",
    fix: "HOLDOVER_LEVEL=all",
};

impl Cause {
    /// Said only where tokio's spans are seen: else it says nothing new.
    pub fn is_of_spans(self) -> bool {
        self == OLDER_RUNTIME
    }

    /// Said before anything else.
    pub fn is_of_the_level(self) -> bool {
        self == LEVEL_OFF || self == LEVEL_TASKS
    }
}

/// What this very build is blind to. The repository's own `.cargo/config.toml` has the
/// flag: a build that lacks it lost it, if its target directory is below that file.
pub fn of_the_build() -> Vec<Cause> {
    let mut causes = Vec::new();
    if cfg!(not(tokio_unstable)) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
        let is_below = Path::new(env!("CARGO_TARGET_TMPDIR")).starts_with(root);
        let stands = is_below && root.join(".cargo/config.toml").exists();
        causes.push(if stands { FLAG_REPLACED } else { NO_TOKIO_UNSTABLE });
    }
    if STATIC_MAX_LEVEL < LevelFilter::TRACE {
        causes.push(STATIC_LEVEL);
    }
    causes
}
