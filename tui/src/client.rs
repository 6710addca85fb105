//! Step 7, the client: connects, reconnects, sends requests out and brings updates in.
//! An actor: the UI hands it what it wants and never waits for the network.

mod address;
mod bridge;
mod limit;
mod wire;

use std::{sync::Arc, time::Duration};

use holdover_proto::{
    MAX_MESSAGE_BYTES,
    v1::{self, holdover_client::HoldoverClient, holdover_server::HoldoverServer},
};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::{Instant, Interval},
};
use tonic::{
    Code, Status,
    transport::{Channel, Endpoint},
};

pub(crate) use self::{
    address::{Address, Addresses, discovered},
    wire::Client,
};
use self::{bridge::Bridge, wire::Wire};
use crate::{
    control::{self, What},
    print::every::{self, Every},
};

/// The time between two tries doubles from the first to the last.
const FIRST_RETRY: Duration = Duration::from_millis(250);
const LAST_RETRY: Duration = Duration::from_secs(4);
/// Longer than a target on another continent takes, shorter than a person waits.
const CONNECT: Duration = Duration::from_secs(3);
/// A connection that is silent for so long is asked whether it is there.
const PING: Duration = Duration::from_secs(5);
/// How often the target is asked what it can see: that changes with its runtimes.
const DESCRIBE: Duration = Duration::from_secs(10);

/// Which target, in the order in which they were named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TargetId(pub(crate) usize);

/// What a client tells the UI. In this order for one connection:
/// `Connected`, any number of `Update`s, `Described`s and `Refused`s, `Lost`.
#[derive(Debug)]
pub(crate) enum Event {
    Connected(Box<v1::DescribeResponse>),
    Update(Box<Answer>),
    /// What the target says of itself now.
    Described(Box<v1::DescribeResponse>),
    /// The target does not answer this view; it says why.
    Refused(String),
    /// The target was to cancel this: what it said, or why it did not answer.
    Cancelled {
        what: What,
        answer: Result<v1::CancelResponse, String>,
    },
    /// Every leak of the moment at which it was asked for, or why it is not told.
    Leaks(Result<Box<Every>, String>),
    /// There is no connection; the next try comes after `retry_in`.
    Lost {
        why: String,
        retry_in: Duration,
    },
}

/// An update, and the view that it answers: it may not be the one wanted any more.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) view: v1::View,
    pub(crate) update: v1::Update,
}

/// Could not connect, or the target did not answer.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) String);

/// Connects once, for what is printed.
pub(crate) async fn connect(address: &Address) -> Result<(Client, v1::DescribeResponse), Failed> {
    let failed = |why: String| Failed(format!("cannot connect to {address}: {why}"));
    let endpoint = Endpoint::from_shared(address.uri())
        .map_err(|error| failed(error.to_string()))?
        .connect_timeout(CONNECT)
        .http2_keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .keep_alive_while_idle(true);
    let channel = tokio::time::timeout(CONNECT, endpoint.connect())
        .await
        .or(Err(failed("nothing answered within 3 s".to_owned())))?
        .map_err(|error| failed(root_of(&error)))?;
    let mut client = over(Wire::Holdover(channel.clone()));
    let describe = client.describe(v1::DescribeRequest {});
    let described = tokio::time::timeout(CONNECT, describe)
        .await
        .or(Err(failed("it is there and does not answer".to_owned())))?;
    match described {
        Ok(described) => Ok((client, described.into_inner())),
        Err(status) if status.code() == Code::Unimplemented => {
            bridged(channel).await.map_err(failed)
        }
        Err(status) => {
            Err(failed(format!("what listens there is no Holdover ({})", said(&status))))
        }
    }
}

fn over(wire: Wire) -> Client {
    Client::new(wire).max_decoding_message_size(MAX_MESSAGE_BYTES)
}

/// Something that speaks gRPC and is no Holdover may speak tokio-console's protocol.
async fn bridged(channel: Channel) -> Result<(Client, v1::DescribeResponse), String> {
    let limit = limit::of_message(std::env::var_os("HOLDOVER_MAX_MESSAGE").as_deref())?;
    let bridge = Bridge::attach(channel, limit).await.map_err(|status| {
        let why = said(&bridge::said(status.clone()));
        match status.code() {
            Code::Unimplemented => "what listens there is no Holdover, and does not speak \
                                    tokio-console's protocol either"
                .to_owned(),
            _ => format!("it speaks tokio-console's protocol, and {why}"),
        }
    })?;
    let described = bridge.described();
    // Within this process nothing is too large.
    let client = HoldoverClient::new(Wire::Bridge(
        HoldoverServer::new(bridge).max_encoding_message_size(usize::MAX),
    ));
    Ok((client.max_decoding_message_size(usize::MAX), described))
}

/// What is at the bottom of an error: "connection refused" rather than "transport error".
fn root_of(error: &dyn std::error::Error) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

fn said(status: &Status) -> String {
    match status.message() {
        "" => status.code().to_string(),
        message => message.to_owned(),
    }
}

/// What the UI wants.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// To see; `None` for nothing.
    pub(crate) view: watch::Receiver<Option<v1::View>>,
    /// The target is to say now what it is.
    pub(crate) describe_now: Arc<Notify>,
    pub(crate) asks: mpsc::Receiver<Ask>,
}

/// What the target is to do or to tell, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Cancel { what: What, reason: String },
    EveryLeak,
}

/// To the UI, which hears of several targets on one channel.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    pub(crate) of: TargetId,
    pub(crate) to: mpsc::Sender<(TargetId, Event)>,
}

impl Events {
    /// False when the UI is gone.
    async fn send(&self, event: Event) -> bool {
        self.to.send((self.of, event)).await.is_ok()
    }
}

/// Stays connected to one target until the UI is gone.
pub(crate) async fn run(address: Address, mut wanted: Wanted, events: Events) {
    let mut retry_in = FIRST_RETRY;
    loop {
        let why = match connect(&address).await {
            Ok((client, described)) => {
                retry_in = FIRST_RETRY;
                if !events.send(Event::Connected(Box::new(described))).await {
                    return;
                }
                match follow(client, &mut wanted, &events).await {
                    Ok(()) => return,
                    Err(status) => said(&status),
                }
            }
            Err(Failed(why)) => why,
        };
        if !events.send(Event::Lost { why, retry_in }).await {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(retry_in) => {}
            () = events.to.closed() => return,
        }
        retry_in = next_retry(retry_in);
    }
}

fn next_retry(last: Duration) -> Duration {
    (last * 2).min(LAST_RETRY)
}

/// Watches what the UI wants to see. `Ok` when the UI is gone, `Err` when the
/// connection is.
async fn follow(mut client: Client, wanted: &mut Wanted, events: &Events) -> Result<(), Status> {
    let Wanted { view, describe_now, asks } = wanted;
    // What was meant for a connection that is gone is not done to whoever answers now.
    while asks.try_recv().is_ok() {}
    let mut describe = tokio::time::interval_at(Instant::now() + DESCRIBE, DESCRIBE);
    loop {
        let wanted = view.borrow_and_update().clone();
        let mut updates = match watch(&mut client, wanted).await {
            Ok(updates) => updates,
            Err(status) if is_about_the_view(&status) => {
                if !events.send(Event::Refused(said(&status))).await {
                    return Ok(());
                }
                match view.changed().await {
                    Ok(()) => continue,
                    Err(_) => return Ok(()),
                }
            }
            Err(status) => return Err(status),
        };
        loop {
            tokio::select! {
                answer = updates.next() => {
                    if !events.send(Event::Update(Box::new(answer?))).await {
                        return Ok(());
                    }
                }
                changed = view.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return Ok(()),
                },
                Some(ask) = asks.recv() => {
                    if !events.send(answer(&mut client, ask).await).await {
                        return Ok(());
                    }
                }
                () = either(&mut describe, describe_now) => {
                    let described = client.describe(v1::DescribeRequest {}).await?.into_inner();
                    if !events.send(Event::Described(Box::new(described))).await {
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// The answers to a view.
enum Updates {
    /// Nothing was asked.
    None,
    Of(Box<(v1::View, tonic::Streaming<v1::Update>)>),
}

async fn watch(client: &mut Client, wanted: Option<v1::View>) -> Result<Updates, Status> {
    let Some(view) = wanted else { return Ok(Updates::None) };
    let request = v1::WatchRequest { view: Some(view.clone()) };
    let updates = client.watch(request).await?.into_inner();
    Ok(Updates::Of(Box::new((view, updates))))
}

impl Updates {
    async fn next(&mut self) -> Result<Answer, Status> {
        let Self::Of(of) = self else { return std::future::pending().await };
        let (view, updates) = of.as_mut();
        match updates.message().await? {
            Some(update) => Ok(Answer { view: view.clone(), update }),
            None => Err(Status::unavailable("the target ended the stream")),
        }
    }
}

async fn answer(client: &mut Client, ask: Ask) -> Event {
    match ask {
        Ask::Cancel { what, reason } => {
            Event::Cancelled { what, answer: cancel(client, what, reason).await }
        }
        Ask::EveryLeak => {
            let told = tokio::time::timeout(CONNECT, every::leaks(client, "")).await;
            let told = told.or(Err("the target did not answer".to_owned()));
            Event::Leaks(told.and_then(|told| told.map(Box::new).map_err(|it| it.to_string())))
        }
    }
}

async fn cancel(
    client: &mut Client,
    what: What,
    reason: String,
) -> Result<v1::CancelResponse, String> {
    let answer = tokio::time::timeout(CONNECT, control::ask(client, what, reason)).await;
    let answer = answer.or(Err("the target did not answer".to_owned()))?;
    answer.map_err(|status| said(&status))
}

/// It is time to ask, or somebody looks at it.
async fn either(describe: &mut Interval, describe_now: &Notify) {
    tokio::select! {
        _ = describe.tick() => {}
        () = describe_now.notified() => {}
    }
}

fn is_about_the_view(status: &Status) -> bool {
    matches!(status.code(), tonic::Code::InvalidArgument | tonic::Code::Unimplemented)
}

#[cfg(test)]
mod tests;
