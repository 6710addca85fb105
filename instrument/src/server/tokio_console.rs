//! What tokio-console asks for: the same facts that our own clients are told, in its
//! words. A client is told of everything at first, in parts of a size that it takes, and
//! then of what has changed. What it was told is remembered for each client: without one
//! nothing of this is there.

mod convert;
mod details;
mod figures;
mod histogram;
mod resources;
mod tasks;
mod updates;

use std::{pin::Pin, sync::Arc};

use holdover_proto::tokio_console::{self as wire, instrument_server};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Extensions, Request, Response, Status};

use super::{Console, connection::Paused};

/// So many clients are told of everything at the same time: what each was told takes
/// memory in proportion to what lives.
const CLIENTS: usize = 8;

/// So many look at a task at the same time: its figures are read often then.
const LOOKING: usize = 32;

/// Answers clients. Read-only.
#[derive(Clone, Debug)]
pub(super) struct Service {
    console: Arc<Console>,
    places: Arc<Semaphore>,
    places_at_tasks: Arc<Semaphore>,
}

impl Service {
    pub(super) fn new(console: Arc<Console>) -> Self {
        let (places, places_at_tasks) = (Semaphore::new(CLIENTS), Semaphore::new(LOOKING));
        Self { console, places: Arc::new(places), places_at_tasks: Arc::new(places_at_tasks) }
    }
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl instrument_server::Instrument for Service {
    type WatchUpdatesStream = Answers<wire::Update>;

    async fn watch_updates(
        &self,
        request: Request<wire::InstrumentRequest>,
    ) -> Result<Response<Self::WatchUpdatesStream>, Status> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            let full = format!("{CLIENTS} clients watch everything already, and no more may");
            return Err(Status::resource_exhausted(full));
        };
        let paused = paused(request.extensions()).watch();
        let console = Arc::clone(&self.console);
        // One update under way: a client that reads slowly gets fewer, never a queue.
        let (updates, stream) = mpsc::channel(1);
        tokio::spawn(async move {
            updates::send(&console, paused, &updates).await;
            drop(place);
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    type WatchTaskDetailsStream = Answers<wire::TaskDetails>;

    async fn watch_task_details(
        &self,
        request: Request<wire::TaskDetailsRequest>,
    ) -> Result<Response<Self::WatchTaskDetailsStream>, Status> {
        let Ok(place) = Arc::clone(&self.places_at_tasks).try_acquire_owned() else {
            let full = format!("{LOOKING} clients look at a task already, and no more may");
            return Err(Status::resource_exhausted(full));
        };
        let paused = paused(request.extensions()).watch();
        let id = request.into_inner().id.map(|it| it.id).unwrap_or_default();
        let console = Arc::clone(&self.console);
        let Some(key) = details::find(&console, id).await else {
            return Err(Status::not_found(format!("there is no task with the id {id} any more")));
        };
        let (details, stream) = mpsc::channel(1);
        tokio::spawn(async move {
            details::send(&console, (id, key), paused, &details).await;
            drop(place);
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    type WatchStateStream = Answers<wire::State>;

    async fn watch_state(
        &self,
        request: Request<wire::StateRequest>,
    ) -> Result<Response<Self::WatchStateStream>, Status> {
        let paused = paused(request.extensions()).watch();
        let (states, stream) = mpsc::channel(1);
        tokio::spawn(send_states(paused, states));
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    async fn pause(
        &self,
        request: Request<wire::PauseRequest>,
    ) -> Result<Response<wire::PauseResponse>, Status> {
        paused(request.extensions()).set(true);
        Ok(Response::new(wire::PauseResponse {}))
    }

    async fn resume(
        &self,
        request: Request<wire::ResumeRequest>,
    ) -> Result<Response<wire::ResumeResponse>, Status> {
        paused(request.extensions()).set(false);
        Ok(Response::new(wire::ResumeResponse {}))
    }
}

/// At once, and whenever it changes.
async fn send_states(
    mut paused: watch::Receiver<bool>,
    states: mpsc::Sender<Result<wire::State, Status>>,
) {
    loop {
        let Ok(room) = states.reserve().await else { return };
        let is_paused = *paused.borrow_and_update();
        let temporality =
            if is_paused { wire::Temporality::Paused } else { wire::Temporality::Live };
        room.send(Ok(wire::State { temporality: temporality.into() }));
        tokio::select! {
            changed = paused.changed() => if changed.is_err() { return },
            () = states.closed() => return,
        }
    }
}

/// A pause is the client's own: of the connection that the request came over.
fn paused(extensions: &Extensions) -> Paused {
    extensions.get::<Paused>().cloned().unwrap_or_default()
}
