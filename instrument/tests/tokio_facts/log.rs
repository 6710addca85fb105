//! A subscriber that logs every call, and what can be asked of its log.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, ThreadId},
};

use tokio::runtime::Handle;
use tracing_core::{
    Event, Interest, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

use crate::harness::has_a_budget;

thread_local! {
    /// The spans that are entered on this thread, innermost last.
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Far from tokio's own ids, so that the two cannot be taken for each other.
const FIRST_SPAN: u64 = 1 << 40;

/// A field's value, by the method through which it was given.
#[derive(Clone, Debug)]
enum Value {
    Number(u64),
    Text(String),
    Formatted(String),
}

#[derive(Clone, Debug, Default)]
struct Fields(BTreeMap<&'static str, Value>);

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name(), Value::Number(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record_u64(field, u64::try_from(value).expect("it is not below nothing"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), Value::Text(value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), Value::Formatted(format!("{value:?}")));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    New,
    Enter,
    Exit,
    /// The span's last reference is gone.
    Close,
    Event,
    /// A span was used that is closed, or was never made.
    Stale,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parent {
    /// It is said that it has none.
    None,
    /// Whatever is entered.
    Entered,
    Given,
}

/// One call, with what a subscriber can find out at that moment.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) call: Call,
    /// The span that is called for; 0 for an event.
    pub(crate) span: u64,
    pub(crate) name: &'static str,
    pub(crate) target: &'static str,
    pub(crate) level: Level,
    fields: Fields,
    first_field: &'static str,
    /// Of a new span.
    pub(crate) parent: Parent,
    /// The spans entered on this thread, innermost last: before an enter, after an exit.
    pub(crate) entered: Vec<u64>,
    pub(crate) thread: ThreadId,
    pub(crate) panicking: bool,
    /// How often this thread's worker has parked.
    pub(crate) parks: Option<u64>,
    /// Whether tokio limits this thread; asked for a close only.
    pub(crate) has_a_budget: bool,
}

impl Entry {
    pub(crate) fn has_field(&self, name: &str) -> bool {
        self.fields.0.contains_key(name)
    }

    /// The name of what is said first.
    pub(crate) fn first_field(&self) -> &'static str {
        self.first_field
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        match self.fields.0.get(name) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// A value given through `record_str`.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.fields.0.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A value given through `record_debug`, as what is written with `%` is.
    pub(crate) fn formatted(&self, name: &str) -> Option<&str> {
        match self.fields.0.get(name) {
            Some(Value::Formatted(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn innermost(&self) -> Option<u64> {
        self.entered.last().copied()
    }

    pub(crate) fn is_blocking(&self) -> bool {
        (self.name, self.target) == ("runtime.spawn", "tokio::task::blocking")
    }

    /// Of a worker, or of the thread that takes a worker's place.
    pub(crate) fn is_a_workers(&self) -> bool {
        let function = self.formatted("fn").unwrap_or_default();
        self.is_blocking() && function.starts_with("tokio::runtime::scheduler::")
    }

    /// It was made in this file, in that line.
    pub(crate) fn is_located_at(&self, file: &str, line: u32) -> bool {
        self.text("loc.file") == Some(file) && self.number("loc.line") == Some(line.into())
    }
}

struct Span {
    metadata: &'static Metadata<'static>,
    references: usize,
}

/// The subscriber.
#[derive(Default)]
pub(crate) struct Log {
    entries: Mutex<Vec<Entry>>,
    live: Mutex<HashMap<u64, Span>>,
    made: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As the classification does it.
fn parks() -> Option<u64> {
    let worker = tokio::runtime::worker_index()?;
    let metrics = Handle::try_current().ok()?.metrics();
    (worker < metrics.num_workers()).then(|| metrics.worker_park_count(worker))
}

/// The spans that are entered on this thread, innermost last.
pub(crate) fn entered() -> Vec<u64> {
    ENTERED.try_with(|entered| entered.borrow().clone()).unwrap_or_default()
}

impl Entry {
    /// `None` for a span that nobody knows.
    fn now(call: Call, span: u64, metadata: Option<&'static Metadata<'static>>) -> Self {
        Self {
            call: if metadata.is_some() { call } else { Call::Stale },
            span,
            name: metadata.map_or("", Metadata::name),
            target: metadata.map_or("", Metadata::target),
            level: metadata.map_or(Level::ERROR, |metadata| *metadata.level()),
            fields: Fields::default(),
            first_field: metadata
                .and_then(|metadata| metadata.fields().iter().next())
                .map_or("", |field| field.name()),
            parent: Parent::None,
            entered: entered(),
            thread: thread::current().id(),
            panicking: thread::panicking(),
            parks: parks(),
            has_a_budget: call == Call::Close && has_a_budget(),
        }
    }
}

impl Log {
    fn write(&self, entry: Entry) {
        lock(&self.entries).push(entry);
    }

    fn write_call(&self, call: Call, span: &Id) {
        let id = span.into_u64();
        let metadata = lock(&self.live).get(&id).map(|span| span.metadata);
        self.write(Entry::now(call, id, metadata));
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        lock(&self.entries).clone()
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.entries).len()
    }

    pub(crate) fn since(&self, start: usize) -> Vec<Entry> {
        self.entries().split_off(start)
    }

    /// What was called for that span, in order.
    pub(crate) fn calls(&self, span: u64) -> Vec<Call> {
        let of_span = self.entries().into_iter().filter(|entry| entry.span == span);
        of_span.map(|entry| entry.call).collect()
    }

    /// The new spans with that name, in order.
    pub(crate) fn new_spans(&self, name: &str) -> Vec<Entry> {
        let is_new = |entry: &Entry| entry.call == Call::New && entry.name == name;
        self.entries().into_iter().filter(is_new).collect()
    }

    /// The spans of tasks, blocking closures and workers, as they were made.
    pub(crate) fn tasks(&self) -> Vec<Entry> {
        self.new_spans("runtime.spawn")
    }

    /// Those among `spans` that are no worker's: that is entered for as long as its
    /// thread lives.
    pub(crate) fn without_workers(&self, mut spans: Vec<u64>) -> Vec<u64> {
        let tasks = self.tasks();
        spans.retain(|span| !tasks.iter().any(|it| it.span == *span && it.is_a_workers()));
        spans
    }

    /// The span of the task with that name, as it was made.
    pub(crate) fn task(&self, name: &str) -> Entry {
        let mut named =
            self.tasks().into_iter().filter(|it| it.formatted("task.name") == Some(name));
        let task = named.next().expect("a task with that name");
        assert!(named.next().is_none(), "two tasks are called {name}");
        task
    }

    /// The spans of timers, as they were made; a runtime has other resources itself.
    pub(crate) fn timers(&self) -> Vec<Entry> {
        let resources = self.new_spans("runtime.resource").into_iter();
        resources.filter(|it| it.text("kind") == Some("timer")).collect()
    }

    pub(crate) fn only_timer(&self) -> Entry {
        let mut timers = self.timers();
        assert_eq!(timers.len(), 1, "{timers:#?}");
        timers.remove(0)
    }

    pub(crate) fn events(&self, target: &str) -> Vec<Entry> {
        let is_one = |entry: &Entry| entry.call == Call::Event && entry.target == target;
        self.entries().into_iter().filter(is_one).collect()
    }
}

impl Subscriber for Log {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::always()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = FIRST_SPAN + self.made.fetch_add(1, Ordering::Relaxed);
        let metadata = attributes.metadata();
        let mut entry = Entry::now(Call::New, id, Some(metadata));
        attributes.record(&mut entry.fields);
        entry.parent = match attributes.parent() {
            _ if attributes.is_root() => Parent::None,
            None => Parent::Entered,
            Some(_) => Parent::Given,
        };
        lock(&self.live).insert(id, Span { metadata, references: 1 });
        self.write(entry);
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut entry = Entry::now(Call::Event, 0, Some(event.metadata()));
        event.record(&mut entry.fields);
        self.write(entry);
    }

    fn enter(&self, span: &Id) {
        self.write_call(Call::Enter, span);
        let _ = ENTERED.try_with(|entered| entered.borrow_mut().push(span.into_u64()));
    }

    fn exit(&self, span: &Id) {
        let _ = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            let last = entered.iter().rposition(|it| *it == span.into_u64());
            last.map(|last| entered.remove(last))
        });
        self.write_call(Call::Exit, span);
    }

    fn clone_span(&self, span: &Id) -> Id {
        let id = span.into_u64();
        let is_known = lock(&self.live).get_mut(&id).map(|span| span.references += 1).is_some();
        if !is_known {
            self.write(Entry::now(Call::Stale, id, None));
        }
        span.clone()
    }

    fn try_close(&self, span: Id) -> bool {
        let id = span.into_u64();
        let was_last = lock(&self.live).get_mut(&id).is_none_or(|span| {
            span.references -= 1;
            span.references == 0
        });
        if was_last {
            self.write_call(Call::Close, &span);
            lock(&self.live).remove(&id);
        }
        was_last
    }
}
