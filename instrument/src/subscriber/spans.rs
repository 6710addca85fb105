//! What becomes of tokio's spans and events. Shared by the subscriber and the layer;
//! it knows no inner subscriber.

use tracing_core::{Event, span::Attributes};

use super::{
    callsite::Ours,
    classify::{self, Activity},
    fields::{SpanFields, WakerFields, WakerOp},
};
use crate::{
    record::{Adopt, take_adopted},
    recorder::{
        Level, Recorder,
        holding::{Acquired, HoldingFlag},
        key::{Key, Which},
        owner::{self, Work},
        table::{FileId, Origin, TextId},
        task::{Birth, Flag},
    },
    runtimes,
    words::{Kind, TaskKind},
};

/// The recording side of both front ends over tokio's spans.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Front {
    pub(crate) recorder: &'static Recorder,
}

impl Front {
    pub(crate) fn new(recorder: &'static Recorder) -> Self {
        Self { recorder }
    }

    /// The key of a new span of tokio's; one of the ignored keys when it is not
    /// recorded.
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

    fn new_task(self, ours: Ours, attributes: &Attributes<'_>) -> Option<Key> {
        let mut fields = SpanFields::default();
        attributes.values().record(&mut fields);
        if let Some(Adopt::Task(recorder, key)) = take_adopted()
            && std::ptr::eq(recorder, self.recorder)
            && self.recorder.span_opened(key)
        {
            self.recorder.set_tokio_id(key, fields.task_id);
            self.recorder.set_cell_size(key, fields.cell_size());
            return Some(key);
        }
        // Workers, and the part of `block_in_place` that takes a worker's place.
        if ours == Ours::Blocking && fields.function.as_bytes().starts_with(b"tokio::runtime::") {
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
            flags: if library { Flag::Library as u32 } else { 0 },
            // A block_on's id is one that `task::id()` does not tell.
            tokio_id: if kind == TaskKind::BlockOn { 0 } else { fields.task_id },
            ..Birth::new(kind, fields.site())
        };
        let key = self.recorder.spawned(&birth)?;
        self.recorder.span_opened(key);
        self.recorder.set_cell_size(key, fields.cell_size());
        if let Some(slot) = self.recorder.task_slot(key) {
            // A closed runtime drops it before anything else happens on this thread.
            slot.run_begins(Activity::now(), classify::parks());
            slot.run_ends(Activity::now());
        }
        Some(key)
    }

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
        let key = self.recorder.acquired(&acquired)?;
        self.recorder.holding_span_opened(key);
        Some(key)
    }

    /// A key that was made for a span and is not used for it after all.
    pub(super) fn exit_or_close_unused(self, key: Key) {
        if !key.is_ignored() {
            self.try_close(key);
        }
    }

    #[inline]
    pub(crate) fn enter(self, key: Key) {
        if key == Key::OURS {
            owner::push(self.recorder, Work::Ours);
        } else if !key.is_ignored() {
            match key.which() {
                Which::Tasks => self.enter_task(key),
                Which::Holdings => self.enter_resource(key),
            }
        }
    }

    #[inline]
    fn enter_task(self, key: Key) {
        if let Some(slot) = self.recorder.task_slot(key) {
            if !slot.has(Flag::Shim) {
                classify::run_begins(slot);
            }
            runtimes::met_by(slot);
            slot.span_poll_begins(self.recorder.clock.now());
        }
        owner::push(self.recorder, Work::Task(key));
    }

    #[inline]
    pub(crate) fn exit(self, key: Key) {
        if key == Key::OURS {
            owner::leave(Work::Ours);
        } else if !key.is_ignored() {
            match key.which() {
                Which::Tasks => self.exit_task(key),
                Which::Holdings => self.exit_resource(key),
            }
        }
    }

    #[inline]
    fn exit_task(self, key: Key) {
        let panicked = owner::leave(Work::Task(key));
        let Some(slot) = self.recorder.task_slot(key) else { return };
        if panicked {
            slot.set(Flag::Panicked);
        }
        slot.span_poll_ends(self.recorder.clock.now());
        if !slot.has(Flag::Shim) {
            classify::run_ends(slot);
        }
    }

    pub(crate) fn clone_span(self, key: Key) {
        if !key.is_ignored() {
            self.recorder.span_cloned(key);
        }
    }

    /// True when that was the span's last reference.
    pub(crate) fn try_close(self, key: Key) -> bool {
        if key.is_ignored() || !self.recorder.span_dropped(key) {
            return false;
        }
        match key.which() {
            Which::Tasks => {
                if !self.recorder.has_ended(key) {
                    classify::close(self.recorder, key);
                }
                self.recorder.span_closed(key);
            }
            Which::Holdings => self.close_resource(key),
        }
        Activity::active();
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

    /// The task's key may be stale: each of these finds out.
    #[inline]
    fn waker(self, task: Key, operation: WakerOp) {
        match operation {
            WakerOp::Clone => self.recorder.waker_cloned(task),
            WakerOp::Drop => self.recorder.waker_gone(task),
            WakerOp::WakeByRef => self.recorder.woken(task),
            WakerOp::Wake => {
                self.recorder.woken(task);
                self.recorder.waker_gone(task);
            }
        }
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
                    self.waker(key, operation);
                }
            }
            Ours::Task | Ours::Blocking | Ours::Unwanted => {}
            resource => self.resource_event(resource, event),
        }
    }
}
