//! The process as the kernel shows it: file descriptors by type, sockets by state, memory,
//! threads; and what has become of the descriptors that holdings name.
//!
//! It is read from /proc, on the console thread, and only while somebody looks: whoever
//! evaluates a view that shows it says how old it may be, and so one sample serves all who
//! look. How much is read is bounded, and what was left out is said. Nothing here opens,
//! follows or asks about what a descriptor stands for: on a network's file system that can
//! block for ever. Addresses and paths are read and left here: they are private data, and
//! only how many there are of which kind leaves the process.

mod fds;
mod figures;
mod proc;
mod sockets;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use self::{fds::Link, proc::Proc, sockets::Tables};
pub(crate) use self::{
    fds::{FdKind, Fds, identity},
    figures::Figures,
    sockets::{Family, Protocol, Socket, SocketState},
};
use crate::{
    recorder::{clock::Nanos, holding::OpenFd},
    runtimes,
};

/// What is not known comes with the reason why, and is never zero instead.
pub(crate) type Known<T> = Result<T, String>;

/// However often somebody looks, /proc is not read more often: as much as is read at the
/// most takes a tenth of a second.
const OFTENEST: Nanos = 500_000_000;

/// The process at one moment: plain data.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) at: Nanos,
    pub(crate) figures: Figures,
    pub(crate) fds: Known<Fds>,
    pub(crate) runtimes: Vec<runtimes::Load>,
    /// So many were taken so far, this one counted.
    pub(crate) number: u64,
}

/// What has become of a descriptor that a holding names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FdSeen {
    /// It is still open, and still stands for the same.
    Open(FdKind, Option<Known<Socket>>),
    /// It was closed, though the holding was not released.
    Gone,
    /// It was closed, and its number stands for something else now.
    Reused,
    Unknown(String),
}

/// See the module's header.
#[derive(Debug)]
pub(crate) struct Sampler {
    proc: Proc,
    taken: u64,
    last: Option<Arc<Sample>>,
    /// The states of the sockets that holdings name.
    named: Option<Named>,
}

/// What the tables of sockets said of those that were looked for.
#[derive(Debug)]
struct Named {
    at: Nanos,
    wanted: HashSet<u64>,
    tables: Tables,
}

impl Sampler {
    pub(crate) fn new() -> Self {
        Self::of(Proc::own())
    }

    fn of(proc: Proc) -> Self {
        Self { proc, taken: 0, last: None, named: None }
    }

    /// The process as it is, or as it was at most `age` ago.
    pub(crate) fn sample(&mut self, age: Nanos, now: Nanos) -> Arc<Sample> {
        if let Some(last) = self.last.as_ref().filter(|last| is_fresh(last.at, age, now)) {
            return Arc::clone(last);
        }
        self.taken += 1;
        let sample = Arc::new(Sample {
            at: now,
            figures: Figures::read(&self.proc),
            fds: Fds::count(&self.proc),
            runtimes: runtimes::loads(),
            number: self.taken,
        });
        self.last = Some(Arc::clone(&sample));
        sample
    }

    /// What has become of these. Each is looked up by itself; sockets' states are read
    /// when what is known of them is older than `age`.
    pub(crate) fn look(
        &mut self,
        fds: impl Iterator<Item = (u64, OpenFd)>,
        age: Nanos,
        now: Nanos,
    ) -> HashMap<u64, FdSeen> {
        let links: Vec<_> = fds.map(|(id, fd)| (id, fds::look(&self.proc, fd))).collect();
        let sockets = links.iter().filter_map(|(_, seen)| seen.as_ref().ok()?.socket());
        self.read_named(sockets.collect(), age, now);
        links.into_iter().map(|(id, link)| (id, self.seen(link))).collect()
    }

    /// Sockets that are new since the last time have no state until the next.
    fn read_named(&mut self, wanted: HashSet<u64>, age: Nanos, now: Nanos) {
        let known = self.named.as_ref();
        if wanted.is_empty() || known.is_some_and(|known| is_fresh(known.at, age, now)) {
            return;
        }
        let tables = Tables::read(&self.proc, &wanted);
        self.named = Some(Named { at: now, wanted, tables });
    }

    fn seen(&self, link: Result<Link, FdSeen>) -> FdSeen {
        let link = match link {
            Ok(link) => link,
            Err(seen) => return seen,
        };
        let Some(inode) = link.socket() else { return FdSeen::Open(link.kind(), None) };
        let socket = match &self.named {
            Some(named) if named.wanted.contains(&inode) => named.tables.socket(inode),
            _ => Err("it was opened since the states were read".to_owned()),
        };
        let kind = socket.as_ref().map_or(FdKind::Socket, |socket| socket.protocol.kind());
        FdSeen::Open(kind, Some(socket))
    }
}

fn is_fresh(at: Nanos, age: Nanos, now: Nanos) -> bool {
    now.saturating_sub(at) < age.max(OFTENEST)
}

#[cfg(test)]
mod tests;
