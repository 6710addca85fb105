//! The service `holdover.v1`.

use std::{pin::Pin, sync::Arc, time::Duration};

use holdover_proto::v1::{self, holdover_server};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status};

use super::{Console, convert};
use crate::{
    query::{self, View},
    recorder::clock::nanos,
};

/// The shortest time between two updates of a view.
const FASTEST: Duration = Duration::from_millis(20);
const USUAL: Duration = Duration::from_secs(1);
const SLOWEST: Duration = Duration::from_secs(60);

/// Answers clients. Read-only.
#[derive(Clone, Debug)]
pub(super) struct Service {
    console: Arc<Console>,
}

impl Service {
    pub(super) fn new(console: Arc<Console>) -> Self {
        Self { console }
    }
}

type Updates = Pin<Box<dyn Stream<Item = Result<v1::Update, Status>> + Send>>;

#[tonic::async_trait]
impl holdover_server::Holdover for Service {
    async fn describe(
        &self,
        _: Request<v1::DescribeRequest>,
    ) -> Result<Response<v1::DescribeResponse>, Status> {
        Ok(Response::new(convert::describe(&self.console)))
    }

    type WatchStream = Updates;

    async fn watch(&self, request: Request<v1::WatchRequest>) -> Result<Response<Updates>, Status> {
        let wire = request.into_inner().view.unwrap_or_default();
        let interval = interval(wire.interval_ms);
        let mut view = convert::view(&wire).map_err(Status::invalid_argument)?;
        view.age = nanos(interval);
        // One update under way: a client that reads slowly gets fewer, never a queue.
        let (updates, stream) = mpsc::channel(1);
        tokio::spawn(watch(Arc::clone(&self.console), view, interval, updates));
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}

fn interval(milliseconds: u32) -> Duration {
    match milliseconds {
        0 => USUAL,
        asked => Duration::from_millis(asked.into()).clamp(FASTEST, SLOWEST),
    }
}

/// Sends the window whenever it has changed, until the client is gone.
async fn watch(
    console: Arc<Console>,
    view: View,
    interval: Duration,
    updates: mpsc::Sender<Result<v1::Update, Status>>,
) {
    let mut last = None;
    loop {
        // Room first: what is evaluated is what is sent.
        let Ok(room) = updates.reserve().await else { return };
        let update = evaluate(&console, &view);
        let now_ns = update.now_ns;
        let said = v1::Update { now_ns: 0, ..update };
        if last.as_ref() == Some(&said) {
            drop(room);
        } else {
            last = Some(said.clone());
            room.send(Ok(v1::Update { now_ns, ..said }));
        }
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            () = updates.closed() => return,
        }
    }
}

fn evaluate(console: &Console, view: &View) -> v1::Update {
    let now = console.recorder.clock.now();
    let window = query::evaluate(&mut console.store(), &mut console.sampler(), view, now);
    convert::update(window)
}
