//! The least that a subscriber and a layer can do: be told, and do nothing.

use tracing_core::{
    Event, Interest, LevelFilter, Metadata, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context};

/// Is told of all that tokio says.
pub struct Floor;

/// The same, of a registry.
pub struct Idle;

fn is_tokios(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    target.starts_with("tokio::") || target.starts_with("runtime::")
}

fn interest(metadata: &Metadata<'_>) -> Interest {
    if is_tokios(metadata) { Interest::always() } else { Interest::never() }
}

impl Subscriber for Floor {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        interest(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_tokios(metadata)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl<S: Subscriber> Layer<S> for Idle {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        interest(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        is_tokios(metadata)
    }
}
