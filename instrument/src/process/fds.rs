//! File descriptors by type.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{
    FdSeen, Known, Socket,
    proc::{Proc, because},
    sockets::Tables,
};
use crate::recorder::holding::OpenFd;

/// So many are listed, and of those so many, the lowest by number, are told apart: some
/// 4 us each for the one, and from 5 to 15 us for the other.
const LISTED: usize = 20_000;
const TOLD_APART: usize = 5_000;

/// What a file descriptor stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum FdKind {
    /// A file by its path; a named pipe too.
    File,
    /// A directory that was opened as one.
    Directory,
    Tcp,
    Udp,
    Unix,
    /// A socket that is in none of the tables.
    Socket,
    Pipe,
    EventFd,
    Epoll,
    TimerFd,
    MemFd,
    Device,
    Other,
}

/// What the entry of a descriptor points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Socket(u64),
    Pipe(u64),
    Other { kind: FdKind, deleted: bool },
}

impl Link {
    fn parse(target: &str) -> Self {
        let inode = |rest: &str| rest.strip_suffix(']')?.parse().ok();
        if let Some(inode) = target.strip_prefix("socket:[").and_then(inode) {
            return Self::Socket(inode);
        }
        if let Some(inode) = target.strip_prefix("pipe:[").and_then(inode) {
            return Self::Pipe(inode);
        }
        let deleted = target.ends_with(" (deleted)");
        let kind = match target {
            "anon_inode:[eventfd]" => FdKind::EventFd,
            "anon_inode:[eventpoll]" => FdKind::Epoll,
            "anon_inode:[timerfd]" => FdKind::TimerFd,
            _ if target.starts_with("/memfd:") => FdKind::MemFd,
            _ if is_device(target) => FdKind::Device,
            _ if target.starts_with('/') => FdKind::File,
            _ => FdKind::Other,
        };
        Self::Other { kind, deleted: deleted && kind == FdKind::File }
    }

    pub(super) fn socket(&self) -> Option<u64> {
        match self {
            Self::Socket(inode) => Some(*inode),
            _ => None,
        }
    }

    pub(super) fn kind(&self) -> FdKind {
        match self {
            Self::Socket(_) => FdKind::Socket,
            Self::Pipe(_) => FdKind::Pipe,
            Self::Other { kind, .. } => *kind,
        }
    }
}

/// Told by the path alone: what it leads to is not asked.
fn is_device(target: &str) -> bool {
    let memory = ["/dev/shm/", "/dev/mqueue/", "/dev/hugepages/"];
    target.starts_with("/dev/") && !memory.iter().any(|folder| target.starts_with(folder))
}

/// What the kernel says of an open file, without asking its file system.
struct Info {
    inode: Option<u64>,
    mount: u64,
    is_directory: bool,
}

impl Info {
    fn read(proc: &Proc, fd: u32) -> Option<Self> {
        // Opened as a directory: one of the few flags that differ between architectures.
        const O_DIRECTORY: u32 = if cfg!(any(
            target_arch = "arm",
            target_arch = "aarch64",
            target_arch = "powerpc",
            target_arch = "powerpc64",
            target_arch = "m68k"
        )) {
            0o40_000
        } else {
            0o200_000
        };
        let text = proc.text(&format!("fdinfo/{fd}")).ok()?;
        let value = |name| {
            let mut lines = text.lines().filter_map(|line| line.split_once(':'));
            lines.find(|(key, _)| *key == name).map(|(_, value)| value.trim())
        };
        let flags = value("flags").and_then(|flags| u32::from_str_radix(flags, 8).ok());
        Some(Self {
            // Since Linux 5.14.
            inode: value("ino").and_then(|inode| inode.parse().ok()),
            mount: value("mnt_id").and_then(|mount| mount.parse().ok()).unwrap_or_default(),
            is_directory: flags? & O_DIRECTORY != 0,
        })
    }
}

/// A number that another file with the same descriptor does not have; 0 where that cannot
/// be told. A file that is opened again is the same file.
fn identity_of(proc: &Proc, fd: u32, link: &Link) -> u64 {
    let mut hasher = DefaultHasher::new();
    match link {
        Link::Socket(inode) => ("socket", inode).hash(&mut hasher),
        Link::Pipe(inode) => ("pipe", inode).hash(&mut hasher),
        Link::Other { kind, .. } => {
            let Some(Info { inode: Some(inode), mount, .. }) = Info::read(proc, fd) else {
                return 0;
            };
            (kind, inode, mount).hash(&mut hasher);
        }
    }
    hasher.finish().max(1)
}

/// As it is now, of an open descriptor of this process.
pub(crate) fn identity(fd: u32) -> u64 {
    identity_in(&Proc::own(), fd)
}

pub(super) fn identity_in(proc: &Proc, fd: u32) -> u64 {
    match proc.link(fd) {
        Ok(Some(target)) => identity_of(proc, fd, &Link::parse(&target)),
        _ => 0,
    }
}

/// What a descriptor that a holding names points to, if it is the same as it was.
pub(super) fn look(proc: &Proc, fd: OpenFd) -> Result<Link, FdSeen> {
    let link = match proc.link(fd.number) {
        Ok(Some(target)) => Link::parse(&target),
        Ok(None) => return Err(FdSeen::Gone),
        Err(why) => return Err(FdSeen::Unknown(why)),
    };
    match identity_of(proc, fd.number, &link) {
        0 => Err(FdSeen::Unknown("this kernel does not tell files apart".to_owned())),
        _ if fd.identity == 0 => {
            Err(FdSeen::Unknown("what it stood for was not told when it was opened".to_owned()))
        }
        same if same == fd.identity => Ok(link),
        _ => Err(FdSeen::Reused),
    }
}

/// The descriptors of the process, counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fds {
    pub(crate) open: u64,
    pub(crate) told_apart: u64,
    pub(crate) by_kind: BTreeMap<FdKind, u64>,
    /// Files that have no name any more.
    pub(crate) deleted: u64,
    /// Each counted once, however many descriptors it has.
    pub(crate) sockets: BTreeMap<Socket, u64>,
    /// What was left out: of what, and why.
    pub(crate) cut: Vec<(&'static str, String)>,
}

impl Fds {
    pub(super) fn count(proc: &Proc) -> Known<Self> {
        let mut numbers = numbers(proc)?;
        let mut fds = Self::default();
        let mut sockets = HashMap::new();
        fds.open = numbers.len() as u64;
        if numbers.len() > LISTED {
            numbers.truncate(LISTED);
            fds.open = how_many(proc).unwrap_or_else(|| {
                fds.cut.push(("fds", format!("more are open than the {LISTED} that were listed")));
                LISTED as u64
            });
        }
        for number in numbers.into_iter().take(TOLD_APART) {
            match proc.link(number) {
                Ok(Some(target)) if is_own_listing(&target) => fds.open -= 1,
                Ok(Some(target)) => fds.add(proc, number, &Link::parse(&target), &mut sockets),
                // Closed in between.
                Ok(None) => fds.open -= 1,
                Err(why) => {
                    fds.cut.push(("fds", why));
                    break;
                }
            }
        }
        if fds.open > fds.told_apart {
            let told = format!("of {} the lowest {} were told apart", fds.open, fds.told_apart);
            fds.cut.push(("fd types", told));
        }
        fds.count_sockets(proc, &sockets);
        Ok(fds)
    }

    fn add(&mut self, proc: &Proc, number: u32, link: &Link, sockets: &mut HashMap<u64, u64>) {
        self.told_apart += 1;
        let kind = match link {
            // Of which protocol they are is in the tables.
            Link::Socket(inode) => {
                *sockets.entry(*inode).or_default() += 1;
                return;
            }
            Link::Other { kind: FdKind::File, deleted } => {
                self.deleted += u64::from(*deleted);
                let is_directory = Info::read(proc, number).is_some_and(|it| it.is_directory);
                if is_directory { FdKind::Directory } else { FdKind::File }
            }
            _ => link.kind(),
        };
        *self.by_kind.entry(kind).or_default() += 1;
    }

    /// By inode, with how many descriptors each has.
    fn count_sockets(&mut self, proc: &Proc, sockets: &HashMap<u64, u64>) {
        let tables = Tables::read(proc, &sockets.keys().copied().collect());
        for (inode, fds) in sockets {
            let kind = tables.get(*inode).map_or(FdKind::Socket, |socket| socket.protocol.kind());
            *self.by_kind.entry(kind).or_default() += fds;
        }
        self.sockets = tables.counts();
        if let Some(why) = tables.cut() {
            self.cut.push(("socket states", why.clone()));
        }
    }
}

/// As the kernel counts them, too many to be listed; since Linux 6.2.
fn how_many(proc: &Proc) -> Option<u64> {
    let told = fs::metadata(proc.path("fd").ok()?).ok()?.len();
    (told > LISTED as u64).then_some(told)
}

/// The open descriptors, the lowest first.
fn numbers(proc: &Proc) -> Known<Vec<u32>> {
    let because = |error: std::io::Error| because("fd", &error);
    let entries = fs::read_dir(proc.path("fd")?).map_err(because)?;
    // One more than are wanted says that there are more.
    let names = entries.take(LISTED + 1).map(|entry| entry.map(|entry| entry.file_name()));
    let mut numbers = Vec::new();
    for name in names {
        numbers.extend(name.map_err(because)?.to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The directory that was read for this.
fn is_own_listing(target: &str) -> bool {
    target
        .strip_prefix("/proc/")
        .and_then(|it| it.strip_suffix("/fd"))
        .is_some_and(|pid| !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit()))
}
