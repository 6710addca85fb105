//! Ids as Holdover lays them out, and those that it gave to tokio's spans.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::{
    Dispatch, Event, Metadata, Subscriber, dispatcher,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};

const TOP_AND_PATTERN: u64 = 1 << 63 | 0b10_1101 << 32;
const GENERATION_SHIFT: u32 = 38;

pub(super) const TASKS: u64 = 0;
pub(super) const TIMERS: u64 = 1 << 31;

/// Of a span that is not recorded.
pub(super) const IGNORED: u64 = TOP_AND_PATTERN | ((1 << 31) - 1);
/// Of a span of Holdover's own.
pub(super) const OURS: u64 = TOP_AND_PATTERN | ((1 << 31) - 2);

pub(super) fn id(arena: u64, slot: u32, generation: u64) -> u64 {
    TOP_AND_PATTERN | generation << GENERATION_SHIFT | arena | u64::from(slot)
}

/// The same slot, so many generations later.
pub(super) fn later(id: u64, generations: u64) -> u64 {
    id + (generations << GENERATION_SHIFT)
}

/// The ids that tokio's tasks and timers got.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard(Arc<Mutex<Vec<u64>>>);

impl Heard {
    /// Of those that are made here: nothing but a subscriber before Holdover's is told
    /// them.
    pub(super) fn by<T>(&self, makes: impl FnOnce() -> T) -> T {
        let to = dispatcher::get_default(Clone::clone);
        let before = Dispatch::new(Before { to, heard: self.clone() });
        dispatcher::with_default(&before, makes)
    }

    pub(super) fn last(&self) -> Option<u64> {
        self.lock().last().copied()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes everything on.
#[derive(Debug)]
struct Before {
    to: Dispatch,
    heard: Heard,
}

impl Subscriber for Before {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.to.register_callsite(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.to.enabled(metadata)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = self.to.new_span(attributes);
        let bits = id.into_u64();
        if attributes.metadata().target().starts_with("tokio::") && bits != IGNORED {
            self.heard.lock().push(bits);
        }
        id
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.to.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.to.record_follows_from(span, follows);
    }

    fn event(&self, event: &Event<'_>) {
        self.to.event(event);
    }

    fn enter(&self, span: &Id) {
        self.to.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.to.exit(span);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.to.clone_span(id)
    }

    fn try_close(&self, id: Id) -> bool {
        self.to.try_close(id)
    }
}
