//! The process as a console is told of it: what is open, counted; and that nothing is read
//! while nobody looks.

#![cfg(all(feature = "console", target_os = "linux"))]
#![expect(clippy::disallowed_methods, reason = "a test reads the clock")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use holdover::hold::Held;
use holdover_proto::v1::{self, FdType, SocketState, holdover_client::HoldoverClient};
use tonic::{
    Streaming,
    transport::{Channel, Endpoint},
};

const INTERVAL: Duration = Duration::from_millis(500);

async fn attach(address: &str) -> HoldoverClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    HoldoverClient::new(endpoint.connect().await.expect("it listens"))
}

async fn watch(client: &mut HoldoverClient<Channel>, kind: v1::ViewKind) -> Streaming<v1::Update> {
    let interval_ms = u32::try_from(INTERVAL.as_millis()).expect("it is short");
    let view = v1::View { kind: kind.into(), limit: 500, interval_ms, ..Default::default() };
    let request = v1::WatchRequest { view: Some(view) };
    client.watch(request).await.expect("a view").into_inner()
}

async fn next(updates: &mut Streaming<v1::Update>) -> v1::Update {
    updates.message().await.expect("an update").expect("one")
}

async fn process(client: &mut HoldoverClient<Channel>) -> v1::Process {
    let mut updates = watch(client, v1::ViewKind::Process).await;
    next(&mut updates).await.process.expect("the process")
}

/// One test, since a process has one recorder.
#[test]
fn it_is_read_when_somebody_looks_and_says_what_is_open() {
    let builder = holdover::Builder::new().bind("127.0.0.1:0").log(holdover::Log::Off);
    let started = builder.try_init().expect("it starts");
    let address = started.address().expect("an address").to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let waits = holdover::spawn(std::future::pending::<()>());
        let mut client = attach(&address).await;
        let samples = nobody_looks(&mut client).await;
        let samples = two_look(&address, samples).await;
        counts(&mut client, samples).await;
        names(&mut client).await;
        waits.abort();
    });
}

/// Leaks and tasks are watched, and for many intervals nothing is read.
async fn nobody_looks(client: &mut HoldoverClient<Channel>) -> u64 {
    let mut tasks = watch(client, v1::ViewKind::Tasks).await;
    next(&mut tasks).await;
    tokio::time::sleep(INTERVAL * 5).await;
    let first = process(client).await;
    assert_eq!(first.samples, 1, "it is the first");
    tokio::time::sleep(INTERVAL * 5).await;
    let second = process(client).await;
    assert_eq!(second.samples, 2, "the client that had looked has gone");
    assert!(second.sampled_ns - first.sampled_ns >= 1_000_000_000);
    second.samples
}

/// Two clients are told the same, and it was read for both of them at once.
async fn two_look(address: &str, before: u64) -> u64 {
    let (mut first, mut second) = (attach(address).await, attach(address).await);
    let began = Instant::now();
    let mut first = watch(&mut first, v1::ViewKind::Process).await;
    let mut second = watch(&mut second, v1::ViewKind::Process).await;
    let mut seen = [BTreeSet::new(), BTreeSet::new()];
    let mut last = 0;
    for _ in 0..8 {
        let (a, b) = tokio::join!(next(&mut first), next(&mut second));
        for (seen, update) in seen.iter_mut().zip([a, b]) {
            let process = update.process.expect("the process");
            last = last.max(process.samples);
            seen.insert(process.samples);
        }
    }
    let taken = u128::from(last - before);
    let intervals = began.elapsed().as_millis() / INTERVAL.as_millis() + 1;
    assert!(taken <= intervals, "{taken} samples in {intervals} intervals: {seen:?}");
    let both = seen[0].intersection(&seen[1]).count();
    assert!(both >= 4, "few were told to both: {seen:?}");
    last
}

fn by_type(process: &v1::Process) -> BTreeMap<FdType, i64> {
    let fds = process.fds.as_ref().expect("they are known");
    fds.by_type
        .iter()
        .map(|it| (it.r#type(), i64::try_from(it.count).expect("it is small")))
        .collect()
}

fn sockets(process: &v1::Process, kind: FdType, state: SocketState) -> u64 {
    let fds = process.fds.as_ref().expect("they are known");
    let is_it = |it: &&v1::Socket| it.r#type() == kind && it.state() == state;
    let counts = fds.sockets.iter().filter(|it| it.socket.as_ref().is_some_and(|it| is_it(&it)));
    counts.map(|it| it.count).sum()
}

/// What was opened in between is what there is more of.
async fn counts(client: &mut HoldoverClient<Channel>, samples: u64) {
    // What else runs on the machine may have left long tables, for a minute.
    let end = Instant::now() + Duration::from_secs(90);
    let before = loop {
        tokio::time::sleep(INTERVAL).await;
        let before = process(client).await;
        assert!(before.samples > samples, "{before:?}");
        if before.unknown.is_empty() {
            break before;
        }
        assert!(Instant::now() < end, "{before:?}");
    };
    let folder = std::env::temp_dir().join(format!("holdover-process-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let files: Vec<File> =
        (0..5).map(|it| File::create(folder.join(format!("secret {it}"))).expect("it")).collect();
    fs::remove_file(folder.join("secret 0")).expect("it is there");
    let directory = fs::read_dir(&folder).expect("a folder");
    let listeners: Vec<TcpListener> =
        (0..4).map(|_| TcpListener::bind("127.0.0.1:0").expect("a socket")).collect();
    let v6 = TcpListener::bind("[::1]:0").ok();
    let connected = TcpStream::connect(listeners[0].local_addr().expect("one")).expect("it");
    let (accepted, _) = listeners[0].accept().expect("one");
    let left = TcpStream::connect(listeners[1].local_addr().expect("one")).expect("it");
    drop(listeners[1].accept().expect("one"));
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let unix = UnixStream::pair().expect("sockets");
    let pipe = std::io::pipe().expect("a pipe");
    tokio::time::sleep(INTERVAL).await;
    let after = process(client).await;
    let (then, now) = (by_type(&before), by_type(&after));
    let more = |kind| now.get(&kind).unwrap_or(&0) - then.get(&kind).unwrap_or(&0);
    let tcp = 7 + i64::from(v6.is_some());
    for (kind, expected) in [
        (FdType::File, 5),
        (FdType::Directory, 1),
        (FdType::Tcp, tcp),
        (FdType::Udp, 1),
        (FdType::Unix, 2),
        (FdType::Pipe, 2),
        (FdType::Epoll, 0),
        (FdType::Eventfd, 0),
    ] {
        assert_eq!(more(kind), expected, "{kind:?}: {then:?}, {now:?}");
    }
    let (was, is) = (before.fds.as_ref().expect("known"), after.fds.as_ref().expect("known"));
    assert_eq!((is.open - was.open, is.deleted - was.deleted), (11 + tcp.unsigned_abs(), 1));
    assert_eq!((is.open, is.open), (is.told_apart, is.by_type.iter().map(|it| it.count).sum()));
    let more = |kind, state| sockets(&after, kind, state) - sockets(&before, kind, state);
    assert_eq!(more(FdType::Tcp, SocketState::CloseWait), 1);
    assert_eq!(more(FdType::Tcp, SocketState::Listen), 4 + u64::from(v6.is_some()));
    assert_eq!(more(FdType::Tcp, SocketState::Established), 2);
    assert_eq!(more(FdType::Udp, SocketState::Unconnected), 1);
    assert_eq!(more(FdType::Unix, SocketState::Connected), 2);
    let said = format!("{after:?}");
    assert!(!said.contains("secret") && !said.contains("127.0.0.1"), "it is private: {said}");
    assert_eq!((after.runtimes.len(), after.runtimes[0].workers), (1, 1));
    assert!(after.runtimes[0].alive >= 1);
    drop((files, directory, v6, connected, accepted, left, udp, unix, pipe));
    let _ = fs::remove_dir_all(folder);
}

/// Those that holdings name are linked to them.
async fn names(client: &mut HoldoverClient<Channel>) {
    use std::os::fd::AsRawFd;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a socket");
    let number = u32::try_from(listener.as_raw_fd()).expect("an open one");
    let held = Held::socket(listener, "orders");
    let mut updates = watch(client, v1::ViewKind::Process).await;
    let end = Instant::now() + Duration::from_secs(20);
    let row = loop {
        let update = next(&mut updates).await;
        if let [row] = &update.process.expect("the process").held[..] {
            break row.clone();
        }
        assert!(Instant::now() < end, "it is not named");
    };
    let holding = row.holding.expect("it");
    assert_eq!((holding.label.as_str(), holding.kind()), ("orders", v1::HoldingKind::Socket));
    let fd = holding.fd.expect("its descriptor");
    assert_eq!((fd.number, fd.status(), fd.r#type()), (number, v1::FdStatus::Open, FdType::Tcp));
    assert_eq!(fd.socket.expect("its state").state(), SocketState::Listen);
    drop(held);
    while !next(&mut updates).await.process.expect("the process").held.is_empty() {
        assert!(Instant::now() < end, "it is still named");
    }
}
