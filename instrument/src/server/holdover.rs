//! The service `holdover.v1`.

use std::{pin::Pin, sync::Arc, time::Duration};

use holdover_proto::v1::{self, holdover_server};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status};

use super::{Console, control, convert, shared::Answer};
use crate::{
    query::{self, View},
    recorder::clock::nanos,
};

/// The shortest time between two updates of a view.
const FASTEST: Duration = Duration::from_millis(20);
const USUAL: Duration = Duration::from_secs(1);
const SLOWEST: Duration = Duration::from_secs(60);

/// Answers clients. Read-only but for what [`control`] allows.
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
        if view.is_of_control() {
            self.console.control.map_err(Status::permission_denied)?;
        }
        view.age = nanos(interval);
        // One update under way: a client that reads slowly gets fewer, never a queue.
        let (updates, stream) = mpsc::channel(1);
        let watch = Watch { console: Arc::clone(&self.console), wire, view, interval };
        tokio::spawn(watch.run(updates));
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    async fn cancel(
        &self,
        request: Request<v1::CancelRequest>,
    ) -> Result<Response<v1::CancelResponse>, Status> {
        control::cancel(&self.console, &request.into_inner()).map(Response::new)
    }

    async fn cancel_token(
        &self,
        request: Request<v1::CancelTokenRequest>,
    ) -> Result<Response<v1::CancelResponse>, Status> {
        control::cancel_token(&self.console, &request.into_inner()).map(Response::new)
    }

    async fn set_level(
        &self,
        request: Request<v1::SetLevelRequest>,
    ) -> Result<Response<v1::SetLevelResponse>, Status> {
        control::set_level(&self.console, &request.into_inner()).map(Response::new)
    }
}

fn interval(milliseconds: u32) -> Duration {
    match milliseconds {
        0 => USUAL,
        asked => Duration::from_millis(asked.into()).clamp(FASTEST, SLOWEST),
    }
}

/// A view that a client looks at.
struct Watch {
    console: Arc<Console>,
    /// As it was asked for, which is what clients that look at the same have in common.
    wire: v1::View,
    view: View,
    interval: Duration,
}

impl Watch {
    /// Sends the window whenever it has changed, until the client is gone.
    async fn run(self, updates: mpsc::Sender<Result<v1::Update, Status>>) {
        let mut last: Option<Arc<Answer>> = None;
        loop {
            // Room first: what is evaluated is what is sent.
            let Ok(room) = updates.reserve().await else { return };
            let (answer, pause) = self.evaluate();
            if last.as_ref().is_some_and(|last| last.update == answer.update) {
                drop(room);
            } else {
                let update = answer.update.clone();
                room.send(Ok(v1::Update { now_ns: answer.now_ns, ..update }));
            }
            last = Some(answer);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = updates.closed() => return,
            }
        }
    }

    fn evaluate(&self) -> (Arc<Answer>, Duration) {
        let Self { console, wire, view, interval } = self;
        let now = || console.recorder.clock.now();
        console.shared.answer(wire, *interval, now, || {
            let (mut store, mut sampler) = (console.store(), console.sampler());
            convert::update(query::evaluate(&mut store, &mut sampler, view, now()))
        })
    }
}
