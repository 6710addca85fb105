//! The wire's enumerations in words: the names that are shown, printed and filtered.

use holdover_proto::v1::{
    self, Accuracy, AddressFamily, Cause, FdStatus, FdType, HoldingKind, Outcome, Phase,
    SocketState, TaskKind, TaskState, Verdict,
};

/// What is counted beside the leaks, and not among them.
pub(crate) fn is_warning(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Orphaned | Verdict::Overdue)
}

pub(crate) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Stuck => "stuck",
        Verdict::LeftBehind => "left-behind",
        Verdict::AfterCancel => "after-cancel",
        Verdict::Orphaned => "orphaned",
        Verdict::Overdue => "overdue",
        Verdict::LostWaker => "lost-waker",
        Verdict::Unspecified => "unknown",
    }
}

/// The badge's letter.
pub(crate) fn letter(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Stuck => "S",
        Verdict::LeftBehind => "L",
        Verdict::AfterCancel => "A",
        Verdict::Orphaned => "O",
        Verdict::Overdue => "D",
        Verdict::LostWaker => "W",
        Verdict::Unspecified => "?",
    }
}

pub(crate) fn accuracy(accuracy: Accuracy) -> &'static str {
    match accuracy {
        Accuracy::Exact => "exact",
        Accuracy::Inferred => "inferred",
        Accuracy::Unspecified => "unknown",
    }
}

pub(crate) fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Abort => "abort",
        Cause::AbortAll => "abort-all",
        Cause::SetDropped => "set-dropped",
        Cause::Token => "token",
        Cause::Timeout => "timeout",
        Cause::Dropped => "dropped",
        Cause::Unknown | Cause::Unspecified => "unknown",
    }
}

pub(crate) fn kind(kind: HoldingKind) -> &'static str {
    match kind {
        HoldingKind::Timer => "timer",
        HoldingKind::Callback => "callback",
        HoldingKind::Lock => "lock",
        HoldingKind::Permit => "permit",
        HoldingKind::Channel => "channel",
        HoldingKind::Waker => "waker",
        HoldingKind::Connection => "connection",
        HoldingKind::File => "file",
        HoldingKind::Socket => "socket",
        HoldingKind::Memory => "memory",
        HoldingKind::Blocking => "blocking",
        HoldingKind::Child => "child",
        HoldingKind::Custom => "custom",
        HoldingKind::Unspecified => "unknown",
    }
}

pub(crate) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Before => "before",
        Phase::After => "after",
        Phase::InDrop => "in-drop",
        Phase::Unspecified => "unknown",
    }
}

pub(crate) fn task_kind(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Task => "task",
        TaskKind::Local => "local",
        TaskKind::Blocking => "blocking",
        TaskKind::BlockOn => "block_on",
        TaskKind::Scope => "scope",
        TaskKind::Unspecified => "unknown",
    }
}

pub(crate) fn state(state: TaskState) -> &'static str {
    match state {
        TaskState::Running => "running",
        TaskState::Scheduled => "scheduled",
        TaskState::Idle => "idle",
        TaskState::Ended => "ended",
        TaskState::Unspecified => "unknown",
    }
}

/// `None` for a task that has not ended.
pub(crate) fn outcome(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Completed => Some("completed"),
        Outcome::Cancelled => Some("cancelled"),
        Outcome::Panicked => Some("panicked"),
        Outcome::Shutdown => Some("shutdown"),
        Outcome::Unspecified => None,
    }
}

/// The names of what can be held.
pub(crate) fn kinds() -> Vec<&'static str> {
    every_kind().map(kind).collect()
}

/// The kind of this name, in any case.
pub(crate) fn kind_named(name: &str) -> Option<HoldingKind> {
    every_kind().find(|it| kind(*it).eq_ignore_ascii_case(name))
}

fn every_kind() -> impl Iterator<Item = HoldingKind> {
    (1..=13).filter_map(|number| HoldingKind::try_from(number).ok())
}

pub(crate) fn event(kind: v1::EventKind) -> &'static str {
    match kind {
        v1::EventKind::Spawned => "spawned",
        v1::EventKind::CancelRequested => "requested",
        v1::EventKind::Delivered => "delivered",
        v1::EventKind::Ended => "ended",
        v1::EventKind::Acquired => "acquired",
        v1::EventKind::Released => "released",
        v1::EventKind::Given => "given",
        v1::EventKind::Cleared => "cleared",
        v1::EventKind::Fired => "fired",
        v1::EventKind::Unspecified => "unknown",
    }
}

pub(crate) fn fd_type(kind: FdType) -> &'static str {
    match kind {
        FdType::File => "file",
        FdType::Directory => "directory",
        FdType::Tcp => "tcp",
        FdType::Udp => "udp",
        FdType::Unix => "unix",
        FdType::Socket => "socket",
        FdType::Pipe => "pipe",
        FdType::Eventfd => "eventfd",
        FdType::Epoll => "epoll",
        FdType::Timerfd => "timerfd",
        FdType::Memfd => "memfd",
        FdType::Device => "device",
        FdType::Other => "other",
        FdType::Unspecified => "unknown",
    }
}

pub(crate) fn fd_status(status: FdStatus) -> &'static str {
    match status {
        FdStatus::Open => "open",
        FdStatus::Gone => "gone",
        FdStatus::Reused => "reused",
        FdStatus::Unspecified => "unknown",
    }
}

/// As `ss` and `netstat` call them.
pub(crate) fn socket_state(state: SocketState) -> &'static str {
    match state {
        SocketState::Established => "ESTABLISHED",
        SocketState::SynSent => "SYN_SENT",
        SocketState::SynReceived => "SYN_RECV",
        SocketState::FinWait1 => "FIN_WAIT1",
        SocketState::FinWait2 => "FIN_WAIT2",
        SocketState::TimeWait => "TIME_WAIT",
        SocketState::Closed => "CLOSE",
        SocketState::CloseWait => "CLOSE_WAIT",
        SocketState::LastAck => "LAST_ACK",
        SocketState::Listen => "LISTEN",
        SocketState::Closing => "CLOSING",
        SocketState::Unconnected => "UNCONNECTED",
        SocketState::Connecting => "CONNECTING",
        SocketState::Connected => "CONNECTED",
        SocketState::Disconnecting => "DISCONNECTING",
        SocketState::Unspecified => "UNKNOWN",
    }
}

/// `None` without an address.
pub(crate) fn family(family: AddressFamily) -> Option<&'static str> {
    match family {
        AddressFamily::Ipv4 => Some("ipv4"),
        AddressFamily::Ipv6 => Some("ipv6"),
        AddressFamily::Unix => Some("unix"),
        AddressFamily::Unspecified => None,
    }
}
