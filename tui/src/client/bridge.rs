//! A target that speaks tokio-console's protocol, as a Holdover: its stream fills a table,
//! over which the views of the console are evaluated here, since such a target has none.
//! What comes out is Holdover's own wire format, so whatever follows need not know.

mod describe;
mod histogram;
mod judge;
mod read;
mod rows;
mod subject;
mod table;
mod view;

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use console_api::{
    instrument::{
        InstrumentRequest, State as Told, StateRequest, TaskDetailsRequest, Temporality, Update,
        instrument_client::InstrumentClient,
    },
    tasks::TaskDetails,
};
use holdover_proto::v1::{self, holdover_server::Holdover};
use tokio::{
    sync::{mpsc, watch},
    task::AbortHandle,
    time::{Instant, sleep, timeout_at},
};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Code, Request, Response, Status, Streaming, transport::Channel};

use self::{judge::Verdicts, table::Table, view::View};

/// A large service takes seconds until it sends its first message.
const FIRST: Duration = Duration::from_secs(20);
/// What follows says whether a task that seems lost is; a target sends it each second.
const MORE: Duration = Duration::from_millis(2_500);

/// Answers as a Holdover would; a clone is the same bridge.
#[derive(Clone, Debug)]
pub(crate) struct Bridge(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    console: InstrumentClient<Channel>,
    state: Arc<Mutex<State>>,
    /// Told whenever the state has changed; why the stream is over, once it is.
    changed: watch::Receiver<Option<Status>>,
    reader: AbortHandle,
    /// Tells this connection from any other: what its numbers count is its own.
    run: String,
}

/// What is known of the target.
#[derive(Debug, Default)]
struct State {
    table: Table,
    verdicts: Verdicts,
    /// A console has paused it: nothing is told until it is resumed.
    paused: bool,
}

impl State {
    fn apply(&mut self, update: Update) {
        self.table.apply(update);
        self.verdicts.judge(&mut self.table);
    }

    /// Whether a task seems lost of which it is not certain yet.
    fn suspects(&self) -> bool {
        self.table.tasks.values().any(|task| judge::is_suspect(task, &self.table))
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Bridge {
    /// Watches the target; ready when it has sent what there is so far. A message larger
    /// than `limit` bytes is refused.
    pub(super) async fn attach(channel: Channel, limit: usize) -> Result<Self, Status> {
        let mut console = InstrumentClient::new(channel).max_decoding_message_size(limit);
        let silent = || Status::deadline_exceeded("it sent nothing within 20 s");
        let watch = async {
            let mut updates = console.watch_updates(InstrumentRequest {}).await?.into_inner();
            let first = updates.message().await?;
            let first = first.ok_or_else(|| Status::unavailable("it ended the stream"))?;
            Ok::<_, Status>((updates, first))
        };
        let (mut updates, first) = tokio::time::timeout(FIRST, watch).await.or(Err(silent()))??;
        let mut state = State::default();
        state.apply(first);
        if !settle(&mut state, &mut updates).await? {
            // It is paused, or sends rarely: whoever asks anew is told how it is now.
            updates = console.watch_updates(InstrumentRequest {}).await?.into_inner();
            settle(&mut state, &mut updates).await?;
        }
        let run = format!("tokio-console {}", state.table.anchor().saturating_add(state.table.now));
        let state = Arc::new(Mutex::new(state));
        let (tell, changed) = watch::channel(None);
        let pauses = console.watch_state(StateRequest {}).await.ok().map(Response::into_inner);
        let sent = Sent { updates, pauses };
        let reader = tokio::spawn(read(sent, Arc::clone(&state), tell)).abort_handle();
        Ok(Self(Arc::new(Shared { console, state, changed, reader, run })))
    }

    /// What it is and what cannot be seen of it.
    pub(super) fn described(&self) -> v1::DescribeResponse {
        describe::describe(&lock(&self.0.state), &self.0.run)
    }

    fn evaluate(&self, view: &View) -> v1::Update {
        view::evaluate(&lock(&self.0.state), view)
    }

    /// The target's details of the task whose story is told; none of one that it does not
    /// know any more.
    async fn details(&self, view: &View) -> Option<Streaming<TaskDetails>> {
        if view.wire.kind() != v1::ViewKind::Story {
            return None;
        }
        let id = lock(&self.0.state).table.numbered(view.wire.task)?.0;
        let request = TaskDetailsRequest { id: Some(id.into()) };
        Some(self.0.console.clone().watch_task_details(request).await.ok()?.into_inner())
    }
}

/// Waits for what tells whether the tasks that seem lost at first are: what is printed is
/// printed once. False when it does not come.
async fn settle(state: &mut State, updates: &mut Streaming<Update>) -> Result<bool, Status> {
    let until = Instant::now() + MORE;
    while state.suspects() {
        match timeout_at(until, updates.message()).await {
            Ok(update) => match update? {
                Some(update) => state.apply(update),
                None => return Err(Status::unavailable("it ended the stream")),
            },
            Err(_) => return Ok(false),
        }
    }
    Ok(true)
}

/// What the target sends.
struct Sent {
    updates: Streaming<Update>,
    /// Whether it is paused; `None` where it does not tell.
    pauses: Option<Streaming<Told>>,
}

/// Takes what the target sends, until there is no more.
async fn read(mut sent: Sent, state: Arc<Mutex<State>>, changed: watch::Sender<Option<Status>>) {
    let why = loop {
        tokio::select! {
            update = sent.updates.message() => match update {
                Ok(Some(update)) => lock(&state).apply(update),
                Ok(None) => break Status::unavailable("the target ended the stream"),
                Err(status) => break said(status),
            },
            paused = is_paused(&mut sent.pauses) => {
                // It says so each second.
                if std::mem::replace(&mut lock(&state).paused, paused) == paused {
                    continue;
                }
            }
        }
        changed.send_replace(None);
    };
    changed.send_replace(Some(why));
}

/// Whether it is paused, whenever it says so; for ever when it does not.
async fn is_paused(pauses: &mut Option<Streaming<Told>>) -> bool {
    while let Some(stream) = pauses {
        match stream.message().await {
            Ok(Some(told)) => return told.temporality() == Temporality::Paused,
            Ok(None) | Err(_) => *pauses = None,
        }
    }
    std::future::pending().await
}

/// What is wrong, with what can be done about it.
pub(super) fn said(status: Status) -> Status {
    match status.code() {
        Code::OutOfRange => {
            let more = "HOLDOVER_MAX_MESSAGE=1GiB would let it through";
            Status::out_of_range(format!("a message is too large: {}; {more}", status.message()))
        }
        _ => status,
    }
}

type Updates = Pin<Box<dyn Stream<Item = Result<v1::Update, Status>> + Send>>;

#[tonic::async_trait]
impl Holdover for Bridge {
    async fn describe(
        &self,
        _: Request<v1::DescribeRequest>,
    ) -> Result<Response<v1::DescribeResponse>, Status> {
        Ok(Response::new(self.described()))
    }

    type WatchStream = Updates;

    async fn watch(&self, request: Request<v1::WatchRequest>) -> Result<Response<Updates>, Status> {
        let wire = request.into_inner().view.unwrap_or_default();
        let view = View::new(wire).map_err(Status::invalid_argument)?;
        if view.wire.kind() == v1::ViewKind::Tokens {
            return Err(Status::permission_denied(describe::NO_TOKENS));
        }
        // One update under way: who reads slowly gets fewer, never a queue.
        let (updates, stream) = mpsc::channel(1);
        tokio::spawn(follow(self.clone(), view, updates));
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    async fn cancel(
        &self,
        _: Request<v1::CancelRequest>,
    ) -> Result<Response<v1::CancelResponse>, Status> {
        Err(Status::permission_denied(describe::NO_CONTROL))
    }

    async fn cancel_token(
        &self,
        _: Request<v1::CancelTokenRequest>,
    ) -> Result<Response<v1::CancelResponse>, Status> {
        Err(Status::permission_denied(describe::NO_CONTROL))
    }

    async fn set_level(
        &self,
        _: Request<v1::SetLevelRequest>,
    ) -> Result<Response<v1::SetLevelResponse>, Status> {
        Err(Status::permission_denied(describe::NO_CONTROL))
    }
}

/// Sends what a view shows whenever that has changed.
async fn follow(bridge: Bridge, view: View, updates: mpsc::Sender<Result<v1::Update, Status>>) {
    let mut changed = bridge.0.changed.clone();
    let mut details = bridge.details(&view).await;
    let mut times = (None, None);
    let pause = Duration::from_millis(u64::from(view.wire.interval_ms).max(20));
    loop {
        let over = changed.borrow_and_update().clone();
        if let Some(why) = over {
            let _ = updates.send(Err(why)).await;
            return;
        }
        let mut update = bridge.evaluate(&view);
        if let Some(story) = &mut update.story {
            (story.poll_times, story.scheduled_times) = times.clone();
        }
        if updates.send(Ok(update)).await.is_err() {
            return;
        }
        sleep(pause).await;
        tokio::select! {
            told = changed.changed() => if told.is_err() { return },
            told = next(&mut details) => times = told,
            () = updates.closed() => return,
        }
    }
}

/// The histograms when they have changed; for ever when there are none.
async fn next(
    details: &mut Option<Streaming<TaskDetails>>,
) -> (Option<v1::Histogram>, Option<v1::Histogram>) {
    while let Some(stream) = details {
        match stream.message().await {
            Ok(Some(told)) => return histogram::of(&told),
            Ok(None) | Err(_) => *details = None,
        }
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests;
