//! A target that says what a test wants, over loopback.

use std::net::Ipv4Addr;

use console_api::{
    instrument::{
        PauseRequest, PauseResponse, ResumeRequest, ResumeResponse, State as Paused, StateRequest,
        instrument_server::{Instrument, InstrumentServer},
    },
    resources::ResourceUpdate,
};
use tokio::net::TcpListener;
use tokio_stream::StreamExt;
use tonic::transport::{Server, server::TcpIncoming};

use super::*;
use crate::client::{self, Address};

/// Sends these, and then nothing until it is gone.
#[derive(Clone, Debug)]
struct Fake(Vec<Update>);

#[tonic::async_trait]
impl Instrument for Fake {
    type WatchUpdatesStream = Pin<Box<dyn Stream<Item = Result<Update, Status>> + Send>>;
    type WatchTaskDetailsStream = Pin<Box<dyn Stream<Item = Result<TaskDetails, Status>> + Send>>;
    type WatchStateStream = Pin<Box<dyn Stream<Item = Result<Paused, Status>> + Send>>;

    async fn watch_updates(
        &self,
        _: Request<InstrumentRequest>,
    ) -> Result<Response<Self::WatchUpdatesStream>, Status> {
        let told = tokio_stream::iter(self.0.clone()).map(Ok);
        Ok(Response::new(Box::pin(told.chain(tokio_stream::pending()))))
    }

    async fn watch_task_details(
        &self,
        _: Request<TaskDetailsRequest>,
    ) -> Result<Response<Self::WatchTaskDetailsStream>, Status> {
        Err(Status::not_found("there is no such task"))
    }

    async fn watch_state(
        &self,
        _: Request<StateRequest>,
    ) -> Result<Response<Self::WatchStateStream>, Status> {
        Err(Status::unimplemented("nobody asks"))
    }

    async fn pause(&self, _: Request<PauseRequest>) -> Result<Response<PauseResponse>, Status> {
        Err(Status::unimplemented("nobody asks"))
    }

    async fn resume(&self, _: Request<ResumeRequest>) -> Result<Response<ResumeResponse>, Status> {
        Err(Status::unimplemented("nobody asks"))
    }
}

async fn serve(updates: Vec<Update>) -> Address {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    let service = InstrumentServer::new(Fake(updates)).max_encoding_message_size(usize::MAX);
    let serving = Server::builder().add_service(service);
    tokio::spawn(serving.serve_with_incoming(TcpIncoming::from(listener)));
    address.parse().expect("an address")
}

async fn channel(address: &Address) -> Channel {
    let endpoint = tonic::transport::Endpoint::from_shared(address.uri()).expect("an endpoint");
    endpoint.connect().await.expect("it answers")
}

const TASKS: u64 = 1_000;

/// Larger than gRPC's usual 4 MiB.
fn large() -> Update {
    let op = console_api::resources::PollOp { name: "x".repeat(1024), ..Default::default() };
    let new_poll_ops = vec![op; 5_000];
    let resource_update = Some(ResourceUpdate { new_poll_ops, ..ResourceUpdate::default() });
    let tasks = (1..=TASKS).map(|id| (id, lost())).collect();
    let update = Update { resource_update, ..of_tasks(200, tasks) };
    let size = prost::Message::encoded_len(&update);
    assert!(size > holdover_proto::MAX_MESSAGE_BYTES, "{size}");
    update
}

#[tokio::test]
async fn a_message_larger_than_four_mebibytes_is_taken_whole() {
    let address = serve(vec![large()]).await;
    let (mut client, described) = client::connect(&address).await.expect("it is attached to");
    assert!(described.coverage.expect("coverage").tokio_console);
    let view = v1::View { kind: v1::ViewKind::Tasks.into(), limit: 1, ..v1::View::default() };
    let request = v1::WatchRequest { view: Some(view) };
    let mut updates = client.watch(request).await.expect("a stream").into_inner();
    let update = updates.message().await.expect("an answer").expect("an update");
    assert_eq!((update.matched, update.tasks.len()), (TASKS, 1));
}

#[tokio::test]
async fn a_message_larger_than_is_let_through_says_what_lets_it() {
    let address = serve(vec![large()]).await;
    let refused = Bridge::attach(channel(&address).await, 4 * 1024 * 1024).await;
    let why = said(refused.expect_err("it is too large"));
    assert!(why.message().starts_with("a message is too large: "), "{why}");
    assert!(why.message().ends_with("HOLDOVER_MAX_MESSAGE=1GiB would let it through"), "{why}");
}

#[tokio::test]
async fn a_filter_that_is_wrong_is_refused_and_the_connection_stays() {
    let address = serve(vec![of_tasks(200, vec![(7, lost())])]).await;
    let (mut client, _) = client::connect(&address).await.expect("it is attached to");
    let mut over = client.clone();
    let kind = v1::ViewKind::Tasks.into();
    let mut watch = async |filter: &str| {
        let view = v1::View { kind, filter: filter.to_owned(), ..v1::View::default() };
        client.watch(v1::WatchRequest { view: Some(view) }).await
    };
    let wrong = watch("state:gone").await.expect_err("it is wrong");
    assert_eq!(wrong.code(), Code::InvalidArgument);
    assert!(wrong.message().starts_with("filter, column 7: "), "{wrong}");
    let tokens = v1::View { kind: v1::ViewKind::Tokens.into(), ..v1::View::default() };
    let refused = over.watch(v1::WatchRequest { view: Some(tokens) }).await.expect_err("none");
    assert!(refused.message().ends_with("tells nothing of tokens"), "{refused}");
    let mut updates = watch("state:idle").await.expect("a stream").into_inner();
    let update = updates.message().await.expect("an answer").expect("an update");
    assert_eq!(update.matched, 1);
}

#[tokio::test]
async fn what_speaks_neither_protocol_is_named_as_such() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address: Address =
        listener.local_addr().expect("its address").to_string().parse().expect("an address");
    let none = tonic::service::Routes::default();
    let serving = Server::builder().add_routes(none);
    tokio::spawn(serving.serve_with_incoming(TcpIncoming::from(listener)));
    let client::Failed(why) = client::connect(&address).await.expect_err("it is neither");
    assert!(why.ends_with("does not speak tokio-console's protocol either"), "{why}");
}
