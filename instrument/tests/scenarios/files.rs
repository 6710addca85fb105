//! D: files and sockets, which name a file descriptor.

use std::{future::pending, os::fd::AsRawFd, sync::Mutex};

use holdover::{hold::Held, time::sleep};
use holdover_proto::v1::{self, FdStatus, FdType, HoldingKind, Phase, SocketState, Verdict};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::Notify,
};

use crate::{
    client::{Console, assert_holding, assert_site},
    harness::{GRACE, Scenario},
    lifecycle::named,
    scenario,
};

type Parked = (Held<File>, Held<TcpStream>);
static PARKED: Mutex<Option<Parked>> = Mutex::new(None);
static STREAM: Mutex<Option<Held<TcpStream>>> = Mutex::new(None);
static HALF: Mutex<Option<Held<tcp::OwnedReadHalf>>> = Mutex::new(None);

/// Both ends of a connection.
async fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
    let address = listener.local_addr().expect("its address");
    let client = TcpStream::connect(address).await.expect("it listens");
    let (server, _) = listener.accept().await.expect("a client");
    (client, server)
}

async fn open() -> File {
    File::open(std::env::current_exe().expect("this executable")).await.expect("a file")
}

/// A task has come to where it is to be interrupted; a scenario has a process of its own.
static READY: Notify = Notify::const_new();

async fn aborted_when_ready<T>(task: holdover::task::JoinHandle<T>) {
    READY.notified().await;
    task.abort();
}

fn fd(held: &v1::Holding) -> &v1::Fd {
    held.fd.as_ref().expect("it names a descriptor")
}

/// Only Linux tells what a descriptor stands for.
fn is_open(held: &v1::Holding, kind: FdType) {
    let named = fd(held);
    if cfg!(target_os = "linux") {
        assert_eq!((named.status(), named.r#type()), (FdStatus::Open, kind), "{named:?}");
    } else {
        assert!(named.status() == FdStatus::Unspecified && !named.unknown.is_empty(), "{named:?}");
    }
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        scenario! {
            "21_a_file_and_a_socket_parked_in_a_static",
            shim: async {
                let task = named("parker", async {
                    let (client, mut server) = connection().await;
                    let mut socket = Held::socket(client, "upstream");
                    let file = Held::file(open().await, "import.csv");
                    socket.write_all(b"hello").await.expect("it is connected");
                    let mut said = [0; 5];
                    server.read_exact(&mut said).await.expect("it was said");
                    *PARKED.lock().expect("it") = Some((file, socket));
                    // The other side hangs up: the socket that is left waits to be closed.
                    drop(server);
                    READY.notify_one();
                    pending::<()>().await;
                });
                aborted_when_ready(task).await;
                sleep(GRACE * 10).await;
                drop(PARKED.lock().expect("it").take());
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak_where(Verdict::LeftBehind, "parker", |leak| {
                    leak.cleared_ns.is_none() && leak.holdings.len() == 2
                });
                let mut held = leak.await.holdings;
                held.sort_by_key(|held| held.acquired_ns);
                assert_holding(&held[0], HoldingKind::Socket, "upstream", Phase::Before);
                assert_holding(&held[1], HoldingKind::File, "import.csv", Phase::Before);
                assert_site(&held[0].site, "files");
                assert!(fd(&held[0]).number > 2 && fd(&held[0]).number != fd(&held[1]).number);
                is_open(&held[0], FdType::Tcp);
                is_open(&held[1], FdType::File);
                if cfg!(target_os = "linux") {
                    let socket = fd(&held[0]).socket.expect("its state");
                    assert_eq!(socket.state(), SocketState::CloseWait, "{socket:?}");
                }
                console.cleared().await;
            },
        },
        scenario! {
            "21_a_file_and_a_socket_dropped_with_their_task",
            shim: async {
                let task = named("tidy", async {
                    let (client, _server) = connection().await;
                    let _socket = Held::socket(client, "upstream");
                    let _file = Held::file(open().await, "import.csv");
                    READY.notify_one();
                    pending::<()>().await;
                });
                aborted_when_ready(task).await;
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("tidy").await;
                assert_eq!(console.totals().await.holdings, 0);
            },
        },
        scenario! {
            "21_a_socket_handed_to_a_living_task_that_uses_it",
            shim: async {
                let (hand, mut handed) = tokio::sync::mpsc::channel(1);
                let reader = async move {
                    let mut socket: Held<TcpStream> = handed.recv().await.expect("a socket");
                    // Nothing comes: it is used, and it waits.
                    assert!(socket.try_read(&mut [0]).is_err(), "nothing was said");
                    READY.notify_one();
                    let read = socket.read_u8().await;
                    drop((socket, read));
                };
                drop(named("reader", reader));
                let (client, server) = connection().await;
                let task = named("acceptor", async move {
                    hand.send(Held::socket(server, "client")).await.expect("it lives");
                    pending::<()>().await;
                });
                aborted_when_ready(task).await;
                // The other side stays connected.
                let _client = client;
                pending::<()>().await;
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("acceptor").await;
                is_open(&console.holding("client", |_| true).await, FdType::Tcp);
            },
        },
        scenario! {
            "21_a_descriptor_that_was_closed_and_one_that_is_anothers_now",
            shim: async {
                let task = named("replacer", async {
                    let (first, second) = connection().await;
                    let number = first.as_raw_fd();
                    let mut held = Held::socket(first, "replaced");
                    // What was held is closed behind its back.
                    *held = second;
                    *STREAM.lock().expect("it") = Some(held);
                    sleep(GRACE * 30).await;
                    let mut files = Vec::new();
                    while files.last().is_none_or(|file: &File| file.as_raw_fd() < number) {
                        files.push(open().await);
                    }
                    pending::<()>().await;
                });
                drop(task);
            },
            check: async |console: &mut Console, _| {
                console.task("replacer").await;
                if cfg!(target_os = "linux") {
                    // The number may be the console's next connection's at once.
                    let over = [FdStatus::Gone, FdStatus::Reused];
                    console.holding("replaced", |held| over.contains(&fd(held).status())).await;
                    console.holding("replaced", |held| fd(held).status() == FdStatus::Reused).await;
                }
                console.nothing_for(2).await;
            },
        },
        scenario! {
            "49_one_half_of_a_held_stream_is_dropped_with_its_task",
            shim: async {
                let (client, server) = connection().await;
                let (mut reads, mut writes) = Held::socket(server, "client").into_split();
                drop(named("writer", async move {
                    writes.write_all(b"hello").await.expect("it is connected");
                    let _writes = writes;
                    pending::<()>().await;
                }));
                let reader = named("reader", async move {
                    assert!(reads.try_read(&mut [0]).is_err(), "nothing was said");
                    READY.notify_one();
                    let read = reads.read_u8().await;
                    drop((reads, read));
                });
                aborted_when_ready(reader).await;
                let _client = client;
                pending::<()>().await;
            },
            check: async |console: &mut Console, _| {
                console.nothing_on_the_cancelled("reader").await;
                let half = console.holding("client", |_| true).await;
                is_open(&half, FdType::Tcp);
            },
        },
        scenario! {
            "49_one_half_of_a_held_stream_is_parked_in_a_static",
            shim: async {
                let (client, server) = connection().await;
                let (reads, mut writes) = Held::socket(server, "client").into_split();
                drop(named("writer", async move {
                    writes.write_all(b"hello").await.expect("it is connected");
                    let _writes = writes;
                    pending::<()>().await;
                }));
                let reader = named("reader", async move {
                    // Else it may have been lent to it.
                    Held::transfer(&reads);
                    assert!(reads.try_read(&mut [0]).is_err(), "nothing was said");
                    *HALF.lock().expect("it") = Some(reads);
                    READY.notify_one();
                    pending::<()>().await;
                });
                aborted_when_ready(reader).await;
                sleep(GRACE * 10).await;
                drop(HALF.lock().expect("it").take());
                let _client = client;
                pending::<()>().await;
            },
            check: async |console: &mut Console, _| {
                let leak = console.leak(Verdict::LeftBehind, "reader").await;
                assert_eq!(leak.holdings.len(), 1, "the other half is the writer's");
                assert_holding(&leak.holdings[0], HoldingKind::Socket, "client", Phase::Before);
                console.cleared().await;
            },
        },
    ]
}
