//! A program whose tokio emits nothing, as one built without tokio's tracing: the
//! reference. It says by itself which callsites are tokio's.

use std::{any::TypeId, ptr};

use tracing::{
    Dispatch, Event, Level, Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_core::span::Current;

/// Disables tokio's callsites: none of their spans exists, so everything else can go to
/// `S` by its id.
#[derive(Debug)]
pub(crate) struct WithoutTokio<S>(pub(crate) S);

fn is_tokios(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    // Records of the `log` crate are never tokio's, whatever their target.
    *metadata.level() == Level::TRACE
        && metadata.name() != "log record"
        && if metadata.is_span() {
            let is_runtimes = metadata.name().starts_with("runtime.");
            is_runtimes && target.starts_with("tokio::")
        } else {
            target == "tokio::task::waker" || target.starts_with("runtime::resource::")
        }
}

impl<S: Subscriber> Subscriber for WithoutTokio<S> {
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.0.on_register_dispatch(subscriber);
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_tokios(metadata) { Interest::never() } else { self.0.register_callsite(metadata) }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !is_tokios(metadata) && self.0.enabled(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.0.max_level_hint()
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        self.0.new_span(attributes)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.0.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.0.record_follows_from(span, follows);
    }

    fn event_enabled(&self, event: &Event<'_>) -> bool {
        self.0.event_enabled(event)
    }

    fn event(&self, event: &Event<'_>) {
        self.0.event(event);
    }

    fn enter(&self, span: &Id) {
        self.0.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.0.exit(span);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.0.clone_span(id)
    }

    fn try_close(&self, id: Id) -> bool {
        self.0.try_close(id)
    }

    fn current_span(&self) -> Current {
        self.0.current_span()
    }

    #[expect(unsafe_code, reason = "tracing's way of finding a type behind a dispatcher")]
    // SAFETY: the pointer is to `self`, or what `S` answers; both are valid for as long
    // as `self` is.
    unsafe fn downcast_raw(&self, id: TypeId) -> Option<*const ()> {
        if id == TypeId::of::<Self>() {
            return Some(ptr::from_ref(self).cast());
        }
        // SAFETY: as above.
        unsafe { self.0.downcast_raw(id) }
    }
}
