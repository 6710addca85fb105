//! What becomes of tokio's spans and events. Shared by the subscriber and the layer;
//! it knows no inner subscriber.

use tracing_core::{Event, span::Attributes};

use super::{
    callsite::Ours,
    classify::{self, Activity},
    fields::{AdoptedFields, SpanFields, WakerFields},
};
use crate::{
    record::{Adopt, take_adopted},
    recorder::{
        Level, Recorder,
        holding::{Acquired, HoldingFlag, HoldingSlot, Spanned},
        key::{Key, Which},
        owner::{self, Work},
        table::{FileId, Origin, TextId},
        task::{Birth, Flag, TaskSlot},
    },
    runtimes,
    words::{Kind, TaskKind},
};

/// The recording side of both front ends over tokio's spans.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Front {
    pub(crate) recorder: &'static Recorder,
    /// Only tokio enters its spans: one that is entered is a task that is polled or dropped.
    only_tokio_enters: bool,
}

/// What the id of a span of tokio's stands for: looked up once for whatever is done with
/// the span.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found {
    Task(Key, &'static TaskSlot),
    Resource(Key, &'static HoldingSlot),
    /// Nothing that is recorded.
    Ignored,
    /// Holdover's own work.
    Ours,
}

impl Front {
    pub(crate) fn new(recorder: &'static Recorder) -> Self {
        Self { recorder, only_tokio_enters: true }
    }

    /// As [`Self::new`], where a program can get hold of tokio's spans, as the current one,
    /// and enter them on another thread.
    #[cfg(feature = "layer")]
    pub(crate) fn of_a_layer(recorder: &'static Recorder) -> Self {
        Self { recorder, only_tokio_enters: false }
    }

    /// `None` when nothing of that key is live.
    #[inline]
    pub(crate) fn find(self, key: Key) -> Option<Found> {
        let found = match key.which() {
            Which::Tasks => self.recorder.task_slot(key).map(|slot| Found::Task(key, slot)),
            Which::Holdings => {
                self.recorder.holding_slot(key).map(|slot| Found::Resource(key, slot))
            }
        };
        found.or_else(|| Self::without_a_slot(key))
    }

    #[cold]
    fn without_a_slot(key: Key) -> Option<Found> {
        match key {
            Key::IGNORED => Some(Found::Ignored),
            Key::OURS => Some(Found::Ours),
            _ => None,
        }
    }

    /// The key of a new span of tokio's; one of the ignored keys when it is not
    /// recorded.
    #[inline]
    pub(super) fn new_span(self, ours: Ours, attributes: &Attributes<'_>) -> Key {
        if owner::is_ours() {
            return Key::OURS;
        }
        if self.recorder.level() == Level::Off {
            return Key::IGNORED;
        }
        Activity::active();
        let made = match ours {
            Ours::Task | Ours::Blocking => self.new_task(ours, attributes),
            Ours::Timer => self.new_timer(attributes),
            resource => self.new_resource(resource, attributes),
        };
        made.unwrap_or(Key::IGNORED)
    }

    #[inline]
    fn new_task(self, ours: Ours, attributes: &Attributes<'_>) -> Option<Key> {
        if let Some(Adopt::Task(recorder, key)) = take_adopted()
            && std::ptr::eq(recorder, self.recorder)
            && self.recorder.span_opened(key)
        {
            let mut fields = AdoptedFields::default();
            attributes.values().record(&mut fields);
            self.recorder.set_tokio_id(key, fields.task_id);
            self.recorder.set_cell_size(key, fields.cell_size());
            return Some(key);
        }
        let mut fields = SpanFields::default();
        attributes.values().record(&mut fields);
        // Workers, and the part of `block_in_place` that takes a worker's place.
        if ours == Ours::Blocking && fields.function.as_bytes().starts_with(b"tokio::runtime::") {
            self.steps_aside();
            return None;
        }
        let kind = match (ours, fields.kind.as_bytes()) {
            (Ours::Blocking, _) => TaskKind::Blocking,
            (_, b"local") => TaskKind::Local,
            (_, b"block_on") => TaskKind::BlockOn,
            _ => TaskKind::Task,
        };
        let library = fields.file.origin() != Origin::Own;
        let birth = Birth {
            name: TextId::counted(fields.name.as_str()),
            size: fields.size(),
            flags: Flag::Span as u32 | if library { Flag::Library as u32 } else { 0 },
            tokio_id: fields.task_id,
            ..Birth::new(kind, fields.site())
        };
        let (key, slot) = self.recorder.spawned_in(&birth, owner::current_task(self.recorder))?;
        slot.set_cell_size(fields.cell_size());
        slot.is_spawned(Activity::now());
        Some(key)
    }

    /// Another thread parks for this thread's worker from now on.
    #[cold]
    fn steps_aside(self) {
        if let Some(slot) = self.recorder.current_whole_task_slot() {
            slot.steps_aside();
        }
    }

    #[inline]
    fn new_timer(self, attributes: &Attributes<'_>) -> Option<Key> {
        if let Some(Adopt::Holding(recorder, key)) = take_adopted()
            && std::ptr::eq(recorder, self.recorder)
            && self.recorder.holding_span_opened(key)
        {
            return Some(key);
        }
        let mut fields = SpanFields::default();
        attributes.values().record(&mut fields);
        // The timer within an interval, or within a channel's timeout.
        if fields.file == FileId::default() || fields.file.origin() == Origin::Tokio {
            return None;
        }
        let (label, flags) = if fields.is_interval {
            ("interval", HoldingFlag::Moves as u8)
        } else {
            ("sleep", HoldingFlag::Moves as u8 | HoldingFlag::Expires as u8)
        };
        let flags = flags | HoldingFlag::Inferred as u8;
        let acquired = Acquired::new(Kind::Timer, TextId::fixed(label), fields.site(), flags);
        let timer = self.recorder.acquired(&acquired.with_a_span())?;
        if fields.file.origin() == Origin::Library {
            self.recorder.is_a_librarys(timer);
        }
        Some(timer)
    }

    /// A key that was made for a span and is not used for it after all.
    pub(super) fn close_unused(self, key: Key) {
        if let Some(found) = self.find(key) {
            self.try_close(found);
        }
    }

    #[inline]
    pub(crate) fn enter(self, found: Found) {
        match found {
            Found::Task(key, slot) => self.enter_task(key, slot),
            Found::Resource(key, slot) => self.enter_resource(key, slot),
            Found::Ours => owner::push_ours(self.recorder),
            Found::Ignored => {}
        }
    }

    #[inline]
    fn enter_task(self, key: Key, slot: &'static TaskSlot) {
        if !slot.has(Flag::Shim) {
            classify::run_begins(slot);
        }
        runtimes::met_by_its_span(slot);
        slot.span_poll_begins(|| self.recorder.clock.now());
        owner::push_task(self.recorder, key, self.only_tokio_enters.then_some(slot));
    }

    /// Leaves the span of a task that is polled or dropped on this thread, whose record need
    /// not be looked up again. False when that is not the innermost of what runs here.
    #[inline]
    pub(super) fn exits_a_run(self, span: u64) -> bool {
        let left = owner::leave_run(self.recorder, span);
        if let Some((slot, panicked)) = left {
            self.is_left(slot, panicked);
        }
        left.is_some()
    }

    #[inline]
    pub(crate) fn exit(self, found: Found) {
        match found {
            Found::Task(key, slot) => self.exit_task(key, slot),
            Found::Resource(key, slot) => self.exit_resource(key, slot),
            Found::Ours => drop(owner::leave(Work::Ours)),
            Found::Ignored => {}
        }
    }

    fn exit_task(self, key: Key, slot: &TaskSlot) {
        self.is_left(slot, owner::leave(Work::Task(key)));
    }

    #[inline]
    fn is_left(self, slot: &TaskSlot, panicked: bool) {
        if panicked {
            slot.set(Flag::Panicked);
        }
        slot.span_poll_ends(self.recorder.clock.now());
        if !slot.has(Flag::Shim) {
            classify::run_ends(slot);
        }
    }

    /// The id of a clone that need not be counted. A guard or an acquisition of a lock or a
    /// semaphore cannot outlive it, and its span is cloned for each of them.
    #[inline]
    pub(super) fn uncounted_clone(found: Found) -> Option<Key> {
        let Found::Resource(key, slot) = found else { return None };
        let is_whole = matches!(slot.what_it_is(), Some(Spanned::Lock | Spanned::Semaphore));
        is_whole.then(|| key.of_a_clone())
    }

    #[inline]
    pub(crate) fn clone_span(found: Found) {
        match found {
            Found::Task(_, slot) => slot.span_refs().cloned(),
            Found::Resource(_, slot) => slot.span_refs().cloned(),
            Found::Ignored | Found::Ours => {}
        }
    }

    /// True when that was the span's last reference.
    #[inline]
    pub(crate) fn try_close(self, found: Found) -> bool {
        let closes = match found {
            Found::Task(key, slot) => slot.span_refs().dropped() && self.close_task(key, slot),
            Found::Resource(key, slot) => {
                slot.span_refs().dropped() && self.close_resource(key, slot)
            }
            Found::Ignored | Found::Ours => return false,
        };
        if closes {
            Activity::active();
        }
        closes
    }

    #[inline]
    fn close_task(self, key: Key, slot: &TaskSlot) -> bool {
        let lets_go = !slot.has_ended() && classify::close(self.recorder, key, slot);
        self.recorder.span_closed(key, slot, lets_go);
        true
    }

    /// As [`Self::new_span`], for a span that may be anybody's.
    #[cfg(feature = "layer")]
    pub(crate) fn new_span_of(self, attributes: &Attributes<'_>) -> Option<Key> {
        let ours = Ours::of(attributes.metadata()).filter(|ours| ours.is_wanted())?;
        Some(self.new_span(ours, attributes))
    }

    /// As [`Self::event`], for an event that may be anybody's, where a waker names its
    /// task's span by another subscriber's id.
    #[cfg(feature = "layer")]
    pub(crate) fn event_of(self, event: &Event<'_>, key_of: impl Fn(u64) -> Option<Key>) {
        if let Some(ours) = Ours::of(event.metadata()) {
            self.event_by(ours, event, key_of);
        }
    }

    #[inline]
    pub(super) fn event(self, ours: Ours, event: &Event<'_>) {
        self.event_by(ours, event, Key::from_bits);
    }

    #[inline]
    fn event_by(self, ours: Ours, event: &Event<'_>, key_of: impl Fn(u64) -> Option<Key>) {
        match ours {
            Ours::Waker => {
                let mut fields = WakerFields::default();
                event.record(&mut fields);
                Activity::active();
                // It may name a span that is closed, or one of another recorder.
                if let Some(operation) = fields.operation
                    && let Some(key) = key_of(fields.span_id)
                    && key.which() == Which::Tasks
                {
                    self.recorder.waker(key, operation);
                }
            }
            Ours::Task | Ours::Blocking | Ours::Unwanted => {}
            resource => self.resource_event(resource, event),
        }
    }
}
