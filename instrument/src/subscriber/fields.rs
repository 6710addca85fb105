//! Reads the fields of tokio's spans and events. What is formatted goes into a buffer on
//! the stack, but for a task's name: few have one, and the others need no room for it.

use std::fmt::{self, Write};

use tracing_core::field::{Field, Visit};

use crate::recorder::{
    table::{FileId, SiteId, cut},
    wakers::WakerOp,
};

/// Text of a formatted field, cut where the buffer ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Small<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Default for Small<N> {
    fn default() -> Self {
        Self { bytes: [0; N], len: 0 }
    }
}

impl<const N: usize> Small<N> {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl<const N: usize> Write for Small<N> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = &mut self.bytes[self.len..];
        let taken = text.len().min(room.len());
        room[..taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.len += taken;
        Ok(())
    }
}

/// A task's name, cut as all texts are. Allocates when there is one.
#[derive(Debug, Default)]
pub(super) struct Name(String);

impl Name {
    pub(super) fn as_str(&self) -> &str {
        cut(&self.0)
    }
}

impl Write for Name {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // One byte beyond shows that it was cut; more is not kept.
        if self.0.len() == self.as_str().len() {
            self.0.push_str(cut(text));
        }
        Ok(())
    }
}

/// What a span of tokio's says: of a task, or of a timer.
#[derive(Debug, Default)]
pub(super) struct SpanFields {
    pub(super) kind: Small<16>,
    pub(super) name: Name,
    /// The start of a blocking closure's type name.
    pub(super) function: Small<64>,
    pub(super) task_id: u64,
    /// The size of a future that tokio boxes; 0 when it does not.
    original_size: u64,
    size: u64,
    pub(super) is_interval: bool,
    pub(super) file: FileId,
    line: u32,
    column: u32,
}

impl SpanFields {
    #[inline]
    pub(super) fn site(&self) -> SiteId {
        SiteId::at(self.file, self.line, self.column)
    }

    /// The size of the future in bytes.
    #[inline]
    pub(super) fn size(&self) -> usize {
        let size = if self.original_size == 0 { self.size } else { self.original_size };
        usize::try_from(size).unwrap_or(usize::MAX)
    }

    /// The size in bytes of what stands in the task itself: of a future that tokio boxes,
    /// the box.
    #[inline]
    pub(super) fn cell_size(&self) -> usize {
        usize::try_from(self.size).unwrap_or(usize::MAX)
    }
}

impl Visit for SpanFields {
    #[inline]
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "task.id" => self.task_id = value,
            "original_size.bytes" => self.original_size = value,
            "size.bytes" => self.size = value,
            "loc.line" => self.line = u32::try_from(value).unwrap_or(0),
            "loc.col" => self.column = u32::try_from(value).unwrap_or(0),
            _ => {}
        }
    }

    #[inline]
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "concrete_type" => self.is_interval = value == "Interval",
            "loc.file" => self.file = FileId::of(value),
            _ => {}
        }
    }

    #[inline]
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "kind" => write!(self.kind, "{value:?}"),
            "task.name" => write!(self.name, "{value:?}"),
            "fn" => write!(self.function, "{value:?}"),
            _ => Ok(()),
        };
    }
}

/// What a span says of a task that a shim has described: nothing is formatted.
#[derive(Debug, Default)]
pub(super) struct AdoptedFields {
    pub(super) task_id: u64,
    size: u64,
}

impl AdoptedFields {
    /// As [`SpanFields::cell_size`].
    #[inline]
    pub(super) fn cell_size(&self) -> usize {
        usize::try_from(self.size).unwrap_or(usize::MAX)
    }
}

impl Visit for AdoptedFields {
    #[inline]
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "task.id" => self.task_id = value,
            "size.bytes" => self.size = value,
            _ => {}
        }
    }

    #[inline]
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// What a waker's event says.
#[derive(Debug, Default)]
pub(super) struct WakerFields {
    pub(super) operation: Option<WakerOp>,
    pub(super) span_id: u64,
}

/// There is one number and one text in it.
impl Visit for WakerFields {
    #[inline]
    fn record_u64(&mut self, _: &Field, value: u64) {
        self.span_id = value;
    }

    #[inline]
    fn record_str(&mut self, _: &Field, value: &str) {
        self.operation = match value {
            "waker.clone" => Some(WakerOp::Clone),
            "waker.drop" => Some(WakerOp::Drop),
            "waker.wake" => Some(WakerOp::Wake),
            "waker.wake_by_ref" => Some(WakerOp::WakeByRef),
            _ => None,
        };
    }

    #[inline]
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// What a resource's state becomes.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// What is either so or not.
    pub(super) is_so: Option<bool>,
    pub(super) amount: u64,
    pub(super) op: Op,
}

/// How an amount changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Op {
    #[default]
    Override,
    Add,
    Sub,
}

impl Visit for Change {
    #[inline]
    fn record_bool(&mut self, _: &Field, value: bool) {
        self.is_so = Some(value);
    }

    #[inline]
    fn record_u64(&mut self, _: &Field, value: u64) {
        self.amount = value;
    }

    #[inline]
    fn record_i64(&mut self, _: &Field, value: i64) {
        self.amount = u64::try_from(value).unwrap_or(0);
    }

    /// How: there is no other text.
    #[inline]
    fn record_str(&mut self, _: &Field, value: &str) {
        self.op = match value {
            "add" => Op::Add,
            "sub" => Op::Sub,
            _ => Op::Override,
        };
    }

    #[inline]
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// A timer's new duration, in milliseconds.
#[derive(Debug, Default)]
pub(super) struct TimerState {
    pub(super) duration_ms: Option<u64>,
}

impl Visit for TimerState {
    #[inline]
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "duration" {
            self.duration_ms = Some(value);
        }
    }

    #[inline]
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
