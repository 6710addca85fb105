//! The process, and file descriptors, to wire types.

use holdover_proto::v1;

use crate::{
    process::{Family, FdKind, FdSeen, Fds, Figures, Known, Protocol, Sample, Socket, SocketState},
    recorder::holding::OpenFd,
    runtimes::{Load, WorkerLoad},
};

pub(super) fn process(sample: &Sample, held: Vec<v1::HeldRow>) -> v1::Process {
    let Figures { rss, peak_rss, virtual_size, threads, cpu, uptime, fd_limit } = &sample.figures;
    let mut process = v1::Process {
        sampled_ns: sample.at,
        samples: sample.number,
        runtimes: sample.runtimes.iter().map(runtime).collect(),
        held,
        ..v1::Process::default()
    };
    let unknown = &mut process.unknown;
    process.rss_bytes = known("rss", rss, unknown);
    process.peak_rss_bytes = known("peak rss", peak_rss, unknown);
    process.virtual_bytes = known("virtual size", virtual_size, unknown);
    process.threads = known("threads", threads, unknown);
    process.cpu_ns = known("cpu", cpu, unknown);
    process.uptime_ns = known("uptime", uptime, unknown);
    process.fd_limit = known("fd limit", fd_limit, unknown);
    match &sample.fds {
        Ok(counted) => {
            process.fds = Some(fds(counted));
            unknown.extend(counted.cut.iter().map(|(what, why)| not_known(what, why)));
        }
        Err(why) => unknown.push(not_known("fds", why)),
    }
    process
}

/// The value, or why there is none.
fn known(what: &str, value: &Known<u64>, unknown: &mut Vec<v1::Unknown>) -> Option<u64> {
    match value {
        Ok(value) => Some(*value),
        Err(why) => {
            unknown.push(not_known(what, why));
            None
        }
    }
}

fn not_known(what: &str, why: &str) -> v1::Unknown {
    v1::Unknown { what: what.to_owned(), why: why.to_owned() }
}

fn fds(fds: &Fds) -> v1::Fds {
    let count = |(kind, count): (&FdKind, &u64)| v1::FdCount {
        r#type: fd_type(*kind).into(),
        count: *count,
    };
    let sockets =
        |(it, count): (&Socket, &u64)| v1::SocketCount { socket: Some(socket(*it)), count: *count };
    v1::Fds {
        open: fds.open,
        told_apart: fds.told_apart,
        by_type: fds.by_kind.iter().map(count).collect(),
        deleted: fds.deleted,
        sockets: fds.sockets.iter().map(sockets).collect(),
    }
}

fn runtime(load: &Load) -> v1::RuntimeLoad {
    let worker = |it: &WorkerLoad| v1::WorkerLoad { parks: it.parks, busy_ns: it.busy };
    v1::RuntimeLoad {
        runtime: load.number.into(),
        alive: load.alive,
        global_queue: load.global_queue,
        workers: load.workers,
        by_worker: load.by_worker.iter().map(worker).collect(),
    }
}

/// A descriptor that a holding names; what was not looked at has a number and no more.
pub(super) fn fd(fd: OpenFd, seen: Option<&FdSeen>) -> v1::Fd {
    let mut wire = v1::Fd { number: fd.number, ..v1::Fd::default() };
    let status = match seen {
        Some(FdSeen::Open(kind, state)) => {
            wire.r#type = fd_type(*kind).into();
            match state {
                Some(Ok(known)) => wire.socket = Some(socket(*known)),
                Some(Err(why)) => wire.unknown.clone_from(why),
                None => {}
            }
            v1::FdStatus::Open
        }
        Some(FdSeen::Gone) => v1::FdStatus::Gone,
        Some(FdSeen::Reused) => v1::FdStatus::Reused,
        Some(FdSeen::Unknown(why)) => {
            wire.unknown.clone_from(why);
            v1::FdStatus::Unspecified
        }
        None => v1::FdStatus::Unspecified,
    };
    wire.status = status.into();
    wire
}

fn socket(socket: Socket) -> v1::Socket {
    let protocol = match socket.protocol {
        Protocol::Tcp => v1::FdType::Tcp,
        Protocol::Udp => v1::FdType::Udp,
        Protocol::Unix => v1::FdType::Unix,
    };
    v1::Socket {
        r#type: protocol.into(),
        local: family(socket.local).into(),
        peer: socket.peer.map_or(v1::AddressFamily::Unspecified, family).into(),
        state: state(socket.state).into(),
    }
}

fn family(family: Family) -> v1::AddressFamily {
    match family {
        Family::Ipv4 => v1::AddressFamily::Ipv4,
        Family::Ipv6 => v1::AddressFamily::Ipv6,
        Family::Unix => v1::AddressFamily::Unix,
    }
}

fn state(state: SocketState) -> v1::SocketState {
    match state {
        SocketState::Established => v1::SocketState::Established,
        SocketState::SynSent => v1::SocketState::SynSent,
        SocketState::SynReceived => v1::SocketState::SynReceived,
        SocketState::FinWait1 => v1::SocketState::FinWait1,
        SocketState::FinWait2 => v1::SocketState::FinWait2,
        SocketState::TimeWait => v1::SocketState::TimeWait,
        SocketState::Closed => v1::SocketState::Closed,
        SocketState::CloseWait => v1::SocketState::CloseWait,
        SocketState::LastAck => v1::SocketState::LastAck,
        SocketState::Listen => v1::SocketState::Listen,
        SocketState::Closing => v1::SocketState::Closing,
        SocketState::Unconnected => v1::SocketState::Unconnected,
        SocketState::Connecting => v1::SocketState::Connecting,
        SocketState::Connected => v1::SocketState::Connected,
        SocketState::Disconnecting => v1::SocketState::Disconnecting,
        SocketState::Other => v1::SocketState::Unspecified,
    }
}

fn fd_type(kind: FdKind) -> v1::FdType {
    match kind {
        FdKind::File => v1::FdType::File,
        FdKind::Directory => v1::FdType::Directory,
        FdKind::Tcp => v1::FdType::Tcp,
        FdKind::Udp => v1::FdType::Udp,
        FdKind::Unix => v1::FdType::Unix,
        FdKind::Socket => v1::FdType::Socket,
        FdKind::Pipe => v1::FdType::Pipe,
        FdKind::EventFd => v1::FdType::Eventfd,
        FdKind::Epoll => v1::FdType::Epoll,
        FdKind::TimerFd => v1::FdType::Timerfd,
        FdKind::MemFd => v1::FdType::Memfd,
        FdKind::Device => v1::FdType::Device,
        FdKind::Other => v1::FdType::Other,
    }
}
