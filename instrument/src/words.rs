//! The words of the domain: one enumeration a choice, and the name by which each is
//! shown, filtered and written to JSON.

/// Declares an enumeration with the names of its variants, in their order.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$doc:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $vis enum $name {
            $($(#[$doc])* $variant,)+
        }

        // Not every one is stored as a number.
        const _: &[$name] = $name::ALL;

        impl $name {
            /// Every one, in order.
            $vis const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Their names, in the same order.
            #[cfg(feature = "console")]
            pub(crate) const NAMES: &'static [&'static str] = &[$($text),+];

            /// The name by which it is shown, filtered and written to JSON.
            $vis const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

        }
    };
}

/// The one with this place in `all`: for what is stored as a number.
#[cfg(feature = "console")]
pub(crate) fn at<T: Copy>(all: &[T], index: u8) -> Option<T> {
    all.get(usize::from(index)).copied()
}

words! {
    /// How a task ended.
    #[non_exhaustive]
    pub enum Outcome {
        /// Its future became ready.
        Completed = "completed",
        /// Its future was dropped before it was ready.
        Cancelled = "cancelled",
        /// A poll panicked.
        Panicked = "panicked",
        /// Its runtime was shut down around it.
        Shutdown = "shutdown",
    }
}

words! {
    /// What asked a task to stop.
    #[non_exhaustive]
    pub enum Cause {
        /// `abort()` on a handle.
        Abort = "abort",
        /// `abort_all()` or `shutdown()` of a set.
        AbortAll = "abort-all",
        /// A set was dropped with the task in it.
        SetDropped = "set-dropped",
        /// A cancellation token, or an ancestor of it.
        Token = "token",
        /// A timeout elapsed.
        Timeout = "timeout",
        /// The future was dropped by its owner, as `select!` does.
        Dropped = "dropped",
        /// It was cancelled; by whom was not seen.
        Unknown = "unknown",
    }
}

words! {
    /// What kind of thing is held.
    #[non_exhaustive]
    pub enum Kind {
        /// A pending timer.
        Timer = "timer",
        /// A callback that waits for a task's end.
        Callback = "callback",
        /// A lock guard.
        Lock = "lock",
        /// A semaphore permit.
        Permit = "permit",
        /// An end of a channel.
        Channel = "channel",
        /// A stored waker.
        Waker = "waker",
        /// A connection, of a pool or not.
        Connection = "connection",
        /// An open file.
        File = "file",
        /// A socket.
        Socket = "socket",
        /// Memory that the owner answers for.
        Memory = "memory",
        /// A running blocking closure.
        Blocking = "blocking",
        /// A spawned task that has not ended.
        Child = "child",
        /// Anything else.
        Custom = "custom",
    }
}

#[cfg(feature = "console")]
words! {
    /// What the runtime schedules, or a named future inside such a task.
    pub(crate) enum TaskKind {
        Task = "task",
        Local = "local",
        Blocking = "blocking",
        BlockOn = "block_on",
        Scope = "scope",
    }
}

#[cfg(feature = "console")]
words! {
    /// What a task is doing.
    pub(crate) enum State {
        Running = "running",
        Scheduled = "scheduled",
        Idle = "idle",
        Ended = "ended",
    }
}

#[cfg(feature = "console")]
words! {
    /// Why a task is reported, worst first.
    pub(crate) enum Verdict {
        Stuck = "stuck",
        LeftBehind = "left-behind",
        AfterCancel = "after-cancel",
        Orphaned = "orphaned",
        Overdue = "overdue",
    }
}

#[cfg(feature = "console")]
impl Verdict {
    /// Leaks are counted; the others are warnings, counted beside them.
    pub(crate) fn is_leak(self) -> bool {
        matches!(self, Self::Stuck | Self::LeftBehind | Self::AfterCancel)
    }
}

#[cfg(feature = "console")]
words! {
    /// When a holding was acquired, seen from its owner's cancel request.
    pub(crate) enum Phase {
        Before = "before",
        After = "after",
        InDrop = "in-drop",
    }
}

#[cfg(feature = "console")]
words! {
    /// How something is known.
    pub(crate) enum Accuracy {
        Exact = "exact",
        Inferred = "inferred",
    }
}
