//! On a made-up /proc, and on this process's own.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use super::*;

const SECOND: Nanos = 1_000_000_000;

/// A /proc/self of one's own.
struct Made(PathBuf);

impl Made {
    fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Relaxed);
        let name = format!("holdover-proc-{}-{number}", std::process::id());
        let made = Self(std::env::temp_dir().join(name));
        for folder in ["self/fd", "self/fdinfo", "self/net"] {
            fs::create_dir_all(made.0.join(folder)).expect("a folder");
        }
        made
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join("self").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    #[cfg(unix)]
    fn fd(&self, number: u32, target: &str) {
        let path = self.path(&format!("fd/{number}"));
        let _ = fs::remove_file(&path);
        std::os::unix::fs::symlink(Path::new(target), path).expect("a link");
    }

    fn proc(&self) -> Proc {
        Proc::at(self.0.join("self"))
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_figures_are_read_and_a_name_may_contain_anything() {
    let made = Made::new();
    made.write(
        "status",
        "Name:\tVmRSS: 7\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\nVmSize:\t 4096 kB\nThreads:\t5\n",
    );
    made.write("stat", "41 (a) R 1 (b) S 1 1 1 0 -1 4 1 0 0 0 250 150 0 0 20 0 5 0 6000 1 1 1\n");
    made.write("../uptime", "100.25 300.00\n");
    made.write("limits", "Limit  Soft  Hard  Units\nMax open files      1024    4096    files\n");
    let figures = Figures::read(&made.proc());
    assert_eq!((figures.rss, figures.peak_rss), (Ok(1 << 20), Ok(2 << 20)));
    assert_eq!((figures.virtual_size, figures.threads), (Ok(4 << 20), Ok(5)));
    assert_eq!((figures.cpu, figures.uptime), (Ok(4 * SECOND), Ok(40_250_000_000)));
    assert_eq!(figures.fd_limit, Ok(1024));
}

#[test]
fn what_cannot_be_read_is_unknown_and_says_why() {
    let made = Made::new();
    made.write("status", "Name:\tx\nVmRSS:\t many kB\n");
    made.write("stat", "41 (x) S 1");
    let figures = Figures::read(&made.proc());
    for unknown in [&figures.rss, &figures.threads, &figures.cpu, &figures.uptime] {
        assert!(unknown.as_ref().is_err_and(|why| why.contains("does not say")), "{unknown:?}");
    }
    let why = figures.fd_limit.expect_err("there is none");
    assert!(why.starts_with("/proc/self/limits: "), "{why}");
    fs::remove_dir(made.path("fd")).expect("it is there");
    made.write("fd", "no folder");
    let why = Fds::count(&made.proc()).expect_err("it is none");
    assert!(why.starts_with("/proc/self/fd: "), "{why}");
}

#[test]
fn where_there_is_no_proc_all_is_unknown() {
    let mut sampler = Sampler::of(Proc::nowhere());
    let sample = sampler.sample(SECOND, 0);
    for unknown in [&sample.figures.rss, &sample.figures.uptime, &sample.figures.fd_limit] {
        assert!(unknown.as_ref().is_err_and(|why| why.ends_with("has no /proc")), "{unknown:?}");
    }
    assert!(sample.fds.is_err());
    let seen = sampler.look([(1, OpenFd { number: 0, identity: 7 })].into_iter(), SECOND, 0);
    assert!(matches!(seen[&1], FdSeen::Unknown(_)), "{seen:?}");
}

#[test]
fn a_sample_serves_all_who_look_until_it_is_old() {
    let made = Made::new();
    let mut sampler = Sampler::of(made.proc());
    assert_eq!(sampler.taken, 0, "nobody has looked");
    let first = sampler.sample(SECOND, 10 * SECOND);
    let same = sampler.sample(SECOND, 11 * SECOND - 1);
    assert!(Arc::ptr_eq(&first, &same) && first.number == 1);
    assert_eq!(sampler.sample(SECOND, 11 * SECOND).number, 2);
    // Whoever asks for more is not given more than so often.
    assert_eq!(sampler.sample(0, 11 * SECOND + OFTENEST - 1).number, 2);
    assert_eq!(sampler.sample(0, 11 * SECOND + OFTENEST).number, 3);
}

#[cfg(unix)]
mod with_links {
    use super::*;

    fn made() -> Made {
        let made = Made::new();
        let title =
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid\n";
        let tail = "00000000:00000000 00:00000000 00000000  1000        0";
        made.write(
            "net/tcp",
            &format!(
                "{title}   0: 0100007F:1A0D 00000000:0000 0A {tail} 11 1 0000 100 0 0 10 0\n   \
                 1: 0100007F:1A0D 0100007F:9C40 08 {tail} 12 1 0000 100 0 0 10 0\n   \
                 2: 0100007F:1A0D 0100007F:9C41 06 {tail} 0 1 0000 100 0 0 10 0\n   \
                 3: 0100007F:1A0D 0100007F:9C42 01 {tail} 99 1 0000 100 0 0 10 0\n"
            ),
        );
        let mapped = "0000000000000000FFFF00000100007F";
        let any = "0".repeat(32);
        made.write(
            "net/udp6",
            &format!(
                "{title}   0: {mapped}:0035 {mapped}:9C40 01 {tail} 13 2 0000 0\n   \
                 1: {any}:0035 {any}:0000 07 {tail} 14 2 0000 0\n"
            ),
        );
        made.write(
            "net/unix",
            "Num       RefCount Protocol Flags    Type St Inode Path\n\
             0000: 00000002 00000000 00010000 0001 01 15 /run/secret of mine.sock\n\
             0000: 00000003 00000000 00000000 0001 03 16\n",
        );
        made
    }

    fn socket(
        protocol: Protocol,
        local: Family,
        peer: Option<Family>,
        state: SocketState,
    ) -> Socket {
        Socket { protocol, local, peer, state }
    }

    #[test]
    fn descriptors_are_told_apart() {
        let made = made();
        let targets = [
            "/dev/null",
            "pipe:[7]",
            "/tmp/a",
            "/tmp/b (deleted)",
            "/etc",
            "anon_inode:[eventfd]",
            "anon_inode:[eventpoll]",
            "anon_inode:[timerfd]",
            "anon_inode:inotify",
            "/memfd:x (deleted)",
            "/dev/shm/x",
            "socket:[11]",
            "socket:[12]",
            "socket:[12]",
            "socket:[13]",
            "socket:[15]",
            "socket:[16]",
            "socket:[77]",
            "/proc/41/fd",
        ];
        for (number, target) in (0..).zip(targets) {
            made.fd(number, target);
            let directory = if cfg!(any(target_arch = "aarch64", target_arch = "arm")) {
                "040000"
            } else {
                "0200000"
            };
            let flags = if target == "/etc" { directory } else { "0100000" };
            made.write(
                &format!("fdinfo/{number}"),
                &format!("pos:\t0\nflags:\t{flags}\nino:\t5\n"),
            );
        }
        let fds = Fds::count(&made.proc()).expect("it is there");
        assert_eq!((fds.open, fds.told_apart, fds.deleted), (18, 18, 1));
        let expected = [
            (FdKind::File, 3),
            (FdKind::Directory, 1),
            (FdKind::Tcp, 3),
            (FdKind::Udp, 1),
            (FdKind::Unix, 2),
            (FdKind::Socket, 1),
            (FdKind::Pipe, 1),
            (FdKind::EventFd, 1),
            (FdKind::Epoll, 1),
            (FdKind::TimerFd, 1),
            (FdKind::MemFd, 1),
            (FdKind::Device, 1),
            (FdKind::Other, 1),
        ];
        assert_eq!(fds.by_kind, expected.into());
        let (v4, unix) = (Family::Ipv4, Family::Unix);
        let expected = [
            (socket(Protocol::Tcp, v4, None, SocketState::Listen), 1),
            (socket(Protocol::Tcp, v4, Some(v4), SocketState::CloseWait), 1),
            (socket(Protocol::Udp, v4, Some(v4), SocketState::Connected), 1),
            (socket(Protocol::Unix, unix, None, SocketState::Listen), 1),
            (socket(Protocol::Unix, unix, Some(unix), SocketState::Connected), 1),
        ];
        assert_eq!(fds.sockets, expected.into());
        assert_eq!(fds.cut, []);
    }

    #[test]
    fn too_many_descriptors_are_counted_and_not_told_apart() {
        let made = made();
        for number in 0..5_020 {
            made.fd(number, if number == 5_010 { "socket:[12]" } else { "pipe:[7]" });
        }
        let fds = Fds::count(&made.proc()).expect("it is there");
        assert_eq!((fds.open, fds.told_apart), (5_020, 5_000));
        assert_eq!(fds.by_kind, [(FdKind::Pipe, 5_000)].into());
        let why = "of 5020 the lowest 5000 were told apart".to_owned();
        assert_eq!(fds.cut, [("fd types", why)]);
    }

    #[test]
    fn of_long_tables_the_beginning_is_read() {
        let made = made();
        let mut table = String::from("  sl  local_address rem_address   st\n");
        for inode in 1_000..30_000 {
            let _ = writeln!(
                table,
                "{inode:>6}: 0100007F:1A0D 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  \
                 1000        0 {inode} 1 000000002236eb40 20 4 30 10 -1"
            );
        }
        assert!(table.len() > 3 << 20);
        made.write("net/tcp", &table);
        made.fd(0, "socket:[1000]");
        made.fd(1, "socket:[29999]");
        // A long table leaves something for the others.
        made.fd(2, "socket:[16]");
        let fds = Fds::count(&made.proc()).expect("it is there");
        let expected = [(FdKind::Tcp, 1), (FdKind::Unix, 1), (FdKind::Socket, 1)];
        assert_eq!(fds.by_kind, expected.into());
        let why = "of /proc/self/net/tcp the first 1536 KiB were read".to_owned();
        assert_eq!(fds.cut, [("socket states", why)]);
        // One that is found early needs no more than its line.
        made.fd(1, "socket:[1001]");
        fs::remove_file(made.path("fd/2")).expect("it is there");
        let fds = Fds::count(&made.proc()).expect("it is there");
        assert_eq!((&fds.by_kind, &fds.cut[..]), (&[(FdKind::Tcp, 2)].into(), &[][..]));
    }

    #[test]
    fn a_number_that_stands_for_something_else_is_not_taken_for_the_old() {
        let made = made();
        made.fd(14, "socket:[12]");
        made.fd(15, "/data/orders.db");
        made.write("fdinfo/15", "pos:\t0\nflags:\t0100000\nmnt_id:\t24\nino:\t300\n");
        let proc = made.proc();
        let now = |number| OpenFd { number, identity: fds::identity_in(&proc, number) };
        let (socket, file) = (now(14), now(15));
        let mut sampler = Sampler::of(made.proc());
        let mut at = 0;
        let mut look = |fd| {
            at += SECOND;
            sampler.look([(1, fd)].into_iter(), SECOND, at).remove(&1).expect("it was asked for")
        };
        let v4 = Family::Ipv4;
        let waits = Socket {
            protocol: Protocol::Tcp,
            local: v4,
            peer: Some(v4),
            state: SocketState::CloseWait,
        };
        assert_eq!(look(socket), FdSeen::Open(FdKind::Tcp, Some(Ok(waits))));
        assert_eq!(look(file), FdSeen::Open(FdKind::File, None));
        made.fd(14, "socket:[99]");
        assert_eq!(look(socket), FdSeen::Reused);
        made.fd(14, "/data/orders.db");
        made.write("fdinfo/14", "mnt_id:\t24\nflags:\t0100000\nino:\t300\n");
        assert_eq!(look(socket), FdSeen::Reused);
        // Renamed it is the same file; on another file system it is not.
        made.fd(15, "/data/old.db");
        assert_eq!(look(file), FdSeen::Open(FdKind::File, None));
        made.write("fdinfo/15", "flags:\t0100000\nmnt_id:\t25\nino:\t300\n");
        assert_eq!(look(file), FdSeen::Reused);
        // An older kernel does not tell.
        made.write("fdinfo/15", "flags:\t0100000\nmnt_id:\t24\n");
        assert!(matches!(look(file), FdSeen::Unknown(_)));
        fs::remove_file(made.path("fd/14")).expect("it is there");
        assert_eq!(look(socket), FdSeen::Gone);
        // Closed by both sides, it is in no table.
        made.fd(14, "socket:[77]");
        let closed = look(now(14));
        assert!(matches!(closed, FdSeen::Open(FdKind::Socket, Some(Err(_)))), "{closed:?}");
    }

    #[test]
    fn states_are_read_as_often_as_asked_for_and_not_for_files() {
        let made = made();
        made.fd(14, "socket:[12]");
        made.fd(15, "/data/orders.db");
        made.fd(16, "socket:[11]");
        made.write("fdinfo/15", "flags:\t0100000\nmnt_id:\t24\nino:\t300\n");
        let mut sampler = Sampler::of(made.proc());
        let fd = |number: u32| {
            (u64::from(number), OpenFd { number, identity: fds::identity_in(&made.proc(), number) })
        };
        let file = fd(15);
        sampler.look([file].into_iter(), SECOND, SECOND);
        assert!(sampler.named.is_none());
        sampler.look([fd(14)].into_iter(), SECOND, SECOND);
        let seen = sampler.look([fd(14), fd(16)].into_iter(), SECOND, 2 * SECOND - 1);
        assert!(matches!(seen[&14], FdSeen::Open(FdKind::Tcp, Some(Ok(_)))), "{seen:?}");
        assert!(matches!(seen[&16], FdSeen::Open(FdKind::Socket, Some(Err(_)))), "{seen:?}");
        let seen = sampler.look([fd(14), fd(16)].into_iter(), SECOND, 2 * SECOND);
        assert!(matches!(seen[&16], FdSeen::Open(FdKind::Tcp, Some(Ok(_)))), "{seen:?}");
        assert_eq!(sampler.taken, 0, "nothing else was read");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn this_process_is_read_as_it_is() {
    use std::os::fd::AsRawFd;

    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a socket");
    let file = fs::File::open("/proc/self/exe").expect("a file");
    let named = |fd: i32| {
        let number = u32::try_from(fd).expect("an open one");
        (u64::from(number), OpenFd { number, identity: identity(number) })
    };
    let (socket, file) = (named(listener.as_raw_fd()), named(file.as_raw_fd()));
    let mut sampler = Sampler::new();
    let seen = sampler.look([socket, file].into_iter(), SECOND, SECOND);
    let listens = Socket {
        protocol: Protocol::Tcp,
        local: Family::Ipv4,
        peer: None,
        state: SocketState::Listen,
    };
    assert_eq!(seen[&socket.0], FdSeen::Open(FdKind::Tcp, Some(Ok(listens))));
    assert_eq!(seen[&file.0], FdSeen::Open(FdKind::File, None));
    let sample = sampler.sample(SECOND, SECOND);
    let figures = &sample.figures;
    assert!(figures.rss.as_ref().is_ok_and(|rss| *rss > 1 << 20), "{figures:?}");
    assert!(figures.peak_rss >= figures.rss && figures.virtual_size > figures.rss, "{figures:?}");
    assert!(figures.threads.as_ref().is_ok_and(|it| *it >= 1), "{figures:?}");
    assert!(figures.uptime.as_ref().is_ok_and(|up| *up < 3600 * SECOND), "{figures:?}");
    assert!(figures.cpu.is_ok() && figures.fd_limit.is_ok(), "{figures:?}");
    let fds = sample.fds.as_ref().expect("they are there");
    assert!(fds.by_kind[&FdKind::Tcp] >= 1 && fds.sockets[&listens] >= 1, "{fds:?}");
}
