//! The kernel's tables of sockets: which protocol, which family, which state. They list the
//! sockets of every process: they are read until all that were looked for are found.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::File,
    io::{BufRead, BufReader, Read, Take},
};

use super::{
    FdKind, Known,
    proc::{Proc, because},
};

/// Of all tables together: the kernel writes them while they are read, and takes some 35 ms
/// for so much. A table of a million connections is seventy times as long.
const BYTES: u64 = 2 << 20;
/// Of those, what is left to each of the tables that come later, if they need it: where
/// connections come and go, most of TCP's table are ends of connections that are over.
const KEPT: u64 = 128 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Protocol {
    Tcp,
    Udp,
    Unix,
}

/// Of an address; the address itself stays here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    Ipv4,
    Ipv6,
    Unix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SocketState {
    Established,
    SynSent,
    SynReceived,
    FinWait1,
    FinWait2,
    TimeWait,
    Closed,
    CloseWait,
    LastAck,
    Listen,
    Closing,
    Unconnected,
    Connecting,
    Connected,
    Disconnecting,
    /// One that is not known here.
    Other,
}

/// A socket, as far as it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Socket {
    pub(crate) protocol: Protocol,
    pub(crate) local: Family,
    /// `None` without a peer.
    pub(crate) peer: Option<Family>,
    pub(crate) state: SocketState,
}

impl Protocol {
    pub(super) fn kind(self) -> FdKind {
        match self {
            Self::Tcp => FdKind::Tcp,
            Self::Udp => FdKind::Udp,
            Self::Unix => FdKind::Unix,
        }
    }
}

/// What the tables said of the sockets that were looked for, by inode.
#[derive(Debug, Default)]
pub(super) struct Tables {
    found: HashMap<u64, Socket>,
    /// Why one that is not found may be there all the same.
    cut: Option<String>,
}

/// The tables, those first that services have most entries in.
const TABLES: [(&str, Protocol); 5] = [
    ("net/tcp", Protocol::Tcp),
    ("net/tcp6", Protocol::Tcp),
    ("net/unix", Protocol::Unix),
    ("net/udp", Protocol::Udp),
    ("net/udp6", Protocol::Udp),
];

impl Tables {
    pub(super) fn read(proc: &Proc, wanted: &HashSet<u64>) -> Self {
        let mut tables = Self::default();
        let (mut left, mut there) = (BYTES, 0);
        for (later, (name, protocol)) in (0..TABLES.len() as u64).rev().zip(TABLES) {
            if tables.found.len() == wanted.len() {
                break;
            }
            match proc.open(name) {
                Ok(Some(file)) => {
                    there += 1;
                    let may = left.saturating_sub(later * KEPT);
                    left -= tables.read_one(name, protocol, file.take(may), wanted);
                }
                // A kernel without the protocol has no table for it.
                Ok(None) => {}
                Err(why) => tables.cut = Some(why),
            }
        }
        if there == 0 && !wanted.is_empty() && tables.cut.is_none() {
            tables.cut = Some("there is no /proc/self/net".to_owned());
        }
        tables
    }

    /// Gives how many bytes it was.
    fn read_one(
        &mut self,
        name: &str,
        protocol: Protocol,
        mut file: Take<BufReader<File>>,
        wanted: &HashSet<u64>,
    ) -> u64 {
        let most = file.limit();
        let mut line = Vec::new();
        while self.found.len() < wanted.len() {
            line.clear();
            match file.read_until(b'\n', &mut line) {
                Ok(0) => break,
                // The last line may be half a line.
                Ok(_) if line.last() != Some(&b'\n') => break,
                Ok(_) => {
                    let entry = std::str::from_utf8(&line).ok().and_then(|it| entry(it, protocol));
                    self.found.extend(entry.filter(|(inode, _)| wanted.contains(inode)));
                }
                Err(error) => {
                    self.cut = Some(because(name, &error));
                    break;
                }
            }
        }
        if file.limit() == 0 {
            let kib = most >> 10;
            self.cut = Some(format!("of /proc/self/{name} the first {kib} KiB were read"));
        }
        most - file.limit()
    }

    pub(super) fn socket(&self, inode: u64) -> Known<Socket> {
        self.found.get(&inode).copied().ok_or_else(|| match &self.cut {
            Some(why) => why.clone(),
            // TCP's table has neither what is closed on both sides nor what was never
            // connected.
            None => "it is in no table: not connected any more, or not yet".to_owned(),
        })
    }

    /// Why not all are found that may be there.
    pub(super) fn cut(&self) -> Option<&String> {
        self.cut.as_ref()
    }

    /// How many there are of each.
    pub(super) fn counts(&self) -> BTreeMap<Socket, u64> {
        let mut counts = BTreeMap::new();
        for socket in self.found.values() {
            *counts.entry(*socket).or_default() += 1;
        }
        counts
    }

    pub(super) fn get(&self, inode: u64) -> Option<&Socket> {
        self.found.get(&inode)
    }
}

/// The inode, and what is said of it; `None` for the line of titles and what is no entry.
fn entry(line: &str, protocol: Protocol) -> Option<(u64, Socket)> {
    let mut fields = line.split_ascii_whitespace();
    if protocol == Protocol::Unix {
        let flags = u32::from_str_radix(fields.nth(3)?, 16).ok()?;
        let state = u8::from_str_radix(fields.nth(1)?, 16).ok()?;
        let inode = fields.next()?.parse().ok()?;
        return Some((inode, unix(flags, state)));
    }
    let local = fields.nth(1)?;
    let peer = fields.next()?;
    let state = u8::from_str_radix(fields.next()?, 16).ok()?;
    let inode = fields.nth(5)?.parse().ok()?;
    let state = if protocol == Protocol::Tcp { tcp(state) } else { udp(state) };
    Some((inode, Socket { protocol, local: family(local)?, peer: peer_family(peer), state }))
}

/// `0100007F:1F90`, or four such words of an IPv6 address.
fn family(address: &str) -> Option<Family> {
    let (host, _port) = address.split_once(':')?;
    match host.len() {
        8 => Some(Family::Ipv4),
        32 if is_mapped(host) => Some(Family::Ipv4),
        32 => Some(Family::Ipv6),
        _ => None,
    }
}

/// An IPv4 address in an IPv6 socket; words are written in the machine's order.
fn is_mapped(host: &str) -> bool {
    host.starts_with("0000000000000000")
        && host.get(16..24).is_some_and(|word| word == "FFFF0000" || word == "0000FFFF")
}

fn peer_family(address: &str) -> Option<Family> {
    let is_nobody = address.bytes().all(|byte| matches!(byte, b'0' | b':'));
    if is_nobody { None } else { family(address) }
}

fn tcp(state: u8) -> SocketState {
    match state {
        1 => SocketState::Established,
        2 => SocketState::SynSent,
        3 | 12 => SocketState::SynReceived,
        4 => SocketState::FinWait1,
        5 => SocketState::FinWait2,
        6 => SocketState::TimeWait,
        7 => SocketState::Closed,
        8 => SocketState::CloseWait,
        9 => SocketState::LastAck,
        10 => SocketState::Listen,
        11 => SocketState::Closing,
        _ => SocketState::Other,
    }
}

fn udp(state: u8) -> SocketState {
    match state {
        1 => SocketState::Connected,
        7 => SocketState::Unconnected,
        _ => SocketState::Other,
    }
}

fn unix(flags: u32, state: u8) -> Socket {
    /// It was told to accept connections.
    const ACCEPTS: u32 = 1 << 16;
    let state = match state {
        _ if flags & ACCEPTS != 0 => SocketState::Listen,
        1 => SocketState::Unconnected,
        2 => SocketState::Connecting,
        3 => SocketState::Connected,
        4 => SocketState::Disconnecting,
        _ => SocketState::Other,
    };
    let peer = (state == SocketState::Connected).then_some(Family::Unix);
    Socket { protocol: Protocol::Unix, local: Family::Unix, peer, state }
}
