//! The same recording as a `Layer`, for a `Registry` of one's own: what most people
//! try first. It costs the registry's own bookkeeping for each of tokio's spans; the
//! subscriber of [`Builder::wrap`](crate::Builder::wrap) does without.

use std::{any::TypeId, ptr, sync::Once};

use tracing_core::{
    Event, Subscriber,
    span::{Attributes, Id},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use crate::{
    recorder::{Recorder, key::Key, owner},
    subscriber::{Front, RecorderHandle},
};

/// See [`layer`](crate::layer()).
#[derive(Debug)]
pub struct HoldoverLayer {
    recording: Option<(Front, RecorderHandle)>,
    /// Why it records nothing: said once there is a log.
    error: Option<String>,
    said: Once,
}

/// What the registry keeps with a span of tokio's.
struct Recorded(Key);

impl HoldoverLayer {
    pub(crate) fn new(started: Result<Option<&'static Recorder>, String>) -> Self {
        let (recorder, error) = match started {
            Ok(recorder) => (recorder, None),
            Err(error) => (None, Some(error)),
        };
        let recording = recorder.map(|recorder| (Front::new(recorder), RecorderHandle(recorder)));
        Self { recording, error, said: Once::new() }
    }

    fn front(&self) -> Option<Front> {
        self.recording.map(|(front, _)| front)
    }

    fn key<S>(id: &Id, context: &Context<'_, S>) -> Option<Key>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        Some(context.span(id)?.extensions().get::<Recorded>()?.0)
    }
}

impl<S> Layer<S> for HoldoverLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(front) = self.front() else { return };
        if let Some(key) = front.new_span_of(attributes)
            && let Some(span) = context.span(id)
        {
            span.extensions_mut().insert(Recorded(key));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(front) = self.front() else {
            if let Some(error) = &self.error
                && !owner::is_ours()
            {
                self.said.call_once(|| crate::report::not_started(error));
            }
            return;
        };
        // A waker names its task's span by the registry's id.
        front.event_of(event, |span| Self::key(&Id::from_u64(span), &context));
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(front) = self.front()
            && let Some(key) = Self::key(id, &context)
        {
            front.enter(key);
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if let Some(front) = self.front()
            && let Some(key) = Self::key(id, &context)
        {
            front.exit(key);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(front) = self.front()
            && let Some(key) = Self::key(&id, &context)
        {
            front.try_close(key);
        }
    }

    #[expect(unsafe_code, reason = "tracing's way of finding a type behind a dispatcher")]
    // SAFETY: the pointers are to `self` and to a field of it, valid for as long as
    // `self` is, and of the type that was asked for.
    unsafe fn downcast_raw(&self, id: TypeId) -> Option<*const ()> {
        if id == TypeId::of::<Self>() {
            return Some(ptr::from_ref(self).cast());
        }
        let (_, handle) = self.recording.as_ref()?;
        (id == TypeId::of::<RecorderHandle>()).then(|| ptr::from_ref(handle).cast())
    }
}
