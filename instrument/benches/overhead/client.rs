//! Clients of both protocols, real ones, over a Unix socket from this process to that.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use console_api::instrument::{
    InstrumentRequest, Update as ConsoleUpdate, instrument_client::InstrumentClient,
};
use holdover_proto::v1::{self, ViewKind, holdover_client::HoldoverClient};
use prost::Message;
use tokio::{runtime::Runtime, task::JoinHandle};
use tonic::{
    Streaming,
    transport::{Channel, Endpoint},
};

use crate::modes::Protocol;

/// Long enough for a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// Where clients run: a thread of this process.
#[derive(Debug)]
pub struct Clients(Runtime);

/// A client that reads whatever it is told, until this is dropped.
#[derive(Debug)]
pub struct Attached(JoinHandle<()>);

/// The first that a client is told, and when.
#[derive(Clone, Copy, Debug)]
pub struct First {
    pub took: Duration,
    /// How many tasks it knows of.
    pub known: u64,
    pub matched: u64,
    pub bytes: usize,
}

enum Updates {
    Holdover(Streaming<v1::Update>),
    Console(Streaming<ConsoleUpdate>),
}

/// What the UI asks for when it starts.
pub fn as_the_ui() -> v1::View {
    let (kind, limit) = (ViewKind::LeakGroups.into(), 200);
    v1::View { kind, limit, interval_ms: 250, cleared: true, ..v1::View::default() }
}

impl Clients {
    pub fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Self(runtime.expect("a runtime"))
    }

    /// Attaches, and waits until it is told something.
    pub fn attach(&self, protocol: Protocol, socket: &Path, view: v1::View) -> Attached {
        let socket = socket.to_owned();
        let mut updates = self.0.block_on(async move {
            let mut updates = watch(protocol, &socket, view).await;
            updates.next().await;
            updates
        });
        Attached(self.0.spawn(async move { while updates.next().await.is_some() {} }))
    }

    /// From connecting to the first update.
    pub fn first(&self, protocol: Protocol, socket: &Path, view: v1::View) -> First {
        let socket = socket.to_owned();
        self.0.block_on(first(protocol, socket, view))
    }

    /// Many at once, all of which are told the same. They stay attached.
    pub fn many(&self, count: usize, socket: &Path, view: &v1::View) -> (Duration, Vec<Attached>) {
        let began = Instant::now();
        let joining: Vec<JoinHandle<Updates>> = (0..count)
            .map(|_| {
                let (socket, view) = (socket.to_owned(), view.clone());
                self.0.spawn(async move {
                    let mut updates = watch(Protocol::Holdover, &socket, view).await;
                    updates.next().await.expect("an update");
                    updates
                })
            })
            .collect();
        let mut attached = Vec::new();
        for client in joining {
            let mut updates = self.0.block_on(client).expect("it attaches");
            attached.push(Attached(
                self.0.spawn(async move { while updates.next().await.is_some() {} }),
            ));
        }
        (began.elapsed(), attached)
    }

    /// The target's totals once `enough` of them is true.
    pub fn totals(&self, socket: &Path, enough: impl Fn(&v1::Totals) -> bool) -> v1::Totals {
        let end = Instant::now() + DEADLINE;
        self.0.block_on(async {
            let mut client = HoldoverClient::new(connect(socket).await);
            loop {
                let request = v1::WatchRequest { view: Some(as_the_ui()) };
                let mut updates = client.watch(request).await.expect("a view").into_inner();
                let update = updates.message().await.expect("an update").expect("one");
                let totals = update.totals.expect("totals");
                if enough(&totals) || Instant::now() > end {
                    return totals;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Updates {
    /// `None` when the target is gone.
    async fn next(&mut self) -> Option<Told> {
        match self {
            Self::Holdover(updates) => {
                updates.message().await.ok()?.map(|update| Told::Holdover(Box::new(update)))
            }
            Self::Console(updates) => {
                updates.message().await.ok()?.map(|update| Told::Console(Box::new(update)))
            }
        }
    }
}

enum Told {
    Holdover(Box<v1::Update>),
    Console(Box<ConsoleUpdate>),
}

async fn first(protocol: Protocol, socket: PathBuf, view: v1::View) -> First {
    let began = Instant::now();
    let mut updates = watch(protocol, &socket, view).await;
    let told = updates.next().await.expect("an update");
    let took = began.elapsed();
    match told {
        Told::Holdover(update) => {
            let known = update.totals.map_or(0, |totals| totals.tasks_live);
            First { took, known, matched: update.matched, bytes: update.encoded_len() }
        }
        Told::Console(update) => {
            let known = update.task_update.as_ref().map_or(0, |tasks| tasks.new_tasks.len() as u64);
            First { took, known, matched: known, bytes: update.encoded_len() }
        }
    }
}

async fn watch(protocol: Protocol, socket: &Path, view: v1::View) -> Updates {
    let channel = connect(socket).await;
    match protocol {
        Protocol::Holdover => {
            let request = v1::WatchRequest { view: Some(view) };
            let updates = HoldoverClient::new(channel).watch(request).await.expect("a view");
            Updates::Holdover(updates.into_inner())
        }
        Protocol::Console => {
            // A default client refuses what it is told of many tasks.
            let mut client = InstrumentClient::new(channel).max_decoding_message_size(usize::MAX);
            let updates = client.watch_updates(InstrumentRequest {}).await.expect("updates");
            Updates::Console(updates.into_inner())
        }
    }
}

/// The target may only just have started.
async fn connect(socket: &Path) -> Channel {
    let uri = format!("unix:{}", socket.display());
    let end = Instant::now() + DEADLINE;
    loop {
        let endpoint = Endpoint::from_shared(uri.clone()).expect("an address");
        match endpoint.connect().await {
            Ok(channel) => return channel,
            Err(error) => assert!(Instant::now() < end, "nobody listens: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
