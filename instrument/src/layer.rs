//! The same recording as a `Layer`, for a `Registry` of one's own: what most people
//! try first. It costs the registry's own bookkeeping for each of tokio's spans; the
//! subscriber of [`Builder::wrap`](crate::Builder::wrap) does without.

mod closed;

use std::{any::TypeId, ptr, sync::Once};

use tracing_core::{
    Event, Interest, LevelFilter, Metadata, Subscriber,
    span::{Attributes, Id},
};
use tracing_subscriber::{
    Layer,
    filter::Filtered,
    layer::{Context, Filter},
    registry::LookupSpan,
};

use self::closed::Closed;
use crate::{
    recorder::{
        Level, Recorder,
        key::{Key, Which},
        owner,
    },
    subscriber::{Front, RecorderHandle, interest, is_wanted},
};

/// See [`layer`](crate::layer()).
#[derive(Debug)]
pub struct HoldoverLayer {
    recording: Option<(Front, RecorderHandle)>,
    closed: Closed,
    /// Why it records nothing: said once there is a log.
    error: Option<String>,
    said: Once,
}

/// Lets through what is recorded, and nothing else: without it the registry would take
/// all of the service's own spans and events to be wanted, whatever its other layers
/// say.
#[derive(Clone, Copy, Debug)]
pub struct OnlyTokio(Wanted);

#[derive(Clone, Copy, Debug)]
enum Wanted {
    Nothing,
    Recorded(&'static Recorder),
    /// Any event, to say what is wrong.
    All,
}

impl<S> Filter<S> for OnlyTokio {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        match self.0 {
            Wanted::Nothing => false,
            Wanted::Recorded(recorder) => is_wanted(metadata, recorder),
            Wanted::All => true,
        }
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        match self.0 {
            Wanted::Recorded(recorder) => interest(metadata, recorder),
            Wanted::All => Interest::always(),
            Wanted::Nothing => Interest::never(),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        match self.0 {
            Wanted::Recorded(recorder) if recorder.level() == Level::Off => Some(LevelFilter::OFF),
            Wanted::Nothing => Some(LevelFilter::OFF),
            Wanted::Recorded(_) | Wanted::All => Some(LevelFilter::TRACE),
        }
    }
}

/// What the registry keeps with a span of tokio's.
struct Recorded(Key);

impl HoldoverLayer {
    pub(crate) fn new(started: Result<Option<&'static Recorder>, String>) -> Self {
        let (recorder, error) = match started {
            Ok(recorder) => (recorder, None),
            Err(error) => (None, Some(error)),
        };
        let recording =
            recorder.map(|recorder| (Front::of_a_layer(recorder), RecorderHandle(recorder)));
        Self { recording, closed: Closed::default(), error, said: Once::new() }
    }

    /// The layer as it is put into a registry.
    pub(crate) fn filtered<S>(self) -> Filtered<Self, OnlyTokio, S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let wanted = match (&self.recording, &self.error) {
            (Some((front, _)), _) => Wanted::Recorded(front.recorder),
            (None, Some(_)) => Wanted::All,
            (None, None) => Wanted::Nothing,
        };
        self.with_filter(OnlyTokio(wanted))
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
        if let Some(before) = self.closed.take(id.into_u64()) {
            front.recorder.wakers_are_lost(before);
        }
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
                self.said.call_once(|| crate::report::not_as_asked(error));
            }
            return;
        };
        // A waker names its task's span by the registry's id.
        front.event_of(event, |span| {
            Self::key(&Id::from_u64(span), &context).or_else(|| self.closed.get(span))
        });
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(front) = self.front()
            && let Some(found) = Self::key(id, &context).and_then(|key| front.find(key))
        {
            front.enter(found);
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if let Some(front) = self.front()
            && let Some(found) = Self::key(id, &context).and_then(|key| front.find(key))
        {
            front.exit(found);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(front) = self.front()
            && let Some(key) = Self::key(&id, &context)
        {
            if let Some(found) = front.find(key) {
                front.try_close(found);
            }
            if key.which() == Which::Tasks && front.recorder.has_wakers(key) {
                self.closed.insert(id.into_u64(), key, front.recorder);
            }
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
