//! What becomes of a layer is not ours to decide: whether anything of tokio's reaches
//! it is asked of the process's default subscriber.

use tracing_core::{
    Callsite, Interest, Kind, Level, Metadata, dispatcher, metadata, subscriber::NoSubscriber,
};

use super::Blind;
use crate::subscriber::RecorderHandle;

/// To be called on a thread that has no default subscriber of its own.
pub(super) fn blind() -> Option<Blind> {
    dispatcher::get_default(|default| {
        if default.is::<NoSubscriber>() {
            Some(Blind::LayerUnused)
        } else if !default.is::<RecorderHandle>() {
            Some(Blind::DefaultIsSet)
        } else if !default.enabled(&LIKE_TOKIOS) {
            Some(Blind::RegistryFiltered)
        } else {
            None
        }
    })
}

/// The process has a default subscriber.
pub(crate) fn has_log() -> bool {
    dispatcher::get_default(|default| !default.is::<NoSubscriber>())
}

/// As the span of a task is described. There is never such a span.
static LIKE_TOKIOS: Metadata<'static> = metadata! {
    name: "runtime.spawn",
    target: "tokio::task",
    level: Level::TRACE,
    fields: &[],
    callsite: &NoCallsite,
    kind: Kind::SPAN,
};

struct NoCallsite;

impl Callsite for NoCallsite {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        &LIKE_TOKIOS
    }
}
