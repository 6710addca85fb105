//! A subscriber written by hand, that prints every call it gets and filters nothing: it
//! trusts that it is asked only for what its hint lets through.

use std::{
    cell::RefCell,
    fmt::{self, Write},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread::{self, ThreadId},
};

use tokio::runtime::Runtime;
use tracing::{
    Dispatch, Event, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_core::span::Current;

use crate::{
    harness::{Stack, Test, Variant},
    program::{self, Program, tasks},
    start,
};

pub(crate) fn tests() -> Vec<Test> {
    let stack = |name, run, has, has_not| {
        Test::Compare(Stack {
            name,
            run,
            variants: &[Variant::Wrapped, Variant::Tasks],
            has,
            has_not,
        })
    };
    vec![
        stack(
            "a_threads_last_words",
            a_threads_last_words,
            &["event INFO app:", "new INFO app:"],
            &[],
        ),
        stack(
            "its_hint_is_trusted",
            its_hint_is_trusted,
            &["registered true", "> log up to INFO", "event INFO app:"],
            &["DEBUG app", "TRACE app"],
        ),
        stack(
            "it_has_no_hint",
            it_has_no_hint,
            &["> log up to TRACE", "event TRACE app:", "follows", "drop"],
            &[],
        ),
        stack(
            "it_is_asked_each_time",
            it_is_asked_each_time,
            &["enabled WARN app:"],
            &["enabled DEBUG app:", "event INFO app:"],
        ),
    ]
}

fn its_hint_is_trusted(variant: Variant) {
    run(Recording { hint: Some(LevelFilter::INFO), ..Recording::default() }, variant);
}

fn it_has_no_hint(variant: Variant) {
    run(Recording::default(), variant);
}

/// Its interest is `sometimes`, and it takes no event but warnings.
fn it_is_asked_each_time(variant: Variant) {
    let hint = Some(LevelFilter::INFO);
    run(Recording { hint, asks: true, ..Recording::default() }, variant);
}

/// A runtime is dropped after most of the thread's other locals are.
fn a_threads_last_words(variant: Variant) {
    thread_local! {
        static RUNTIME: RefCell<Option<Runtime>> = const { RefCell::new(None) };
    }
    let _attached = start::with(Recording::default(), variant);
    let thread = thread::spawn(|| {
        // The first that is to be dropped at the end, and so the last that is.
        RUNTIME.with_borrow(Option::is_none);
        let runtime = program::paused_runtime();
        runtime.block_on(async {
            tasks::timers().await;
            tasks::left_to_the_runtime();
        });
        RUNTIME.set(Some(runtime));
    });
    thread.join().expect("it does not panic");
}

fn run(recording: Recording, variant: Variant) {
    let _attached = start::with(recording, variant);
    Program::default().run();
}

#[derive(Debug, Default)]
struct Recording {
    hint: Option<LevelFilter>,
    asks: bool,
    made: AtomicU64,
    entered: Mutex<Vec<(ThreadId, Id, &'static Metadata<'static>)>>,
    /// Every span with its number of references.
    spans: Mutex<Vec<(u64, &'static Metadata<'static>, usize)>>,
}

impl Recording {
    /// Not held while anything is formatted: that may call the subscriber.
    fn spans(&self) -> MutexGuard<'_, Vec<(u64, &'static Metadata<'static>, usize)>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entered(&self) -> MutexGuard<'_, Vec<(ThreadId, Id, &'static Metadata<'static>)>> {
        self.entered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a reference, or takes one: how many there are then.
    fn counted(&self, id: &Id, by: isize) -> usize {
        let mut spans = self.spans();
        let bits = id.into_u64();
        let Some(span) = spans.iter_mut().find(|span| span.0 == bits) else {
            println!("no span {bits:#x}");
            return 0;
        };
        span.2 = span.2.saturating_add_signed(by);
        span.2
    }
}

/// A line: what was called, for which callsite.
fn said(call: &str, metadata: &Metadata<'_>, more: &str) {
    println!("{call} {} {}: {} {more}", metadata.level(), metadata.target(), metadata.name());
}

fn is_programs_or_tokios(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    ["app", "tokio::", "runtime::"].iter().any(|start| target.starts_with(start))
}

impl Subscriber for Recording {
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        println!("registered {}", subscriber.is::<Self>());
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // Those of the libraries that Holdover is made of are the stack's as well; of
        // tokio's it is not asked.
        if is_programs_or_tokios(metadata) {
            said("register", metadata, "");
        }
        if self.asks { Interest::sometimes() } else { Interest::always() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        said("enabled", metadata, "");
        true
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.hint
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let number = self.made.fetch_add(1, Relaxed) + 1;
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let parent = attributes.parent().map(Id::into_u64);
        let contextual = attributes.is_contextual();
        let more = format!("{number}{} parent={parent:?} contextual={contextual}", fields.0);
        said("new", attributes.metadata(), &more);
        self.spans().push((number, attributes.metadata(), 1));
        Id::from_u64(number)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        println!("record {:#x}{}", span.into_u64(), fields.0);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        println!("follows {:#x} {:#x}", span.into_u64(), follows.into_u64());
    }

    fn event_enabled(&self, event: &Event<'_>) -> bool {
        said("event_enabled", event.metadata(), "");
        !self.asks || *event.metadata().level() == tracing::Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let parent = event.parent().map(Id::into_u64);
        let more = format!("{} parent={parent:?} root={}", fields.0, event.is_root());
        said("event", event.metadata(), &more);
    }

    fn enter(&self, span: &Id) {
        println!("enter {:#x}", span.into_u64());
        let metadata = self.spans().iter().find(|it| it.0 == span.into_u64()).map(|it| it.1);
        if let Some(metadata) = metadata {
            self.entered().push((thread::current().id(), span.clone(), metadata));
        }
    }

    fn exit(&self, span: &Id) {
        println!("exit {:#x}", span.into_u64());
        let this = thread::current().id();
        let mut entered = self.entered();
        if let Some(at) = entered.iter().rposition(|it| it.0 == this && it.1 == *span) {
            entered.remove(at);
        }
    }

    fn clone_span(&self, id: &Id) -> Id {
        println!("clone {:#x}: {}", id.into_u64(), self.counted(id, 1));
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let left = self.counted(&id, -1);
        println!("drop {:#x}: {left}", id.into_u64());
        left == 0
    }

    fn current_span(&self) -> Current {
        println!("current");
        let this = thread::current().id();
        let entered = self.entered();
        match entered.iter().rfind(|it| it.0 == this) {
            Some((_, id, metadata)) => Current::new(id.clone(), metadata),
            None => Current::none(),
        }
    }
}

/// Fields as text.
#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}
