//! Front end 1: `HoldoverSubscriber<S>`. tokio's runtime callsites are ours and never
//! reach `S`; everything else goes to `S` untouched: it sees exactly what it would in
//! the same program with tokio's tracing compiled out.
//!
//! Nothing is locked or borrowed while `S` is called, which may call back: `Registry`
//! closes parents through the current default, i.e. through us.

mod callsite;
mod classify;
mod fields;
mod ids;
mod resources;
mod spans;

use std::{
    any::TypeId,
    ptr,
    sync::atomic::{AtomicU8, Ordering},
};

use tracing_core::{
    Dispatch, Event, Interest, Level, LevelFilter, Metadata, Subscriber,
    span::{Attributes, Current, Id, Record},
};

pub(crate) use self::spans::{Found, Front};
use self::{callsite::Ours, ids::ForeignIds};
use crate::recorder::{self, Recorder, key::Key, owner};

/// How a recorder is found behind a tracing dispatcher.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecorderHandle(pub(crate) &'static Recorder);

/// The recorder of tracing's current default, if that is one of ours.
#[inline]
pub(crate) fn recorder_of_the_default() -> Option<&'static Recorder> {
    tracing_core::dispatcher::get_default(|default| {
        default.downcast_ref::<RecorderHandle>().map(|handle| handle.0)
    })
}

/// One of tokio's callsites, and recorded where this thread is.
#[cfg(feature = "layer")]
pub(crate) fn is_wanted(metadata: &Metadata<'_>, recorder: &Recorder) -> bool {
    recorder.level() != recorder::Level::Off && Ours::of(metadata).is_some_and(Ours::is_wanted)
}

/// How tracing is to ask for a callsite that is being registered.
#[cfg(feature = "layer")]
pub(crate) fn interest(metadata: &'static Metadata<'static>, recorder: &Recorder) -> Interest {
    Ours::register(metadata).map_or_else(Interest::never, |ours| ours.interest(recorder.level()))
}

/// Wraps a subscriber: records what tokio emits, and leaves everything else to `S`.
///
/// It must be the outermost subscriber; layers go into `S`. It is made by
/// [`Builder::wrap`](crate::Builder::wrap).
#[derive(Debug)]
pub struct HoldoverSubscriber<S> {
    inner: S,
    front: Front,
    handle: RecorderHandle,
    /// `S`'s own level hint, as tracing asked for it last.
    hint: AtomicU8,
    /// Ids of `S` that are laid out like ours.
    foreign: ForeignIds,
}

impl<S: Subscriber> HoldoverSubscriber<S> {
    pub(crate) fn new(recorder: &'static Recorder, inner: S) -> Self {
        Self {
            hint: AtomicU8::new(number_of(inner.max_level_hint())),
            inner,
            front: Front::new(recorder),
            handle: RecorderHandle(recorder),
            foreign: ForeignIds::default(),
        }
    }

    /// What the id stands for, if it is one of ours: that slot is live with that generation.
    #[inline]
    fn ours(&self, id: &Id) -> Option<Found> {
        let key = Key::from_bits(id.into_u64())?;
        if self.foreign.contains(key.bits()) { None } else { self.front.find(key.whole()) }
    }

    /// The id of a clone that is not counted: nothing is to be done when it goes.
    #[inline]
    fn is_uncounted(&self, id: &Id) -> bool {
        let is_clone = Key::from_bits(id.into_u64()).is_some_and(Key::is_of_a_clone);
        is_clone && !self.foreign.contains(id.into_u64())
    }

    /// Above the level that `S` said it wants: it is not asked.
    #[inline]
    fn is_above_hint(&self, metadata: &Metadata<'_>) -> bool {
        u8::try_from(level_number(metadata)).is_ok_and(|it| it > self.hint.load(Ordering::Relaxed))
    }

    /// Of the most detailed level, where `S` wants none of that: tokio's runtime emits
    /// nearly all that comes.
    #[inline]
    fn only_ours_are_enabled(&self, metadata: &Metadata<'_>) -> bool {
        const TRACE: u8 = 5;
        *metadata.level() == Level::TRACE && self.hint.load(Ordering::Relaxed) < TRACE
    }

    /// On Holdover's own threads nothing is forwarded but what it says itself. Its task
    /// among the service's is on no such thread, and drops what the service gave it.
    #[inline]
    fn is_silent(metadata: &Metadata<'_>) -> bool {
        owner::is_our_thread() && !metadata.target().starts_with("holdover")
    }

    /// What `S` minted, unless that is an id of ours: then `S` is asked for another. One
    /// that only looks like ours is remembered until `S` closes it.
    #[inline]
    fn unlike_ours(&self, minted: Id, mint: impl Fn() -> Id) -> Id {
        match Key::from_bits(minted.into_u64()) {
            Some(_) => self.claimed(minted, mint),
            None => minted,
        }
    }

    #[cold]
    fn claimed(&self, mut id: Id, mint: impl Fn() -> Id) -> Id {
        let mut refused = Vec::new();
        while !self.claims(&id) {
            // Open until there is another, so that `S` does not mint it again.
            refused.push(id);
            if refused.len() == ASKED_AT_MOST {
                id = Id::from_u64(Key::IGNORED.bits());
                break;
            }
            id = mint();
        }
        for id in refused {
            self.inner.try_close(id);
        }
        id
    }

    /// From now on the id is one of `S`'s; false when it is one of ours.
    fn claims(&self, id: &Id) -> bool {
        let bits = id.into_u64();
        let Some(key) = Key::from_bits(bits) else { return true };
        self.foreign.claim(bits, || key.is_ignored() || self.front.recorder.is_live(key))
    }
}

/// How often `S` is asked for an id that is not ours; after that its span is not told.
const ASKED_AT_MOST: usize = 16;

/// 0 for `OFF` to 5 for `TRACE`; 6 when there is no hint.
fn number_of(hint: Option<LevelFilter>) -> u8 {
    const LEVELS: [LevelFilter; 6] = [
        LevelFilter::OFF,
        LevelFilter::ERROR,
        LevelFilter::WARN,
        LevelFilter::INFO,
        LevelFilter::DEBUG,
        LevelFilter::TRACE,
    ];
    let at = hint.and_then(|hint| LEVELS.iter().position(|level| *level == hint));
    at.and_then(|at| u8::try_from(at).ok()).unwrap_or(6)
}

fn level_number(metadata: &Metadata<'_>) -> usize {
    usize::from(number_of(Some(LevelFilter::from_level(*metadata.level()))))
}

impl<S: Subscriber> Subscriber for HoldoverSubscriber<S> {
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.inner.on_register_dispatch(subscriber);
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match Ours::register(metadata) {
            // Asking `S` would leave its verdict in its per-layer filters' state.
            Some(ours) => ours.interest(self.handle.0.level()),
            None if self.is_above_hint(metadata) => Interest::never(),
            None => self.inner.register_callsite(metadata),
        }
    }

    #[inline]
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        match Ours::of(metadata) {
            Some(ours) => ours.is_wanted(),
            None if self.is_above_hint(metadata) || Self::is_silent(metadata) => false,
            None => self.inner.enabled(metadata),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let inner = self.inner.max_level_hint();
        self.hint.store(number_of(inner), Ordering::Relaxed);
        // tokio emits nothing without the flag, and nothing that it emits is wanted while
        // recording is off: then `S` alone decides.
        let wanted = cfg!(tokio_unstable) && self.handle.0.level() != recorder::Level::Off;
        if wanted { Some(LevelFilter::TRACE) } else { inner }
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        match Ours::of(attributes.metadata()) {
            Some(ours) => loop {
                let key = self.front.new_span(ours, attributes);
                if !self.foreign.is_taken(key.bits()) {
                    break Id::from_u64(key.bits());
                }
                // `S` uses that id: the slot's next generation is another one.
                self.front.close_unused(key);
            },
            None if Self::is_silent(attributes.metadata()) => Id::from_u64(Key::IGNORED.bits()),
            None => {
                let mint = || self.inner.new_span(attributes);
                self.unlike_ours(mint(), mint)
            }
        }
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        if self.ours(span).is_none() {
            self.inner.record(span, values);
        }
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        if self.ours(span).is_none() && self.ours(follows).is_none() {
            self.inner.record_follows_from(span, follows);
        }
    }

    #[inline]
    fn event_enabled(&self, event: &Event<'_>) -> bool {
        // What else comes of that level was not asked for: `event` asks.
        self.only_ours_are_enabled(event.metadata())
            || Ours::of(event.metadata()).is_some()
            || (!Self::is_silent(event.metadata()) && self.inner.event_enabled(event))
    }

    #[inline]
    fn event(&self, event: &Event<'_>) {
        match Ours::of(event.metadata()) {
            Some(ours) => self.front.event(ours, event),
            None if Self::is_silent(event.metadata()) => {}
            None if self.only_ours_are_enabled(event.metadata())
                && !self.inner.event_enabled(event) => {}
            None => self.inner.event(event),
        }
    }

    #[inline]
    fn enter(&self, span: &Id) {
        match self.ours(span) {
            Some(found) => self.front.enter(found),
            None => self.inner.enter(span),
        }
    }

    #[inline]
    fn exit(&self, span: &Id) {
        if self.front.exits_a_run(span.into_u64()) {
            return;
        }
        match self.ours(span) {
            Some(found) => self.front.exit(found),
            None => self.inner.exit(span),
        }
    }

    fn clone_span(&self, id: &Id) -> Id {
        if let Some(found) = self.ours(id) {
            let is_free = |key: &Key| !self.foreign.is_taken(key.bits());
            if let Some(clone) = Front::uncounted_clone(found).filter(is_free) {
                return Id::from_u64(clone.bits());
            }
            Front::clone_span(found);
            let whole = |key: Key| Id::from_u64(key.whole().bits());
            return Key::from_bits(id.into_u64()).map_or_else(|| id.clone(), whole);
        }
        let clone = || self.inner.clone_span(id);
        match clone() {
            same if same == *id => same,
            another => self.unlike_ours(another, clone),
        }
    }

    #[expect(deprecated, reason = "forwarded, for subscribers that still rely on it")]
    fn drop_span(&self, id: Id) {
        if self.is_uncounted(&id) {
            return;
        }
        match self.ours(&id) {
            Some(found) => {
                self.front.try_close(found);
            }
            None => self.inner.drop_span(id),
        }
    }

    fn try_close(&self, id: Id) -> bool {
        if self.is_uncounted(&id) {
            return false;
        }
        if let Some(found) = self.ours(&id) {
            return self.front.try_close(found);
        }
        let bits = id.into_u64();
        let closed = self.inner.try_close(id);
        if closed {
            self.foreign.remove(bits);
        }
        closed
    }

    fn current_span(&self) -> Current {
        // What our own threads are made of asks for it too.
        if owner::is_our_thread() { Current::none() } else { self.inner.current_span() }
    }

    #[expect(unsafe_code, reason = "tracing's way of finding a type behind a dispatcher")]
    // SAFETY: the pointers are to `self`, to a field of it, or what `S` answers; each
    // is valid for as long as `self` is, and is of the type that was asked for.
    unsafe fn downcast_raw(&self, id: TypeId) -> Option<*const ()> {
        if id == TypeId::of::<Self>() {
            Some(ptr::from_ref(self).cast())
        } else if id == TypeId::of::<RecorderHandle>() {
            Some(ptr::from_ref(&self.handle).cast())
        } else {
            // SAFETY: as above.
            unsafe { self.inner.downcast_raw(id) }
        }
    }
}

#[cfg(all(test, not(holdover_loom)))]
mod tests;
