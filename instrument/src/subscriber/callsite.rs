//! Which callsites are tokio's own, and which of those are wanted. Decided once a
//! callsite, when it is registered; after that its metadata's address says it.

mod known;

use std::ptr;

use tracing_core::{Level, Metadata};

/// A callsite of tokio's runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ours {
    /// A task's span, of any kind but blocking.
    Task,
    /// A blocking closure's span.
    Blocking,
    /// A timer's span: `Sleep` or `Interval`.
    Timer,
    /// A lock's span: `Mutex`.
    Lock,
    /// A waker is cloned, woken or dropped.
    Waker,
    /// A resource's attribute changes: of a timer, its duration.
    ResourceState,
    /// A lock was locked or unlocked.
    LockState,
    /// Emitted by tokio, and of no use here.
    Unwanted,
}

impl Ours {
    const ALL: [Self; 8] = [
        Self::Task,
        Self::Blocking,
        Self::Timer,
        Self::Lock,
        Self::Waker,
        Self::ResourceState,
        Self::LockState,
        Self::Unwanted,
    ];

    /// `None` for whatever is not tokio's: that is the inner subscriber's.
    #[inline]
    pub(super) fn of(metadata: &Metadata<'_>) -> Option<Self> {
        // All of tokio's are TRACE; nearly everything else is not.
        if *metadata.level() != Level::TRACE {
            return None;
        }
        match known::class_of(ptr::from_ref(metadata).addr()) {
            Some(class) => Self::ALL.get(usize::from(class)).copied(),
            None => Self::decide(metadata),
        }
    }

    /// As [`Self::of`], for a callsite that is registered: it is remembered.
    pub(super) fn register(metadata: &'static Metadata<'static>) -> Option<Self> {
        let ours = Self::decide(metadata);
        if *metadata.level() == Level::TRACE {
            let class = Self::ALL.iter().zip(0..).find(|(it, _)| Some(**it) == ours);
            let class = class.map_or(known::NOBODYS, |(_, class)| class);
            known::remember(ptr::from_ref(metadata).addr(), class);
        }
        ours
    }

    /// By its names: for a callsite that is being registered, and for metadata that is
    /// made anew each time, as that of the `log` crate's records.
    fn decide(metadata: &Metadata<'_>) -> Option<Self> {
        if *metadata.level() != Level::TRACE {
            return None;
        }
        if metadata.is_span() { Self::of_span(metadata) } else { Self::of_event(metadata) }
    }

    fn of_span(metadata: &Metadata<'_>) -> Option<Self> {
        let (name, target) = (metadata.name(), metadata.target());
        match name.strip_prefix("runtime.")? {
            "spawn" => match target {
                "tokio::task" => Some(Self::Task),
                "tokio::task::blocking" => Some(Self::Blocking),
                _ => None,
            },
            "resource" if target.starts_with("tokio::time") => Some(Self::Timer),
            "resource" if target == "tokio::sync::mutex" => Some(Self::Lock),
            rest if rest.starts_with("resource") && target.starts_with("tokio::") => {
                Some(Self::Unwanted)
            }
            _ => None,
        }
    }

    fn of_event(metadata: &Metadata<'_>) -> Option<Self> {
        let target = metadata.target();
        if !target.starts_with("tokio::task::") && !target.starts_with("runtime::resource::") {
            return None;
        }
        // A record of the `log` crate, or a callsite of the service's, of that target.
        metadata.module_path().filter(|path| path.starts_with("tokio::"))?;
        match target {
            "tokio::task::waker" => Some(Self::Waker),
            "runtime::resource::state_update" => {
                let has = |field| metadata.fields().field(field).is_some();
                Some(match (has("duration"), has("locked")) {
                    (true, _) => Self::ResourceState,
                    (_, true) => Self::LockState,
                    _ => Self::Unwanted,
                })
            }
            "runtime::resource::poll_op" | "runtime::resource::async_op::state_update" => {
                Some(Self::Unwanted)
            }
            _ => None,
        }
    }

    pub(super) fn is_wanted(self) -> bool {
        self != Self::Unwanted
    }
}
