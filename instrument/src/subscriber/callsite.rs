//! Which callsites are tokio's own, and which of those are wanted. Decided once a
//! callsite, when it is registered; after that its metadata's address says it.

mod known;

use std::ptr;

use tracing_core::{Interest, Level, Metadata};

use super::resources::Thread;
use crate::recorder;

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
    /// A lock's span: `RwLock`.
    RwLock,
    /// A channel's span: `oneshot`.
    Channel,
    /// A semaphore's span.
    Semaphore,
    /// The span of the semaphore within a semaphore, a lock or a channel.
    Within,
    /// The span of an acquisition of permits of a semaphore within something.
    Acquire,
    /// A waker is cloned, woken or dropped.
    Waker,
    /// A resource's attribute changes: of a timer, its duration.
    ResourceState,
    /// A lock was locked or unlocked.
    LockState,
    /// A read-write lock has a reader more or less.
    ReadersState,
    /// A read-write lock is locked for writing, or is not.
    WriterState,
    /// An end of a channel is gone, or a value was sent.
    ChannelState,
    /// A channel's receiver was polled.
    ReceiverPolled,
    /// Permits came to a semaphore within something, or went.
    PermitsState,
    /// An acquisition got permits.
    PermitsObtained,
    /// Emitted by tokio, and of no use here.
    Unwanted,
}

impl Ours {
    const ALL: [Self; 19] = [
        Self::Task,
        Self::Blocking,
        Self::Timer,
        Self::Lock,
        Self::RwLock,
        Self::Channel,
        Self::Semaphore,
        Self::Within,
        Self::Acquire,
        Self::Waker,
        Self::ResourceState,
        Self::LockState,
        Self::ReadersState,
        Self::WriterState,
        Self::ChannelState,
        Self::ReceiverPolled,
        Self::PermitsState,
        Self::PermitsObtained,
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
            "resource" => Self::of_resource(target),
            "resource.async_op" if target == "tokio::sync::batch_semaphore" => Some(Self::Acquire),
            rest if rest.starts_with("resource") && target.starts_with("tokio::") => {
                Some(Self::Unwanted)
            }
            _ => None,
        }
    }

    fn of_resource(target: &str) -> Option<Self> {
        match target.strip_prefix("tokio::")? {
            "sync::mutex" => Some(Self::Lock),
            "sync::rwlock" => Some(Self::RwLock),
            "sync::oneshot" => Some(Self::Channel),
            "sync::semaphore" => Some(Self::Semaphore),
            "sync::batch_semaphore" => Some(Self::Within),
            _ => Some(Self::Unwanted),
        }
    }

    fn of_event(metadata: &Metadata<'_>) -> Option<Self> {
        let target = metadata.target();
        if !target.starts_with("tokio::task::") && !target.starts_with("runtime::resource::") {
            return None;
        }
        // A record of the `log` crate, or a callsite of the service's, of that target.
        let module = metadata.module_path().filter(|path| path.starts_with("tokio::"))?;
        match target {
            "tokio::task::waker" => Some(Self::Waker),
            "runtime::resource::state_update" => Some(Self::of_state(metadata)),
            "runtime::resource::async_op::state_update" => {
                let obtained = metadata.fields().field("permits_obtained").is_some();
                Some(if obtained { Self::PermitsObtained } else { Self::Unwanted })
            }
            "runtime::resource::poll_op" if module == "tokio::sync::oneshot" => {
                Some(Self::ReceiverPolled)
            }
            "runtime::resource::poll_op" => Some(Self::Unwanted),
            _ => None,
        }
    }

    fn of_state(metadata: &Metadata<'_>) -> Self {
        // What is said comes first; how it changes, second.
        match metadata.fields().iter().next().map(|field| field.name()) {
            Some("duration") => Self::ResourceState,
            Some("locked") => Self::LockState,
            Some("current_readers") => Self::ReadersState,
            Some("write_locked") => Self::WriterState,
            Some("permits") => Self::PermitsState,
            Some("tx_dropped" | "rx_dropped" | "value_sent") => Self::ChannelState,
            _ => Self::Unwanted,
        }
    }

    /// How tracing is to ask for it: not at all while nothing is recorded, so that a
    /// callsite costs one load. Who changes the level has tracing ask this again. What is within a semaphore is wanted when the
    /// semaphore is: that cannot be told from the callsite, which locks have too.
    pub(super) fn interest(self, level: recorder::Level) -> Interest {
        match self {
            _ if level == recorder::Level::Off => Interest::never(),
            Self::Unwanted => Interest::never(),
            Self::Within | Self::Acquire => Interest::sometimes(),
            _ => Interest::always(),
        }
    }

    /// Whether it is wanted where this thread is.
    #[inline]
    pub(super) fn is_wanted(self) -> bool {
        match self {
            Self::Unwanted => false,
            Self::Within | Self::Acquire => Thread::semaphore().is_some(),
            _ => true,
        }
    }
}
