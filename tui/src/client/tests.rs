use std::{net::Ipv4Addr, pin::Pin};

use holdover_proto::v1::holdover_server::Holdover;
use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tonic::{
    Request, Response,
    transport::{Server, server::TcpIncoming},
};

use super::*;

/// Long enough for a machine with everything else going on.
const DEADLINE: Duration = Duration::from_secs(30);

#[test]
fn the_time_between_tries_doubles_and_is_bounded() {
    let mut retries = vec![FIRST_RETRY];
    while retries.len() < 8 {
        retries.push(next_retry(*retries.last().expect("a first")));
    }
    let ms: Vec<u128> = retries.iter().map(Duration::as_millis).collect();
    assert_eq!(ms, [250, 500, 1000, 2000, 4000, 4000, 4000, 4000]);
}

/// What a target was asked.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Describe,
    Watch(String),
    /// Nobody looks at that any more.
    Left(String),
}

/// A target that says what it hears.
struct Fake(mpsc::Sender<Heard>);

#[tonic::async_trait]
impl Holdover for Fake {
    async fn describe(
        &self,
        _: Request<v1::DescribeRequest>,
    ) -> Result<Response<v1::DescribeResponse>, Status> {
        let _ = self.0.send(Heard::Describe).await;
        Ok(Response::new(v1::DescribeResponse::default()))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<v1::Update, Status>> + Send>>;

    async fn watch(
        &self,
        request: Request<v1::WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let filter = request.into_inner().view.unwrap_or_default().filter;
        let _ = self.0.send(Heard::Watch(filter.clone())).await;
        let (updates, stream) = mpsc::channel(1);
        let heard = self.0.clone();
        tokio::spawn(async move {
            let _ = updates.send(Ok(v1::Update::default())).await;
            updates.closed().await;
            let _ = heard.send(Heard::Left(filter)).await;
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream).fuse())))
    }

    async fn cancel(
        &self,
        _: Request<v1::CancelRequest>,
    ) -> Result<Response<v1::CancelResponse>, Status> {
        Err(Status::unimplemented("nobody asks"))
    }

    async fn cancel_token(
        &self,
        _: Request<v1::CancelTokenRequest>,
    ) -> Result<Response<v1::CancelResponse>, Status> {
        Err(Status::unimplemented("nobody asks"))
    }

    async fn set_level(
        &self,
        _: Request<v1::SetLevelRequest>,
    ) -> Result<Response<v1::SetLevelResponse>, Status> {
        Err(Status::unimplemented("nobody asks"))
    }
}

async fn serve() -> (Address, mpsc::Receiver<Heard>) {
    let (heard, hears) = mpsc::channel(16);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let server = Server::builder().add_service(HoldoverServer::new(Fake(heard)));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    (address.parse().expect("an address"), hears)
}

async fn next<T>(told: &mut mpsc::Receiver<T>) -> T {
    let told = tokio::time::timeout(DEADLINE, told.recv()).await;
    told.expect("it comes in time").expect("somebody tells it")
}

#[tokio::test]
async fn a_target_of_which_nothing_is_to_be_seen_is_asked_for_no_rows() {
    let (address, mut hears) = serve().await;
    let view = |filter: &str| Some(v1::View { filter: filter.to_owned(), ..v1::View::default() });
    let (view_out, view_in) = watch::channel(None);
    let (events_out, mut events) = mpsc::channel(16);
    let (_asks_out, asks) = mpsc::channel(1);
    let describe_now = Arc::new(Notify::new());
    let wanted = Wanted { view: view_in, describe_now: Arc::clone(&describe_now), asks };
    let of = TargetId(1);
    tokio::spawn(run(address, wanted, Events { of, to: events_out }));
    assert!(matches!(next(&mut events).await, (TargetId(1), Event::Connected(_))));
    assert_eq!(next(&mut hears).await, Heard::Describe);
    // It is there all the same, and says what it is.
    describe_now.notify_one();
    assert_eq!(next(&mut hears).await, Heard::Describe);
    assert!(matches!(next(&mut events).await, (_, Event::Described(_))));
    view_out.send(view("a")).expect("the client goes on");
    assert_eq!(next(&mut hears).await, Heard::Watch("a".into()));
    assert!(matches!(next(&mut events).await, (TargetId(1), Event::Update(_))));
    view_out.send(None).expect("the client goes on");
    assert_eq!(next(&mut hears).await, Heard::Left("a".into()));
    view_out.send(view("b")).expect("the client goes on");
    assert_eq!(next(&mut hears).await, Heard::Watch("b".into()));
}
